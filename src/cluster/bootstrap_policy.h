/*
 * The roles and bindings that every cluster has, and ConfigMap kube-system/extension-apiserver-authentication, from
 * which aggregated servers learn whom to believe. Created, or repaired, at each start of the API server:
 *
 *   - a role or binding that isn't there is created, with label kubernetes.io/bootstrapping=rbac-defaults and
 * annotation rbac.authorization.kubernetes.io/autoupdate=true;
 *   - one that is there and doesn't say autoupdate "false" gets the rules, subjects, labels, annotations and selectors
 *     that it lacks; what somebody added stays; one whose roleRef is wrong is replaced;
 *   - the ConfigMap's keys are set, other keys stay.
 *
 * The tables are facts of Kubernetes 1.20 with what newer clients need. The one difference: system:node is bound to
 * group system:nodes, as there is no Node authorizer. Namespaces kube-system and kube-public must be there.
 *
 * Loop thread only. Source: Kubernetes docs, "Using RBAC Authorization: Default roles and role bindings", "Configure
 * the aggregation layer".
 */
#ifndef CLUSTER_BOOTSTRAP_POLICY_H
#define CLUSTER_BOOTSTRAP_POLICY_H

#include "apiserver/front_proxy.h"
#include "cluster/registry.h"

struct bootstrap_policy_options {
    struct registry *registry;       /* borrowed */
    struct str client_ca_pem;        /* empty: no client-ca-file key */
    const struct front_proxy *proxy; /* what the requestheader-* keys say; without a ca_pem: none of them */
    /* Called once, when everything is durable, or with the first failure (the rest was tried nevertheless). */
    void (*on_done)(void *arg, const struct error *err);
    void *arg;
};

/* OPTIONS, and what it points to, is needed during the call only. */
void bootstrap_policy_apply(const struct bootstrap_policy_options *options);

#endif
