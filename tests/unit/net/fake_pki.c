#include "fake_pki.h"

#include "base/alloc.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct fake_pki {
    EVP_PKEY *key;
    X509 *ca;
    long serial;
};

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert(extension != NULL);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(struct fake_pki *pki, EVP_PKEY *key, const char *common_name)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++pki->serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600L * 24);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_issuer_name(cert, pki->ca != NULL ? X509_get_subject_name(pki->ca) : name);
    return cert;
}

struct fake_pki *fake_pki_new(const char *common_name)
{
    struct fake_pki *pki = mem_zalloc(sizeof(*pki));

    pki->key = EVP_EC_gen("P-256");
    pki->ca = make(pki, pki->key, common_name);
    add_extension(pki->ca, pki->ca, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(pki->ca, pki->ca, NID_key_usage, "critical,keyCertSign,digitalSignature");
    X509_sign(pki->ca, pki->key, EVP_sha256());
    return pki;
}

void fake_pki_free(struct fake_pki *pki)
{
    if (pki == NULL)
        return;
    X509_free(pki->ca);
    EVP_PKEY_free(pki->key);
    free(pki);
}

static void add_bio(struct buf *to, BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);

    buf_add(to, bytes, (size_t)len);
    BIO_free(bio);
}

static void add_cert(struct buf *to, X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_X509(bio, cert);
    add_bio(to, bio);
}

void fake_pki_ca(const struct fake_pki *pki, struct buf *pem)
{
    add_cert(pem, pki->ca);
}

void fake_pki_issue(struct fake_pki *pki, const char *common_name, const char *san, struct buf *cert_pem,
                    struct buf *key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make(pki, key, common_name);
    BIO *bio = BIO_new(BIO_s_mem());

    if (san != NULL)
        add_extension(cert, pki->ca, NID_subject_alt_name, san);
    add_extension(cert, pki->ca, NID_ext_key_usage, "serverAuth,clientAuth");
    X509_sign(cert, pki->key, EVP_sha256());
    add_cert(cert_pem, cert);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    add_bio(key_pem, bio);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void fake_pki_make(struct fake_pki *pki, const struct fake_certificate *what, struct buf *cert_pem, struct buf *key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make(pki, key, what->common_name);
    BIO *bio = BIO_new(BIO_s_mem());

    X509_gmtime_adj(X509_getm_notBefore(cert), what->not_before_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), what->not_after_s);
    if (what->san != NULL)
        add_extension(cert, pki->ca, NID_subject_alt_name, what->san);
    if (what->extended_usage != NULL)
        add_extension(cert, pki->ca, NID_ext_key_usage, what->extended_usage);
    if (what->usage != NULL)
        add_extension(cert, pki->ca, NID_key_usage, what->usage);
    X509_sign(cert, pki->key, EVP_sha256());
    add_cert(cert_pem, cert);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    add_bio(key_pem, bio);
    X509_free(cert);
    EVP_PKEY_free(key);
}

struct fake_pki *fake_pki_below(struct fake_pki *pki, const char *common_name)
{
    struct fake_pki *below = mem_zalloc(sizeof(*below));

    below->key = EVP_EC_gen("P-256");
    below->ca = make(pki, below->key, common_name);
    add_extension(below->ca, pki->ca, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(below->ca, pki->ca, NID_key_usage, "critical,keyCertSign,digitalSignature");
    X509_sign(below->ca, pki->key, EVP_sha256());
    return below;
}
