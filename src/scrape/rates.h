/*
 * First usage out of one scrape. Usage takes two samples, and a kubelet takes one every ten to fifteen seconds: asking
 * it twice in a second yields the same one twice. But in /stats/summary it tells a rate of its own, usageNanoCores,
 * between its last two samples. Out of a batch and these rates this module makes the batch as it was before:
 *
 *     before.time = time - RATES_WINDOW_NS          before.cpu = cpu - rate * RATES_WINDOW_NS
 *
 * so that the two batches together say exactly the kubelet's rate, at the batch's own time, and every later batch is
 * compared with the first one as always. The kubelet doesn't say how long its window is: it is the time between two of
 * its samples, ten seconds unless it is configured otherwise, and so that is what is shown.
 *
 * No rate, no point before: of containers without one, of those that used less in all than the rate says for the window
 * (they are younger than that), and where the rate's sample and the batch's are RATES_MAX_APART_NS or more apart.
 *
 * One owner, one thread. Source: Kubernetes' kubelet stats API, v1alpha1 CPUStats; cAdvisor's housekeeping interval.
 */
#ifndef SCRAPE_RATES_H
#define SCRAPE_RATES_H

#include "base/error.h"
#include "scrape/batch.h"

#define RATES_WINDOW_NS (INT64_C(10) * 1000 * 1000 * 1000)
#define RATES_MAX_APART_NS (INT64_C(30) * 1000 * 1000 * 1000)

struct rates;

/* A decoder of a summary's rates of what is in BATCH, which is borrowed and outlives it. */
struct rates *rates_new(const struct batch *batch);
void rates_free(struct rates *r); /* NULL is fine */

/* As summary_feed. */
bool rates_feed(struct rates *r, struct str chunk, struct error *err);

/*
 * The body is complete: the batch before, with the roster of BATCH, which the caller owns. NULL, with ERR set, when the
 * body isn't a whole summary or holds no rate of anything in BATCH.
 */
struct batch *rates_finish(struct rates *r, struct error *err);

#endif
