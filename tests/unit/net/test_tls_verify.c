#include "net/tls.h"

#include "base/alloc.h"
#include "fake_pki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY 86400L

static X509 *read_certificate(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(certificate);
    return certificate;
}

/* A client that trusts CA connects to NAME in memory; the server shows CERT. Returns the refusal's text, or "". */
static const char *connect_to(const struct buf *ca, const struct buf *cert, const struct buf *key, const char *name,
                              bool is_insecure)
{
    static char text[1000];
    auto_error struct error err = {0};
    struct tls_server *t =
        tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(cert), .key_pem = buf_str(key)}, &err);
    struct tls_client *c =
        tls_client_new(&(struct tls_client_options){.ca_pem = buf_str(ca), .is_insecure = is_insecure}, &err);
    if (t == NULL || c == NULL)
        fail_msg("%s", error_text(&err));
    SSL *client = tls_client_ssl(c, name, &err), *server = SSL_new(tls_server_context(t));
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_bio(server, to_server, to_client);
    SSL_set_accept_state(server);
    int status = 0;
    for (int i = 0; i < 10 && status != 1; i++) {
        status = SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    const struct error *refusal = tls_refusal(client);
    assert_int_equal(status == 1, refusal == NULL);
    snprintf(text, sizeof(text), "%s", error_text(refusal));
    if (refusal != NULL)
        assert_int_equal(refusal->code, EPROTO);
    SSL_free(client);
    SSL_free(server);
    tls_client_free(c);
    tls_server_free(t);
    ERR_clear_error();
    return text;
}

/* GOT is WANT, where WANT's "*" stands for anything: times. */
static bool matches(const char *got, const char *want)
{
    const char *star = strchr(want, '*');
    if (star == NULL)
        return strcmp(got, want) == 0;
    size_t before = (size_t)(star - want), after = strlen(star + 1), len = strlen(got);
    return len >= before + after && strncmp(got, want, before) == 0 && strcmp(got + len - after, star + 1) == 0;
}

