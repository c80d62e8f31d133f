#include "apiserver/client_certificate.h"

#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lru.h"

#define VERDICTS_MAX ((size_t)1024)
#define GOOD_TTL_NS (5 * 60 * NS_PER_S)
#define BAD_TTL_NS (60 * NS_PER_S)

struct certificate_cache {
    struct tls_trust *client_ca; /* owned; NULL: none */
    struct tls_trust *proxy_ca;
    struct lru *verdicts; /* fingerprint -> struct kept_verdict */
    uint64_t verifications;
};

struct kept_verdict {
    struct certificate_verdict verdict;
    struct arena arena;
};

static void free_verdict(void *value)
{
    struct kept_verdict *kept = value;

    arena_free(&kept->arena);
    free(kept);
}

struct certificate_cache *certificate_cache_new(void)
{
    struct certificate_cache *c = mem_zalloc(sizeof(*c));

    c->verdicts = lru_new(VERDICTS_MAX, free_verdict);
    return c;
}

void certificate_cache_free(struct certificate_cache *c)
{
    if (c == NULL)
        return;
    tls_trust_free(c->client_ca);
    tls_trust_free(c->proxy_ca);
    lru_free(c->verdicts);
    free(c);
}

void certificate_cache_set_client_ca(struct certificate_cache *c, struct tls_trust *trust)
{
    tls_trust_free(c->client_ca);
    c->client_ca = trust;
    lru_clear(c->verdicts);
}

void certificate_cache_set_proxy_ca(struct certificate_cache *c, struct tls_trust *trust)
{
    tls_trust_free(c->proxy_ca);
    c->proxy_ca = trust;
    lru_clear(c->verdicts);
}

bool certificate_cache_has_client_ca(const struct certificate_cache *c)
{
    return c->client_ca != NULL;
}

bool certificate_cache_has_proxy_ca(const struct certificate_cache *c)
{
    return c->proxy_ca != NULL;
}

uint64_t certificate_verifications(const struct certificate_cache *c)
{
    return c->verifications;
}

static bool digest_certificate(EVP_MD_CTX *ctx, X509 *certificate)
{
    unsigned char *der = NULL;
    int length = i2d_X509(certificate, &der);
    bool ok = length > 0 && EVP_DigestUpdate(ctx, der, (size_t)length) == 1;

    OPENSSL_free(der);
    return ok;
}

/* SHA-256 over the certificate and those that came with it. */
static bool fingerprint(X509 *certificate, STACK_OF(X509) * chain, unsigned char out[EVP_MAX_MD_SIZE],
                        unsigned *out_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && digest_certificate(ctx, certificate);

    for (int i = 0; ok && i < sk_X509_num(chain); i++)
        ok = digest_certificate(ctx, sk_X509_value(chain, i));
    ok = ok && EVP_DigestFinal_ex(ctx, out, out_len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* The entry at index AT as UTF-8 in ARENA; "" when it can't be converted. */
static struct str entry_text(struct arena *arena, const X509_NAME *name, int at)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    struct str text = length > 0 ? arena_str(arena, str_from((const char *)utf8, (size_t)length)) : STR("");

    OPENSSL_free(utf8);
    return text;
}

static struct str credential_id(struct arena *arena, X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    auto_buf struct buf text = {0};

    if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
        return STR("");
    buf_add_cstr(&text, "X509SHA256=");
    for (unsigned i = 0; i < length; i++)
        buf_printf(&text, "%02x", digest[i]);
    return arena_str(arena, buf_str(&text));
}

struct user certificate_user(struct arena *arena, X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    struct user u = {0};
    struct str_list groups = {0};
    int at = -1;

    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
        u.name = entry_text(arena, subject, at); /* the last one counts */
    while ((at = X509_NAME_get_index_by_NID(subject, NID_organizationName, at)) >= 0)
        str_list_add(&groups, arena, entry_text(arena, subject, at));
    u.groups = groups.items;
    u.group_count = groups.count;
    const struct label id = {STR("authentication.kubernetes.io/credential-id"), credential_id(arena, certificate)};
    user_set_extra(&u, arena, &id, id.value.len > 0);
    return u;
}

static bool verify(const struct tls_trust *trust, X509 *certificate, STACK_OF(X509) * chain, struct arena *arena,
                   struct str *fault)
{
    auto_error struct error err = {0};

    if (trust == NULL || tls_verify_client(trust, certificate, chain, &err))
        return trust != NULL;
    *fault = arena_str(arena, str_of(error_text(&err)));
    return false;
}

/* How long the verdict holds: never past the certificate's own end. */
static int64_t verdict_ttl_ns(const struct certificate_verdict *v, X509 *certificate)
{
    int days, seconds;

    if (!v->is_of_client_ca && !v->is_of_proxy_ca)
        return BAD_TTL_NS;
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1 || days > 1)
        return GOOD_TTL_NS;
    int64_t left_ns = (days * INT64_C(86400) + seconds) * NS_PER_S;
    return left_ns < GOOD_TTL_NS ? left_ns : GOOD_TTL_NS;
}

const struct certificate_verdict *certificate_verify(struct certificate_cache *c, X509 *certificate,
                                                     STACK_OF(X509) * chain, int64_t now_ns)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (!fingerprint(certificate, chain, digest, &length))
        return NULL;
    struct str key = str_from((const char *)digest, length);
    struct kept_verdict *kept = lru_get(c->verdicts, key, now_ns);
    if (kept != NULL)
        return &kept->verdict;
    kept = mem_zalloc(sizeof(*kept));
    struct certificate_verdict *v = &kept->verdict;
    c->verifications++;
    v->is_of_proxy_ca = verify(c->proxy_ca, certificate, chain, &kept->arena, &v->proxy_fault);
    v->is_of_client_ca = verify(c->client_ca, certificate, chain, &kept->arena, &v->client_fault);
    if (v->is_of_proxy_ca || v->is_of_client_ca) /* of strangers nothing is read or kept */
        v->user = certificate_user(&kept->arena, certificate);
    lru_put(c->verdicts, key, kept, now_ns + verdict_ttl_ns(v, certificate));
    return v;
}
