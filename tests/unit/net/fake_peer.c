#include "fake_peer.h"

#include "base/alloc.h"
#include "net/tls_stream.h"

#include <assert.h>
#include <stdarg.h>

struct fake_conn {
    struct fake_peer *peer;
    struct fake_conn *next;
    struct tls_stream *stream; /* or else */
    uv_tcp_t tcp;
    struct buf input;
    void *note;
    int open_parts; /* over TLS: the stream and the handle that accepted it */
    bool is_closing;
    char read_buffer[4096];
};

struct fake_peer {
    uv_loop_t *loop;
    uv_tcp_t listener;
    struct tls_server *tls;
    const struct fake_peer_events *events;
    void *owner;
    struct fake_conn *conns;
    size_t accepted, open;
    unsigned port;
    bool is_closing, is_listener_closed;
};

struct fake_write {
    uv_write_t request;
    uv_shutdown_t shutdown;
    char *bytes;
};

static void free_peer_if_done(struct fake_peer *peer)
{
    if (peer->is_listener_closed && peer->conns == NULL)
        free(peer);
}

static void forget(struct fake_conn *conn)
{
    struct fake_peer *peer = conn->peer;

    if (--conn->open_parts > 0)
        return;
    for (struct fake_conn **at = &peer->conns; *at != NULL; at = &(*at)->next)
        if (*at == conn) {
            *at = conn->next;
            break;
        }
    peer->open--;
    if (!peer->is_closing && peer->events->on_closed != NULL)
        peer->events->on_closed(peer->owner, conn);
    buf_free(&conn->input);
    free(conn);
    free_peer_if_done(peer);
}

static void on_tcp_closed(uv_handle_t *handle)
{
    forget(handle->data);
}

static void end(struct fake_conn *conn)
{
    if (conn->is_closing)
        return;
    conn->is_closing = true;
    if (conn->stream != NULL)
        tls_stream_abort(conn->stream);
    else
        uv_close((uv_handle_t *)&conn->tcp, on_tcp_closed);
}

/* The bytes of the first whole request in INPUT; 0: none yet. */
static size_t whole_request(struct str input)
{
    static const char length_name[] = "content-length:";
    ptrdiff_t head = str_find(input, STR("\r\n\r\n"));
    uint64_t length = 0;
    struct str rest, line;

    if (head < 0)
        return 0;
    rest = str_head(input, (size_t)head + 2);
    while (str_cut(rest, '\n', &line, &rest)) {
        struct str name = str_head(line, sizeof(length_name) - 1);
        if (str_eq_ignore_case(name, str_of(length_name)))
            str_to_u64(str_trim(str_skip(line, name.len)), &length);
    }
    size_t all = (size_t)head + 4 + length;
    return input.len >= all ? all : 0;
}

