/*
 * What metrics-server tells Prometheus about its own work: metrics_server_*, by the names, labels and buckets of
 * kubernetes-sigs/metrics-server.
 *
 *     metrics_server_kubelet_request_duration_seconds{node}    each scrape
 *     metrics_server_kubelet_request_total{success}            each scrape
 *     metrics_server_kubelet_last_request_time_seconds{node}   when the last one ended
 *     metrics_server_manager_tick_duration_seconds             see below
 *     metrics_server_api_metric_freshness_seconds              each object of an answer: now minus its timestamp
 *     metrics_server_storage_points{type}                      what has two points: nodes, containers
 *
 * Ticks. Upstream scrapes all nodes at once, and a tick is the time until the slowest of them has answered. Here
 * scrapes are spread over the whole interval, so a tick is the longest scrape that ended in an interval: what the
 * slowest node made one wait. As there, one is counted for each interval, also when there is nothing to scrape, and the
 * first at once: the first scrape is a tick of its own.
 *
 * Nodes that are gone lose their series, so that there are never more than the fleet has nodes. Time is a parameter.
 * One thread. Source: metrics-server's documentation and behaviour.
 */
#ifndef SERVE_OWN_METRICS_H
#define SERVE_OWN_METRICS_H

#include "base/metrics.h"
#include "store/usage.h"

struct own_metrics;

struct own_metrics_options {
    struct metrics *registry;        /* borrowed; freed before own_metrics_free */
    const struct usage_store *store; /* borrowed: points are counted there before each print */
    int64_t resolution_ns;
    int64_t (*now_ns)(void); /* NULL: clock_mono_ns. For tests */
};
struct own_metrics *own_metrics_new(const struct own_metrics_options *options);
void own_metrics_free(struct own_metrics *m);

/* M may be NULL in these. */
void own_metrics_scraped(struct own_metrics *m, struct str node, bool is_ok, int64_t took_ns, int64_t now_unix_ns);
void own_metrics_node_gone(struct own_metrics *m, struct str node);

/* The series of freshness: one observation, in seconds, for each object that leaves. */
struct metric_histogram *own_metrics_freshness(struct own_metrics *m);

#endif
