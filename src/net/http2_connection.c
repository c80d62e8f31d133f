#include "net/http2_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

/* What a peer may send of a body before the handler has taken it: per stream, and for all of a connection's streams. */
#define STREAM_WINDOW_BYTES (256 * 1024)
#define CONNECTION_WINDOW_BYTES (1024 * 1024)
/* Frames are made when fewer bytes than this wait for the socket, so that a late, more urgent stream isn't last. */
#define OUTPUT_BYTES ((size_t)64 * 1024)
/* Output made before other connections get their turn. */
#define OUTPUT_PER_RUN_BYTES ((size_t)1024 * 1024)
/* Frames that cost the peer nothing and ask for work: PING, SETTINGS, PRIORITY, empty DATA. */
#define CONTROL_FRAMES_PER_PERIOD 1000
#define PERIOD_NS (10 * NS_PER_S)
/* A header field counts as its bytes and this (RFC 9113, 6.5.2). */
#define HEADER_OVERHEAD_BYTES 32
/* A head this many times over its limit, possible by compression, ends the connection. */
#define HEAD_EXCESS_FACTOR 4

static void terminate(struct http2_connection *h, uint32_t code, const char *reason)
{
    if (h->is_condemned)
        return;
    h->is_condemned = true;
    log_verbose(2, "HTTP/2 connection terminated", LOG_STR("peer", h->base.peer), LOG_CSTR("reason", reason),
                LOG_NUM("code", code));
    nghttp2_session_terminate_session(h->session, code);
    http_connection_schedule(&h->base);
}

static void count(struct http2_connection *h, unsigned *counter, unsigned limit, const char *what)
{
    int64_t now = http_connection_now_ns(&h->base);
    if (now - h->period_since_ns >= PERIOD_NS) {
        h->period_since_ns = now;
        h->resets = 0;
        h->control_frames = 0;
    }
    if (++*counter > limit)
        terminate(h, NGHTTP2_ENHANCE_YOUR_CALM, what);
}

static void count_reset(struct http2_connection *h)
{
    count(h, &h->resets, h->base.limits->max_resets_per_10s, "too many streams reset");
}

/*
 * A reset of a stream that has ended already costs nothing and is what Go's client sends after some answers: each such
 * stream has one free. What is counted are resets that take back work, and those that are sent for their own sake.
 */
static void take_reset(struct http2_connection *h, struct http_exchange *x)
{
    if (x == NULL && h->ended_streams > 0) {
        h->ended_streams--;
        return;
    }
    count_reset(h);
    if (x != NULL)
        x->is_reset_counted = true;
}

/* --- requests --- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2_connection *h = arg;
    h->head_since_ns = http_connection_now_ns(&h->base);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct http_exchange *x = http_exchange_new(&h->base);
    x->stream_id = frame->hd.stream_id;
    x->request.http_major = 2;
    nghttp2_session_set_stream_user_data(session, x->stream_id, x);
    return 0;
}

static void take_pseudo_header(struct http_exchange *x, struct str name, struct str value)
{
    struct str copy = arena_str(&x->arena, value);
    if (str_eq(name, STR(":method")))
        x->request.method = copy;
    else if (str_eq(name, STR(":path")))
        x->request.target = copy;
    else if (str_eq(name, STR(":authority")))
        x->request.host = copy;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
    struct http2_connection *h = arg;
    struct http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags;
    if (x == NULL)
        return 0;
    x->head_bytes += name_len + value_len + HEADER_OVERHEAD_BYTES;
    if (x->head_bytes > h->base.limits->head_bytes) {
        x->is_head_too_large = true;
        if (x->head_bytes / HEAD_EXCESS_FACTOR > h->base.limits->head_bytes) {
            terminate(h, NGHTTP2_ENHANCE_YOUR_CALM, "head far too large");
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        return 0;
    }
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) /* trailers: nobody asks for them */
        return 0;
    struct str n = str_from((const char *)name, name_len), v = str_from((const char *)value, value_len);
    if (name_len > 0 && name[0] == ':')
        take_pseudo_header(x, n, v);
    else
        http_headers_add(&x->request.headers, &x->arena, n, v);
    return 0;
}

