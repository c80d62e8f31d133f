#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "cmd/flag_groups.h"

enum {
    MAX_PORT = 65535,
};

void flag_groups_declare_metrics(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->metric_resolution_ns = 60 * NS_PER_S;
    flags_group(to, "metrics server");
    flags_string(to, "kubeconfig", 0, &f->kubeconfig,
                 "The path to the kubeconfig used to connect to the Kubernetes API server and the kubelets. Without "
                 "it: the pod's service account.");
    flags_duration(to, "metric-resolution", 0, &f->metric_resolution_ns,
                   "The resolution at which metrics are scraped and kept. At least 1s.");
    flags_bool(to, "version", 0, &f->is_version_wanted, "Show the version and exit.");
}

void flag_groups_declare_kubelet(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->kubelet_request_timeout_ns = 10 * NS_PER_S;
    f->kubelet_port = 10250;
    flag_groups_default_list(&f->address_types, (const char *const[]){"Hostname", "InternalDNS", "InternalIP",
                                                                      "ExternalDNS", "ExternalIP", NULL});
    flags_group(to, "kubelet client");
    flags_bool(to, "deprecated-kubelet-completely-insecure", 0, &f->is_kubelet_plain,
               "DEPRECATED: talk to kubelets over plain http, without credentials. For kubelets with a read-only port "
               "alone; where only the certificate is the trouble, --kubelet-insecure-tls does.");
    flags_string(to, "kubelet-certificate-authority", 0, &f->kubelet_ca,
                 "Path to the CA to use to validate the kubelets' serving certificates. Without it: the API server's.");
    flags_string(to, "kubelet-client-certificate", 0, &f->kubelet_certificate, "Path to a client certificate.");
    flags_string(to, "kubelet-client-key", 0, &f->kubelet_key, "Path to the client certificate's key.");
    flags_bool(to, "kubelet-insecure-tls", 0, &f->is_kubelet_tls_insecure,
               "Do not verify the CA or the names of serving certificates presented by kubelets. For testing only.");
    flags_int(to, "kubelet-port", 0, &f->kubelet_port, "The port to use to connect to kubelets.");
    flags_list(to, "kubelet-preferred-address-types", 0, &f->address_types,
               "The priority of node address types to use when determining which address to use to connect to a node. "
               "Further ones are tried when one can't be reached.");
    flags_duration(to, "kubelet-request-timeout", 0, &f->kubelet_request_timeout_ns,
                   "The length of time to wait before giving up on a single request to a kubelet. At most nine tenths "
                   "of --metric-resolution, to which the default is lowered.");
    flags_bool(to, "kubelet-use-node-status-port", 0, &f->uses_status_port,
               "Use the port in the node status. Takes precedence over --kubelet-port.");
    flags_string(to, "node-selector", 'l', &f->node_selector,
                 "Selector (label query) to filter the nodes that are scraped and listed: '=', '==', '!=', 'in', "
                 "'notin' (for example -l key1=value1,key2=value2).");
}

bool flag_groups_check_metrics(struct metrics_server_flags *f, struct error *err)
{
    auto_buf struct buf resolution = {0}, timeout = {0};
    int64_t longest = f->metric_resolution_ns / 10 * 9;

    duration_print(&resolution, f->metric_resolution_ns);
    duration_print(&timeout, f->kubelet_request_timeout_ns);
    if (f->metric_resolution_ns < NS_PER_S)
        return error_set(err, 0, "metric-resolution should be a time duration at least 1s, but value %s provided",
                         buf_cstr(&resolution));
    if (f->kubelet_request_timeout_ns > longest && flags_changed(f->flags, "kubelet-request-timeout"))
        return error_set(
            err, 0,
            "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value %s "
            "kubelet-request-timeout value %s provided",
            buf_cstr(&resolution), buf_cstr(&timeout));
    if (f->kubelet_request_timeout_ns > longest)
        f->kubelet_request_timeout_ns = longest;
    return true;
}

static bool exclude(bool is_one, const char *one, bool is_other, const char *other, struct error *err)
{
    return !(is_one && is_other) || error_set(err, 0, "cannot use both --%s and --%s", one, other);
}

bool flag_groups_check_kubelet(const struct metrics_server_flags *f, struct error *err)
{
    static const char plain[] = "deprecated-kubelet-completely-insecure";
    bool has_ca = flag_is_given(f->kubelet_ca);
    bool has_certificate = flag_is_given(f->kubelet_certificate);
    bool has_key = flag_is_given(f->kubelet_key);

    if (!exclude(has_ca, "kubelet-certificate-authority", f->is_kubelet_tls_insecure, "kubelet-insecure-tls", err))
        return false;
    if (has_certificate != has_key)
        return error_set(err, 0, "need both --kubelet-client-key and --kubelet-client-certificate");
    if (!exclude(has_key, "kubelet-client-key", f->is_kubelet_plain, plain, err) ||
        !exclude(has_certificate, "kubelet-client-certificate", f->is_kubelet_plain, plain, err) ||
        !exclude(f->is_kubelet_tls_insecure, "kubelet-insecure-tls", f->is_kubelet_plain, plain, err) ||
        !exclude(has_ca, "kubelet-certificate-authority", f->is_kubelet_plain, plain, err))
        return false;
    if (f->kubelet_request_timeout_ns <= 0)
        return error_set(err, 0, "kubelet-request-timeout should be positive");
    return (f->kubelet_port >= 1 && f->kubelet_port <= MAX_PORT) ||
           error_set(err, 0, "--kubelet-port %lld must be between 1 and 65535, inclusive", (long long)f->kubelet_port);
}