static void test_server_certificates(void **state)
{
    static const struct {
        const char *name;
        struct fake_certificate certificate;
        const char *server_name;
        const char *want;
    } cases[] = {
        {"good, by DNS name",
         {"kubelet-a", "DNS:kubelet-a,IP:10.0.0.7", "serverAuth", "digitalSignature", -DAY, DAY},
         "kubelet-a",
         ""},
        {"good, by IP",
         {"kubelet-a", "DNS:kubelet-a,IP:10.0.0.7", "serverAuth", "digitalSignature", -DAY, DAY},
         "10.0.0.7",
         ""},
        {"good, by IPv6", {"a", "IP:fd00::1", "serverAuth", NULL, -DAY, DAY}, "fd00:0::1", ""},
        {"good, by wildcard", {"a", "DNS:*.example.org", "serverAuth", NULL, -DAY, DAY}, "b.example.org", ""},
        {"no usages at all", {"a", "DNS:a", NULL, NULL, -DAY, DAY}, "a", ""},
        {"another name",
         {"kubelet-a", "DNS:kubelet-a,DNS:localhost,IP:10.0.0.7,IP:::1", "serverAuth", NULL, -DAY, DAY},
         "kubelet-b",
         "certificate of kubelet-a isn't valid for kubelet-b: it has DNS kubelet-a, DNS localhost, IP 10.0.0.7, IP "
         "::1"},
        {"another IP",
         {"kubelet-a", "DNS:kubelet-a,IP:10.0.0.7", "serverAuth", NULL, -DAY, DAY},
         "10.0.0.8",
         "certificate of kubelet-a isn't valid for 10.0.0.8: it has DNS kubelet-a, IP 10.0.0.7"},
        {"no IP SANs",
         {"kubelet-a", "DNS:kubelet-a", "serverAuth", NULL, -DAY, DAY},
         "10.0.0.7",
         "certificate of kubelet-a isn't valid for 10.0.0.7: it has DNS kubelet-a and no IP addresses"},
        {"the IP as a DNS name doesn't count",
         {"kubelet-a", "DNS:10.0.0.7", "serverAuth", NULL, -DAY, DAY},
         "10.0.0.7",
         "certificate of kubelet-a isn't valid for 10.0.0.7: it has DNS 10.0.0.7 and no IP addresses"},
        {"the common name doesn't count",
         {"kubelet-a", NULL, "serverAuth", NULL, -DAY, DAY},
         "kubelet-a",
         "certificate of kubelet-a isn't valid for kubelet-a: it has no DNS names and no IP addresses"},
        {"wildcard over two labels",
         {"a", "DNS:*.example.org", "serverAuth", NULL, -DAY, DAY},
         "b.c.example.org",
         "certificate of a isn't valid for b.c.example.org: it has DNS *.example.org and no IP addresses"},
        {"expired",
         {"kubelet-a", "DNS:kubelet-a", "serverAuth", NULL, -2 * DAY, -DAY},
         "kubelet-a",
         "certificate of kubelet-a expired at *Z"},
        {"not yet valid",
         {"kubelet-a", "DNS:kubelet-a", "serverAuth", NULL, DAY, 2 * DAY},
         "kubelet-a",
         "certificate of kubelet-a isn't valid before *Z"},
        {"a client's",
         {"alice", "DNS:alice", "clientAuth", NULL, -DAY, DAY},
         "alice",
         "certificate of alice can't be used by a server: its extended key usage is clientAuth"},
        {"for mail and code",
         {"alice", "DNS:alice", "emailProtection,codeSigning,1.3.6.1.4.1.99999.7", NULL, -DAY, DAY},
         "alice",
         "certificate of alice can't be used by a server: its extended key usage is emailProtection, codeSigning, "
         "1.3.6.1.4.1.99999.7"},
        {"a usage that can't sign",
         {"a", "DNS:a", NULL, "cRLSign", -DAY, DAY},
         "a",
         "certificate of a can't be used by a server: its key usage forbids it"},
    };
    struct fake_pki *pki = fake_pki_new("test-ca");
    auto_buf struct buf ca = {0};
    (void)state;
    fake_pki_ca(pki, &ca);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_buf struct buf cert = {0}, key = {0};
        fake_pki_make(pki, &cases[i].certificate, &cert, &key);
        const char *got = connect_to(&ca, &cert, &key, cases[i].server_name, false);
        const char *wildcard_free = strstr(cases[i].want, "DNS *.");
        if (wildcard_free != NULL ? strcmp(got, cases[i].want) != 0 : !matches(got, cases[i].want))
            fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name, got, cases[i].want);
        assert_string_equal(connect_to(&ca, &cert, &key, cases[i].server_name, true), ""); /* insecure takes all */
    }
    fake_pki_free(pki);
}

static void test_other_authority(void **state)
{
    struct fake_pki *ours = fake_pki_new("our-ca"), *theirs = fake_pki_new("their-ca"), *twin = fake_pki_new("our-ca");
    auto_buf struct buf ca = {0}, cert = {0}, key = {0}, twin_cert = {0}, twin_key = {0}, their_ca = {0};
    (void)state;
    fake_pki_ca(ours, &ca);
    fake_pki_ca(theirs, &their_ca);
    fake_pki_issue(theirs, "kubelet-a", "DNS:a", &cert, &key);
    fake_pki_issue(twin, "kubelet-b", "DNS:a", &twin_cert, &twin_key);
    assert_string_equal(connect_to(&ca, &cert, &key, "a", false),
                        "certificate of kubelet-a was issued by their-ca, which is not trusted");
    assert_string_equal(
        connect_to(&ca, &twin_cert, &twin_key, "a", false),
        "certificate of kubelet-b names our-ca as its issuer, but wasn't signed by the one that is trusted");
    assert_string_equal(connect_to(&their_ca, &cert, &key, "a", false), "");
    fake_pki_free(ours);
    fake_pki_free(theirs);
    fake_pki_free(twin);
}

