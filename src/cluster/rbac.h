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

/* All rules that count for USER in NAMESPACE ("": only those of ClusterRoleBindings), each binding's once. The list is
 * in ARENA, the rules are borrowed until the loop turns. */
struct rbac_rules rbac_rules_of(struct rbac *b, const struct user *user, struct str namespace, struct arena *arena);

/* The rules of a ClusterRole, or of a Role of NAMESPACE, borrowed until the loop turns. False when there is none. */
bool rbac_role_rules(struct rbac *b, bool is_cluster_role, struct str namespace, struct str name,
                     struct rbac_rules *out);

#endif
