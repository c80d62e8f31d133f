#include "base/alloc.h"
#include "base/buf.h"
#include "cmd/flag_groups.h"
#include "net/tls_names.h"

enum {
    MAX_PORT = 65535,
};

static void free_sni(struct sni_flags *sni)
{
    for (size_t i = 0; i < sni->count; i++) {
        free(sni->items[i].certificate);
        free(sni->items[i].key);
        string_list_free(&sni->items[i].names);
    }
    free(sni->items);
    *sni = (struct sni_flags){0};
}

/* "certificate,key" or "certificate,key:name,name". */
static bool set_sni(void *value, struct str text, bool is_first, struct error *err)
{
    struct sni_flags *sni = value;
    struct str files, names, certificate, key, name;
    bool has_names = str_cut(text, ':', &files, &names);

    names = str_trim(names);
    if (has_names && names.len == 0)
        return error_set(err, 0, "empty names list is not allowed");
    if (!str_cut(str_trim(files), ',', &certificate, &key) || str_index(key, ',') >= 0)
        return error_set(err, 0, "expected comma separated certificate and key file paths");
    if (is_first)
        free_sni(sni);
    sni->items = mem_realloc_array(sni->items, sni->count + 1, sizeof(*sni->items));
    struct sni_flag *item = &sni->items[sni->count++];
    *item = (struct sni_flag){.certificate = str_dup(str_trim(certificate)), .key = str_dup(str_trim(key))};
    while (has_names) {
        has_names = str_cut(names, ',', &name, &names);
        string_list_add(&item->names, str_trim(name));
    }
    return true;
}

static char *print_sni(const void *value)
{
    (void)value; /* the default is none */
    return mem_strdup("[]");
}

static const struct flag_type sni_type = {.name = "namedCertKey", .set = set_sni, .print = print_sni};

static void declare_tls(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->cert_dir = "apiserver.local.config/certificates";
    flags_string(to, "cert-dir", 0, &f->cert_dir,
                 "The directory where the self-signed serving certificate is kept, when no --tls-cert-file is given.");
    flags_string(to, "tls-cert-file", 0, &f->tls_certificate,
                 "File with the serving certificate, intermediates behind it. Read again when it changes.");
    flags_list(to, "tls-cipher-suites", 0, &f->tls_ciphers,
               "Cipher suites for TLS 1.2 and older, by their IANA names. Without it: the forward-secret AEAD ones. "
               "Those of TLS 1.3 can't be chosen.");
    flags_value(to, "tls-curve-preferences", 0, &flag_type_int32_slice, &f->tls_curves,
                "Key exchange mechanisms, by Go's numbers for them: 23 (P-256), 24 (P-384), 25 (P-521), 29 (X25519).");
    flags_string(to, "tls-min-version", 0, &f->tls_min_version,
                 "Oldest TLS version spoken: VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13. Without it: "
                 "VersionTLS12.");
    flags_string(to, "tls-private-key-file", 0, &f->tls_key, "File with the serving certificate's key.");
    flags_value(to, "tls-sni-cert-key", 0, &sni_type, &f->sni,
                "Certificate and key files for some host names: \"foo.crt,foo.key:*.foo.com,foo.com\"; without names "
                "those that the certificate has. May be repeated. Read again when they change.");
}

void flag_groups_declare_serving(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->bind_address = (struct flag_ip){"0.0.0.0"};
    f->secure_port = 443;
    flags_group(to, "apiserver secure serving");
    flags_value(to, "bind-address", 0, &flag_type_ip, &f->bind_address,
                "The IP address on which to listen. 0.0.0.0 and :: mean all, IPv4 and IPv6.");
    flags_bool(to, "disable-http2-serving", 0, &f->is_http2_disabled, "Serve HTTP/1.1 only.");
    flags_int(to, "http2-max-streams-per-connection", 0, &f->max_streams,
              "How many requests at a time a client may have on one HTTP/2 connection. 0: 250.");
    flags_bool(to, "permit-address-sharing", 0, &f->permits_address_sharing,
               "Bind with SO_REUSEADDR. It is always done.");
    flags_bool(to, "permit-port-sharing", 0, &f->permits_port_sharing,
               "Bind with SO_REUSEPORT, so that several processes can listen on the same port.");
    flags_int(to, "secure-port", 0, &f->secure_port, "The port on which to serve. 0: nothing is served.");
    declare_tls(f);
}

static bool check_tls(const struct metrics_server_flags *f, struct error *err)
{
    auto_buf struct buf ignored = {0};
    int version;

    if (flag_is_given(f->tls_certificate) != flag_is_given(f->tls_key))
        return error_set(err, 0, "need both --tls-cert-file and --tls-private-key-file");
    return tls_version_of(str_of(f->tls_min_version), &version, err) &&
           tls_ciphers_of(f->tls_ciphers.items, f->tls_ciphers.count, version, &ignored, err) &&
           tls_groups_of(f->tls_curves.items, f->tls_curves.count, &ignored, err);
}

bool flag_groups_check_serving(const struct metrics_server_flags *f, struct error *err)
{
    if (f->secure_port < 0 || f->secure_port > MAX_PORT)
        return error_set(err, 0,
                         "--secure-port %lld must be between 0 and 65535, inclusive. 0 for turning off secure port",
                         (long long)f->secure_port);
    if (f->max_streams < 0 || f->max_streams > INT32_MAX)
        return error_set(err, 0, "--http2-max-streams-per-connection must be between 0 and 2147483647");
    return check_tls(f, err);
}

void flag_groups_free_serving(struct metrics_server_flags *f)
{
    free_sni(&f->sni);
}
