#include "node/kubelet.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "certs/serving.h"
#include "node/event_recorder.h"
#include "node/machine.h"
#include "node/mirror_pods.h"
#include "node/node_lease.h"
#include "node/node_server.h"
#include "node/proc.h"
#include "node/registration.h"
#include "node/sampler.h"

#define TICK_MS 10000
#define FRESH_NS (60 * NS_PER_S) /* a start longer ago than this was told by the kubelet before us */
#define CLOSE_GRACE_NS (2 * NS_PER_S)
#define PEM_MAX_BYTES (1u << 20)

/* The Kubernetes version whose kubelet API and objects this one speaks. */
#define KUBELET_VERSION "v1.36.0+tacho" TACHO_VERSION
#define RUNTIME_VERSION "tacho://" TACHO_VERSION

struct kubelet {
    uv_loop_t *loop;
    struct arena arena; /* the strings below, for life */
    struct str node_name;
    struct str node_ip;
    struct machine machine;
    int64_t max_pods;
    const char *tls_cert_file;
    const char *tls_key_file;
    struct str client_ca_pem;

    struct container_surroundings around;
    struct static_pods *pods;
    struct sampler *sampler;
    struct pressure pressure;

    struct fetch_pool *pool;
    struct rest_client *client;
    struct event_recorder *events;
    struct registration *registration;
    struct node_lease *lease;
    struct mirror_pods *mirrors;

    struct tls_server *tls;
    struct tls_server *old_tls; /* before the last renewal: connections being made may still look at it */
    int64_t tls_changed_ns;     /* the later mtime of the two files */
    struct node_server *server;
    uv_timer_t tick;
    int64_t ticked_mono_ns;
};

/* --- events --- */

static void record_node_event(struct kubelet *k, bool is_warning, const char *reason, struct str message)
{
    struct event_subject node = {.kind = STR("Node"), .name = k->node_name, .uid = k->node_name};

    event_record(k->events, &node, is_warning ? EVENT_WARNING : EVENT_NORMAL, reason, message);
}

/* "Started container c" and so on, once per change of a run. */
static void record_run_event(struct kubelet *k, const struct node_pod *pod, const struct pod_container *c)
{
    auto_buf struct buf path = {0}, message = {0};
    struct event_subject subject = {.kind = STR("Pod"), .namespace = pod->spec->namespace, .name = pod->spec->name};

    if (c->run.phase == RUN_WAITING)
        return;
    buf_printf(&path, "spec.containers{%.*s}", STR_ARG(c->spec->name));
    subject.field_path = buf_str(&path);
    subject.uid = pod->spec->hash; /* what clients look for when they describe a mirror pod */
    if (c->run.phase == RUN_RUNNING) {
        buf_printf(&message, "Started container %.*s", STR_ARG(c->spec->name));
        event_record(k->events, &subject, EVENT_NORMAL, "Started", buf_str(&message));
    } else {
        buf_printf(&message, "Container %.*s has ended; whoever started it may start it again", STR_ARG(c->spec->name));
        event_record(k->events, &subject, EVENT_WARNING, "Ended", buf_str(&message));
    }
}

/* --- pods --- */

static void on_pod_changed(void *arg, struct node_pod *pod)
{
    struct kubelet *k = arg;

    for (size_t i = 0; i < pod->spec->container_count; i++) {
        struct pod_container *c = pod->containers[i];
        int64_t at = c->run.phase == RUN_RUNNING ? c->run.now.started_unix_ns : c->run.now.ended_unix_ns;
        if (c->run.phase == RUN_WAITING || at == c->told_unix_ns)
            continue;
        c->told_unix_ns = at;
        if (clock_unix_ns() - at < FRESH_NS)
            record_run_event(k, pod, c);
    }
    mirror_pods_changed(k->mirrors, pod);
}

static void on_pod_gone(void *arg, struct node_pod *pod)
{
    struct kubelet *k = arg;

    mirror_pods_gone(k->mirrors, pod);
}

/* --- the node --- */

