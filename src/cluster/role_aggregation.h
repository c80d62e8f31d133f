/*
 * Aggregated ClusterRoles: the rules of a ClusterRole with an aggregationRule are those of all ClusterRoles that its
 * label selectors match, in the order of their names, equal ones once. Recomputed whenever a ClusterRole changes; what
 * somebody wrote into its rules is overwritten. Roles that select each other settle, because equal rules aren't
 * written again.
 *
 * Loop thread only. Source: Kubernetes docs, "Aggregated ClusterRoles".
 */
#ifndef CLUSTER_ROLE_AGGREGATION_H
#define CLUSTER_ROLE_AGGREGATION_H

#include "cluster/registry.h"

struct role_aggregation;

/* Starts at once with what is there. REGISTRY is borrowed. */
struct role_aggregation *role_aggregation_new(struct registry *registry);
void role_aggregation_free(struct role_aggregation *a);

#endif
