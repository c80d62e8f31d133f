#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"

struct tls_trust {
    X509_STORE *store; /* owned */
};

static int no_passphrase(char *to, int size, int is_writing, void *arg)
{
    (void)to, (void)size, (void)is_writing, (void)arg;
    return 0;
}

X509_STORE *tls_store_new(struct str ca_pem, struct error *err)
{
    ERR_clear_error();
    BIO *bio = ca_pem.len <= INT32_MAX ? BIO_new_mem_buf(ca_pem.len > 0 ? ca_pem.ptr : "", (int)ca_pem.len) : NULL;
    X509_STORE *store = X509_STORE_new();
    if (bio == NULL || store == NULL) {
        BIO_free(bio);
        X509_STORE_free(store);
        tls_error(err, "CA certificates");
        return NULL;
    }
    size_t count = 0;
    X509 *ca;
    while ((ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        X509_STORE_add_cert(store, ca); /* takes its own reference; a duplicate is no error */
        X509_free(ca);
        count++;
    }
    bool is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    BIO_free(bio);
    if (count == 0 || !is_whole) {
        X509_STORE_free(store);
        if (!is_whole)
            tls_error(err, "CA certificate %zu", count + 1);
        else
            error_set(err, EPROTO, "no CA certificate in PEM format");
        ERR_clear_error();
        return NULL;
    }
    ERR_clear_error();
    /* As Go does: whatever is in the set is trusted, self-signed or not. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

struct tls_trust *tls_trust_new(struct str ca_pem, struct error *err)
{
    X509_STORE *store = tls_store_new(ca_pem, err);
    if (store == NULL)
        return NULL;
    struct tls_trust *t = mem_alloc(sizeof(*t));
    t->store = store;
    return t;
}

void tls_trust_free(struct tls_trust *t)
{
    if (t == NULL)
        return;
    X509_STORE_free(t->store);
    free(t);
}

bool tls_verify_client(const struct tls_trust *trust, X509 *certificate, STACK_OF(X509) * chain, struct error *err)
{
    ERR_clear_error();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool ok = ctx != NULL && X509_STORE_CTX_init(ctx, trust->store, certificate, chain) == 1 &&
              X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1;
    if (!ok)
        tls_error(err, "verify certificate");
    else if (X509_verify_cert(ctx) != 1)
        ok = tls_verify_error(err, ctx, NULL);
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static void add_asn1(struct buf *to, const ASN1_STRING *s)
{
    /* Names come from the peer: only printable ASCII goes into a message. */
    const unsigned char *bytes = ASN1_STRING_get0_data(s);
    int length = ASN1_STRING_length(s);
    for (int i = 0; i < length && i < 253; i++)
        buf_add_char(to, bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?');
}

static bool add_ip(struct buf *to, const ASN1_OCTET_STRING *ip)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(ip);
    if (length != 4 && length != 16)
        return false;
    inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip), text, sizeof(text));
    buf_add_cstr(to, text);
    return true;
}

/* Appends the names of one kind, "DNS a, DNS b"; returns how many. */
static int add_names(struct buf *to, const GENERAL_NAMES *names, int type, int count)
{
    static const int names_shown_max = 20; /* a certificate may hold thousands */
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != type)
            continue;
        if (count == names_shown_max)
            buf_add_cstr(to, ", ...");
        if (++count > names_shown_max)
            continue;
        if (count > 1)
            buf_add_cstr(to, ", ");
        buf_add_cstr(to, type == GEN_DNS ? "DNS " : "IP ");
        if (type == GEN_DNS)
            add_asn1(to, name->d.dNSName);
        else if (!add_ip(to, name->d.iPAddress))
            buf_add_cstr(to, "(malformed)");
    }
    return count;
}

void tls_certificate_names(struct buf *to, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int dns = add_names(to, names, GEN_DNS, 0);
    int all = add_names(to, names, GEN_IPADD, dns);
    if (all == 0)
        buf_add_cstr(to, "no DNS names and no IP addresses");
    else if (all == dns)
        buf_add_cstr(to, " and no IP addresses");
    GENERAL_NAMES_free(names);
    ERR_clear_error();
}

