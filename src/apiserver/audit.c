#include "apiserver/audit.h"

#include "apiserver/audit_event.h"
#include "base/alloc.h"
#include "base/clock.h"

struct audit {
    struct audit_options options;
    unsigned open_backends;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

static void record(const struct audit *a, const struct api_request *r, const struct audit_record *rec,
                   enum audit_stage stage, int code)
{
    auto_buf struct buf json = {0}, line = {0};
    int64_t now_ns = stage == AUDIT_STAGE_RECEIVED ? r->received_unix_ns : clock_unix_ns();

    if (rec->choice.level == AUDIT_NONE || (rec->choice.omitted_stages & stage) != 0)
        return;
    metric_inc(a->options.events);
    audit_event_print(&json, r, rec, stage, code, now_ns);
    if (a->options.is_log_legacy)
        audit_event_print_legacy(&line, r, rec, stage, code);
    if (a->options.log != NULL)
        audit_backend_add(a->options.log, buf_str(a->options.is_log_legacy ? &line : &json));
    if (a->options.webhook != NULL)
        audit_backend_add(a->options.webhook, buf_str(&json));
}

static void on_authenticated(void *arg, struct api_request *r, const struct authn_result *result, int64_t took_ns,
                             void **own)
{
    const struct audit *a = arg;
    struct audit_record *rec = arena_zalloc(r->arena, sizeof(*rec));
    bool is_known = result->verdict == AUTHN_USER;

    (void)took_ns;
    *own = rec;
    rec->choice = audit_policy_choose(a->options.policy, is_known ? &r->requester : NULL, &r->attributes);
    if (is_known)
        record(a, r, rec, AUDIT_STAGE_RECEIVED, 0);
    else
        rec->refused_credentials = audit_event_credentials(r);
}

static void on_authorized(void *arg, struct api_request *r, const struct api_decision *d, void **own)
{
    struct audit_record *rec = *own;

    (void)arg;
    if (rec == NULL)
        return;
    rec->decision = d->decision == AUTHZ_ALLOW ? "allow" : "forbid";
    rec->reason = arena_str(r->arena, d->decision == AUTHZ_FAILED ? STR("internal error") : d->reason);
}

static void on_started(void *arg, struct api_request *r, int code, void **own)
{
    const struct audit *a = arg;
    const struct audit_record *rec = *own;

    if (rec != NULL && (r->is_long_running || rec->refused_credentials.len > 0))
        record(a, r, rec, AUDIT_STAGE_STARTED, code);
}

static void on_ended(void *arg, struct api_request *r, const struct api_ending *end, void **own)
{
    const struct audit *a = arg;
    const struct audit_record *rec = *own;

    if (rec != NULL && rec->refused_credentials.len == 0)
        record(a, r, rec, AUDIT_STAGE_COMPLETE, end->code);
}

struct audit *audit_new(const struct audit_options *options)
{
    struct audit *a = mem_zalloc(sizeof(*a));

    a->options = *options;
    return a;
}

void audit_observe(struct audit *a, struct api_server *s)
{
    const struct api_observer observer = {
        .on_authenticated = on_authenticated,
        .on_authorized = on_authorized,
        .on_started = on_started,
        .on_ended = on_ended,
        .arg = a,
    };

    api_server_observe(s, &observer);
}

static void on_backend_closed(void *arg)
{
    struct audit *a = arg;

    if (--a->open_backends > 0)
        return;
    void (*on_closed)(void *closed_arg) = a->on_closed;
    void *closed_arg = a->on_closed_arg;
    audit_policy_free(a->options.policy);
    free(a);
    if (on_closed != NULL)
        on_closed(closed_arg);
}

void audit_close(struct audit *a, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    struct audit_backend *log = a->options.log, *webhook = a->options.webhook;

    a->on_closed = on_closed;
    a->on_closed_arg = arg;
    a->open_backends = 1u + (log != NULL) + (webhook != NULL);
    if (log != NULL)
        audit_backend_close(log, grace_ns, on_backend_closed, a);
    if (webhook != NULL)
        audit_backend_close(webhook, grace_ns, on_backend_closed, a);
    on_backend_closed(a); /* this call's own share */
}
