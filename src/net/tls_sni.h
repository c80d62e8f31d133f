/*
 * Which certificate a TLS server shows to whom: by the name that the client asks for (SNI), or when it names none by
 * the local address that it has connected to. Exact names come before wildcards ("*.example.com"), names that were
 * given before those that are taken from the certificate, earlier pairs before later ones. What nobody fits gets the
 * server's default.
 *
 * Belongs to the default's SSL_CTX, and lives as long as that. Loop thread only. Source: RFC 6066, section 3; what
 * Kubernetes says of --tls-sni-cert-key.
 */
#ifndef NET_TLS_SNI_H
#define NET_TLS_SNI_H

#include <openssl/ssl.h>

#include "base/str.h"

struct tls_sni;

/* An empty table that DEFAULT_CONTEXT owns and asks from now on. */
struct tls_sni *tls_sni_new(SSL_CTX *default_context);

/* CONTEXT, owned by the table from here on, serves NAMES (copied; DNS names, wildcards, IP addresses); with COUNT 0 the
 * names that its certificate has. */
void tls_sni_add(struct tls_sni *t, SSL_CTX *context, const struct str *names, size_t count);

/* The context for NAME; NULL: the default. For tests. */
SSL_CTX *tls_sni_find(const struct tls_sni *t, struct str name);

/* Notes on SSL, of a context with a table, which local address FD is connected to. */
void tls_sni_note_address(SSL *ssl, int fd);

#endif
