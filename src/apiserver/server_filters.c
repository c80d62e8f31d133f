#include "apiserver/server_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log_limit.h"

void api_server_fail(struct api_request *r, const struct api_failure *failure)
{
    const struct api_server_options *options = &r->server->options;

    api_observe_refused(r, failure->kind);
    if (options->fail != NULL)
        options->fail(options->arg, r, failure);
    else
        api_fail(r, failure);
}

static void log_request(const struct api_request *r)
{
    auto_buf struct buf latency = {0};

    if (!log_is_verbose(3))
        return;
    duration_print(&latency, clock_mono_ns() - r->received_mono_ns);
    log_info("HTTP", LOG_STR("verb", r->attributes.verb), LOG_STR("URI", r->http->target),
             LOG_STR("latency", buf_str(&latency)), LOG_STR("userAgent", r->user_agent),
             LOG_STR("audit-ID", r->audit_id), LOG_STR("srcIP", r->http->peer), LOG_STR("user", r->user.name),
             LOG_NUM("resp", r->code));
}

static void on_released(struct api_request *r)
{
    struct api_turn *t = r->turn;

    api_observe_ended(r, true);
    api_deadline_stop(t);
    if (t->counter != NULL)
        (*t->counter)--;
    t->server->in_flight--;
    log_request(r);
    api_closing_on_released(t);
}

/* --- the filters, last one first --- */

static void route(struct api_turn *t)
{
    struct api_request *r = t->r;
    struct str path = r->attributes.path;
    const struct route *found = routes_find(&t->server->routes, path);

    if (found != NULL)
        found->handler(found->arg, r);
    else if (str_eq(path, STR("/")) || str_eq(path, STR("/index.html")))
        api_respond_paths(r, 200);
    else
        api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_NO_ROUTE});
}

static void on_authorized(void *arg, const struct authz_answer *answer)
{
    static struct log_limit limit_of_failures = LOG_LIMIT(1, 10);
    struct api_turn *t = arg;
    struct api_request *r = t->r;

    api_observe_authorized(t, answer);
    if (answer->decision == AUTHZ_ALLOW) {
        route(t);
        return;
    }
    if (answer->decision == AUTHZ_FAILED)
        log_limited(&limit_of_failures, LOG_LEVEL_ERROR, "Authorization failed", LOG_STR("URI", r->http->target),
                    LOG_STR("user", r->user.name), LOG_ERR(answer->err));
    api_server_fail(r, &(struct api_failure){
                           .kind = answer->decision == AUTHZ_FAILED ? API_FAILURE_AUTHORIZER : API_FAILURE_FORBIDDEN,
                           .user = &r->user,
                           .what = &t->what,
                           .reason = answer->reason,
                           .err = answer->err,
                       });
}

static void authorize(struct api_turn *t)
{
    const struct api_server_options *options = &t->server->options;

    t->what = t->r->attributes;
    if (options->resolve != NULL)
        options->resolve(options->arg, t->r, &t->what);
    api_observe_question(t);
    options->authz.authorize(options->authz.arg, t->r, &t->r->user, &t->what, on_authorized, t);
}

/* Whether there is room for one more; then it is counted. */
static bool count_in_flight(struct api_turn *t)
{
    struct api_server *s = t->server;
    bool is_reading = attributes_is_read_only(&t->r->attributes);
    unsigned *counter = is_reading ? &s->reading : &s->mutating;

    if (t->r->is_long_running || user_is_in_group(&t->r->user, GROUP_MASTERS))
        return true;
    if (*counter >= (is_reading ? s->options.max_in_flight : s->options.max_mutating_in_flight))
        return false;
    (*counter)++;
    t->counter = counter;
    return true;
}

static void limit(struct api_turn *t)
{
    if (count_in_flight(t))
        authorize(t);
    else
        api_server_fail(t->r, &(struct api_failure){.kind = API_FAILURE_BUSY});
}

static void ask_impersonation(struct api_turn *t);

static void on_impersonation(void *arg, const struct authz_answer *answer)
{
    struct api_turn *t = arg;
    struct str reason = answer->reason;

    if (answer->decision == AUTHZ_ALLOW) {
        t->question++;
        ask_impersonation(t);
        return;
    }
    if (answer->decision == AUTHZ_FAILED)
        reason = str_of(error_text(answer->err));
    api_server_fail(t->r, &(struct api_failure){
                              .kind = API_FAILURE_FORBIDDEN,
                              .user = &t->r->requester,
                              .what = &t->impersonation.questions[t->question],
                              .reason = reason,
                          });
}

