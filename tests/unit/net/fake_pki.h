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

#endif
