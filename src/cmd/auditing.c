#include "cmd/auditing.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/api_clients.h"

enum {
    MAX_POLICY_BYTES = 1 << 20,
};
#define CLOSING_GRACE_NS (5 * NS_PER_S)

static struct audit_policy *load_policy(const char *path, struct error *err)
{
    auto_buf struct buf text = {0};
    struct audit_policy *policy = NULL;

    if (file_read(path, MAX_POLICY_BYTES, &text, err))
        policy = audit_policy_parse(buf_str(&text), err);
    if (policy == NULL)
        error_wrap(err, "loading audit policy file: %s", path);
    return policy;
}

static struct audit_backend_options options_of(const struct audit_backend_flags *f)
{
    return (struct audit_backend_options){
        .is_batched = strcmp(f->mode, "batch") == 0,
        .buffer_size = (size_t)f->buffer_size,
        .max_batch_size = (size_t)f->max_batch_size,
        .max_wait_ns = f->max_wait_ns > 0 ? f->max_wait_ns : 0,
        .throttle_qps = f->is_throttled ? f->throttle_qps : 0,
        .throttle_burst = (int)f->throttle_burst,
        .max_event_bytes = f->is_truncating ? (size_t)f->max_event_bytes : 0,
        .max_batch_bytes = f->is_truncating ? (size_t)f->max_batch_bytes : 0,
    };
}

static bool open_log(uv_loop_t *loop, const struct audit_flags *f, struct audit_backend **out, struct error *err)
{
    const struct audit_log_options file = {.path = f->log_path,
                                           .max_bytes = f->log_max_megabytes * 1024 * 1024,
                                           .max_age_days = f->log_max_age_days,
                                           .max_backups = f->log_max_backups,
                                           .is_compressed = f->is_log_compressed};
    struct audit_backend_options options = options_of(&f->log);

    options.log = audit_log_open(loop, &file, err);
    if (options.log == NULL)
        return false;
    *out = audit_backend_new(loop, &options);
    return true;
}

static bool open_webhook(struct auditing *a, uv_loop_t *loop, const struct audit_flags *f, struct audit_backend **out,
                         struct error *err)
{
    struct client_config config = {0};
    struct audit_backend_options options = options_of(&f->webhook);

    if (!client_config_read(&config, f->webhook_config, NULL, err))
        return error_wrap(err, "initializing audit webhook");
    a->pool = fetch_pool_new(loop);
    a->webhook = rest_client_new(a->pool, &config, METRICS_SERVER_USER_AGENT);
    client_config_free(&config);
    options.webhook = a->webhook;
    options.backoff_ns = f->webhook_backoff_ns;
    *out = audit_backend_new(loop, &options);
    return true;
}

static void collect(void *arg)
{
    const struct auditing *a = arg;

    for (size_t i = 0; i < sizeof(a->counted) / sizeof(a->counted[0]); i++)
        if (a->counted[i].backend != NULL)
            metric_set(a->counted[i].lost, (double)audit_backend_lost(a->counted[i].backend));
}

/* What was lost is counted by the backends themselves. */
static void count_losses(struct auditing *a, const struct audit_options *options, struct metrics *registry)
{
    static const struct metric_spec spec = {
        .name = "apiserver_audit_error_total",
        .help = "Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by "
                "the error.",
        .type = METRIC_COUNTER,
        .stability = METRIC_ALPHA,
        .labels = {"plugin"},
    };
    struct metric_family *family = metrics_add(registry, &spec);

    a->counted[0].backend = options->log;
    a->counted[1].backend = options->webhook;
    if (options->log != NULL)
        a->counted[0].lost = metric_value(family, METRIC_LABELS(STR("log")));
    if (options->webhook != NULL)
        a->counted[1].lost = metric_value(family, METRIC_LABELS(STR("webhook")));
    metrics_on_collect(registry, collect, a);
}

bool auditing_open(struct auditing *a, uv_loop_t *loop, const struct audit_flags *flags, struct metrics *registry,
                   struct error *err)
{
    static const struct metric_spec events = {
        .name = "apiserver_audit_event_total",
        .help = "Counter of audit events generated and sent to the audit backend.",
        .type = METRIC_COUNTER,
        .stability = METRIC_ALPHA,
    };
    struct audit_options options = {.is_log_legacy = strcmp(flags->log_format, "legacy") == 0,
                                    .events = metric_value(metrics_add(registry, &events), NULL)};
    bool has_log = flag_is_given(flags->log_path), has_webhook = flag_is_given(flags->webhook_config);

    if (!flag_is_given(flags->policy_file)) {
        if (has_log || has_webhook)
            log_warning("No audit policy file provided, no events will be recorded");
        return true;
    }
    options.policy = load_policy(flags->policy_file, err);
    if (options.policy == NULL)
        return false;
    if (!has_log && !has_webhook) {
        audit_policy_free(options.policy);
        return true;
    }
    if ((has_log && !open_log(loop, flags, &options.log, err)) ||
        (has_webhook && !open_webhook(a, loop, flags, &options.webhook, err)))
        return false; /* the process ends */
    a->audit = audit_new(&options);
    count_losses(a, &options, registry);
    return true;
}

void auditing_observe(struct auditing *a, struct api_server *server)
{
    if (a->audit != NULL)
        audit_observe(a->audit, server);
}

static void on_closed(void *arg)
{
    struct auditing *a = arg;

    if (a->webhook != NULL)
        rest_client_free(a->webhook);
    if (a->pool != NULL)
        fetch_pool_free(a->pool);
}

void auditing_close(struct auditing *a)
{
    if (a->audit != NULL)
        audit_close(a->audit, CLOSING_GRACE_NS, on_closed, a);
}
