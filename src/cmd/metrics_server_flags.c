#include "cmd/metrics_server_flags.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"

enum {
    MAX_PORT = 65535,
};

static void add_all(struct string_list *list, const char *const *items)
{
    for (; *items != NULL; items++)
        string_list_add(list, str_of(*items));
}

static void set_defaults(struct metrics_server_flags *f)
{
    *f = (struct metrics_server_flags){
        .metric_resolution_ns = 60 * NS_PER_S,
        .kubelet_request_timeout_ns = 10 * NS_PER_S,
        .kubelet_port = 10250,
        .bind_address = "0.0.0.0",
        .secure_port = 443,
        .cert_dir = "apiserver.local.config/certificates",
        .max_in_flight = 400,
        .max_mutating_in_flight = 200,
        .request_timeout_ns = 60 * NS_PER_S,
        .token_ttl_ns = 10 * NS_PER_S,
        .allowed_ttl_ns = 10 * NS_PER_S,
        .denied_ttl_ns = 10 * NS_PER_S,
        .is_fairness_enabled = true,
        .is_profiling_enabled = true,
    };
    add_all(&f->address_types,
            (const char *const[]){"Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP", NULL});
    add_all(&f->proxy_username_headers, (const char *const[]){"x-remote-user", NULL});
    add_all(&f->proxy_group_headers, (const char *const[]){"x-remote-group", NULL});
    add_all(&f->proxy_extra_prefixes, (const char *const[]){"x-remote-extra-", NULL});
    add_all(&f->always_allow_paths, (const char *const[]){"/healthz", "/readyz", "/livez", NULL});
}

static void declare_metrics(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_group(to, "metrics server");
    flags_duration(to, "metric-resolution", 0, &f->metric_resolution_ns,
                   "The resolution at which metrics are scraped. Must be at least 10s.");
    flags_string(
        to, "kubeconfig", 0, &f->kubeconfig,
        "The path to the kubeconfig used to connect to the Kubernetes API server. Without it: the pod's service "
        "account.");
    flags_string(to, "node-selector", 'l', &f->node_selector,
                 "Selector (label query) to filter the nodes that are scraped and listed.");
    flags_bool(to, "version", 0, &f->is_version_wanted, "Show the version and exit.");
    flags_int(to, "v", 'v', &f->verbosity, "Number for the log level verbosity.");
}

static void declare_kubelet(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_group(to, "kubelet client");
    flags_duration(to, "kubelet-request-timeout", 0, &f->kubelet_request_timeout_ns,
                   "The length of time to wait before giving up on a single request to a kubelet.");
    flags_int(to, "kubelet-port", 0, &f->kubelet_port, "The port to use to connect to kubelets.");
    flags_bool(to, "kubelet-use-node-status-port", 0, &f->uses_status_port,
               "Use the port in the node status. Takes precedence over --kubelet-port.");
    flags_list(to, "kubelet-preferred-address-types", 0, &f->address_types,
               "The priority of node address types to use when determining which address to use to connect to a node. "
               "Further ones are tried when one can't be reached.");
    flags_bool(to, "kubelet-insecure-tls", 0, &f->is_kubelet_tls_insecure,
               "Do not verify the CA or the names of serving certificates presented by kubelets. For testing only.");
    flags_string(to, "kubelet-certificate-authority", 0, &f->kubelet_ca,
                 "Path to the CA to use to validate the kubelets' serving certificates.");
    flags_string(to, "kubelet-client-certificate", 0, &f->kubelet_certificate, "Path to a client cert file for TLS.");
    flags_string(to, "kubelet-client-key", 0, &f->kubelet_key, "Path to a client key file for TLS.");
}

