/*
 * The last two points of every node and container, and what they say: usage over the time between them.
 *
 * A node's batch replaces that node's state; what isn't in it is forgotten, with all earlier points. A node without
 * batches keeps what it has until its owner drops it, which is when that gets too old (scrape/fleet.h): a batch that
 * comes before then makes usage together with the last one, over the longer window.
 *
 * With N the new point, L the last and P the one before:
 *
 *     node        N newer than L: (L, N)         N as old as L or older: (P, N) when P is older than N, else N alone
 *     container   1. fresh: it started at least 10 s and less than the resolution before N: (start with 0 CPU, N)
 *                 2. L is there and N's start is before L, or is L's (no restart): as for nodes
 *                 3. it started at least 10 s and less than 15 s before N: as 1. For resolutions below 15 s, which
 * would leave 1 little room or none, while kubelets take samples no more often than with others
 *                 4. else N alone
 *
 * Clocks that are set. Points bear the time of their node's clock. When between two samples that has moved on by
 * USAGE_CLOCK_SLACK_NS more or less than the monotonic clock by which their batches came, it was set (or one of the two
 * machines was suspended), and the window between the points is wrong: an hour too long makes usage vanish, an hour too
 * short makes it huge. Then the figures stay as they were, and the new batch waits for the next sample to be compared
 * with; for USAGE_HOLD_NS or two resolutions at most. A container's sample is judged more leniently (ten times the
 * slack), since it is not known which batch brought it first.
 *
 * Usage: CPU is the difference over the window, cut to whole nanocores; memory is N's. No usage where the start went
 * back or the CPU time decreased (a node that was booted, a container whose counter was reset). A pod has usage when
 * each of its containers has two points. A container whose two points contradict each other is left out. The pod's time
 * and window are those of its container with the earliest N.
 *
 * Pure: no clock, no I/O. Containers are kept by node and pod, in the batches' own rosters: a new batch with an
 * unchanged roster is taken over by exchanging pointers, and a pod is found by its node, namespace and name without any
 * further index. Owner: whoever called usage_store_new. One thread. Source: metrics-server's documentation and
 * behaviour.
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "scrape/batch.h"

/* Younger containers than this get no usage out of one point: a start up isn't typical. */
#define USAGE_FRESH_MIN_NS (INT64_C(10) * 1000 * 1000 * 1000)

#define USAGE_FRESH_LATE_NS (INT64_C(15) * 1000 * 1000 * 1000)

/* A kubelet's samples are some seconds old when they come, half a minute on a node in trouble. */
#define USAGE_CLOCK_SLACK_NS (INT64_C(30) * 1000 * 1000 * 1000)
#define USAGE_HOLD_NS (INT64_C(30) * 1000 * 1000 * 1000)

struct usage_store;

/* RESOLUTION_NS: how often nodes are scraped. */
struct usage_store *usage_store_new(int64_t resolution_ns);
void usage_store_free(struct usage_store *s);

/* How a batch compares with what was there. */
enum usage_progress {
    USAGE_FIRST,     /* no two points yet: of the node; of all its containers, or, once all had them, of any where there
                      * are some; or it waits */
    USAGE_SAME,      /* two points are there; the kubelet's sample of the node was not newer than the one before */
    USAGE_NEW,       /* a newer sample */
    USAGE_CLOCK_SET, /* the batch is the first after the node's clock was set: as USAGE_FIRST */
};

/*
 * NODE's batch as it was before the one that will be put next (scrape/rates.h), owned by the store from now on: nothing
 * has usage yet. Thrown away when there is a batch of NODE already.
 */
void usage_store_put_before(struct usage_store *s, struct str node, struct batch *before);

/* NODE's newest batch, owned by the store from now on. */
enum usage_progress usage_store_put(struct usage_store *s, struct str node, struct batch *batch);

/*
 * Gives NODE's batch, the one just put, the version VERSION: that of the node's usage; its pods have those that follow
 * in steps of STEP, in the roster's order. True when the pods and containers that have usage are those of the batch
 * before, so that nothing has appeared or vanished.
 */
bool usage_store_set_version(struct usage_store *s, struct str node, uint64_t version, uint64_t step);

/* Forgets NODE, whether it is known or not. */
void usage_store_drop(struct usage_store *s, struct str node);

/* What has two points now. */
struct usage_counts {
    size_t nodes;
    size_t pods; /* with at least one such container */
    size_t containers;
};
struct usage_counts usage_store_counts(const struct usage_store *s);

struct usage {
    int64_t time_ns;   /* of the last point, since 1970 */
    int64_t window_ns; /* since the point before */
    uint64_t cpu_nanocores;
    uint64_t memory_bytes;
    uint64_t version; /* by usage_store_set_version; 0 without */
};

/* False, with OUT untouched, when NODE has none. */
bool usage_store_node(const struct usage_store *s, struct str node, struct usage *out);

struct container_usage {
    struct str name; /* borrowed from the store: valid until the node's next batch */
    uint64_t cpu_nanocores;
    uint64_t memory_bytes;
};

/* Zeroed: empty and ready; may be used again and again; pod_usage_free at the end. */
struct pod_usage {
    int64_t time_ns; /* 0: no container has usage */
    int64_t window_ns;
    uint64_t version;                   /* as of struct usage */
    struct container_usage *containers; /* owned; by name */
    size_t count;
    size_t capacity;
};
void pod_usage_free(struct pod_usage *p);

/* The usage of the pod NAME in NAMESPACE, which runs on NODE. False when there is none. */
bool usage_store_pod(const struct usage_store *s, struct str node, struct str namespace, struct str name,
                     struct pod_usage *out);

/*
 * The nodes that have a batch, in no particular order: start with *AT = 0; false at the end. NAME is borrowed. Nothing
 * may be put or dropped meanwhile.
 */
bool usage_store_next_node(const struct usage_store *s, size_t *at, struct str *name, uint64_t *version);

/* The names in NODE's batch, borrowed until its next one; NULL when there is none. */
struct roster *usage_store_roster(const struct usage_store *s, struct str node);

/* As usage_store_pod, of the pod at INDEX in that roster. */
bool usage_store_pod_at(const struct usage_store *s, struct str node, uint32_t index, struct pod_usage *out);

#endif
