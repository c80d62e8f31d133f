/*
 * NodeMetrics and PodMetrics of metrics.k8s.io, v1beta1 or v1 (which differ in their names only), as JSON and as
 * protobuf, alone, as items of lists and as rows of Tables. Field
 * order and forms are those that metrics-server's clients see: usage sorted by resource, CPU in nanocores and memory in
 * bytes in canonical form, times in whole seconds, windows as Go durations. Pure. Source: Kubernetes docs, "Resource
 * metrics pipeline"; k8s.io/metrics API types.
 */
#ifndef SERVE_METRICS_OBJECT_H
#define SERVE_METRICS_OBJECT_H

#include "apiserver/accept.h"
#include "kube/json_writer.h"
#include "serve/catalog.h"
#include "store/usage.h"

/* What an answer says about one node or pod. NOW is when the request came: the object's creationTimestamp. */
struct metrics_object {
    const struct catalog_object *object;
    const char *version; /* "v1beta1" or "v1", of metrics.k8s.io; static */
    int64_t now_ns;
    uint64_t resource_version;   /* 0: none is written */
    const struct pod_usage *pod; /* a pod's usage, or */
    struct usage node;           /* a node's */
};

/*
 * Appends M alone, a whole document as CHOICE says: the object, or its PartialObjectMetadata (ACCEPT_AS_PARTIAL or
 * _LIST, which one is the same to one object); protobuf in its envelope, JSON (for YAML too) without a newline.
 */
void metrics_object_print(struct buf *to, const struct metrics_object *m, const struct accept_choice *choice);

/* "PodMetrics", "NodeMetrics" */
const char *metrics_object_kind(bool is_pod);

/* --- JSON --- */

/* {"name":...,"namespace":...,"resourceVersion":...,"creationTimestamp":...,"labels":...} */
void metrics_object_write_metadata(struct json_writer *w, const struct metrics_object *m);

/* The whole object; an item of a list has neither kind nor apiVersion. */
void metrics_object_write(struct json_writer *w, const struct metrics_object *m, bool is_item);

/* {"kind":"PartialObjectMetadata",...}; VERSION is meta.k8s.io's. */
void metrics_object_write_partial(struct json_writer *w, const struct metrics_object *m, const char *version);

/* The cells of a Table's row: name, then CPU and memory (of a pod: of all its containers) unless IS_BARE, then window.
 */
void metrics_object_write_cells(struct json_writer *w, const struct metrics_object *m, bool is_bare);

/* Whether there is any figure: a pod may have no container left. */
bool metrics_object_has_usage(const struct metrics_object *m);

/* --- protobuf: the fields of the message, to stand in an item of a list or in an envelope (kube/proto_writer.h) --- */

void metrics_object_add_protobuf(struct buf *to, const struct metrics_object *m);
void metrics_object_add_partial_protobuf(struct buf *to, const struct metrics_object *m);

#endif
