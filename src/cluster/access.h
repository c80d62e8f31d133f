/*
 * Who may do what in the embedded cluster, put together: service account tokens, authentication, RBAC, reviews, and the
 * aggregation layer, in the shape that the API server and its handlers take them. Loop thread only.
 */
#ifndef CLUSTER_ACCESS_H
#define CLUSTER_ACCESS_H

#include "apiserver/server.h"
#include "cluster/api_discovery.h"
#include "cluster/registry.h"

struct access;

/* PEM texts are needed during the call only. */
struct access_options {
    uv_loop_t *loop;
    struct registry *registry;        /* borrowed */
    struct api_discovery *discovery;  /* borrowed */
    struct str client_ca_pem;         /* whose client certificates count; also ca.crt in token Secrets */
    struct str issuer;                /* of service account tokens */
    struct str signing_key_pem;       /* that signs them */
    struct str verifying_key_pem;     /* a further key whose tokens count; may be empty */
    struct str proxy_ca_pem;          /* of front proxies; empty: there are none */
    struct str_list proxy_names;      /* their common names; none: any */
    struct str proxy_certificate_pem; /* ours, towards aggregated servers; may be empty */
    struct str proxy_key_pem;
};

/* NULL: ERR names the option's flag. */
struct access *access_new(const struct access_options *options, struct error *err);

/* Requests must be gone by then; the storage still has to finish what was begun. */
void access_free(struct access *a);

struct authenticator access_authenticator(struct access *a);
struct authorizer access_authorizer(struct access *a); /* masters, the health endpoints, RBAC */

/* Routes the documents that verifiers of tokens elsewhere read. */
void access_install(struct access *a, struct api_server *server);

/* For api_options; ARG is a struct access. */
bool access_handle_first(void *arg, struct api_request *r);
bool access_handle_other(void *arg, struct api_request *r);
bool access_admit(void *arg, const struct user *user, const struct resource *kind, const json_t *object,
                  const json_t *old, struct failure *f);

/* Writes the default roles and bindings, and extension-apiserver-authentication (cluster/bootstrap_policy.h). ON_DONE
 * is called with ARG even when A is gone by then. */
void access_bootstrap(struct access *a, void (*on_done)(void *arg, const struct error *err), void *arg);

#endif
