/*
 * A decoder of the kubelet's /stats/summary, for kubelets too old to have /metrics/resource. It takes the body in
 * pieces as they arrive and keeps what resource metrics need:
 *
 *     node.cpu, node.memory                               time, usageCoreNanoSeconds, usageNanoCores, workingSetBytes
 *     pods[].podRef                                       name, namespace
 *     pods[].containers[] name, startTime; .cpu, .memory  as for the node
 *
 * It makes points out of the cumulative figures, or tells the kubelet's own rates, which it has at once.
 *
 * A point's time is that of its CPU figure. The kubelet writes times in whole seconds here, so rates are coarser than
 * those of /metrics/resource. What is missing counts as 0, "not measured". Members may come in any order. One owner,
 * one thread. Source: Kubernetes' kubelet stats API, v1alpha1 Summary.
 */
#ifndef SCRAPE_SUMMARY_H
#define SCRAPE_SUMMARY_H

#include "base/error.h"
#include "scrape/batch_builder.h"

struct summary;

/* A decoder into TO, which outlives it. SENT_UNIX_NS, when the request was sent, is the time of figures without one. */
struct summary *summary_new(struct batch_builder *to, int64_t sent_unix_ns);
void summary_free(struct summary *d);

/* A container's rate, or the node's: of that NAMES are empty. Borrowed for the call. */
struct summary_rate {
    struct container_names names;
    int64_t time_ns; /* of the kubelet's last sample, in whole seconds; 0: not said */
    uint64_t nanocores;
};

/* A decoder that calls ON_RATE for whatever has a rate and makes no batch. It must not free the decoder. */
struct summary *summary_new_rates(void (*on_rate)(void *arg, const struct summary_rate *rate), void *arg);

/* Takes the next bytes. False when they are malformed: "byte 17: expected a value". The decoder is of no further use
 * then. */
bool summary_feed(struct summary *d, struct str chunk, struct error *err);

/* The body is complete. False when the document isn't, or is no object. */
bool summary_finish(struct summary *d, struct error *err);

#endif
