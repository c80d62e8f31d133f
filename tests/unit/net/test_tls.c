#include "net/tls.h"

#include "base/alloc.h"
#include "fake_pki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
    struct fake_pki *pki;
    struct buf ca, cert, key, other_cert, other_key;
};

static int set_up(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    w->pki = fake_pki_new("test-ca");
    fake_pki_ca(w->pki, &w->ca);
    fake_pki_issue(w->pki, "server", "DNS:localhost,IP:127.0.0.1", &w->cert, &w->key);
    fake_pki_issue(w->pki, "other", NULL, &w->other_cert, &w->other_key);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fake_pki_free(w->pki);
    buf_free(&w->ca);
    buf_free(&w->cert);
    buf_free(&w->key);
    buf_free(&w->other_cert);
    buf_free(&w->other_key);
    free(w);
    return 0;
}

static void assert_refused(const struct tls_server_options *options, const char *message)
{
    auto_error struct error err = {0};
    struct tls_server *t = tls_server_new(options, &err);
    if (t != NULL || strstr(error_text(&err), message) == NULL)
        fail_msg("want \"%s\", got \"%s\"", message, error_text(&err));
    assert_int_equal(ERR_peek_error(), 0); /* nothing left over for the next caller */
}

static void test_bad_pairs(void **state)
{
    const struct world *w = *state;
    auto_buf struct buf encrypted = {0}, chain = {0};
    assert_refused(&(struct tls_server_options){.key_pem = buf_str(&w->key)}, "no certificate given");
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert)}, "no private key given");
    assert_refused(&(struct tls_server_options){.certificate_pem = STR("nonsense"), .key_pem = buf_str(&w->key)},
                   "no certificate in PEM format");
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->key), .key_pem = buf_str(&w->key)},
                   "no certificate in PEM format");
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert), .key_pem = buf_str(&w->cert)},
                   "no unencrypted private key in PEM format");
    assert_refused(
        &(struct tls_server_options){.certificate_pem = buf_str(&w->cert), .key_pem = buf_str(&w->other_key)},
        "private key doesn't belong to the certificate");
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert),
                                                .key_pem = buf_str(&w->key),
                                                .client_ca_pem = STR("nonsense")},
                   "client CA: no certificate in PEM format");
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert),
                                                .key_pem = buf_str(&w->key),
                                                .cipher_list = "NO-SUCH-CIPHER"},
                   "cipher list \"NO-SUCH-CIPHER\"");
    buf_add_str(&chain, buf_str(&w->cert));
    buf_add_str(&chain, STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&chain), .key_pem = buf_str(&w->key)},
                   "intermediate certificate doesn't parse");

    BIO *in = BIO_new_mem_buf(w->key.ptr, (int)w->key.len), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    char *bytes;
    PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
    buf_add(&encrypted, bytes, (size_t)BIO_get_mem_data(out, &bytes));
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    assert_refused(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert), .key_pem = buf_str(&encrypted)},
                   "no unencrypted private key in PEM format");
}

/* Shakes hands in memory. True when both sides are content. */
static bool shake_hands(SSL *client, SSL *server)
{
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_bio(server, to_server, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    int c = 0, s = 0;
    for (int i = 0; i < 10 && !(c == 1 && s == 1); i++) {
        c = SSL_do_handshake(client);
        s = SSL_do_handshake(server);
    }
    ERR_clear_error();
    return c == 1 && s == 1;
}

static struct tls_server *new_server(const struct world *w, bool is_http2, int min_version)
{
    struct tls_server *t = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert),
                                                                       .key_pem = buf_str(&w->key),
                                                                       .client_ca_pem = buf_str(&w->ca),
                                                                       .is_http2_enabled = is_http2,
                                                                       .min_version = min_version},
                                          NULL);
    assert_non_null(t);
    return t;
}

static void test_alpn(void **state)
{
    static const struct {
        const char *offered; /* wire format */
        bool is_http2;
        const char *want; /* NULL: no handshake */
    } cases[] = {
        {"\x02h2\x08http/1.1", true, "h2"},
        {"\x08http/1.1\x02h2", true, "h2"},
        {"\x08http/1.1", true, "http/1.1"},
        {"\x02h2\x08http/1.1", false, "http/1.1"},
        {"\x02h2", false, NULL},
        {"\x06spdy/3", true, NULL},
        {"", true, ""},
    };
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tls_server *t = new_server(w, cases[i].is_http2, 0);
        SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
        SSL *client = SSL_new(client_context), *server = SSL_new(tls_server_context(t));
        if (cases[i].offered[0] != '\0')
            SSL_set_alpn_protos(client, (const unsigned char *)cases[i].offered, (unsigned)strlen(cases[i].offered));
        bool ok = shake_hands(client, server);
        assert_int_equal(ok, cases[i].want != NULL);
        if (ok) {
            const unsigned char *name;
            unsigned len;
            SSL_get0_alpn_selected(client, &name, &len);
            assert_true(str_eq_cstr(str_from((const char *)name, len), cases[i].want));
        }
        SSL_free(client);
        SSL_free(server);
        SSL_CTX_free(client_context);
        tls_server_free(t);
    }
}

