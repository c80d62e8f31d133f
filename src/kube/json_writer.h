/*
 * JSON, written straight into a struct buf: compact, commas by themselves, strings escaped as Go's encoding/json does
 * (\u003c for <, \u2028, invalid UTF-8 as \ufffd), so that bytes equal those of Kubernetes' own servers. The writer
 * doesn't check that objects and arrays are closed in order: the caller's code shows it.
 *
 *     struct json_writer w = json_writer_to(&buf);
 *     json_open_object(&w);
 *     json_member_str(&w, STR("name"), name);            "name":"web-1"
 *     json_write_key(&w, STR("usage"));
 *     json_open_object(&w);
 *     json_member_quantity(&w, STR("cpu"), cpu);          "usage":{"cpu":"250m"}
 *     json_close_object(&w);
 *     json_close_object(&w);
 *
 * The names don't meet jansson's. Nothing allocates beyond growing the buf. One owner, one thread.
 */
#ifndef KUBE_JSON_WRITER_H
#define KUBE_JSON_WRITER_H

#include "base/buf.h"
#include "kube/labels.h"
#include "kube/quantity.h"

struct json_writer {
    struct buf *to;   /* borrowed */
    bool needs_comma; /* a value was written in the innermost object or array */
};

static inline struct json_writer json_writer_to(struct buf *to)
{
    return (struct json_writer){.to = to};
}

void json_open_object(struct json_writer *w);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w);
void json_close_array(struct json_writer *w);

/* A member's key; its value must follow. */
void json_write_key(struct json_writer *w, struct str key);

/* Values: an element of an array, or what follows a key. */
void json_write_str(struct json_writer *w, struct str value);
void json_write_cstr(struct json_writer *w, const char *value);
void json_write_i64(struct json_writer *w, int64_t value);
void json_write_u64(struct json_writer *w, uint64_t value);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
void json_write_raw(struct json_writer *w, struct str json);          /* a whole value, copied as it is */
void json_write_quantity(struct json_writer *w, struct quantity q);   /* "250m" */
void json_write_time(struct json_writer *w, int64_t unix_ns);         /* "2026-01-31T12:00:05Z"; KUBE_TIME_ZERO: null */
void json_write_micro_time(struct json_writer *w, int64_t unix_ns);   /* six digits of fraction */
void json_write_duration(struct json_writer *w, int64_t duration_ns); /* "15.02s" */
void json_write_labels(struct json_writer *w, struct labels labels);  /* {"a":"b"} in the order of the view */

/* Key and value at once. */
void json_member_str(struct json_writer *w, struct str key, struct str value);
void json_member_cstr(struct json_writer *w, struct str key, const char *value);
void json_member_nonempty(struct json_writer *w, struct str key, struct str value); /* left out when "": omitempty */
void json_member_i64(struct json_writer *w, struct str key, int64_t value);
void json_member_u64(struct json_writer *w, struct str key, uint64_t value);
void json_member_bool(struct json_writer *w, struct str key, bool value);
void json_member_raw(struct json_writer *w, struct str key, struct str json);
void json_member_quantity(struct json_writer *w, struct str key, struct quantity q);
void json_member_time(struct json_writer *w, struct str key, int64_t unix_ns);

/* Appends S as a JSON string, quotes included. */
void json_quote(struct buf *to, struct str s);

#endif
