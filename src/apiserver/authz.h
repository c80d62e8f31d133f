/*
 * Authorization: may this user do that? An authorizer answers at once or later (it then awaits on the request:
 * apiserver/request.h). Nothing but AUTHZ_ALLOW lets a request through. Loop thread only.
 * Source: Kubernetes docs, "Authorization Overview".
 */
#ifndef APISERVER_AUTHZ_H
#define APISERVER_AUTHZ_H

#include "apiserver/request.h"

enum authz_decision {
    AUTHZ_NO_OPINION, /* the next authorizer decides; at the end: no */
    AUTHZ_ALLOW,
    AUTHZ_DENY,
    AUTHZ_FAILED, /* couldn't find out: 500 */
};

struct authz_answer {
    enum authz_decision decision;
    struct str reason;       /* shown to the user after "cannot ..."; may be empty; borrowed for the call */
    const struct error *err; /* of AUTHZ_FAILED; borrowed for the call */
};

typedef void authz_done(void *done_arg, const struct authz_answer *answer);

/*
 * Calls DONE exactly once, during the call or later; never after R was closed. USER and WHAT may differ from R's own
 * (impersonation, a kubelet's mapping) and live until DONE was called; R is what it may await on.
 */
struct authorizer {
    void (*authorize)(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                      authz_done *done, void *done_arg);
    void *arg; /* borrowed */
};

/* A first and a second authorizer as one: the second is asked when the first has no opinion, or failed (its error
 * remains when the second doesn't allow). */
struct authz_pair {
    struct authorizer first;
    struct authorizer second;
};
struct authorizer authz_pair_authorizer(struct authz_pair *p); /* P is borrowed, constant */

/* Group system:masters may do everything; no opinion on others. */
extern const struct authorizer authz_masters;

/* Paths, not resources, that are free for all: exact, or prefixes ending in '*'. */
struct authz_paths {
    const struct str *items;
    size_t count;
};
struct authorizer authz_paths_authorizer(const struct authz_paths *p); /* P is borrowed, constant */
bool authz_paths_match(const struct authz_paths *p, struct str path);

/* The three health endpoints, what API servers allow by default. */
extern const struct authz_paths authz_health_paths;

/* Allows everything; for tests and for servers that authorize otherwise. */
extern const struct authorizer authz_always;

#endif
