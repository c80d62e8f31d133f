/*
 * TLS 1.2 and 1.3 by OpenSSL: server and client settings, shared by many connections. The event-driven connection
 * itself is in net/tls_stream.h.
 *
 * Servers ask for client certificates but don't verify them in the handshake (as Kubernetes' servers do): the
 * authenticator decides, later and per CA, with tls_verify_client. The CAs only hint which certificates are welcome.
 *
 * Settings are reference-free: the owner keeps them alive as long as a connection or server uses them; OpenSSL's own
 * count keeps the SSL_CTX alive under running connections. Loop thread only. Source: RFC 8446, 7301 (ALPN), 5280;
 * Kubernetes "PKI certificates and requirements".
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct tls_server;
struct tls_client;

/* A certificate for some names: net/tls_sni.h. */
struct tls_server_pair {
    struct str certificate_pem;
    struct str key_pem;
    const struct str *names; /* none: those of the certificate */
    size_t name_count;
};

struct tls_server_options {
    struct str certificate_pem; /* leaf first, intermediates behind it */
    struct str key_pem;
    struct str client_ca_pem; /* names sent in the certificate request; may be empty */
    bool is_http2_enabled;    /* ALPN: h2 and http/1.1, or http/1.1 alone */
    int min_version;          /* TLS1_VERSION .. TLS1_3_VERSION; 0: TLS1_2_VERSION */
    const char *cipher_list;  /* OpenSSL names for TLS 1.2; NULL: forward-secret AEAD suites (net/tls_names.h) */
    const char *groups;       /* OpenSSL names of key exchange groups; NULL: OpenSSL's default */
    const struct tls_server_pair *pairs; /* beside the default one */
    size_t pair_count;
};

/* NULL when the pair doesn't load or doesn't match. The message names what is wrong, not where the bytes came from:
 * wrap it. */
struct tls_server *tls_server_new(const struct tls_server_options *options, struct error *err);
void tls_server_free(struct tls_server *t);
SSL_CTX *tls_server_context(struct tls_server *t);

/* A new server-side SSL for the connected socket FD (borrowed for the call). NULL when OpenSSL has no memory. */
SSL *tls_server_ssl(struct tls_server *t, int fd);

struct tls_client_options {
    struct str ca_pem;          /* whom to trust; empty: the system's store */
    struct str certificate_pem; /* client certificate, or empty */
    struct str key_pem;
    bool is_insecure; /* the server's certificate isn't verified at all */
    const char *alpn; /* "http/1.1"; NULL: none offered */
};

struct tls_client *tls_client_new(const struct tls_client_options *options, struct error *err);
void tls_client_free(struct tls_client *t);
SSL_CTX *tls_client_context(struct tls_client *t);

/* A new client-side SSL that verifies SERVER_NAME (a DNS name or an IP address, which is matched against IP SANs). */
SSL *tls_client_ssl(struct tls_client *t, const char *server_name, struct error *err);

/*
 * Why the server's certificate was refused in SSL's handshake, when that was the reason ("certificate of kubelet-a
 * isn't valid for 10.0.0.7: it has DNS kubelet-a"); NULL otherwise. Borrowed from SSL. SSL is one made by
 * tls_client_ssl.
 */
const struct error *tls_refusal(const SSL *ssl);

/* PEM as a certificate store that trusts each certificate in it, self-signed or not (as Go does). NULL when there is
 * none. */
X509_STORE *tls_store_new(struct str ca_pem, struct error *err);

/* A set of CA certificates to verify client certificates against. NULL when PEM holds no certificate. */
struct tls_trust;
struct tls_trust *tls_trust_new(struct str ca_pem, struct error *err);
void tls_trust_free(struct tls_trust *t);

/*
 * Whether CERTIFICATE, with CHAIN (may be NULL) as intermediates, was issued by one of TRUST's CAs, is valid now, and
 * may be used by a client (extended key usage clientAuth). Otherwise false and the cause in ERR.
 */
bool tls_verify_client(const struct tls_trust *trust, X509 *certificate, STACK_OF(X509) * chain, struct error *err);

/* Appends what CERTIFICATE is valid for: "DNS kubelet-a, IP 10.0.0.7", or "no DNS names and no IP addresses". */
void tls_certificate_names(struct buf *to, X509 *certificate);

/* Appends how people call CERTIFICATE: its common name, else its first name, else its serial number. */
void tls_certificate_title(struct buf *to, X509 *certificate);

/*
 * What X509_verify_cert found wrong (X509_STORE_CTX_get_error) as one sentence for people; WANTED_NAME is the DNS name
 * or IP address that was asked for, or NULL. Sets ERR with code EPROTO; returns false.
 */
bool tls_verify_error(struct error *err, X509_STORE_CTX *ctx, const char *wanted_name);

/* OpenSSL's error queue as one sentence; empties the queue. Appended to FORMAT's text. Returns false. */
__attribute__((format(printf, 2, 3))) bool tls_error(struct error *err, const char *format, ...);

#endif
