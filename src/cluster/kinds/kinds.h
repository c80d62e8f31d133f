/* The kinds that are served; each is defined in the file that bears its name. */
#ifndef CLUSTER_KINDS_KINDS_H
#define CLUSTER_KINDS_KINDS_H

#include "cluster/resource.h"

extern const struct resource resource_configmaps;
extern const struct resource resource_endpoints;
extern const struct resource resource_events;
extern const struct resource resource_namespaces;
extern const struct resource resource_nodes;
extern const struct resource resource_pods;
extern const struct resource resource_secrets;
extern const struct resource resource_serviceaccounts;
extern const struct resource resource_services;
extern const struct resource resource_apiservices;
extern const struct resource resource_leases;
extern const struct resource resource_clusterrolebindings;
extern const struct resource resource_clusterroles;
extern const struct resource resource_rolebindings;
extern const struct resource resource_roles;

#endif
