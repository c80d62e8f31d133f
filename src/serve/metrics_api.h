/*
 * The Resource Metrics API, metrics.k8s.io, served from a ledger; VERSION is v1beta1, preferred, or
 * v1, the same under another name:
 *
 *     /apis/metrics.k8s.io/VERSION/nodes[/NAME]
 *     /apis/metrics.k8s.io/VERSION/pods
 *     /apis/metrics.k8s.io/VERSION/namespaces/NAMESPACE/pods[/NAME]
 *
 * get and list, with label and field selectors (metadata.name, metadata.namespace), as the objects,
 * PartialObjectMetadata or Tables, in JSON, YAML and (but for Tables) protobuf, and discovery for the group. limit,
 * continue and resourceVersion are understood and change nothing: there is always the whole, newest list. Loop thread
 * only. Source: Kubernetes docs, "Resource metrics pipeline"; behaviour of metrics-server.
 */
#ifndef SERVE_METRICS_API_H
#define SERVE_METRICS_API_H

#include "apiserver/server.h"
#include "base/metrics.h"
#include "serve/ledger.h"

struct metrics_api;

/* LEDGER is borrowed. SERVER_ADDRESS ("10.0.0.1:443", copied) is what discovery tells clients; "" for none. */
struct metrics_api *metrics_api_new(struct ledger *ledger, struct str server_address);
void metrics_api_free(struct metrics_api *a);

/* From now on the age, in seconds, of each object that is answered goes to FRESHNESS (borrowed). */
void metrics_api_set_freshness(struct metrics_api *a, struct metric_histogram *freshness);

/* Routes the paths above, and /apis, to A, which outlives SERVER. */
void metrics_api_install(struct metrics_api *a, struct api_server *server);

#endif
