#include "cluster/jwt.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "kube/json_scan.h"
#include "kube/json_writer.h"
#include "net/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define MIN_KEY_BITS 2048

struct jwt_key {
    EVP_PKEY *pkey;
    bool can_sign;
    struct buf id;
};

/* --- keys --- */

static EVP_PKEY *read_pem(struct str pem, bool *can_sign)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    *can_sign = pkey != NULL;
    if (pkey == NULL) {
        ERR_clear_error();
        BIO_free(bio);
        bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
        pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    BIO_free(bio);
    return pkey;
}

static bool name_key(struct jwt_key *k)
{
    unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    int len = i2d_PUBKEY(k->pkey, &der);
    bool is_named = len > 0 && EVP_Digest(der, (size_t)len, digest, &digest_len, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    if (is_named)
        base64url_encode(&k->id, str_from((const char *)digest, digest_len));
    return is_named;
}

struct jwt_key *jwt_key_new(struct str pem, struct error *err)
{
    bool can_sign = false;
    EVP_PKEY *pkey = pem.len > 0 && pem.len <= JWT_MAX_BYTES ? read_pem(pem, &can_sign) : NULL;

    if (pkey == NULL) {
        tls_error(err, "no key in PEM");
        return NULL;
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pkey) < MIN_KEY_BITS) {
        EVP_PKEY_free(pkey);
        error_set(err, 0, "not an RSA key of %d bits or more", MIN_KEY_BITS);
        return NULL;
    }
    struct jwt_key *k = mem_zalloc(sizeof(*k));
    k->pkey = pkey;
    k->can_sign = can_sign;
    if (!name_key(k)) {
        tls_error(err, "digest of the public key");
        jwt_key_free(k);
        return NULL;
    }
    return k;
}

void jwt_key_free(struct jwt_key *k)
{
    if (k == NULL)
        return;
    EVP_PKEY_free(k->pkey);
    buf_free(&k->id);
    free(k);
}

bool jwt_key_can_sign(const struct jwt_key *k)
{
    return k->can_sign;
}

struct str jwt_key_id(const struct jwt_key *k)
{
    return buf_str(&k->id);
}

/* --- signing --- */

static bool sign_bytes(const struct jwt_key *key, struct str bytes, struct buf *signature, struct error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *to = (unsigned char *)buf_reserve(signature, len);
    bool is_signed = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
                     EVP_DigestSign(ctx, to, &len, (const unsigned char *)bytes.ptr, bytes.len) == 1;

    EVP_MD_CTX_free(ctx);
    if (!is_signed)
        return tls_error(err, "sign the token");
    buf_grow_by(signature, len);
    return true;
}

bool jwt_sign(struct buf *to, const struct jwt_key *key, struct str claims, struct error *err)
{
    auto_buf struct buf header = {0};
    auto_buf struct buf text = {0};
    auto_buf struct buf signature = {0};

    if (!key->can_sign)
        return error_set(err, 0, "a public key can't sign");
    buf_printf(&header, "{\"alg\":\"RS256\",\"kid\":\"%s\"}", buf_cstr(&key->id));
    base64url_encode(&text, buf_str(&header));
    buf_add_char(&text, '.');
    base64url_encode(&text, claims);
    if (!sign_bytes(key, buf_str(&text), &signature, err))
        return false;
    buf_add_str(to, buf_str(&text));
    buf_add_char(to, '.');
    base64url_encode(to, buf_str(&signature));
    return true;
}

/* --- reading --- */

static bool decode_part(struct arena *arena, struct str text, struct str *out)
{
    auto_buf struct buf bytes = {0};

    if (text.len == 0 || !base64url_decode(&bytes, text))
        return false;
    *out = arena_str(arena, buf_str(&bytes));
    return true;
}

