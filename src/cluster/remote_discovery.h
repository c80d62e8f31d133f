/*
 * What an aggregated server says it serves: its APIResourceList, as a version of the discovery table. Pure.
 * Source: Kubernetes API reference, APIResourceList.
 */
#ifndef CLUSTER_REMOTE_DISCOVERY_H
#define CLUSTER_REMOTE_DISCOVERY_H

#include "apiserver/discovery.h"

#define REMOTE_DISCOVERY_MAX_RESOURCES 1024

/* Reads the list of VERSION, everything in ARENA. False when JSON isn't one. */
bool remote_discovery_parse(struct arena *arena, struct str json, struct str version, struct discovery_version *out,
                            struct error *err);

#endif
