/*
 * metrics-server's command line: the flags of kubernetes-sigs/metrics-server 0.9 (its own and those of the generic API
 * server library), with its defaults and its words for what is wrong. docs/flags.md says of each what it does; a test
 * holds that table against --help. Owner: main. Source: metrics-server's README and docs/command-line-flags.txt.
 */
#ifndef CMD_METRICS_SERVER_FLAGS_H
#define CMD_METRICS_SERVER_FLAGS_H

#include "base/flag_types.h"
#include "base/flags.h"

/* --tls-sni-cert-key, once each time it is given. */
struct sni_flag {
    char *certificate;
    char *key;
    struct string_list names; /* may be empty: those of the certificate */
};
struct sni_flags {
    struct sni_flag *items; /* owned */
    size_t count;
};

/* What --audit-log-... and --audit-webhook-... have in common. */
struct audit_backend_flags {
    const char *mode;    /* "batch", "blocking", "blocking-strict" */
    const char *version; /* "audit.k8s.io/v1" */
    int64_t buffer_size; /* events; the rest of the batch flags count in mode batch only */
    int64_t max_batch_size;
    int64_t max_wait_ns;
    bool is_throttled;
    double throttle_qps;
    int64_t throttle_burst;
    bool is_truncating;
    int64_t max_batch_bytes;
    int64_t max_event_bytes;
};

struct audit_flags {
    const char *policy_file;
    const char *log_path; /* "-": standard output */
    int64_t log_max_age_days;
    int64_t log_max_backups;
    int64_t log_max_megabytes;
    const char *log_format; /* "json", "legacy" */
    bool is_log_compressed;
    struct audit_backend_flags log;
    const char *webhook_config;
    int64_t webhook_backoff_ns;
    struct audit_backend_flags webhook;
};

/* Strings are "" or NULL when not given. */
struct metrics_server_flags {
    struct flags *flags;
    bool is_version_wanted;

    /* metrics server */
    int64_t metric_resolution_ns;
    const char *kubeconfig;
    const char *node_selector;

    /* kubelet client */
    int64_t kubelet_request_timeout_ns; /* not above nine tenths of the resolution */
    int64_t kubelet_port;
    bool uses_status_port;
    struct string_list address_types;
    bool is_kubelet_tls_insecure;
    bool is_kubelet_plain; /* http, no credentials */
    const char *kubelet_ca;
    const char *kubelet_certificate;
    const char *kubelet_key;

    /* secure serving */
    struct flag_ip bind_address;
    int64_t secure_port; /* 0: nothing is served */
    const char *cert_dir;
    const char *tls_certificate;
    const char *tls_key;
    const char *tls_min_version;
    struct string_list tls_ciphers;
    struct flag_numbers tls_curves;
    struct sni_flags sni;
    bool is_http2_disabled;
    int64_t max_streams; /* 0: the default */
    bool permits_address_sharing;
    bool permits_port_sharing;

    /* generic */
    struct flag_ip advertise_address;
    const char *external_hostname;
    struct string_list cors_origins;
    struct string_list hsts_directives;
    double goaway_chance;
    int64_t livez_grace_ns;
    int64_t max_in_flight;
    int64_t max_mutating_in_flight;
    int64_t request_timeout_ns;
    int64_t min_request_timeout_s;
    int64_t storage_timeout_ns;
    int64_t shutdown_delay_ns;
    int64_t shutdown_watch_grace_ns;
    bool shutdown_sends_retry_after;
    struct string_list feature_gates;
    struct string_list emulated_versions;
    struct string_list min_compatibility_versions;
    bool is_emulation_forward_compatible;
    bool is_runtime_config_forward_compatible;

    /* authentication */
    const char *authentication_kubeconfig;
    bool is_lookup_skipped;
    bool is_lookup_failure_tolerated;
    int64_t token_ttl_ns;
    const char *client_ca;
    const char *proxy_ca;
    struct string_list proxy_names;
    struct string_list proxy_username_headers;
    struct string_list proxy_uid_headers;
    struct string_list proxy_group_headers;
    struct string_list proxy_extra_prefixes;

    /* authorization */
    const char *authorization_kubeconfig;
    struct string_list always_allow_paths;
    int64_t allowed_ttl_ns;
    int64_t denied_ttl_ns;

    struct audit_flags audit;

    /* features: accepted without effect, as upstream does */
    bool is_fairness_enabled;
    bool is_profiling_enabled;
    bool is_contention_profiling_enabled;
    const char *debug_socket;

    /* logging */
    int64_t verbosity;
    const char *vmodule;
    const char *logging_format; /* "text", "json" */
    int64_t log_flush_ns;       /* lines are written at once: only checked */
    bool is_text_split;
    bool is_json_split;
    const char *text_buffer;
    const char *json_buffer;
};

/* Parses the command line into F, and checks it. FLAGS_HELP and FLAGS_ERROR leave F to be freed as FLAGS_OK does. */
enum flags_result metrics_server_flags_parse(struct metrics_server_flags *f, int argc, char **argv, struct error *err);
void metrics_server_flags_free(struct metrics_server_flags *f);

/* Whether a string flag has a value. */
static inline bool flag_is_given(const char *value)
{
    return value != NULL && value[0] != '\0';
}

#endif
