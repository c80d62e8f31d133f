/* `tacho apiserver`: the embedded API server by itself. */
#include "cli/commands.h"

#include "base/duration.h"
#include "base/flags.h"
#include "base/log.h"
#include "cluster/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define GRACE_NS INT64_C(2000000000)

struct apiserver {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct cluster_server *server;
    bool is_closing;
};

static void on_signal_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void close_signals(struct apiserver *a)
{
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&a->signals[i], on_signal_closed);
}

static void on_closed(void *arg)
{
    close_signals(arg);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct apiserver *a = handle->data;
    if (a->is_closing)
        return;
    a->is_closing = true;
    log_info("Shutting down", LOG_CSTR("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    cluster_server_close(a->server, GRACE_NS, on_closed, a);
}

static int run(const struct cluster_server_options *options)
{
    static struct apiserver a;
    static const int numbers[] = {SIGTERM, SIGINT};
    struct error err = {0};
    uv_loop_init(&a.loop);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&a.loop, &a.signals[i]);
        a.signals[i].data = &a;
        uv_signal_start(&a.signals[i], on_signal, numbers[i]);
    }
    a.server = cluster_server_new(&a.loop, options, &err);
    if (a.server == NULL) {
        fprintf(stderr, "tacho apiserver: %s\n", error_text(&err));
        close_signals(&a);
    } else {
        log_info("Serving securely", LOG_CSTR("address", options->bind_address),
                 LOG_NUM("port", cluster_server_port(a.server)));
    }
    uv_run(&a.loop, UV_RUN_DEFAULT);
    uv_loop_close(&a.loop);
    bool has_failed = error_is_set(&err);
    error_clear(&err);
    return has_failed ? 1 : 0;
}

static void declare(struct flags *f, struct cluster_server_options *o, int64_t *port, int64_t *max_bytes,
                    struct string_list *names)
{
    flags_group(f, "Serving");
    flags_string(f, "bind-address", 0, &o->bind_address, "address to listen on");
    flags_int(f, "secure-port", 0, port, "port to listen on");
    flags_string(f, "tls-cert-file", 0, &o->tls_cert_file, "serving certificate, intermediates behind it");
    flags_string(f, "tls-private-key-file", 0, &o->tls_key_file, "its private key");
    flags_group(f, "Storage");
    flags_string(f, "storage-file", 0, &o->storage_file, "the database; made when it is missing");
    flags_int(f, "storage-max-bytes", 0, max_bytes, "how large it may grow; 0: as the disk lets it");
    flags_duration(f, "event-ttl", 0, &o->event_ttl_ns, "how long events are kept");
    flags_group(f, "Authentication");
    flags_string(f, "client-ca-file", 0, &o->client_ca_file, "CA of client certificates");
    flags_string(f, "service-account-issuer", 0, &o->service_account_issuer, "issuer of service account tokens");
    flags_string(f, "service-account-key-file", 0, &o->service_account_key_file,
                 "public key that service account tokens are verified by");
    flags_string(f, "service-account-signing-key-file", 0, &o->service_account_signing_key_file,
                 "private key that they are signed with");
    flags_group(f, "Aggregation");
    flags_string(f, "requestheader-client-ca-file", 0, &o->requestheader_client_ca_file,
                 "CA of front proxies, which say in X-Remote-* headers who asks");
    flags_list(f, "requestheader-allowed-names", 0, names, "common names of front proxies; none: any");
    flags_string(f, "proxy-client-cert-file", 0, &o->proxy_client_cert_file,
                 "certificate to show to aggregated API servers");
    flags_string(f, "proxy-client-key-file", 0, &o->proxy_client_key_file, "its private key");
}

int cli_apiserver(int argc, char **argv)
{
    struct cluster_server_options o = {.bind_address = "127.0.0.1",
                                       .storage_file = "cluster.db",
                                       .tls_cert_file = "",
                                       .tls_key_file = "",
                                       .client_ca_file = "",
                                       .service_account_issuer = "https://kubernetes.default.svc.cluster.local",
                                       .service_account_key_file = "",
                                       .service_account_signing_key_file = "",
                                       .requestheader_client_ca_file = "",
                                       .proxy_client_cert_file = "",
                                       .proxy_client_key_file = "",
                                       .event_ttl_ns = 3600 * INT64_C(1000000000)};
    int64_t port = 6443, max_bytes = 0, verbosity = 0;
    struct string_list names = {0};
    struct error err = {0};
    struct flags *f = flags_new("tacho apiserver", "The embedded API server of a single-node cluster.");
    declare(f, &o, &port, &max_bytes, &names);
    flags_group(f, "Logging");
    flags_int(f, "v", 'v', &verbosity, "verbosity of the log");
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    int status = 2;
    if (result == FLAGS_HELP) {
        char *help = flags_help(f);
        fputs(help, stdout);
        free(help);
        status = 0;
    } else if (result == FLAGS_OK && (port < 0 || port > 65535 || max_bytes < 0)) {
        fprintf(stderr, "tacho apiserver: --secure-port and --storage-max-bytes must make sense\n");
    } else if (result == FLAGS_OK) {
        log_set_verbosity((int)verbosity);
        o.port = (uint16_t)port;
        o.storage_max_bytes = (uint64_t)max_bytes;
        o.requestheader_allowed_names = &names;
        status = run(&o);
    } else {
        fprintf(stderr, "tacho apiserver: %s\n", error_text(&err));
    }
    error_clear(&err);
    string_list_free(&names);
    flags_free(f);
    return status;
}
