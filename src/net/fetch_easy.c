#include "net/fetch_easy.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 3,
    UNACKNOWLEDGED_MS = 60000,
    DNS_CACHE_S = 30,
    READ_BUFFER_BYTES = 16384,
};

/* The URL's parts that decide where we connect to; owned by libcurl (parts_free). */
struct url_parts {
    CURLU *url;
    char *host; /* IPv6 addresses in brackets */
    char *port;
};

static void parts_free(struct url_parts *p)
{
    curl_free(p->host);
    curl_free(p->port);
    curl_url_cleanup(p->url);
    *p = (struct url_parts){0};
}

/* libcurl's words, to end a sentence with. */
static bool refuse_url(struct error *err, const char *url, CURLUcode code)
{
    const char *cause = curl_url_strerror(code);

    return error_set(err, FETCH_BAD_OPTIONS, "URL \"%s\": %c%s", url, tolower((unsigned char)cause[0]), cause + 1);
}

static bool parts_read(struct url_parts *p, const char *url, bool *is_tls, struct error *err)
{
    char *scheme = NULL;

    p->url = curl_url();
    CURLUcode code = curl_url_set(p->url, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
    if (code == CURLUE_OK)
        code = curl_url_get(p->url, CURLUPART_HOST, &p->host, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(p->url, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT);
    if (code == CURLUE_OK)
        code = curl_url_get(p->url, CURLUPART_SCHEME, &scheme, 0);
    if (code != CURLUE_OK)
        return refuse_url(err, url, code);
    *is_tls = strcmp(scheme, "https") == 0;
    bool is_http = *is_tls || strcmp(scheme, "http") == 0;
    if (!is_http)
        error_set(err, FETCH_BAD_OPTIONS, "URL \"%s\": scheme \"%s\" is neither http nor https", url, scheme);
    curl_free(scheme);
    return is_http;
}

/* Go never asks the environment for a proxy to this machine. */
static bool is_loopback(struct str host)
{
    return str_eq_ignore_case(host, STR("localhost")) || str_starts_with(host, STR("127.")) ||
           str_eq(host, STR("[::1]")) || str_ends_with(host, STR(".localhost"));
}

static curl_socket_t on_open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)owner;
    (void)purpose;
    /* children that the program starts must not inherit connections */
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_socket_opened(void *owner, curl_socket_t fd, curlsocktype purpose)
{
    const unsigned unacknowledged_ms = UNACKNOWLEDGED_MS;
    const int probes = KEEPALIVE_PROBES;

    (void)owner;
    (void)purpose;
    /* Failures are no reason not to connect: a vanished peer is then noticed later. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    return CURL_SOCKOPT_OK;
}

static void set_common(CURL *h)
{
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, on_socket_opened);
    curl_easy_setopt(h, CURLOPT_DNS_CACHE_TIMEOUT, (long)DNS_CACHE_S);
    curl_easy_setopt(h, CURLOPT_BUFFERSIZE, (long)READ_BUFFER_BYTES);
    /* Without it, ending a fetch whose name is being looked up waits for the resolver's thread, and with it the loop.
     */
    curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
}

static bool set_blob(CURL *h, CURLoption option, struct str pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem.ptr, pem.len, CURL_BLOB_COPY};

    return curl_easy_setopt(h, option, &blob) == CURLE_OK;
}

static CURLcode on_tls_begins(CURL *handle, void *ssl_ctx, void *owner)
{
    struct fetch_easy *e = owner;

    (void)handle;
    (void)ssl_ctx;
    e->is_in_tls = true;
    return CURLE_OK;
}

static bool set_tls(struct fetch_easy *e, const struct fetch_tls *tls, struct error *err)
{
    CURL *h = e->handle;
    bool ok = true;

    if (str_is_empty(tls->cert) != str_is_empty(tls->key))
        return error_set(err, FETCH_BAD_OPTIONS, "a client certificate needs both a certificate and its key");
    curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_tls_begins);
    curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, e);
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (tls->insecure) {
        curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!str_is_empty(tls->ca)) {
        ok = set_blob(h, CURLOPT_CAINFO_BLOB, tls->ca);
        curl_easy_setopt(h, CURLOPT_CAPATH, NULL); /* else the system's roots would count too */
    }
    if (!str_is_empty(tls->cert)) {
        curl_easy_setopt(h, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(h, CURLOPT_SSLKEYTYPE, "PEM");
        ok = ok && set_blob(h, CURLOPT_SSLCERT_BLOB, tls->cert) && set_blob(h, CURLOPT_SSLKEY_BLOB, tls->key);
    }
    return ok || error_set(err, FETCH_BAD_OPTIONS, "libcurl takes no certificates from memory");
}

static void set_method(CURL *h, struct str method, struct str body)
{
    bool wants_length = str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) || str_eq(method, STR("PATCH"));

    if (str_eq(method, STR("HEAD"))) {
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
        return;
    }
    if (body.ptr != NULL || wants_length) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, body.len > 0 ? body.ptr : "");
    }
    if (!str_is_empty(method)) {
        auto_free char *name = str_dup(method);
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, name);
    }
}

/* A header that could end its line early, or the head, is refused: values may come from other people's requests. */
static bool is_header_safe(const struct http_header *header)
{
    static const char separators[] = "()<>@,;:\\\"/[]?={} \t";

    for (size_t i = 0; i < header->name.len; i++) {
        unsigned char c = (unsigned char)header->name.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr(separators, c) != NULL)
            return false;
    }
    for (size_t i = 0; i < header->value.len; i++) {
        char c = header->value.ptr[i];
        if (c == '\r' || c == '\n' || c == '\0')
            return false;
    }
    return header->name.len > 0;
}

