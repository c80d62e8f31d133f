/*
 * Takes samples: one pass over the node, its pods and their containers, cgroup by cgroup, by /proc where a cgroup has a
 * hole. The two last passes are kept, so that CPU per second can be told; a container's are forgotten with its run.
 *
 * What goes into a container's figures:
 *     it runs in a cgroup of its own from the start    the cgroup's
 *     it was moved into one while it ran               the cgroup's, plus what it used before: CPU time, and the
 *                                                      anonymous memory that stayed charged where it was touched first
 *     there is no cgroup, or not that controller       /proc's, of the process and its descendants
 * A pod's are its cgroup's when all its containers run beneath it from the start, otherwise the sum over its
 * containers. The node's are the top cgroup's; what that lacks comes from /proc/stat and /proc/meminfo.
 *
 * Samples are taken when asked for, but not more often than every SAMPLER_MIN_GAP_NS: two quick scrapes see two points.
 * Owner: node/kubelet.h. Loop thread only.
 */
#ifndef NODE_SAMPLER_H
#define NODE_SAMPLER_H

#include "base/arena.h"
#include "base/clock.h"
#include "node/sample.h"
#include "node/static_pods.h"

#define SAMPLER_MIN_GAP_NS (100 * NS_PER_MS)

struct sampler;

struct sampler_options {
    const char *machine_root;
    struct str node_name;
    const char *root_folder;               /* the kubelet's: whose file system the node's fs is. Need not exist yet */
    struct container_surroundings *around; /* borrowed */
    struct static_pods *pods;              /* borrowed */
    int64_t memory_capacity_bytes;
};

/* Copies OPTIONS. */
struct sampler *sampler_new(const struct sampler_options *options);
void sampler_free(struct sampler *s);

/* Takes a sample, unless the last one is younger than the gap. NOW is clock_mono_ns's. */
void sampler_take(struct sampler *s, int64_t now_mono_ns);

/*
 * The last sample as the encoders want it; arrays in ARENA, strings the pods' own: valid until the loop goes on.
 * IS_FULL: also network, file systems, what containers have on disk, and limits, read now. Pods and containers of which
 * nothing was measured are left out.
 */
void sampler_view(struct sampler *s, struct arena *arena, bool is_full, struct node_sample *out);

/* The file system of the root folder, read now. False when it can't be. */
bool sampler_filesystem(const struct sampler *s, struct filesystem *out);

/* Whether the last sample lacks the node's own CPU or memory. */
bool sampler_has_failed(const struct sampler *s);

/* The node's last figures, for conditions. Borrowed; all NOT_MEASURED before the first sample. */
const struct usage *sampler_node(const struct sampler *s);

#endif
