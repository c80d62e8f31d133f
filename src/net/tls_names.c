#include "net/tls_names.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alloc.h"

/* Forward-secret AEAD suites: what Go offers for TLS 1.2 without the CBC ones. */
#define DEFAULT_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
/* TLS 1.0 and 1.1 have none of those. */
#define OLD_CIPHERS ":ECDHE+AES+SHA1"
/* OpenSSL holds TLS below 1.2 to be too weak for its default level. */
#define OLD_LEVEL ":@SECLEVEL=0"

bool tls_version_of(struct str name, int *out, struct error *err)
{
    static const struct {
        const char *name;
        int version;
    } versions[] = {
        {"", TLS1_2_VERSION},
        {"VersionTLS10", TLS1_VERSION},
        {"VersionTLS11", TLS1_1_VERSION},
        {"VersionTLS12", TLS1_2_VERSION},
        {"VersionTLS13", TLS1_3_VERSION},
    };

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (str_eq_cstr(name, versions[i].name)) {
            *out = versions[i].version;
            return true;
        }
    }
    return error_set(err, 0, "unknown tls version \"%.*s\"", STR_ARG(name));
}

static const struct {
    const char *go;
    const char *openssl; /* "": of TLS 1.3 */
} ciphers[] = {
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "ECDHE-ECDSA-RC4-SHA"},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-RC4-SHA"},
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA"},
};

static bool is_built_in(const char *cipher)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool is_known = context != NULL && SSL_CTX_set_cipher_list(context, cipher) == 1;

    SSL_CTX_free(context);
    ERR_clear_error();
    return is_known;
}

static bool add_cipher(const char *name, struct buf *to, struct error *err)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (strcmp(ciphers[i].go, name) != 0)
            continue;
        if (ciphers[i].openssl[0] == '\0')
            return true;
        if (!is_built_in(ciphers[i].openssl))
            return error_set(err, 0, "Cipher suite %s is left out of this OpenSSL as too weak", name);
        buf_printf(to, "%s%s", to->len > 0 ? ":" : "", ciphers[i].openssl);
        return true;
    }
    return error_set(err, 0, "Cipher suite %s not supported or doesn't exist", name);
}

bool tls_ciphers_of(char *const *names, size_t count, int min_version, struct buf *to, struct error *err)
{
    bool is_old = min_version < TLS1_2_VERSION;
    size_t before = to->len;

    if (count == 0)
        buf_add_cstr(to, is_old ? DEFAULT_CIPHERS OLD_CIPHERS : DEFAULT_CIPHERS);
    for (size_t i = 0; i < count; i++) {
        if (!add_cipher(names[i], to, err))
            return false;
    }
    if (to->len == before) { /* suites of TLS 1.3 alone: older versions can't be spoken */
        if (min_version < TLS1_3_VERSION)
            return error_set(err, 0,
                             "--tls-cipher-suites names suites of TLS 1.3 only: --tls-min-version=VersionTLS13 "
                             "says that");
        buf_add_cstr(to, DEFAULT_CIPHERS);
    }
    if (is_old)
        buf_add_cstr(to, OLD_LEVEL);
    return true;
}

bool tls_groups_of(const int64_t *ids, size_t count, struct buf *to, struct error *err)
{
    static const struct {
        int64_t id;
        const char *name;
    } groups[] = {{23, "P-256"}, {24, "P-384"}, {25, "P-521"}, {29, "X25519"}};
    enum {
        GROUPS = sizeof(groups) / sizeof(groups[0])
    };

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < GROUPS && groups[at].id != ids[i])
            at++;
        if (at == GROUPS)
            return error_set(err, 0,
                             "Curve preference %lld not supported or doesn't exist: there are 23 (P-256), 24 "
                             "(P-384), 25 (P-521), 29 (X25519)",
                             (long long)ids[i]);
        buf_printf(to, "%s%s", to->len > 0 ? ":" : "", groups[at].name);
    }
    return true;
}
