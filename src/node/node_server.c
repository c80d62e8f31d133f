#include "node/node_server.h"

#include <stdio.h>

#include "apiserver/authn_delegated.h"
#include "apiserver/authz_delegated.h"
#include "apiserver/health.h"
#include "base/alloc.h"
#include "base/log.h"
#include "node/json_text.h"
#include "node/pod_object.h"
#include "node/resource_metrics.h"
#include "node/summary.h"

/* How long answers of the API server count: longer than for API servers, as kubelets do it. */
#define TOKEN_TTL_NS (120 * NS_PER_S)
#define ALLOWED_TTL_NS (300 * NS_PER_S)
#define DENIED_TTL_NS (30 * NS_PER_S)

struct node_server {
    struct node_server_options options;
    char *node_name;
    char *node_ip;
    struct authn_delegated *authn;
    struct authz_delegated *authz;
    struct health *health;
    struct api_server *server;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

/* --- who may do what --- */

static bool is_beneath(struct str path, const char *top)
{
    size_t len = strlen(top);

    return str_starts_with(path, str_from(top, len)) && (path.len == len || path.ptr[len] == '/');
}

struct str node_server_subresource(struct str path, struct str *fine)
{
    static const struct {
        const char *top, *subresource, *fine;
    } paths[] = {
        {"/stats", "stats", ""},           {"/metrics", "metrics", ""},      {"/logs", "log", ""},
        {"/checkpoint", "checkpoint", ""}, {"/healthz", "proxy", "healthz"}, {"/pods", "proxy", "pods"},
        {"/runningpods", "proxy", "pods"}, {"/configz", "proxy", "configz"},
    };

    *fine = STR("");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (is_beneath(path, paths[i].top)) {
            *fine = str_of(paths[i].fine);
            return str_of(paths[i].subresource);
        }
    }
    return STR("proxy");
}

