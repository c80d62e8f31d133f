/*
 * Key pairs and certificates: a self-signed CA, certificates signed by it, and self-signed serving certificates. Keys
 * are ECDSA P-256: small, fast, and what kubeadm offers beside RSA; keys that sign ServiceAccount tokens are RSA 2048,
 * because every JWT library verifies RS256. Everything is PEM text in buffers; no files, no clock but the one given.
 * Source: RFC 5280; Kubernetes "PKI certificates and requirements".
 */
#ifndef CERTS_CERTIFICATE_H
#define CERTS_CERTIFICATE_H

#include "base/buf.h"
#include "base/error.h"

enum certs_key_type {
    CERTS_KEY_ECDSA_P256, /* PEM "EC PRIVATE KEY" is not used: PKCS #8 "PRIVATE KEY" */
    CERTS_KEY_RSA_2048,
};

/* What stands in a certificate. Strings are borrowed during the call. */
struct certs_subject {
    const char *common_name;          /* CN */
    const char *const *organizations; /* O, NULL-terminated; may be NULL. Kubernetes' groups */
    const char *const *dns_names;     /* SAN DNS, NULL-terminated; may be NULL */
    const char *const *ip_addresses;  /* SAN IP as text, NULL-terminated; may be NULL */
    bool is_server;                   /* extended key usage serverAuth */
    bool is_client;                   /* extended key usage clientAuth */
};

/* Both in PEM. certs_pair_free gives the memory back and wipes the key. */
struct certs_pair {
    struct buf certificate;
    struct buf key;
};
void certs_pair_free(struct certs_pair *pair);

/* A new CA that may sign certificates, valid from NOT_BEFORE for VALID_SECONDS (Unix seconds). */
bool certs_make_authority(const char *common_name, int64_t not_before, int64_t valid_seconds, struct certs_pair *out,
                          struct error *err);

/* A new key and a certificate for it, signed by AUTHORITY; self-signed when AUTHORITY is NULL. */
bool certs_issue(const struct certs_pair *authority, const struct certs_subject *subject, int64_t not_before,
                 int64_t valid_seconds, struct certs_pair *out, struct error *err);

/* A new private key, and its public half (PEM "PUBLIC KEY"); PUBLIC_PEM may be NULL. */
bool certs_make_key(enum certs_key_type type, struct buf *private_pem, struct buf *public_pem, struct error *err);

/* The public half of PRIVATE_PEM. False when that is no private key. */
bool certs_public_key(struct str private_pem, struct buf *public_pem, struct error *err);

/* When the first certificate in PEM ends to be valid, in Unix seconds. False when there is none that can be read. */
bool certs_not_after(struct str pem, int64_t *out);

/*
 * Whether the first certificate of CERTIFICATE_PEM belongs to KEY_PEM and was signed by the first one of AUTHORITY_PEM.
 * False with the reason in ERR.
 */
bool certs_check_pair(struct str certificate_pem, struct str key_pem, struct str authority_pem, struct error *err);

#endif
