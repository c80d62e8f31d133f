#include "cluster/server.h"

#include "apiserver/health.h"
#include "apiserver/request_metrics.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process_metrics.h"
#include "cluster/access.h"
#include "cluster/api.h"
#include "cluster/bootstrap.h"
#include "cluster/event_expiry.h"
#include "cluster/namespaces_controller.h"

#include <openssl/crypto.h>

#include <errno.h>

#define PEM_MAX_BYTES ((size_t)1024 * 1024)

struct cluster_server {
    uv_loop_t *loop;
    struct storage *storage;
    struct registry *registry;
    struct api_discovery *discovery;
    struct api *api;
    struct access *access;
    struct tls_server *tls;
    struct api_server *server;
    struct health *health;
    struct metrics *metrics;
    struct request_metrics *request_metrics;
    struct namespaces_controller *namespaces;
    struct event_expiry *events;
    struct buf client_ca_pem, proxy_ca_pem;
    bool is_bootstrapped;
    void (*on_closed)(void *arg);
    void *closed_arg;
};

static bool read_pem(const char *path, const char *what, struct buf *out, struct error *err)
{
    if (path == NULL || path[0] == '\0')
        return error_set(err, EINVAL, "--%s is required", what);
    return file_read(path, PEM_MAX_BYTES, out, err) || error_wrap(err, "--%s", what);
}

/* As read_pem for a file that may be left out. */
static bool read_optional_pem(const char *path, const char *what, struct buf *out, struct error *err)
{
    return path == NULL || path[0] == '\0' || read_pem(path, what, out, err);
}

static bool start_tls(struct cluster_server *s, const struct cluster_server_options *o, struct error *err)
{
    auto_buf struct buf certificate = {0}, key = {0}, welcome = {0};
    if (!read_pem(o->tls_cert_file, "tls-cert-file", &certificate, err) ||
        !read_pem(o->tls_key_file, "tls-private-key-file", &key, err))
        return false;
    buf_printf(&welcome, "%s\n%s", buf_cstr(&s->client_ca_pem), buf_cstr(&s->proxy_ca_pem));
    const struct tls_server_options options = {.certificate_pem = buf_str(&certificate),
                                               .key_pem = buf_str(&key),
                                               .client_ca_pem = buf_str(&welcome),
                                               .is_http2_enabled = true};
    s->tls = tls_server_new(&options, err);
    return s->tls != NULL || error_wrap(err, "serving certificate %s, %s", o->tls_cert_file, o->tls_key_file);
}

static bool start_storage(struct cluster_server *s, const struct cluster_server_options *o, struct error *err)
{
    struct storage_options options = {.path = o->storage_file, .max_bytes = o->storage_max_bytes};
    options.kinds = registry_storage_kinds(&options.kind_count);
    s->storage = storage_open(s->loop, &options, err);
    if (s->storage == NULL)
        return false;
    s->registry = registry_new(s->storage);
    return true;
}

static bool check_bootstrap(void *arg, struct error *err)
{
    const struct cluster_server *s = arg;
    return s->is_bootstrapped || error_set(err, 0, "not finished");
}

static bool check_draining(void *arg, struct error *err)
{
    const struct cluster_server *s = arg;
    return !api_server_is_draining(s->server) || error_set(err, 0, "process is shutting down");
}

static void start_health(struct cluster_server *s)
{
    const struct health_check checks[] = {
        {.name = "ping", .endpoints = HEALTH_ALL},
        {.name = "poststarthook/bootstrap-objects", .endpoints = HEALTH_READYZ, .check = check_bootstrap, .arg = s},
        {.name = "shutdown", .endpoints = HEALTH_READYZ, .check = check_draining, .arg = s},
    };
    s->health = health_new();
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        health_add(s->health, &checks[i]);
    health_install(s->health, s->server);
}

static void on_policy(void *arg, const struct error *err)
{
    struct cluster_server *s = arg;
    if (err != NULL)
        log_error("Default roles can't be written", LOG_ERR(err));
    s->is_bootstrapped = err == NULL;
}

static void on_namespaces(void *arg, const struct failure *failure)
{
    struct cluster_server *s = arg;
    if (failure != NULL) {
        log_error("Namespaces can't be created", LOG_STR("err", failure->status.message));
        return;
    }
    if (s->access != NULL)
        access_bootstrap(s->access, on_policy, s);
}

static bool start_access(struct cluster_server *s, const struct cluster_server_options *o, struct error *err)
{
    auto_buf struct buf signing = {0}, verifying = {0}, certificate = {0}, key = {0};
    auto_arena struct arena arena = {0};
    size_t names = o->requestheader_allowed_names != NULL ? o->requestheader_allowed_names->count : 0;
    struct str *proxy_names = arena_alloc(&arena, (names + 1) * sizeof(*proxy_names));
    for (size_t i = 0; i < names; i++)
        proxy_names[i] = str_of(o->requestheader_allowed_names->items[i]);
    if (!read_pem(o->service_account_signing_key_file, "service-account-signing-key-file", &signing, err) ||
        !read_optional_pem(o->service_account_key_file, "service-account-key-file", &verifying, err) ||
        !read_optional_pem(o->proxy_client_cert_file, "proxy-client-cert-file", &certificate, err) ||
        !read_optional_pem(o->proxy_client_key_file, "proxy-client-key-file", &key, err))
        return false;
    const struct access_options options = {.loop = s->loop,
                                           .registry = s->registry,
                                           .discovery = s->discovery,
                                           .client_ca_pem = buf_str(&s->client_ca_pem),
                                           .issuer = str_of(o->service_account_issuer),
                                           .signing_key_pem = buf_str(&signing),
                                           .verifying_key_pem = buf_str(&verifying),
                                           .proxy_ca_pem = buf_str(&s->proxy_ca_pem),
                                           .proxy_names = {proxy_names, names},
                                           .proxy_certificate_pem = buf_str(&certificate),
                                           .proxy_key_pem = buf_str(&key)};
    s->access = access_new(&options, err);
    OPENSSL_cleanse(signing.ptr, signing.len);
    if (key.len > 0)
        OPENSSL_cleanse(key.ptr, key.len);
    return s->access != NULL;
}

