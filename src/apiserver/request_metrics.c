#include "apiserver/request_metrics.h"

#include "apiserver/pieces.h"
#include "apiserver/request_metrics_specs.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"

#include <assert.h>

/* The series of requests that are alike in all but their code. */
struct request_class {
    char *key; /* owned; holds what the strings below point to */
    struct str verb, group, version, resource, subresource, scope, dry_run, component;
    struct metric_histogram *duration, *sli, *sizes;
    struct metric_value *long_running; /* NULL until there was one */
    struct {
        int code;
        struct metric_value *total;
    } codes[8]; /* those that came up first; further ones are looked up each time */
    size_t code_count;
};

/* The most requests at one time, second by second. */
struct watermark {
    int64_t second;
    unsigned now, before; /* in that second, and in the one before it */
};

enum authn_label {
    AUTHN_LABEL_SUCCESS,
    AUTHN_LABEL_FAILURE,
    AUTHN_LABEL_ERROR,
    AUTHN_LABEL_COUNT
};

enum authz_label {
    AUTHZ_LABEL_COUNT = AUTHZ_FAILED + 1 /* one for each enum authz_decision */
};

enum {
    USER_EMAIL = 5, /* behind those that are known by name */
    USER_OTHER,
    USER_COUNT
};

struct request_metrics {
    struct request_metrics_options options;
    struct api_server *server; /* NULL: none yet */
    struct metric_family *families[REQUEST_FAMILY_COUNT];
    struct map classes; /* by key; owned */
    struct buf key;     /* scratch; owned */
    struct watermark reading, mutating;
    struct metric_value *users[USER_COUNT]; /* NULL: none of them yet */
    struct metric_value *authn[AUTHN_LABEL_COUNT], *authz[AUTHZ_LABEL_COUNT];
    struct metric_histogram *authn_duration[AUTHN_LABEL_COUNT], *authz_duration[AUTHZ_LABEL_COUNT];
    struct metric_value *in_flight_reading, *in_flight_mutating, *tls_errors;
};

/* --- what a request is --- */

static bool is_among(struct str s, const struct str *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(items[i], s))
            return true;
    return false;
}

/* As the metrics of Kubernetes' API servers see it: a GET of many is a LIST, and what isn't usual is "other". */
static struct str verb_of(const struct api_request *r)
{
    static const struct str others[] = {STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("DELETE")};
    static const struct str connecting[] = {STR_INIT("log"), STR_INIT("exec"), STR_INIT("portforward"),
                                            STR_INIT("attach"), STR_INIT("proxy")};
    const struct api_attributes *a = &r->attributes;
    struct str method = r->http->method;

    if (a->is_resource && is_among(a->subresource, connecting, sizeof(connecting) / sizeof(connecting[0])))
        return STR("CONNECT");
    if (str_eq(a->verb, STR("watch")))
        return STR("WATCH");
    if (str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")))
        return str_eq(a->verb, STR("list")) ? STR("LIST") : STR("GET");
    if (str_eq(method, STR("PATCH"))) {
        struct str type, rest;
        str_cut(http_headers_get(&r->http->headers, STR("Content-Type")), ';', &type, &rest);
        return str_eq(type, STR("application/apply-patch+yaml")) ? STR("APPLY") : STR("PATCH");
    }
    return is_among(method, others, sizeof(others) / sizeof(others[0])) ? method : STR("other");
}

static struct str scope_of(const struct api_attributes *a)
{
    bool is_of_many =
        str_eq(a->verb, STR("list")) || str_eq(a->verb, STR("watch")) || str_eq(a->verb, STR("deletecollection"));

    if (!a->is_resource)
        return STR("");
    if ((a->name.len > 0 && !is_of_many) || str_eq(a->verb, STR("create")))
        return STR("resource");
    return a->namespace.len > 0 ? STR("namespace") : STR("cluster");
}

static struct str dry_run_of(const struct api_request *r)
{
    struct str value = query_get(&r->query, STR("dryRun"));

