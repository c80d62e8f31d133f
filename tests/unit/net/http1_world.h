/* An HTTP/1.1 connection with fake surroundings: bytes in, bytes out. Shared by the tests of its requests and
 * responses. */
#ifndef TEST_HTTP1_WORLD_H
#define TEST_HTTP1_WORLD_H

#include "base/alloc.h"
#include "fake_handler.h"
#include "fake_transport.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOST "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

struct world {
    struct fake_transport t;
    struct fake_handler h;
    struct http_limits limits;
    struct http_connection *c;
};

static inline void open_world(struct world *w)
{
    if (w->limits.head_bytes == 0)
        w->limits = http_limits_default;
    w->t.now_ns = 1000 * NS_PER_S;
    w->c = http1_connection_new(&(struct http_connection_options){
        .transport = &fake_transport_calls,
        .transport_arg = &w->t,
        .limits = &w->limits,
        .handler = {fake_on_request, &w->h},
        .peer = STR("10.0.0.1:5"),
        .peer_host = STR("10.0.0.1"),
    });
}

static inline void close_world(struct world *w)
{
    http_connection_free(w->c);
    assert_int_equal(w->h.requests, w->h.closed);
    fake_handler_free(&w->h);
    fake_transport_free(&w->t);
}

static inline void feed_bytes(struct world *w, struct str bytes)
{
    if (w->t.is_closed || w->t.is_aborted)
        return;
    http_connection_receive(w->c, bytes);
    fake_turn(&w->t, w->c);
}

static inline void feed(struct world *w, const char *bytes)
{
    feed_bytes(w, str_of(bytes));
}

static inline size_t count(const struct world *w, const char *needle)
{
    struct str rest = buf_str(&w->t.out);
    size_t n = 0;
    ptrdiff_t at;
    while (rest.len > 0 && (at = str_find(rest, str_of(needle))) >= 0) {
        rest = str_skip(rest, (size_t)at + strlen(needle));
        n++;
    }
    return n;
}

static inline void assert_out(const struct world *w, const char *needle)
{
    if (count(w, needle) == 0)
        fail_msg("\"%s\" is not in:\n%s", needle, buf_cstr(&w->t.out));
}

static inline void assert_no_out(const struct world *w, const char *needle)
{
    if (count(w, needle) != 0)
        fail_msg("\"%s\" is in:\n%s", needle, buf_cstr(&w->t.out));
}

static inline void assert_starts(const struct world *w, const char *start)
{
    if (!str_starts_with(buf_str(&w->t.out), str_of(start)))
        fail_msg("want \"%s\", got:\n%s", start, buf_cstr(&w->t.out));
}

static inline void assert_ends(const struct world *w, const char *end)
{
    if (!str_ends_with(buf_str(&w->t.out), str_of(end)))
        fail_msg("want \"%s\" at the end, got:\n%s", end, buf_cstr(&w->t.out));
}

#endif
