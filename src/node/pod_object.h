/*
 * A pod of this node as objects of the API: what /pods lists, what its mirror in the API server is made from, its
 * status. Pure: built from what is known of the pod's containers.
 *
 * A container is ready while it runs. Of a process that is gone only the end is known, not its exit status, which
 * belongs to whoever started it: reason ContainerStatusUnknown, exit code 137, as a kubelet writes for containers that
 * it lost. Source: API reference, PodStatus; Kubernetes docs, "Pod Lifecycle", "Create static Pods" (mirror pods).
 */
#ifndef NODE_POD_OBJECT_H
#define NODE_POD_OBJECT_H

#include <jansson.h>

#include "node/static_pods.h"

/* PodStatus. All processes share the node's network, so NODE_IP is the pod's too. The caller owns the result. */
json_t *pod_status_new(const struct node_pod *pod, struct str node_ip);

/* The whole pod, as /pods lists it. */
json_t *pod_object_new(const struct node_pod *pod, struct str node_ip);

/* The mirror pod to create: owned by the node, marked with the manifest's hash, without status. */
json_t *pod_mirror_new(const struct node_pod *pod, struct str node_name, struct str node_uid);

/* The hash that a pod of the API says it mirrors; empty when it is no mirror. Borrowed from OBJECT. */
struct str pod_mirror_hash(const json_t *object);

/* Carries on from the status that MIRROR had before this program was started: restarts, last states, start time. */
void pod_resume(struct node_pod *pod, const json_t *mirror, int64_t now_unix_ns);

#endif
