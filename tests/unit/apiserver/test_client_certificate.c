#include "apiserver/client_certificate.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Subjects are FIELD, VALUE, ... */
static const struct {
    const char *subject[9];
    const char *user; /* name and groups */
} cases[] = {
    {{"CN", "jane"}, "jane"},
    {{"O", "dev", "CN", "jane", "O", "ops"}, "jane dev ops"},
    {{"CN", "first", "CN", "last"}, "last"},
    {{"O", "dev"}, " dev"},
    {{NULL}, ""},
    {{"CN", "j\xc3\xb6rg"}, "j\xc3\xb6rg"},
};

static X509 *make(const char *const *subject)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();

    for (; *subject != NULL; subject += 2)
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), subject[0], MBSTRING_UTF8,
                                                    (const unsigned char *)subject[1], -1, -1, 0),
                         1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return x;
}

static void test_user(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf text = {0};
        X509 *x = make(cases[i].subject);
        struct user u = certificate_user(&arena, x);

        buf_add_str(&text, u.name);
        for (size_t g = 0; g < u.group_count; g++)
            buf_printf(&text, " %.*s", STR_ARG(u.groups[g]));
        assert_string_equal(buf_cstr(&text), cases[i].user);
        assert_int_equal(u.extra_count, 1);
        assert_true(str_eq(u.extra[0].key, STR("authentication.kubernetes.io/credential-id")));
        assert_true(str_starts_with(u.extra[0].values[0], STR("X509SHA256=")));
        X509_free(x);
    }
}

/* Verdicts end with the certificate, and after a while in any case; what was sent along is part of the question. */
static void test_remembered(void **state)
{
    static const char *const subject[] = {"CN", "jane", NULL};
    struct certificate_cache *c = certificate_cache_new();
    X509 *x = make(subject), *other = make(subject);
    STACK_OF(X509) *chain = sk_X509_new_null();

    (void)state;
    sk_X509_push(chain, other);
    certificate_verify(c, x, NULL, 0);
    certificate_verify(c, x, NULL, 59 * NS_PER_S);
    assert_int_equal(certificate_verifications(c), 1);
    certificate_verify(c, x, NULL, 60 * NS_PER_S);
    assert_int_equal(certificate_verifications(c), 2);
    const struct certificate_verdict *v = certificate_verify(c, x, chain, 60 * NS_PER_S);
    assert_int_equal(certificate_verifications(c), 3);
    assert_false(v->is_of_client_ca || v->is_of_proxy_ca);
    sk_X509_free(chain);
    X509_free(x);
    X509_free(other);
    certificate_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_user), cmocka_unit_test(test_remembered)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