static void update_pressure(struct kubelet *k, int64_t *disk_capacity_bytes)
{
    const struct usage *u = sampler_node(k->sampler);
    struct pressure_signals s = {
        .memory_capacity_bytes = k->machine.memory_bytes,
        .memory_available_bytes =
            is_measured(u->working_set_bytes) ? k->machine.memory_bytes - u->working_set_bytes : NOT_MEASURED,
        .disk_capacity_bytes = NOT_MEASURED,
        .disk_available_bytes = NOT_MEASURED,
        .inodes = NOT_MEASURED,
        .inodes_free = NOT_MEASURED,
    };
    struct proc_limits limits;
    struct filesystem fs;

    if (sampler_filesystem(k->sampler, &fs)) {
        s.disk_capacity_bytes = fs.capacity_bytes;
        s.disk_available_bytes = fs.available_bytes;
        s.inodes = fs.inodes;
        s.inodes_free = fs.inodes_free;
    }
    proc_read_limits("", &limits);
    s.max_tasks = limits.max_tasks;
    s.tasks = limits.tasks;
    if (is_measured(s.memory_available_bytes) && s.memory_available_bytes < 0)
        s.memory_available_bytes = 0;
    *disk_capacity_bytes = s.disk_capacity_bytes;
    pressure_update(&k->pressure, &s, clock_mono_ns());
}

static void gather_facts(void *arg, struct node_facts *out)
{
    struct kubelet *k = arg;
    int64_t disk_capacity_bytes;

    sampler_take(k->sampler, clock_mono_ns());
    update_pressure(k, &disk_capacity_bytes);
    *out = (struct node_facts){
        .name = k->node_name,
        .hostname = k->node_name,
        .addresses = &k->node_ip,
        .address_count = 1,
        .machine = &k->machine,
        .disk_capacity_bytes = disk_capacity_bytes,
        .max_pods = k->max_pods,
        .port = node_server_port(k->server),
        .kubelet_version = STR(KUBELET_VERSION),
        .runtime_version = STR(RUNTIME_VERSION),
        .pressure = k->pressure,
    };
}

static void on_registered(void *arg, struct str uid)
{
    struct kubelet *k = arg;

    node_lease_set_owner(k->lease, uid);
    mirror_pods_set_owner(k->mirrors, uid);
}

static void on_node_event(void *arg, bool is_warning, const char *reason, struct str message)
{
    record_node_event(arg, is_warning, reason, message);
}

/* --- certificates --- */

static int64_t changed_ns(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec : 0;
}

static struct tls_server *load_tls(struct kubelet *k, struct error *err)
{
    auto_buf struct buf certificate = {0}, key = {0};
    struct tls_server *tls;

    if (!file_read(k->tls_cert_file, PEM_MAX_BYTES, &certificate, err) ||
        !file_read(k->tls_key_file, PEM_MAX_BYTES, &key, err)) {
        error_wrap(err, "serving certificate");
        return NULL;
    }
    tls = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&certificate),
                                                      .key_pem = buf_str(&key),
                                                      .client_ca_pem = k->client_ca_pem,
                                                      .is_http2_enabled = true},
                         err);
    if (tls == NULL)
        error_wrap(err, "serving certificate %s", k->tls_cert_file);
    return tls;
}

/* The later change of certificate and key. */
static int64_t pair_changed_ns(const struct kubelet *k)
{
    int64_t certificate = changed_ns(k->tls_cert_file), key = changed_ns(k->tls_key_file);

    return certificate > key ? certificate : key;
}

static void renew_tls(struct kubelet *k)
{
    auto_error struct error err = {0};
    int64_t changed = k->tls_cert_file != NULL ? pair_changed_ns(k) : 0;
    struct tls_server *tls;

    if (changed == 0 || changed == k->tls_changed_ns)
        return;
    k->tls_changed_ns = changed;
    tls = load_tls(k, &err);
    if (tls == NULL) {
        log_error("The serving certificate has changed and can't be used; the old one stays", LOG_ERR(&err));
        return;
    }
    node_server_set_tls(k->server, tls);
    tls_server_free(k->old_tls);
    k->old_tls = k->tls;
    k->tls = tls;
    log_info("The serving certificate was renewed", LOG_CSTR("path", k->tls_cert_file));
}

