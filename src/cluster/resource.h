/*
 * A kind of the API is a table entry: its names, its verbs, its fields, its columns and the functions that make it more
 * than a bag of JSON. The generic verbs (cluster/registry.h) do everything else. To add a kind: write its schema, its
 * entry, list the entry in resources.c.
 */
#ifndef CLUSTER_RESOURCE_H
#define CLUSTER_RESOURCE_H

#include "base/buf.h"
#include "cluster/object.h"
#include "cluster/schema.h"
#include "kube/names.h"

#include <jansson.h>

enum resource_verb {
    VERB_GET = 1u << 0,
    VERB_LIST = 1u << 1,
    VERB_WATCH = 1u << 2,
    VERB_CREATE = 1u << 3,
    VERB_UPDATE = 1u << 4,
    VERB_PATCH = 1u << 5,
    VERB_DELETE = 1u << 6,
    VERB_DELETECOLLECTION = 1u << 7,
};
#define VERBS_ALL 0xffu

struct field_errors; /* cluster/field_errors.h */

/* One column of the Table. */
struct resource_column {
    const char *name;   /* "Status"; NULL ends a list */
    const char *type;   /* "string", "integer", "date" */
    const char *format; /* "name" or "" */
    int32_t priority;   /* 0: always shown; 1: with -o wide */
    const char *description;

    /* Appends the cell's text to CELL: of an integer column decimal digits, else what the reader sees, unquoted. */
    void (*write)(const json_t *object, int64_t now_unix_ns, struct buf *cell);
};

/* What a write is about, for the functions of a kind. */
struct resource_change {
    const struct resource *resource;
    struct str subresource; /* "", "status", or one that prepare knows ("finalize") */
    const json_t *old;      /* NULL when created */
    int64_t now_unix_ns;
};

struct resource {
    const char *group;   /* "" for core */
    const char *version; /* "v1" */
    const char *kind;    /* "Pod"; the list's kind is PodList */
    const char *plural;
    const char *singular;
    const char *const *short_names; /* NULL-terminated, or NULL */
    const char *const *categories;  /* NULL-terminated, or NULL */
    const char *storage_name;       /* "pods", "leases.coordination.k8s.io" */
    bool is_namespaced;
    bool
        has_status; /* the status subresource: the main resource's writes leave status alone, its own writes all else */
    bool keeps_status_on_create; /* a created object may bring its status along */
    bool returns_deleted;        /* a delete answers with the object, not with a Status */
    bool has_generation;         /* metadata.generation counts changes of spec */
    unsigned verbs;              /* enum resource_verb */
    const struct schema *schema;
    const char *const
        *field_paths; /* selectable beyond metadata.name and metadata.namespace; NULL-terminated, or NULL */
    const struct resource_column *columns;
    struct name_faults (*check_name)(struct str name); /* NULL: name_check_dns1123_subdomain */

    /* Each may be NULL. Called in this order, on a DOM that has passed the schema. */
    void (*set_defaults)(json_t *object);
    void (*prepare)(json_t *object, const struct resource_change *change); /* fields that clients don't decide */
    void (*validate)(const json_t *object, const struct resource_change *change, struct field_errors *errors);

    /* How long a delete leaves OBJECT, in seconds, when ASKED (-1: not said); 0: it goes at once. NULL: always at once.
     */
    int64_t (*grace_period)(const json_t *object, int64_t asked);

    /* Whether something beyond metadata.finalizers keeps a deleted object; and what else changes when a delete marks
     * it. */
    bool (*is_held)(const json_t *object);
    void (*mark_terminating)(json_t *object);

    /* Why the object of that name may not be deleted at all; NULL when it may. */
    const char *(*refuses_delete)(struct str name);
};

/* All kinds, in the order of discovery; NULL at the end. */
extern const struct resource *const resources[];

/* The kind of that place in the API, or NULL. */
const struct resource *resource_find(struct str group, struct str version, struct str plural);
const struct resource *resource_find_kind(struct str group, struct str version, struct str kind);

/* "v1", "rbac.authorization.k8s.io/v1". Appends. */
void resource_api_version(struct buf *to, const struct resource *r);

/* "configmaps", "roles.rbac.authorization.k8s.io": how error messages name it. Appends. */
void resource_qualified_name(struct buf *to, const struct resource *r);

#endif
