#include "kube/status.h"

#include "base/alloc.h"
#include "base/quote.h"

void group_resource_print(struct buf *to, struct group_resource r)
{
    buf_add_str(to, r.resource);
    if (r.group.len > 0) {
        buf_add_char(to, '.');
        buf_add_str(to, r.group);
    }
}

static void write_causes(struct json_writer *w, const struct status_cause *causes, size_t count)
{
    json_write_key(w, STR("causes"));
    json_open_array(w);
    for (size_t i = 0; i < count; i++) {
        json_open_object(w);
        json_member_nonempty(w, STR("reason"), causes[i].reason);
        json_member_nonempty(w, STR("message"), causes[i].message);
        json_member_nonempty(w, STR("field"), causes[i].field);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_details(struct json_writer *w, const struct status *s)
{
    json_write_key(w, STR("details"));
    json_open_object(w);
    json_member_nonempty(w, STR("name"), s->details.name);
    json_member_nonempty(w, STR("group"), s->details.group);
    json_member_nonempty(w, STR("kind"), s->details.kind);
    json_member_nonempty(w, STR("uid"), s->details.uid);
    if (s->details.cause_count > 0)
        write_causes(w, s->details.causes, s->details.cause_count);
    if (s->details.retry_after_seconds != 0)
        json_member_i64(w, STR("retryAfterSeconds"), s->details.retry_after_seconds);
    json_close_object(w);
}

void status_write(struct json_writer *w, const struct status *s)
{
    json_open_object(w);
    json_member_str(w, STR("kind"), STR("Status"));
    json_member_str(w, STR("apiVersion"), STR("v1"));
    json_member_raw(w, STR("metadata"), STR("{}"));
    json_member_str(w, STR("status"), s->is_success ? STR("Success") : STR("Failure"));
    json_member_nonempty(w, STR("message"), s->message);
    json_member_nonempty(w, STR("reason"), s->reason);
    if (s->has_details)
        write_details(w, s);
    if (s->code != 0)
        json_member_i64(w, STR("code"), s->code);
    json_close_object(w);
}

void status_print(struct buf *to, const struct status *s)
{
    struct json_writer w = json_writer_to(to);

    status_write(&w, s);
}

bool status_has_reason(const struct status *s, const char *reason)
{
    return str_eq_cstr(s->reason, reason);
}

bool status_to_error(const struct status *s, struct error *err)
{
    return error_set(err, s->code, "%.*s", STR_ARG(s->message));
}

struct status status_failure(int code, const char *reason, struct str message)
{
    return (struct status){.code = code, .reason = str_of(reason), .message = message};
}

/* A failure about a resource and, perhaps, one of its objects. */
static struct status about(int code, const char *reason, struct str message, struct group_resource r, struct str name)
{
    struct status s = status_failure(code, reason, message);

    s.has_details = true;
    s.details.group = r.group;
    s.details.kind = r.resource;
    s.details.name = name;
    return s;
}

/* PREFIX, then `pods "web-1"`, then SUFFIX. Without a name: `pods`. */
static struct str name_resource(struct arena *a, const char *prefix, struct group_resource r, struct str name,
                                const char *suffix, struct str rest)
{
    auto_buf struct buf text = {0};

    buf_add_cstr(&text, prefix);
    group_resource_print(&text, r);
    if (name.len > 0) {
        buf_add_char(&text, ' ');
        quote_add(&text, name);
    }
    buf_add_cstr(&text, suffix);
    buf_add_str(&text, rest);
    return arena_str(a, buf_str(&text));
}

struct status status_success(struct group_resource r, struct str name, struct str uid)
{
    struct status s = about(0, NULL, STR(""), r, name);

    s.is_success = true;
    s.details.uid = uid;
    return s;
}

struct status status_bad_request(struct str message)
{
    return status_failure(400, "BadRequest", message);
}

struct status status_unauthorized(void)
{
    return status_failure(401, "Unauthorized", STR("Unauthorized"));
}

struct status status_forbidden(struct arena *a, struct group_resource r, struct str name, struct str why)
{
    struct str message;

    if (r.resource.len == 0 && r.group.len == 0)
        message = arena_printf(a, "forbidden: %.*s", STR_ARG(why));
    else
        message = name_resource(a, "", r, name, " is forbidden: ", why);
    return about(403, "Forbidden", message, r, name);
}

/* User "jane" cannot list resource "pods/log" in API group "" in the namespace "default" */
struct status status_forbidden_resource(struct arena *a, const struct forbidden_request *r)
{
    auto_buf struct buf text = {0}, safe = {0}, resource = {0};

    buf_add_str(&resource, r->resource);
    if (r->subresource.len > 0) {
        buf_add_char(&resource, '/');
        buf_add_str(&resource, r->subresource);
    }
    buf_add_cstr(&text, "User ");
    quote_add(&text, r->user);
    buf_add_cstr(&text, " cannot ");
    buf_add_str(&text, r->verb);
    buf_add_cstr(&text, " resource ");
    quote_add(&text, buf_str(&resource));
    buf_add_cstr(&text, " in API group ");
    quote_add(&text, r->group);
    if (r->namespace.len > 0) {
        buf_add_cstr(&text, " in the namespace ");
        quote_add(&text, r->namespace);
    } else {
        buf_add_cstr(&text, " at the cluster scope");
    }
    html_escape_add(&safe, buf_str(&text));
    if (r->reason.len > 0) {
        buf_add_cstr(&safe, ": ");
        buf_add_str(&safe, r->reason);
    }
    return status_forbidden(a, (struct group_resource){r->group, r->resource}, r->name, buf_str(&safe));
}

struct status status_forbidden_path(struct arena *a, struct str user, struct str verb, struct str path,
                                    struct str reason)
{
    auto_buf struct buf text = {0}, safe = {0};

    buf_add_cstr(&text, "User ");
    quote_add(&text, user);
    buf_add_cstr(&text, " cannot ");
    buf_add_str(&text, verb);
    buf_add_cstr(&text, " path ");
    quote_add(&text, path);
    html_escape_add(&safe, buf_str(&text));
    if (reason.len > 0) {
        buf_add_cstr(&safe, ": ");
        buf_add_str(&safe, reason);
    }
    return status_forbidden(a, (struct group_resource){0}, STR(""), buf_str(&safe));
}

struct status status_not_found(struct arena *a, struct group_resource r, struct str name)
{
    return about(404, "NotFound", name_resource(a, "", r, name, " not found", STR("")), r, name);
}

struct status status_no_such_path(void)
{
    return about(404, "NotFound", STR("the server could not find the requested resource"), (struct group_resource){0},
                 STR(""));
}

struct status status_method_not_allowed(void)
{
    return about(405, "MethodNotAllowed", STR("the server does not allow this method on the requested resource"),
                 (struct group_resource){0}, STR(""));
}

struct status status_method_not_supported(struct arena *a, struct group_resource r, struct str action)
{
    auto_buf struct buf kind = {0};
    auto_buf struct buf text = {0};

    group_resource_print(&kind, r);
    buf_add_str(&text, action);
    buf_add_cstr(&text, " is not supported on resources of kind ");
    quote_add(&text, buf_str(&kind));
    return about(405, "MethodNotAllowed", arena_str(a, buf_str(&text)), r, STR(""));
}

struct status status_watch_not_supported(struct arena *a, struct group_resource r)
{
    return status_method_not_supported(a, r, STR("watch"));
}

/* PREFIX and the media types with commas between. */
static struct str list_types(struct arena *a, const char *prefix, const struct str *types, size_t count)
{
    auto_buf struct buf text = {0};

    buf_add_cstr(&text, prefix);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_cstr(&text, ", ");
        buf_add_str(&text, types[i]);
    }
    return arena_str(a, buf_str(&text));
}

struct status status_not_acceptable(struct arena *a, const struct str *media_types, size_t count)
{
    return status_failure(406, "NotAcceptable",
                          list_types(a, "only the following media types are accepted: ", media_types, count));
}

struct status status_unsupported_media_type(struct arena *a, const struct str *media_types, size_t count)
{
    return status_failure(
        415, "UnsupportedMediaType",
        list_types(a, "the body of the request was in an unknown format - accepted media types include: ", media_types,
                   count));
}

struct status status_already_exists(struct arena *a, struct group_resource r, struct str name)
{
    return about(409, "AlreadyExists", name_resource(a, "", r, name, " already exists", STR("")), r, name);
}

struct status status_conflict(struct arena *a, struct group_resource r, struct str name, struct str why)
{
    return about(409, "Conflict", name_resource(a, "Operation cannot be fulfilled on ", r, name, ": ", why), r, name);
}

struct status status_modified(struct arena *a, struct group_resource r, struct str name)
{
    return status_conflict(a, r, name,
                           STR("the object has been modified; please apply your changes to the latest version and try "
                               "again"));
}

struct status status_gone(struct str message)
{
    return status_failure(410, "Gone", message);
}

struct status status_expired(struct str message)
{
    return status_failure(410, "Expired", message);
}

struct status status_too_old(struct arena *a, uint64_t asked, uint64_t oldest)
{
    return status_expired(arena_printf(a, "too old resource version: %llu (%llu)", (unsigned long long)asked,
                                       (unsigned long long)oldest));
}

struct status status_request_too_large(struct arena *a, struct str message)
{
    return status_failure(413, "RequestEntityTooLarge",
                          arena_printf(a, "Request entity too large: %.*s", STR_ARG(message)));
}

/* Whether an earlier cause says the same about the same field. */
static bool is_said(const struct status_cause *causes, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (str_eq(causes[k].field, causes[i].field) && str_eq(causes[k].message, causes[i].message))
            return true;
    return false;
}

struct status status_invalid(struct arena *a, struct group_resource kind, struct str name,
                             const struct status_cause *causes, size_t count)
{
    auto_buf struct buf text = {0};
    auto_buf struct buf head = {0};
    size_t said = 0;
    struct status s;

    for (size_t i = 0; i < count; i++) {
        if (is_said(causes, i))
            continue;
        if (said++ > 0)
            buf_add_cstr(&text, ", ");
        buf_add_str(&text, causes[i].field);
        buf_add_cstr(&text, ": ");
        buf_add_str(&text, causes[i].message);
    }
    group_resource_print(&head, kind);
    buf_add_char(&head, ' ');
    quote_add(&head, name); /* "" is shown too */
    buf_add_cstr(&head, said == 0 ? " is invalid" : said == 1 ? " is invalid: " : " is invalid: [");
    buf_add_str(&head, buf_str(&text));
    if (said > 1)
        buf_add_char(&head, ']');
    s = about(422, "Invalid", arena_str(a, buf_str(&head)), kind, name);
    s.details.causes = causes;
    s.details.cause_count = count;
    return s;
}

struct status status_too_many_requests(struct str message, int64_t retry_after_seconds)
{
    struct status s = about(429, "TooManyRequests", message, (struct group_resource){0}, STR(""));

    s.details.retry_after_seconds = retry_after_seconds;
    return s;
}

struct status status_internal(struct arena *a, struct str cause)
{
    struct status_cause *causes = arena_zalloc(a, sizeof(*causes));
    struct status s = about(500, "InternalError", arena_printf(a, "Internal error occurred: %.*s", STR_ARG(cause)),
                            (struct group_resource){0}, STR(""));

    causes->message = cause;
    s.details.causes = causes;
    s.details.cause_count = 1;
    return s;
}

struct status status_server_timeout(struct arena *a, struct group_resource r, struct str operation,
                                    int64_t retry_after_seconds)
{
    auto_buf struct buf text = {0};
    struct status s;

    buf_add_cstr(&text, "The ");
    buf_add_str(&text, operation);
    buf_add_cstr(&text, " operation against ");
    group_resource_print(&text, r);
    buf_add_cstr(&text, " could not be completed at this time, please try again.");
    s = about(500, "ServerTimeout", arena_str(a, buf_str(&text)), r, operation);
    s.details.retry_after_seconds = retry_after_seconds;
    return s;
}

struct status status_service_unavailable(struct str message)
{
    return status_failure(503, "ServiceUnavailable", message);
}

struct status status_timeout(struct arena *a, struct str message, int64_t retry_after_seconds)
{
    struct status s =
        about(504, "Timeout", arena_printf(a, "Timeout: %.*s", STR_ARG(message)), (struct group_resource){0}, STR(""));

    s.details.retry_after_seconds = retry_after_seconds;
    return s;
}
