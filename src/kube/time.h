/*
 * Points in time as Kubernetes writes them: RFC 3339 in UTC with whole seconds (metav1.Time: "2026-01-31T12:00:05Z") or
 * with six digits of fraction (metav1.MicroTime, in Leases and Events: "2026-01-31T12:00:05.123456Z"). Here a time is
 * nanoseconds since 1970-01-01 UTC in an int64_t. KUBE_TIME_ZERO is Go's zero time, "not set", which JSON shows as
 * null. No locale and no TZ. Nothing here allocates (beyond growing the buf). Safe from any thread.
 */
#ifndef KUBE_TIME_H
#define KUBE_TIME_H

#include "base/buf.h"

/* Year 1: no time at all. */
#define KUBE_TIME_ZERO INT64_MIN

/* "2026-01-31T12:00:05.123456Z" and a NUL. */
#define KUBE_TIME_SIZE 21
#define KUBE_TIME_MICRO_SIZE 28

/*
 * Parses RFC 3339 with any offset and up to any number of fraction digits (those past nanoseconds are cut). Times
 * before 1678 and after 2261 become KUBE_TIME_ZERO (before) and INT64_MAX (after). False, with OUT_NS untouched, for
 * anything else.
 */
bool kube_time_parse(struct str text, int64_t *out_ns);

/* A JSON value as it stands in a document: a quoted time, or null (KUBE_TIME_ZERO). */
bool kube_time_parse_json(struct str json, int64_t *out_ns);

/* Append the text without quotes; the fraction is cut, never rounded. UNIX_NS is not KUBE_TIME_ZERO. */
void kube_time_print(struct buf *to, int64_t unix_ns);
void kube_time_print_micro(struct buf *to, int64_t unix_ns);

/* Write the text and a NUL. */
void kube_time_format(char out[KUBE_TIME_SIZE], int64_t unix_ns);
void kube_time_format_micro(char out[KUBE_TIME_MICRO_SIZE], int64_t unix_ns);

#endif
