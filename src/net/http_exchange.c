#include "net/http_connection.h"

#include <assert.h>
#include <time.h>

#include "base/alloc.h"

/* --- the connection's common part --- */

void http_connection_init(struct http_connection *c, const struct http_protocol *protocol,
                          const struct http_connection_options *options)
{
    c->protocol = protocol;
    c->transport = options->transport;
    c->transport_arg = options->transport_arg;
    c->limits = options->limits;
    c->handler = options->handler;
    c->peer = options->peer;
    c->peer_host = options->peer_host;
    c->peer_certificate = options->peer_certificate;
    c->peer_chain = options->peer_chain;
    c->idle_since_ns = http_connection_now_ns(c);
}

void http_connection_free(struct http_connection *c)
{
    c->is_closed = true;
    while (c->exchanges != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): closing takes it off the list, which the analyzer can't see */
        assert(c->exchanges->previous == NULL);
        http_exchange_close(c->exchanges);
    }
    c->protocol->free(c);
}

void http_connection_receive(struct http_connection *c, struct str bytes)
{
    if (!c->is_closed)
        c->protocol->receive(c, bytes);
    http_connection_schedule(c);
}

void http_connection_receive_end(struct http_connection *c)
{
    if (!c->is_closed)
        c->protocol->receive_end(c);
    http_connection_schedule(c);
}

void http_connection_run(struct http_connection *c)
{
    if (!c->is_closed)
        c->protocol->run(c);
    while (c->is_closed && c->exchanges != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): closing takes it off the list, which the analyzer can't see */
        assert(c->exchanges->previous == NULL);
        http_exchange_close(c->exchanges);
    }
}

int64_t http_connection_check(struct http_connection *c, int64_t now_ns)
{
    return c->is_closed ? INT64_MAX : c->protocol->check(c, now_ns);
}

void http_connection_shut_down(struct http_connection *c)
{
    if (c->is_closed || c->is_shutting_down)
        return;
    c->is_shutting_down = true;
    c->protocol->shut_down(c);
    http_connection_schedule(c);
}

void http_connection_close(struct http_connection *c)
{
    if (c->is_closed)
        return;
    c->is_closed = true;
    c->transport->close(c->transport_arg);
    http_connection_schedule(c);
}

void http_connection_abort(struct http_connection *c)
{
    c->is_closed = true;
    c->transport->abort(c->transport_arg);
    http_connection_schedule(c);
}

void http_connection_schedule(struct http_connection *c)
{
    c->transport->schedule(c->transport_arg);
}

int64_t http_connection_now_ns(const struct http_connection *c)
{
    return c->transport->now_ns(c->transport_arg);
}

/* --- the exchange, seen from its connection --- */

struct http_exchange *http_exchange_new(struct http_connection *c)
{
    struct http_exchange *x = mem_zalloc(sizeof(*x));
    x->connection = c;
    x->length = -1;
    x->request.peer = c->peer;
    x->request.peer_host = c->peer_host;
    x->request.peer_certificate = c->peer_certificate;
    x->request.peer_chain = c->peer_chain;
    x->next = c->exchanges;
    if (x->next != NULL)
        x->next->previous = x;
    c->exchanges = x;
    c->open_exchanges++;
    return x;
}

void http_exchange_close(struct http_exchange *x)
{
    struct http_connection *c = x->connection;
    x->is_dead = true;
    if (x->next != NULL)
        x->next->previous = x->previous;
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        c->exchanges = x->next;
    if (--c->open_exchanges == 0)
        c->idle_since_ns = http_connection_now_ns(c);
    if (x->events != NULL && x->events->on_closed != NULL)
        x->events->on_closed(x->events_arg, x);
    byte_queue_free(&x->output);
    buf_free(&x->held_body);
    arena_free(&x->arena);
    free(x);
}

void http_exchange_begin(struct http_exchange *x)
{
    struct http_connection *c = x->connection;
    x->is_head_request = str_eq(x->request.method, STR("HEAD"));
    x->body_since_ns = http_connection_now_ns(c);
    c->handler.on_request(c->handler.arg, x);
}

bool http_exchange_takes_body(const struct http_exchange *x)
{
    return x->is_body_wanted && !x->is_body_paused && !x->is_dead;
}

void http_exchange_give_body(struct http_exchange *x, struct str chunk)
{
    if (chunk.len > 0 && x->events != NULL && x->events->on_body != NULL)
        x->events->on_body(x->events_arg, x, chunk);
}

void http_exchange_give_body_end(struct http_exchange *x)
{
    if (x->is_body_end_told)
        return;
    x->is_body_end_told = true;
    if (x->events != NULL && x->events->on_body_end != NULL)
        x->events->on_body_end(x->events_arg, x);
}

void http_exchange_tell_writable(struct http_exchange *x)
{
    size_t low_water = x->connection->limits->queued_output_bytes / 2;
    size_t queued = http_exchange_queued_bytes(x);
    if (x->has_ended || x->is_dead || queued > low_water || !(x->is_writable_due || queued < x->told_bytes))
        return;
    x->is_writable_due = false;
    x->told_bytes = queued;
    if (x->events != NULL && x->events->on_writable != NULL)
        x->events->on_writable(x->events_arg, x);
}