static bool first_tls(struct kubelet *k, const struct kubelet_options *o, struct error *err)
{
    struct certs_pair pair = {0};

    if (o->tls_cert_file[0] != '\0' || o->tls_key_file[0] != '\0') {
        if (o->tls_cert_file[0] == '\0' || o->tls_key_file[0] == '\0')
            return error_set(err, 0, "--tls-cert-file and --tls-private-key-file go together");
        k->tls_cert_file = arena_cstr(&k->arena, str_of(o->tls_cert_file));
        k->tls_key_file = arena_cstr(&k->arena, str_of(o->tls_key_file));
        k->tls_changed_ns = pair_changed_ns(k);
        k->tls = load_tls(k, err);
        return k->tls != NULL;
    }
    if (!certs_serving_pair(o->cert_dir, arena_cstr(&k->arena, k->node_name), clock_unix_ns() / NS_PER_S, &pair, err))
        return error_wrap(err, "self-signed serving certificate");
    k->tls = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&pair.certificate),
                                                         .key_pem = buf_str(&pair.key),
                                                         .client_ca_pem = k->client_ca_pem,
                                                         .is_http2_enabled = true},
                            err);
    certs_pair_free(&pair);
    return k->tls != NULL;
}

/* --- start and end --- */

static bool is_in_sync(void *arg, struct error *err)
{
    struct kubelet *k = arg;
    int64_t age_ns = clock_mono_ns() - k->ticked_mono_ns;

    if (age_ns < 4 * TICK_MS * NS_PER_MS)
        return true;
    return error_set(err, 0, "sync Loop took longer than expected");
}

static void on_tick(uv_timer_t *timer)
{
    struct kubelet *k = timer->data;

    k->ticked_mono_ns = clock_mono_ns();
    static_pods_look(k->pods);
    sampler_take(k->sampler, clock_mono_ns());
    renew_tls(k);
}

static void choose_names(struct kubelet *k, const struct kubelet_options *o)
{
    struct utsname host;
    char *name;

    uname(&host);
    name = arena_cstr(&k->arena, str_trim(str_of(o->node_name[0] != '\0' ? o->node_name : host.nodename)));
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    k->node_name = str_of(name);
    if (o->node_ip[0] != '\0')
        k->node_ip = arena_str(&k->arena, str_of(o->node_ip));
    else if (!network_own_address(&k->arena, &k->node_ip))
        k->node_ip = STR("127.0.0.1");
}

static bool check_address(const char *flag, const char *text, struct error *err)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    if (text[0] == '\0' || inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
        return true;
    return error_set(err, 0, "%s: \"%s\" is no IP address", flag, text);
}

static void open_cgroups(struct kubelet *k, const struct kubelet_options *o)
{
    auto_error struct error err = {0};

    if (!cgroups_detect("", &k->around.trees, &err))
        log_warning("No cgroups were found", LOG_ERR(&err));
    k->around.cgroups = pod_cgroups_new("", o->cgroup_root, &err);
    if (k->around.cgroups == NULL) {
        log_warning("Pods get no cgroups of their own; figures come from /proc", LOG_ERR(&err));
        return;
    }
    pod_cgroups_sweep(k->around.cgroups);
    log_info("Measuring by cgroups", LOG_CSTR("layout", cgroup_layout_text(k->around.trees.layout)),
             LOG_CSTR("cpu", pod_cgroups_all(k->around.cgroups)->cpu_dir),
             LOG_CSTR("memory", pod_cgroups_all(k->around.cgroups)->memory_dir));
}

static bool read_client_ca(struct kubelet *k, const char *path, struct error *err)
{
    auto_buf struct buf pem = {0};
    struct tls_trust *trust;

    if (path[0] == '\0')
        return true;
    if (!file_read(path, PEM_MAX_BYTES, &pem, err))
        return error_wrap(err, "--client-ca-file");
    trust = tls_trust_new(buf_str(&pem), err);
    if (trust == NULL)
        return error_wrap(err, "--client-ca-file %s", path);
    tls_trust_free(trust);
    k->client_ca_pem = arena_str(&k->arena, buf_str(&pem));
    return true;
}

/* What is known without the network. */
static bool open_local(struct kubelet *k, const struct kubelet_options *o, struct error *err)
{
    if (!check_address("--node-ip", o->node_ip, err) || !check_address("--address", o->address, err))
        return false;
    choose_names(k, o);
    if (!machine_read("", &k->arena, &k->machine, err))
        return false;
    if (!read_client_ca(k, o->client_ca_file, err))
        return false;
    if (!first_tls(k, o, err))
        return false;
    k->max_pods = o->max_pods;
    k->around.loop = k->loop;
    k->around.machine_root = "";
    k->around.boot_id = k->machine.boot_id;
    k->around.boot_unix_ns = proc_boot_unix_ns();
    open_cgroups(k, o);
    k->pods = static_pods_new(&(struct static_pods_options){.loop = k->loop,
                                                            .folder = o->manifest_folder,
                                                            .node_name = k->node_name,
                                                            .around = &k->around,
                                                            .on_changed = on_pod_changed,
                                                            .on_gone = on_pod_gone,
                                                            .arg = k});
    k->sampler = sampler_new(&(struct sampler_options){.machine_root = "",
                                                       .node_name = k->node_name,
                                                       .root_folder = o->root_folder,
                                                       .around = &k->around,
                                                       .pods = k->pods,
                                                       .memory_capacity_bytes = k->machine.memory_bytes});
    return true;
}