    if (!query_has(&r->query, STR("dryRun")))
        return STR("");
    return str_eq(value, STR("All")) ? STR("All") : STR("invalid");
}

/* --- classes --- */

#define CLASS_LABELS_WITH_DRY_RUN(c) \
    (c)->component, (c)->dry_run, (c)->group, (c)->resource, (c)->scope, (c)->subresource, (c)->verb, (c)->version
#define CLASS_LABELS(c) (c)->component, (c)->group, (c)->resource, (c)->scope, (c)->subresource, (c)->verb, (c)->version

/* The strings of a class one after the other, each behind its length: the key. */
static void print_key(const struct request_class *c, struct buf *to)
{
    const struct str parts[] = {CLASS_LABELS_WITH_DRY_RUN(c)};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_add_str(to, parts[i]);
        buf_add_char(to, '\0');
    }
}

static struct request_class *add_class(struct request_metrics *m, const struct request_class *like, struct str key)
{
    struct request_class *c = mem_zalloc(sizeof(*c));
    struct str *const parts[] = {&c->component, &c->dry_run,     &c->group, &c->resource,
                                 &c->scope,     &c->subresource, &c->verb,  &c->version};
    const char *at;

    c->key = mem_alloc(key.len);
    memcpy(c->key, key.ptr, key.len);
    at = c->key;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        *parts[i] = str_of(at);
        at += parts[i]->len + 1;
    }
    c->duration = metric_histogram(m->families[FAMILY_DURATION], METRIC_LABELS(CLASS_LABELS_WITH_DRY_RUN(c)));
    if (c->dry_run.len == 0)
        c->sli = metric_histogram(m->families[FAMILY_SLI_DURATION], METRIC_LABELS(CLASS_LABELS(c)));
    if (str_eq(like->verb, STR("GET")) || str_eq(like->verb, STR("LIST")))
        c->sizes = metric_histogram(m->families[FAMILY_SIZES], METRIC_LABELS(CLASS_LABELS(c)));
    map_put(&m->classes, str_from(c->key, key.len), c);
    return c;
}

static bool describe(const struct request_metrics *m, const struct api_request *r, struct request_class *out)
{
    static const struct str health[] = {STR_INIT("/healthz"), STR_INIT("/livez"), STR_INIT("/readyz")};
    static const struct str roots[] = {STR_INIT("/apis"), STR_INIT("/api")};
    const struct api_attributes *a = &r->attributes;

    *out = (struct request_class){.verb = verb_of(r), .scope = scope_of(a), .dry_run = dry_run_of(r)};
    if (a->is_resource) {
        if (m->options.knows == NULL || !m->options.knows(m->options.arg, a))
            return false;
        out->component = STR("apiserver");
        out->group = a->group;
        out->version = a->version;
        out->resource = a->resource;
        out->subresource = a->subresource;
        return true;
    }
    bool is_health = is_among(a->path, health, sizeof(health) / sizeof(health[0]));
    out->subresource = a->path;
    out->component = is_health ? STR("") : STR("apiserver");
    return is_health || is_among(a->path, roots, sizeof(roots) / sizeof(roots[0]));
}

/* The class of R, or NULL when its kind of request has no series. */
static struct request_class *class_of(struct request_metrics *m, const struct api_request *r, bool is_terminated)
{
    struct request_class wanted, *found;

    if (!describe(m, r, &wanted)) {
        if (!is_terminated)
            return NULL;
        /* all that nobody knows, together: there may be very many of them */
        wanted = (struct request_class){.verb = wanted.verb, .component = STR("apiserver")};
    }
    buf_clear(&m->key);
    print_key(&wanted, &m->key);
    found = map_get(&m->classes, buf_str(&m->key));
    return found != NULL ? found : add_class(m, &wanted, buf_str(&m->key));
}

static struct metric_value *total_of(struct request_metrics *m, struct request_class *c, int code)
{
    auto_buf struct buf text = {0};
    struct metric_value *total;