static struct str verb_of(struct str method)
{
    static const struct {
        const char *method, *verb;
    } verbs[] = {{"GET", "get"},    {"HEAD", "get"},    {"POST", "create"},
                 {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (str_eq_cstr(method, verbs[i].method))
            return str_of(verbs[i].verb);
    return STR("");
}

static void resolve(void *arg, const struct api_request *r, struct api_attributes *what)
{
    struct node_server *s = arg;
    struct str fine;

    *what = (struct api_attributes){
        .is_resource = true,
        .verb = verb_of(r->http->method),
        .path = what->path,
        .version = STR("v1"),
        .resource = STR("nodes"),
        .subresource = node_server_subresource(what->path, &fine),
        .name = str_of(s->node_name),
    };
}

/* One question that may become two: first the narrow subresource, then the broad one. */
struct two_questions {
    struct node_server *server;
    struct api_request *request;
    const struct user *user;
    const struct api_attributes *broad;
    struct api_attributes narrow;
    authz_done *done;
    void *done_arg;
};

static void on_narrow_answered(void *arg, const struct authz_answer *answer)
{
    struct two_questions *q = arg;
    struct authorizer ask = authz_delegated_authorizer(q->server->authz);

    if (answer->decision == AUTHZ_ALLOW)
        q->done(q->done_arg, answer);
    else
        ask.authorize(ask.arg, q->request, q->user, q->broad, q->done, q->done_arg);
}

static void authorize(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                      authz_done *done, void *done_arg)
{
    struct node_server *s = arg;
    struct authorizer ask = authz_delegated_authorizer(s->authz);
    struct two_questions *q;
    struct str fine;

    node_server_subresource(what->path, &fine);
    if (fine.len == 0) {
        ask.authorize(ask.arg, r, user, what, done, done_arg);
        return;
    }
    q = arena_zalloc(r->arena, sizeof(*q));
    *q = (struct two_questions){s, r, user, what, *what, done, done_arg};
    q->narrow.subresource = fine;
    ask.authorize(ask.arg, r, user, &q->narrow, on_narrow_answered, q);
}

static void fail(void *arg, struct api_request *r, const struct api_failure *f)
{
    auto_buf struct buf text = {0};
    bool is_forbidden = f->kind == API_FAILURE_FORBIDDEN;

    (void)arg;
    switch (f->kind) {
    case API_FAILURE_UNAUTHORIZED:
        api_respond_text(r, 401, STR("Unauthorized"));
        return;
    case API_FAILURE_FORBIDDEN:
    case API_FAILURE_AUTHORIZER:
        buf_printf(&text, "%s (user=%.*s, verb=%.*s, resource=%.*s, subresource=%.*s)",
                   is_forbidden ? "Forbidden" : "Authorization error", STR_ARG(f->user->name), STR_ARG(f->what->verb),
                   STR_ARG(f->what->resource), STR_ARG(f->what->subresource));
        api_respond_text(r, is_forbidden ? 403 : 500, buf_str(&text));
        return;
    case API_FAILURE_NO_ROUTE:
        api_respond_text(r, 404, STR("404 page not found\n"));
        return;
    default:
        api_fail(r, f);
    }
}

/* --- what is answered --- */

/* True when the method is one for reading; otherwise it has been answered. */
static bool check_method(struct api_request *r)
{
    if (str_eq(r->http->method, STR("GET")) || str_eq(r->http->method, STR("HEAD")))
        return true;
    api_respond_text(r, 405, STR("405: Method Not Allowed"));
    return false;
}

static void handle_metrics(void *arg, struct api_request *r)
{
    struct node_server *s = arg;
    auto_buf struct buf body = {0};
    struct node_sample sample;

    if (!check_method(r))
        return;
    sampler_take(s->options.sampler, clock_mono_ns());
    sampler_view(s->options.sampler, r->arena, false, &sample);
    resource_metrics_write(&body, &sample, sampler_has_failed(s->options.sampler));
    api_respond_bytes(r, 200, STR(RESOURCE_METRICS_CONTENT_TYPE), buf_str(&body));
}

static void handle_summary(void *arg, struct api_request *r)
{
    struct node_server *s = arg;
    auto_buf struct buf body = {0};
    struct node_sample sample;
    bool is_short;

    if (!check_method(r))
        return;
    is_short = query_is_true(&r->query, STR("only_cpu_and_memory"));
    sampler_take(s->options.sampler, clock_mono_ns());
    sampler_view(s->options.sampler, r->arena, !is_short, &sample);
    summary_write(&body, &sample, is_short);
    api_respond_bytes(r, 200, STR("application/json"), buf_str(&body));
}

/* A JSON array being written. */
struct pod_list {
    struct buf *to;
    bool needs_comma;
};

static void add_pod(void *arg, struct str object)
{
    struct pod_list *list = arg;

    if (list->needs_comma)
        buf_add_char(list->to, ',');
    list->needs_comma = true;
    buf_add_str(list->to, object);
}

static bool is_running(const struct node_pod *pod)
{
    for (size_t i = 0; i < pod->spec->container_count; i++)
        if (pod->containers[i]->run.phase == RUN_RUNNING)
            return true;
    return false;
}

static void respond_pods(struct node_server *s, struct api_request *r, bool running_only)
{
    auto_buf struct buf body = {0};
    struct pod_list list = {.to = &body};

    buf_add_cstr(&body, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[");
    for (size_t i = 0; i < static_pods_count(s->options.pods); i++) {
        struct node_pod *pod = static_pods_at(s->options.pods, i);
        json_t *object;
        auto_free char *text = NULL;
        if (running_only && !is_running(pod))
            continue;
        object = pod_object_new(pod, str_of(s->node_ip));
        json_object_del(object, "apiVersion"); /* the items of a list carry neither */
        json_object_del(object, "kind");
        text = json_dumps(object, JSON_COMPACT);
        json_decref(object);
        add_pod(&list, str_of(text));
    }
    if (!running_only && s->options.mirrors != NULL)
        mirror_pods_each_other(s->options.mirrors, add_pod, &list);
    buf_add_cstr(&body, "]}");
    api_respond_bytes(r, 200, STR("application/json"), buf_str(&body));
}

static void handle_pods(void *arg, struct api_request *r)
{
    if (check_method(r))
        respond_pods(arg, r, false);
}

static void handle_running_pods(void *arg, struct api_request *r)
{
    if (check_method(r))
        respond_pods(arg, r, true);
}

/* --- the server itself --- */

static void add_checks(struct node_server *s)
{
    s->health = health_new();
    health_add(s->health, &(struct health_check){.name = "ping", .endpoints = HEALTH_HEALTHZ});
    health_add(s->health, &(struct health_check){.name = "log", .endpoints = HEALTH_HEALTHZ});
    health_add(s->health, &(struct health_check){.name = "syncloop",
                                                 .endpoints = HEALTH_HEALTHZ,
                                                 .check = s->options.is_in_sync,
                                                 .arg = s->options.arg});
}

static void free_now(struct node_server *s)
{
    authz_delegated_free(s->authz);
    authn_delegated_free(s->authn);
    health_free(s->health);
    free(s->node_name);
    free(s->node_ip);
    free(s);
}

struct node_server *node_server_new(uv_loop_t *loop, const struct node_server_options *options, struct error *err)
{
    struct node_server *s = mem_zalloc(sizeof(*s));

    s->options = *options;
    s->node_name = str_dup(options->node_name);
    s->node_ip = str_dup(options->node_ip);
    s->authn = authn_delegated_new(loop,
                                   &(struct authn_delegated_options){.client = options->client,
                                                                     .is_lookup_skipped = true,
                                                                     .is_anonymous_refused = true,
                                                                     .client_ca_pem = options->client_ca_pem,
                                                                     .token_ttl_ns = TOKEN_TTL_NS},
                                   err);
    if (s->authn == NULL) {
        free(s->node_name);
        free(s->node_ip);
        free(s);
        return NULL;
    }
    s->authz = authz_delegated_new(loop, &(struct authz_delegated_options){.client = options->client,
                                                                           .allowed_ttl_ns = ALLOWED_TTL_NS,
                                                                           .denied_ttl_ns = DENIED_TTL_NS});
    add_checks(s);
    s->server = api_server_new(loop, &(struct api_server_options){.tls = options->tls,
                                                                  .authn = authn_delegated_authenticator(s->authn),
                                                                  .authz = {authorize, s},
                                                                  .arg = s,
                                                                  .resolve = resolve,
                                                                  .fail = fail});
    health_install(s->health, s->server);
    api_server_route(s->server, "/metrics/resource", handle_metrics, s);
    api_server_route(s->server, "/stats/summary", handle_summary, s);
    api_server_route(s->server, "/stats/summary/", handle_summary, s);
    api_server_route(s->server, "/pods", handle_pods, s);
    api_server_route(s->server, "/pods/", handle_pods, s);
    api_server_route(s->server, "/runningpods/", handle_running_pods, s);
    return s;
}

bool node_server_listen(struct node_server *s, const char *address, uint16_t port, struct error *err)
{
    return api_server_listen(s->server, address, port, err);
}

uint16_t node_server_port(const struct node_server *s)
{
    return api_server_port(s->server);
}

void node_server_set_tls(struct node_server *s, struct tls_server *tls)
{
    api_server_set_tls(s->server, tls);
}

static void on_server_closed(void *arg)
{
    struct node_server *s = arg;
    void (*on_closed)(void *arg) = s->on_closed;
    void *on_closed_arg = s->on_closed_arg;

    free_now(s);
    if (on_closed != NULL)
        on_closed(on_closed_arg);
}

void node_server_close(struct node_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    s->on_closed = on_closed;
    s->on_closed_arg = arg;
    api_server_close(s->server, grace_ns, on_server_closed, s);
}
