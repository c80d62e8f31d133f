#include "net/http_server.h"

#include <assert.h>
#include <http_parser.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http_connection.h"
#include "net/tcp_listener.h"
#include "net/tls_stream.h"

/* After the last byte was sent the peer gets this long to read it and to close its side. */
#define LINGER_NS (2 * NS_PER_S)
/* Failures that any stranger can cause are logged at most this often. */
#define FAILURES_LOGGED 10
#define FAILURES_PERIOD_NS (10 * NS_PER_S)

const struct http_limits http_limits_default = {
    .head_bytes = (size_t)1024 * 1024,
    .body_bytes = (size_t)3 * 1024 * 1024 + 64 * 1024,
    .queued_output_bytes = (size_t)1024 * 1024,
    .max_connections = 4096,
    .max_streams = 250,
    .max_resets_per_10s = 500,
    .tls_handshake_ns = 10 * NS_PER_S,
    .head_ns = 32 * NS_PER_S,
    .body_ns = 60 * NS_PER_S,
    .idle_ns = 90 * NS_PER_S,
    .write_stall_ns = 60 * NS_PER_S,
};

struct server_connection {
    struct http_server *server;
    struct server_connection *next, *previous;
    struct server_connection *next_scheduled;
    struct tls_stream *stream;
    struct http_connection *http; /* NULL until the handshake is done */
    bool is_scheduled;
    bool is_closing; /* the stream was told to close */
    bool is_evicted;
    bool is_stall_watched; /* output was queued when last looked at */
    uint64_t taken_bytes;  /* then */
    int64_t progress_ns;   /* when output was last seen to be taken */
    int64_t since_ns;      /* accepted; later: output ended, waiting for the peer to close */
    char peer[TLS_STREAM_PEER_MAX];
};

