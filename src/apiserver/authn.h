/*
 * Authentication: which user a request comes from. An authenticator answers at once or later (it then awaits on the
 * request: apiserver/request.h). The ready-made one, struct authn, tries in this order:
 *
 *     1. front proxy          a client certificate of the request-header CA, with an allowed common name: the user is
 * in the X-Remote-* headers
 *     2. client certificate   of the client CA: user = CN, groups = O
 *     3. bearer token         by the token_lookup that it was given
 *     4. anonymous            where allowed, and only when the request carried no credentials at all
 *
 * Credentials that were tried and refused end in 401 unless a later step accepts others. Everybody but the anonymous
 * user gets the group system:authenticated.
 *
 * Verified certificates are remembered by fingerprint for some minutes, so that a client that keeps its connection is
 * verified once. CAs may be replaced at any time. Loop thread only.
 * Source: Kubernetes docs, "Authenticating"; "Configure the aggregation layer".
 */
#ifndef APISERVER_AUTHN_H
#define APISERVER_AUTHN_H

#include "apiserver/front_proxy.h"
#include "apiserver/request.h"

enum authn_verdict {
    AUTHN_NONE,    /* no credentials of this kind: the next one may try */
    AUTHN_USER,    /* known */
    AUTHN_REFUSED, /* credentials were there, and are no good or couldn't be checked */
};

struct authn_result {
    enum authn_verdict verdict;
    struct user user;        /* of AUTHN_USER; must live in the request's arena or longer */
    const struct error *err; /* of AUTHN_REFUSED: why, for the log; borrowed for the call */
};

typedef void authn_done(void *done_arg, const struct authn_result *result);

/* Calls DONE exactly once, during the call or later; never after R was closed. */
struct authenticator {
    void (*authenticate)(void *arg, struct api_request *r, authn_done *done, void *done_arg);
    void *arg; /* borrowed */
};

/* Whose TOKEN is (borrowed from R). As an authenticator; AUTHN_NONE means: not a token of this kind. */
struct token_lookup {
    void (*look_up)(void *arg, struct api_request *r, struct str token, authn_done *done, void *done_arg);
    void *arg; /* borrowed */
};

/* The token of "Authorization: Bearer TOKEN" or of the websocket subprotocol
 * base64url.bearer.authorization.k8s.io.TOKEN; empty when there is none. In R's arena. */
struct str authn_bearer_token(struct api_request *r);

struct authn;

/* TOKENS may have look_up NULL: bearer tokens are then credentials that nobody accepts. */
struct authn *authn_new(struct token_lookup tokens, bool is_anonymous_allowed);
void authn_free(struct authn *a);
struct authenticator authn_authenticator(struct authn *a);

/* Sets whom client certificates must be issued by. An empty PEM: nobody's are accepted. False: PEM is malformed, the
 * old CA stays. */
bool authn_set_client_ca(struct authn *a, struct str pem, struct error *err);

/* Sets the front proxy; copied. An empty CA: there is none. False: its PEM is malformed, the old one stays. */
bool authn_set_front_proxy(struct authn *a, const struct front_proxy *proxy, struct error *err);

/* Whether a header says who asks (Authorization, X-Remote-*, what the front proxy was set to), and so must not be
 * passed on by a proxy. */
bool authn_is_identity_header(const struct authn *a, struct str name);

/* Client certificates that had to be verified, as against known ones; for tests and metrics. */
uint64_t authn_verifications(const struct authn *a);

#endif
