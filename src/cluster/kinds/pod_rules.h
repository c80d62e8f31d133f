/* What makes a pod a pod: columns, defaults, rules. Source: Kubernetes API reference, "Pod"; docs, "Pod Lifecycle". */
#ifndef CLUSTER_KINDS_POD_RULES_H
#define CLUSTER_KINDS_POD_RULES_H

#include "cluster/resource.h"

extern const struct resource_column pod_columns[];

void pod_set_defaults(json_t *object);
void pod_validate(const json_t *object, const struct resource_change *change, struct field_errors *errors);

/* A node agent's picture of something that it runs by itself. */
bool pod_is_mirror(const json_t *object);

#endif
