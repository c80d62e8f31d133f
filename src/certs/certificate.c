#include "certs/certificate.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "net/tls.h"

/* RFC 5280 limits serial numbers to 20 octets; 16 random ones never repeat. */
#define SERIAL_BYTES 16

static void free_key(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

static void free_x509(X509 **p)
{
    X509_free(*p);
}

static void free_bio(BIO **p)
{
    BIO_free(*p);
}

#define auto_key __attribute__((cleanup(free_key)))
#define auto_x509 __attribute__((cleanup(free_x509)))
#define auto_bio __attribute__((cleanup(free_bio)))

void certs_pair_free(struct certs_pair *pair)
{
    buf_free(&pair->certificate);
    if (pair->key.ptr != NULL)
        OPENSSL_cleanse(pair->key.ptr, pair->key.len);
    buf_free(&pair->key);
}

static EVP_PKEY *new_key(enum certs_key_type type)
{
    return type == CERTS_KEY_RSA_2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static void take_bio(BIO *from, struct buf *to)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(from, &bytes);
    buf_add(to, bytes, (size_t)len);
}

static bool key_to_pem(EVP_PKEY *key, struct buf *out)
{
    auto_bio BIO *bio = BIO_new(BIO_s_secmem());
    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return false;
    take_bio(bio, out);
    return true;
}

static EVP_PKEY *key_from_pem(struct str pem)
{
    auto_bio BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    return bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
}

static X509 *x509_from_pem(struct str pem)
{
    auto_bio BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    return bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

static bool public_to_pem(EVP_PKEY *key, struct buf *out)
{
    auto_bio BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_PUBKEY(bio, key) != 1)
        return false;
    take_bio(bio, out);
    return true;
}

bool certs_make_key(enum certs_key_type type, struct buf *private_pem, struct buf *public_pem, struct error *err)
{
    auto_key EVP_PKEY *key = new_key(type);
    if (key == NULL || !key_to_pem(key, private_pem) || (public_pem != NULL && !public_to_pem(key, public_pem)))
        return tls_error(err, "make a key pair");
    return true;
}

bool certs_public_key(struct str private_pem, struct buf *public_pem, struct error *err)
{
    auto_key EVP_PKEY *key = key_from_pem(private_pem);
    if (key == NULL || !public_to_pem(key, public_pem))
        return tls_error(err, "no private key");
    return true;
}

static bool add_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (extension == NULL)
        return false;
    bool is_added = X509_add_ext(to, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1;
}

static bool set_subject(X509 *x509, const struct certs_subject *subject)
{
    X509_NAME *name = X509_get_subject_name(x509);
    for (const char *const *o = subject->organizations; o != NULL && *o != NULL; o++) {
        if (!add_name(name, "O", *o))
            return false;
    }
    return add_name(name, "CN", subject->common_name);
}

static bool add_alternative_names(X509 *x509, const struct certs_subject *subject, struct error *err)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool is_good = names != NULL;
    for (const char *const *dns = subject->dns_names; is_good && dns != NULL && *dns != NULL; dns++) {
        GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, *dns, 0);
        is_good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
    }
    for (const char *const *ip = subject->ip_addresses; is_good && ip != NULL && *ip != NULL; ip++) {
        GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_IPADD, *ip, 0);
        is_good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (name == NULL)
            tls_error(err, "\"%s\" is no IP address", *ip);
    }
    if (is_good && sk_GENERAL_NAME_num(names) > 0)
        is_good = X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return is_good;
}

static bool set_serial(X509 *x509)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool is_set = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
    BN_free(number);
    return is_set;
}

static bool add_usage(X509 *x509, X509 *issuer, const struct certs_subject *subject)
{
    if (subject == NULL) {
        return add_extension(x509, issuer, NID_basic_constraints, "critical,CA:TRUE") &&
               add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign") &&
               add_extension(x509, issuer, NID_subject_key_identifier, "hash");
    }
    const char *extended = "clientAuth";
    if (subject->is_server)
        extended = subject->is_client ? "serverAuth,clientAuth" : "serverAuth";
    return add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
           add_extension(x509, issuer, NID_ext_key_usage, extended) &&
           (issuer == x509 || add_extension(x509, issuer, NID_authority_key_identifier, "keyid"));
}

