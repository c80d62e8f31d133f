/*
 * The forms in which events of a watch are written. An event is
 *
 *     JSON       {"type":"ADDED","object":OBJECT} and a newline
 *     protobuf   four bytes of length, most significant first, then the message WatchEvent{1: type, 2: {1: OBJECT}},
 *                with OBJECT in its envelope (kube/proto_writer.h)
 *
 * and OBJECT is a NodeMetrics or PodMetrics, its PartialObjectMetadata, or a Table of one row (JSON only), whose
 * columns come with a watch's first event only; for ERROR a Status. YAML has no stream. Pure. Source: Kubernetes docs,
 * "API concepts: efficient detection of changes, watch bookmarks, streaming lists, alternate representations".
 */
#ifndef SERVE_WATCH_FORM_H
#define SERVE_WATCH_FORM_H

#include "apiserver/accept.h"
#include "kube/status.h"
#include "kube/table.h"
#include "serve/metrics_object.h"

struct watch_form {
    bool is_pods;
    const char *version; /* of metrics.k8s.io; static */
    struct accept_choice choice;
    enum table_include include; /* of a Table */
};

/* The Content-Type; "" when there is no stream in CHOICE's media type. */
struct str watch_form_content_type(const struct accept_choice *choice);

/* Appends OBJECT. M's version is set here. */
void watch_form_print_object(struct buf *to, const struct watch_form *f, const struct metrics_object *m,
                             bool has_columns);

/* Appends an event of TYPE around OBJECT. */
void watch_form_print_event(struct buf *to, const struct watch_form *f, const char *type, struct str object);

/* Appends a BOOKMARK, an object that has nothing but a version. */
void watch_form_print_bookmark(struct buf *to, const struct watch_form *f, uint64_t version, bool is_initial_end);

/* Appends an ERROR. */
void watch_form_print_error(struct buf *to, const struct watch_form *f, const struct status *s);

#endif
