/*
 * Authentication that asks the cluster: CAs and front proxy out of ConfigMap
 * kube-system/extension-apiserver-authentication, watched, so that rotated CAs count at once; bearer tokens by
 * TokenReview (apiserver/token_review.h). Files named on the command line replace their part of the ConfigMap.
 * Loop thread only. Source: Kubernetes docs, "Set up an extension API server".
 */
#ifndef APISERVER_AUTHN_DELEGATED_H
#define APISERVER_AUTHN_DELEGATED_H

#include "apiserver/authn.h"
#include "base/metrics.h"
#include "kube/rest_client.h"

struct authn_delegated;

struct authn_delegated_options {
    struct rest_client *client; /* borrowed; NULL: nobody is asked, only the overrides count */
    bool is_lookup_skipped;     /* --authentication-skip-lookup: the ConfigMap isn't read */
    bool is_anonymous_refused;  /* as the kubelet wants it */
    struct str client_ca_pem;   /* --client-ca-file's content, or empty */
    struct front_proxy proxy;   /* with a ca_pem: replaces the ConfigMap's request-header part */
    int64_t token_ttl_ns;       /* how long a TokenReview's answer counts; 0: 10 s, below 0: not at all */
    struct metrics *registry;   /* where TokenReviews are counted; borrowed, NULL: nowhere */
    /*
     * Called from the loop with ERR NULL when the ConfigMap has been read for the first time (at once in the next turn
     * when there is nothing to read). Before that it may be called once with why it can't be read: the error's code is
     * the HTTP status or 0; reading is tried on regardless, the caller decides whether that is fatal.
     */
    void (*on_loaded)(void *arg, const struct error *err);
    void *arg;
};

/* Copies OPTIONS. NULL when an override's PEM is malformed. */
struct authn_delegated *authn_delegated_new(uv_loop_t *loop, const struct authn_delegated_options *options,
                                            struct error *err);

/* Requests must be gone by then (their closing cancels what they await). The loop's next turns give the memory back. */
void authn_delegated_free(struct authn_delegated *d);

/* Replaces the overrides by what their files say now. An empty PEM stands for one that was never given: nothing
 * happens. False: it is malformed, the old one stays. */
bool authn_delegated_set_client_ca(struct authn_delegated *d, struct str pem, struct error *err);
bool authn_delegated_set_proxy_ca(struct authn_delegated *d, struct str pem, struct error *err);

struct authenticator authn_delegated_authenticator(struct authn_delegated *d);

/* Why the ConfigMap isn't being watched now; "" while all is well. For readiness. Borrowed. */
const char *authn_delegated_trouble(const struct authn_delegated *d);

/* Appends both CAs' PEM, for the hint in the TLS handshake. */
void authn_delegated_ca_pem(const struct authn_delegated *d, struct buf *to);

#endif