static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                             const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
    (void)session, (void)frame, (void)name, (void)name_len, (void)value, (void)value_len, (void)flags, (void)arg;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* a malformed request (RFC 9113, 8.1.1): the stream is reset */
}

static void begin_request(struct http2_connection *h, struct http_exchange *x, bool has_body)
{
    struct http_request *r = &x->request;
    h->head_since_ns = 0;
    r->has_body = has_body;
    x->is_body_whole = !has_body;
    x->is_head_request = str_eq(r->method, STR("HEAD"));
    x->expects_continue =
        has_body && str_eq_ignore_case(http_headers_get(&r->headers, STR("expect")), STR("100-continue"));
    str_cut(r->target, '?', &r->path, &r->query);
    if (str_is_empty(r->host))
        r->host = http_headers_get(&r->headers, STR("host"));
    bool is_asterisk = str_eq(r->target, STR("*")) && str_eq(r->method, STR("OPTIONS"));
    if (x->is_head_too_large)
        http2_refuse(x, 431, "request head is too large");
    else if (str_eq(r->method, STR("CONNECT")))
        http2_refuse(x, 501, "CONNECT isn't served here");
    else if ((!str_starts_with(r->path, STR("/")) && !is_asterisk) || str_index(r->target, '#') >= 0)
        http2_refuse(x, 400, "malformed request target");
    else if (!h->is_condemned)
        http_exchange_begin(x);
}

static bool is_control_frame(const nghttp2_frame *frame)
{
    switch (frame->hd.type) {
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
        return (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0;
    case NGHTTP2_PRIORITY:
        return true;
    case NGHTTP2_DATA:
        return frame->hd.length == 0 && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0;
    default:
        return false;
    }
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2_connection *h = arg;
    struct http_exchange *x =
        frame->hd.stream_id != 0 ? nghttp2_session_get_stream_user_data(session, frame->hd.stream_id) : NULL;
    bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_control_frame(frame))
        count(h, &h->control_frames, CONTROL_FRAMES_PER_PERIOD, "too many control frames");
    switch (frame->hd.type) {
    case NGHTTP2_RST_STREAM:
        take_reset(h, x);
        break;
    case NGHTTP2_HEADERS:
        h->head_since_ns = 0;
        if (x != NULL && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            begin_request(h, x, !is_end);
        else if (x != NULL && is_end)
            x->is_body_whole = true;
        break;
    case NGHTTP2_DATA:
        if (x != NULL && is_end)
            x->is_body_whole = true;
        break;
    default:
        break;
    }
    return 0;
}

static int on_invalid_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, int code, void *arg)
{
    (void)session, (void)frame, (void)code;
    count_reset(arg); /* it makes us reset a stream: as good an attack as resetting it itself */
    return 0;
}

static void consume(struct http2_connection *h, struct http_exchange *x, size_t len)
{
    nghttp2_session_consume(h->session, x->stream_id, len);
}

/* Hands over what is held, then the end; as far as the handler takes it. */
static void give_held_body(struct http2_connection *h, struct http_exchange *x)
{
    if (x->held_body.len > 0 && http_exchange_takes_body(x)) {
        struct buf held = x->held_body;
        x->held_body = (struct buf){0};
        consume(h, x, held.len);
        http_exchange_give_body(x, buf_str(&held));
        buf_free(&held);
    }
    if (x->is_body_whole && x->held_body.len == 0 && http_exchange_takes_body(x))
        http_exchange_give_body_end(x);
}

