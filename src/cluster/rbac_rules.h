/*
 * RBAC's rules and subjects, and what they mean; pure, no index and no storage.
 *
 * A rule of resources allows what is in all of its lists: verb, API group, resource and, where it has resourceNames,
 * name. "*" in a list stands for everything. Resources are "pods", "pods/log", "*", and, of all
 * resources, one subresource: a "*" before "/scale". A rule of nonResourceURLs allows verb and path; a path may end in
 * "*".
 *
 * Compact: strings point into the arena given to the parser or into the text parsed; both must outlive them. Safe from
 * any thread. Source: Kubernetes docs, "Using RBAC Authorization"; API reference, PolicyRule, Subject, RoleRef.
 */
#ifndef CLUSTER_RBAC_RULES_H
#define CLUSTER_RBAC_RULES_H

#include "apiserver/attributes.h"
#include "apiserver/user.h"

struct rbac_texts {
    const struct str *items;
    size_t count;
};

struct rbac_rule {
    struct rbac_texts verbs;
    struct rbac_texts groups;    /* apiGroups */
    struct rbac_texts resources; /* with subresources: "pods/log" */
    struct rbac_texts names;     /* resourceNames; none: any */
    struct rbac_texts urls;      /* nonResourceURLs; only in ClusterRoles */
};

struct rbac_rules {
    const struct rbac_rule *items;
    size_t count;
};

enum rbac_subject_kind {
    RBAC_USER,
    RBAC_GROUP,
    RBAC_SERVICE_ACCOUNT,
};

struct rbac_subject {
    enum rbac_subject_kind kind;
    struct str name;      /* of the user that it means: "system:serviceaccount:NS:NAME" for a service account */
    struct str namespace; /* of a service account */
};

struct rbac_binding {
    bool is_cluster_role; /* what roleRef names: a ClusterRole, or a Role of the binding's namespace */
    struct str role;
    const struct rbac_subject *subjects; /* those of unknown kinds are left out */
    size_t subject_count;
};

/* Reads the rules of a Role or ClusterRole. False, with what is wrong, when JSON isn't one. */
bool rbac_rules_parse(struct arena *arena, struct str json, struct rbac_rules *out, struct error *err);

/* Reads the rule that stands next in S. False on a fault, which S carries. */
bool rbac_rule_scan(struct json_scan *s, struct rbac_rule *out);

/* Reads a RoleBinding or ClusterRoleBinding of NAMESPACE (""): likewise. */
bool rbac_binding_parse(struct arena *arena, struct str json, struct str namespace, struct rbac_binding *out,
                        struct error *err);

bool rbac_rule_allows(const struct rbac_rule *rule, const struct api_attributes *what);
bool rbac_rules_allow(const struct rbac_rules *rules, const struct api_attributes *what);

/*
 * Whether HELD allow everything that WANTED allows: each verb on each resource (and name) or path must be covered by
 * one rule. What isn't is appended to MISSING (of which items may be NULL and count 0, grown in ARENA): a rule for each
 * resource, with the verbs that aren't covered. Strings are WANTED's.
 */
bool rbac_rules_cover(const struct rbac_rules *held, const struct rbac_rule *wanted, struct arena *arena,
                      struct rbac_rules *missing);

/* Writes a rule as Kubernetes' messages do: {APIGroups:[""], Resources:["pods"], Verbs:["get"]}. */
void rbac_rule_print(struct buf *to, const struct rbac_rule *rule);

/* Writes a rule's JSON: lists that are empty are left out, but verbs. */
void rbac_rule_write(struct json_writer *w, const struct rbac_rule *rule);

bool rbac_subject_is(const struct rbac_subject *subject, const struct user *user);

#endif
