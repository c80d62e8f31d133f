/*
 * The embedded API server, put together: storage, registry, authentication, authorization, the API, the control plane's
 * own controllers, and a TLS listener. `tacho apiserver` is this and flags.
 *
 *     opened, listening → namespaces → roles and what else every cluster has → ready (/readyz)
 *
 * Loop thread only.
 */
#ifndef CLUSTER_SERVER_H
#define CLUSTER_SERVER_H

#include "base/error.h"
#include "base/flags.h"

#include <uv.h>

struct cluster_server;

/* Files are read once, at the start. Strings are borrowed for the call. */
struct cluster_server_options {
    const char *bind_address;
    uint16_t port; /* 0: any */
    const char *storage_file;
    uint64_t storage_max_bytes; /* 0: as large as the disk lets it */
    const char *tls_cert_file, *tls_key_file;
    const char *client_ca_file; /* whose client certificates count; also what pods verify the server by */
    const char *service_account_issuer;
    const char *service_account_key_file; /* public; may be empty: that of the signing key */
    const char *service_account_signing_key_file;
    const char *requestheader_client_ca_file;                   /* of front proxies, ours included; may be empty */
    const struct string_list *requestheader_allowed_names;      /* may be NULL */
    const char *proxy_client_cert_file, *proxy_client_key_file; /* our own, towards aggregated servers; may be empty */
    int64_t event_ttl_ns;                                       /* 0: an hour */
};

/* Listening when it returns. NULL: ERR is one line that names the file or address. */
struct cluster_server *cluster_server_new(uv_loop_t *loop, const struct cluster_server_options *options,
                                          struct error *err);

uint16_t cluster_server_port(const struct cluster_server *s);

/* Stops taking requests, lets those under way end (GRACE_NS), writes what was acknowledged, frees everything, calls
 * ON_CLOSED. */
void cluster_server_close(struct cluster_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

#endif
