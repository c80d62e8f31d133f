/*
 * The pods of this node: one per manifest in a folder (node/static_pod.h), each with its followed containers. Files
 * that end in .json, .yaml or .yml count, unless their name begins with a dot. The folder is watched, and looked
 * through again whenever static_pods_look is called.
 *
 * A manifest that can't be read or is wrong is logged once per content; while its file is there, what it said before
 * stays in force. A second manifest for the same pod is refused.
 *
 * Owner: node/kubelet.h. Loop thread only; reading the folder is blocking disk I/O of a few small files.
 */
#ifndef NODE_STATIC_PODS_H
#define NODE_STATIC_PODS_H

#include <uv.h>

#include "node/pod_container.h"
#include "node/static_pod.h"

struct static_pods;

struct node_pod {
    struct static_pod *spec;
    struct pod_container **containers; /* spec->container_count, in its order */
    int64_t first_seen_unix_ns;        /* status.startTime, unless resumed */
    struct usage previous;             /* the two last samples; node/sampler.h's, as in struct pod_container */
    struct usage last;
    struct static_pods *owner;
};

struct static_pods_options {
    uv_loop_t *loop;
    const char *folder; /* NULL or "": there are no static pods */
    struct str node_name;
    struct container_surroundings *around; /* borrowed */
    /* From the loop, or from static_pods_look. Either may be NULL. */
    void (*on_changed)(void *arg, struct node_pod *pod); /* new, or a container's run changed */
    void (*on_gone)(void *arg, struct node_pod *pod);    /* last call for POD: its manifest is gone or was changed */
    void *arg;
};

/* Copies OPTIONS. Nothing is read before the first static_pods_look. */
struct static_pods *static_pods_new(const struct static_pods_options *options);

/* No callback comes after, on_gone neither. The loop must turn once more. */
void static_pods_free(struct static_pods *p);

/* Reads the folder and looks at every container. */
void static_pods_look(struct static_pods *p);

size_t static_pods_count(const struct static_pods *p);
struct node_pod *static_pods_at(const struct static_pods *p, size_t i); /* in the order of their files' names */

#endif