    for (size_t i = 0; i < c->code_count; i++)
        if (c->codes[i].code == code)
            return c->codes[i].total;
    buf_printf(&text, "%d", code);
    total = metric_value(m->families[FAMILY_REQUESTS], METRIC_LABELS(buf_str(&text), CLASS_LABELS_WITH_DRY_RUN(c)));
    if (c->code_count < sizeof(c->codes) / sizeof(c->codes[0])) {
        c->codes[c->code_count].code = code;
        c->codes[c->code_count++].total = total;
    }
    return total;
}

/* --- requests at one time --- */

static void note_level(struct watermark *w, unsigned level, int64_t second)
{
    if (second != w->second) {
        w->before = second == w->second + 1 ? w->now : 0;
        w->now = 0;
        w->second = second;
    }
    if (level > w->now)
        w->now = level;
}

static void note_levels(struct request_metrics *m)
{
    int64_t second = clock_mono_ns() / NS_PER_S;
    unsigned reading, mutating;

    api_server_load(m->server, &reading, &mutating);
    note_level(&m->reading, reading, second);
    note_level(&m->mutating, mutating, second);
}

static unsigned highest(const struct watermark *w)
{
    return w->now > w->before ? w->now : w->before;
}

/* --- what the server tells --- */

/* Few users have a name here: it would be ever new series, and names are nobody's business. */
static struct metric_value *user_counter(struct request_metrics *m, struct str name)
{
    static const struct str known[] = {STR_INIT("admin"),
                                       STR_INIT("client"),
                                       STR_INIT("kube_proxy"),
                                       STR_INIT("kubelet"),
                                       STR_INIT("system:serviceaccount:kube-system:default"),
                                       STR_INIT("email_id"),
                                       STR_INIT("other")};
    size_t at = 0;

    while (at < USER_EMAIL && !str_eq(known[at], name))
        at++;
    if (at == USER_EMAIL && str_index(name, '@') < 0)
        at = USER_OTHER;
    if (m->users[at] == NULL)
        m->users[at] = metric_value(m->families[FAMILY_USERS], &known[at]);
    return m->users[at];
}

static void on_authenticated(void *arg, struct api_request *r, const struct authn_result *result, int64_t took_ns,
                             void **own)
{
    struct request_metrics *m = arg;
    enum authn_label label = result->verdict == AUTHN_USER   ? AUTHN_LABEL_SUCCESS
                             : result->verdict == AUTHN_NONE ? AUTHN_LABEL_FAILURE
                                                             : AUTHN_LABEL_ERROR;

    (void)own;
    metric_inc(m->authn[label]);
    metric_observe_ns(m->authn_duration[label], took_ns);
    if (result->verdict == AUTHN_USER)
        metric_inc(user_counter(m, r->requester.name));
}

static void on_authorized(void *arg, struct api_request *r, const struct api_decision *d, void **own)
{
    struct request_metrics *m = arg;
    struct request_class *c;

    metric_inc(m->authz[d->decision]);
    metric_observe_ns(m->authz_duration[d->decision], d->took_ns);
    note_levels(m);
    if (!r->is_long_running || d->decision != AUTHZ_ALLOW || (c = class_of(m, r, false)) == NULL)
        return;
    if (c->long_running == NULL)
        c->long_running = metric_value(m->families[FAMILY_LONG_RUNNING], METRIC_LABELS(CLASS_LABELS(c)));
    metric_inc(c->long_running);
    *own = c;
}

static void on_ended(void *arg, struct api_request *r, const struct api_ending *end, void **own)
{
    struct request_metrics *m = arg;
    struct request_class *c = *own;
    bool is_terminated = end->is_refused && (end->refusal == API_FAILURE_BUSY || end->refusal == API_FAILURE_DEADLINE);

    note_levels(m);
    if (c != NULL)
        metric_add(c->long_running, -1);
    if (end->code == 0 || (end->is_refused && !is_terminated))
        return;
    if (c == NULL)
        c = class_of(m, r, is_terminated);
    if (c == NULL)
        return;
    metric_inc(total_of(m, c, end->code));
    if (is_terminated) {
        auto_buf struct buf code = {0};
        buf_printf(&code, "%d", end->code);
        metric_inc(metric_value(m->families[FAMILY_TERMINATIONS], METRIC_LABELS(buf_str(&code), CLASS_LABELS(c))));
    }
    if (end->is_refused && end->refusal == API_FAILURE_BUSY)
        return; /* it took no time, and would make the server look fast */
    metric_observe_ns(c->duration, end->took_ns);
    metric_observe_ns(c->sli, end->took_ns);
    metric_observe(c->sizes, (double)end->bytes);
}