static void take_input(struct fake_conn *conn, struct str bytes)
{
    size_t len;

    buf_add_str(&conn->input, bytes);
    while (!conn->is_closing && !conn->peer->is_closing && (len = whole_request(buf_str(&conn->input))) > 0) {
        auto_buf struct buf request = {0};
        buf_add(&request, conn->input.ptr, len);
        buf_drop_front(&conn->input, len);
        conn->peer->events->on_request(conn->peer->owner, conn, buf_str(&request));
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct fake_conn *conn = handle->data;

    (void)size;
    *out = uv_buf_init(conn->read_buffer, sizeof(conn->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct fake_conn *conn = stream->data;

    if (n < 0)
        end(conn);
    else
        take_input(conn, str_from(bytes->base, (size_t)n));
}

static void on_tls_bytes(void *owner, struct tls_stream *stream, struct str plain)
{
    (void)stream;
    take_input(owner, plain);
}

static void on_tls_closed(void *owner, struct tls_stream *stream, const struct error *err)
{
    (void)stream;
    (void)err;
    forget(owner);
}

static void on_tls_ready(void *owner, struct tls_stream *stream)
{
    (void)owner;
    (void)stream;
}

static const struct tls_stream_events tls_events = {
    .on_ready = on_tls_ready, .on_bytes = on_tls_bytes, .on_closed = on_tls_closed};

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_peer *peer = listener->data;
    struct fake_conn *conn = mem_zalloc(sizeof(*conn));

    assert(status == 0);
    conn->peer = peer;
    conn->next = peer->conns;
    peer->conns = conn;
    peer->accepted++;
    peer->open++;
    uv_tcp_init(peer->loop, &conn->tcp);
    conn->tcp.data = conn;
    int failed = uv_accept(listener, (uv_stream_t *)&conn->tcp);
    assert(failed == 0);
    if (peer->tls == NULL) {
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
        return;
    }
    uv_os_fd_t fd;
    uv_fileno((uv_handle_t *)&conn->tcp, &fd);
    conn->stream = tls_stream_new(peer->loop, SSL_new(tls_server_context(peer->tls)), &tls_events, conn);
    conn->open_parts = 2;
    tls_stream_accept(conn->stream, dup(fd), NULL);
    uv_close((uv_handle_t *)&conn->tcp, on_tcp_closed);
}

static struct fake_peer *peer_new(uv_loop_t *loop, struct tls_server *tls, unsigned port,
                                  const struct fake_peer_events *events, void *owner)
{
    struct fake_peer *peer = mem_zalloc(sizeof(*peer));
    struct sockaddr_in address;
    int len = sizeof(address);

    peer->loop = loop;
    peer->tls = tls;
    peer->events = events;
    peer->owner = owner;
    uv_ip4_addr("127.0.0.1", (int)port, &address);
    uv_tcp_init(loop, &peer->listener);
    peer->listener.data = peer;
    int failed = uv_tcp_bind(&peer->listener, (struct sockaddr *)&address, 0);
    assert(failed == 0);
    failed = uv_listen((uv_stream_t *)&peer->listener, 64, on_connection);
    assert(failed == 0);
    uv_tcp_getsockname(&peer->listener, (struct sockaddr *)&address, &len);
    peer->port = ntohs(address.sin_port);
    return peer;
}

struct fake_peer *fake_peer_new(uv_loop_t *loop, struct tls_server *tls, const struct fake_peer_events *events,
                                void *owner)
{
    return peer_new(loop, tls, 0, events, owner);
}

struct fake_peer *fake_peer_new_at(uv_loop_t *loop, unsigned port, const struct fake_peer_events *events, void *owner)
{
    return peer_new(loop, NULL, port, events, owner);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct fake_peer *peer = handle->data;

    peer->is_listener_closed = true;
    free_peer_if_done(peer);
}

void fake_peer_free(struct fake_peer *peer)
{
    peer->is_closing = true;
    for (struct fake_conn *conn = peer->conns; conn != NULL; conn = conn->next)
        end(conn);
    uv_close((uv_handle_t *)&peer->listener, on_listener_closed);
}

unsigned fake_peer_port(const struct fake_peer *peer)
{
    return peer->port;
}

size_t fake_peer_accepted(const struct fake_peer *peer)
{
    return peer->accepted;
}

size_t fake_peer_open(const struct fake_peer *peer)
{
    return peer->open;
}

static void on_written(uv_write_t *request, int status)
{
    struct fake_write *w = request->data;

    (void)status; /* the other side may go at any time: its test looks at it from there */
    free(w->bytes);
    free(w);
}

void fake_conn_send(struct fake_conn *conn, struct str bytes)
{
    if (conn->is_closing)
        return;
    if (conn->stream != NULL) {
        tls_stream_write(conn->stream, bytes);
        tls_stream_flush(conn->stream);
        return;
    }
    struct fake_write *w = mem_zalloc(sizeof(*w));
    w->bytes = str_dup(bytes);
    w->request.data = w;
    uv_buf_t out = uv_buf_init(w->bytes, (unsigned)bytes.len);
    int failed = uv_write(&w->request, (uv_stream_t *)&conn->tcp, &out, 1, on_written);
    assert(failed == 0);
}

void fake_conn_printf(struct fake_conn *conn, const char *format, ...)
{
    auto_buf struct buf out = {0};
    va_list ap;

    va_start(ap, format);
    buf_vprintf(&out, format, ap);
    va_end(ap);
    fake_conn_send(conn, buf_str(&out));
}

void fake_conn_answer(struct fake_conn *conn, int status, struct str body)
{
    auto_buf struct buf out = {0};

    buf_printf(&out, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status,
               body.len);
    buf_add_str(&out, body);
    fake_conn_send(conn, buf_str(&out));
}

void fake_conn_chunk(struct fake_conn *conn, struct str bytes)
{
    auto_buf struct buf out = {0};

    buf_printf(&out, "%zx\r\n", bytes.len);
    buf_add_str(&out, bytes);
    buf_add_cstr(&out, "\r\n");
    fake_conn_send(conn, buf_str(&out));
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct fake_write *w = request->data;

    (void)status;
    end(((uv_handle_t *)request->handle)->data);
    free(w);
}

void fake_conn_close(struct fake_conn *conn)
{
    if (conn->is_closing)
        return;
    if (conn->stream != NULL) {
        conn->is_closing = true;
        tls_stream_close(conn->stream);
        return;
    }
    struct fake_write *w = mem_zalloc(sizeof(*w));
    w->shutdown.data = w;
    int failed = uv_shutdown(&w->shutdown, (uv_stream_t *)&conn->tcp, on_shutdown);
    assert(failed == 0);
}

void fake_conn_reset(struct fake_conn *conn)
{
    if (conn->stream != NULL || conn->is_closing) {
        end(conn);
        return;
    }
    conn->is_closing = true;
    int failed = uv_tcp_close_reset(&conn->tcp, on_tcp_closed);
    assert(failed == 0);
}

size_t fake_conn_queued(const struct fake_conn *conn)
{
    return conn->stream != NULL ? tls_stream_queued_bytes(conn->stream)
                                : uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp);
}

SSL *fake_conn_ssl(struct fake_conn *conn)
{
    return tls_stream_ssl(conn->stream);
}

void **fake_conn_note(struct fake_conn *conn)
{
    return &conn->note;
}
