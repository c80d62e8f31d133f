/*
 * A decoder of Prometheus' text format (version 0.0.4) that takes a body in pieces as they arrive and keeps what
 * resource metrics need:
 *
 *     node_cpu_usage_seconds_total, node_memory_working_set_bytes
 *     container_cpu_usage_seconds_total, container_memory_working_set_bytes, container_start_time_seconds
 *         with the labels container, pod and namespace; a series that lacks one is no container's and is skipped
 *
 * The whole body is checked, wanted or not: a syntax error anywhere fails it, for who cuts one line short cut others
 * too.
 *
 *     line      = [sample | comment] LF                  CR is no white space; the last line needs its LF as well
 *     comment   = "#" ...                                 "# TYPE name type" and "# HELP name text" are checked
 *     sample    = name ["{" [label {"," label} [","]] "}"] value [timestamp]       blanks between all tokens
 *     label     = name "=" quoted                         escapes \\ \" \n, valid UTF-8
 *     value     = see scrape/decimal.h                    timestamp = [-] digits, milliseconds since 1970
 *
 * CPU and start seconds become nanoseconds by a double multiplication cut to an integer; what is negative, infinite or
 * no number becomes 0, "not measured". A later line of the same series wins. Nothing is allocated per line; lines that
 * lie within one piece aren't copied. One owner, one thread. Source: Prometheus "Exposition formats", Text format
 * details.
 */
#ifndef SCRAPE_PROMETHEUS_TEXT_H
#define SCRAPE_PROMETHEUS_TEXT_H

#include "base/error.h"
#include "scrape/batch_builder.h"

enum {
    PROMETHEUS_TEXT_MAX_LINE_BYTES = 64 * 1024,
};

struct prometheus_text;

/* A decoder into TO, which outlives it. SENT_UNIX_NS, when the request was sent, is the time of samples without
 * timestamp. */
struct prometheus_text *prometheus_text_new(struct batch_builder *to, int64_t sent_unix_ns);
void prometheus_text_free(struct prometheus_text *d);

/*
 * Takes the next bytes, however few. False when they are malformed: "line 7: label value without closing quote, at
 * ...". The decoder is of no further use then.
 */
bool prometheus_text_feed(struct prometheus_text *d, struct str chunk, struct error *err);

/* The body is complete. False when its last line isn't. */
bool prometheus_text_finish(struct prometheus_text *d, struct error *err);

#endif
