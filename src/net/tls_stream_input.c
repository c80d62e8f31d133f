#include "net/tls_stream_state.h"

#include <errno.h>

#include <openssl/err.h>

#include "base/alloc.h"

#define READ_BYTES ((size_t)64 * 1024)
#define RECORD_BYTES ((size_t)16 * 1024)

/* Shared by the thread's streams: libuv fills it and we empty it within one callback. */
static _Thread_local char cipher_in[READ_BYTES];
static _Thread_local char plain_in[RECORD_BYTES];

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle, (void)suggested;
    *out = uv_buf_init(cipher_in, sizeof(cipher_in));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *in);

/* A peer that makes OpenSSL answer (key updates) but doesn't read gets no more attention until it does. */
static bool wants_input(const struct tls_stream *s)
{
    return !s->is_paused && s->cipher_out.len < TLS_STREAM_FLIGHT_BYTES;
}

void tls_stream_update_reading(struct tls_stream *s)
{
    if (s->state < STATE_HANDSHAKE || s->state == STATE_CLOSED)
        return;
    bool is_wanted = !s->has_peer_ended && (s->state >= STATE_CLOSING || (wants_input(s) && s->held.len == 0));
    if (is_wanted == s->is_reading)
        return;
    s->is_reading = is_wanted;
    if (!is_wanted) {
        uv_read_stop((uv_stream_t *)&s->tcp);
        return;
    }
    int status = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (status < 0)
        tls_stream_fail_socket(s, status, "read from");
}

static void take_handshake(struct tls_stream *s)
{
    if (s->ssl != NULL) {
        ERR_clear_error();
        int status = SSL_do_handshake(s->ssl);
        if (status != 1) {
            if (SSL_get_error(s->ssl, status) != SSL_ERROR_WANT_READ)
                tls_stream_fail(s);
            return;
        }
    }
    s->state = STATE_READY;
    tls_stream_flush(s);
    if (s->state == STATE_READY)
        s->events->on_ready(s->arg, s);
}

static void tell_end(struct tls_stream *s, bool is_clean)
{
    if (s->is_end_told)
        return;
    s->is_end_told = true;
    if (s->events->on_end != NULL)
        s->events->on_end(s->arg, s, is_clean);
    else
        tls_stream_close(s);
}

/* Without TLS: hands over what there is. */
static bool take_plain(struct tls_stream *s)
{
    struct str plain = s->unread;

    s->unread = (struct str){0};
    if (plain.len == 0)
        return false;
    if (!s->is_end_told)
        s->events->on_bytes(s->arg, s, plain);
    return true;
}

/* Reads one record. False when there is no whole one, or nothing follows. */
static bool take_record(struct tls_stream *s)
{
    if (s->ssl == NULL)
        return take_plain(s);
    ERR_clear_error();
    int n = SSL_read(s->ssl, plain_in, sizeof(plain_in));
    if (n > 0) {
        if (!s->is_end_told)
            s->events->on_bytes(s->arg, s, str_from(plain_in, (size_t)n));
        return true;
    }
    switch (SSL_get_error(s->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        s->unread = (struct str){0}; /* nothing may follow a close_notify */
        tell_end(s, true);
        break;
    default:
        tls_stream_fail(s);
    }
    return false;
}

void tls_stream_process_input(struct tls_stream *s)
{
    while (s->state == STATE_HANDSHAKE) {
        take_handshake(s);
        if (s->state == STATE_HANDSHAKE)
            break;
    }
    while (s->state == STATE_READY && wants_input(s) && take_record(s))
        ;
    if (s->state == STATE_READY && s->has_peer_ended && wants_input(s))
        tell_end(s, s->ssl == NULL);
    if (s->state == STATE_CLOSED)
        return;
    /* What is left belongs to a pause: keep it. */
    if (s->state == STATE_READY && s->unread.len > 0) {
        struct buf rest = {0};
        buf_add_str(&rest, s->unread);
        buf_free(&s->held);
        s->held = rest;
    } else {
        buf_free(&s->held);
    }
    s->unread = (struct str){0};
    if (!s->is_write_busy && s->cipher_out.len > 0)
        tls_stream_flush(s);
    tls_stream_resume_input(s);
    tls_stream_update_reading(s);
}

static bool looks_like_http(const unsigned char opening[5])
{
    static const char starts[][6] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        if (memcmp(opening, starts[i], 5) == 0)
            return true;
    }
    return false;
}