static bool read_header(struct arena *arena, struct str json, struct jwt_parts *out, struct error *err)
{
    struct json_scan s = json_scan_of(json, arena);
    struct str key;
    bool is_critical = false;

    if (json_scan_peek(&s) != JSON_SCAN_OBJECT)
        return error_set(err, 400, "the token's header isn't a JSON object");
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("alg")))
            json_scan_str(&s, &out->algorithm);
        else if (str_eq(key, STR("kid")))
            json_scan_str(&s, &out->key_id);
        else if (str_eq(key, STR("crit")))
            is_critical = true;
    }
    if (!json_scan_finish(&s))
        return error_set(err, 400, "the token's header: %s", json_scan_fault(&s));
    if (is_critical)
        return error_set(err, 400, "the token's header demands extensions");
    return true;
}

bool jwt_parse(struct arena *arena, struct str token, struct jwt_parts *out, struct error *err)
{
    struct str header, claims, signature, json;
    struct jwt_parts parts = {0};

    if (token.len > JWT_MAX_BYTES)
        return error_set(err, 400, "the token is too long");
    if (!str_cut(token, '.', &header, &claims) || !str_cut(claims, '.', &claims, &signature) ||
        str_index(signature, '.') >= 0)
        return error_set(err, 400, "a token has three parts");
    if (!decode_part(arena, header, &json) || !decode_part(arena, claims, &parts.claims) ||
        !decode_part(arena, signature, &parts.signature))
        return error_set(err, 400, "a part of the token isn't base64url");
    if (!read_header(arena, json, &parts, err))
        return false;
    parts.signed_part = str_head(token, header.len + 1 + claims.len);
    *out = parts;
    return true;
}

static bool is_signed_by(const struct jwt_key *key, const struct jwt_parts *parts)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
                   EVP_DigestVerify(ctx, (const unsigned char *)parts->signature.ptr, parts->signature.len,
                                    (const unsigned char *)parts->signed_part.ptr, parts->signed_part.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error(); /* why it isn't is no fault of ours that a later call should report */
    return is_good;
}

bool jwt_verify(struct arena *arena, struct str token, struct jwt_key *const *keys, size_t key_count,
                struct str *claims, struct error *err)
{
    struct jwt_parts parts;
    bool is_good = false;

    if (!jwt_parse(arena, token, &parts, err))
        return false;
    if (!str_eq(parts.algorithm, STR("RS256")))
        return error_set(err, 401, "the token's algorithm isn't RS256");
    for (size_t i = 0; i < key_count && !is_good; i++) {
        if (parts.key_id.len == 0 || str_eq(parts.key_id, jwt_key_id(keys[i])))
            is_good = is_signed_by(keys[i], &parts);
    }
    if (!is_good)
        return error_set(err, 401, "the token isn't signed by any of our keys");
    *claims = parts.claims;
    return true;
}

/* --- JWKS --- */

static void write_number(struct json_writer *w, struct str name, const EVP_PKEY *pkey, const char *parameter)
{
    auto_buf struct buf bytes = {0};
    auto_buf struct buf text = {0};
    BIGNUM *n = NULL;

    if (EVP_PKEY_get_bn_param(pkey, parameter, &n) == 1) {
        int len = BN_bn2bin(n, (unsigned char *)buf_reserve(&bytes, (size_t)BN_num_bytes(n)));
        buf_grow_by(&bytes, (size_t)len);
    }
    BN_free(n);
    base64url_encode(&text, buf_str(&bytes));
    json_member_str(w, name, buf_str(&text));
}

void jwt_print_key_set(struct buf *to, struct jwt_key *const *keys, size_t key_count)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_write_key(&w, STR("keys"));
    json_open_array(&w);
    for (size_t i = 0; i < key_count; i++) {
        json_open_object(&w);
        json_member_cstr(&w, STR("use"), "sig");
        json_member_cstr(&w, STR("kty"), "RSA");
        json_member_str(&w, STR("kid"), jwt_key_id(keys[i]));
        json_member_cstr(&w, STR("alg"), "RS256");
        write_number(&w, STR("n"), keys[i]->pkey, OSSL_PKEY_PARAM_RSA_N);
        write_number(&w, STR("e"), keys[i]->pkey, OSSL_PKEY_PARAM_RSA_E);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}
