/*
 * What the control plane writes into APIServices: condition Available, and the objects of the group versions that this
 * server serves itself. Loop thread only. Source: Kubernetes API reference, APIServiceCondition.
 */
#ifndef CLUSTER_API_SERVICE_CONDITION_H
#define CLUSTER_API_SERVICE_CONDITION_H

#include "cluster/registry.h"

/* Sets condition Available of APIService NAME, when it isn't as wanted. REASON is static; the rest is copied. */
void api_service_set_available(struct registry *registry, struct str name, bool is_available, const char *reason,
                               struct str message);

/* The same for one that this server serves itself: True, Local. */
void api_service_set_local(struct registry *registry, struct str name);

/* Makes the APIService of GROUP/VERSION, which this server serves itself, unless there is one. */
void api_service_create_local(struct registry *registry, struct str group, struct str version);

#endif
