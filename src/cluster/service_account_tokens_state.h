/* What the files of service account tokens share. Only for service_account_tokens.c, token_request.c, token_secrets.c.
 */
#ifndef CLUSTER_SERVICE_ACCOUNT_TOKENS_STATE_H
#define CLUSTER_SERVICE_ACCOUNT_TOKENS_STATE_H

#include "cluster/jwt.h"
#include "cluster/service_account_tokens.h"

#define LEGACY_ISSUER "kubernetes/serviceaccount"
#define LEGACY_CLAIM(name) "kubernetes.io/serviceaccount/" name

struct token_secrets;

struct service_account_tokens {
    struct arena arena; /* holds the strings */
    struct registry *registry;
    struct str issuer;
    struct str_list audiences;
    struct str ca_pem;
    struct jwt_key **keys; /* the signing key first */
    size_t key_count;
    int64_t (*now_unix_ns)(void);
    struct token_secrets *secrets;
};

/* Appends the token that SECRET, of service account ACCOUNT, is to hold. */
bool legacy_token_issue(struct service_account_tokens *t, const struct object *account, struct str secret_name,
                        struct buf *to, struct error *err);

/* Fills the Secrets in, from now on. */
struct token_secrets *token_secrets_new(struct service_account_tokens *t);
void token_secrets_free(struct token_secrets *s);

#endif
