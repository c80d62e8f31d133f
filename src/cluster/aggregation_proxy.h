/*
 * One request passed on to an aggregated server, and its answer passed back.
 *
 *     client ──▶ path and query as they came; headers without hop-by-hop ones and without what said who asks; body
 * (kept back until it is whole, at most what the server takes) ──▶ X-Remote-*, X-Forwarded-*, Audit-ID ──▶ server
 *     client ◀── status, headers but hop-by-hop ones, body as it arrives; reading stops while the client is slow ◀──
 * server
 *
 * When the client goes, the call is cancelled. When the server fails before its answer began, the client gets 503 with
 * the cause; later, its stream is cut. Loop thread only. Source: RFC 9110, 7.6; Kubernetes docs, "Configure the
 * aggregation layer".
 */
#ifndef CLUSTER_AGGREGATION_PROXY_H
#define CLUSTER_AGGREGATION_PROXY_H

#include "apiserver/authn.h"
#include "net/fetch.h"

struct aggregation_proxy {
    struct fetch_pool *pool;
    const struct authn *authn;
    struct fetch_tls tls; /* of the server and of ours */
    struct str url;       /* "https://127.0.0.1:4443" */
    int64_t timeout_ms;   /* 0: none of its own */
    /* The server couldn't be reached. Called before the client is answered; may be NULL. */
    void (*on_unreachable)(void *arg, struct str name);
    void *arg;
    struct str name; /* for on_unreachable */
};

/* Takes R. PROXY is copied but for pool, authn and our own certificate and key, which outlive R. */
void aggregation_proxy_request(const struct aggregation_proxy *proxy, struct api_request *r);

/* Who asks, as headers. False when a part of it can't be one. */
bool aggregation_proxy_identity(const struct user *user, struct arena *arena, struct http_headers *to);

/* Whether NAME is about one connection only; CONNECTION is that header's value, which may name more. */
bool aggregation_proxy_is_hop_header(struct str name, struct str connection);

#endif