static void test_chains(void **state)
{
    struct fake_pki *root = fake_pki_new("root"), *middle = fake_pki_below(root, "middle");
    auto_buf struct buf root_ca = {0}, middle_ca = {0}, cert = {0}, key = {0}, chain = {0};
    (void)state;
    fake_pki_ca(root, &root_ca);
    fake_pki_ca(middle, &middle_ca);
    fake_pki_issue(middle, "a", "DNS:a", &cert, &key);
    buf_add_str(&chain, buf_str(&cert));
    buf_add_str(&chain, buf_str(&middle_ca));
    assert_string_equal(connect_to(&root_ca, &chain, &key, "a", false), "");
    assert_string_equal(connect_to(&middle_ca, &cert, &key, "a", false), ""); /* trusted as it is, as Go does */
    assert_string_equal(connect_to(&root_ca, &cert, &key, "a", false),
                        "certificate of a was issued by middle, which is not trusted");

    /* and for clients */
    auto_error struct error err = {0};
    struct tls_trust *trust = tls_trust_new(buf_str(&root_ca), &err);
    X509 *leaf = read_certificate(&cert), *between = read_certificate(&middle_ca);
    STACK_OF(X509) *sent = sk_X509_new_null();
    assert_false(tls_verify_client(trust, leaf, NULL, &err));
    assert_string_equal(error_text(&err), "certificate of a was issued by middle, which is not trusted");
    sk_X509_push(sent, between);
    assert_true(tls_verify_client(trust, leaf, sent, &err));
    sk_X509_free(sent);
    X509_free(leaf);
    X509_free(between);
    tls_trust_free(trust);
    fake_pki_free(root);
    fake_pki_free(middle);
}

static void test_self_signed(void **state)
{
    struct fake_pki *ours = fake_pki_new("our-ca"), *self = fake_pki_new("lonely");
    auto_buf struct buf ca = {0}, lonely = {0};
    auto_error struct error err = {0};
    (void)state;
    fake_pki_ca(ours, &ca);
    fake_pki_ca(self, &lonely);
    struct tls_trust *trust = tls_trust_new(buf_str(&ca), &err);
    X509 *certificate = read_certificate(&lonely);
    assert_false(tls_verify_client(trust, certificate, NULL, &err));
    assert_string_equal(error_text(&err), "certificate of lonely is self-signed and not trusted");
    X509_free(certificate);
    tls_trust_free(trust);
    fake_pki_free(ours);
    fake_pki_free(self);
}

static void test_client_certificates(void **state)
{
    static const struct {
        struct fake_certificate certificate;
        const char *want;
    } cases[] = {
        {{"alice", NULL, "clientAuth", "digitalSignature", -DAY, DAY}, ""},
        {{"alice", NULL, "serverAuth,clientAuth", NULL, -DAY, DAY}, ""},
        {{"alice", NULL, NULL, NULL, -DAY, DAY}, ""},
        {{"alice", NULL, "serverAuth", NULL, -DAY, DAY},
         "certificate of alice can't be used by a client: its extended key usage is serverAuth"},
        {{"alice", NULL, "clientAuth", NULL, -2 * DAY, -DAY}, "certificate of alice expired at *Z"},
        {{"alice", NULL, "clientAuth", NULL, DAY, 2 * DAY}, "certificate of alice isn't valid before *Z"},
    };
    struct fake_pki *pki = fake_pki_new("test-ca");
    auto_buf struct buf ca = {0};
    (void)state;
    fake_pki_ca(pki, &ca);
    struct tls_trust *trust = tls_trust_new(buf_str(&ca), NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_buf struct buf cert = {0}, key = {0};
        auto_error struct error err = {0};
        fake_pki_make(pki, &cases[i].certificate, &cert, &key);
        X509 *certificate = read_certificate(&cert);
        bool ok = tls_verify_client(trust, certificate, NULL, &err);
        assert_int_equal(ok, cases[i].want[0] == '\0');
        if (!matches(error_text(&err), cases[i].want))
            fail_msg("case %zu: %s", i, error_text(&err));
        assert_int_equal(ERR_peek_error(), 0);
        X509_free(certificate);
    }
    tls_trust_free(trust);
    fake_pki_free(pki);
}

