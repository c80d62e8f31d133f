/*
 * An object of the API as the storage holds it: its JSON, immutable, and beside it the few things that reads need
 * without parsing: who it is, its version, its labels and its kind's selectable fields. One allocation, reference
 * counted. Belongs to the event loop; the storage's writer thread only looks at the bytes of an object it holds a
 * reference to.
 */
#ifndef CLUSTER_OBJECT_H
#define CLUSTER_OBJECT_H

#include "base/error.h"
#include "kube/labels.h"

#include <jansson.h>

struct object {
    unsigned refs;        /* the event loop's only */
    uint64_t version;     /* metadata.resourceVersion, also in the JSON */
    struct str namespace; /* empty for cluster-scoped kinds */
    struct str name;
    struct str uid;
    struct str json; /* compact, followed by a NUL */
    struct label *labels;
    size_t label_count;
    struct label *fields; /* metadata.name, metadata.namespace, then the kind's own, in the order of its table */
    size_t field_count;
    bool is_terminating; /* metadata.deletionTimestamp is set */
};

/*
 * Makes an object of DOM (borrowed, unchanged), whose metadata.resourceVersion may only be absent (version 0) when it
 * is not for the storage. FIELD_PATHS are the kind's selectable fields, dotted ("spec.nodeName"), NULL at the end; NULL
 * for none. A field that is absent has the value "", "false" when its path begins with '?' (a boolean:
 * "?spec.unschedulable"). The caller owns the one reference. NULL with ERR when DOM isn't an object with a name and a
 * version.
 */
struct object *object_new(const json_t *dom, const char *const *field_paths, struct error *err);

/* The same from JSON text (copied), for loading. */
struct object *object_parse(struct str json, const char *const *field_paths, struct error *err);

/* One more reference; returns O. Constness is the caller's promise about the contents, which nobody changes. */
struct object *object_ref(const struct object *o);

/* One reference less; O may be NULL. */
void object_unref(struct object *o);

/* The JSON as a DOM; the caller owns it (json_decref). Never NULL: the JSON was made by us. */
json_t *object_dom(const struct object *o);

/* The value of a selectable field or a label; false when there is none of that name. VALUE is borrowed from O. */
bool object_field(const struct object *o, struct str path, struct str *value);
bool object_label(const struct object *o, struct str key, struct str *value);

#endif
