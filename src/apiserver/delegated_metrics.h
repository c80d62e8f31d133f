/*
 * What asking the cluster about users costs, by the names, labels and buckets of Kubernetes' API servers:
 *
 *     TokenReviews sent            apiserver_delegated_authn_request_total{code}, ..._request_duration_seconds{code}
 *     SubjectAccessReviews sent    apiserver_delegated_authz_request_total{code}, ..._request_duration_seconds{code}
 *     tokens looked up             authentication_token_cache_request_total{status}: hit, miss, and
 *                                  ..._request_duration_seconds{status}
 *     answers to misses            authentication_token_cache_fetch_total{status}: ok, error
 *     misses now                   authentication_token_cache_active_fetch_count{status}: in_flight, and blocked, which
 *                                  wait for such a one
 *
 * CODE is the HTTP status, or "<error>" where no answer came. Loop thread only.
 * Source: Kubernetes docs, "Kubernetes Metrics Reference".
 */
#ifndef APISERVER_DELEGATED_METRICS_H
#define APISERVER_DELEGATED_METRICS_H

#include "base/metrics.h"

/* What a struct review (apiserver/review.h) adds to. Zeroed: nothing. A value; what it points to is the registry's. */
struct review_metrics {
    struct metric_family *requests, *durations; /* by code */
    struct metric_value *hits, *misses;
    struct metric_histogram *hit_duration, *miss_duration;
    struct metric_value *fetched, *failed;
    struct metric_value *in_flight, *blocked;
};

/* Adds the families to REGISTRY. */
struct review_metrics token_review_metrics(struct metrics *registry);
struct review_metrics access_review_metrics(struct metrics *registry);

/* One call has ended. STATUS 0: without an answer. */
void review_metrics_called(const struct review_metrics *m, int status, int64_t took_ns);

#endif