static void test_trust(void **state)
{
    struct fake_pki *a = fake_pki_new("a"), *b = fake_pki_new("b");
    auto_buf struct buf both = {0}, cert = {0}, key = {0}, broken = {0};
    auto_error struct error err = {0};
    (void)state;
    fake_pki_ca(a, &both);
    buf_add_cstr(&both, "some words between\n");
    fake_pki_ca(b, &both);
    fake_pki_ca(a, &both); /* twice is no error */
    fake_pki_issue(b, "bob", NULL, &cert, &key);
    struct tls_trust *trust = tls_trust_new(buf_str(&both), &err);
    assert_non_null(trust);
    X509 *certificate = read_certificate(&cert);
    assert_true(tls_verify_client(trust, certificate, NULL, &err));
    X509_free(certificate);
    tls_trust_free(trust);
    assert_null(tls_trust_new(STR(""), &err));
    assert_string_equal(error_text(&err), "no CA certificate in PEM format");
    buf_add_str(&broken, buf_str(&both));
    buf_add_cstr(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_null(tls_trust_new(buf_str(&broken), &err));
    assert_non_null(strstr(error_text(&err), "CA certificate 4"));
    fake_pki_free(a);
    fake_pki_free(b);
}

static void test_titles(void **state)
{
    static const struct {
        struct fake_certificate certificate;
        const char *title, *names;
    } cases[] = {
        {{"alice", "DNS:a", NULL, NULL, -DAY, DAY}, "alice", "DNS a and no IP addresses"},
        {{"", "DNS:first,DNS:second", NULL, NULL, -DAY, DAY}, "first", "DNS first, DNS second and no IP addresses"},
        {{"", "email:x@y,IP:10.0.0.1", NULL, NULL, -DAY, DAY}, "10.0.0.1", "IP 10.0.0.1"},
        {{"", NULL, NULL, NULL, -DAY, DAY}, "serial *", "no DNS names and no IP addresses"},
        {{"line\nbreak", NULL, NULL, NULL, -DAY, DAY}, "line?break", "no DNS names and no IP addresses"},
    };
    struct fake_pki *pki = fake_pki_new("test-ca");
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_buf struct buf cert = {0}, key = {0}, title = {0}, names = {0};
        fake_pki_make(pki, &cases[i].certificate, &cert, &key);
        X509 *certificate = read_certificate(&cert);
        tls_certificate_title(&title, certificate);
        tls_certificate_names(&names, certificate);
        if (!matches(buf_cstr(&title), cases[i].title))
            fail_msg("case %zu: %s", i, buf_cstr(&title));
        assert_string_equal(buf_cstr(&names), cases[i].names);
        X509_free(certificate);
    }
    fake_pki_free(pki);
}

static void test_many_names_are_cut(void **state)
{
    struct fake_pki *pki = fake_pki_new("test-ca");
    auto_buf struct buf san = {0}, cert = {0}, key = {0}, names = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        buf_printf(&san, "%sDNS:n%d", i > 0 ? "," : "", i);
    fake_pki_make(pki, &(struct fake_certificate){"a", buf_cstr(&san), NULL, NULL, -DAY, DAY}, &cert, &key);
    X509 *certificate = read_certificate(&cert);
    tls_certificate_names(&names, certificate);
    assert_non_null(strstr(buf_cstr(&names), "DNS n19, ... and no IP addresses"));
    X509_free(certificate);
    fake_pki_free(pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_certificates),
        cmocka_unit_test(test_other_authority),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_self_signed),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_many_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
