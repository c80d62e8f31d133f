/* `metrics-server`: parses the flags, wires the parts, runs the loop. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "apiserver/authn_delegated.h"
#include "apiserver/authz_delegated.h"
#include "apiserver/health.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_limit.h"
#include "certs/serving.h"
#include "cmd/metrics_server_flags.h"
#include "kube/reflector.h"
#include "scrape/fleet.h"
#include "serve/metrics_api.h"
#include "serve/readiness.h"

#define USER_AGENT "metrics-server/v" TACHO_VERSION

enum {
    MAX_PEM_BYTES = 1 << 20,
    RELOAD_MS = 60 * 1000, /* how often the serving certificate's files are looked at */
};

/* Everything there is one of. Static, so that it is valid for as long as anything may point to it. */
static struct server {
    struct metrics_server_flags flags;
    uv_loop_t loop;
    uv_signal_t sigterm, sigint;
    uv_timer_t reload, delay;

    struct fetch_pool *pool;
    struct client_config config;
    struct rest_client *client, *authn_client, *authz_client;

    struct catalog *catalog;
    struct usage_store *store;
    struct kubelet_credentials *credentials;
    struct fleet *fleet;
    struct reflector *nodes, *pods;

    struct buf certificate, key; /* what is served with */
    struct tls_server *tls;
    struct authn_delegated *authn;
    struct authz_delegated *authz;
    struct authz_paths free_paths;
    struct authz_pair pairs[2];
    struct api_server *server;
    struct health *health;
    struct readiness readiness;
    struct metrics_api *api;
} the_server;

static const struct build_version version = {.major = "0",
                                             .minor = "1",
                                             .git_version = "v" TACHO_VERSION,
                                             .git_commit = "",
                                             .build_date = "1970-01-01T00:00:00Z"};

/* --- usage --- */

static bool on_batch(void *arg, struct str node, struct batch *batch)
{
    struct server *s = arg;

    return usage_store_put(s->store, node, batch) != USAGE_FIRST;
}

static void on_lost(void *arg, struct str node, const struct error *err)
{
    struct server *s = arg;

    (void)err; /* the fleet has logged it, and readiness asks the fleet */
    usage_store_drop(s->store, node);
}

/* --- nodes and pods --- */

static void log_malformed(const char *what, const struct reflector_object *object, const struct error *err)
{
    log_error("Object can't be read, it is left as it was", LOG_ERR(err), LOG_CSTR("resource", what),
              LOG_STR("namespace", object->ns), LOG_STR("name", object->name));
}

static void on_node(void *arg, const struct reflector_object *object)
{
    struct server *s = arg;
    auto_error struct error err = {0};
    const struct catalog_object *node = catalog_set_node(s->catalog, object->bytes, &err);

    if (node == NULL)
        log_malformed("nodes", object, &err);
    else if (node->is_selected)
        fleet_set_node(s->fleet, object->name, object->bytes);
    else
        fleet_remove_node(s->fleet, object->name);
}

static void on_node_gone(void *arg, const struct reflector_object *object)
{
    struct server *s = arg;

    fleet_remove_node(s->fleet, object->name);
    catalog_remove_node(s->catalog, object->name);
}

static void on_pod(void *arg, const struct reflector_object *object)
{
    struct server *s = arg;
    auto_error struct error err = {0};

    if (catalog_set_pod(s->catalog, object->bytes, &err) == NULL)
        log_malformed("pods", object, &err);
}

static void on_pod_gone(void *arg, const struct reflector_object *object)
{
    struct server *s = arg;

    catalog_remove_pod(s->catalog, object->ns, object->name);
}

static void start_reflectors(struct server *s)
{
    const struct reflector_options nodes = {
        .path = STR("/api/v1/nodes"),
        .events = {.on_added = on_node, .on_changed = on_node, .on_gone = on_node_gone},
        .owner = s,
    };
    const struct reflector_options pods = {
        .path = STR("/api/v1/pods"),
        .field_selector = STR("status.phase=Running"),
        .events = {.on_added = on_pod, .on_changed = on_pod, .on_gone = on_pod_gone},
        .owner = s,
    };

    s->nodes = reflector_new(&s->loop, s->client, &nodes);
    s->pods = reflector_new(&s->loop, s->client, &pods);
    s->readiness.nodes = s->nodes;
    s->readiness.pods = s->pods;
}

