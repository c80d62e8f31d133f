/*
 * The parameters of list requests, checked as Kubernetes' API servers check them: what can't be decoded is a 400, what
 * makes no sense together a 422, watching a 405. Source: Kubernetes API reference, list options; behaviour of
 * apimachinery's validation.
 */
#ifndef SERVE_LIST_OPTIONS_H
#define SERVE_LIST_OPTIONS_H

#include "apiserver/query.h"
#include "kube/selector.h"
#include "kube/status.h"

struct list_options {
    struct selector labels;
    struct selector fields; /* of metadata.name and metadata.namespace only */
};

/* Everything lives in ARENA. RESOURCE is what is listed. False: FAILURE is the answer. */
bool list_options_read(struct arena *arena, const struct query *query, struct group_resource resource,
                       struct list_options *out, struct status *failure);

#endif