/* --- the exchange, seen from the handler --- */

const struct http_request *http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

struct arena *http_exchange_arena(struct http_exchange *x)
{
    return &x->arena;
}

void http_exchange_listen(struct http_exchange *x, const struct http_exchange_events *events, void *arg)
{
    x->events = events;
    x->events_arg = arg;
}

void http_exchange_read_body(struct http_exchange *x)
{
    if (x->is_body_wanted || x->is_dead)
        return;
    x->is_body_wanted = true;
    x->body_since_ns = http_connection_now_ns(x->connection);
    x->connection->protocol->want_body(x);
    http_connection_schedule(x->connection);
}

void http_exchange_pause_body(struct http_exchange *x, bool is_paused)
{
    if (x->is_body_paused == is_paused)
        return;
    x->is_body_paused = is_paused;
    if (is_paused || x->is_dead)
        return;
    x->body_since_ns = http_connection_now_ns(x->connection); /* the peer isn't to blame for the pause */
    if (x->is_body_wanted)
        x->connection->protocol->want_body(x);
    http_connection_schedule(x->connection);
}

void http_exchange_start(struct http_exchange *x, int status, const struct http_headers *headers, int64_t length)
{
    static const struct http_headers no_headers = {0};
    if (x->is_dead)
        return;
    assert(!x->has_started && status >= 200 && status <= 999);
    x->has_started = true;
    x->is_bodyless = x->is_head_request || status == 204 || status == 304;
    x->length = length;
    x->connection->protocol->start(x, status, headers != NULL ? headers : &no_headers);
    x->is_writable_due = true;
    http_connection_schedule(x->connection);
}

/* How much of LEN bytes may be written: a body is never longer than was announced. */
static size_t writable_part(const struct http_exchange *x, size_t len)
{
    if (x->is_dead || x->has_ended || x->is_bodyless)
        return 0;
    assert(x->has_started);
    if (x->length < 0 || len <= (uint64_t)x->length - x->written)
        return len;
    return (size_t)((uint64_t)x->length - x->written);
}

void http_exchange_write(struct http_exchange *x, struct str bytes)
{
    bytes.len = writable_part(x, bytes.len);
    if (bytes.len == 0)
        return;
    x->written += bytes.len;
    x->is_writable_due = true;
    x->connection->protocol->write(x, bytes);
    http_connection_schedule(x->connection);
}

void http_exchange_write_buf(struct http_exchange *x, struct buf *b)
{
    size_t len = writable_part(x, b->len);
    if (len < b->len || len == 0) {
        http_exchange_write(x, str_head(buf_str(b), len));
        buf_free(b);
        return;
    }
    x->written += len;
    x->is_writable_due = true;
    x->connection->protocol->write_buf(x, b);
    http_connection_schedule(x->connection);
}

void http_exchange_end(struct http_exchange *x)
{
    if (x->is_dead || x->has_ended)
        return;
    assert(x->has_started);
    if (!x->is_bodyless && x->length >= 0 && x->written < (uint64_t)x->length) {
        http_exchange_abort(x); /* the peer waits for more than there is */
        return;
    }
    x->has_ended = true;
    x->connection->protocol->end(x);
    http_connection_schedule(x->connection);
}

void http_exchange_respond(struct http_exchange *x, int status, const struct http_headers *headers, struct str body)
{
    http_exchange_start(x, status, headers, (int64_t)body.len);
    http_exchange_write(x, body);
    http_exchange_end(x);
}

size_t http_exchange_queued_bytes(const struct http_exchange *x)
{
    return x->is_dead ? 0 : x->connection->protocol->queued_bytes(x);
}

void http_exchange_abort(struct http_exchange *x)
{
    if (x->is_dead)
        return;
    x->is_dead = true;
    x->connection->protocol->abort(x);
    http_connection_schedule(x->connection);
}

void http_exchange_close_connection(struct http_exchange *x)
{
    /* A client that sees GOAWAY before the answer may hang up without it: libcurl 7.88 does. */
    if (x->request.http_major == 2)
        x->is_last = true;
    else
        http_connection_shut_down(x->connection);
}

bool http_exchange_has_started(const struct http_exchange *x)
{
    return x->has_started;
}

/* --- what both protocols write --- */

void http_add_date(struct buf *to, int64_t unix_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)unix_s;
    struct tm tm;
    gmtime_r(&t, &tm);
    buf_printf(to, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + (ptrdiff_t)tm.tm_wday * 3, tm.tm_mday,
               months + (ptrdiff_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool http_is_hop_header(struct str name)
{
    static const struct str names[] = {
        STR_INIT("connection"),        STR_INIT("keep-alive"), STR_INIT("content-length"),   STR_INIT("date"),
        STR_INIT("transfer-encoding"), STR_INIT("upgrade"),    STR_INIT("proxy-connection"), STR_INIT("trailer"),
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (str_eq_ignore_case(name, names[i]))
            return true;
    }
    return false;
}
