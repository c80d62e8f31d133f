/*
 * The Resource Metrics API, metrics.k8s.io, served from a ledger; VERSION is v1beta1, preferred, or
 * v1, the same under another name:
 *
 *     /apis/metrics.k8s.io/VERSION/nodes[/NAME]
 *     /apis/metrics.k8s.io/VERSION/pods
 *     /apis/metrics.k8s.io/VERSION/namespaces/NAMESPACE/pods[/NAME]
 *
 * get, list and watch (serve/watch.h), with label and field selectors (metadata.name, metadata.namespace), as the
 * objects, PartialObjectMetadata or Tables, in JSON, YAML (no watch) and (but for Tables) protobuf, and discovery for
 * the group. limit, continue and a list's resourceVersion are understood and change nothing: there is always the whole,
 * newest list. Loop thread only. Source: Kubernetes docs, "Resource metrics pipeline"; behaviour of metrics-server.
 */
#ifndef SERVE_METRICS_API_H
#define SERVE_METRICS_API_H

#include "apiserver/server.h"
#include "base/metrics.h"
#include "serve/ledger.h"

struct metrics_api;

/* LEDGER is borrowed. SERVER_ADDRESS ("10.0.0.1:443", copied) is what discovery tells clients; "" for none. */
struct metrics_api *metrics_api_new(uv_loop_t *loop, struct ledger *ledger, struct str server_address);

/* No requests are under way any more. The loop's next turns give the memory back. */
void metrics_api_free(struct metrics_api *a);

/* Watches that don't say how long last at least so many seconds, and at most twice as many; 0: WATCH_MIN_TIMEOUT_S. */
void metrics_api_set_min_watch(struct metrics_api *a, int64_t seconds);

/* Ends the watches: their clients shall go elsewhere. Before the server is closed. */
void metrics_api_end_watches(struct metrics_api *a);

/* From now on the age, in seconds, of each object that is answered goes to FRESHNESS (borrowed). */
void metrics_api_set_freshness(struct metrics_api *a, struct metric_histogram *freshness);

/* Routes the paths above, and /apis, to A, which outlives SERVER. */
void metrics_api_install(struct metrics_api *a, struct api_server *server);

#endif
