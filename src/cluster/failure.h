/*
 * Why a request failed, as the API tells it: everything that a Status object (meta/v1) carries. A zeroed struct failure
 * is no failure. The owner frees it with failure_clear. Source: Kubernetes API conventions, "Response Status Kind".
 */
#ifndef CLUSTER_FAILURE_H
#define CLUSTER_FAILURE_H

#include "base/alloc.h"
#include "base/str.h"

#include <jansson.h>

struct failure {
    int code;           /* HTTP status; 0: no failure */
    const char *reason; /* "NotFound"; static; "" when there is none */
    char *message;      /* owned */
    json_t *details;    /* owned: name, group, kind, uid, causes, retryAfterSeconds; NULL for none */
};

void failure_clear(struct failure *f);
#define auto_failure __attribute__((cleanup(failure_clear)))

/* Moves FROM into TO, which must be clear. */
void failure_move(struct failure *to, struct failure *from);

static inline bool failure_is_set(const struct failure *f)
{
    return f->code != 0;
}

/* Sets code, reason and message; F must be clear. Returns false, so that `return failure_set(...)` reads well. */
__attribute__((format(printf, 4, 5))) bool failure_set(struct failure *f, int code, const char *reason,
                                                       const char *format, ...);

/* 400 BadRequest, 500 InternalError ("Internal error occurred: ..."). */
__attribute__((format(printf, 2, 3))) bool failure_bad_request(struct failure *f, const char *format, ...);
__attribute__((format(printf, 2, 3))) bool failure_internal(struct failure *f, const char *format, ...);

struct resource;

/* Those that name an object, with details. NAME may be empty (then the message speaks of the kind). */
bool failure_not_found(struct failure *f, const struct resource *r, struct str name);
bool failure_already_exists(struct failure *f, const struct resource *r, struct str name);
bool failure_conflict(struct failure *f, const struct resource *r, struct str name, const char *why);
bool failure_forbidden(struct failure *f, const struct resource *r, struct str name, const char *why);
bool failure_expired(struct failure *f, const char *message); /* 410 */

/* The Status object; the caller owns it. */
json_t *failure_status(const struct failure *f);

#endif
