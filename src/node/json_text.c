#include "node/json_text.h"

#include "kube/time.h"

json_t *json_from_str(struct str s)
{
    return json_stringn_nocheck(s.ptr != NULL ? s.ptr : "", s.len);
}

json_t *json_from_time(int64_t unix_ns)
{
    char text[KUBE_TIME_SIZE];

    kube_time_format(text, unix_ns);
    return json_string(text);
}

json_t *json_from_micro_time(int64_t unix_ns)
{
    char text[KUBE_TIME_MICRO_SIZE];

    kube_time_format_micro(text, unix_ns);
    return json_string(text);
}

struct str json_member_text(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v)) : (struct str){NULL, 0};
}

int64_t json_member_unix_ns(const json_t *object, const char *key, int64_t fallback)
{
    int64_t ns;

    if (!kube_time_parse(json_member_text(object, key), &ns) || ns == KUBE_TIME_ZERO)
        return fallback;
    return ns;
}

json_t *json_member_object(json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);

    if (!json_is_object(member)) {
        member = json_object();
        json_object_set_new(object, key, member);
    }
    return member;
}

bool json_member_set(json_t *object, const char *key, json_t *value)
{
    bool has_changed = !json_equal(json_object_get(object, key), value);

    json_object_set_new(object, key, value);
    return has_changed;
}