struct http_server {
    uv_loop_t *loop;
    struct tls_server *tls; /* borrowed */
    struct http_limits limits;
    struct http_handler handler;
    struct tcp_listener **listeners;
    size_t listener_count, open_listeners;
    struct server_connection *connections; /* newest first */
    unsigned connection_count;
    struct server_connection *scheduled;
    uv_timer_t timer; /* one for all deadlines, set to the earliest */
    uv_idle_t idle;   /* these two run what is scheduled: before the loop waits, and after it has polled */
    uv_check_t check;
    int open_handles;
    int64_t timer_ns; /* when it fires; INT64_MAX: it doesn't */
    unsigned failures;
    uint64_t handshake_failures;
    int64_t failures_since_ns;
    bool is_closing;
    int64_t grace_until_ns;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

static void maybe_finish(struct http_server *s);
static void check_deadlines(struct http_server *s);

static int64_t now_ns(const struct http_server *s)
{
    return (int64_t)uv_now(s->loop) * NS_PER_MS;
}

/* A stranger's failure: at most some lines a period, so that nobody fills the log. */
static void log_failure(struct http_server *s, const char *message, const char *peer, const struct error *err)
{
    int64_t now = now_ns(s);
    if (s->failures == 0 || now - s->failures_since_ns >= FAILURES_PERIOD_NS) {
        if (s->failures > FAILURES_LOGGED)
            log_info("More connections failed than were logged", LOG_NUM("count", s->failures - FAILURES_LOGGED));
        s->failures = 0;
        s->failures_since_ns = now;
    }
    if (++s->failures <= FAILURES_LOGGED)
        log_info(message, LOG_CSTR("peer", peer), LOG_ERR(err));
}

/* --- the timer --- */

static void on_timer(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    s->timer_ns = INT64_MAX;
    check_deadlines(s);
}

static void wake_at(struct http_server *s, int64_t at_ns)
{
    if (at_ns >= s->timer_ns || uv_is_closing((uv_handle_t *)&s->timer))
        return;
    s->timer_ns = at_ns;
    int64_t left_ns = at_ns - now_ns(s);
    uv_timer_start(&s->timer, on_timer, left_ns > 0 ? (uint64_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS) : 0, 0);
}

/* --- a connection --- */

/* Whether output is queued and for how long nobody has taken any; when to look again. */
static int64_t check_stall(struct server_connection *c, int64_t now)
{
    int64_t limit = c->server->limits.write_stall_ns;
    if (tls_stream_queued_bytes(c->stream) == 0) {
        c->is_stall_watched = false;
        return INT64_MAX;
    }
    uint64_t taken = tls_stream_taken_bytes(c->stream);
    if (!c->is_stall_watched || taken != c->taken_bytes) {
        c->is_stall_watched = true;
        c->taken_bytes = taken;
        c->progress_ns = now;
    }
    if (now - c->progress_ns < limit)
        return now + limit / 4 + NS_PER_MS;
    tls_stream_abort(c->stream);
    return INT64_MAX;
}

/* Enforces this connection's deadlines; returns when to do so next. */
static int64_t check_connection(struct server_connection *c, int64_t now)
{
    struct http_server *s = c->server;
    int64_t next = check_stall(c, now);
    if (c->is_closing) {
        if (next != INT64_MAX) {
            c->since_ns = now; /* output is still being read: the linger time hasn't begun */
            return next;
        }
        if (now - c->since_ns >= LINGER_NS)
            tls_stream_abort(c->stream);
        else
            next = c->since_ns + LINGER_NS;
        return next;
    }
    int64_t other;
    if (c->http == NULL) {
        other = c->since_ns + s->limits.tls_handshake_ns;
        if (other <= now) {
            tls_stream_abort(c->stream);
            return INT64_MAX;
        }
    } else {
        other = http_connection_check(c->http, now);
    }
    return other < next ? other : next;
}

static void check_deadlines(struct http_server *s)
{
    int64_t now = now_ns(s), next = INT64_MAX;
    bool is_over = s->is_closing && now >= s->grace_until_ns;
    for (struct server_connection *c = s->connections; c != NULL; c = c->next) {
        if (is_over) {
            tls_stream_abort(c->stream);
            continue;
        }
        int64_t at = check_connection(c, now);
        next = at < next ? at : next;
    }
    if (s->is_closing && !is_over && s->grace_until_ns < next)
        next = s->grace_until_ns;
    wake_at(s, next);
}

static void run_scheduled(struct http_server *s)
{
    struct server_connection *list = s->scheduled;
    s->scheduled = NULL;
    uv_idle_stop(&s->idle);
    while (list != NULL) {
        struct server_connection *c = list;
        list = c->next_scheduled;
        c->is_scheduled = false;
        if (c->http == NULL)
            continue;
        http_connection_run(c->http);
        tls_stream_flush(c->stream);
        wake_at(s, check_connection(c, now_ns(s)));
    }
}

static void on_idle(uv_idle_t *idle)
{
    run_scheduled(idle->data);
}

static void on_check(uv_check_t *check)
{
    run_scheduled(check->data);
}

static void schedule(void *arg)
{
    struct server_connection *c = arg;
    if (c->is_scheduled)
        return;
    c->is_scheduled = true;
    c->next_scheduled = c->server->scheduled;
    c->server->scheduled = c;
    uv_idle_start(&c->server->idle, on_idle);
}

static void unschedule(struct server_connection *c)
{
    struct server_connection **at = &c->server->scheduled;
    while (c->is_scheduled && *at != NULL) {
        if (*at == c) {
            *at = c->next_scheduled;
            c->is_scheduled = false;
        } else {
            at = &(*at)->next_scheduled;
        }
    }
}

static void transport_write(void *arg, struct str bytes)
{
    struct server_connection *c = arg;
    tls_stream_write(c->stream, bytes);
}

static void transport_write_buf(void *arg, struct buf *b)
{
    struct server_connection *c = arg;
    tls_stream_write_buf(c->stream, b);
}

static void transport_flush(void *arg)
{
    struct server_connection *c = arg;
    tls_stream_flush(c->stream);
}

static size_t transport_queued_bytes(const void *arg)
{
    const struct server_connection *c = arg;
    return tls_stream_queued_bytes(c->stream);
}

static void transport_pause(void *arg, bool is_paused)
{
    struct server_connection *c = arg;
    tls_stream_pause(c->stream, is_paused);
}

static void transport_close(void *arg)
{
    struct server_connection *c = arg;
    c->is_closing = true;
    c->since_ns = now_ns(c->server);
    tls_stream_close(c->stream);
}

static void transport_abort(void *arg)
{
    struct server_connection *c = arg;
    tls_stream_abort(c->stream);
}

static int64_t transport_now_ns(const void *arg)
{
    const struct server_connection *c = arg;
    return now_ns(c->server);
}

static const struct http_transport tls_transport = {
    .write = transport_write,
    .write_buf = transport_write_buf,
    .flush = transport_flush,
    .queued_bytes = transport_queued_bytes,
    .pause = transport_pause,
    .close = transport_close,
    .abort = transport_abort,
    .schedule = schedule,
    .now_ns = transport_now_ns,
};

static struct str host_of(const char *peer)
{
    struct str s = str_of(peer);
    size_t colon = s.len;
    while (colon > 0 && s.ptr[colon - 1] != ':')
        colon--;
    s = str_head(s, colon > 0 ? colon - 1 : s.len);
    return s.len > 1 && s.ptr[0] == '[' ? str_from(s.ptr + 1, s.len - 2) : s;
}

static void on_ready(void *arg, struct tls_stream *stream)
{
    struct server_connection *c = arg;
    struct http_connection_options options = {
        .transport = &tls_transport,
        .transport_arg = c,
        .limits = &c->server->limits,
        .handler = c->server->handler,
        .peer = str_of(c->peer),
        .peer_host = host_of(c->peer),
        .peer_certificate = SSL_get0_peer_certificate(tls_stream_ssl(stream)),
        .peer_chain = SSL_get_peer_cert_chain(tls_stream_ssl(stream)),
    };
    bool is_http2 = str_eq(tls_stream_alpn(stream), STR("h2"));
    c->http = is_http2 ? http2_connection_new(&options) : http1_connection_new(&options);
    if (c->server->is_closing)
        http_connection_shut_down(c->http);
    schedule(c);
}

static void on_bytes(void *arg, struct tls_stream *stream, struct str bytes)
{
    struct server_connection *c = arg;
    (void)stream;
    http_connection_receive(c->http, bytes);
}

static void on_end(void *arg, struct tls_stream *stream, bool is_clean)
{
    struct server_connection *c = arg;
    (void)stream;
    (void)is_clean; /* requests say where they end: a cut one is noticed by that */
    http_connection_receive_end(c->http);
}

static void on_written(void *arg, struct tls_stream *stream)
{
    (void)stream;
    schedule(arg);
}

static void on_stream_closed(void *arg, struct tls_stream *stream, const struct error *err)
{
    struct server_connection *c = arg;
    struct http_server *s = c->server;
    (void)stream;
    if (c->http == NULL && !c->is_evicted && !s->is_closing)
        s->handshake_failures++;
    if (c->http == NULL && err != NULL)
        log_failure(s, "Connection failed", c->peer, err);
    if (c->http != NULL)
        http_connection_free(c->http);
    c->http = NULL;
    unschedule(c);
    if (c->next != NULL)
        c->next->previous = c->previous;
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        s->connections = c->next;
    s->connection_count--;
    free(c);
    maybe_finish(s);
}

/* --- accepting --- */

/* Makes room by closing the connection that has been without a request for longest. */
static bool evict(struct http_server *s)
{
    struct server_connection *oldest = NULL;
    int64_t oldest_ns = INT64_MAX;
    for (struct server_connection *c = s->connections; c != NULL; c = c->next) {
        bool is_idle = c->is_closing || c->http == NULL || c->http->open_exchanges == 0;
        int64_t since = c->is_closing || c->http == NULL ? c->since_ns : c->http->idle_since_ns;
        if (is_idle && since <= oldest_ns && !c->is_evicted) {
            oldest = c;
            oldest_ns = since;
        }
    }
    if (oldest == NULL)
        return false;
    oldest->is_evicted = true;
    tls_stream_abort(oldest->stream);
    return true;
}

static void on_accept(void *arg, int fd)
{
    static const struct tls_stream_events events = {.on_ready = on_ready,
                                                    .on_bytes = on_bytes,
                                                    .on_end = on_end,
                                                    .on_written = on_written,
                                                    .on_closed = on_stream_closed};
    struct http_server *s = arg;
    struct error err = {0};
    if (s->connection_count >= s->limits.max_connections && !evict(s)) {
        error_set(&err, 0, "%u connections, all busy", s->connection_count);
        log_failure(s, "Connection refused", "", &err);
        error_clear(&err);
        close(fd);
        return;
    }
    SSL *ssl = tls_server_ssl(s->tls, fd);
    if (ssl == NULL) {
        tls_error(&err, "TLS connection");
        log_failure(s, "Connection refused", "", &err);
        error_clear(&err);
        close(fd);
        return;
    }
    struct server_connection *c = mem_zalloc(sizeof(*c));
    c->server = s;
    c->since_ns = now_ns(s);
    c->next = s->connections;
    if (c->next != NULL)
        c->next->previous = c;
    s->connections = c;
    s->connection_count++;
    c->stream = tls_stream_new(s->loop, ssl, &events, c);
    tls_stream_set_plain_http_answer(
        c->stream, STR("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"));
    tls_stream_accept(c->stream, fd, NULL); /* a failure comes by on_stream_closed */
    tls_stream_peer(c->stream, c->peer);
    wake_at(s, c->since_ns + s->limits.tls_handshake_ns);
}

static void on_listener_closed(void *arg)
{
    struct http_server *s = arg;
    s->open_listeners--;
    maybe_finish(s);
}

static const struct tcp_listener_events listener_events = {.on_accept = on_accept, .on_closed = on_listener_closed};

static bool add_listener(struct http_server *s, struct tcp_listener *l)
{
    if (l == NULL)
        return false;
    s->listeners = mem_realloc_array(s->listeners, s->listener_count + 1, sizeof(*s->listeners));
    s->listeners[s->listener_count++] = l;
    s->open_listeners++;
    return true;
}

bool http_server_listen(struct http_server *s, const char *address, uint16_t port, struct error *err)
{
    return add_listener(s, tcp_listener_open(s->loop, address, port, &listener_events, s, err));
}

bool http_server_adopt(struct http_server *s, int fd, struct error *err)
{
    return add_listener(s, tcp_listener_adopt(s->loop, fd, &listener_events, s, err));
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->listener_count > 0 ? tcp_listener_port(s->listeners[0]) : 0;
}

uint64_t http_server_handshake_failures(const struct http_server *s)
{
    return s->handshake_failures;
}

unsigned http_server_connections(const struct http_server *s)
{
    return s->connection_count;
}

/* --- life --- */

struct http_server *http_server_new(uv_loop_t *loop, struct tls_server *tls, const struct http_limits *limits,
                                    struct http_handler handler)
{
    struct http_server *s = mem_zalloc(sizeof(*s));
    s->loop = loop;
    s->tls = tls;
    s->limits = limits != NULL ? *limits : http_limits_default;
    s->handler = handler;
    s->timer_ns = INT64_MAX;
    uv_timer_init(loop, &s->timer);
    uv_idle_init(loop, &s->idle);
    uv_check_init(loop, &s->check);
    s->timer.data = s->idle.data = s->check.data = s;
    uv_check_start(&s->check, on_check);
    uv_unref((uv_handle_t *)&s->check);
    uv_unref((uv_handle_t *)&s->timer);
    s->open_handles = 3;
    /* http_parser's own limit is one for the whole program and below what head_bytes may be. */
    http_parser_set_max_header_size(UINT32_MAX / 2);
    return s;
}

void http_server_set_tls(struct http_server *s, struct tls_server *tls)
{
    s->tls = tls;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    if (--s->open_handles > 0)
        return;
    void (*on_closed)(void *arg) = s->on_closed;
    void *arg = s->on_closed_arg;
    free(s->listeners);
    free(s);
    if (on_closed != NULL)
        on_closed(arg);
}

static void maybe_finish(struct http_server *s)
{
    if (!s->is_closing || s->open_listeners > 0 || s->connection_count > 0 || uv_is_closing((uv_handle_t *)&s->timer))
        return;
    uv_close((uv_handle_t *)&s->timer, on_handle_closed);
    uv_close((uv_handle_t *)&s->idle, on_handle_closed);
    uv_close((uv_handle_t *)&s->check, on_handle_closed);
}

void http_server_close(struct http_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    assert(!s->is_closing);
    s->is_closing = true;
    s->on_closed = on_closed;
    s->on_closed_arg = arg;
    s->grace_until_ns = now_ns(s) + grace_ns;
    for (size_t i = 0; i < s->listener_count; i++)
        tcp_listener_close(s->listeners[i]);
    s->listener_count = 0;
    for (struct server_connection *c = s->connections; c != NULL; c = c->next) {
        if (c->http != NULL)
            http_connection_shut_down(c->http);
        else
            tls_stream_abort(c->stream);
    }
    wake_at(s, s->grace_until_ns);
    maybe_finish(s);
}
