/*
 * The API of the embedded cluster over HTTP: what lies below /api and /apis, /version, /openapi. Requests arrive
 * authenticated and authorized (apiserver/server.h); here they become verbs of the registry. What isn't a stored kind
 * is offered to an extension: reviews, tokens, aggregated groups.
 *
 *     passed on? → discovery document? → kind of resources[]? verb? subresource? → get list watch create update patch
 * delete ↘ extension → 404
 *
 * Loop thread only. Source: Kubernetes docs, "API concepts".
 */
#ifndef CLUSTER_API_H
#define CLUSTER_API_H

#include "apiserver/server.h"
#include "cluster/api_discovery.h"
#include "cluster/registry.h"

struct api;

struct api_options {
    struct registry *registry;       /* borrowed */
    struct api_discovery *discovery; /* borrowed */
    uv_loop_t *loop;

    void *arg; /* of the functions below, which may be NULL */

    /* Asked before anything else: takes what is to be passed on to another server. False: R is untouched. */
    bool (*handle_first)(void *arg, struct api_request *r);

    /*
     * Answers a request for what is no stored kind: a virtual resource, a subresource that the generic verbs don't know
     * (serviceaccounts/token), and the like. False: not its own either; R is untouched and gets a 404.
     */
    bool (*handle_other)(void *arg, struct api_request *r);

    /*
     * May refuse a write for reasons that depend on who asks (RBAC: nobody may give more than he has). OBJECT is the
     * new state with defaults, before validation; OLD is NULL when it is created.
     */
    bool (*admit)(void *arg, const struct user *user, const struct resource *kind, const json_t *object,
                  const json_t *old, struct failure *f);
};

/* Copies OPTIONS. */
struct api *api_new(const struct api_options *options);

/* Requests must be gone by then. */
void api_free(struct api *a);

/* Routes /api, /apis, /version and /openapi of SERVER here. */
void api_install(struct api *a, struct api_server *server);

#endif
