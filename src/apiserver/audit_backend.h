/*
 * Where audit events go: a file (apiserver/audit_log.h) or a webhook, which gets POSTs of an EventList. Blocking, an
 * event is written during the call; in batches (what a webhook always does):
 *
 *     add -> queue -> as many as a batch may have, or the oldest has waited long enough -> a token of the throttle
 *         -> sent -> the next
 *            failed: a webhook's batch is sent again after a growing time, five times in all; then it is lost
 *
 * Events that don't fit into the queue, or are too long, are lost; a line in the log says so.
 *
 * Loop thread only. Source: the flags --audit-log-... and --audit-webhook-... of Kubernetes' API servers.
 */
#ifndef APISERVER_AUDIT_BACKEND_H
#define APISERVER_AUDIT_BACKEND_H

#include "apiserver/audit_log.h"
#include "kube/rest_client.h"

struct audit_backend;

struct audit_backend_options {
    /* One of the two. */
    struct audit_log *log;       /* owned by the backend from here on */
    struct rest_client *webhook; /* borrowed */

    bool is_batched; /* the next ones count then only; a webhook is always */
    size_t buffer_size;
    size_t max_batch_size;
    int64_t max_wait_ns;
    double throttle_qps; /* 0: none */
    int throttle_burst;
    int64_t backoff_ns;     /* a webhook's first wait */
    size_t max_event_bytes; /* 0: no limit */
    size_t max_batch_bytes; /* 0: no limit */
};

/* Copies OPTIONS. */
struct audit_backend *audit_backend_new(uv_loop_t *loop, const struct audit_backend_options *options);

/* Takes EVENT (copied), one line without newline. */
void audit_backend_add(struct audit_backend *b, struct str event);

/*
 * Writes what waits for the log, sends what waits for the webhook once more, and calls ON_CLOSED (from the loop) when
 * that is done or has taken GRACE_NS. Nothing is added from then on.
 */
void audit_backend_close(struct audit_backend *b, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

/* Events that were lost; for tests. */
uint64_t audit_backend_lost(const struct audit_backend *b);

#endif