static void declare_serving(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_group(to, "secure serving");
    flags_string(to, "bind-address", 0, &f->bind_address,
                 "The IP address on which to listen. 0.0.0.0 and :: mean all interfaces.");
    flags_int(to, "secure-port", 0, &f->secure_port, "The port on which to serve HTTPS. 0: any free one.");
    flags_string(to, "cert-dir", 0, &f->cert_dir,
                 "The directory where the serving certificate is kept when none is given by --tls-cert-file.");
    flags_string(to, "tls-cert-file", 0, &f->tls_certificate,
                 "File containing the x509 certificate for HTTPS, intermediates after it. Without it a self-signed one "
                 "is made.");
    flags_string(to, "tls-private-key-file", 0, &f->tls_key, "File containing the private key of --tls-cert-file.");
    flags_string(to, "tls-min-version", 0, &f->tls_min_version,
                 "Minimum TLS version supported. Possible values: VersionTLS12, VersionTLS13.");
    flags_bool(to, "disable-http2-serving", 0, &f->is_http2_disabled, "Serve HTTP/1.1 only.");

    flags_group(to, "generic");
    flags_int(to, "max-requests-inflight", 0, &f->max_in_flight,
              "The number of non-mutating requests in flight at a given time; more are rejected.");
    flags_int(to, "max-mutating-requests-inflight", 0, &f->max_mutating_in_flight,
              "The number of mutating requests in flight at a given time; more are rejected.");
    flags_duration(to, "request-timeout", 0, &f->request_timeout_ns,
                   "How long a handler must keep a request open before timing it out.");
    flags_duration(to, "shutdown-delay-duration", 0, &f->shutdown_delay_ns,
                   "Time to delay the termination. During it the server keeps serving, but /readyz fails.");
}

static void declare_authentication(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_group(to, "authentication");
    flags_string(to, "authentication-kubeconfig", 0, &f->authentication_kubeconfig,
                 "kubeconfig of the server to ask by TokenReview. Without it: as --kubeconfig.");
    flags_bool(to, "authentication-skip-lookup", 0, &f->is_lookup_skipped,
               "Do not look up missing authentication configuration in the cluster.");
    flags_bool(to, "authentication-tolerate-lookup-failure", 0, &f->is_lookup_failure_tolerated,
               "Be ready although the authentication configuration can't be looked up in the cluster.");
    flags_duration(to, "authentication-token-webhook-cache-ttl", 0, &f->token_ttl_ns,
                   "How long to cache answers of TokenReviews.");
    flags_string(to, "client-ca-file", 0, &f->client_ca,
                 "CA of client certificates, in the place of the cluster's configuration.");
    flags_string(to, "requestheader-client-ca-file", 0, &f->proxy_ca,
                 "CA of the front proxy's client certificate, in the place of the cluster's configuration.");
    flags_list(to, "requestheader-allowed-names", 0, &f->proxy_names,
               "Common names that the front proxy's certificate may have. None: any.");
    flags_list(to, "requestheader-username-headers", 0, &f->proxy_username_headers,
               "Headers to inspect for usernames.");
    flags_list(to, "requestheader-uid-headers", 0, &f->proxy_uid_headers, "Headers to inspect for UIDs.");
    flags_list(to, "requestheader-group-headers", 0, &f->proxy_group_headers, "Headers to inspect for groups.");
    flags_list(to, "requestheader-extra-headers-prefix", 0, &f->proxy_extra_prefixes, "Header prefixes to inspect.");

    flags_group(to, "authorization");
    flags_string(to, "authorization-kubeconfig", 0, &f->authorization_kubeconfig,
                 "kubeconfig of the server to ask by SubjectAccessReview. Without it: as --kubeconfig.");
    flags_list(to, "authorization-always-allow-paths", 0, &f->always_allow_paths,
               "HTTP paths to skip during authorization.");
    flags_duration(to, "authorization-webhook-cache-authorized-ttl", 0, &f->allowed_ttl_ns,
                   "How long to cache positive answers of SubjectAccessReviews.");
    flags_duration(to, "authorization-webhook-cache-unauthorized-ttl", 0, &f->denied_ttl_ns,
                   "How long to cache negative answers of SubjectAccessReviews.");
}

/* Upstream takes these and does nothing with them. */
static void declare_ineffective(struct metrics_server_flags *f)
{
    flags_group(f->flags, "features");
    flags_bool(f->flags, "enable-priority-and-fairness", 0, &f->is_fairness_enabled, "Has no effect, as upstream.");
    flags_bool(f->flags, "profiling", 0, &f->is_profiling_enabled, "Has no effect, as upstream.");
    flags_bool(f->flags, "contention-profiling", 0, &f->is_contention_profiling_enabled, "Has no effect, as upstream.");
}

