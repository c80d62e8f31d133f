#include "net/http_connection.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/http1_chunked.h"
#include "net/http1_head.h"

/* Pipelined requests, or a body that nobody wants yet, may wait up to here; then the peer isn't read any more. */
#define WAITING_BYTES ((size_t)64 * 1024)
/* A body that the handler didn't read is read and dropped up to this length, to keep the connection (Go's figure). */
#define DROPPED_BYTES ((uint64_t)256 * 1024)
/* Response bytes gathered into one chunk. */
#define CHUNK_BYTES ((size_t)16 * 1024)
/* What one connection may do before others get their turn: some ten pipelined requests. */
#define STEPS_PER_RUN 64

enum input_state {
    INPUT_HEAD,
    INPUT_BODY,
    INPUT_DONE,   /* the request is whole: its response comes before the next one */
    INPUT_CLOSED, /* whatever comes is dropped */
};

struct http1_connection {
    struct http_connection base;
    enum input_state input;
    struct http_exchange *x; /* the request being served, or NULL */
    struct http1_head head;  /* its, or the last one's */
    struct buf waiting;      /* input that couldn't be taken yet */
    size_t scanned;          /* bytes of it without a head's end */
    int64_t head_since_ns;   /* first byte of a head; 0: none came */
    struct http1_chunked chunked;
    uint64_t body_bytes; /* of the body, delivered or dropped */
    uint64_t dropped_bytes;
    struct buf chunk; /* response bytes that will be a chunk */
    bool is_last;     /* the connection ends with this response */
    bool is_chunked;  /* the response */
    bool has_served;  /* at least one response was completed */
};

static struct http1_connection *of(struct http_connection *c)
{
    return (struct http1_connection *)c;
}

static void put(struct http1_connection *h, struct str bytes)
{
    h->base.transport->write(h->base.transport_arg, bytes);
}

/* --- responses --- */

