/*
 * The namespaces that every cluster has: default, kube-system, kube-public, kube-node-lease. Made at the start where
 * they are missing.
 */
#ifndef CLUSTER_BOOTSTRAP_H
#define CLUSTER_BOOTSTRAP_H

#include "cluster/registry.h"

/* Calls ON_DONE once, later or during the call: FAILURE NULL when all are there, else the first reason why not. */
void bootstrap_namespaces(struct registry *r, void (*on_done)(void *arg, const struct failure *failure), void *arg);

#endif
