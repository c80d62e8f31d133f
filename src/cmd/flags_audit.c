#include "base/clock.h"
#include "cmd/flag_groups.h"

/* The names that both backends have, each with its own prefix. */
struct backend_names {
    const char *plugin;
    const char *mode, *version;
    const char *buffer_size, *max_size, *max_wait, *throttle_enable, *throttle_qps, *throttle_burst;
    const char *truncate, *max_batch_bytes, *max_event_bytes;
};
#define BACKEND_NAMES(plugin_name)                                                                                    \
    {                                                                                                                 \
        .plugin = plugin_name, .mode = "audit-" plugin_name "-mode", .version = "audit-" plugin_name "-version",      \
        .buffer_size = "audit-" plugin_name "-batch-buffer-size", .max_size = "audit-" plugin_name "-batch-max-size", \
        .max_wait = "audit-" plugin_name "-batch-max-wait",                                                           \
        .throttle_enable = "audit-" plugin_name "-batch-throttle-enable",                                             \
        .throttle_qps = "audit-" plugin_name "-batch-throttle-qps",                                                   \
        .throttle_burst = "audit-" plugin_name "-batch-throttle-burst",                                               \
        .truncate = "audit-" plugin_name "-truncate-enabled",                                                         \
        .max_batch_bytes = "audit-" plugin_name "-truncate-max-batch-size",                                           \
        .max_event_bytes = "audit-" plugin_name "-truncate-max-event-size",                                           \
    }
static const struct backend_names log_names = BACKEND_NAMES("log");
static const struct backend_names webhook_names = BACKEND_NAMES("webhook");

static void declare_backend(struct flags *to, const struct backend_names *names, struct audit_backend_flags *b)
{
    flags_string(to, names->mode, 0, &b->mode,
                 "How events are sent: batch (buffered, sent from time to time), blocking (before the answer), "
                 "blocking-strict (the same, and a request whose event can't be sent fails).");
    flags_string(to, names->version, 0, &b->version, "API group and version of the events: audit.k8s.io/v1.");
    flags_int(to, names->buffer_size, 0, &b->buffer_size, "How many events may wait to be sent. Mode batch only.");
    flags_int(to, names->max_size, 0, &b->max_batch_size, "How many events are sent at once. Mode batch only.");
    flags_duration(to, names->max_wait, 0, &b->max_wait_ns,
                   "How long an event waits for others to be sent with. Mode batch only.");
    flags_bool(to, names->throttle_enable, 0, &b->is_throttled, "Whether batches are throttled. Mode batch only.");
    flags_value(to, names->throttle_qps, 0, &flag_type_float32, &b->throttle_qps,
                "How many batches a second, in the long run. Mode batch only.");
    flags_int(to, names->throttle_burst, 0, &b->throttle_burst, "How many batches at once. Mode batch only.");
    flags_bool(to, names->truncate, 0, &b->is_truncating, "Whether too long events and batches are cut.");
    flags_int(to, names->max_batch_bytes, 0, &b->max_batch_bytes,
              "How long a batch may be, in bytes; longer ones are split.");
    flags_int(to, names->max_event_bytes, 0, &b->max_event_bytes,
              "How long an event may be, in bytes; longer ones are left out.");
}

static void set_defaults(struct audit_flags *a)
{
    a->log_max_age_days = 366;
    a->log_max_backups = 100;
    a->log_max_megabytes = 100;
    a->log_format = "json";
    a->webhook_backoff_ns = 10 * NS_PER_S;
    a->log = (struct audit_backend_flags){.mode = "blocking", .max_batch_size = 1};
    a->webhook = (struct audit_backend_flags){.mode = "batch",
                                              .max_batch_size = 400,
                                              .max_wait_ns = 30 * NS_PER_S,
                                              .is_throttled = true,
                                              .throttle_qps = 10,
                                              .throttle_burst = 15};
    a->log.version = a->webhook.version = "audit.k8s.io/v1";
    a->log.buffer_size = a->webhook.buffer_size = 10000;
    a->log.max_batch_bytes = a->webhook.max_batch_bytes = INT64_C(10) << 20;
    a->log.max_event_bytes = a->webhook.max_event_bytes = INT64_C(100) << 10;
}

