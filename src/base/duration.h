/*
 * Durations as Go writes them: "300ms", "1h15m30.918s", "1.5µs". Signed nanoseconds.
 * Source: Go's time.ParseDuration and Duration.String, which Kubernetes uses for flags, windows and timeouts.
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include "base/buf.h"
#include "base/error.h"

/* Parses TEXT. False, with OUT_NS untouched, when it is no duration or doesn't fit. "0" is one; "5" is none. */
bool duration_parse(struct str text, int64_t *out_ns);

/* The same, with the reason in Go's words: `time: missing unit in duration "5"`. */
bool duration_parse_explained(struct str text, int64_t *out_ns, struct error *err);

/* Appends the text Go prints: "15s", "1m0s", "14.985s", "999ms", "1.5µs", "0s". At most DURATION_MAX bytes. */
#define DURATION_MAX 40
void duration_print(struct buf *to, int64_t ns);

#endif
