#include "cluster/jwt.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "certs/certificate.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct keys {
    struct buf private_pem, public_pem, other_pem, ec_pem;
    struct jwt_key *own, *public, *other;
};

static int setup(void **state)
{
    struct keys *k = mem_zalloc(sizeof(*k));
    struct error err = {0};
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &k->private_pem, &k->public_pem, &err));
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &k->other_pem, NULL, &err));
    assert_true(certs_make_key(CERTS_KEY_ECDSA_P256, &k->ec_pem, NULL, &err));
    k->own = jwt_key_new(buf_str(&k->private_pem), &err);
    k->public = jwt_key_new(buf_str(&k->public_pem), &err);
    k->other = jwt_key_new(buf_str(&k->other_pem), &err);
    assert_true(k->own != NULL && k->public != NULL && k->other != NULL);
    *state = k;
    return 0;
}

static int teardown(void **state)
{
    struct keys *k = *state;
    jwt_key_free(k->own);
    jwt_key_free(k->public);
    jwt_key_free(k->other);
    buf_free(&k->private_pem);
    buf_free(&k->public_pem);
    buf_free(&k->other_pem);
    buf_free(&k->ec_pem);
    free(k);
    return 0;
}

#define CLAIMS STR("{\"sub\":\"x\",\"n\":1}")

static bool verify(struct jwt_key *key, struct str token, struct error *err)
{
    auto_arena struct arena arena = {0};
    struct str claims;
    bool is_good = jwt_verify(&arena, token, &key, 1, &claims, err);
    if (is_good)
        assert_true(str_eq(claims, CLAIMS));
    return is_good;
}

static void test_round_trip(void **state)
{
    struct keys *k = *state;
    auto_buf struct buf token = {0};
    auto_error struct error err = {0};
    assert_true(jwt_key_can_sign(k->own) && !jwt_key_can_sign(k->public));
    assert_true(str_eq(jwt_key_id(k->own), jwt_key_id(k->public)));
    assert_false(str_eq(jwt_key_id(k->own), jwt_key_id(k->other)));
    assert_true(jwt_sign(&token, k->own, CLAIMS, &err));
    assert_true(verify(k->public, buf_str(&token), &err));
    assert_true(verify(k->own, buf_str(&token), &err));
    assert_false(jwt_sign(&token, k->public, CLAIMS, &err));
}

static void test_keys_that_are_refused(void **state)
{
    struct keys *k = *state;
    auto_error struct error err = {0};
    assert_null(jwt_key_new(buf_str(&k->ec_pem), &err));
    assert_string_equal(error_text(&err), "not an RSA key of 2048 bits or more");
    assert_null(jwt_key_new(STR(""), NULL));
    assert_null(jwt_key_new(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), NULL));
}

/* HEADER and CLAIMS as a token, signed by KEY's RSA (RS256) or, with SECRET, by HMAC; or not at all. */
static void forge(struct buf *to, const char *header, struct str claims, struct str secret)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    base64url_encode(to, str_of(header));
    buf_add_char(to, '.');
    base64url_encode(to, claims);
    if (secret.len > 0)
        HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)to->ptr, to->len, mac, &len);
    buf_add_char(to, '.');
    base64url_encode(to, str_from((const char *)mac, len));
}

static void test_forged(void **state)
{
    struct keys *k = *state;
    auto_buf struct buf good = {0};
    struct str header, claims, signature, rest;
    assert_true(jwt_sign(&good, k->own, CLAIMS, NULL));
    str_cut(buf_str(&good), '.', &header, &rest);
    str_cut(rest, '.', &claims, &signature);

    auto_buf struct buf none = {0}, none_signed = {0}, hmac = {0}, other = {0}, swapped = {0}, critical = {0},
                        lower = {0};
    forge(&none, "{\"alg\":\"none\"}", CLAIMS, STR(""));
    buf_printf(&none_signed, "eyJhbGciOiJub25lIn0.%.*s.%.*s", STR_ARG(claims), STR_ARG(signature));
    forge(&hmac, "{\"alg\":\"HS256\"}", CLAIMS, buf_str(&k->public_pem));
    assert_true(jwt_sign(&other, k->other, CLAIMS, NULL));
    buf_printf(&swapped, "%.*s.eyJzdWIiOiJyb290In0.%.*s", STR_ARG(header), STR_ARG(signature));
    forge(&critical, "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", CLAIMS, STR("x"));
    forge(&lower, "{\"alg\":\"rs256\"}", CLAIMS, STR("x"));
    const struct {
        const char *name;
        struct str token;
        const char *why;
    } cases[] = {
        {"no signature", buf_str(&none), "a part of the token isn't base64url"},
        {"alg none", buf_str(&none_signed), "the token's algorithm isn't RS256"},
        {"HS256 with the public key", buf_str(&hmac), "the token's algorithm isn't RS256"},
        {"another key", buf_str(&other), "the token isn't signed by any of our keys"},
        {"claims changed", buf_str(&swapped), "the token isn't signed by any of our keys"},
        {"crit", buf_str(&critical), "the token's header demands extensions"},
        {"case of alg", buf_str(&lower), "the token's algorithm isn't RS256"},
        {"two parts", STR("a.b"), "a token has three parts"},
        {"four parts", STR("YQ.YQ.YQ.YQ"), "a token has three parts"},
        {"nothing", STR(""), "a token has three parts"},
        {"padding", STR("e30=.e30.YQ"), "a part of the token isn't base64url"},
        {"header no JSON", STR("YQ.e30.YQ"), "the token's header isn't a JSON object"},
        {"header an array", STR("W10.e30.YQ"), "the token's header isn't a JSON object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        if (verify(k->public, cases[i].token, &err))
            fail_msg("%s: accepted", cases[i].name);
        if (strncmp(error_text(&err), cases[i].why, strlen(cases[i].why)) != 0)
            fail_msg("%s: %s", cases[i].name, error_text(&err));
    }
}

/* Each bit of a token counts. */
static void test_flipped_bits(void **state)
{
    struct keys *k = *state;
    auto_buf struct buf token = {0};
    assert_true(jwt_sign(&token, k->own, CLAIMS, NULL));
    for (size_t i = 0; i < token.len; i += 3) {
        token.ptr[i] ^= 1;
        assert_false(verify(k->public, buf_str(&token), NULL));
        token.ptr[i] ^= 1;
    }
    assert_true(verify(k->public, buf_str(&token), NULL));
}

static void test_too_long(void **state)
{
    struct keys *k = *state;
    auto_buf struct buf token = {0};
    auto_error struct error err = {0};
    for (size_t i = 0; i <= JWT_MAX_BYTES; i++)
        buf_add_char(&token, 'a');
    assert_false(verify(k->public, buf_str(&token), &err));
    assert_string_equal(error_text(&err), "the token is too long");
}

static void test_key_set(void **state)
{
    struct keys *k = *state;
    auto_buf struct buf json = {0};
    auto_buf struct buf start = {0};
    jwt_print_key_set(&json, &k->public, 1);
    buf_printf(&start, "{\"keys\":[{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"%.*s\",\"alg\":\"RS256\",\"n\":\"",
               STR_ARG(jwt_key_id(k->own)));
    assert_true(str_starts_with(buf_str(&json), buf_str(&start)));
    assert_true(str_ends_with(buf_str(&json), STR("\",\"e\":\"AQAB\"}]}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_keys_that_are_refused),
        cmocka_unit_test(test_forged),     cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_too_long),   cmocka_unit_test(test_key_set),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
