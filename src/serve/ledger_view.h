/*
 * What of a node's batch is an item, since when and with which figures. Part of serve/ledger.h.
 *
 * A view is as good as its batch: it keeps the batch's roster, and has a place for each of its pods. A new batch makes
 * a new view, which takes over since when items are there. Views stand in a list in the order of their versions, the
 * newest last, and in a map by node.
 */
#ifndef SERVE_LEDGER_VIEW_H
#define SERVE_LEDGER_VIEW_H

#include "base/map.h"
#include "serve/catalog.h"
#include "store/usage.h"

struct ledger_pod {
    uint64_t created; /* 0: no item */
    int64_t time_ns;
    int64_t window_ns;
    uint32_t count; /* of containers with figures */
};

struct ledger_view {
    struct ledger_view *previous, *next;
    char *node;
    uint64_t version; /* the batch's, and the node's item's */
    uint64_t node_created;
    struct usage usage;                 /* the node's */
    struct roster *roster;              /* a reference */
    struct ledger_pod *pods;            /* as in the roster */
    struct container_usage *containers; /* a pod's begin where its containers begin in the roster */
};

struct ledger_views {
    struct map by_node;
    struct ledger_view *oldest, *newest;
};

/* NODE's; NULL when there is none. */
struct ledger_view *ledger_view_of(const struct ledger_views *views, struct str node);

/*
 * A view of NODE's batch in STORE, which has VERSION; not among the views yet. Whatever is an item says CREATED 1, so
 * that the caller can put in since when.
 */
struct ledger_view *ledger_view_new(const struct catalog *catalog, const struct usage_store *store, struct str node,
                                    uint64_t version);
void ledger_view_free(struct ledger_view *v);

/* Adds V as the newest, or takes it out. */
void ledger_views_add(struct ledger_views *views, struct ledger_view *v);
void ledger_views_remove(struct ledger_views *views, struct ledger_view *v);

/* Frees all. */
void ledger_views_clear(struct ledger_views *views);

/* Looks again at the pod at INDEX; true when it is an item. */
bool ledger_view_read_pod(struct ledger_view *v, const struct catalog *catalog, const struct usage_store *store,
                          uint32_t index);

/* The place in V of the pod OBJECT; -1 when the batch doesn't have it. */
int64_t ledger_view_find(const struct ledger_view *v, const struct catalog_object *object);

/* The pod's figures; not to be freed. */
struct pod_usage ledger_view_usage(const struct ledger_view *v, uint32_t index);

/* Whether the pod's figures are the same in both. */
bool ledger_view_equal(const struct ledger_view *a, uint32_t at_a, const struct ledger_view *b, uint32_t at_b);

#endif
