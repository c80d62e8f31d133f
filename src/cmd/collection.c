#include "cmd/collection.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

/* --- usage --- */

static bool on_batch(void *arg, struct str node, struct batch *before, struct batch *batch)
{
    struct collection *c = arg;

    if (before != NULL)
        usage_store_put_before(c->store, node, before); /* no item yet: the ledger needn't know */
    enum usage_progress progress = ledger_put(c->ledger, node, batch, clock_unix_ns());
    if (progress == USAGE_CLOCK_SET)
        log_warning("Node's clock was set: its figures stay as they were until the next sample", LOG_STR("node", node));
    return progress == USAGE_SAME || progress == USAGE_NEW;
}

static void on_scraped(void *arg, struct str node, bool is_ok, int64_t took_ns)
{
    const struct collection *c = arg;

    own_metrics_scraped(c->metrics, node, is_ok, took_ns, clock_unix_ns());
}

/* The fleet has logged why, and readiness asks the fleet. */
static void on_lost(void *arg, struct str node, bool is_gone)
{
    struct collection *c = arg;

    if (is_gone)
        own_metrics_node_gone(c->metrics, node);
    ledger_drop(c->ledger, node, clock_unix_ns());
}

/* --- nodes and pods --- */

static void log_malformed(const char *what, const struct reflector_object *object, const struct error *err)
{
    log_error("Object can't be read, it is left as it was", LOG_ERR(err), LOG_CSTR("resource", what),
              LOG_STR("namespace", object->ns), LOG_STR("name", object->name));
}

static void on_node(void *arg, const struct reflector_object *object)
{
    struct collection *c = arg;
    auto_error struct error err = {0};
    const struct catalog_object *node = ledger_set_node(c->ledger, object->name, object->bytes, clock_unix_ns(), &err);

    if (node == NULL)
        log_malformed("nodes", object, &err);
    else if (node->is_selected)
        fleet_set_node(c->fleet, object->name, object->bytes);
    else
        fleet_remove_node(c->fleet, object->name);
}

static void on_node_gone(void *arg, const struct reflector_object *object)
{
    struct collection *c = arg;

    fleet_remove_node(c->fleet, object->name);
    ledger_remove_node(c->ledger, object->name, clock_unix_ns());
}

static void on_pod(void *arg, const struct reflector_object *object)
{
    struct collection *c = arg;
    auto_error struct error err = {0};

    if (ledger_set_pod(c->ledger, object->ns, object->name, object->bytes, clock_unix_ns(), &err) == NULL)
        log_malformed("pods", object, &err);
}

static void on_pod_gone(void *arg, const struct reflector_object *object)
{
    struct collection *c = arg;

    ledger_remove_pod(c->ledger, object->ns, object->name, clock_unix_ns());
}

void collection_start(struct collection *c, uv_loop_t *loop, const struct api_clients *clients,
                      struct readiness *readiness)
{
    const struct reflector_options nodes = {
        .path = STR("/api/v1/nodes"),
        .events = {.on_added = on_node, .on_changed = on_node, .on_gone = on_node_gone},
        .owner = c,
    };
    const struct reflector_options pods = {
        .path = STR("/api/v1/pods"),
        .field_selector = STR("status.phase=Running"),
        .events = {.on_added = on_pod, .on_changed = on_pod, .on_gone = on_pod_gone},
        .owner = c,
    };

    c->nodes = reflector_new(loop, clients->cluster, &nodes);
    c->pods = reflector_new(loop, clients->cluster, &pods);
    readiness->nodes = c->nodes;
    readiness->pods = c->pods;
}

/* --- kubelets --- */

static struct kubelet_credentials *make_credentials(const struct metrics_server_flags *f,
                                                    const struct client_config *config, struct error *err)
{
    const struct kubelet_credentials_options options = {
        .ca = config->ca,
        .ca_file = f->kubelet_ca,
        .certificate = config->cert,
        .certificate_file = flag_is_given(f->kubelet_certificate) ? f->kubelet_certificate : config->cert_file,
        .key = config->key,
        .key_file = flag_is_given(f->kubelet_key) ? f->kubelet_key : config->key_file,
        .token = config->token,
        .token_file = config->token_file,
        /* what holds for the API server holds for kubelets, unless flags say otherwise */
        .is_plain = f->is_kubelet_plain,
        .is_insecure = f->is_kubelet_tls_insecure || (config->insecure && !flag_is_given(f->kubelet_ca)),
    };

    return kubelet_credentials_new(&options, err);
}

bool collection_open(struct collection *c, uv_loop_t *loop, const struct metrics_server_flags *flags,
                     const struct api_clients *clients, struct metrics *registry, struct readiness *readiness,
                     struct error *err)
{
    c->catalog = catalog_new(str_of(flags->node_selector), err);
    if (c->catalog == NULL)
        return error_wrap(err, "--node-selector");
    c->store = usage_store_new(flags->metric_resolution_ns);
    c->ledger = ledger_new(&(struct ledger_options){
        .catalog = c->catalog, .store = c->store, .tag = random_below(LEDGER_STEP), .now_unix_ns = clock_unix_ns()});
    c->metrics = own_metrics_new(&(struct own_metrics_options){
        .registry = registry, .store = c->store, .resolution_ns = flags->metric_resolution_ns});
    c->credentials = make_credentials(flags, &clients->config, err);
    if (c->credentials == NULL)
        return false;
    const struct fleet_options options = {
        .target = {.loop = loop,
                   .credentials = c->credentials,
                   .timeout_ns = flags->kubelet_request_timeout_ns,
                   .user_agent = METRICS_SERVER_USER_AGENT},
        .rules = {.address_types = &flags->address_types,
                  .port = (uint16_t)flags->kubelet_port,
                  .uses_status_port = flags->uses_status_port},
        .interval_ns = flags->metric_resolution_ns,
        .events = {.on_scraped = on_scraped, .on_batch = on_batch, .on_lost = on_lost},
        .arg = c,
    };
    c->fleet = fleet_new(&options);
    readiness->fleet = c->fleet;
    readiness->store = c->store;
    return true;
}

void collection_close(struct collection *c)
{
    reflector_free(c->nodes);
    reflector_free(c->pods);
    fleet_free(c->fleet);
}

void collection_free(struct collection *c)
{
    own_metrics_free(c->metrics);
    kubelet_credentials_free(c->credentials);
    ledger_free(c->ledger);
    usage_store_free(c->store);
    catalog_free(c->catalog);
}
