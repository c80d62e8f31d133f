/*
 * TLS settings by the names that Kubernetes' flags have for them (Go's), in OpenSSL's words. Pure, but that OpenSSL is
 * asked what it knows. Source: Go's crypto/tls constants; IANA's TLS cipher suite registry; RFC 8446, 8422.
 */
#ifndef NET_TLS_NAMES_H
#define NET_TLS_NAMES_H

#include "base/buf.h"
#include "base/error.h"

/* "VersionTLS12" as TLS1_2_VERSION; "" is that too. Errors in Kubernetes' words. */
bool tls_version_of(struct str name, int *out, struct error *err);

/*
 * Appends OpenSSL's cipher list for NAMES ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), for TLS 1.2 and older; suites of
 * TLS 1.3 add nothing, they can't be chosen. MIN_VERSION below TLS 1.2 also loosens what OpenSSL refuses to use there.
 * COUNT 0 gives the default list. An error names what isn't known, or is known but left out of this OpenSSL.
 */
bool tls_ciphers_of(char *const *names, size_t count, int min_version, struct buf *to, struct error *err);

/* Appends OpenSSL's list of groups for Go's CurveIDs; nothing for COUNT 0. */
bool tls_groups_of(const int64_t *ids, size_t count, struct buf *to, struct error *err);

#endif
