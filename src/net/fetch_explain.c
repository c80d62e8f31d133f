#include "net/fetch_easy.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <ctype.h>

/*
 * The part of libcurl's detailed text that tells the cause: without the function that failed, OpenSSL's error number
 * and "errno 0". Lower case in front, because it ends a sentence.
 */
static void add_cause(struct buf *to, const char *text)
{
    static const char *const prefixes[] = {"SSL certificate problem: ",
                                           "OpenSSL SSL_connect: ",
                                           "OpenSSL SSL_read: ",
                                           "OpenSSL SSL_write: ",
                                           "SSL: ",
                                           "Recv failure: ",
                                           "Send failure: "};
    struct str cause = str_of(text);
    ptrdiff_t at;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (str_starts_with(cause, str_of(prefixes[i])))
            cause = str_skip(cause, strlen(prefixes[i]));
    if ((at = str_find(cause, STR("routines::"))) >= 0)
        cause = str_skip(cause, (size_t)at + strlen("routines::"));
    if (str_starts_with(cause, STR("HTTP/2 stream ")) && (at = str_find(cause, STR(" cleanly: "))) >= 0) {
        /* without the stream's number: the same cause reads the same every time */
        buf_add_cstr(to, "stream was reset: ");
        buf_add_str(to, str_head(str_skip(cause, (size_t)at + strlen(" cleanly: ")), 64));
        return;
    }
    if ((at = str_find(cause, STR(" in connection to "))) >= 0)
        cause = str_head(cause, (size_t)at);
    if ((at = str_find(cause, STR(", errno "))) >= 0)
        cause = str_head(cause, (size_t)at);
    cause = str_trim(cause);
    if (cause.len > 1 && isupper((unsigned char)cause.ptr[0]) && islower((unsigned char)cause.ptr[1])) {
        buf_add_char(to, (char)tolower((unsigned char)cause.ptr[0]));
        cause = str_skip(cause, 1);
    }
    buf_add_str(to, cause);
}

static bool has_got(const struct fetch_easy *e, CURLINFO what)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(e->handle, what, &us) == CURLE_OK && us > 0;
}

bool fetch_easy_is_connected(const struct fetch_easy *e)
{
    return has_got(e, CURLINFO_PRETRANSFER_TIME_T);
}

static void explain_timeout(const struct fetch_easy *e, int64_t timeout_ms, struct error *err)
{
    if (fetch_easy_is_connected(e))
        error_set(err, FETCH_TIMED_OUT, "%s: no whole answer within %g s", e->where, (double)timeout_ms / 1000);
    else if (!has_got(e, CURLINFO_NAMELOOKUP_TIME_T))
        error_set(err, FETCH_NO_ADDRESS, "resolve %s: timed out", e->where);
    else if (!e->is_in_tls)
        error_set(err, FETCH_NO_CONNECTION, "connect to %s: timed out", e->where);
    else
        error_set(err, FETCH_NO_TLS, "TLS with %s: handshake timed out", e->where);
}

/* Where we connected to in truth: libcurl's text names it, "Failed to connect to HOST port PORT after 0 ms: ...". */
static void add_peer(struct buf *to, const struct fetch_easy *e)
{
    struct str text = str_of(e->error_text);
    struct str host, port;
    ptrdiff_t at = str_find(text, STR("connect to "));

    if (at < 0) {
        buf_add_cstr(to, e->where);
        return;
    }
    str_cut(str_skip(text, (size_t)at + strlen("connect to ")), ' ', &host, &port);
    if (!str_starts_with(port, STR("port "))) {
        buf_add_cstr(to, e->where);
        return;
    }
    str_cut(str_skip(port, strlen("port ")), ' ', &port, &text);
    bool is_ipv6 = str_index(host, ':') >= 0;
    buf_printf(to, "%s%.*s%s:%.*s", is_ipv6 ? "[" : "", STR_ARG(host), is_ipv6 ? "]" : "", STR_ARG(port));
    if (!str_eq_cstr(buf_str(to), e->where))
        buf_printf(to, ", the proxy to %s", e->where);
}

static void explain_no_connection(const struct fetch_easy *e, const char *cause, struct error *err)
{
    auto_buf struct buf peer = {0};
    long os_errno = 0;

    add_peer(&peer, e);
    curl_easy_getinfo(e->handle, CURLINFO_OS_ERRNO, &os_errno);
    if (os_errno > 0)
        error_set_errno(err, (int)os_errno, "connect to %s", buf_cstr(&peer));
    else
        error_set(err, 0, "connect to %s: %s", buf_cstr(&peer), cause);
    if (err != NULL)
        err->code = FETCH_NO_CONNECTION;
}

/* A certificate that doesn't fit: its cause deserves a whole sentence, it is the most common failure of all. */
static void explain_certificate(const struct fetch_easy *e, const char *cause, struct error *err)
{
    if (strstr(e->error_text, "target host name") != NULL || strstr(e->error_text, "target ipv") != NULL)
        error_set(err, FETCH_NO_TLS, "TLS with %s: the server's certificate is for other names (%s)", e->where, cause);
    else
        error_set(err, FETCH_NO_TLS, "TLS with %s: the server's certificate is not accepted: %s", e->where, cause);
}

void fetch_easy_explain(const struct fetch_easy *e, CURLcode result, int64_t timeout_ms, struct error *err)
{
    const char *text = e->error_text[0] != '\0' ? e->error_text : curl_easy_strerror(result);
    auto_buf struct buf cause = {0};

    add_cause(&cause, text);
    const char *why = buf_cstr(&cause);
    switch (result) {
    case CURLE_UNSUPPORTED_PROTOCOL: /* no status line: HTTP/0.9, as libcurl sees it */
        error_set(err, FETCH_BROKEN, "%s doesn't answer in HTTP", e->where);
        return;
    case CURLE_URL_MALFORMAT:
        error_set(err, FETCH_BAD_OPTIONS, "%s: %s", e->where, why);
        return;
    case CURLE_SSL_CERTPROBLEM:
        error_set(err, FETCH_BAD_OPTIONS, "client certificate for %s: %s", e->where, why);
        return;
    case CURLE_SSL_CACERT_BADFILE:
        error_set(err, FETCH_BAD_OPTIONS, "CA certificates for %s: %s", e->where, why);
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        error_set(err, FETCH_NO_ADDRESS, "resolve %s: no such host", e->where);
        return;
    case CURLE_COULDNT_RESOLVE_PROXY:
        error_set(err, FETCH_NO_ADDRESS, "resolve the proxy to %s: %s", e->where, why);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        explain_timeout(e, timeout_ms, err);
        return;
    case CURLE_COULDNT_CONNECT:
        explain_no_connection(e, why, err);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        explain_certificate(e, why, err);
        return;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        error_set(err, FETCH_NO_TLS, "TLS with %s: %s", e->where, why);
        return;
    case CURLE_GOT_NOTHING:
        error_set(err, FETCH_BROKEN, "%s closed the connection without an answer", e->where);
        return;
    case CURLE_PARTIAL_FILE:
        error_set(err, FETCH_BROKEN, "%s closed the connection before the answer was whole", e->where);
        return;
    default:
        break;
    }
    if (fetch_easy_is_connected(e))
        error_set(err, FETCH_BROKEN, "answer from %s: %s", e->where, why);
    else
        error_set(err, FETCH_NO_CONNECTION, "connect to %s: %s", e->where, why);
}
