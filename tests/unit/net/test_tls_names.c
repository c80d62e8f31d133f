#include "net/tls_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <openssl/ssl.h>

#include "base/alloc.h"

static const struct {
    const char *name;
    int version; /* 0: an error */
} versions[] = {
    {"", TLS1_2_VERSION},
    {"VersionTLS10", TLS1_VERSION},
    {"VersionTLS11", TLS1_1_VERSION},
    {"VersionTLS12", TLS1_2_VERSION},
    {"VersionTLS13", TLS1_3_VERSION},
    {"VersionTLS14", 0},
    {"versiontls12", 0},
};

static void versions_have_gos_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        int version = 0;
        assert_int_equal(tls_version_of(str_of(versions[i].name), &version, NULL), versions[i].version != 0);
        assert_int_equal(version, versions[i].version);
    }
}

static const struct {
    const char *const names[3];
    size_t count;
    int min_version;
    const char *list; /* or the error */
    bool is_error;
} ciphers[] = {
    {{NULL}, 0, TLS1_2_VERSION, "ECDHE+AESGCM:ECDHE+CHACHA20", false},
    {{NULL}, 0, TLS1_VERSION, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES+SHA1:@SECLEVEL=0", false},
    {{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"},
     2,
     TLS1_2_VERSION,
     "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305",
     false},
    {{"TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384"}, 2, TLS1_2_VERSION, "AES256-GCM-SHA384", false},
    {{"TLS_AES_128_GCM_SHA256"}, 1, TLS1_3_VERSION, "ECDHE+AESGCM:ECDHE+CHACHA20", false},
    {{"TLS_AES_128_GCM_SHA256"},
     1,
     TLS1_2_VERSION,
     "--tls-cipher-suites names suites of TLS 1.3 only: --tls-min-version=VersionTLS13 says that",
     true},
    {{"TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
     1,
     TLS1_2_VERSION,
     "Cipher suite TLS_RSA_WITH_3DES_EDE_CBC_SHA is left out of this OpenSSL as too weak",
     true},
    {{"ECDHE-RSA-AES128-GCM-SHA256"},
     1,
     TLS1_2_VERSION,
     "Cipher suite ECDHE-RSA-AES128-GCM-SHA256 not supported or doesn't exist",
     true},
};

static void ciphers_become_a_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        auto_buf struct buf list = {0};
        auto_error struct error err = {0};
        bool ok = tls_ciphers_of((char *const *)(uintptr_t)ciphers[i].names, ciphers[i].count, ciphers[i].min_version,
                                 &list, &err);
        assert_int_equal(ok, !ciphers[i].is_error);
        assert_string_equal(ok ? buf_cstr(&list) : error_text(&err), ciphers[i].list);
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        assert_true(!ok || SSL_CTX_set_cipher_list(context, buf_cstr(&list)) == 1);
        SSL_CTX_free(context);
    }
}

static void groups_have_numbers(void **state)
{
    (void)state;
    auto_buf struct buf list = {0};
    auto_error struct error err = {0};

    assert_true(tls_groups_of((const int64_t[]){29, 23}, 2, &list, &err));
    assert_string_equal(buf_cstr(&list), "X25519:P-256");
    assert_false(tls_groups_of((const int64_t[]){4588}, 1, &list, &err));
    assert_non_null(strstr(error_text(&err), "4588"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_have_gos_names),
        cmocka_unit_test(ciphers_become_a_list),
        cmocka_unit_test(groups_have_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