static bool check_durations(const struct metrics_server_flags *f, struct error *err)
{
    auto_buf struct buf resolution = {0}, timeout = {0};

    duration_print(&resolution, f->metric_resolution_ns);
    duration_print(&timeout, f->kubelet_request_timeout_ns);
    if (f->metric_resolution_ns < 10 * NS_PER_S)
        return error_set(err, 0, "metric-resolution should be a time duration at least 10s, but value %s provided",
                         buf_cstr(&resolution));
    if (f->kubelet_request_timeout_ns <= 0)
        return error_set(err, 0, "kubelet-request-timeout should be a positive time duration, but value %s provided",
                         buf_cstr(&timeout));
    if (f->metric_resolution_ns / 10 * 9 < f->kubelet_request_timeout_ns)
        return error_set(
            err, 0,
            "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value %s "
            "kubelet-request-timeout value %s provided",
            buf_cstr(&resolution), buf_cstr(&timeout));
    if (f->request_timeout_ns <= 0)
        return error_set(err, 0, "--request-timeout can not be negative value");
    return f->shutdown_delay_ns >= 0 || error_set(err, 0, "--shutdown-delay-duration can not be negative value");
}

static bool check_tls(const struct metrics_server_flags *f, struct error *err)
{
    if (flag_is_given(f->kubelet_ca) && f->is_kubelet_tls_insecure)
        return error_set(err, 0, "cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls");
    if (flag_is_given(f->kubelet_certificate) != flag_is_given(f->kubelet_key))
        return error_set(err, 0, "need both --kubelet-client-certificate and --kubelet-client-key");
    if (flag_is_given(f->tls_certificate) != flag_is_given(f->tls_key))
        return error_set(err, 0, "need both --tls-cert-file and --tls-private-key-file");
    if (flag_is_given(f->tls_min_version) && strcmp(f->tls_min_version, "VersionTLS12") != 0 &&
        strcmp(f->tls_min_version, "VersionTLS13") != 0)
        return error_set(err, 0, "unknown tls version \"%s\"", f->tls_min_version);
    return true;
}

static bool check_numbers(const struct metrics_server_flags *f, struct error *err)
{
    if (f->kubelet_port < 1 || f->kubelet_port > MAX_PORT)
        return error_set(err, 0, "--kubelet-port %lld must be between 1 and 65535, inclusive",
                         (long long)f->kubelet_port);
    if (f->secure_port < 0 || f->secure_port > MAX_PORT)
        return error_set(err, 0, "--secure-port %lld must be between 0 and 65535, inclusive",
                         (long long)f->secure_port);
    if (f->max_in_flight < 0 || f->max_in_flight > INT32_MAX)
        return error_set(err, 0, "--max-requests-inflight can not be negative value");
    if (f->max_mutating_in_flight < 0 || f->max_mutating_in_flight > INT32_MAX)
        return error_set(err, 0, "--max-mutating-requests-inflight can not be negative value");
    return f->verbosity >= 0 || error_set(err, 0, "-v can not be negative value");
}

enum flags_result metrics_server_flags_parse(struct metrics_server_flags *f, int argc, char **argv, struct error *err)
{
    set_defaults(f);
    f->flags = flags_new("metrics-server", "Serves the resource metrics of nodes and pods, metrics.k8s.io, out of what "
                                           "kubelets tell.");
    declare_metrics(f);
    declare_kubelet(f);
    declare_serving(f);
    declare_authentication(f);
    declare_ineffective(f);
    enum flags_result result = flags_parse(f->flags, argc, argv, NULL, err);
    if (result == FLAGS_OK && !f->is_version_wanted &&
        !(check_durations(f, err) && check_tls(f, err) && check_numbers(f, err)))
        return FLAGS_ERROR;
    return result;
}

void metrics_server_flags_free(struct metrics_server_flags *f)
{
    flags_free(f->flags);
    string_list_free(&f->address_types);
    string_list_free(&f->proxy_names);
    string_list_free(&f->proxy_username_headers);
    string_list_free(&f->proxy_uid_headers);
    string_list_free(&f->proxy_group_headers);
    string_list_free(&f->proxy_extra_prefixes);
    string_list_free(&f->always_allow_paths);
}
