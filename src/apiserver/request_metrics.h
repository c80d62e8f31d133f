/*
 * What an API server counts about the requests it gets, by the names, labels and buckets of Kubernetes' API servers
 * (apiserver_request_total and its relatives; docs/metrics.md lists them), so that their dashboards and alerts work.
 *
 * As there, a request is counted in apiserver_request_* when it reaches a handler, or is refused for want of room (429)
 * or time (504). Others show in authentication_attempts and authorization_attempts_total.
 *
 * Peers can't make up label values: only resources that the server says it KNOWS, the health endpoints and the root of
 * discovery have series of their own, verbs are from a fixed set, users are sorted into a few kinds.
 *
 * A request's series are found once, together, by its verb, resource and scope; what happens to it then adds to them by
 * pointer. Loop thread only. Source: Kubernetes docs, "Kubernetes Metrics Reference".
 */
#ifndef APISERVER_REQUEST_METRICS_H
#define APISERVER_REQUEST_METRICS_H

#include "apiserver/observer.h"
#include "base/metrics.h"

struct request_metrics;

struct request_metrics_options {
    /* Whether the server has WHAT's resource, version and subresource. NULL: none of its own. */
    bool (*knows)(void *arg, const struct api_attributes *what);
    void *arg; /* borrowed */
};

/* REGISTRY is borrowed, and must not be printed after request_metrics_free. */
struct request_metrics *request_metrics_new(struct metrics *registry, const struct request_metrics_options *options);
void request_metrics_free(struct request_metrics *m);

/* Counts SERVER's requests from now on. One server; it is closed before M is freed, and nothing printed after it was.
 */
void request_metrics_observe(struct request_metrics *m, struct api_server *server);

/* "/metrics": the whole registry, in Prometheus' text format; long ones are compressed for who accepts that. */
void metrics_route(struct metrics *registry, struct api_server *server);

#endif