/* --- authentication and authorization --- */

static void on_authn_loaded(void *arg, const struct error *err)
{
    struct server *s = arg;

    if (err == NULL) {
        s->readiness.is_authentication_known = true;
        error_clear(&s->readiness.authentication_trouble);
        return;
    }
    error_set(&s->readiness.authentication_trouble, err->code, "%s", error_text(err));
    if (s->flags.is_lookup_failure_tolerated)
        log_warning("Authentication configuration can't be read, going on without until it can",
                    LOG_ERR(&s->readiness.authentication_trouble));
    else
        log_error("Authentication configuration can't be read, not ready until it can",
                  LOG_ERR(&s->readiness.authentication_trouble));
}

static bool is_given(const char *path)
{
    return path != NULL && path[0] != '\0';
}

static bool read_pem(const char *path, struct buf *to, struct error *err)
{
    return !is_given(path) || file_read(path, MAX_PEM_BYTES, to, err);
}

static struct str_list to_strs(const struct string_list *list)
{
    struct str *items = mem_realloc_array(NULL, list->count + 1, sizeof(*items));

    for (size_t i = 0; i < list->count; i++)
        items[i] = str_of(list->items[i]);
    return (struct str_list){.items = items, .count = list->count};
}

static void free_strs(struct str_list *list)
{
    free((struct str *)(uintptr_t)list->items);
}

static bool start_authn(struct server *s, struct error *err)
{
    const struct metrics_server_flags *f = &s->flags;
    auto_buf struct buf client_ca = {0}, proxy_ca = {0};

    if (!read_pem(f->client_ca, &client_ca, err) || !read_pem(f->proxy_ca, &proxy_ca, err))
        return false;
    struct authn_delegated_options options = {
        .client = s->authn_client,
        .is_lookup_skipped = f->is_lookup_skipped,
        .client_ca_pem = buf_str(&client_ca),
        .token_ttl_ns = f->token_ttl_ns,
        .on_loaded = on_authn_loaded,
        .arg = s,
        .proxy = {.ca_pem = buf_str(&proxy_ca),
                  .allowed_names = to_strs(&f->proxy_names),
                  .username_headers = to_strs(&f->proxy_username_headers),
                  .uid_headers = to_strs(&f->proxy_uid_headers),
                  .group_headers = to_strs(&f->proxy_group_headers),
                  .extra_prefixes = to_strs(&f->proxy_extra_prefixes)},
    };
    s->authn = authn_delegated_new(&s->loop, &options, err);
    free_strs(&options.proxy.allowed_names);
    free_strs(&options.proxy.username_headers);
    free_strs(&options.proxy.uid_headers);
    free_strs(&options.proxy.group_headers);
    free_strs(&options.proxy.extra_prefixes);
    return s->authn != NULL;
}

/* system:masters, then the paths that are free for all, then the cluster. */
static struct authorizer start_authz(struct server *s)
{
    const struct authz_delegated_options options = {
        .client = s->authz_client, .allowed_ttl_ns = s->flags.allowed_ttl_ns, .denied_ttl_ns = s->flags.denied_ttl_ns};
    struct str_list paths = to_strs(&s->flags.always_allow_paths);

    s->authz = authz_delegated_new(&s->loop, &options);
    s->free_paths = (struct authz_paths){.items = paths.items, .count = paths.count};
    s->pairs[1] = (struct authz_pair){.first = authz_paths_authorizer(&s->free_paths),
                                      .second = authz_delegated_authorizer(s->authz)};
    s->pairs[0] = (struct authz_pair){.first = authz_masters, .second = authz_pair_authorizer(&s->pairs[1])};
    return authz_pair_authorizer(&s->pairs[0]);
}

/* --- serving --- */

static struct tls_server *make_tls(const struct server *s, struct str certificate, struct str key, struct error *err)
{
    const char *min_version = s->flags.tls_min_version;
    const struct tls_server_options options = {
        .certificate_pem = certificate,
        .key_pem = key,
        .is_http2_enabled = !s->flags.is_http2_disabled,
        .min_version =
            min_version != NULL && strcmp(min_version, "VersionTLS13") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION,
    };

    return tls_server_new(&options, err);
}

