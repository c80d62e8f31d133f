/*
 * What the API server knows of this node's pods, and what it should know: a mirror pod for each static one, its status
 * current.
 *
 *     a static pod without mirror          the mirror is created, then its status written
 *     a mirror of another manifest, or     it is deleted; when it is gone, made anew
 *       one that somebody deletes
 *     a mirror without a static pod        deleted
 *     a pod of others, being deleted       deleted for good: nothing of it runs here
 *     a container's run changed            the status is written
 *
 * One call per pod at a time; failures are tried again after 0.2 s, doubling to 10 s. Before anything is written, the
 * pods of the node are listed once, so that restart counts carry on across restarts of this program.
 *
 * Owner: node/kubelet.h. Loop thread only. Source: Kubernetes docs, "Create static Pods".
 */
#ifndef NODE_MIRROR_PODS_H
#define NODE_MIRROR_PODS_H

#include <uv.h>

#include "kube/rest_client.h"
#include "node/static_pods.h"

struct mirror_pods;

/* Everything is borrowed but the strings, which are copied. Listing starts at once. */
struct mirror_pods *mirror_pods_new(uv_loop_t *loop, struct rest_client *client, struct static_pods *pods,
                                    struct str node_name, struct str node_ip);

/* The loop must turn once more. */
void mirror_pods_free(struct mirror_pods *m);

/* The Node's uid: mirrors are owned by it, and none is made before. */
void mirror_pods_set_owner(struct mirror_pods *m, struct str node_uid);

/* POD has changed, is new, or is about to be gone (static_pods' callbacks). */
void mirror_pods_changed(struct mirror_pods *m, struct node_pod *pod);
void mirror_pods_gone(struct mirror_pods *m, struct node_pod *pod);

/* Calls VISIT with the JSON of every pod of the API that is bound to this node and mirrors none of ours. */
void mirror_pods_each_other(const struct mirror_pods *m, void (*visit)(void *arg, struct str object), void *arg);

#endif
