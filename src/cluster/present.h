/*
 * Objects as a client wants to see them: whole, as a Table's rows, or as their metadata only. Pure: appends JSON to a
 * buf. Source: Kubernetes docs, "API concepts: receiving resources as Tables"; API reference, PartialObjectMetadata.
 */
#ifndef CLUSTER_PRESENT_H
#define CLUSTER_PRESENT_H

#include "apiserver/accept.h"
#include "cluster/object.h"
#include "cluster/resource.h"
#include "kube/table.h"

struct present {
    const struct resource *kind;
    struct accept_choice choice;
    enum table_include include; /* of a Table */
    int64_t now_unix_ns;
    bool leaves_columns_out; /* of a Table: what follows the first event of a watch */
};

/* One object. */
void present_object(struct buf *to, const struct present *p, const struct object *o);

/* A list of COUNT objects. */
void present_list(struct buf *to, const struct present *p, struct object *const *items, size_t count,
                  const struct list_meta *meta);

/* What a bookmark of a watch shows: an object, or an empty Table, that only has a version. */
void present_bookmark(struct buf *to, const struct present *p, uint64_t version, bool is_end_of_initial_events);

#endif
