/*
 * The storage of the embedded control plane. Memory serves every read; SQLite (WAL, synchronous=FULL) makes writes
 * durable.
 *
 *     storage_write ──queue──▶ writer thread: one transaction for all that wait, commit, fsync ──▶ event loop: memory
 * and history change, subscribers and watches hear of it, then on_done
 *
 * A write is visible, and acknowledged, only after the fsync; one that fails changes nothing. Writes become visible in
 * the order they were submitted. Every write has a version, a uint64 that only grows, over all kinds and restarts; a
 * version can be skipped (its write failed), never used twice for two states that were visible.
 *
 * A key (kind, namespace, name) has at most one write on its way. Who wants to change an object waits for the key to
 * settle (storage_when_settled), reads, decides, and submits, all in one turn of the loop: that is what makes conflicts
 * exact.
 *
 * The last events of each kind are kept for watches, bounded in bytes; what is older is gone (HTTP 410) and the client
 * lists again. History does not survive a restart.
 *
 * One loop thread calls everything here; the writer thread is the storage's own.
 *
 * On disk: table objects(kind, namespace, name, version, body) and table state(version), application_id 0x7461636f
 * ("taco"), user_version 1. The file is locked exclusively while it is open.
 */
#ifndef CLUSTER_STORAGE_H
#define CLUSTER_STORAGE_H

#include "base/error.h"
#include "base/str.h"
#include "cluster/object.h"

#include <uv.h>

struct storage;
struct storage_kind;
struct storage_watch;

struct storage_kind_options {
    const char *name;               /* "pods", "leases.coordination.k8s.io": the key on disk. Borrowed */
    const char *const *field_paths; /* selectable fields, as object_new takes them. Borrowed */
};

struct storage_options {
    const char *path;                         /* the database; made with mode 0600 when absent */
    uint64_t max_bytes;                       /* the database grows no further; 0: as large as the disk lets it */
    size_t history_bytes;                     /* events kept per kind; 0: STORAGE_HISTORY_BYTES */
    const struct storage_kind_options *kinds; /* objects of other kinds stay on disk, unseen */
    size_t kind_count;
};
#define STORAGE_HISTORY_BYTES (1u << 20)

/*
 * Opens and loads the database. NULL with one line for people when it can't: the file is no database, another
 * program's, damaged, in use by another process, not writable.
 */
struct storage *storage_open(uv_loop_t *loop, const struct storage_options *options, struct error *err);

/*
 * Finishes the writes that were submitted, then closes and frees; ON_CLOSED (may be NULL) is the last call. Watches and
 * subscriptions must be gone by then.
 */
void storage_close(struct storage *s, void (*on_closed)(void *ctx), void *ctx);

/* The kind of that name; NULL when storage_open was not told of it. */
struct storage_kind *storage_kind(const struct storage *s, const char *name);

/* The version of the last visible write. */
uint64_t storage_version(const struct storage *s);

/* --- reads: at once, from memory. What they return is borrowed until the loop turns; object_ref keeps it longer. ---
 */

/* NULL when there is none. NAMESPACE is empty for cluster-scoped kinds. */
const struct object *storage_get(const struct storage_kind *k, struct str namespace, struct str name);

struct storage_range {
    struct object *const *items; /* in byte order of namespace, then name */
    size_t count;
};

/* All objects of NAMESPACE; all of the kind when it is empty. */
struct storage_range storage_list(const struct storage_kind *k, struct str namespace);

/* Those of storage_list that come after NAMESPACE_KEY/NAME_KEY in order. */
struct storage_range storage_list_after(const struct storage_kind *k, struct str namespace, struct str namespace_key,
                                        struct str name_key);

/* --- writes --- */

/* Calls FN once no write of that key is on its way: at once when there is none, in the order asked otherwise. */
void storage_when_settled(struct storage_kind *k, struct str namespace, struct str name, void (*fn)(void *ctx),
                          void *ctx);

/* The version for the next storage_write, to be put into the object's JSON. Each one is used or thrown away. */
uint64_t storage_reserve_version(struct storage *s);

enum storage_change {
    STORAGE_PUT,    /* the object is new, or replaces the one with its key */
    STORAGE_REMOVE, /* the object goes; what is given is its last state, which watches are shown */
};

/* ERR is NULL when the write is durable and visible; its code is the HTTP status otherwise: 507 when the disk or the
 * database is full, 500 for other faults. Called from the loop, never from within storage_write. */
typedef void storage_done(void *ctx, const struct error *err);

/*
 * Submits a write of OBJECT, whose version was reserved last (the storage takes its own reference). The key must be
 * settled. ON_DONE may be NULL.
 */
void storage_write(struct storage_kind *k, enum storage_change change, const struct object *object,
                   storage_done *on_done, void *ctx);

/* Calls FN after every write submitted so far is visible or failed; never from within. */
void storage_barrier(struct storage *s, void (*fn)(void *ctx), void *ctx);

/* --- changes --- */

enum storage_event_type {
    STORAGE_ADDED,
    STORAGE_MODIFIED,
    STORAGE_DELETED,
};

struct storage_event {
    enum storage_event_type type;
    uint64_t version;              /* of the change; a deleted object's last state carries it too */
    const struct object *object;   /* borrowed */
    const struct object *previous; /* what was there before; NULL when added */
};

/* Called with each change of a kind, in order, when it has become visible and before its writer hears of it. */
typedef void storage_on_event(void *ctx, const struct storage_event *event);

struct storage_subscription;

/* Hears of the changes from now on; read what is there with storage_list first. Free with storage_unsubscribe. */
struct storage_subscription *storage_subscribe(struct storage_kind *k, storage_on_event *fn, void *ctx);
void storage_unsubscribe(struct storage_subscription *sub);

/*
 * A watch: a place in the kind's history that its owner moves on at its own pace, so that a slow client costs nothing
 * but the place. ON_READY is called, from the loop, when events have come after the watch had run dry.
 *
 * Starts after version SINCE. NULL, with code 410 and Kubernetes' words in ERR, when the history no longer reaches back
 * to it.
 */
struct storage_watch *storage_watch_new(struct storage_kind *k, uint64_t since, void (*on_ready)(void *ctx), void *ctx,
                                        struct error *err);

enum storage_watch_result {
    STORAGE_WATCH_EVENT, /* OUT is the next event, borrowed until the loop turns */
    STORAGE_WATCH_DRY,   /* none now; ON_READY will be called */
    STORAGE_WATCH_GONE,  /* the history has overtaken the watch: it is over */
};
enum storage_watch_result storage_watch_next(struct storage_watch *w, struct storage_event *out);
void storage_watch_free(struct storage_watch *w);

#endif