/* The kinds that there are, and the usual subresources: peers make up no label values. */
static bool knows(void *arg, const struct api_attributes *what)
{
    static const struct str subresources[] = {
        STR_INIT(""),     STR_INIT("status"), STR_INIT("token"),       STR_INIT("finalize"), STR_INIT("log"),
        STR_INIT("exec"), STR_INIT("attach"), STR_INIT("portforward"), STR_INIT("proxy"),    STR_INIT("binding"),
    };

    (void)arg;
    if (resource_find(what->group, what->version, what->resource) == NULL)
        return false;
    for (size_t i = 0; i < sizeof(subresources) / sizeof(subresources[0]); i++)
        if (str_eq(what->subresource, subresources[i]))
            return true;
    return false;
}

static void start_metrics(struct cluster_server *s)
{
    s->metrics = metrics_new();
    process_metrics_add(s->metrics, "/proc/self", "/proc/stat");
    s->request_metrics = request_metrics_new(s->metrics, &(struct request_metrics_options){.knows = knows});
    request_metrics_observe(s->request_metrics, s->server);
    metrics_route(s->metrics, s->server);
}

static bool start_server(struct cluster_server *s, const struct cluster_server_options *o, struct error *err)
{
    const struct api_server_options options = {
        .tls = s->tls, .authn = access_authenticator(s->access), .authz = access_authorizer(s->access)};
    s->server = api_server_new(s->loop, &options);
    const struct api_options api = {.registry = s->registry,
                                    .discovery = s->discovery,
                                    .loop = s->loop,
                                    .arg = s->access,
                                    .handle_first = access_handle_first,
                                    .handle_other = access_handle_other,
                                    .admit = access_admit};
    s->api = api_new(&api);
    api_install(s->api, s->server);
    access_install(s->access, s->server);
    start_health(s);
    start_metrics(s);
    return api_server_listen(s->server, o->bind_address, o->port, err);
}

struct cluster_server *cluster_server_new(uv_loop_t *loop, const struct cluster_server_options *options,
                                          struct error *err)
{
    struct cluster_server *s = mem_zalloc(sizeof(*s));
    auto_buf struct buf address = {0};
    s->loop = loop;
    bool is_v6 = str_index(str_of(options->bind_address), ':') >= 0;
    buf_printf(&address, is_v6 ? "[%s]:%u" : "%s:%u", options->bind_address, options->port);
    s->discovery = api_discovery_new(buf_str(&address));
    if (read_pem(options->client_ca_file, "client-ca-file", &s->client_ca_pem, err) &&
        read_optional_pem(options->requestheader_client_ca_file, "requestheader-client-ca-file", &s->proxy_ca_pem,
                          err) &&
        start_tls(s, options, err) && start_storage(s, options, err) && start_access(s, options, err) &&
        start_server(s, options, err)) {
        s->events = event_expiry_new(loop, s->registry, options->event_ttl_ns, 0);
        s->namespaces = namespaces_controller_new(s->registry, buf_str(&s->client_ca_pem));
        bootstrap_namespaces(s->registry, on_namespaces, s);
        return s;
    }
    cluster_server_close(s, 0, NULL, NULL);
    return NULL;
}

uint16_t cluster_server_port(const struct cluster_server *s)
{
    return api_server_port(s->server);
}

static void free_rest(void *arg)
{
    struct cluster_server *s = arg;
    void (*on_closed)(void *) = s->on_closed;
    void *closed_arg = s->closed_arg;
    namespaces_controller_free(s->namespaces);
    registry_free(s->registry);
    api_discovery_free(s->discovery);
    buf_free(&s->client_ca_pem);
    buf_free(&s->proxy_ca_pem);
    free(s);
    if (on_closed != NULL)
        on_closed(closed_arg);
}

/* No request is left: nothing new is written but what the control plane itself has begun. */
static void on_server_closed(void *arg)
{
    struct cluster_server *s = arg;
    s->server = NULL;
    api_free(s->api);
    access_free(s->access);
    s->access = NULL;
    tls_server_free(s->tls);
    health_free(s->health);
    metrics_free(s->metrics);
    request_metrics_free(s->request_metrics);
    event_expiry_free(s->events);
    if (s->namespaces != NULL)
        namespaces_controller_stop(s->namespaces);
    if (s->storage != NULL)
        storage_close(s->storage, free_rest, s);
    else
        free_rest(s);
}

void cluster_server_close(struct cluster_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    s->on_closed = on_closed;
    s->closed_arg = arg;
    if (s->server != NULL)
        api_server_close(s->server, grace_ns, on_server_closed, s);
    else
        on_server_closed(s);
}
