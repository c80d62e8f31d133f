/*
 * Tokens of service accounts: signed here, verified here.
 *
 *   bound   iss, sub, aud, exp, iat, nbf, jti, kubernetes.io {namespace, serviceaccount {name, uid}, pod or secret or
 *           node {name, uid}}; made by POST .../serviceaccounts/NAME/token (TokenRequest, "kubectl create token")
 *   legacy  iss "kubernetes/serviceaccount", no end; lives in a Secret of type kubernetes.io/service-account-token and
 *           dies with it
 *
 * A token counts when one of our keys signed it, issuer, audience and time are right, and the service account, and
 * what the token is bound to, are there with the uids that it names. A deleted account's tokens end with it.
 *
 * Such Secrets get token, ca.crt and namespace filled in as soon as they and their service account are there, and are
 * deleted with the account.
 *
 * Loop thread only. Source: Kubernetes docs, "Managing Service Accounts"; API reference, TokenRequest; KEP-1205.
 */
#ifndef CLUSTER_SERVICE_ACCOUNT_TOKENS_H
#define CLUSTER_SERVICE_ACCOUNT_TOKENS_H

#include "apiserver/authn.h"
#include "cluster/registry.h"

struct service_account_tokens;

struct service_account_tokens_options {
    struct registry *registry;            /* borrowed */
    struct str issuer;                    /* --service-account-issuer */
    struct str_list audiences;            /* --api-audiences: of tokens for us; none: the issuer */
    struct str signing_key_pem;           /* --service-account-signing-key-file's content */
    const struct str *verifying_key_pems; /* --service-account-key-file's contents; may be none */
    size_t verifying_key_count;
    struct str ca_pem;            /* the cluster's CA, for ca.crt in Secrets */
    int64_t (*now_unix_ns)(void); /* NULL: clock_unix_ns. For tests */
};

/* Copies OPTIONS. NULL when a key is of no use. */
struct service_account_tokens *service_account_tokens_new(const struct service_account_tokens_options *options,
                                                          struct error *err);
void service_account_tokens_free(struct service_account_tokens *t);

/* For authn_new: AUTHN_NONE for what isn't a token of ours at all. Answers at once. */
struct token_lookup service_account_tokens_lookup(struct service_account_tokens *t);

/*
 * Verifies TOKEN for one of AUDIENCES (none: our own). OUT and MATCHED (those of AUDIENCES that the token has; may be
 * NULL) are in ARENA.
 */
bool service_account_tokens_verify(struct service_account_tokens *t, struct str token, struct str_list audiences,
                                   struct arena *arena, struct user *out, struct str_list *matched, struct error *err);

/* What a token is to say. */
struct service_account_token_request {
    const struct object *account; /* the ServiceAccount */
    struct str_list audiences;    /* none: our own */
    int64_t expiration_seconds;
    struct str bound_kind; /* "Pod", "Secret", "Node", or "" */
    struct str bound_name;
    struct str bound_uid;
};

/* Appends a bound token, valid from NOW_UNIX_NS. */
bool service_account_tokens_issue(struct service_account_tokens *t, const struct service_account_token_request *what,
                                  int64_t now_unix_ns, struct buf *to, struct error *err);

/* Answers POST .../serviceaccounts/NAME/token; R's attributes say of which account. Other methods get 405. */
void service_account_tokens_handle_request(struct service_account_tokens *t, struct api_request *r);

/* Answers R when its path is /openid/v1/jwks or /.well-known/openid-configuration. False: R is untouched. */
bool service_account_tokens_handle_discovery(struct service_account_tokens *t, struct api_request *r);

#endif
