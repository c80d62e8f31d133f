/*
 * What every namespace has, and how it goes, inside the API server and driven by events only:
 *
 *     a namespace is there      it gets ServiceAccount "default" and ConfigMap "kube-root-ca.crt", and gets them again
 * when they are deleted it is terminating         its contents are deleted; when nothing is left, and no write is on
 * its way that could put something there, its finalizer and so the namespace itself go
 *
 * Source: Kubernetes docs, "Namespaces", "Service Accounts"; behaviour of the controllers namespace, serviceaccount,
 * root-ca-cert-publisher.
 */
#ifndef CLUSTER_NAMESPACES_CONTROLLER_H
#define CLUSTER_NAMESPACES_CONTROLLER_H

#include "cluster/registry.h"

struct namespaces_controller;

/* ROOT_CA_PEM is copied. Looks at all namespaces at once. */
struct namespaces_controller *namespaces_controller_new(struct registry *r, struct str root_ca_pem);

/* Stops listening. Writes under way still end; call it before storage_close. */
void namespaces_controller_stop(struct namespaces_controller *c);

/* Frees it; call it after storage_close has answered. */
void namespaces_controller_free(struct namespaces_controller *c);

#endif
