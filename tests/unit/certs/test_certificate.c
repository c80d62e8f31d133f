#include "certs/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"

#define NOW INT64_C(1800000000)
#define DAY 86400

static X509 *parse(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(x509);
    return x509;
}

static void issued_certificates_carry_what_was_asked(void **state)
{
    (void)state;
    struct certs_pair ca = {0}, leaf = {0};
    struct error err = {0};
    assert_true(certs_make_authority("test-ca", NOW, 10 * DAY, &ca, &err));
    const char *groups[] = {"system:masters", "people", NULL};
    const char *dns[] = {"localhost", "metrics-server.kube-system.svc", NULL};
    const char *ips[] = {"127.0.0.1", "::1", NULL};
    const struct certs_subject subject = {.common_name = "kubernetes-admin",
                                          .organizations = groups,
                                          .dns_names = dns,
                                          .ip_addresses = ips,
                                          .is_server = true,
                                          .is_client = true};
    assert_true(certs_issue(&ca, &subject, NOW, DAY, &leaf, &err));
    X509 *x = parse(&leaf.certificate);
    assert_int_equal(X509_check_host(x, "metrics-server.kube-system.svc", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "other.svc", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_get_extended_key_usage(x) & (XKU_SSL_SERVER | XKU_SSL_CLIENT),
                     XKU_SSL_SERVER | XKU_SSL_CLIENT);
    char name[256];
    X509_NAME_oneline(X509_get_subject_name(x), name, sizeof name);
    assert_string_equal(name, "/O=system:masters/O=people/CN=kubernetes-admin");
    X509_free(x);
    int64_t not_after = 0;
    assert_true(certs_not_after(buf_str(&leaf.certificate), &not_after));
    assert_int_equal(not_after, NOW + DAY);
    x = parse(&ca.certificate);
    assert_int_equal(X509_check_ca(x), 1);
    X509_free(x);
    certs_pair_free(&leaf);
    certs_pair_free(&ca);
}

static void pairs_are_told_apart(void **state)
{
    (void)state;
    struct certs_pair ca = {0}, other = {0}, leaf = {0};
    struct error err = {0};
    const struct certs_subject subject = {.common_name = "x", .is_client = true};
    assert_true(certs_make_authority("ca", NOW, DAY, &ca, &err));
    assert_true(certs_make_authority("ca", NOW, DAY, &other, &err));
    assert_true(certs_issue(&ca, &subject, NOW, DAY, &leaf, &err));
    assert_true(certs_check_pair(buf_str(&leaf.certificate), buf_str(&leaf.key), buf_str(&ca.certificate), &err));
    assert_false(certs_check_pair(buf_str(&leaf.certificate), buf_str(&leaf.key), buf_str(&other.certificate), &err));
    assert_string_equal(err.message, "the certificate wasn't signed by this authority");
    assert_false(certs_check_pair(buf_str(&leaf.certificate), buf_str(&other.key), buf_str(&ca.certificate), &err));
    assert_string_equal(err.message, "the key doesn't belong to the certificate");
    assert_false(certs_check_pair(STR("junk"), buf_str(&leaf.key), buf_str(&ca.certificate), &err));
    assert_non_null(strstr(err.message, "certificate can't be read"));
    error_clear(&err);
    certs_pair_free(&leaf);
    certs_pair_free(&other);
    certs_pair_free(&ca);
}

static void bad_addresses_are_refused(void **state)
{
    (void)state;
    struct certs_pair out = {0};
    struct error err = {0};
    const char *ips[] = {"127.0.0.300", NULL};
    const struct certs_subject subject = {.common_name = "x", .ip_addresses = ips, .is_server = true};
    assert_false(certs_issue(NULL, &subject, NOW, DAY, &out, &err));
    assert_non_null(strstr(err.message, "\"127.0.0.300\" is no IP address"));
    error_clear(&err);
    certs_pair_free(&out);
}

static void keys_come_in_both_halves(void **state)
{
    (void)state;
    struct buf private_pem = {0}, public_pem = {0};
    struct error err = {0};
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &private_pem, &public_pem, &err));
    assert_true(str_starts_with(buf_str(&private_pem), STR("-----BEGIN PRIVATE KEY-----")));
    assert_true(str_starts_with(buf_str(&public_pem), STR("-----BEGIN PUBLIC KEY-----")));
    buf_free(&private_pem);
    buf_free(&public_pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issued_certificates_carry_what_was_asked),
        cmocka_unit_test(pairs_are_told_apart),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(keys_come_in_both_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
