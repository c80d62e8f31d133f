#include "apiserver/audit_event.h"

#include <arpa/inet.h>

#include "base/alloc.h"
#include "base/quote.h"
#include "kube/status.h"
#include "kube/time.h"

enum {
    MAX_USER_AGENT = 1024, /* as upstream */
    MAX_ADDRESS = 64,
};

struct str audit_event_credentials(const struct api_request *r)
{
    struct str authorization = http_headers_get(&r->http->headers, STR("Authorization"));

    if (str_starts_with(authorization, STR("Bearer ")))
        return STR("bearer");
    if (str_starts_with(authorization, STR("Basic ")))
        return STR("basic");
    return r->http->peer_certificate != NULL ? STR("x509") : STR("unknown");
}

static bool is_address(struct str text)
{
    char copy[MAX_ADDRESS];
    unsigned char bytes[16];

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

/* What proxies say of where it came from, then the peer itself. EACH is called for each address. */
static void each_source(const struct api_request *r, void (*each)(void *arg, struct str address), void *arg)
{
    struct str forwarded = http_headers_get(&r->http->headers, STR("X-Forwarded-For"));
    struct str real = str_trim(http_headers_get(&r->http->headers, STR("X-Real-Ip")));
    struct str item, last = {0};
    bool has_real = false;

    for (bool has_more = forwarded.len > 0; has_more;) {
        has_more = str_cut(forwarded, ',', &item, &forwarded);
        item = str_trim(item);
        if (!is_address(item))
            continue;
        each(arg, item);
        has_real = has_real || str_eq(item, real);
        last = item;
    }
    if (!has_real && is_address(real)) {
        each(arg, real);
        last = real;
    }
    if (last.len == 0 || !str_eq(last, r->http->peer_host))
        each(arg, r->http->peer_host);
}

static void write_source(void *arg, struct str address)
{
    json_write_str(arg, address);
}

static void write_user(struct json_writer *w, struct str key, const struct user *user)
{
    json_write_key(w, key);
    json_open_object(w);
    user_write_members(w, STR("username"), user);
    json_close_object(w);
}

static void write_user_agent(struct json_writer *w, const struct api_request *r)
{
    auto_buf struct buf cut = {0};

    if (r->user_agent.len <= MAX_USER_AGENT) {
        json_member_nonempty(w, STR("userAgent"), r->user_agent);
        return;
    }
    buf_add_str(&cut, str_head(r->user_agent, MAX_USER_AGENT));
    buf_add_cstr(&cut, "...TRUNCATED");
    json_member_str(w, STR("userAgent"), buf_str(&cut));
}

static void write_object(struct json_writer *w, const struct api_attributes *what)
{
    if (!what->is_resource)
        return;
    json_write_key(w, STR("objectRef"));
    json_open_object(w);
    json_member_nonempty(w, STR("resource"), what->resource);
    json_member_nonempty(w, STR("namespace"), what->namespace);
    json_member_nonempty(w, STR("name"), what->name);
    json_member_nonempty(w, STR("apiGroup"), what->group);
    json_member_nonempty(w, STR("apiVersion"), what->version);
    json_member_nonempty(w, STR("subresource"), what->subresource);
    json_close_object(w);
}

static void write_details(struct json_writer *w, const struct status *s)
{
    json_write_key(w, STR("details"));
    json_open_object(w);
    json_member_nonempty(w, STR("name"), s->details.name);
    json_member_nonempty(w, STR("group"), s->details.group);
    json_member_nonempty(w, STR("kind"), s->details.kind);
    json_member_nonempty(w, STR("uid"), s->details.uid);
    if (s->details.retry_after_seconds > 0)
        json_member_i64(w, STR("retryAfterSeconds"), s->details.retry_after_seconds);
    json_close_object(w);
}

static void write_status(struct json_writer *w, const struct api_request *r, const struct audit_record *record,
                         int code)
{
    const struct status *s = r->status;

    json_write_key(w, STR("responseStatus"));
    json_open_object(w);
    json_member_raw(w, STR("metadata"), STR("{}"));
    if (record->refused_credentials.len > 0) {
        auto_buf struct buf message = {0};
        buf_printf(&message, "Authentication failed, attempted: %.*s", STR_ARG(record->refused_credentials));
        json_member_str(w, STR("message"), buf_str(&message));
    } else if (code == 0) {
        json_member_str(w, STR("status"), STR("Success"));
        json_member_str(w, STR("message"), STR("Connection closed early"));
    } else if (s != NULL) {
        json_member_str(w, STR("status"), s->is_success ? STR("Success") : STR("Failure"));
        json_member_nonempty(w, STR("message"), s->message);
        json_member_nonempty(w, STR("reason"), s->reason);
        if (s->has_details)
            write_details(w, s);
    }
    json_member_i64(w, STR("code"), code != 0 ? code : 200);
    json_close_object(w);
}

static void write_annotations(struct json_writer *w, const struct audit_record *record)
{
    if (record->decision == NULL)
        return;
    json_write_key(w, STR("annotations"));
    json_open_object(w);
    json_member_cstr(w, STR("authorization.k8s.io/decision"), record->decision);
    json_member_str(w, STR("authorization.k8s.io/reason"), record->reason);
    json_close_object(w);
}

static void write_micro_time(struct json_writer *w, struct str key, int64_t unix_ns)
{
    json_write_key(w, key);
    json_write_micro_time(w, unix_ns);
}

static bool is_impersonated(const struct api_request *r)
{
    return r->user.name.ptr != r->requester.name.ptr;
}

void audit_event_print(struct buf *to, const struct api_request *r, const struct audit_record *record,
                       enum audit_stage stage, int code, int64_t stage_ns)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("Event"));
    json_member_str(&w, STR("apiVersion"), STR("audit.k8s.io/v1"));
    json_member_cstr(&w, STR("level"), audit_level_name(record->choice.level));
    json_member_str(&w, STR("auditID"), r->audit_id);
    json_member_cstr(&w, STR("stage"), audit_stage_name(stage));
    json_member_str(&w, STR("requestURI"), r->http->target);
    json_member_str(&w, STR("verb"), r->attributes.verb);
    write_user(&w, STR("user"), &r->requester);
    if (is_impersonated(r))
        write_user(&w, STR("impersonatedUser"), &r->user);
    json_write_key(&w, STR("sourceIPs"));
    json_open_array(&w);
    each_source(r, write_source, &w);
    json_close_array(&w);
    write_user_agent(&w, r);
    write_object(&w, &r->attributes);
    if (stage != AUDIT_STAGE_RECEIVED)
        write_status(&w, r, record, code);
    write_micro_time(&w, STR("requestReceivedTimestamp"), r->received_unix_ns);
    write_micro_time(&w, STR("stageTimestamp"), stage_ns);
    write_annotations(&w, record);
    json_close_object(&w);
}

