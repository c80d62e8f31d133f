/*
 * What one scrape of one kubelet says: the figures of its node and of the containers on it.
 *
 * Names and figures are apart. A roster holds the names: which containers there are, grouped by pod and sorted, built
 * once and then shared by every batch until a container comes or goes. A batch holds the figures: one point for each
 * container of its roster, in the roster's order. So a scrape of an unchanged node allocates its points and nothing
 * else, and two batches with the same roster compare by position.
 *
 * A point is a sample of cumulative CPU and of memory. A point with time_ns 0 says nothing: the container wasn't in the
 * body, or its pod was left out because one of its containers had no CPU or no memory figure (metrics-server's rule:
 * part of a pod is no pod).
 *
 * Rosters are immutable and counted; batches have one owner. One thread.
 */
#ifndef SCRAPE_BATCH_H
#define SCRAPE_BATCH_H

#include "base/str.h"

struct usage_point {
    int64_t time_ns;       /* when it was sampled, since 1970; 0: no point */
    int64_t start_ns;      /* when the container started, since 1970; 0: not known (always for nodes) */
    uint64_t cpu_ns;       /* CPU time used since the start */
    uint64_t memory_bytes; /* working set */
};
_Static_assert(sizeof(struct usage_point) <= 32, "a point is 32 bytes");

struct roster_container {
    struct str labels; /* the text between the braces of its series, in canonical order: the decoder's key */
    struct str name;
    uint32_t pod;  /* index in roster.pods */
    uint32_t next; /* the container whose series followed this one's in the body: the decoder's guess */
};

struct roster_pod {
    struct str namespace;
    struct str name;
    uint32_t first; /* its containers: roster.containers[first .. first + count) */
    uint32_t count;
};

/* One allocation: the arrays and the bytes of all strings lie behind the struct. */
struct roster {
    struct roster_container *containers; /* by namespace, pod, name */
    struct roster_pod *pods;             /* by namespace, name */
    uint32_t container_count;
    uint32_t pod_count;
    uint32_t first; /* the container whose series came first in the body */
    unsigned references;
};

struct batch {
    struct roster *roster; /* a reference; never NULL */
    int64_t came_ns;       /* when its scrape began, by clock_mono_ns; 0: not known */
    struct usage_point node;
    struct usage_point points[]; /* roster->container_count of them */
};

static inline bool usage_point_is_set(const struct usage_point *p)
{
    return p->time_ns != 0;
}

struct roster *roster_ref(struct roster *r);
void roster_unref(struct roster *r); /* NULL is fine */

/* The pod called NAME in NAMESPACE, or NULL. */
const struct roster_pod *roster_find_pod(const struct roster *r, struct str namespace, struct str name);

void batch_free(struct batch *b); /* NULL is fine */

#endif
