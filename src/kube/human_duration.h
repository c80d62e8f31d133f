/*
 * Ages as kubectl and server-side tables show them: "5s", "2m3s", "25m", "3h2m", "2d", "4y30d"; at most three figures
 * of interest. Nothing allocates beyond growing the buf. Safe from any thread.
 */
#ifndef KUBE_HUMAN_DURATION_H
#define KUBE_HUMAN_DURATION_H

#include "base/buf.h"

/* Appends a duration; one under -2 s prints as <invalid>. */
void human_duration_print(struct buf *to, int64_t ns);

/* Appends the time from THEN to NOW (unix ns); KUBE_TIME_ZERO prints as <unknown>. */
void human_age_print(struct buf *to, int64_t now_ns, int64_t then_ns);

#endif