static void add_header_line(struct fetch_easy *e, const char *line)
{
    struct curl_slist *grown = curl_slist_append(e->headers, line);

    if (grown != NULL)
        e->headers = grown;
}

static bool set_headers(struct fetch_easy *e, const struct fetch_options *options, const char *host, struct error *err)
{
    /* what libcurl would add by itself, unless asked not to by a name without a value */
    static const char *const defaults[] = {"Accept", "Expect", "Content-Type", "User-Agent"};
    auto_buf struct buf line = {0};

    for (size_t i = 0; i < options->headers.count; i++) {
        const struct http_header *header = &options->headers.items[i];
        if (!is_header_safe(header))
            return error_set(err, FETCH_BAD_OPTIONS,
                             "a header that can't be sent: its name or value has forbidden characters");
        if (str_eq_ignore_case(header->name, STR("content-length")) ||
            str_eq_ignore_case(header->name, STR("transfer-encoding")))
            continue;
        buf_clear(&line);
        buf_add_str(&line, header->name);
        buf_add_cstr(&line, header->value.len > 0 ? ": " : ";"); /* libcurl's way to write an empty value */
        buf_add_str(&line, header->value);
        add_header_line(e, buf_cstr(&line));
    }
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (http_headers_get(&options->headers, str_of(defaults[i])).ptr != NULL)
            continue;
        buf_clear(&line);
        buf_printf(&line, "%s:", defaults[i]);
        add_header_line(e, buf_cstr(&line));
    }
    if (host != NULL && http_headers_get(&options->headers, STR("Host")).ptr == NULL) {
        buf_clear(&line);
        buf_printf(&line, "Host: %s", host);
        add_header_line(e, buf_cstr(&line));
    }
    curl_easy_setopt(e->handle, CURLOPT_HTTPHEADER, e->headers);
    return true;
}

/*
 * libcurl verifies the URL's host. To verify another name, that name goes into the URL, and where to connect to is told
 * apart.
 */
static bool set_server_name(struct fetch_easy *e, struct url_parts *parts, struct str server_name, struct error *err)
{
    auto_free char *name = str_dup(server_name);
    auto_buf struct buf rule = {0};
    char *url = NULL;

    CURLUcode code = curl_url_set(parts->url, CURLUPART_HOST, name, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parts->url, CURLUPART_URL, &url, 0);
    if (code != CURLUE_OK)
        return error_set(err, FETCH_BAD_OPTIONS, "TLS server name \"%s\": %s", name, curl_url_strerror(code));
    curl_easy_setopt(e->handle, CURLOPT_URL, url);
    curl_free(url);
    buf_printf(&rule, "::%s:%s", parts->host, parts->port);
    e->connect_to = curl_slist_append(NULL, buf_cstr(&rule));
    curl_easy_setopt(e->handle, CURLOPT_CONNECT_TO, e->connect_to);
    return true;
}

static void set_proxy(CURL *h, const struct fetch_options *options, const char *host)
{
    auto_free char *proxy = str_dup(options->proxy);

    if (!str_is_empty(options->proxy)) {
        curl_easy_setopt(h, CURLOPT_PROXY, proxy);
        curl_easy_setopt(h, CURLOPT_NOPROXY, "");
    } else if (!options->proxy_from_env || is_loopback(str_of(host))) {
        curl_easy_setopt(h, CURLOPT_PROXY, "");
    }
}

int64_t fetch_connect_timeout_ms(const struct fetch_options *options)
{
    return options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
}

static void set_timing(CURL *h, const struct fetch_options *options)
{
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch_connect_timeout_ms(options));
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(options->timeout_ms > 0 ? options->timeout_ms : 0));
    if (options->may_pause) {
        curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    } else {
        curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        curl_easy_setopt(h, CURLOPT_PIPEWAIT, 1L); /* rather a stream of a connection being made than one of our own */
    }
}

static bool open_with(struct fetch_easy *e, const struct fetch_options *options, struct url_parts *parts,
                      const char *url, struct error *err)
{
    auto_buf struct buf where = {0};
    bool is_renamed = !str_is_empty(options->tls.server_name);

    if (!parts_read(parts, url, &e->is_tls, err))
        return false;
    buf_printf(&where, "%s:%s", parts->host, parts->port);
    e->where = buf_take(&where);
    e->handle = curl_easy_init();
    if (e->handle == NULL)
        return error_set(err, FETCH_BAD_OPTIONS, "libcurl gave no handle");
    set_common(e->handle);
    curl_easy_setopt(e->handle, CURLOPT_ERRORBUFFER, e->error_text);
    curl_easy_setopt(e->handle, CURLOPT_URL, url);
    set_method(e->handle, options->method, options->body);
    set_proxy(e->handle, options, parts->host);
    set_timing(e->handle, options);
    if (!set_headers(e, options, is_renamed ? e->where : NULL, err) || !set_tls(e, &options->tls, err))
        return false;
    return !is_renamed || !e->is_tls || set_server_name(e, parts, options->tls.server_name, err);
}

bool fetch_easy_open(struct fetch_easy *e, const struct fetch_options *options, struct error *err)
{
    struct url_parts parts = {0};
    auto_free char *url = str_dup(options->url);

    *e = (struct fetch_easy){0};
    bool ok = open_with(e, options, &parts, url, err);
    parts_free(&parts);
    if (!ok)
        fetch_easy_close(e);
    return ok;
}

void fetch_easy_close(struct fetch_easy *e)
{
    if (e->handle != NULL)
        curl_easy_cleanup(e->handle);
    curl_slist_free_all(e->headers);
    curl_slist_free_all(e->connect_to);
    free(e->where);
    *e = (struct fetch_easy){0};
}
