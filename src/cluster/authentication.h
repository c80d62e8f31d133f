/*
 * Who asks the embedded cluster's API server: client certificates of the client CA, the front proxy's headers under a
 * certificate of the request-header CA, service account tokens; without credentials system:anonymous, to whom RBAC
 * gives next to nothing. Ties apiserver/authn.h to what the cluster was started with. Loop thread only.
 */
#ifndef CLUSTER_AUTHENTICATION_H
#define CLUSTER_AUTHENTICATION_H

#include "cluster/service_account_tokens.h"

/* The header names that Kubernetes' API server is told by default: X-Remote-User, -Uid, -Group, -Extra-. Static; CA and
 * names are empty. */
struct front_proxy authentication_default_proxy(void);

/*
 * A struct authn that believes CLIENT_CA_PEM (may be empty), PROXY (without a ca_pem: nobody) and TOKENS (borrowed, may
 * be NULL). The caller frees it with authn_free. NULL when a CA's PEM is malformed.
 */
struct authn *authentication_new(struct str client_ca_pem, const struct front_proxy *proxy,
                                 struct service_account_tokens *tokens, struct error *err);

#endif