static void flush_chunk(struct http1_connection *h)
{
    if (h->chunk.len == 0)
        return;
    char size[20];
    put(h, str_from(size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", h->chunk.len)));
    buf_add_str(&h->chunk, STR("\r\n"));
    h->base.transport->write_buf(h->base.transport_arg, &h->chunk);
}

/* A handler's value can't end the header it is in. */
static void add_header(struct buf *to, struct str name, struct str value)
{
    buf_add_str(to, name);
    buf_add_str(to, STR(": "));
    size_t from = to->len;
    buf_add_str(to, value);
    for (size_t i = from; i < to->len; i++) {
        if ((unsigned char)to->ptr[i] < 0x20 || to->ptr[i] == 0x7f)
            to->ptr[i] = ' ';
    }
    buf_add_str(to, STR("\r\n"));
}

static void add_status_line(struct buf *to, int minor, int status)
{
    buf_printf(to, "HTTP/1.%d %03d %s\r\n", minor, status, http_status_text(status));
    buf_add_str(to, STR("Date: "));
    http_add_date(to, clock_unix_ns() / NS_PER_S);
    buf_add_str(to, STR("\r\n"));
}

/* Whether what is left of the request's body may be read and dropped, so that the connection can be used again. */
static bool is_rest_short(const struct http1_connection *h)
{
    if (h->input != INPUT_BODY)
        return true;
    if (h->x->expects_continue)
        return false; /* whether a body follows now is the client's choice */
    return h->head.is_chunked || h->head.content_length - h->body_bytes <= DROPPED_BYTES;
}

static void start(struct http_exchange *x, int status, const struct http_headers *headers)
{
    struct http1_connection *h = of(x->connection);
    auto_buf struct buf out = {0};
    add_status_line(&out, 1, status);
    for (size_t i = 0; i < headers->count; i++) {
        if (!http_is_hop_header(headers->items[i].name))
            add_header(&out, headers->items[i].name, headers->items[i].value);
    }
    h->is_chunked = false;
    if (x->length >= 0 && status != 204) {
        buf_printf(&out, "Content-Length: %lld\r\n", (long long)x->length);
    } else if (!x->is_bodyless && h->head.minor == 0) {
        h->is_last = true; /* the end of the connection is the end of the body */
    } else if (!x->is_bodyless) {
        h->is_chunked = true;
        buf_add_str(&out, STR("Transfer-Encoding: chunked\r\n"));
    }
    if (h->base.is_shutting_down || !is_rest_short(h))
        h->is_last = true;
    if (h->is_last)
        buf_add_str(&out, STR("Connection: close\r\n"));
    else if (h->head.minor == 0)
        buf_add_str(&out, STR("Connection: keep-alive\r\n"));
    buf_add_str(&out, STR("\r\n"));
    put(h, buf_str(&out));
}

static void write_body(struct http_exchange *x, struct str bytes)
{
    struct http1_connection *h = of(x->connection);
    if (!h->is_chunked) {
        put(h, bytes);
        return;
    }
    buf_add_str(&h->chunk, bytes);
    if (h->chunk.len >= CHUNK_BYTES)
        flush_chunk(h);
}

static void write_body_buf(struct http_exchange *x, struct buf *b)
{
    struct http1_connection *h = of(x->connection);
    if (!h->is_chunked) {
        h->base.transport->write_buf(h->base.transport_arg, b);
        return;
    }
    flush_chunk(h);
    h->chunk = *b;
    *b = (struct buf){0};
    flush_chunk(h);
}

static void end_response(struct http_exchange *x)
{
    struct http1_connection *h = of(x->connection);
    if (!h->is_chunked)
        return;
    flush_chunk(h);
    put(h, STR("0\r\n\r\n"));
}

static void abort_response(struct http_exchange *x)
{
    http_connection_abort(x->connection);
}

static size_t queued_bytes(const struct http_exchange *x)
{
    const struct http1_connection *h = of(x->connection);
    return h->chunk.len + h->base.transport->queued_bytes(h->base.transport_arg);
}

/* The server's own answer to what it won't hand to the handler, or takes away from it. The connection ends with it. */
static void refuse(struct http1_connection *h, int status, const char *reason)
{
    h->input = INPUT_CLOSED;
    h->is_last = true;
    if (h->x != NULL && h->x->has_started) {
        http_connection_abort(&h->base); /* too late for another answer: the peer must notice */
        return;
    }
    if (h->x != NULL)
        h->x->is_dead = true;
    auto_buf struct buf out = {0}, body = {0};
    buf_printf(&body, "%d %s: %s\n", status, http_status_text(status), reason);
    add_status_line(&out, 1, status);
    buf_printf(&out, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n");
    buf_printf(&out, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body.len);
    if (h->x == NULL || !h->x->is_head_request)
        buf_add_str(&out, buf_str(&body));
    put(h, buf_str(&out));
    http_connection_close(&h->base);
}

/* --- requests --- */

static void begin_request(struct http1_connection *h, struct str bytes)
{
    struct http_exchange *x = http_exchange_new(&h->base);
    struct http1_refusal refusal;
    h->x = x;
    h->head_since_ns = 0;
    h->body_bytes = 0;
    h->dropped_bytes = 0;
    h->chunked = (struct http1_chunked){0};
    if (!http1_head_parse(bytes, &x->arena, &x->request, &h->head, &refusal)) {
        x->is_head_request = str_eq(x->request.method, STR("HEAD"));
        refuse(h, refusal.status, refusal.reason);
        return;
    }
    h->is_last = !h->head.is_keep_alive;
    x->request.has_body = h->head.is_chunked || h->head.content_length > 0;
    x->expects_continue = h->head.expects_continue && x->request.has_body;
    x->is_body_whole = !x->request.has_body;
    h->input = x->request.has_body ? INPUT_BODY : INPUT_DONE;
    http_exchange_begin(x);
}

/* Returns how many of BYTES were used up; 0: it takes more, or the head has to wait. */
static size_t take_head(struct http1_connection *h, struct str bytes)
{
    if (h->x != NULL)
        return 0;
    if (bytes.ptr[0] == '\r' || bytes.ptr[0] == '\n') {
        h->scanned = 0;
        if (str_starts_with(bytes, STR("\r\n")))
            return 2; /* left over from a body that was longer than it said (RFC 9112, 2.2) */
        if (bytes.ptr[0] == '\r' && bytes.len == 1)
            return 0;
    }
    if (h->head_since_ns == 0)
        h->head_since_ns = http_connection_now_ns(&h->base);
    ptrdiff_t end = http1_head_find_end(bytes, &h->scanned);
    if (end < 0) {
        refuse(h, 400, "line doesn't end with CRLF");
        return bytes.len;
    }
    if (end == 0 ? bytes.len > h->base.limits->head_bytes : (size_t)end > h->base.limits->head_bytes) {
        bool is_line_whole = memchr(bytes.ptr, '\n', bytes.len) != NULL;
        refuse(h, is_line_whole ? 431 : 414, is_line_whole ? "request head is too large" : "request line is too long");
        return bytes.len;
    }
    if (end > 0)
        begin_request(h, str_head(bytes, (size_t)end));
    return (size_t)end;
}

/* Hands a piece of the body over, or drops it. False: the connection was closed for it. */
static bool give_body(struct http1_connection *h, struct str piece)
{
    struct http_exchange *x = h->x;
    h->body_bytes += piece.len;
    if (x == NULL || x->has_ended) {
        h->dropped_bytes += piece.len;
        if (h->dropped_bytes <= DROPPED_BYTES)
            return true;
        h->input = INPUT_CLOSED;
        h->is_last = true;
        if (x == NULL)
            http_connection_close(&h->base);
        return false;
    }
    x->body_bytes += piece.len;
    x->expects_continue = false;
    if (x->body_bytes > h->base.limits->body_bytes) {
        refuse(h, 413, "request body is too large");
        return false;
    }
    http_exchange_give_body(x, piece);
    return !h->base.is_closed;
}

static void end_body(struct http1_connection *h)
{
    h->input = INPUT_DONE;
    if (h->x != NULL)
        h->x->is_body_whole = true;
}

/* Whether the next piece of the body may be taken from the input: the handler wants it, or it will be dropped. */
static bool is_body_wanted(const struct http1_connection *h)
{
    return h->x == NULL || h->x->has_ended || http_exchange_takes_body(h->x);
}

static void take_chunked(struct http1_connection *h, struct str *bytes)
{
    struct str piece;
    while (h->input == INPUT_BODY && is_body_wanted(h)) {
        switch (http1_chunked_read(&h->chunked, bytes, &piece)) {
        case CHUNKED_PIECE:
            if (!give_body(h, piece))
                return;
            break;
        case CHUNKED_END:
            end_body(h);
            return;
        case CHUNKED_MALFORMED:
            refuse(h, 400, "malformed chunked encoding");
            return;
        case CHUNKED_EXCESSIVE:
            refuse(h, 400, "chunked encoding contains too much besides the body");
            return;
        case CHUNKED_MORE:
            return;
        }
    }
}

static size_t take_body(struct http1_connection *h, struct str bytes)
{
    struct str rest = bytes;
    if (!is_body_wanted(h))
        return 0;
    if (h->head.is_chunked) {
        take_chunked(h, &rest);
    } else if (h->x != NULL && !h->x->has_ended && h->head.content_length > h->base.limits->body_bytes) {
        refuse(h, 413, "request body is too large");
    } else {
        uint64_t left = h->head.content_length - h->body_bytes;
        struct str piece = str_head(bytes, left < bytes.len ? (size_t)left : bytes.len);
        rest = str_skip(bytes, piece.len);
        if (give_body(h, piece) && h->body_bytes == h->head.content_length)
            end_body(h);
    }
    return bytes.len - rest.len;
}

static size_t take(struct http1_connection *h, struct str bytes)
{
    switch (h->input) {
    case INPUT_HEAD:
        return take_head(h, bytes);
    case INPUT_BODY:
        return take_body(h, bytes);
    case INPUT_DONE:
        return 0;
    case INPUT_CLOSED:
        return bytes.len;
    }
    return 0;
}

/* One step of the state machine. False when there is nothing to do without more input or the handler. */
static bool step(struct http1_connection *h, struct str *bytes)
{
    struct http_exchange *x = h->x;
    if (x != NULL && x->has_ended) {
        h->x = NULL;
        h->has_served = true;
        http_exchange_close(x);
        if (h->is_last || h->base.is_shutting_down)
            http_connection_close(&h->base);
        return true;
    }
    if (x != NULL && x->is_body_whole && !x->is_body_end_told && http_exchange_takes_body(x)) {
        http_exchange_give_body_end(x);
        return true;
    }
    if (x == NULL && h->input == INPUT_DONE) {
        h->input = INPUT_HEAD;
        return true;
    }
    if (str_is_empty(*bytes))
        return false;
    size_t used = take(h, *bytes);
    *bytes = str_skip(*bytes, used);
    return used > 0;
}

/* A long head waits for its end: it isn't held back, take_head limits it. */
static bool is_head_growing(const struct http1_connection *h)
{
    return h->x == NULL && h->input == INPUT_HEAD;
}

/* Takes what can be taken of WAITING and then BYTES; the rest waits. */
static void advance(struct http1_connection *h, struct str bytes)
{
    bool was_waiting = h->waiting.len > 0;
    if (was_waiting) {
        buf_add_str(&h->waiting, bytes);
        bytes = buf_str(&h->waiting);
    }
    struct str rest = bytes;
    int steps = STEPS_PER_RUN;
    while (!h->base.is_closed && steps > 0 && step(h, &rest))
        steps--;
    if (h->base.is_closed || str_is_empty(rest))
        buf_free(&h->waiting);
    else if (was_waiting)
        buf_drop_front(&h->waiting, bytes.len - rest.len);
    else
        buf_add_str(&h->waiting, rest);
    if (h->base.is_closed)
        return;
    if (steps == 0)
        http_connection_schedule(&h->base);
    h->base.transport->pause(h->base.transport_arg, h->waiting.len >= WAITING_BYTES && !is_head_growing(h));
}

static void receive(struct http_connection *c, struct str bytes)
{
    advance(of(c), bytes);
}

static void receive_end(struct http_connection *c)
{
    struct http1_connection *h = of(c);
    if (h->x == NULL)
        http_connection_close(c);
    else if (h->x->has_ended)
        h->is_last = true;
    else
        http_connection_abort(c); /* who closes doesn't wait for the answer: a watch must end here */
}

static void run(struct http_connection *c)
{
    struct http1_connection *h = of(c);
    advance(h, (struct str){0});
    if (c->is_closed)
        return;
    flush_chunk(h);
    c->transport->flush(c->transport_arg);
    if (h->x != NULL)
        http_exchange_tell_writable(h->x);
}

static int64_t check(struct http_connection *c, int64_t now_ns)
{
    struct http1_connection *h = of(c);
    const struct http_limits *limits = c->limits;
    bool is_between = h->x == NULL && h->input == INPUT_HEAD;
    bool is_body_awaited = h->input == INPUT_BODY && (h->x == NULL || http_exchange_takes_body(h->x));
    int64_t deadline_ns = INT64_MAX;
    if (is_between && h->head_since_ns != 0)
        deadline_ns = h->head_since_ns + limits->head_ns;
    else if (is_between)
        deadline_ns = c->idle_since_ns + (h->has_served ? limits->idle_ns : limits->head_ns);
    else if (is_body_awaited)
        deadline_ns = (h->x != NULL ? h->x->body_since_ns : c->idle_since_ns) + limits->body_ns;
    if (deadline_ns > now_ns)
        return deadline_ns;
    if (is_between && h->head_since_ns == 0)
        http_connection_close(c);
    else if (is_body_awaited && h->x == NULL)
        http_connection_abort(c);
    else
        refuse(h, 408, is_between ? "request head took too long" : "request body took too long");
    return INT64_MAX;
}

static void want_body(struct http_exchange *x)
{
    struct http1_connection *h = of(x->connection);
    if (!x->expects_continue || x->has_started || h->head.content_length > x->connection->limits->body_bytes)
        return;
    x->expects_continue = false;
    put(h, STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void shut_down(struct http_connection *c)
{
    struct http1_connection *h = of(c);
    h->is_last = true;
    if (h->x == NULL)
        http_connection_close(c);
}

static void free_connection(struct http_connection *c)
{
    struct http1_connection *h = of(c);
    buf_free(&h->waiting);
    buf_free(&h->chunk);
    free(h);
}

const struct http_protocol http1_protocol = {.receive = receive,
                                             .receive_end = receive_end,
                                             .run = run,
                                             .check = check,
                                             .shut_down = shut_down,
                                             .free = free_connection,
                                             .start = start,
                                             .write = write_body,
                                             .write_buf = write_body_buf,
                                             .end = end_response,
                                             .abort = abort_response,
                                             .want_body = want_body,
                                             .queued_bytes = queued_bytes};

struct http_connection *http1_connection_new(const struct http_connection_options *options)
{
    struct http1_connection *h = mem_zalloc(sizeof(*h));
    http_connection_init(&h->base, &http1_protocol, options);
    return &h->base;
}