static bool open_server(struct kubelet *k, const struct kubelet_options *o, struct error *err)
{
    k->server = node_server_new(k->loop,
                                &(struct node_server_options){.node_name = k->node_name,
                                                              .node_ip = k->node_ip,
                                                              .tls = k->tls,
                                                              .client_ca_pem = k->client_ca_pem,
                                                              .client = k->client,
                                                              .sampler = k->sampler,
                                                              .pods = k->pods,
                                                              .mirrors = k->mirrors,
                                                              .is_in_sync = is_in_sync,
                                                              .arg = k},
                                err);
    if (k->server == NULL)
        return error_wrap(err, "--client-ca-file %s", o->client_ca_file);
    return node_server_listen(k->server, o->address, o->port, err);
}

static void start_talking(struct kubelet *k)
{
    static_pods_look(k->pods);
    sampler_take(k->sampler, clock_mono_ns());
    k->lease = node_lease_new(k->loop, k->client, k->node_name, 0);
    k->registration = registration_new(&(struct registration_options){.loop = k->loop,
                                                                      .client = k->client,
                                                                      .node_name = k->node_name,
                                                                      .gather = gather_facts,
                                                                      .on_known = on_registered,
                                                                      .on_event = on_node_event,
                                                                      .arg = k});
    record_node_event(k, false, "Starting", STR("Starting kubelet."));
    uv_timer_start(&k->tick, on_tick, TICK_MS, TICK_MS);
}

struct kubelet *kubelet_new(uv_loop_t *loop, const struct kubelet_options *options, struct error *err)
{
    struct kubelet *k = mem_zalloc(sizeof(*k));

    k->loop = loop;
    uv_timer_init(loop, &k->tick);
    k->tick.data = k;
    k->ticked_mono_ns = clock_mono_ns();
    if (!open_local(k, options, err)) {
        kubelet_close(k);
        return NULL;
    }
    k->pool = fetch_pool_new(loop);
    k->client = rest_client_new(k->pool, options->config, "kubelet/" KUBELET_VERSION);
    k->events = event_recorder_new(loop, k->client, k->node_name);
    k->mirrors = mirror_pods_new(loop, k->client, k->pods, k->node_name, k->node_ip);
    if (!open_server(k, options, err)) {
        kubelet_close(k);
        return NULL;
    }
    log_info("Started kubelet", LOG_STR("node", k->node_name), LOG_STR("nodeIP", k->node_ip),
             LOG_CSTR("address", options->address), LOG_NUM("port", kubelet_port(k)));
    start_talking(k);
    return k;
}

uint16_t kubelet_port(const struct kubelet *k)
{
    return node_server_port(k->server);
}

static void on_tick_closed(uv_handle_t *handle)
{
    struct kubelet *k = handle->data;

    arena_free(&k->arena);
    free(k);
}

static void on_server_closed(void *arg)
{
    struct kubelet *k = arg;

    registration_free(k->registration);
    node_lease_free(k->lease);
    mirror_pods_free(k->mirrors);
    event_recorder_free(k->events);
    sampler_free(k->sampler);
    static_pods_free(k->pods);
    if (k->client != NULL)
        rest_client_free(k->client);
    if (k->pool != NULL)
        fetch_pool_free(k->pool);
    tls_server_free(k->tls);
    tls_server_free(k->old_tls);
    if (k->around.cgroups != NULL)
        pod_cgroups_sweep(k->around.cgroups);
    pod_cgroups_free(k->around.cgroups);
    cgroups_free(&k->around.trees);
    uv_close((uv_handle_t *)&k->tick, on_tick_closed);
}

void kubelet_close(struct kubelet *k)
{
    if (k->server != NULL)
        node_server_close(k->server, CLOSE_GRACE_NS, on_server_closed, k);
    else
        on_server_closed(k);
}
