/*
 * Why a request failed: a Status (kube/status.h) that owns its text, so that it can wait for an answer that comes
 * later. A zeroed struct failure is no failure. The owner frees it with failure_clear.
 */
#ifndef CLUSTER_FAILURE_H
#define CLUSTER_FAILURE_H

#include "base/alloc.h"
#include "base/arena.h"
#include "kube/status.h"

struct resource;

struct failure {
    struct arena arena;   /* holds the text of STATUS */
    struct status status; /* code 0: no failure */
};

void failure_clear(struct failure *f);
#define auto_failure __attribute__((cleanup(failure_clear)))

/* Moves FROM into TO, which must be clear. */
void failure_move(struct failure *to, struct failure *from);

static inline bool failure_is_set(const struct failure *f)
{
    return f->status.code != 0;
}

/* The functions below set F, which must be clear, and return false, so that `return failure_...` reads well. */

/* S with all its text copied. */
bool failure_of(struct failure *f, const struct status *s);

/* Code, reason ("" for none) and message. */
__attribute__((format(printf, 4, 5))) bool failure_set(struct failure *f, int code, const char *reason,
                                                       const char *format, ...);

/* 400 BadRequest; 500 InternalError ("Internal error occurred: ..."). */
__attribute__((format(printf, 2, 3))) bool failure_bad_request(struct failure *f, const char *format, ...);
__attribute__((format(printf, 2, 3))) bool failure_internal(struct failure *f, const char *format, ...);

/* Those that name an object of a kind. */
bool failure_not_found(struct failure *f, const struct resource *r, struct str name);
bool failure_already_exists(struct failure *f, const struct resource *r, struct str name);
bool failure_conflict(struct failure *f, const struct resource *r, struct str name, const char *why);
bool failure_modified(struct failure *f, const struct resource *r, struct str name); /* Conflict: read it again */
bool failure_forbidden(struct failure *f, const struct resource *r, struct str name, const char *why);

#endif
