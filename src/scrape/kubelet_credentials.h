/*
 * What we show to kubelets and whom we trust: TLS settings and the bearer token. Files among the sources are looked at
 * again by kubelet_credentials_refresh, so that rotated tokens, certificates and CAs count without a restart; a file
 * that can't be read, or holds nonsense, leaves what was there (with a log line, once). Reading blocks: these are small
 * local files. Owner: whoever called kubelet_credentials_new; it outlives the fleet. Loop thread only.
 */
#ifndef SCRAPE_KUBELET_CREDENTIALS_H
#define SCRAPE_KUBELET_CREDENTIALS_H

#include "base/error.h"
#include "net/tls.h"

struct kubelet_credentials;

/*
 * Each thing by its content (NULL: none) or, replacing that, by its file (NULL or "": none). Strings are copied.
 * Without CA the system's is trusted.
 */
struct kubelet_credentials_options {
    const char *ca; /* PEM */
    const char *ca_file;
    const char *certificate; /* PEM; comes with key */
    const char *certificate_file;
    const char *key;
    const char *key_file;
    const char *token;
    const char *token_file;
    bool is_insecure; /* kubelets' certificates aren't verified */
    bool is_plain;    /* no TLS, and so no credentials: nothing of the above counts */
};

struct kubelet_credentials *kubelet_credentials_new(const struct kubelet_credentials_options *options,
                                                    struct error *err);
void kubelet_credentials_free(struct kubelet_credentials *c);

/* Looks at the files. True when the TLS settings were replaced: those before must not be used for new connections. */
bool kubelet_credentials_refresh(struct kubelet_credentials *c);

/* NULL: plain HTTP. */
struct tls_client *kubelet_credentials_tls(const struct kubelet_credentials *c);

/* "" when there is none. Valid until the next refresh. */
struct str kubelet_credentials_token(const struct kubelet_credentials *c);

#endif