static void keep_first(void *arg, struct str address)
{
    struct str *first = arg;

    if (first->len == 0)
        *first = address;
}

static void add_field(struct buf *to, const char *key, struct str value)
{
    buf_printf(to, " %s=", key);
    quote_add(to, value);
}

static void add_groups(struct buf *to, const char *key, const struct user *user, struct str none)
{
    auto_buf struct buf groups = {0};

    for (size_t i = 0; i < user->group_count; i++) {
        buf_add_cstr(&groups, i > 0 ? "," : "");
        quote_add(&groups, user->groups[i]);
    }
    add_field(to, key, user->group_count > 0 ? buf_str(&groups) : none);
}

void audit_event_print_legacy(struct buf *to, const struct api_request *r, const struct audit_record *record,
                              enum audit_stage stage, int code)
{
    static const struct user nobody;
    const struct user *as = is_impersonated(r) ? &r->user : &nobody;
    struct str ip = {0};
    char response[16] = "<deferred>";

    (void)record;
    each_source(r, keep_first, &ip);
    if (code != 0 && stage != AUDIT_STAGE_RECEIVED)
        snprintf(response, sizeof(response), "%d", code);
    kube_time_print_micro(to, r->received_unix_ns);
    buf_add_cstr(to, " AUDIT:");
    add_field(to, "id", r->audit_id);
    add_field(to, "stage", str_of(audit_stage_name(stage)));
    add_field(to, "ip", ip);
    add_field(to, "method", r->attributes.verb);
    add_field(to, "user", r->requester.name.len > 0 ? r->requester.name : STR("<none>"));
    add_groups(to, "groups", &r->requester, STR("<none>"));
    add_field(to, "as", as->name.len > 0 ? as->name : STR("<self>"));
    add_groups(to, "asgroups", as, STR("<lookup>"));
    add_field(to, "user-agent", r->user_agent);
    add_field(to, "namespace", r->attributes.namespace.len > 0 ? r->attributes.namespace : STR("<none>"));
    add_field(to, "uri", r->http->target);
    add_field(to, "response", str_of(response));
}
