/*
 * The Nodes and running Pods that there are: of each its name and labels, of a Pod its node. What the Metrics API lists
 * is what is in here and has usage. A pod takes some hundred bytes: one allocation, its labels kept as the JSON that
 * goes into answers.
 *
 * Sorted as lists are: nodes by name, pods by namespace and name, in byte order. One owner, one thread.
 */
#ifndef SERVE_CATALOG_H
#define SERVE_CATALOG_H

#include "base/error.h"
#include "kube/selector.h"

struct catalog;

/* Valid until the next change of the catalog. */
struct catalog_object {
    struct str namespace; /* "" for nodes */
    struct str name;
    struct str node;        /* of a pod: where it runs; "" when nowhere yet */
    struct str labels_json; /* {"a":"b"}, by key; "" for none */
    bool is_selected;       /* of a node: the node selector picks it */
    uint64_t version;       /* catalog_set_version's; 0 until then */
};

/* NODE_SELECTOR, copied, picks nodes by their labels; "" picks all. NULL, with ERR set, when it is none. */
struct catalog *catalog_new(struct str node_selector, struct error *err);
void catalog_free(struct catalog *c);

/*
 * Adds OBJECT, a Node's or Pod's JSON, or replaces the one of its name. NULL, with the catalog unchanged, when it is
 * malformed.
 */
const struct catalog_object *catalog_set_node(struct catalog *c, struct str object, struct error *err);
const struct catalog_object *catalog_set_pod(struct catalog *c, struct str object, struct error *err);

/* Of OBJECT, which is in C. */
void catalog_set_version(struct catalog *c, const struct catalog_object *object, uint64_t version);

/* Nothing happens when there is none. */
void catalog_remove_node(struct catalog *c, struct str name);
void catalog_remove_pod(struct catalog *c, struct str namespace, struct str name);

/* NULL when there is none. */
const struct catalog_object *catalog_node(const struct catalog *c, struct str name);
const struct catalog_object *catalog_pod(const struct catalog *c, struct str namespace, struct str name);

size_t catalog_node_count(const struct catalog *c);
size_t catalog_pod_count(const struct catalog *c);

/* A walk in order: start with a zeroed struct. NULL at the end. Nothing may be changed meanwhile. */
struct catalog_walk {
    size_t group; /* the namespace */
    size_t at;
};
const struct catalog_object *catalog_next_node(const struct catalog *c, struct catalog_walk *walk);

/* All pods, or those of NAMESPACE when that isn't empty. */
const struct catalog_object *catalog_next_pod(const struct catalog *c, struct str namespace, struct catalog_walk *walk);

/* Sets WALK to the place behind NAME (in NAMESPACE, for pods), whether that is still there or not. */
void catalog_walk_behind(const struct catalog *c, bool is_pods, struct str namespace, struct str name,
                         struct catalog_walk *walk);

/* Whether OBJECT's labels match. */
bool catalog_matches_labels(const struct catalog_object *object, const struct selector *selector);

#endif
