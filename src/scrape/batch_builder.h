/*
 * Builds a batch while a body arrives. Decoders name a series by its label text and get the point to fill in.
 *
 * The roster of the target's previous batch serves as a guess: kubelets send the same series in the same order every
 * time, so the next series is looked for where it was last time, and a hit costs one comparison of bytes. Only misses
 * parse labels and look in an index. At the end the previous roster is shared when the body held exactly its
 * containers.
 *
 * What a kubelet can make us hold is bounded by BATCH_MAX_CONTAINERS and, for the names, by the caller's limit on the
 * body. One owner, one thread.
 */
#ifndef SCRAPE_BATCH_BUILDER_H
#define SCRAPE_BATCH_BUILDER_H

#include "base/arena.h"
#include "base/map.h"
#include "scrape/batch.h"

enum {
    BATCH_MAX_CONTAINERS = 65536, /* on one node; Kubernetes supports 110 pods a node, big ones run 500 */
    BATCH_NO_SERIES = UINT32_MAX,
};

struct batch_builder {
    struct roster *base; /* a reference: the previous roster, or an empty one */
    struct usage_point node;
    struct usage_point *points; /* of base's containers, then of the added ones; owned */
    bool *is_seen;              /* likewise */
    uint32_t count;             /* base's containers and the added ones */
    uint32_t capacity;          /* of the arrays */
    uint32_t *order;            /* the series seen, as they first appeared; owned */
    uint32_t seen_count;
    uint32_t expected;             /* where the next series probably is; BATCH_NO_SERIES: no idea */
    bool was_reordered;            /* a known series came where another was expected */
    struct added_container *added; /* owned; strings in MEMORY */
    struct map index;              /* label text -> series; filled at the first miss */
    bool is_indexed;
    struct arena memory;
};

/* PREVIOUS may be NULL; it is only borrowed during the call. B is overwritten. */
void batch_builder_init(struct batch_builder *b, struct roster *previous);
void batch_builder_free(struct batch_builder *b);

/* The names of a container, unescaped. */
struct container_names {
    struct str container;
    struct str pod;
    struct str namespace;
};

/*
 * The guess: the label text that the next series should have, or an empty str. When it has, batch_builder_take_expected
 * gives its point. A new family of series begins at the first container again: batch_builder_rewind.
 */
static inline struct str batch_builder_expected(const struct batch_builder *b)
{
    if (b->expected == BATCH_NO_SERIES)
        return (struct str){NULL, 0};
    return b->base->containers[b->expected].labels;
}
struct usage_point *batch_builder_take_expected(struct batch_builder *b);
void batch_builder_rewind(struct batch_builder *b);

/* The point of the series whose label text is LABELS, when that is known already in canonical order; NULL otherwise. */
struct usage_point *batch_builder_find(struct batch_builder *b, struct str labels);

/* The point of the container with NAMES, new or not; NULL when there are BATCH_MAX_CONTAINERS already. Names are
 * copied. */
struct usage_point *batch_builder_take(struct batch_builder *b, struct container_names names);

/*
 * The batch, which the caller owns; B is empty afterwards. Drops what metrics-server drops: a node point without time,
 * CPU or memory, and pods of which a container has no time, CPU or memory.
 */
struct batch *batch_builder_finish(struct batch_builder *b);

#endif
