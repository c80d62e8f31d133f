/*
 * What a client certificate says and who vouches for it, remembered by fingerprint (of the certificate and of what was
 * sent with it) for some minutes, so that a client that keeps its connection, or comes back, is verified once.
 * Loop thread only. Source: RFC 5280; Kubernetes docs, "X509 client certificates".
 */
#ifndef APISERVER_CLIENT_CERTIFICATE_H
#define APISERVER_CLIENT_CERTIFICATE_H

#include "apiserver/user.h"
#include "net/tls.h"

struct certificate_cache;

/* Borrowed from the cache until its next call. */
struct certificate_verdict {
    struct user user; /* CN, O, credential-id; name "" when there is no CN */
    bool is_of_client_ca;
    bool is_of_proxy_ca;
    struct str client_fault; /* why not; "" also when there is no such CA */
    struct str proxy_fault;
};

struct certificate_cache *certificate_cache_new(void);
void certificate_cache_free(struct certificate_cache *c);

/* Sets a CA (owned from here on; NULL: none) and forgets all verdicts. */
void certificate_cache_set_client_ca(struct certificate_cache *c, struct tls_trust *trust);
void certificate_cache_set_proxy_ca(struct certificate_cache *c, struct tls_trust *trust);
bool certificate_cache_has_client_ca(const struct certificate_cache *c);
bool certificate_cache_has_proxy_ca(const struct certificate_cache *c);

/* NULL when CERTIFICATE can't be encoded, which one that came over TLS always can. CHAIN may be NULL. NOW_NS: any clock
 * that doesn't go back. */
const struct certificate_verdict *certificate_verify(struct certificate_cache *c, X509 *certificate,
                                                     STACK_OF(X509) * chain, int64_t now_ns);

/* Verdicts that weren't remembered. */
uint64_t certificate_verifications(const struct certificate_cache *c);

/* The user of a certificate's subject, in ARENA. Pure. */
struct user certificate_user(struct arena *arena, X509 *certificate);

#endif
