/*
 * metrics-server's command line: the flags of kubernetes-sigs/metrics-server that have a meaning here, with its
 * defaults and its words for what is wrong. Owner: main. Source: metrics-server's README and --help.
 */
#ifndef CMD_METRICS_SERVER_FLAGS_H
#define CMD_METRICS_SERVER_FLAGS_H

#include "base/flags.h"

/* Strings are "" or NULL when not given. */
struct metrics_server_flags {
    struct flags *flags;
    bool is_version_wanted;
    int64_t verbosity;

    /* metrics server */
    int64_t metric_resolution_ns;
    const char *kubeconfig;
    const char *node_selector;

    /* kubelet client */
    int64_t kubelet_request_timeout_ns;
    int64_t kubelet_port;
    bool uses_status_port;
    struct string_list address_types;
    bool is_kubelet_tls_insecure;
    const char *kubelet_ca;
    const char *kubelet_certificate;
    const char *kubelet_key;

    /* secure serving */
    const char *bind_address;
    int64_t secure_port;
    const char *cert_dir;
    const char *tls_certificate;
    const char *tls_key;
    const char *tls_min_version;
    bool is_http2_disabled;

    /* generic */
    int64_t max_in_flight;
    int64_t max_mutating_in_flight;
    int64_t request_timeout_ns;
    int64_t shutdown_delay_ns;

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

    /* accepted without effect, as upstream does */
    bool is_fairness_enabled;
    bool is_profiling_enabled;
    bool is_contention_profiling_enabled;
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