void flag_groups_declare_audit(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;
    struct audit_flags *a = &f->audit;

    set_defaults(a);
    flags_group(to, "apiserver audit log");
    flags_string(to, "audit-policy-file", 0, &a->policy_file,
                 "File with the audit policy: which requests are recorded, in how much detail. Without it: none.");
    flags_string(to, "audit-log-path", 0, &a->log_path,
                 "The file that requests are recorded in. '-' means standard output.");
    flags_int(to, "audit-log-maxage", 0, &a->log_max_age_days,
              "How many days old files are kept, by the time in their names. 0: for ever.");
    flags_int(to, "audit-log-maxbackup", 0, &a->log_max_backups, "How many old files are kept. 0: all.");
    flags_int(to, "audit-log-maxsize", 0, &a->log_max_megabytes,
              "How many megabytes a file may have before a new one is begun. 0: no limit.");
    flags_string(to, "audit-log-format", 0, &a->log_format,
                 "How events are written: json, or legacy (a line of text each).");
    flags_bool(to, "audit-log-compress", 0, &a->is_log_compressed, "Whether old files are compressed by gzip.");
    declare_backend(to, &log_names, &a->log);
    flags_string(to, "audit-webhook-config-file", 0, &a->webhook_config,
                 "kubeconfig of the server that events are sent to.");
    flags_duration(to, "audit-webhook-initial-backoff", 0, &a->webhook_backoff_ns,
                   "How long to wait before a failed request is repeated for the first time.");
    flags_duration(to, "audit-webhook-batch-initial-backoff", 0, &a->webhook_backoff_ns,
                   "The same as --audit-webhook-initial-backoff.");
    flags_deprecated(to, "Deprecated, use --audit-webhook-initial-backoff instead.");
    declare_backend(to, &webhook_names, &a->webhook);
}

static bool check_batch(const char *plugin, const struct audit_backend_flags *b, struct error *err)
{
    if (b->buffer_size <= 0)
        return error_set(err, 0, "invalid audit batch %s buffer size %lld, must be a positive number", plugin,
                         (long long)b->buffer_size);
    if (b->max_batch_size <= 0)
        return error_set(err, 0, "invalid audit batch %s max batch size %lld, must be a positive number", plugin,
                         (long long)b->max_batch_size);
    if (b->is_throttled && b->throttle_qps <= 0)
        return error_set(err, 0, "invalid audit batch %s throttle QPS %g, must be a positive number", plugin,
                         b->throttle_qps);
    return !b->is_throttled || b->throttle_burst > 0 ||
           error_set(err, 0, "invalid audit batch %s throttle burst %lld, must be a positive number", plugin,
                     (long long)b->throttle_burst);
}

static bool check_backend(const char *plugin, const struct audit_backend_flags *b, struct error *err)
{
    bool is_batch = strcmp(b->mode, "batch") == 0;

    if (!is_batch && strcmp(b->mode, "blocking") != 0 && strcmp(b->mode, "blocking-strict") != 0)
        return error_set(err, 0, "invalid audit %s mode %s, allowed modes are \"batch,blocking,blocking-strict\"",
                         plugin, b->mode);
    if (strcmp(b->mode, "blocking-strict") == 0)
        return error_set(err, 0,
                         "--audit-%s-mode=blocking-strict can't be served: a request goes on when its event can't "
                         "be recorded",
                         plugin);
    if (is_batch && !check_batch(plugin, b, err))
        return false;
    if (b->max_event_bytes <= 0)
        return error_set(err, 0, "invalid audit truncate %s max event size %lld, must be a positive number", plugin,
                         (long long)b->max_event_bytes);
    if (b->max_batch_bytes < b->max_event_bytes)
        return error_set(err, 0,
                         "invalid audit truncate %s max batch size %lld, must be greater than max event size (%lld)",
                         plugin, (long long)b->max_batch_bytes, (long long)b->max_event_bytes);
    return strcmp(b->version, "audit.k8s.io/v1") == 0 ||
           error_set(err, 0, "invalid group version, allowed versions are [\"audit.k8s.io/v1\"]");
}

static bool check_not_negative(const char *flag, int64_t value, struct error *err)
{
    return value >= 0 || error_set(err, 0, "--%s %lld can't be a negative number", flag, (long long)value);
}

bool flag_groups_check_audit(const struct metrics_server_flags *f, struct error *err)
{
    const struct audit_flags *a = &f->audit;

    if (flag_is_given(a->log_path)) {
        if (!check_backend("log", &a->log, err))
            return false;
        if (strcmp(a->log_format, "json") != 0 && strcmp(a->log_format, "legacy") != 0)
            return error_set(err, 0, "invalid audit log format %s, allowed formats are \"legacy,json\"", a->log_format);
        if (!check_not_negative("audit-log-maxage", a->log_max_age_days, err) ||
            !check_not_negative("audit-log-maxbackup", a->log_max_backups, err) ||
            !check_not_negative("audit-log-maxsize", a->log_max_megabytes, err))
            return false;
    }
    if (!flag_is_given(a->webhook_config))
        return true;
    if (!check_backend("webhook", &a->webhook, err))
        return false;
    if (strcmp(a->webhook.mode, "batch") != 0)
        return error_set(err, 0, "--audit-webhook-mode=%s can't be served: answers don't wait for another server",
                         a->webhook.mode);
    return a->webhook_backoff_ns > 0 || error_set(err, 0, "--audit-webhook-initial-backoff must be positive");
}