static bool add_common_name(struct buf *to, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0)
        return false;
    const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    if (ASN1_STRING_length(s) == 0)
        return false;
    add_asn1(to, s);
    return true;
}

void tls_certificate_title(struct buf *to, X509 *certificate)
{
    if (add_common_name(to, X509_get_subject_name(certificate)))
        return;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        bool is_named = false;
        if (name->type == GEN_DNS) {
            add_asn1(to, name->d.dNSName);
            is_named = true;
        } else if (name->type == GEN_IPADD) {
            is_named = add_ip(to, name->d.iPAddress);
        }
        if (is_named) {
            GENERAL_NAMES_free(names);
            return;
        }
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    buf_add_cstr(to, "serial ");
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    for (int i = 0; i < ASN1_STRING_length(serial) && i < 20; i++)
        buf_printf(to, "%02x", ASN1_STRING_get0_data(serial)[i]);
}

static void add_time(struct buf *to, const ASN1_TIME *t)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(t, &tm) != 1) {
        buf_add_cstr(to, "(malformed time)");
        return;
    }
    buf_printf(to, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
               tm.tm_min, tm.tm_sec);
}

static void add_extended_usages(struct buf *to, X509 *certificate)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && i < 8; i++) {
        char text[64];
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));
        if (nid != NID_undef)
            snprintf(text, sizeof(text), "%s", OBJ_nid2sn(nid));
        else
            OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usages, i), 1);
        buf_printf(to, "%s%s", i > 0 ? ", " : "", text);
    }
    EXTENDED_KEY_USAGE_free(usages);
    ERR_clear_error();
}

/* "certificate of X" when it is the peer's own, "CA certificate of X" further up. */
static void add_whose(struct buf *to, X509_STORE_CTX *ctx, X509 *certificate)
{
    if (X509_STORE_CTX_get_error_depth(ctx) > 0)
        buf_add_cstr(to, "CA ");
    buf_add_cstr(to, "certificate of ");
    tls_certificate_title(to, certificate);
}

static void add_issuer(struct buf *to, X509 *certificate)
{
    if (!add_common_name(to, X509_get_issuer_name(certificate)))
        buf_add_cstr(to, "an unnamed CA");
}

static void add_purpose(struct buf *to, X509 *certificate, bool is_server)
{
    buf_printf(to, " can't be used by a %s: ", is_server ? "server" : "client");
    if (X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) < 0) {
        buf_add_cstr(to, "its key usage forbids it");
        return;
    }
    buf_add_cstr(to, "its extended key usage is ");
    add_extended_usages(to, certificate);
}

bool tls_verify_error(struct error *err, X509_STORE_CTX *ctx, const char *wanted_name)
{
    auto_buf struct buf text = {0};
    int code = X509_STORE_CTX_get_error(ctx);
    X509 *certificate = X509_STORE_CTX_get_current_cert(ctx);
    if (certificate == NULL)
        certificate = X509_STORE_CTX_get0_cert(ctx);
    if (certificate == NULL)
        return error_set(err, EPROTO, "%s", X509_verify_cert_error_string(code));
    add_whose(&text, ctx, certificate);
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        buf_add_cstr(&text, " expired at ");
        add_time(&text, X509_get0_notAfter(certificate));
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        buf_add_cstr(&text, " isn't valid before ");
        add_time(&text, X509_get0_notBefore(certificate));
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        buf_printf(&text, " isn't valid for %s: it has ", wanted_name != NULL ? wanted_name : "this name");
        tls_certificate_names(&text, certificate);
        break;
    case X509_V_ERR_INVALID_PURPOSE:
        add_purpose(&text, certificate, wanted_name != NULL);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        buf_add_cstr(&text, " is self-signed and not trusted");
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        buf_add_cstr(&text, " was issued by ");
        add_issuer(&text, certificate);
        buf_add_cstr(&text, ", which is not trusted");
        break;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        buf_add_cstr(&text, " names ");
        add_issuer(&text, certificate);
        buf_add_cstr(&text, " as its issuer, but wasn't signed by the one that is trusted");
        break;
    default:
        buf_printf(&text, ": %s", X509_verify_cert_error_string(code));
    }
    return error_set(err, EPROTO, "%s", buf_cstr(&text));
}
