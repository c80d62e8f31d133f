/*
 * Questions put to the cluster's API server by POST (TokenReview, SubjectAccessReview) on behalf of requests that wait.
 * Per question, that is per key: one call at a time, whoever asks meanwhile waits for its answer; answers are kept for
 * a time the caller chooses, the least recently used go first.
 *
 *     no entry -> ASKING -> ANSWERED (kept until it expires) or gone (answers that aren't kept, failures)
 *                  ^  |
 *                  +--+ attempt failed with: connection lost half-way, 500 InternalError, 504 Timeout, 429,
 * Retry-After: again after 0.5 s x 1.5^n (+ up to 20 %), five attempts in all, 10 s each
 *
 * Calls have a budget per second, so that strangers with ever new tokens don't become the API server's trouble.
 * When all who wait have gone, the call goes on, for its answer may be kept. Loop thread only.
 */
#ifndef APISERVER_REVIEW_H
#define APISERVER_REVIEW_H

#include "apiserver/delegated_metrics.h"
#include "apiserver/request.h"
#include "kube/rest_client.h"

struct review;

struct review_options {
    struct rest_client *client; /* borrowed */
    struct str path;            /* where to POST; static */
    size_t max_kept;            /* answers; 0: 8192 */
    size_t max_asking;          /* calls under way; more are refused, and more than 16 MiB of them; 0: 1024 */
    unsigned calls_per_second;  /* in the long run; further ones wait; 0: 200 */
    unsigned call_burst;        /* at once; 0: 400 */
    /* How long ANSWER (a 2xx body) counts, in ns; 0: only for those who wait for it. Pure. */
    int64_t (*ttl_ns)(void *arg, struct str answer);
    void *arg;
    struct review_metrics metrics;
    int64_t backoff_ms;      /* the first wait between attempts; 0: 500. For tests */
    int64_t (*now_ns)(void); /* NULL: clock_mono_ns. For tests */
};

struct review *review_new(uv_loop_t *loop, const struct review_options *options);
void review_free(struct review *v); /* nobody may be waiting; the loop's next turns give the memory back */

/* ANSWER lives as long as the request and ERR is NULL; or ERR, borrowed for the call, says why there is none. */
typedef void review_done(void *done_arg, struct str answer, const struct error *err);

/*
 * Asks BODY (copied), or takes the answer kept under KEY (any bytes, copied as a hash; empty: neither kept nor merged).
 * DONE is called once, during the call or later; not after R was closed.
 */
void review_ask(struct review *v, struct api_request *r, struct str key, struct str body, review_done *done,
                void *done_arg);

/* Calls made (attempts), answers kept; for tests and metrics. */
uint64_t review_calls(const struct review *v);
size_t review_kept(const struct review *v);

#endif
