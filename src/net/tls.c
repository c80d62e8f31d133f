#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "net/tls_sni.h"

/* Forward-secret AEAD suites: what Go offers for TLS 1.2 without the CBC ones. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls_server {
    SSL_CTX *context; /* owned */
    bool has_pairs;
};

struct tls_client {
    SSL_CTX *context; /* owned */
};

/* Hangs on a client's SSL: whom it wants to talk to, and why it refused. */
struct peer_check {
    char *server_name; /* owned */
    struct error refusal;
};

struct alpn_list {
    const unsigned char *names; /* in wire format, most wanted first */
    unsigned length;
};
static const struct alpn_list alpn_http2 = {(const unsigned char *)"\x02h2\x08http/1.1", 12};
static const struct alpn_list alpn_http1 = {(const unsigned char *)"\x08http/1.1", 9};

bool tls_error(struct error *err, const char *format, ...)
{
    auto_buf struct buf message = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    unsigned long code = ERR_get_error(); /* the oldest is the cause, later ones say who passed it on */
    ERR_clear_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    if (ERR_SYSTEM_ERROR(code))
        return error_set_errno(err, ERR_GET_REASON(code), "%s", buf_cstr(&message));
    if (reason != NULL)
        return error_set(err, EPROTO, "%s: %s", buf_cstr(&message), reason);
    return error_set(err, EPROTO, "%s: unknown TLS error %lx", buf_cstr(&message), code);
}

/* Keys with a passphrase are refused: the default would ask on the terminal. */
static int no_passphrase(char *to, int size, int is_writing, void *arg)
{
    (void)to, (void)size, (void)is_writing, (void)arg;
    return 0;
}

static bool memory_bio(struct str bytes, const char *what, BIO **out, struct error *err)
{
    if (str_is_empty(bytes))
        return error_set(err, EINVAL, "no %s given", what);
    if (bytes.len > INT32_MAX)
        return error_set(err, EFBIG, "%s is too long", what);
    *out = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
    return *out != NULL || tls_error(err, "read %s", what);
}

/* Puts the certificate, and the intermediates behind it, into CONTEXT. */
static bool use_certificates(SSL_CTX *context, struct str pem, struct error *err)
{
    BIO *bio = NULL;
    if (!memory_bio(pem, "certificate", &bio, err))
        return false;
    X509 *leaf = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
    bool ok = leaf != NULL || tls_error(err, "no certificate in PEM format");
    if (ok && SSL_CTX_use_certificate(context, leaf) != 1)
        ok = tls_error(err, "certificate can't be used");
    X509_free(leaf);
    X509 *next;
    while (ok && (next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            ok = tls_error(err, "intermediate certificate can't be used");
        }
    }
    if (ok && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        ok = tls_error(err, "intermediate certificate doesn't parse");
    ERR_clear_error(); /* the end of the PEM text is an error to OpenSSL */
    BIO_free(bio);
    return ok;
}

static bool use_key(SSL_CTX *context, struct str pem, struct error *err)
{
    BIO *bio = NULL;
    if (!memory_bio(pem, "private key", &bio, err))
        return false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL)
        return tls_error(err, "no unencrypted private key in PEM format");
    bool is_match = X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1;
    bool ok = is_match && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!is_match) {
        ERR_clear_error();
        return error_set(err, EPROTO, "private key doesn't belong to the certificate");
    }
    return ok || tls_error(err, "private key can't be used");
}

static bool use_pair(SSL_CTX *context, struct str certificate_pem, struct str key_pem, struct error *err)
{
    return use_certificates(context, certificate_pem, err) && use_key(context, key_pem, err);
}