static bool read_serving_pair(const struct server *s, struct buf *certificate, struct buf *key, struct error *err)
{
    return file_read(s->flags.tls_certificate, MAX_PEM_BYTES, certificate, err) &&
           file_read(s->flags.tls_key, MAX_PEM_BYTES, key, err);
}

static bool load_serving_pair(struct server *s, struct error *err)
{
    struct certs_pair pair = {0};
    char host[UV_MAXHOSTNAMESIZE];
    size_t size = sizeof(host);

    if (is_given(s->flags.tls_certificate)) {
        if (!read_serving_pair(s, &s->certificate, &s->key, err))
            return error_wrap(err, "serving certificate");
    } else {
        if (uv_os_gethostname(host, &size) != 0)
            host[0] = '\0';
        if (!certs_serving_pair(s->flags.cert_dir, host, clock_unix_ns() / NS_PER_S, &pair, err))
            return error_wrap(err, "serving certificate");
        buf_add_str(&s->certificate, buf_str(&pair.certificate));
        buf_add_str(&s->key, buf_str(&pair.key));
        certs_pair_free(&pair);
    }
    s->tls = make_tls(s, buf_str(&s->certificate), buf_str(&s->key), err);
    return s->tls != NULL || error_wrap(err, "serving certificate");
}

/* A renewed certificate is served without a restart. */
static void on_reload(uv_timer_t *timer)
{
    struct server *s = timer->data;
    auto_buf struct buf certificate = {0}, key = {0};
    auto_error struct error err = {0};
    static struct log_limit limit = LOG_LIMIT(1.0 / 3600, 1);

    if (!read_serving_pair(s, &certificate, &key, &err)) {
        log_limited(&limit, LOG_LEVEL_WARNING, "Serving certificate can't be read, the former one stays",
                    LOG_ERR(&err));
        return;
    }
    if (str_eq(buf_str(&certificate), buf_str(&s->certificate)) && str_eq(buf_str(&key), buf_str(&s->key)))
        return;
    struct tls_server *tls = make_tls(s, buf_str(&certificate), buf_str(&key), &err);
    if (tls == NULL) { /* perhaps only one of the two was replaced yet */
        log_limited(&limit, LOG_LEVEL_WARNING, "New serving certificate is no good, the former one stays",
                    LOG_ERR(&err));
        return;
    }
    api_server_set_tls(s->server, tls);
    tls_server_free(s->tls);
    s->tls = tls;
    buf_clear(&s->certificate);
    buf_add_str(&s->certificate, buf_str(&certificate));
    buf_clear(&s->key);
    buf_add_str(&s->key, buf_str(&key));
    log_info("Serving certificate was renewed");
}

/* 0.0.0.0 means all interfaces, IPv6 too where there is any: as Go's servers understand it. */
static bool listen_securely(struct server *s, struct error *err)
{
    const char *address = s->flags.bind_address;
    uint16_t port = (uint16_t)s->flags.secure_port;
    bool is_any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    bool is_listening = api_server_listen(s->server, is_any ? "::" : address, port, err);

    if (!is_listening && is_any && (err->code == EAFNOSUPPORT || err->code == EADDRNOTAVAIL)) {
        error_clear(err);
        is_any = false;
        address = "0.0.0.0";
        is_listening = api_server_listen(s->server, address, port, err);
    }
    if (!is_listening)
        return false;
    bool needs_brackets = is_any || strchr(address, ':') != NULL;
    log_plain(LOG_LEVEL_INFO, "Serving securely on %s%s%s:%u", needs_brackets ? "[" : "", is_any ? "::" : address,
              needs_brackets ? "]" : "", api_server_port(s->server));
    return true;
}

/* What discovery tells clients: the address served on, or of all the first that others can reach. */
static void print_server_address(const struct server *s, struct buf *to)
{
    const char *address = s->flags.bind_address;
    uv_interface_address_t *interfaces = NULL;
    int count = 0;
    char text[64] = "";

    if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0) {
        uv_interface_addresses(&interfaces, &count);
        for (int i = 0; i < count && text[0] == '\0'; i++)
            if (!interfaces[i].is_internal && interfaces[i].address.address4.sin_family == AF_INET)
                uv_ip4_name(&interfaces[i].address.address4, text, sizeof(text));
        uv_free_interface_addresses(interfaces, count);
        address = text[0] != '\0' ? text : "127.0.0.1";
    }
    bool is_ipv6 = strchr(address, ':') != NULL;
    buf_printf(to, "%s%s%s:%lld", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", (long long)s->flags.secure_port);
}