static void test_versions(void **state)
{
    static const struct {
        int server_min, client_max;
        bool want;
    } cases[] = {
        {0, TLS1_1_VERSION, false},
        {0, TLS1_2_VERSION, true},
        {0, TLS1_3_VERSION, true},
        {TLS1_3_VERSION, TLS1_2_VERSION, false},
        {TLS1_3_VERSION, TLS1_3_VERSION, true},
    };
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tls_server *t = new_server(w, true, cases[i].server_min);
        SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(client_context, 0);
        SSL_CTX_set_min_proto_version(client_context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(client_context, cases[i].client_max);
        SSL *client = SSL_new(client_context), *server = SSL_new(tls_server_context(t));
        assert_int_equal(shake_hands(client, server), cases[i].want);
        if (cases[i].want)
            assert_int_equal(SSL_version(client), cases[i].client_max);
        SSL_free(client);
        SSL_free(server);
        SSL_CTX_free(client_context);
        tls_server_free(t);
    }
}

static void test_weak_ciphers_are_refused(void **state)
{
    static const char *const ciphers[] = {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "NULL"};
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(*ciphers); i++) {
        struct tls_server *t = new_server(w, true, 0);
        SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(client_context, 0);
        SSL_CTX_set_max_proto_version(client_context, TLS1_2_VERSION);
        assert_int_equal(SSL_CTX_set_cipher_list(client_context, ciphers[i]), 1);
        SSL *client = SSL_new(client_context), *server = SSL_new(tls_server_context(t));
        assert_false(shake_hands(client, server));
        SSL_free(client);
        SSL_free(server);
        SSL_CTX_free(client_context);
        tls_server_free(t);
    }
}

static void test_client_certificates(void **state)
{
    struct world *w = *state;
    struct fake_pki *stranger = fake_pki_new("stranger");
    auto_buf struct buf cert = {0}, key = {0};
    fake_pki_issue(stranger, "mallory", NULL, &cert, &key);
    static const char *const wants[] = {NULL, "other", "mallory"};
    for (int i = 0; i < 3;
         i++) { /* none, one of ours, one of a stranger's: all come through, the authenticator decides */
        struct tls_server *t = new_server(w, true, 0);
        auto_error struct error err = {0};
        struct tls_client_options options = {.ca_pem = buf_str(&w->ca), .alpn = "http/1.1"};
        if (i > 0) {
            options.certificate_pem = buf_str(i == 1 ? &w->other_cert : &cert);
            options.key_pem = buf_str(i == 1 ? &w->other_key : &key);
        }
        struct tls_client *c = tls_client_new(&options, &err);
        assert_non_null(c);
        SSL *client = tls_client_ssl(c, "localhost", &err), *server = SSL_new(tls_server_context(t));
        assert_true(shake_hands(client, server));
        X509 *got = SSL_get0_peer_certificate(server);
        if (wants[i] == NULL) {
            assert_null(got);
        } else {
            auto_buf struct buf title = {0};
            tls_certificate_title(&title, got);
            assert_string_equal(buf_cstr(&title), wants[i]);
        }
        const STACK_OF(X509_NAME) *hints = SSL_get0_peer_CA_list(client);
        assert_int_equal(sk_X509_NAME_num(hints), 1); /* the CA is named as a hint */
        SSL_free(client);
        SSL_free(server);
        tls_client_free(c);
        tls_server_free(t);
    }
    fake_pki_free(stranger);
}

static void test_no_resumption(void **state)
{
    struct world *w = *state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct tls_server *t = new_server(w, true, 0);
        SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(client_context, versions[i]);
        SSL_SESSION *session = NULL;
        for (int k = 0; k < 2; k++) {
            SSL *client = SSL_new(client_context), *server = SSL_new(tls_server_context(t));
            char byte;
            if (session != NULL)
                SSL_set_session(client, session);
            assert_true(shake_hands(client, server));
            SSL_read(client, &byte, 1); /* takes tickets, were there any */
            assert_false(SSL_session_reused(server));
            SSL_SESSION_free(session);
            session = SSL_get1_session(client);
            assert_false(SSL_SESSION_has_ticket(session));
            SSL_free(client);
            SSL_free(server);
        }
        SSL_SESSION_free(session);
        SSL_CTX_free(client_context);
        tls_server_free(t);
    }
    ERR_clear_error();
}

static void test_bad_clients(void **state)
{
    const struct world *w = *state;
    static const struct {
        const char *ca, *alpn, *message;
    } cases[] = {
        {"nonsense", NULL, "no CA certificate in PEM format"},
        {NULL, "", "ALPN name"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_error struct error err = {0};
        struct tls_client_options options = {.ca_pem = str_of(cases[i].ca), .alpn = cases[i].alpn};
        assert_null(tls_client_new(&options, &err));
        assert_non_null(strstr(error_text(&err), cases[i].message));
    }
    auto_error struct error err = {0};
    assert_null(tls_client_new(
        &(struct tls_client_options){.certificate_pem = buf_str(&w->cert), .key_pem = buf_str(&w->other_key)}, &err));
    assert_string_equal(error_text(&err), "client certificate: private key doesn't belong to the certificate");
}

static void test_error_text(void **state)
{
    auto_error struct error err = {0};
    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH); /* the first is the cause */
    assert_false(tls_error(&err, "TLS %s", "handshake"));
    assert_string_equal(error_text(&err), "TLS handshake: wrong version number");
    assert_int_equal(err.code, EPROTO);
    assert_int_equal(ERR_peek_error(), 0);
    tls_error(&err, "nothing");
    assert_non_null(strstr(error_text(&err), "nothing: unknown TLS error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_pairs),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_weak_ciphers_are_refused),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_no_resumption),
        cmocka_unit_test(test_bad_clients),
        cmocka_unit_test(test_error_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
