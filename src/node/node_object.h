/*
 * The Node object as a kubelet writes it, from facts. Pure: JSON in, JSON out.
 * Source: Kubernetes docs, "Nodes", "Node Status"; API reference, Node; "Well-Known Labels".
 */
#ifndef NODE_NODE_OBJECT_H
#define NODE_NODE_OBJECT_H

#include <jansson.h>

#include "base/str.h"
#include "node/machine.h"
#include "node/pressure.h"

#define NODE_CONDITIONS 4

struct node_facts {
    struct str name;
    struct str hostname;
    const struct str *addresses; /* InternalIP, in order */
    size_t address_count;
    const struct machine *machine;
    int64_t disk_capacity_bytes; /* of the root folder's file system; NOT_MEASURED: not told */
    int64_t max_pods;
    uint16_t port; /* where the kubelet serves */
    struct str kubelet_version;
    struct str runtime_version;
    struct pressure pressure;
};

/* A new Node with labels, annotations and status. The caller owns it. REASONS and COUNT as below. */
json_t *node_object_new(const struct node_facts *facts, int64_t now_unix_ns, const char *reasons[NODE_CONDITIONS],
                        size_t *count);

/* Adds the kubelet's own labels where they are missing or wrong. True when that changed NODE. */
bool node_object_set_labels(json_t *node, const struct node_facts *facts);

/*
 * Brings NODE's status up to date, heartbeat times too. What others put there (further conditions, extended resources,
 * images) stays. True when more than heartbeats has changed. REASONS gets the words for events of conditions that
 * changed
 * ("NodeReady", "NodeHasDiskPressure"; static texts), COUNT how many. BOOT_ID_CHANGED (may be NULL): another boot than
 * the one NODE told of.
 */
bool node_object_set_status(json_t *node, const struct node_facts *facts, int64_t now_unix_ns,
                            const char *reasons[NODE_CONDITIONS], size_t *count, bool *boot_id_changed);

#endif