/* 0 means that there is no limit. */
static unsigned limit_of(int64_t flag)
{
    return flag > 0 ? (unsigned)flag : UINT_MAX;
}

static bool start_serving(struct server *s, struct error *err)
{
    auto_buf struct buf address = {0};

    if (!load_serving_pair(s, err) || !start_authn(s, err))
        return false;
    const struct api_server_options options = {
        .tls = s->tls,
        .authn = authn_delegated_authenticator(s->authn),
        .authz = start_authz(s),
        .max_in_flight = limit_of(s->flags.max_in_flight),
        .max_mutating_in_flight = limit_of(s->flags.max_mutating_in_flight),
        .deadline_ns = s->flags.request_timeout_ns,
        .arg = s,
    };
    s->server = api_server_new(&s->loop, &options);
    print_server_address(s, &address);
    s->api = metrics_api_new(s->catalog, s->store, buf_str(&address));
    metrics_api_install(s->api, s->server);
    s->health = health_new();
    readiness_add_checks(&s->readiness, s->health);
    health_install(s->health, s->server);
    api_server_route(s->server, "/version", build_version_handle, (void *)(uintptr_t)&version);
    if (is_given(s->flags.tls_certificate))
        uv_timer_start(&s->reload, on_reload, RELOAD_MS, RELOAD_MS);
    return listen_securely(s, err);
}

/* --- kubelets --- */

static bool start_fleet(struct server *s, struct error *err)
{
    const struct metrics_server_flags *f = &s->flags;
    struct kubelet_credentials_options credentials = {
        .ca = s->config.ca,
        .ca_file = f->kubelet_ca,
        .certificate = s->config.cert,
        .certificate_file = is_given(f->kubelet_certificate) ? f->kubelet_certificate : s->config.cert_file,
        .key = s->config.key,
        .key_file = is_given(f->kubelet_key) ? f->kubelet_key : s->config.key_file,
        .token = s->config.token,
        .token_file = s->config.token_file,
        /* what holds for the API server holds for kubelets, unless flags say otherwise */
        .is_insecure = f->is_kubelet_tls_insecure || (s->config.insecure && !is_given(f->kubelet_ca)),
    };

    s->credentials = kubelet_credentials_new(&credentials, err);
    if (s->credentials == NULL)
        return false;
    const struct fleet_options options = {
        .target = {.loop = &s->loop,
                   .credentials = s->credentials,
                   .timeout_ns = f->kubelet_request_timeout_ns,
                   .user_agent = USER_AGENT},
        .rules = {.address_types = &f->address_types,
                  .port = (uint16_t)f->kubelet_port,
                  .uses_status_port = f->uses_status_port},
        .interval_ns = f->metric_resolution_ns,
        .events = {.on_batch = on_batch, .on_lost = on_lost},
        .arg = s,
    };
    s->fleet = fleet_new(&options);
    s->readiness.fleet = s->fleet;
    s->readiness.store = s->store;
    s->readiness.needs_authentication = !f->is_lookup_failure_tolerated;
    return true;
}

/* --- life --- */

static bool make_client(struct server *s, const char *kubeconfig, struct rest_client **out, struct client_config *keep,
                        struct error *err)
{
    struct client_config config = {0};
    const struct client_config_choice choice = {.kubeconfig = kubeconfig};

    if (!client_config_find(&config, &choice, err))
        return false;
    *out = rest_client_new(s->pool, &config, USER_AGENT);
    if (keep != NULL)
        *keep = config;
    else
        client_config_free(&config);
    return true;
}

/* The clients for authentication and authorization are the first one, unless flags say otherwise. */
static bool make_clients(struct server *s, struct error *err)
{
    const struct metrics_server_flags *f = &s->flags;

    s->pool = fetch_pool_new(&s->loop);
    if (!make_client(s, f->kubeconfig, &s->client, &s->config, err))
        return false;
    s->authn_client = s->authz_client = s->client;
    if (is_given(f->authentication_kubeconfig) &&
        !make_client(s, f->authentication_kubeconfig, &s->authn_client, NULL, err))
        return false;
    return !is_given(f->authorization_kubeconfig) ||
           make_client(s, f->authorization_kubeconfig, &s->authz_client, NULL, err);
}