static void collect(void *arg)
{
    struct request_metrics *m = arg;

    if (m->server == NULL)
        return;
    note_levels(m);
    metric_set(m->in_flight_reading, highest(&m->reading));
    metric_set(m->in_flight_mutating, highest(&m->mutating));
    metric_set(m->tls_errors, (double)api_server_handshake_failures(m->server));
}

/* --- life --- */

struct request_metrics *request_metrics_new(struct metrics *registry, const struct request_metrics_options *options)
{
    static const struct str authn[] = {STR_INIT("success"), STR_INIT("failure"), STR_INIT("error")};
    static const struct str authz[] = {[AUTHZ_NO_OPINION] = STR_INIT("no-opinion"),
                                       [AUTHZ_ALLOW] = STR_INIT("allowed"),
                                       [AUTHZ_DENY] = STR_INIT("denied"),
                                       [AUTHZ_FAILED] = STR_INIT("error")};
    struct request_metrics *m = mem_zalloc(sizeof(*m));

    if (options != NULL)
        m->options = *options;
    for (size_t i = 0; i < REQUEST_FAMILY_COUNT; i++)
        m->families[i] = metrics_add(registry, &request_family_specs[i]);
    for (size_t i = 0; i < AUTHN_LABEL_COUNT; i++) {
        m->authn[i] = metric_value(m->families[FAMILY_AUTHENTICATIONS], &authn[i]);
        m->authn_duration[i] = metric_histogram(m->families[FAMILY_AUTHENTICATION_DURATION], &authn[i]);
    }
    for (size_t i = 0; i < AUTHZ_LABEL_COUNT; i++) {
        m->authz[i] = metric_value(m->families[FAMILY_AUTHORIZATIONS], &authz[i]);
        m->authz_duration[i] = metric_histogram(m->families[FAMILY_AUTHORIZATION_DURATION], &authz[i]);
    }
    m->in_flight_reading = metric_value(m->families[FAMILY_IN_FLIGHT], METRIC_LABELS(STR("readOnly")));
    m->in_flight_mutating = metric_value(m->families[FAMILY_IN_FLIGHT], METRIC_LABELS(STR("mutating")));
    m->tls_errors = metric_value(m->families[FAMILY_TLS_ERRORS], NULL);
    metrics_on_collect(registry, collect, m);
    return m;
}

void request_metrics_free(struct request_metrics *m)
{
    size_t at = 0;
    void *value;

    if (m == NULL)
        return;
    while (map_next(&m->classes, &at, NULL, &value)) {
        struct request_class *c = value;
        free(c->key);
        free(c);
    }
    map_free(&m->classes);
    buf_free(&m->key);
    free(m);
}

void request_metrics_observe(struct request_metrics *m, struct api_server *server)
{
    const struct api_observer observer = {
        .on_authenticated = on_authenticated, .on_authorized = on_authorized, .on_ended = on_ended, .arg = m};

    assert(m->server == NULL);
    m->server = server;
    api_server_observe(server, &observer);
}

/* --- /metrics --- */

static void handle(void *arg, struct api_request *r)
{
    struct metrics *registry = arg;
    struct http_headers headers = {0};
    auto_buf struct buf text = {0};

    metrics_print(registry, &text);
    http_headers_add(&headers, r->arena, STR("Content-Type"), STR(METRICS_CONTENT_TYPE));
    api_respond_finished(r, 200, headers, &text);
}

void metrics_route(struct metrics *registry, struct api_server *server)
{
    api_server_route(server, "/metrics", handle, registry);
}
