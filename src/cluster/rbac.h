/*
 * RBAC: may this user do that, by the Roles, ClusterRoles and their bindings in the storage. The four kinds are read
 * once and followed by subscription, so that a binding counts from the moment its creation is acknowledged. Deciding
 * costs a look-up for the user's name and each group, then the rules of the roles found.
 *
 * Loop thread only. Source: Kubernetes docs, "Using RBAC Authorization".
 */
#ifndef CLUSTER_RBAC_H
#define CLUSTER_RBAC_H

#include "apiserver/authz.h"
#include "cluster/failure.h"
#include "cluster/rbac_rules.h"
#include "cluster/registry.h"

struct rbac;

/* REGISTRY is borrowed and outlives it. */
struct rbac *rbac_new(struct registry *registry);
void rbac_free(struct rbac *b);

/* Answers at once: AUTHZ_ALLOW with `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`, or
 * AUTHZ_NO_OPINION. Compose it with authz_masters. */
struct authorizer rbac_authorizer(struct rbac *b);

/* The same for code that has no request; REASON may be NULL, else the sentence is appended to it. */
bool rbac_allows(struct rbac *b, const struct user *user, const struct api_attributes *what, struct buf *reason);

/* All rules that count for USER in NAMESPACE ("": only those of ClusterRoleBindings); in ARENA, borrowed until the loop
 * turns. A role that is bound twice is listed twice. */
struct rbac_rules rbac_rules_of(struct rbac *b, const struct user *user, struct str namespace, struct arena *arena);

/*
 * Whether USER may write OBJECT, the new state of an object of KIND, OLD being the present one (NULL: none): who grants
 * rights must have them. A role may hold rules that USER has, or USER may escalate; a binding may refer to a role whose
 * rules USER has, or that USER may bind. Kinds that aren't RBAC's are none of its business: true. Otherwise sets
 * FAILURE (403) and returns false.
 */
bool rbac_may_write(struct rbac *b, const struct user *user, const struct resource *kind, struct str namespace,
                    const json_t *object, const json_t *old, struct failure *failure);

#endif
