/*
 * Where the kubelet of a Node is to be asked, read from the Node object:
 *
 *     hosts   its addresses, those of the first preferred type first; further ones are tried when one can't be reached
 *     port    status.daemonEndpoints.kubeletEndpoint.Port, when that is wanted and there, else the given one
 *     path    annotation metrics.k8s.io/resource-metrics-path, else /metrics/resource
 *
 * Pure. Source: metrics-server's flags --kubelet-preferred-address-types, --kubelet-port,
 * --kubelet-use-node-status-port; Kubernetes API reference, Node.
 */
#ifndef SCRAPE_NODE_ENDPOINT_H
#define SCRAPE_NODE_ENDPOINT_H

#include "base/error.h"
#include "base/flags.h"

#define NODE_ENDPOINT_RESOURCE_PATH "/metrics/resource"

struct node_endpoint_rules {
    const struct string_list *address_types; /* most preferred first; borrowed */
    uint16_t port;
    bool uses_status_port;
};

/* Owned: node_endpoint_free. A zeroed struct is empty. */
struct node_endpoint {
    char *name;
    struct string_list hosts; /* at least one */
    uint16_t port;
    char *path;
    bool is_ready; /* the Node's condition Ready is True */
};

/*
 * Reads NODE, a Node object in JSON. False when it is malformed, or has no address of a preferred type ("no address
 * matched types [InternalIP]"); the name is set even then when there is one.
 */
bool node_endpoint_read(struct str node, const struct node_endpoint_rules *rules, struct node_endpoint *out,
                        struct error *err);

/* Whether A's kubelet is asked as B's; readiness doesn't matter. */
bool node_endpoint_is_same(const struct node_endpoint *a, const struct node_endpoint *b);

void node_endpoint_free(struct node_endpoint *e);

#endif
