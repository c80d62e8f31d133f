/* What can be read with the scanner's other functions alone. */
#include "base/alloc.h"
#include "kube/json_scan.h"

bool json_scan_i64(struct json_scan *s, int64_t *out)
{
    enum json_scan_type type = json_scan_peek(s);
    struct str raw;
    int64_t v = 0;

    if (!json_scan_raw(s, &raw))
        return false;
    if (type != JSON_SCAN_NULL && (type != JSON_SCAN_NUMBER || !str_to_i64(raw, &v)))
        return json_scan_fail(s, "an integer was expected");
    *out = v;
    return true;
}

bool json_scan_bool(struct json_scan *s, bool *out)
{
    enum json_scan_type type = json_scan_peek(s);
    struct str raw;

    if (!json_scan_raw(s, &raw))
        return false;
    if (type != JSON_SCAN_NULL && type != JSON_SCAN_BOOL)
        return json_scan_fail(s, "true or false was expected");
    *out = str_eq(raw, STR("true"));
    return true;
}

bool json_scan_labels(struct json_scan *s, struct labels *out)
{
    struct label *items = NULL;
    struct label item;
    size_t count = 0;
    size_t capacity = 0;

    if (!json_scan_enter_object(s))
        return false;
    while (json_scan_next_member(s, &item.key)) {
        if (!json_scan_str(s, &item.value))
            return false;
        if (count == capacity) {
            struct label *more;

            capacity = capacity == 0 ? 8 : capacity * 2;
            more = arena_alloc(s->arena, capacity * sizeof(*items));
            if (count > 0)
                memcpy(more, items, count * sizeof(*items));
            items = more;
        }
        items[count++] = item;
    }
    if (s->fault != NULL)
        return false;
    *out = (struct labels){items, count};
    return true;
}

bool json_is_valid(struct str bytes, const char **fault)
{
    struct json_scan s = json_scan_of(bytes, NULL);
    bool is_valid = json_scan_finish(&s);

    if (fault != NULL)
        *fault = json_scan_fault(&s);
    return is_valid;
}

struct str json_scan_path(struct str bytes, const struct str *path, size_t path_len)
{
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(bytes, &arena);
    struct str raw = STR("");
    size_t at = 0;

    while (at < path_len && json_scan_peek(&s) == JSON_SCAN_OBJECT && json_scan_enter_object(&s)) {
        struct str key;
        bool is_found = false;

        while (!is_found && json_scan_next_member(&s, &key))
            is_found = str_eq(key, path[at]);
        if (!is_found)
            return STR("");
        at++;
    }
    if (at < path_len || !json_scan_raw(&s, &raw))
        return STR("");
    return raw;
}
