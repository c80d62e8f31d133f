/*
 * What a request to the Metrics API asks for, and the walk over all that is in its answer: the nodes, or pods of a
 * namespace or of all, that its selectors pick and that have figures, in the order of lists. A walk may be paused for
 * some turns of the loop and goes on behind the item that it had come to, whatever happened to that one: nothing comes
 * twice, and what stays in the catalog comes once. Loop thread only.
 */
#ifndef SERVE_METRICS_WALK_H
#define SERVE_METRICS_WALK_H

#include "apiserver/request.h"
#include "base/metrics.h"
#include "kube/table.h"
#include "serve/list_options.h"
#include "serve/metrics_object.h"

struct metrics_question {
    struct api_request *request;
    const struct catalog *catalog; /* borrowed; outlives the request */
    const struct usage_store *store;
    bool is_pods;
    const char *version;         /* of metrics.k8s.io: "v1beta1" or "v1"; static */
    struct accept_choice choice; /* how to answer */
    enum table_include include;
    struct list_options options;        /* of a list */
    struct str resource_version;        /* of a list; "": none */
    struct metric_histogram *freshness; /* of what is answered; borrowed, NULL: nobody asks */
};

/* What is known of OBJECT; a pod's usage goes to POD, which OUT borrows. False when there are no figures. */
bool metrics_question_look_up(const struct metrics_question *q, const struct catalog_object *object,
                              struct pod_usage *pod, struct metrics_object *out);

/* M is part of the answer: how old its figures are goes into the freshness. */
void metrics_question_note(const struct metrics_question *q, const struct metrics_object *m);

/* Zeroed but for the question: at the beginning. */
struct metrics_walk {
    struct metrics_question question;
    struct catalog_walk at;
    struct pod_usage pod;                 /* scratch; owned */
    const struct catalog_object *last;    /* where the walk is; NULL: at the beginning, or paused */
    struct buf last_namespace, last_name; /* owned: where it was paused */
    bool is_paused;
};

/* The next item, valid until the next call or turn. False at the end. */
bool metrics_walk_next(struct metrics_walk *walk, struct metrics_object *out);

/* Other callbacks may run before the next item is asked for. */
void metrics_walk_pause(struct metrics_walk *walk);

/* Back to the beginning. */
void metrics_walk_rewind(struct metrics_walk *walk);

void metrics_walk_free(struct metrics_walk *walk);

#endif
