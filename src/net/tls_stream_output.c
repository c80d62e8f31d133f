#include "net/tls_stream_state.h"

#include <openssl/err.h>

#define RECORD_BYTES ((size_t)16 * 1024)
/* What one flush may send before other connections get their turn. */
#define FLUSH_BYTES ((size_t)1024 * 1024)

static void on_write_done(uv_write_t *request, int status);

static void copy_some(struct tls_stream *s)
{
    while (s->plain.len > 0 && s->cipher_out.len < TLS_STREAM_FLIGHT_BYTES) {
        struct str head = str_head(byte_queue_head(&s->plain), TLS_STREAM_FLIGHT_BYTES - s->cipher_out.len);
        buf_add_str(&s->cipher_out, head);
        byte_queue_drop(&s->plain, head.len);
    }
}

static bool encrypt_some(struct tls_stream *s)
{
    if (s->ssl == NULL) {
        copy_some(s);
        return true;
    }
    struct str head = byte_queue_head(&s->plain);
    if (head.len > 0)
        buf_reserve(&s->cipher_out,
                    (s->plain.len < TLS_STREAM_FLIGHT_BYTES ? s->plain.len : TLS_STREAM_FLIGHT_BYTES) + 512);
    while (head.len > 0 && s->cipher_out.len < TLS_STREAM_FLIGHT_BYTES) {
        ERR_clear_error();
        int n = SSL_write(s->ssl, head.ptr, (int)str_head(head, RECORD_BYTES).len);
        if (n <= 0) {
            tls_stream_fail(s);
            return false;
        }
        byte_queue_drop(&s->plain, (size_t)n);
        head = byte_queue_head(&s->plain);
    }
    if (head.len == 0 && s->is_close_notify_due) {
        s->is_close_notify_due = false;
        SSL_shutdown(s->ssl); /* only queues our close_notify: the peer's isn't waited for */
        ERR_clear_error();
    }
    return true;
}

/* Hands CIPHER_OUT to the socket: at once as far as it goes, the rest by a write request. False: that is under way. */
static bool send_cipher_out(struct tls_stream *s, size_t *budget)
{
    if (*budget > 0) {
        uv_buf_t out = uv_buf_init(s->cipher_out.ptr, (unsigned)s->cipher_out.len);
        int n = uv_try_write((uv_stream_t *)&s->tcp, &out, 1);
        if (n < 0 && n != UV_EAGAIN) {
            tls_stream_fail_socket(s, n, "write to");
            return false;
        }
        if (n > 0) {
            s->sent_bytes += (uint64_t)n;
            *budget = (size_t)n < *budget ? *budget - (size_t)n : 0;
            buf_drop_front(&s->cipher_out, (size_t)n);
        }
        if (s->cipher_out.len == 0)
            return true;
    }
    s->flight = s->cipher_out;
    s->cipher_out = (struct buf){0};
    uv_buf_t out = uv_buf_init(s->flight.ptr, (unsigned)s->flight.len);
    s->request.write.data = s;
    int status = uv_write(&s->request.write, (uv_stream_t *)&s->tcp, &out, 1, on_write_done);
    if (status < 0)
        tls_stream_fail_socket(s, status, "write to");
    else
        s->is_write_busy = true;
    return false;
}

static void on_shutdown_done(uv_shutdown_t *request, int status)
{
    struct tls_stream *s = request->data;
    if (s->state == STATE_LINGERING && (status < 0 || s->has_peer_ended))
        tls_stream_finish(s);
}

static void end_output(struct tls_stream *s)
{
    s->state = STATE_LINGERING;
    s->request.shutdown.data = s;
    if (uv_shutdown(&s->request.shutdown, (uv_stream_t *)&s->tcp, on_shutdown_done) < 0)
        tls_stream_finish(s);
}

void tls_stream_flush(struct tls_stream *s)
{
    size_t budget = FLUSH_BYTES;
    while (!s->is_write_busy && s->state >= STATE_HANDSHAKE && s->state <= STATE_CLOSING) {
        if (s->state >= STATE_READY && !encrypt_some(s))
            return;
        if (s->cipher_out.len == 0) {
            buf_free(&s->cipher_out);
            if (s->state == STATE_CLOSING)
                end_output(s);
            return;
        }
        if (!send_cipher_out(s, &budget))
            return;
    }
}

static void on_write_done(uv_write_t *request, int status)
{
    struct tls_stream *s = request->data;
    s->is_write_busy = false;
    if (s->state == STATE_CLOSED)
        return;
    if (status < 0) {
        tls_stream_fail_socket(s, status, "write to");
        return;
    }
    s->sent_bytes += s->flight.len;
    buf_free(&s->flight);
    tls_stream_flush(s);
    if (s->state == STATE_READY && s->events->on_written != NULL)
        s->events->on_written(s->arg, s);
    if (s->state == STATE_CLOSED)
        return;
    tls_stream_resume_input(s);
    tls_stream_update_reading(s);
}

void tls_stream_write(struct tls_stream *s, struct str plain)
{
    if (s->state < STATE_CLOSING)
        byte_queue_add(&s->plain, plain);
}

void tls_stream_write_buf(struct tls_stream *s, struct buf *b)
{
    if (s->state < STATE_CLOSING)
        byte_queue_add_buf(&s->plain, b);
    else
        buf_free(b);
}

size_t tls_stream_queued_bytes(const struct tls_stream *s)
{
    size_t in_flight = s->is_write_busy ? uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp) : 0;
    return s->plain.len + s->cipher_out.len + in_flight;
}
