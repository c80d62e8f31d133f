/*
 * The body of /metrics/resource: Prometheus text 0.0.4 as kubelets write it. Families by name, series by their labels,
 * times in milliseconds, numbers as Go prints a float64 with the 'g' format. What wasn't measured has no series; a
 * family without series has no HELP and TYPE either. Source: Kubernetes docs, "Node metrics data" and the metrics
 * reference (/metrics/resource); Prometheus "Exposition formats".
 */
#ifndef NODE_RESOURCE_METRICS_H
#define NODE_RESOURCE_METRICS_H

#include "base/buf.h"
#include "node/sample.h"

#define RESOURCE_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"

/* Appends the body. HAS_ERROR: not everything that is there could be read. */
void resource_metrics_write(struct buf *to, const struct node_sample *sample, bool has_error);

/* Appends V as Prometheus text has it: "0", "12.5", "2.444644352e+09", "NaN", "+Inf". */
void resource_metrics_number(struct buf *to, double v);

#endif
