/* Certificates made on the spot for tests: a CA, and what it signs. PEM in buffers that the caller frees. */
#ifndef TEST_FAKE_PKI_H
#define TEST_FAKE_PKI_H

#include "base/buf.h"

struct fake_pki;

struct fake_pki *fake_pki_new(const char *common_name);
void fake_pki_free(struct fake_pki *pki);
void fake_pki_ca(const struct fake_pki *pki, struct buf *pem);

/* SAN in OpenSSL's notation: "DNS:a.b.svc,IP:127.0.0.1"; NULL: none. COMMON_NAME is the subject's. */
void fake_pki_issue(struct fake_pki *pki, const char *common_name, const char *san, struct buf *cert_pem,
                    struct buf *key_pem);

/* A certificate to the letter. Times are seconds from now; NULL leaves an extension out. */
struct fake_certificate {
    const char *common_name;
    const char *san;
    const char *extended_usage; /* "serverAuth,clientAuth" */
    const char *usage;          /* "digitalSignature" */
    long not_before_s, not_after_s;
};
void fake_pki_make(struct fake_pki *pki, const struct fake_certificate *what, struct buf *cert_pem,
                   struct buf *key_pem);

/* An intermediate CA that PKI has issued. */
struct fake_pki *fake_pki_below(struct fake_pki *pki, const char *common_name);

#endif
