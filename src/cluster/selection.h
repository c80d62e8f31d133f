/*
 * Which objects of a kind a list, watch or deletecollection is about: namespace, name, label and field selectors.
 * Lives in the request's arena.
 */
#ifndef CLUSTER_SELECTION_H
#define CLUSTER_SELECTION_H

#include "apiserver/attributes.h"
#include "cluster/failure.h"
#include "cluster/object.h"
#include "cluster/resource.h"
#include "kube/selector.h"

struct selection {
    struct str namespace; /* "": all */
    struct str name;      /* "": any */
    struct selector labels;
    struct selector fields;
};

/* False with a 400 when a selector is malformed or names a field that KIND can't be selected by. */
bool selection_read(struct arena *arena, const struct resource *kind, const struct api_attributes *attributes,
                    struct selection *out, struct failure *f);

bool selection_has(const struct selection *s, const struct object *o);

#endif
