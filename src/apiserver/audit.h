/*
 * Audit: records the requests of an API server as its policy wants them, at their stages:
 *
 *     RequestReceived    who asks is known
 *     ResponseStarted    of watches and other long-running requests: the answer's headers go out. Also the only stage
 *                        of a request whose credentials nobody accepts
 *     ResponseComplete   the answer is whole, or was cut off
 *
 * Rules are held against who authenticated, not whom that one impersonates. An observer (apiserver/observer.h): what is
 * written blocking stands in the file before the answer's last byte leaves.
 *
 * Loop thread only. Source: Kubernetes docs, "Auditing".
 */
#ifndef APISERVER_AUDIT_H
#define APISERVER_AUDIT_H

#include "apiserver/audit_backend.h"
#include "apiserver/audit_policy.h"
#include "apiserver/observer.h"
#include "base/metrics.h"

struct audit;

struct audit_options {
    struct audit_policy *policy;   /* owned by the audit from here on */
    struct audit_backend *log;     /* the same; may be NULL */
    bool is_log_legacy;            /* the log gets lines of text instead of JSON */
    struct audit_backend *webhook; /* the same; may be NULL */
    struct metric_value *events;   /* each event is counted there; borrowed, may be NULL */
};

/* Copies OPTIONS. */
struct audit *audit_new(const struct audit_options *options);

/* Observes S from now on. */
void audit_observe(struct audit *a, struct api_server *s);

/* The server must be gone. Closes the backends as audit_backend_close does; then A is gone and ON_CLOSED is called. */
void audit_close(struct audit *a, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

#endif
