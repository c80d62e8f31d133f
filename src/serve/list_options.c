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

/* What a watch may say about where it begins. */
static bool check_watch_consistency(struct arena *arena, const struct query *query, struct status *failure)
{
    static const struct str matches[] = {STR_INIT("NotOlderThan")};
    struct str match = query_get(query, STR("resourceVersionMatch"));
    struct status_cause *causes = arena_zalloc(arena, 4 * sizeof(*causes));
    struct str field = STR("resourceVersionMatch");
    bool has_initial = query_has(query, STR("sendInitialEvents"));
    size_t count = 0;

    if (has_initial && !str_eq(match, matches[0]))
        causes[count++] = cause_forbidden(
            arena, field, STR("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    if (match.len > 0) {
        if (!has_initial)
            causes[count++] = cause_forbidden(
                arena, field, STR("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        if (!str_eq(match, matches[0]))
            causes[count++] = cause_not_supported(arena, field, match, matches, 1);
        if (query_get(query, STR("continue")).len > 0)
            causes[count++] =
                cause_forbidden(arena, field, STR("resourceVersionMatch is forbidden when continue is provided"));
    }
    if (count == 0)
        return true;
    *failure =
        status_invalid(arena, (struct group_resource){.group = STR("meta.k8s.io"), .resource = STR("ListOptions")},
                       STR(""), causes, count);
    return false;
}

static bool read_watch(struct arena *arena, const struct query *query, struct group_resource resource,
                       struct list_options *out, struct status *failure)
{
    struct str version = query_get(query, STR("resourceVersion"));
    struct str timeout = query_get(query, STR("timeoutSeconds"));
    bool has_initial = query_has(query, STR("sendInitialEvents"));
    bool is_initial_wanted = query_is_true(query, STR("sendInitialEvents"));

    if (version.len > 0 && !str_to_u64(version, &out->version)) {
        struct status_cause *cause = arena_alloc(arena, sizeof(*cause));
        *cause =
            cause_invalid(arena, STR("resourceVersion"), version,
                          arena_printf(arena, "strconv.ParseUint: parsing \"%.*s\": invalid syntax", STR_ARG(version)));
        *failure = status_invalid(arena, resource, STR(""), cause, 1);
        return false;
    }
    if (timeout.len > 0)
        str_to_i64(timeout, &out->timeout_s); /* checked before */
    out->wants_bookmarks = query_is_true(query, STR("allowWatchBookmarks"));
    out->wants_initial = has_initial ? is_initial_wanted : out->version == 0;
    out->wants_initial_end = is_initial_wanted && out->wants_bookmarks;
    return true;
}

bool list_options_read(struct arena *arena, const struct query *query, struct group_resource resource,
                       struct list_options *out, struct status *failure)
{
    static const struct str fields[] = {STR_INIT("metadata.name"), STR_INIT("metadata.namespace")};
    auto_error struct error err = {0};

    *out = (struct list_options){.labels_text = query_get(query, STR("labelSelector")),
                                 .fields_text = query_get(query, STR("fieldSelector")),
                                 .is_watch = query_is_true(query, STR("watch"))};
    if (!check_integers(arena, query, failure))
        return false;
    if (!label_selector_parse(arena, out->labels_text, &out->labels, &err) ||
        !field_selector_parse(arena, out->fields_text, &out->fields, &err))
        return bad_request(arena, &err, failure);
    if (!(out->is_watch ? check_watch_consistency : check_consistency)(arena, query, failure))
        return false;
    if (!field_selector_check(&out->fields, fields, 2, &err))
        return bad_request(arena, &err, failure);
    return !out->is_watch || read_watch(arena, query, resource, out, failure);
}
