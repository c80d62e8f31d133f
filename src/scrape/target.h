/*
 * One node's kubelet: its connection, its scrapes, its troubles.
 *
 *           start                     next host                      on_batch, on_failed
 *     WAITING ----> ASKING /metrics/resource --------------------------------> WAITING
 *                    |  ^-----+   404                    ^  |         ^
 *                    +-------------> ASKING /stats/summary  |         | whatever came of it
 *                                                           +--> ASKING /stats/summary for rates
 *
 * A host that can't be resolved, connected to or verified lets the node's next one be tried, within the same scrape;
 * the one that worked is asked first from then on. A kubelet that knows no /metrics/resource (before 1.18) is asked for
 * its summary. The body is decoded as it arrives; whatever is wrong with the answer (status, content type, syntax,
 * length, time) fails the scrape as a whole.
 *
 * A node that nothing is known of yet is asked for its own rates besides (scrape/rates.h), so that there is usage out
 * of one scrape. That may fail without harm, and takes TARGET_RATES_TIMEOUT_NS at most.
 *
 * Each cause is logged once for each node, not once for each scrape: one line that names node, URL, cause and, where
 * there is a usual remedy, that; and one line when the node is well again.
 *
 * Owner: the fleet. Loop thread only.
 */
#ifndef SCRAPE_TARGET_H
#define SCRAPE_TARGET_H

#include <uv.h>

#include "scrape/batch.h"
#include "scrape/kubelet_credentials.h"
#include "scrape/node_endpoint.h"

struct target;

#define TARGET_MAX_BODY_BYTES ((size_t)32 * 1024 * 1024) /* a kubelet with 500 pods of 10 containers sends 8 MiB */

#define TARGET_RATES_TIMEOUT_NS (INT64_C(2) * 1000 * 1000 * 1000)

/* What all targets share; borrowed by each. */
struct target_settings {
    uv_loop_t *loop;
    struct kubelet_credentials *credentials;
    int64_t timeout_ns; /* for a whole scrape */
    const char *user_agent;
    size_t max_body_bytes; /* 0: TARGET_MAX_BODY_BYTES */
};

/* Called from the loop; in both everything may be called, target_free too. */
struct target_events {
    /* A scrape has succeeded. BATCH is the callee's, and so is BEFORE, by the kubelet's own rates; NULL: unknown. */
    void (*on_batch)(void *arg, struct target *t, struct batch *before, struct batch *batch);
    /* A scrape has failed. ERR says "connect to 10.0.0.7:10250: connection refused
     * (https://10.0.0.7:10250/metrics/resource)". */
    void (*on_failed)(void *arg, struct target *t, const struct error *err);
};

/* Takes over what ENDPOINT holds, which is empty afterwards. SETTINGS and EVENTS are borrowed. */
struct target *target_new(const struct target_settings *settings, struct node_endpoint *endpoint,
                          const struct target_events *events, void *arg);

/* No callback comes after; the loop's next turns give the memory back. */
void target_free(struct target *t);

const char *target_name(const struct target *t);

/*
 * The Node has changed. A scrape that is under way at another endpoint is started again. ENDPOINT as above. True when
 * the next scrape may well end otherwise than the last one: another endpoint, or the Node has become ready.
 */
bool target_set_endpoint(struct target *t, struct node_endpoint *endpoint);

/* The TLS settings were replaced: the next scrape uses the new ones. */
void target_set_credentials(struct target *t);

/* Scrapes now, unless a scrape is under way. */
void target_scrape(struct target *t, bool wants_rates);

/* Whether the kubelet lets us read its figures, but not its summary, when it was last asked for rates. */
bool target_has_refused_rates(const struct target *t);

bool target_is_scraping(const struct target *t);

/* Why the last scrape failed; "" when it didn't. Borrowed. */
const char *target_trouble(const struct target *t);

/* When the last scrape began, and how long the last whole one took; 0: none yet. */
int64_t target_last_start_unix_ns(const struct target *t);
int64_t target_last_took_ns(const struct target *t);

#endif
