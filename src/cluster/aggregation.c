#include "cluster/aggregation.h"

#include "apiserver/response.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/map.h"
#include "cluster/aggregation_proxy.h"
#include "cluster/api_service_condition.h"
#include "cluster/api_service_probe.h"
#include "cluster/kinds/kinds.h"
#include "cluster/remote_discovery.h"
#include "net/tls.h"

#define DISCOVERY_TIMEOUT_MS 5000

/* A group version that another server serves. */
struct remote {
    struct aggregation *owner;
    struct arena arena; /* holds SERVICE; and the remote itself */
    struct api_service service;
    struct api_service_probe *probe;
    struct buf url;  /* where the server is */
    struct buf list; /* its last APIResourceList */
    bool is_available;
    bool is_known; /* it was probed */
};

struct aggregation {
    struct registry *registry;
    struct api_discovery *discovery;
    const struct authn *authn;
    uv_loop_t *loop;
    struct fetch_pool *pool;
    struct buf cert_pem, key_pem;
    struct map remotes; /* APIService's name → struct remote */
    struct storage_subscription *on_api_services, *on_services, *on_endpoints;
};

/* --- discovery --- */

/* Tells discovery what R serves, or has served. */
static void publish(struct remote *r)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct discovery_version version = {.version = r->service.version};

    if (r->list.len > 0 && !remote_discovery_parse(&arena, buf_str(&r->list), r->service.version, &version, &err)) {
        log_warning("Aggregated server's resources can't be read", LOG_STR("apiservice", r->service.name),
                    LOG_ERR(&err));
        buf_clear(&r->list);
    }
    version.is_stale = !r->is_available;
    api_discovery_set(r->owner->discovery, r->service.group, &version);
}

/* --- availability --- */

static void on_finding(void *arg, const struct api_service_finding *finding)
{
    struct remote *r = arg;
    bool has_changed = !r->is_known || r->is_available != finding->is_available;
    bool has_new_list = finding->is_available && !str_eq(finding->answer, buf_str(&r->list));

    r->is_known = true;
    r->is_available = finding->is_available;
    if (finding->is_available) {
        buf_clear(&r->url);
        buf_add_str(&r->url, finding->url);
    }
    if (has_new_list) {
        buf_clear(&r->list);
        buf_add_str(&r->list, finding->answer);
    }
    if (has_changed)
        log_info("Availability of an APIService", LOG_STR("apiservice", r->service.name),
                 LOG_BOOL("available", finding->is_available), LOG_CSTR("reason", finding->reason),
                 LOG_STR("message", finding->message));
    if (has_changed || has_new_list)
        publish(r);
    api_service_set_available(r->owner->registry, r->service.name, finding->is_available, finding->reason,
                              finding->message);
}

static void remote_free(struct remote *r)
{
    struct arena arena = r->arena;

    api_service_probe_free(r->probe);
    buf_free(&r->url);
    buf_free(&r->list);
    arena_free(&arena);
}

static void forget(struct aggregation *a, struct str name)
{
    struct remote *r = map_remove(&a->remotes, name);

    if (r == NULL)
        return;
    api_discovery_remove(a->discovery, r->service.group, r->service.version);
    remote_free(r);
}

/* SERVICE and what it points to is of ARENA, which the remote takes. */
static void follow(struct aggregation *a, struct arena arena, const struct api_service *service)
{
    struct remote *r = arena_zalloc(&arena, sizeof(*r));

    r->owner = a;
    r->service = *service;
    r->arena = arena;
    map_put(&a->remotes, r->service.name, r);
    publish(r);
    const struct api_service_probe_options options = {
        .loop = a->loop,
        .pool = a->pool,
        .registry = a->registry,
        .service = &r->service,
        .proxy_cert_pem = buf_str(&a->cert_pem),
        .proxy_key_pem = buf_str(&a->key_pem),
        .on_finding = on_finding,
        .arg = r,
    };
    r->probe = api_service_probe_new(&options);
}

static void learn(struct aggregation *a, const struct object *o)
{
    struct arena arena = {0};
    auto_error struct error err = {0};
    struct api_service service;

    if (!api_service_parse(&arena, o->json, &service, &err)) {
        log_error("APIService can't be read", LOG_STR("apiservice", o->name), LOG_ERR(&err));
        forget(a, o->name);
        arena_free(&arena);
        return;
    }
    struct remote *known = map_get(&a->remotes, o->name);
    if (known != NULL && api_service_equal(&known->service, &service)) {
        arena_free(&arena); /* only its condition, or its labels, changed */
        return;
    }
    forget(a, o->name);
    if (service.is_local || api_discovery_is_local(a->discovery, service.group, service.version)) {
        api_service_set_local(a->registry, o->name);
        arena_free(&arena);
        return;
    }
    follow(a, arena, &service);
}

static void restore_local(struct aggregation *a, const struct object *o)
{
    auto_arena struct arena arena = {0};
    struct api_service service;

    if (api_service_parse(&arena, o->json, &service, NULL) && service.is_local &&
        api_discovery_is_local(a->discovery, service.group, service.version))
        api_service_create_local(a->registry, service.group, service.version);
}

