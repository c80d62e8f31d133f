/*
 * Events don't stay: those that were last observed longer ago than a time to live are deleted, which bounds the
 * storage.
 */
#ifndef CLUSTER_EVENT_EXPIRY_H
#define CLUSTER_EVENT_EXPIRY_H

#include "cluster/registry.h"

#include <uv.h>

#define EVENT_TTL_NS (3600 * INT64_C(1000000000))

struct event_expiry;

/* Looks every INTERVAL_MS (0: a minute). TTL_NS 0: EVENT_TTL_NS. */
struct event_expiry *event_expiry_new(uv_loop_t *loop, struct registry *r, int64_t ttl_ns, uint64_t interval_ms);

/* Stops; the loop's next turn gives the memory back. */
void event_expiry_free(struct event_expiry *e);

/* When the event O was last observed, unix ns. Pure. */
int64_t event_last_observed_ns(const struct object *o);

#endif