static int on_data_chunk_recv(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes,
                              size_t len, void *arg)
{
    struct http2_connection *h = arg;
    struct http_exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);
    (void)flags;
    if (x == NULL || x->is_dead || x->has_ended) {
        nghttp2_session_consume(session, stream_id, len);
        return 0;
    }
    x->body_bytes += len;
    x->expects_continue = false;
    if (x->body_bytes > h->base.limits->body_bytes) {
        nghttp2_session_consume(session, stream_id, len);
        http2_refuse(x, 413, "request body is too large");
        return 0;
    }
    if (x->held_body.len == 0 && http_exchange_takes_body(x)) {
        consume(h, x, len);
        http_exchange_give_body(x, str_from((const char *)bytes, len));
    } else {
        buf_add(&x->held_body, bytes, len);
    }
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    (void)arg;
    bool may_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!may_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    const struct http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x != NULL && !x->is_body_whole) /* the rest of the request isn't wanted (RFC 9113, 8.1) */
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *arg)
{
    struct http2_connection *h = arg;
    struct http_exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);
    if (x == NULL)
        return 0;
    if (code != NGHTTP2_NO_ERROR && !x->is_dead && !x->is_reset_counted)
        count_reset(h);
    nghttp2_session_set_stream_user_data(session, stream_id, NULL);
    if (x->held_body.len > 0)
        nghttp2_session_consume_connection(session, x->held_body.len);
    h->has_served = true;
    if (code == NGHTTP2_NO_ERROR)
        h->ended_streams++;
    if (x->is_last)
        http_connection_shut_down(&h->base);
    http_exchange_close(x);
    return 0;
}

/* --- the connection --- */

/* When nghttp2 can't go on, its queue isn't sent any more: the last frame is made by hand. */
static void put_goaway(struct http2_connection *h, uint32_t code)
{
    uint32_t last = (uint32_t)nghttp2_session_get_last_proc_stream_id(h->session);
    unsigned char frame[] = {0, 0, 8, NGHTTP2_GOAWAY,
                             0, 0, 0, 0,
                             0, /* length, type, flags, stream */
                             0, 0, 0, 0,
                             0, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        frame[9 + i] = (unsigned char)(last >> (24 - 8 * i));
        frame[13 + i] = (unsigned char)(code >> (24 - 8 * i));
    }
    h->base.transport->write(h->base.transport_arg, str_from((const char *)frame, sizeof(frame)));
}

static void receive(struct http_connection *c, struct str bytes)
{
    struct http2_connection *h = http2_of(c);
    ssize_t used = nghttp2_session_mem_recv(h->session, (const uint8_t *)bytes.ptr, bytes.len);
    if (used >= 0 || c->is_closed)
        return;
    if (used == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
        http_connection_abort(c);
        return;
    }
    log_verbose(2, "HTTP/2 connection failed", LOG_STR("peer", c->peer), LOG_CSTR("err", nghttp2_strerror((int)used)));
    put_goaway(h, used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE ? NGHTTP2_INTERNAL_ERROR
                                                                                    : NGHTTP2_ENHANCE_YOUR_CALM);
    http_connection_close(c);
}

static void receive_end(struct http_connection *c)
{
    http_connection_close(c); /* a client that sends nothing more can't even acknowledge what it reads */
}

static void make_output(struct http2_connection *h)
{
    const struct http_transport *t = h->base.transport;
    void *to = h->base.transport_arg;
    size_t made = 0;
    while (!h->base.is_closed && made < OUTPUT_PER_RUN_BYTES) {
        size_t round = 0;
        const uint8_t *bytes;
        ssize_t n = 0;
        while (round < OUTPUT_BYTES && (n = nghttp2_session_mem_send(h->session, &bytes)) > 0) {
            t->write(to, str_from((const char *)bytes, (size_t)n));
            round += (size_t)n;
        }
        if (n < 0) {
            http_connection_abort(&h->base);
            return;
        }
        t->flush(to);
        if (n == 0 || t->queued_bytes(to) > 0)
            return; /* all is sent, or we are called again when the peer has taken some */
        made += round;
    }
    http_connection_schedule(&h->base);
}