static void on_api_service(void *ctx, const struct storage_event *event)
{
    struct aggregation *a = ctx;

    if (event->type != STORAGE_DELETED) {
        learn(a, event->object);
        return;
    }
    forget(a, event->object->name);
    restore_local(a, event->object);
}

/* A Service, or its Endpoints, changed: so may those who are behind it. */
static void on_backend(void *ctx, const struct storage_event *event)
{
    struct aggregation *a = ctx;
    void *value;

    for (size_t at = 0; map_next(&a->remotes, &at, NULL, &value);) {
        struct remote *r = value;
        if (str_eq(r->service.service_namespace, event->object->namespace) &&
            str_eq(r->service.service_name, event->object->name))
            api_service_probe_now(r->probe);
    }
}

/* --- requests --- */

static void on_unreachable(void *arg, struct str name)
{
    struct aggregation *a = arg;
    struct remote *r = map_get(&a->remotes, name);

    if (r != NULL)
        api_service_probe_soon(r->probe);
}

/* The remote that PATH, "/apis/GROUP/VERSION..." belongs to; IS_ROOT: it ends there. */
static struct remote *find_remote(struct aggregation *a, struct str path, bool *is_root)
{
    auto_buf struct buf name = {0};
    struct str group, version, rest;

    if (!str_starts_with(path, STR("/apis/")))
        return NULL;
    if (!str_cut(str_skip(path, sizeof("/apis/") - 1), '/', &group, &version))
        return NULL;
    str_cut(version, '/', &version, &rest);
    *is_root = rest.len == 0;
    buf_printf(&name, "%.*s.%.*s", STR_ARG(version), STR_ARG(group));
    return map_get(&a->remotes, buf_str(&name));
}

bool aggregation_handle(struct aggregation *a, struct api_request *r)
{
    bool is_root;
    struct remote *remote = find_remote(a, r->attributes.path, &is_root);

    /* What doesn't begin with a slash could become part of the server's name. */
    if (remote == NULL || !str_starts_with(r->http->path, STR("/")))
        return false;
    if (!remote->is_available) {
        api_respond_text(r, 503, STR("service unavailable\n"));
        return true;
    }
    const struct aggregation_proxy proxy = {
        .pool = a->pool,
        .authn = a->authn,
        .tls = api_service_tls(&remote->service, buf_str(&a->cert_pem), buf_str(&a->key_pem), r->arena),
        .url = buf_str(&remote->url),
        .timeout_ms = is_root ? DISCOVERY_TIMEOUT_MS : 0,
        .on_unreachable = on_unreachable,
        .arg = a,
        .name = remote->service.name,
    };
    aggregation_proxy_request(&proxy, r);
    return true;
}

/* --- life --- */

static void create_local(struct aggregation *a)
{
    struct str group, version;

    for (size_t at = 0; api_discovery_next_local(a->discovery, &at, &group, &version);) {
        if (!str_eq(group, STR("apiregistration.k8s.io"))) /* has none in Kubernetes either */
            api_service_create_local(a->registry, group, version);
    }
}

/* That the certificate and key that we show are there both, and fit, or neither. */
static bool check_pair(const struct aggregation_options *options, struct error *err)
{
    const struct tls_client_options pair = {
        .certificate_pem = options->proxy_cert_pem,
        .key_pem = options->proxy_key_pem,
        .is_insecure = true,
    };

    if (options->proxy_cert_pem.len == 0 && options->proxy_key_pem.len == 0)
        return true;
    struct tls_client *client = tls_client_new(&pair, err);
    tls_client_free(client);
    return client != NULL || error_wrap(err, "proxy client certificate");
}

struct aggregation *aggregation_new(uv_loop_t *loop, const struct aggregation_options *options, struct error *err)
{
    if (!check_pair(options, err))
        return NULL;
    struct aggregation *a = mem_zalloc(sizeof(*a));
    a->registry = options->registry;
    a->discovery = options->discovery;
    a->authn = options->authn;
    a->loop = loop;
    a->pool = fetch_pool_new(loop);
    buf_add_str(&a->cert_pem, options->proxy_cert_pem);
    buf_add_str(&a->key_pem, options->proxy_key_pem);
    struct storage_kind *kind = registry_kind(a->registry, &resource_apiservices);
    a->on_api_services = storage_subscribe(kind, on_api_service, a);
    a->on_services = storage_subscribe(registry_kind(a->registry, &resource_services), on_backend, a);
    a->on_endpoints = storage_subscribe(registry_kind(a->registry, &resource_endpoints), on_backend, a);
    struct storage_range range = storage_list(kind, STR(""));
    for (size_t i = 0; i < range.count; i++)
        learn(a, range.items[i]);
    create_local(a);
    return a;
}

void aggregation_free(struct aggregation *a)
{
    void *value;

    if (a == NULL)
        return;
    storage_unsubscribe(a->on_api_services);
    storage_unsubscribe(a->on_services);
    storage_unsubscribe(a->on_endpoints);
    for (size_t at = 0; map_next(&a->remotes, &at, NULL, &value);)
        remote_free(value);
    map_free(&a->remotes);
    fetch_pool_free(a->pool);
    buf_free(&a->cert_pem);
    buf_free(&a->key_pem);
    free(a);
}