static SSL_CTX *new_context(const SSL_METHOD *method, int min_version, struct error *err)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(method);
    if (context == NULL) {
        tls_error(err, "TLS context");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, min_version != 0 ? min_version : TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    /* No resumption: a resumed session knows the client's leaf but not its intermediates, and nobody here is slowed by
     * a full handshake. It also spares every connection two tickets. */
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    return context;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned in_len, void *arg)
{
    (void)ssl;
    const struct alpn_list *ours = arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ours->names, ours->length, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int accept_any_client(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

/* The names of the CAs, as a hint to clients that hold several certificates. */
static bool hint_client_cas(SSL_CTX *context, struct str pem, struct error *err)
{
    if (str_is_empty(pem))
        return true;
    BIO *bio = NULL;
    if (!memory_bio(pem, "client CA", &bio, err))
        return false;
    size_t count = 0;
    bool ok = true;
    X509 *ca;
    while (ok && (ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        ok = SSL_CTX_add_client_CA(context, ca) == 1 || tls_error(err, "client CA can't be used");
        X509_free(ca);
        count++;
    }
    BIO_free(bio);
    ERR_clear_error();
    return ok && (count > 0 || error_set(err, EPROTO, "client CA: no certificate in PEM format"));
}

/* A context that shows this certificate, with all else as OPTIONS says. */
static SSL_CTX *server_context(const struct tls_server_options *options, struct str certificate_pem, struct str key_pem,
                               struct error *err)
{
    SSL_CTX *context = new_context(TLS_server_method(), options->min_version, err);
    if (context == NULL)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    const struct alpn_list *alpn = options->is_http2_enabled ? &alpn_http2 : &alpn_http1;
    SSL_CTX_set_alpn_select_cb(context, on_alpn, (void *)(uintptr_t)alpn);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, accept_any_client, NULL);
    const char *ciphers = options->cipher_list != NULL ? options->cipher_list : TLS12_CIPHERS;
    bool ok = SSL_CTX_set_cipher_list(context, ciphers) == 1 || tls_error(err, "cipher list \"%s\"", ciphers);
    if (ok && options->groups != NULL && SSL_CTX_set1_groups_list(context, options->groups) != 1)
        ok = tls_error(err, "groups \"%s\"", options->groups);
    if (!ok || !use_pair(context, certificate_pem, key_pem, err) ||
        !hint_client_cas(context, options->client_ca_pem, err)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* The certificates beside the default one. */
static bool add_pairs(SSL_CTX *context, const struct tls_server_options *options, struct error *err)
{
    struct tls_sni *sni = options->pair_count > 0 ? tls_sni_new(context) : NULL;
    for (size_t i = 0; i < options->pair_count; i++) {
        const struct tls_server_pair *pair = &options->pairs[i];
        SSL_CTX *other = server_context(options, pair->certificate_pem, pair->key_pem, err);
        if (other == NULL)
            return error_wrap(err, "certificate %zu for server names", i + 1);
        tls_sni_add(sni, other, pair->names, pair->name_count);
    }
    return true;
}

struct tls_server *tls_server_new(const struct tls_server_options *options, struct error *err)
{
    SSL_CTX *context = server_context(options, options->certificate_pem, options->key_pem, err);
    if (context == NULL)
        return NULL;
    if (!add_pairs(context, options, err)) {
        SSL_CTX_free(context);
        return NULL;
    }
    struct tls_server *t = mem_zalloc(sizeof(*t));
    t->context = context;
    t->has_pairs = options->pair_count > 0;
    return t;
}

void tls_server_free(struct tls_server *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->context);
    free(t);
}

SSL_CTX *tls_server_context(struct tls_server *t)
{
    return t->context;
}

SSL *tls_server_ssl(struct tls_server *t, int fd)
{
    SSL *ssl = SSL_new(t->context);
    if (ssl != NULL && t->has_pairs)
        tls_sni_note_address(ssl, fd);
    return ssl;
}

static void free_peer_check(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
    struct peer_check *check = ptr;
    if (check == NULL)
        return;
    error_clear(&check->refusal);
    free(check->server_name);
    free(check);
}

static int the_peer_check_index;

static void make_peer_check_index(void)
{
    the_peer_check_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_peer_check);
}

static int peer_check_index(void)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    CRYPTO_THREAD_run_once(&once, make_peer_check_index);
    return the_peer_check_index;
}

static int verify_server(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    if (X509_verify_cert(ctx) == 1)
        return 1;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct peer_check *check = SSL_get_ex_data(ssl, peer_check_index());
    if (check != NULL)
        tls_verify_error(&check->refusal, ctx, check->server_name);
    if (X509_STORE_CTX_get_error(ctx) == X509_V_OK)
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
    return 0;
}

const struct error *tls_refusal(const SSL *ssl)
{
    const struct peer_check *check = SSL_get_ex_data(ssl, peer_check_index());
    return check != NULL && error_is_set(&check->refusal) ? &check->refusal : NULL;
}

static bool trust_servers(SSL_CTX *context, struct str ca_pem, struct error *err)
{
    if (str_is_empty(ca_pem))
        return SSL_CTX_set_default_verify_paths(context) == 1 || tls_error(err, "the system's CA certificates");
    X509_STORE *store = tls_store_new(ca_pem, err);
    if (store == NULL)
        return false;
    SSL_CTX_set_cert_store(context, store);
    return true;
}

static bool offer_alpn(SSL_CTX *context, const char *name, struct error *err)
{
    unsigned char wire[256];
    size_t length = strlen(name);
    if (length == 0 || length > 255)
        return error_set(err, EINVAL, "ALPN name \"%s\"", name);
    wire[0] = (unsigned char)length;
    memcpy(wire + 1, name, length);
    return SSL_CTX_set_alpn_protos(context, wire, (unsigned)length + 1) == 0 || tls_error(err, "ALPN");
}

struct tls_client *tls_client_new(const struct tls_client_options *options, struct error *err)
{
    SSL_CTX *context = new_context(TLS_client_method(), 0, err);
    if (context == NULL)
        return NULL;
    SSL_CTX_set_verify(context, options->is_insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!options->is_insecure)
        SSL_CTX_set_cert_verify_callback(context, verify_server, NULL);
    bool ok = SSL_CTX_set_cipher_list(context, TLS12_CIPHERS) == 1 || tls_error(err, "cipher list");
    if (ok && !options->is_insecure)
        ok = trust_servers(context, options->ca_pem, err);
    if (ok && !str_is_empty(options->certificate_pem))
        ok =
            use_pair(context, options->certificate_pem, options->key_pem, err) || error_wrap(err, "client certificate");
    if (ok && options->alpn != NULL)
        ok = offer_alpn(context, options->alpn, err);
    if (!ok) {
        SSL_CTX_free(context);
        return NULL;
    }
    struct tls_client *t = mem_alloc(sizeof(*t));
    t->context = context;
    return t;
}

void tls_client_free(struct tls_client *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->context);
    free(t);
}

SSL_CTX *tls_client_context(struct tls_client *t)
{
    return t->context;
}

static bool is_ip_address(const char *name)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

SSL *tls_client_ssl(struct tls_client *t, const char *server_name, struct error *err)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(t->context);
    if (ssl == NULL) {
        tls_error(err, "TLS connection");
        return NULL;
    }
    struct peer_check *check = mem_zalloc(sizeof(*check));
    check->server_name = mem_strdup(server_name);
    SSL_set_ex_data(ssl, peer_check_index(), check);
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    bool ok;
    if (is_ip_address(server_name)) {
        ok = X509_VERIFY_PARAM_set1_ip_asc(param, server_name) == 1;
    } else {
        /* The common name has been no host name since RFC 2818; Go doesn't look at it either. */
        X509_VERIFY_PARAM_set_hostflags(param,
                                        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        ok = X509_VERIFY_PARAM_set1_host(param, server_name, 0) == 1 && SSL_set_tlsext_host_name(ssl, server_name) == 1;
    }
    if (!ok) {
        SSL_free(ssl);
        tls_error(err, "server name \"%s\"", server_name);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}
