/*
 * The node's heartbeat: Lease kube-node-lease/NODE, renewed every 10 s, so that the node status itself needs to be
 * written only when something changes.
 *
 *     GET --404--> POST ----+
 *      |200                 v
 *      +------> PUT every 10 s   (404: POST, 409: GET again; other failures: 0.2 s, doubling to 7 s)
 *
 * Owner: node/kubelet.h. Loop thread only. Source: Kubernetes docs, "Leases", "Node heartbeats".
 */
#ifndef NODE_NODE_LEASE_H
#define NODE_NODE_LEASE_H

#include <uv.h>

#include "kube/rest_client.h"

#define NODE_LEASE_INTERVAL_MS 10000
#define NODE_LEASE_DURATION_S 40

struct node_lease;

/* CLIENT is borrowed. Starts at once. INTERVAL_MS 0: NODE_LEASE_INTERVAL_MS. */
struct node_lease *node_lease_new(uv_loop_t *loop, struct rest_client *client, struct str node_name,
                                  int64_t interval_ms);

/* The Node's uid, as soon as it is known or when it has changed: the lease is owned by it. */
void node_lease_set_owner(struct node_lease *l, struct str node_uid);

/* The loop must turn once more. */
void node_lease_free(struct node_lease *l);

#endif
