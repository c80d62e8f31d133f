/*
 * Whether the node is short of something: memory, disk or process ids. Pure.
 *
 *     memory   less than 100 MiB between the node's working set and its memory
 *     disk     less than 10 % of the bytes or 5 % of the inodes free on the root folder's file system
 *     pids     less than 10 % of the process ids free
 *
 * A shortage counts until it was last seen five minutes ago, so that a condition doesn't flap. What wasn't measured is
 * no shortage. Source: Kubernetes docs, "Node-pressure Eviction" (default hard thresholds, pressure transition period).
 */
#ifndef NODE_PRESSURE_H
#define NODE_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#define PRESSURE_MIN_MEMORY_BYTES (INT64_C(100) << 20)
#define PRESSURE_MIN_DISK_PERCENT 10

/* What there is, and what is left of it; NOT_MEASURED where unknown. */
struct pressure_signals {
    int64_t memory_capacity_bytes;
    int64_t memory_available_bytes;
    int64_t disk_capacity_bytes;
    int64_t disk_available_bytes;
    int64_t inodes;
    int64_t inodes_free;
    int64_t max_tasks;
    int64_t tasks;
};

struct pressure {
    bool memory, disk, pids;                            /* as they count */
    int64_t memory_seen_ns, disk_seen_ns, pids_seen_ns; /* when the shortage was last seen, while it counts */
};

/* NOW is of a clock that never goes back. */
void pressure_update(struct pressure *p, const struct pressure_signals *s, int64_t now_mono_ns);

#endif