/* SUBJECT NULL: a CA called COMMON_NAME. ISSUER and ISSUER_KEY NULL: self-signed. */
static bool make(const char *common_name, const struct certs_subject *subject, X509 *issuer, EVP_PKEY *issuer_key,
                 int64_t not_before, int64_t valid_seconds, struct certs_pair *out, struct error *err)
{
    auto_key EVP_PKEY *key = new_key(CERTS_KEY_ECDSA_P256);
    auto_x509 X509 *x509 = X509_new();
    const struct certs_subject authority = {.common_name = common_name};
    if (key == NULL || x509 == NULL || !set_serial(x509))
        return tls_error(err, "certificate for %s", common_name);
    if (issuer == NULL)
        issuer = x509;
    bool is_made = X509_set_version(x509, X509_VERSION_3) == 1 &&
                   ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)not_before) != NULL &&
                   ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)(not_before + valid_seconds)) != NULL &&
                   X509_set_pubkey(x509, key) == 1 && set_subject(x509, subject != NULL ? subject : &authority) &&
                   X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 && add_usage(x509, issuer, subject);
    if (!is_made)
        return tls_error(err, "certificate for %s", common_name);
    if (subject != NULL && !add_alternative_names(x509, subject, err))
        return error_wrap(err, "certificate for %s", common_name);
    if (X509_sign(x509, issuer_key != NULL ? issuer_key : key, EVP_sha256()) == 0 || !key_to_pem(key, &out->key))
        return tls_error(err, "sign the certificate for %s", common_name);
    auto_bio BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_X509(bio, x509) != 1)
        return tls_error(err, "write the certificate for %s", common_name);
    take_bio(bio, &out->certificate);
    return true;
}

bool certs_make_authority(const char *common_name, int64_t not_before, int64_t valid_seconds, struct certs_pair *out,
                          struct error *err)
{
    return make(common_name, NULL, NULL, NULL, not_before, valid_seconds, out, err);
}

bool certs_issue(const struct certs_pair *authority, const struct certs_subject *subject, int64_t not_before,
                 int64_t valid_seconds, struct certs_pair *out, struct error *err)
{
    if (authority == NULL)
        return make(subject->common_name, subject, NULL, NULL, not_before, valid_seconds, out, err);
    auto_x509 X509 *issuer = x509_from_pem(buf_str(&authority->certificate));
    auto_key EVP_PKEY *issuer_key = key_from_pem(buf_str(&authority->key));
    if (issuer == NULL || issuer_key == NULL)
        return tls_error(err, "read the certificate authority");
    return make(subject->common_name, subject, issuer, issuer_key, not_before, valid_seconds, out, err);
}

bool certs_not_after(struct str pem, int64_t *out)
{
    auto_x509 X509 *x509 = x509_from_pem(pem);
    struct tm when;
    ERR_clear_error();
    if (x509 == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(x509), &when) != 1)
        return false;
    *out = (int64_t)timegm(&when);
    return true;
}

bool certs_check_pair(struct str certificate_pem, struct str key_pem, struct str authority_pem, struct error *err)
{
    auto_x509 X509 *x509 = x509_from_pem(certificate_pem);
    auto_x509 X509 *issuer = x509_from_pem(authority_pem);
    auto_key EVP_PKEY *key = key_from_pem(key_pem);
    if (x509 == NULL || key == NULL || issuer == NULL)
        return tls_error(err, "%s can't be read", x509 == NULL ? "certificate" : key == NULL ? "key" : "authority");
    if (X509_check_private_key(x509, key) != 1) {
        ERR_clear_error();
        return error_set(err, EINVAL, "the key doesn't belong to the certificate");
    }
    if (X509_verify(x509, X509_get0_pubkey(issuer)) != 1) {
        ERR_clear_error();
        return error_set(err, EINVAL, "the certificate wasn't signed by this authority");
    }
    return true;
}
