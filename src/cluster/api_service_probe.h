/*
 * Whether one aggregated server answers, asked again and again.
 *
 *     WAITING ── the time has come, or api_service_probe_now ──▶ resolve ── nowhere ──▶ WAITING, unavailable
 *        ▲                                                          │ https://...
 *        └── 30 s after a good answer, else 100 ms and ever ◀── ASKING: GET /apis/GROUP/VERSION, 5 s at most
 *            longer, at most 5 s
 *
 * Asked as system:kube-aggregator in system:masters under the front-proxy certificate. Loop thread only.
 * Source: Kubernetes docs, "Kubernetes API Aggregation Layer".
 */
#ifndef CLUSTER_API_SERVICE_PROBE_H
#define CLUSTER_API_SERVICE_PROBE_H

#include "cluster/api_service.h"
#include "net/fetch.h"

#include <uv.h>

struct api_service_probe;

/* What was found out; borrowed for the call. */
struct api_service_finding {
    bool is_available;
    const char *reason; /* of condition Available; static */
    struct str message;
    struct str url;    /* where it is, when it is available */
    struct str answer; /* the body of a good answer: an APIResourceList */
};

struct api_service_probe_options {
    uv_loop_t *loop;
    struct fetch_pool *pool; /* borrowed, like the rest */
    const struct registry *registry;
    const struct api_service *service;
    struct str proxy_cert_pem, proxy_key_pem;
    void (*on_finding)(void *arg, const struct api_service_finding *finding);
    void *arg;
};

/* Asks at once, in the loop's next turn. */
struct api_service_probe *api_service_probe_new(const struct api_service_probe_options *options);

/* Asks anew, whatever is under way. */
void api_service_probe_now(struct api_service_probe *p);

/* As above unless it is being asked already. */
void api_service_probe_soon(struct api_service_probe *p);

/* No callback comes afterwards. The loop's next turns give the memory back. */
void api_service_probe_free(struct api_service_probe *p);

/* How SERVICE's certificate is verified, and ours shown; server_name in ARENA. */
struct fetch_tls api_service_tls(const struct api_service *service, struct str cert_pem, struct str key_pem,
                                 struct arena *arena);

#endif
