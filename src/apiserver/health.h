/*
 * /healthz, /livez, /readyz: named checks, run when asked.
 *
 *     GET /readyz                   200 "ok"; or 500 and all checks, as with verbose
 *     GET /readyz?verbose           one line a check, "[+]ping ok", then "readyz check passed"
 *     GET /readyz?exclude=NAME      (repeatable) leaves that check out
 *     GET /readyz/NAME              one check: "ok", or 500 "internal server error: WHY"
 *
 * Since the first three are free for all, the lines of failed checks withhold the reason ("[-]NAME failed: reason
 * withheld"), except of checks whose reason is made for the public (is_public). Changes are logged, with the reason.
 * Loop thread only. Source: Kubernetes docs, "API health endpoints".
 */
#ifndef APISERVER_HEALTH_H
#define APISERVER_HEALTH_H

#include "apiserver/server.h"

enum health_endpoint {
    HEALTH_HEALTHZ = 1u << 0,
    HEALTH_LIVEZ = 1u << 1,
    HEALTH_READYZ = 1u << 2,
    HEALTH_ALL = 7,
};

struct health_check {
    const char *name;                            /* static */
    unsigned endpoints;                          /* of enum health_endpoint */
    bool is_public;                              /* the reason is shown in the answer */
    bool (*check)(void *arg, struct error *err); /* false: not healthy, and why. NULL: always healthy ("ping") */
    void *arg;                                   /* borrowed */
};

struct health;

struct health *health_new(void);
void health_free(struct health *h);

/* Appends a check; the order is that of the answers. Copied. */
void health_add(struct health *h, const struct health_check *check);

/* Routes the three endpoints and what is below them. H is borrowed. Add checks before or after. */
void health_install(struct health *h, struct api_server *server);

/* Adds "/readyz/NAME" and so on, for api_server_options.list_paths. */
void health_list_paths(const struct health *h, struct path_list *to);

/* Whether all checks of ENDPOINT pass; ERR gets the first that doesn't: "metric-storage-ready: no metrics to serve". */
bool health_passes(struct health *h, enum health_endpoint endpoint, struct error *err);

/* The answer of ENDPOINT ("readyz") to QUERY: appends its body to TO, returns the HTTP code. */
int health_print(struct health *h, enum health_endpoint endpoint, const struct query *query, struct buf *to);

#endif
