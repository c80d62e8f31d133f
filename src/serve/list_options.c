#include "serve/list_options.h"

#include "base/alloc.h"

static bool bad_request(struct arena *arena, const struct error *err, struct status *failure)
{
    *failure = status_bad_request(arena_str(arena, str_of(error_text(err))));
    return false;
}

static bool is_integer(struct str text)
{
    if (text.len > 1 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        text = str_skip(text, 1);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

/* Integers that don't parse are told in Go's words. */
static bool check_integers(struct arena *arena, const struct query *query, struct status *failure)
{
    static const struct str names[] = {STR_INIT("limit"), STR_INIT("timeoutSeconds")};
    int64_t value;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str text = query_get(query, names[i]);
        if (text.len == 0 || str_to_i64(text, &value))
            continue;
        *failure = status_bad_request(arena_printf(arena, "strconv.ParseInt: parsing \"%.*s\": %s", STR_ARG(text),
                                                   is_integer(text) ? "value out of range" : "invalid syntax"));
        return false;
    }
    return true;
}

static bool check_consistency(struct arena *arena, const struct query *query, struct status *failure)
{
    static const struct str matches[] = {STR_INIT("Exact"), STR_INIT("NotOlderThan"), STR_INIT("")};
    struct str match = query_get(query, STR("resourceVersionMatch"));
    struct str version = query_get(query, STR("resourceVersion"));
    struct status_cause *causes = arena_zalloc(arena, 5 * sizeof(*causes));
    struct str field = STR("resourceVersionMatch");
    size_t count = 0;

    if (match.len > 0) {
        bool is_exact = str_eq(match, matches[0]);
        if (version.len == 0)
            causes[count++] = cause_forbidden(
                arena, field, STR("resourceVersionMatch is forbidden unless resourceVersion is provided"));
        if (query_get(query, STR("continue")).len > 0)
            causes[count++] =
                cause_forbidden(arena, field, STR("resourceVersionMatch is forbidden when continue is provided"));
        if (!is_exact && !str_eq(match, matches[1]))
            causes[count++] = cause_not_supported(arena, field, match, matches, 3);
        if (is_exact && str_eq(version, STR("0")))
            causes[count++] = cause_forbidden(
                arena, field, STR("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
    }
    if (query_has(query, STR("sendInitialEvents")))
        causes[count++] =
            cause_forbidden(arena, STR("sendInitialEvents"), STR("sendInitialEvents is forbidden for list"));
    if (count == 0)
        return true;
    *failure =
        status_invalid(arena, (struct group_resource){.group = STR("meta.k8s.io"), .resource = STR("ListOptions")},
                       STR(""), causes, count);
    return false;
}

bool list_options_read(struct arena *arena, const struct query *query, struct group_resource resource,
                       struct list_options *out, struct status *failure)
{
    static const struct str fields[] = {STR_INIT("metadata.name"), STR_INIT("metadata.namespace")};
    bool is_watch = query_is_true(query, STR("watch"));
    auto_error struct error err = {0};

    if (!check_integers(arena, query, failure))
        return false;
    if (!label_selector_parse(arena, query_get(query, STR("labelSelector")), &out->labels, &err) ||
        !field_selector_parse(arena, query_get(query, STR("fieldSelector")), &out->fields, &err))
        return bad_request(arena, &err, failure);
    if (!is_watch && !check_consistency(arena, query, failure))
        return false;
    if (!field_selector_check(&out->fields, fields, 2, &err))
        return bad_request(arena, &err, failure);
    if (is_watch)
        *failure = status_watch_not_supported(arena, resource);
    return !is_watch;
}
