/* `tacho kubelet`: the node agent, with the kubelet's own flags as far as it has what they ask for. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/flags.h"
#include "base/log.h"
#include "cli/commands.h"
#include "node/kubelet.h"

struct kubelet_flags {
    struct kubelet_options options;
    const char *kubeconfig;
    int64_t port;
    int64_t verbosity;
};

static struct flags *declare_flags(struct kubelet_flags *k)
{
    struct kubelet_options *o = &k->options;
    struct flags *f = flags_new("tacho kubelet", "The node agent: measures this machine and its pods, serves what a "
                                                 "kubelet serves about them,\nand keeps its Node in the API server.");

    flags_group(f, "Node");
    flags_string(f, "hostname-override", 0, &o->node_name, "The node's name, instead of the host's.");
    flags_string(f, "node-ip", 0, &o->node_ip, "The node's IP address. Without it: the one of the default route.");
    flags_int(f, "max-pods", 0, &o->max_pods, "How many pods the node says it takes.");
    flags_string(f, "pod-manifest-path", 0, &o->manifest_folder,
                 "Folder of static pods: Pod manifests (.json, .yaml) whose annotations tacho.dev/pid-file or "
                 "tacho.dev/cgroup say where each container's process is.");
    flags_string(
        f, "cgroup-root", 0, &o->cgroup_root,
        "The cgroup beneath which pods get theirs. Without it: the kubelet's own where that can have children, "
        "else the top.");
    flags_string(f, "root-dir", 0, &o->root_folder, "Folder whose file system the node reports as its storage.");

    flags_group(f, "API server");
    flags_string(f, "kubeconfig", 0, &k->kubeconfig, "How to reach the API server, and as whom. Required.");

    flags_group(f, "Serving");
    flags_string(f, "address", 0, &o->address, "The IP address to serve on.");
    flags_int(f, "port", 0, &k->port, "The port to serve on.");
    flags_string(f, "tls-cert-file", 0, &o->tls_cert_file,
                 "Serving certificate (PEM), read again when it changes. Without it: a self-signed one.");
    flags_string(f, "tls-private-key-file", 0, &o->tls_key_file, "Its private key (PEM).");
    flags_string(f, "cert-dir", 0, &o->cert_dir, "Where the self-signed certificate is kept.");
    flags_string(
        f, "client-ca-file", 0, &o->client_ca_file,
        "CA (PEM) whose client certificates are accepted. Bearer tokens are always checked with the API server.");

    flags_group(f, "Logs");
    flags_int(f, "v", 'v', &k->verbosity, "How much to log: 0 to 10.");
    return f;
}

/* What flags alone can't tell. */
static bool check(const struct kubelet_flags *k, struct error *err)
{
    if (k->kubeconfig[0] == '\0')
        return error_set(err, 0, "--kubeconfig is required");
    if (k->port < 0 || k->port > 65535)
        return error_set(err, 0, "--port: %lld is no port", (long long)k->port);
    if (k->options.max_pods < 0)
        return error_set(err, 0, "--max-pods must not be negative");
    return true;
}

struct running {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct kubelet *kubelet;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct running *r = handle->data;

    log_info("Shutting down", LOG_NUM("signal", number));
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&r->signals[i], NULL);
    kubelet_close(r->kubelet);
}

static int run(struct kubelet_flags *k, struct error *err)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    struct client_config config = {0};
    struct running r;

    if (!client_config_read(&config, k->kubeconfig, NULL, err))
        return 1;
    k->options.config = &config;
    k->options.port = (uint16_t)k->port;
    uv_loop_init(&r.loop);
    r.kubelet = kubelet_new(&r.loop, &k->options, err);
    client_config_free(&config);
    for (size_t i = 0; r.kubelet != NULL && i < 2; i++) {
        uv_signal_init(&r.loop, &r.signals[i]);
        r.signals[i].data = &r;
        uv_signal_start(&r.signals[i], on_signal, numbers[i]);
    }
    uv_run(&r.loop, UV_RUN_DEFAULT);
    uv_loop_close(&r.loop);
    return r.kubelet != NULL ? 0 : 1;
}

int cli_kubelet(int argc, char **argv)
{
    struct kubelet_flags k = {
        .options = {.node_name = "",
                    .node_ip = "",
                    .address = "0.0.0.0",
                    .tls_cert_file = "",
                    .tls_key_file = "",
                    .cert_dir = "/var/lib/kubelet/pki",
                    .client_ca_file = "",
                    .manifest_folder = "",
                    .cgroup_root = "",
                    .root_folder = "/var/lib/kubelet",
                    .max_pods = 110},
        .kubeconfig = "",
        .port = 10250,
    };
    auto_error struct error err = {0};
    struct flags *f = declare_flags(&k);
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    int status = 2;

    if (result == FLAGS_HELP) {
        auto_free char *help = flags_help(f);
        fputs(help, stdout);
        status = 0;
    } else if (result == FLAGS_OK && check(&k, &err)) {
        log_set_verbosity((int)k.verbosity);
        signal(SIGPIPE, SIG_IGN);
        status = run(&k, &err);
    }
    if (error_is_set(&err))
        fprintf(stderr, "tacho kubelet: %s\n", error_text(&err));
    flags_free(f);
    return status;
}