/* Whether the peer turned out to speak HTTP without TLS, and was told so. */
static bool answer_plain_http(struct tls_stream *s, struct str in)
{
    if (!s->is_server || s->ssl == NULL || s->state != STATE_HANDSHAKE || s->opening_len == sizeof(s->opening))
        return false;
    while (s->opening_len < sizeof(s->opening) && in.len > 0) {
        s->opening[s->opening_len++] = (unsigned char)in.ptr[0];
        in = str_skip(in, 1);
    }
    if (s->opening_len < sizeof(s->opening) || !looks_like_http(s->opening))
        return false;
    error_set(&s->error, EPROTO, "TLS handshake: client sent an HTTP request to an HTTPS server");
    buf_clear(&s->cipher_out);
    buf_add_str(&s->cipher_out, s->plain_http_answer);
    s->state = STATE_CLOSING;
    tls_stream_flush(s);
    return true;
}

static void on_peer_end(struct tls_stream *s)
{
    s->has_peer_ended = true;
    s->is_reading = false;
    uv_read_stop((uv_stream_t *)&s->tcp);
    switch (s->state) {
    case STATE_HANDSHAKE:
        error_set(&s->error, EPROTO, "TLS handshake: the peer closed the connection");
        tls_stream_finish(s);
        break;
    case STATE_READY:
        tls_stream_process_input(s);
        break;
    case STATE_LINGERING:
        tls_stream_finish(s);
        break;
    default:
        break;
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *in)
{
    struct tls_stream *s = stream->data;
    if (n == UV_EOF) {
        on_peer_end(s);
        return;
    }
    if (n < 0) {
        tls_stream_fail_socket(s, (int)n, "read from");
        return;
    }
    s->received_bytes += (uint64_t)n;
    struct str bytes = str_from(in->base, (size_t)n);
    if (n == 0 || s->state >= STATE_CLOSING || answer_plain_http(s, bytes))
        return;
    s->unread = bytes;
    tls_stream_process_input(s);
}

static void on_idle_closed(uv_handle_t *handle)
{
    free(handle);
}

void tls_stream_drop_resume(struct tls_stream *s)
{
    if (s->resume == NULL)
        return;
    uv_close((uv_handle_t *)s->resume, on_idle_closed);
    s->resume = NULL;
}

static void on_resume(uv_idle_t *idle)
{
    struct tls_stream *s = idle->data;
    tls_stream_drop_resume(s);
    s->unread = buf_str(&s->held);
    tls_stream_process_input(s);
}

void tls_stream_resume_input(struct tls_stream *s)
{
    bool is_input_waiting = s->held.len > 0 || (s->has_peer_ended && !s->is_end_told);
    if (s->state != STATE_READY || !wants_input(s) || !is_input_waiting || s->resume != NULL)
        return;
    s->resume = mem_alloc(sizeof(*s->resume));
    uv_idle_init(s->tcp.loop, s->resume);
    s->resume->data = s;
    uv_idle_start(s->resume, on_resume);
}

void tls_stream_pause(struct tls_stream *s, bool is_paused)
{
    if (s->is_paused == is_paused)
        return;
    s->is_paused = is_paused;
    if (is_paused)
        tls_stream_drop_resume(s);
    else
        tls_stream_resume_input(s);
    /* Inside tls_stream_process_input, which decides about reading when it is through, UNREAD may hold something. */
    if (s->unread.len == 0)
        tls_stream_update_reading(s);
}