static void ask_impersonation(struct api_turn *t)
{
    const struct authorizer *authz = &t->server->options.authz;
    const struct impersonation *i = &t->impersonation;

    if (t->question < i->question_count) {
        authz->authorize(authz->arg, t->r, &t->r->requester, &i->questions[t->question], on_impersonation, t);
        return;
    }
    if (i->question_count > 0)
        t->r->user = i->user;
    limit(t);
}

static void impersonate(struct api_turn *t)
{
    auto_error struct error err = {0};

    if (impersonation_read(&t->r->http->headers, t->r->arena, &t->impersonation, &err))
        ask_impersonation(t);
    else
        api_server_fail(t->r, &(struct api_failure){.kind = API_FAILURE_IMPERSONATION, .err = &err});
}

static void on_authenticated(void *arg, const struct authn_result *result)
{
    struct api_turn *t = arg;
    struct api_request *r = t->r;
    bool is_known = result->verdict == AUTHN_USER;

    /* Who isn't known gets no connection to open streams on by the hundred. */
    if (r->http->http_major >= 2 && (!is_known || user_is_anonymous(&result->user)))
        http_exchange_close_connection(r->exchange);
    if (is_known)
        r->user = r->requester = result->user;
    api_observe_authenticated(t, result);
    if (is_known) {
        impersonate(t);
        return;
    }
    log_verbose(1, "Unable to authenticate the request", LOG_STR("URI", r->http->target),
                LOG_STR("srcIP", r->http->peer), LOG_ERR(result->err));
    api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_UNAUTHORIZED, .err = result->err});
}

/* --- the beginning --- */

static bool is_long_running(const struct api_request *r)
{
    static const struct str subresources[] = {STR_INIT("attach"), STR_INIT("exec"), STR_INIT("proxy"), STR_INIT("log"),
                                              STR_INIT("portforward")};
    const struct api_attributes *a = &r->attributes;
    const struct api_server_options *options = &r->server->options;

    if (str_eq(a->verb, STR("watch")) || str_eq(a->verb, STR("proxy")))
        return true;
    for (size_t i = 0; a->is_resource && i < sizeof(subresources) / sizeof(subresources[0]); i++)
        if (str_eq(a->subresource, subresources[i]))
            return true;
    return options->is_long_running != NULL && options->is_long_running(options->arg, r);
}

/* How long R may take: ?timeout lowers the server's limit. False when it is malformed. */
static bool read_deadline(const struct api_request *r, int64_t *out_ns, struct error *err)
{
    struct str text = query_get(&r->query, STR("timeout"));
    auto_error struct error why = {0};
    int64_t wanted_ns = 0;

    *out_ns = r->server->options.deadline_ns;
    if (text.len == 0)
        return true;
    if (!duration_parse_explained(text, &wanted_ns, &why))
        return error_set(err, 400, "invalid timeout specified in the request URL - %s", error_text(&why));
    if (wanted_ns != 0 && wanted_ns < *out_ns)
        *out_ns = wanted_ns;
    return true;
}

void api_server_on_request(void *arg, struct http_exchange *x)
{
    struct api_server *s = arg;
    struct api_request *r;
    auto_error struct error err = {0};
    bool is_read = api_request_read(x, &r, &err);
    struct api_turn *t = arena_zalloc(r->arena, sizeof(*t));
    int64_t after_ns = 0;

    *t = (struct api_turn){.server = s, .r = r};
    r->server = s;
    r->turn = t;
    r->on_released = on_released;
    s->in_flight++;
    r->is_long_running = is_read && is_long_running(r);
    if (is_read && !r->is_long_running)
        is_read = read_deadline(r, &after_ns, &err);
    api_observe_received(t);
    api_closing_count(t);
    if (is_read && api_server_answers_at_door(r))
        return;
    if (!is_read) {
        api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_MALFORMED, .err = &err});
    } else if (s->is_closing && !s->options.sends_retry_after) {
        http_exchange_close_connection(x);
        api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_DRAINING});
    } else {
        if (!r->is_long_running)
            api_deadline_start(t, after_ns);
        s->options.authn.authenticate(s->options.authn.arg, r, on_authenticated, t);
    }
}
