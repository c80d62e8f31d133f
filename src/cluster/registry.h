/*
 * The verbs, written once for all kinds: what a request (cluster/handlers.h) and the control plane's own code
 * (bootstrap, controllers, APIService conditions) do with objects. Reads are at once; writes answer later, from the
 * loop, once they are durable. Nothing here asks who is calling.
 *
 * A write goes: the object settles (no other write of it on its way) → change → schema → defaults → prepare → validate
 * → storage.
 */
#ifndef CLUSTER_REGISTRY_H
#define CLUSTER_REGISTRY_H

#include "cluster/failure.h"
#include "cluster/object.h"
#include "cluster/resource.h"
#include "cluster/storage.h"

struct registry;

/* Both live as long as the registry. The database must have been opened with registry_storage_kinds. */
struct registry *registry_new(struct storage *storage);

/* Writes must have settled. */
void registry_free(struct registry *r);

struct storage *registry_storage(const struct registry *r);

/* What to tell storage_open: one entry for each kind of resources[]. Static. */
const struct storage_kind_options *registry_storage_kinds(size_t *count);

/* Where the objects of a kind are. Never NULL for a kind out of resources[]. */
struct storage_kind *registry_kind(const struct registry *r, const struct resource *kind);

/* Borrowed until the loop turns; NULL when there is none. */
const struct object *registry_get(const struct registry *r, const struct resource *kind, struct str namespace,
                                  struct str name);

/* How strict a write is about fields that the kind doesn't have, or has twice. */
enum field_validation {
    FIELDS_IGNORE,
    FIELDS_WARN,
    FIELDS_STRICT,
};

struct write_options {
    struct str subresource; /* "", "status", or one that the kind's prepare knows */
    bool is_dry_run;
    enum field_validation fields;
    json_t *warnings; /* array of strings, kept by reference: gets what FIELDS_WARN finds; may be NULL */

    /* May refuse the new state, defaults included, for reasons that depend on who asks; NULL: nobody does. OLD is NULL
     * for a new object. */
    bool (*admit)(void *arg, const struct resource *kind, const json_t *object, const json_t *old, struct failure *f);
    void *admit_arg;
};

/*
 * Called once. RESULT is the object as it is now (of a deleted one, its last state), FAILURE is NULL; or RESULT is NULL
 * and FAILURE says why. Both are borrowed for the call. May be called from within the call that asked, when it fails
 * early or changes nothing.
 */
typedef void registry_done(void *ctx, const struct object *result, const struct failure *failure);

/* Creates OBJECT (owned from here on) in NAMESPACE. OPTIONS (may be NULL) is copied; DONE may be NULL. */
void registry_create(struct registry *r, const struct resource *kind, struct str namespace, json_t *object,
                     const struct write_options *options, registry_done *done, void *ctx);

/*
 * Computes the new state of an object out of CURRENT (borrowed). Returns a new DOM that the registry owns and that
 * shares nothing with CURRENT; NULL with FAILURE set to refuse, NULL with FAILURE clear to leave things as they are.
 */
typedef json_t *registry_edit(void *ctx, const json_t *current, struct failure *failure);

/*
 * Read, change, write: an update, a patch, a controller's step. The edit sees the latest state, so there is no conflict
 * unless the new state names an older resourceVersion. An equal state isn't written again. Fails with NotFound when
 * there is no such object.
 */
void registry_change(struct registry *r, const struct resource *kind, struct str namespace, struct str name,
                     registry_edit *edit, void *edit_ctx, const struct write_options *options, registry_done *done,
                     void *ctx);

struct delete_options {
    int64_t grace_seconds; /* -1: the kind's own */
    struct str uid;        /* preconditions; empty: any */
    struct str resource_version;
    bool orphan_dependents;
    bool is_dry_run;
};

/* Deletes: at once, or marks it as terminating when it has finalizers or a grace period. OPTIONS (may be NULL) is
 * copied. */
void registry_delete(struct registry *r, const struct resource *kind, struct str namespace, struct str name,
                     const struct delete_options *options, registry_done *done, void *ctx);

#endif
