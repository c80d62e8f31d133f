/*
 * When a node is scraped next. Pure.
 *
 *     eager     from the start, and after a failure: soon, then after gaps that grow by half each time up to the
 *               interval, until the node is settled, that is, has two points a figure can be made of. Kubelets take
 *               samples every few seconds; asking one again early costs little and gives its first figures at once.
 *     settled   once an interval, at the node's own moment in it: a hash of its name, so that a fleet is spread evenly
 *               without randomness. Never sooner than half an interval after the scrape before began: a slow kubelet is
 *               asked as often as others.
 */
#ifndef SCRAPE_SCHEDULE_H
#define SCRAPE_SCHEDULE_H

#include "base/str.h"

#define SCHEDULE_FIRST_GAP_NS (INT64_C(500) * 1000 * 1000)

struct schedule {
    int64_t interval_ns;
    int64_t phase_ns; /* the node's moment: [0, interval_ns) */
    int64_t gap_ns;   /* the last eager gap; 0: none yet, or settled */
};

struct schedule schedule_of(struct str node, int64_t interval_ns);

/* How long after NOW_NS (of any clock, the same for all nodes), the end of a scrape that took TOOK_NS, the next one is
 * due. */
int64_t schedule_next(struct schedule *s, bool is_settled, int64_t now_ns, int64_t took_ns);

#endif
