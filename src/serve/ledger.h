/*
 * What the Metrics API shows, as a sequence of versions. Every change of the catalog and of the usage store goes
 * through here, so that each item (a node's or pod's metrics) has a resourceVersion, and whoever knows the state of one
 * version can be told what came after it.
 *
 * Versions. A version is the wall clock in microseconds, or one more than the version before where that is later,
 * shifted by LEDGER_TAG_BITS; the low bits are a tag that this process has drawn at its start. So versions grow over
 * restarts, fit a signed 64-bit number until the year 2112, always have 19 digits (they can be compared as texts too),
 * and those of another replica are recognised but for one pair of replicas in 2048. A node's batch takes a version for
 * the node and one for each pod in its roster, by position: two numbers a batch, nothing an item. A Node's or Pod's own
 * change takes one version. An item's version is the later of the two.
 *
 * Idle and tracking. While nobody watches nothing is kept but these numbers and the version of the last change that
 * could have taken an item away. While tracking there is a view of each node (which of its pods are items, since when,
 * with which figures: some 60 bytes a pod and 32 a container) and a log of what is gone: a bounded ring of the last
 * states, newest last. Batches are compared with the view, item by item, and each difference is told to ON_CHANGE, at
 * most one for an item and batch. What is older than the log is forgotten; ledger_knows says whether a version is too
 * old.
 *
 *     batch put      item new: added   other figures: modified   not there any more: deleted, in the log
 *     batch dropped  all its items: deleted, in the log
 *     pod set        usage was waiting for it: added   other labels: modified, the former labels in the log
 *     pod removed    deleted, in the log                                      (nodes likewise)
 *
 * Catching up. ledger_next gives what came after a version in the order of versions, each item once, as it is now: the
 * nodes' views are a list in the order of their versions, the log is in order too, and the two are merged. So a reader
 * that is slow costs no memory: it skips states, never items.
 *
 * Owner: whoever called ledger_new. The catalog and the store are borrowed and changed by nobody else. Time is a
 * parameter. One thread. Source: Kubernetes docs, "API concepts: resource versions, efficient detection of changes".
 */
#ifndef SERVE_LEDGER_H
#define SERVE_LEDGER_H

#include "serve/catalog.h"
#include "serve/metrics_object.h"
#include "store/usage.h"

#define LEDGER_TAG_BITS 11
#define LEDGER_STEP (UINT64_C(1) << LEDGER_TAG_BITS)

/* What the log holds at most. */
#define LEDGER_LOG_MAX 16384

struct ledger;

/* What has happened to one item. Borrowed for the call. */
struct ledger_change {
    bool is_pod;
    uint64_t version;
    uint64_t created;                    /* since when it was, or is, an item */
    const struct catalog_object *before; /* names and labels as they were; NULL: it wasn't there */
    const struct catalog_object *now;    /* as they are; NULL: it is gone */
    struct metrics_object figures;       /* of now, or the last ones; its object and now_ns are not set */
};

struct ledger_options {
    struct catalog *catalog;
    struct usage_store *store;
    uint64_t tag; /* random; its low LEDGER_TAG_BITS are used */
    int64_t now_unix_ns;
};

struct ledger *ledger_new(const struct ledger_options *options);
void ledger_free(struct ledger *l);

/* Called for each change while tracking, when the change is done. Must not change the ledger. */
void ledger_listen(struct ledger *l, void (*on_change)(void *arg, const struct ledger_change *change), void *arg);

const struct catalog *ledger_catalog(const struct ledger *l);
const struct usage_store *ledger_store(const struct ledger *l);

/* --- changes; as the functions of the catalog and the store that they call --- */

enum usage_progress ledger_put(struct ledger *l, struct str node, struct batch *batch, int64_t now_unix_ns);
void ledger_drop(struct ledger *l, struct str node, int64_t now_unix_ns);

/* OBJECT's JSON is that of the Node NAME, of the Pod NAME in NAMESPACE. */
const struct catalog_object *ledger_set_node(struct ledger *l, struct str name, struct str object, int64_t now_unix_ns,
                                             struct error *err);
const struct catalog_object *ledger_set_pod(struct ledger *l, struct str namespace, struct str name, struct str object,
                                            int64_t now_unix_ns, struct error *err);
void ledger_remove_node(struct ledger *l, struct str name, int64_t now_unix_ns);
void ledger_remove_pod(struct ledger *l, struct str namespace, struct str name, int64_t now_unix_ns);

/* --- versions --- */

/* The newest. */
uint64_t ledger_version(const struct ledger *l);

/* An item's, of its usage's version. */
static inline uint64_t ledger_item_version(const struct catalog_object *object, uint64_t usage_version)
{
    return object->version > usage_version ? object->version : usage_version;
}

/* Nanoseconds between two versions. */
int64_t ledger_distance_ns(uint64_t older, uint64_t newer);

/* --- tracking --- */

/* Starts or ends it: a walk over all that there is. Nothing happens when it is so already. */
void ledger_track(struct ledger *l, bool is_wanted);
bool ledger_is_tracking(const struct ledger *l);

/*
 * Whether VERSION is one of this ledger's and all that came after it is known. Only while tracking. OLDEST is what is
 * still known.
 */
bool ledger_knows(const struct ledger *l, uint64_t version, uint64_t *oldest);

/*
 * The first change after *VERSION, which moves on to it. False when there is none: then *VERSION is the newest. What
 * wasn't an item at SINCE has no BEFORE. Valid until the next call. Only while tracking, with a version that is known.
 */
bool ledger_next(struct ledger *l, uint64_t *version, uint64_t since, struct ledger_change *out);

/* The item of OBJECT of the catalog, when there is one since VERSION or before; no BEFORE. Likewise. */
bool ledger_item(struct ledger *l, bool is_pod, const struct catalog_object *object, uint64_t version,
                 struct ledger_change *out);

#endif
