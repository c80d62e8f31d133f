/*
 * The default roles and bindings as facts. Rules are written "GROUPS|RESOURCES|VERBS", ";" between them, "," between
 * the items of a list; the core group is the empty item: ",events.k8s.io|events|create". "RESOURCES=NAMES" limits to
 * names; a rule that begins with "/" or "*|" is about paths: "/healthz,/version|get".
 */
#ifndef CLUSTER_BOOTSTRAP_POLICY_TABLE_H
#define CLUSTER_BOOTSTRAP_POLICY_TABLE_H

struct policy_role {
    const char *name;
    const char *namespace;     /* NULL: a ClusterRole */
    const char *rules;         /* NULL: they are aggregated */
    const char *aggregates;    /* the label that chooses what is aggregated: "aggregate-to-view" */
    const char *aggregated_to; /* a label of its own */
};

struct policy_binding {
    const char *name;
    const char *namespace; /* NULL: a ClusterRoleBinding */
    const char *role;      /* a ClusterRole, or a Role of NAMESPACE */
    const char *subjects;  /* "Group system:masters", "," between them */
};

extern const struct policy_role policy_roles[];       /* name NULL at the end */
extern const struct policy_binding policy_bindings[]; /* likewise */

#endif
