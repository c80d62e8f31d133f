/*
 * The parameters of list and watch requests, checked as Kubernetes' API servers check them: what can't be decoded is a
 * 400, what makes no sense together a 422. Source: Kubernetes API reference, list options; behaviour of
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
    struct str labels_text; /* of the selectors, as they came */
    struct str fields_text;
    bool is_watch;
    /* Of a watch only: */
    uint64_t version;       /* resourceVersion; 0: none, from now on */
    bool wants_initial;     /* what is there comes first, as if it had just been added */
    bool wants_initial_end; /* and then a bookmark that says so */
    bool wants_bookmarks;   /* allowWatchBookmarks */
    int64_t timeout_s;      /* timeoutSeconds; 0: not given */
};

/* Everything lives in ARENA. RESOURCE is what is listed or watched. False: FAILURE is the answer. */
bool list_options_read(struct arena *arena, const struct query *query, struct group_resource resource,
                       struct list_options *out, struct status *failure);

#endif
