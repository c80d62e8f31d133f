/*
 * What calls to API servers cost and how they end, by the names, labels and buckets of Kubernetes' client library:
 *
 *     rest_client_requests_total{code,host,method}          each answer; code "<error>" where none came
 *     rest_client_request_duration_seconds{host,verb}       each call, until its answer was whole; watches, and other
 *                                                           streams without a time limit, until it began
 *
 * Loop thread only. Source: Kubernetes docs, "Kubernetes Metrics Reference".
 */
#ifndef KUBE_REST_METRICS_H
#define KUBE_REST_METRICS_H

#include "base/metrics.h"
#include "net/fetch.h"

/* Counts what goes over POOL into REGISTRY, which is freed after the pool. */
void rest_metrics_observe(struct metrics *registry, struct fetch_pool *pool);

#endif
