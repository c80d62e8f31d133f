#include "net/tls_sni.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/buf.h"

struct entry {
    char *name; /* owned; lower case */
    SSL_CTX *context;
    bool is_given; /* not taken from the certificate */
};

struct tls_sni {
    struct entry *entries; /* owned */
    size_t count;
    SSL_CTX **contexts; /* owned */
    size_t context_count;
};

static int table_index, address_index;

static void free_table(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    struct tls_sni *t = ptr;

    (void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->entries[i].name);
    for (size_t i = 0; i < t->context_count; i++)
        SSL_CTX_free(t->contexts[i]);
    free(t->entries);
    free(t->contexts);
    free(t);
}

static void free_address(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
    free(ptr);
}

static void make_indexes(void)
{
    table_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_table);
    address_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_address);
}

/* In lower case, without the dot of a name that is written in full. The caller frees it. */
static char *normal_name(struct str name)
{
    if (str_ends_with(name, STR(".")))
        name.len--;
    char *copy = str_dup(name);
    for (char *c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

static const struct entry *find_exactly(const struct tls_sni *t, const char *name)
{
    const struct entry *found = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct entry *e = &t->entries[i];
        if (strcmp(e->name, name) == 0 && (found == NULL || (e->is_given && !found->is_given)))
            found = e;
    }
    return found;
}

/* a.b.c, then *.b.c, *.*.c */
SSL_CTX *tls_sni_find(const struct tls_sni *t, struct str name)
{
    auto_free char *wanted = normal_name(name);
    const struct entry *found = find_exactly(t, wanted);
    auto_buf struct buf stars = {0};
    struct str label, rest = str_of(wanted);

    while (found == NULL && str_cut(rest, '.', &label, &rest)) {
        auto_buf struct buf candidate = {0};
        buf_add_cstr(&stars, "*.");
        buf_printf(&candidate, "%s%.*s", buf_cstr(&stars), STR_ARG(rest));
        found = find_exactly(t, buf_cstr(&candidate));
    }
    return found != NULL ? found->context : NULL;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const struct tls_sni *t = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    if (name == NULL)
        name = SSL_get_ex_data(ssl, address_index);
    SSL_CTX *context = name != NULL ? tls_sni_find(t, str_of(name)) : NULL;
    if (context != NULL)
        SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

struct tls_sni *tls_sni_new(SSL_CTX *default_context)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    struct tls_sni *t = mem_zalloc(sizeof(*t));

    CRYPTO_THREAD_run_once(&once, make_indexes);
    SSL_CTX_set_ex_data(default_context, table_index, t);
    SSL_CTX_set_tlsext_servername_callback(default_context, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(default_context, t);
    return t;
}

static void add_entry(struct tls_sni *t, SSL_CTX *context, struct str name, bool is_given)
{
    t->entries = mem_realloc_array(t->entries, t->count + 1, sizeof(*t->entries));
    t->entries[t->count++] = (struct entry){.name = normal_name(name), .context = context, .is_given = is_given};
}

static struct str asn1_str(const ASN1_STRING *s)
{
    return str_from((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void add_alternative(struct tls_sni *t, SSL_CTX *context, const GENERAL_NAME *name)
{
    char text[INET6_ADDRSTRLEN];

    if (name->type == GEN_DNS)
        add_entry(t, context, asn1_str(name->d.dNSName), false);
    if (name->type != GEN_IPADD)
        return;
    struct str bytes = asn1_str(name->d.iPAddress);
    if ((bytes.len == 4 || bytes.len == 16) &&
        inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.ptr, text, sizeof(text)) != NULL)
        add_entry(t, context, str_of(text), false);
}

/* The subject alternative names, else the common name. */
static void add_own_names(struct tls_sni *t, SSL_CTX *context)
{
    X509 *certificate = SSL_CTX_get0_certificate(context);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    X509_NAME *subject = X509_get_subject_name(certificate);
    size_t before = t->count;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        add_alternative(t, context, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (t->count == before && at >= 0)
        add_entry(t, context, asn1_str(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), false);
}

void tls_sni_add(struct tls_sni *t, SSL_CTX *context, const struct str *names, size_t count)
{
    t->contexts = mem_realloc_array(t->contexts, t->context_count + 1, sizeof(SSL_CTX *));
    t->contexts[t->context_count++] = context;
    for (size_t i = 0; i < count; i++)
        add_entry(t, context, names[i], true);
    if (count == 0)
        add_own_names(t, context);
}

void tls_sni_note_address(SSL *ssl, int fd)
{
    struct sockaddr_storage local;
    socklen_t len = sizeof(local);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&local;
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)&local;
    char text[INET6_ADDRSTRLEN] = "";

    if (SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), table_index) == NULL ||
        getsockname(fd, (struct sockaddr *)&local, &len) != 0)
        return;
    if (local.ss_family == AF_INET)
        inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text));
    else if (local.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof(text));
    else if (local.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
    SSL_set_ex_data(ssl, address_index, mem_strdup(text));
}
