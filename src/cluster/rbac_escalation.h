/*
 * No one gives away rights that he doesn't have: what writes of Roles, ClusterRoles and their bindings must pass beyond
 * being authorized as such. A role may hold the rules that its writer has, or the writer may "escalate" it; a binding
 * may name a role whose rules its writer has, or that the writer may "bind". Loop thread only.
 * Source: Kubernetes docs, "Using RBAC Authorization: Privilege escalation prevention and bootstrapping".
 */
#ifndef CLUSTER_RBAC_ESCALATION_H
#define CLUSTER_RBAC_ESCALATION_H

#include "cluster/failure.h"
#include "cluster/rbac.h"

/*
 * Whether USER may write OBJECT, the new state of an object of KIND, OLD being the present one (NULL: it is created).
 * Kinds that aren't RBAC's are none of its business: true. Otherwise sets FAILURE (403, or 404 when a role that is to
 * be bound isn't there to be looked at) and returns false. For api_options.admit.
 */
bool rbac_may_write(struct rbac *b, const struct user *user, const struct resource *kind, const json_t *object,
                    const json_t *old, struct failure *failure);

#endif