static void on_server_closed(void *arg)
{
    struct server *s = arg;

    error_clear(&s->readiness.authentication_trouble);
    reflector_free(s->nodes);
    reflector_free(s->pods);
    fleet_free(s->fleet);
    authn_delegated_free(s->authn);
    authz_delegated_free(s->authz);
    if (s->authn_client != s->client)
        rest_client_free(s->authn_client);
    if (s->authz_client != s->client)
        rest_client_free(s->authz_client);
    rest_client_free(s->client);
    fetch_pool_free(s->pool);
    uv_close((uv_handle_t *)&s->sigterm, NULL);
    uv_close((uv_handle_t *)&s->sigint, NULL);
    uv_close((uv_handle_t *)&s->reload, NULL);
    uv_close((uv_handle_t *)&s->delay, NULL);
}

static void on_delayed(uv_timer_t *timer)
{
    struct server *s = timer->data;

    api_server_close(s->server, s->flags.request_timeout_ns, on_server_closed, s);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *s = handle->data;

    if (s->readiness.is_stopping)
        exit(1); /* the second one: whoever sends it doesn't want to wait */
    s->readiness.is_stopping = true;
    log_info("Shutting down", LOG_CSTR("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    api_server_drain(s->server);
    uv_timer_start(&s->delay, on_delayed, (uint64_t)(s->flags.shutdown_delay_ns / NS_PER_MS), 0);
}

static void init_loop(struct server *s)
{
    uv_loop_init(&s->loop);
    uv_timer_init(&s->loop, &s->reload);
    uv_timer_init(&s->loop, &s->delay);
    uv_signal_init(&s->loop, &s->sigterm);
    uv_signal_init(&s->loop, &s->sigint);
    s->reload.data = s->delay.data = s->sigterm.data = s->sigint.data = s;
    uv_signal_start(&s->sigterm, on_signal, SIGTERM);
    uv_signal_start(&s->sigint, on_signal, SIGINT);
}

/* Names are looked up in libuv's threads: some slow ones shall not hold up the rest. */
static void add_threads(void)
{
    setenv("UV_THREADPOOL_SIZE", "16", 0);
}

/* A connection for each kubelet and each client: as many as the system allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* when it may not be raised, the old one has to do */
}

static bool run(struct server *s, struct error *err)
{
    add_threads();
    raise_file_limit();
    init_loop(s);
    s->catalog = catalog_new(str_of(s->flags.node_selector), err);
    if (s->catalog == NULL)
        return error_wrap(err, "--node-selector");
    s->store = usage_store_new(s->flags.metric_resolution_ns);
    if (!make_clients(s, err) || !start_fleet(s, err) || !start_serving(s, err))
        return false;
    start_reflectors(s);
    uv_run(&s->loop, UV_RUN_DEFAULT);

    metrics_api_free(s->api);
    health_free(s->health);
    tls_server_free(s->tls);
    kubelet_credentials_free(s->credentials);
    usage_store_free(s->store);
    catalog_free(s->catalog);
    client_config_free(&s->config);
    free((struct str *)(uintptr_t)s->free_paths.items);
    buf_free(&s->certificate);
    buf_free(&s->key);
    uv_loop_close(&s->loop);
    return true;
}

int main(int argc, char **argv)
{
    struct server *s = &the_server;
    auto_error struct error err = {0};

    signal(SIGPIPE, SIG_IGN);
    switch (metrics_server_flags_parse(&s->flags, argc, argv, &err)) {
    case FLAGS_HELP: {
        auto_free char *help = flags_help(s->flags.flags);
        fputs(help, stdout);
        return 0;
    }
    case FLAGS_ERROR:
        fprintf(stderr, "Error: %s\n", error_text(&err));
        return 1;
    case FLAGS_OK:
        break;
    }
    if (s->flags.is_version_wanted) {
        printf("v" TACHO_VERSION "\n");
        return 0;
    }
    log_set_verbosity((int)s->flags.verbosity);
    if (!run(s, &err)) {
        log_fatal("metrics-server can't start", LOG_ERR(&err));
        return 1;
    }
    metrics_server_flags_free(&s->flags);
    return 0;
}