static void run(struct http_connection *c)
{
    struct http2_connection *h = http2_of(c);
    for (struct http_exchange *x = c->exchanges; x != NULL; x = x->next)
        give_held_body(h, x);
    if (c->transport->queued_bytes(c->transport_arg) == 0)
        make_output(h);
    for (struct http_exchange *x = c->exchanges; x != NULL && !c->is_closed; x = x->next)
        http_exchange_tell_writable(x);
    if (c->is_closed || nghttp2_session_want_write(h->session) != 0)
        return;
    if (nghttp2_session_want_read(h->session) == 0 || (c->is_shutting_down && c->open_exchanges == 0))
        http_connection_close(c);
}

static int64_t check_exchange(struct http_exchange *x, int64_t now_ns)
{
    const struct http_limits *limits = x->connection->limits;
    int64_t next = INT64_MAX;
    if (x->output.len > 0) {
        next = x->output_since_ns + limits->write_stall_ns;
        if (next <= now_ns) {
            http2_cut_off(x);
            return INT64_MAX;
        }
    }
    if (!x->is_body_whole && http_exchange_takes_body(x)) {
        int64_t at = x->body_since_ns + limits->body_ns;
        if (at <= now_ns)
            http2_refuse(x, 408, "request body took too long");
        else if (at < next)
            next = at;
    }
    return next;
}

static int64_t check(struct http_connection *c, int64_t now_ns)
{
    struct http2_connection *h = http2_of(c);
    const struct http_limits *limits = c->limits;
    int64_t next = INT64_MAX;
    if (h->is_condemned)
        return next;
    if (h->head_since_ns != 0) {
        next = h->head_since_ns + limits->head_ns;
        if (next <= now_ns)
            terminate(h, NGHTTP2_ENHANCE_YOUR_CALM, "request head took too long");
    } else if (c->open_exchanges == 0) {
        next = c->idle_since_ns + (h->has_served ? limits->idle_ns : limits->head_ns);
        if (next <= now_ns)
            terminate(h, NGHTTP2_NO_ERROR, "idle");
    }
    for (struct http_exchange *x = c->exchanges; x != NULL; x = x->next) {
        int64_t at = check_exchange(x, now_ns);
        next = at < next ? at : next;
    }
    return next;
}

static void shut_down(struct http_connection *c)
{
    struct http2_connection *h = http2_of(c);
    int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);
    nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
}

static void free_connection(struct http_connection *c)
{
    struct http2_connection *h = http2_of(c);
    nghttp2_session_del(h->session);
    free(h);
}

const struct http_protocol http2_protocol = {.receive = receive,
                                             .receive_end = receive_end,
                                             .run = run,
                                             .check = check,
                                             .shut_down = shut_down,
                                             .free = free_connection,
                                             .start = http2_start,
                                             .write = http2_write,
                                             .write_buf = http2_write_buf,
                                             .end = http2_end,
                                             .abort = http2_abort,
                                             .want_body = http2_want_body,
                                             .queued_bytes = http2_queued_bytes};

static nghttp2_session *new_session(struct http2_connection *h)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;
    if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
        abort(); /* out of memory: base/alloc.h */
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    /* its own limit can't tell which resets take back work, and would end a busy client's connection: see take_reset */
    nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
    if (nghttp2_session_server_new2(&session, callbacks, h, option) != 0)
        abort();
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

struct http_connection *http2_connection_new(const struct http_connection_options *options)
{
    struct http2_connection *h = mem_zalloc(sizeof(*h));
    http_connection_init(&h->base, &http2_protocol, options);
    h->session = new_session(h);
    size_t head_bytes = options->limits->head_bytes;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options->limits->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_bytes < UINT32_MAX ? (uint32_t)head_bytes : UINT32_MAX},
    };
    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, sizeof(settings) / sizeof(*settings));
    nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW_BYTES);
    http_connection_schedule(&h->base);
    return &h->base;
}
