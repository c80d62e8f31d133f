/*
 * A handler that notes what it sees and answers by the path:
 *
 *     /now          200 "hello METHOD PATH" at once
 *     /later        nothing until the test answers
 *     /echo         reads the body, answers with it when it has ended
 *     /stream       starts a response of unknown length; the test writes
 *     /big/N        N bytes, written as the peer takes them
 *     /ignore       200 "ignored" without reading the body
 *     /hold         asks for the body only when the test says so
 */
#ifndef TEST_FAKE_HANDLER_H
#define TEST_FAKE_HANDLER_H

#include "net/http_server.h"

struct fake_handler {
    int requests, closed, writable;
    int ended_bodies;
    struct http_exchange *last; /* the newest that isn't closed */
    struct buf log;             /* "METHOD TARGET\n" each */
    struct buf body;            /* of all requests */
    bool is_pausing;            /* pauses after each chunk */
};

struct fake_exchange {
    struct fake_handler *handler;
    struct buf echo;
    size_t left; /* of /big */
};

static inline void fake_on_body(void *arg, struct http_exchange *x, struct str chunk)
{
    struct fake_exchange *e = arg;
    buf_add_str(&e->echo, chunk);
    buf_add_str(&e->handler->body, chunk);
    if (e->handler->is_pausing)
        http_exchange_pause_body(x, true);
}

static inline void fake_on_body_end(void *arg, struct http_exchange *x)
{
    struct fake_exchange *e = arg;
    e->handler->ended_bodies++;
    if (!http_exchange_has_started(x))
        http_exchange_respond(x, 200, NULL, buf_str(&e->echo));
}

static inline void fake_on_writable(void *arg, struct http_exchange *x)
{
    struct fake_exchange *e = arg;
    static const char zeros[10000] = {0};
    e->handler->writable++;
    if (e->left == 0)
        return;
    while (e->left > 0 && http_exchange_queued_bytes(x) < 100000) {
        struct str part = str_head(str_from(zeros, sizeof(zeros)), e->left);
        e->left -= part.len;
        http_exchange_write(x, part);
    }
    if (e->left == 0)
        http_exchange_end(x);
}

static inline void fake_on_closed(void *arg, struct http_exchange *x)
{
    struct fake_exchange *e = arg;
    e->handler->closed++;
    if (e->handler->last == x)
        e->handler->last = NULL;
    buf_free(&e->echo);
}

static inline void fake_on_request(void *arg, struct http_exchange *x)
{
    static const struct http_exchange_events events = {.on_body = fake_on_body,
                                                       .on_body_end = fake_on_body_end,
                                                       .on_writable = fake_on_writable,
                                                       .on_closed = fake_on_closed};
    struct fake_handler *h = arg;
    const struct http_request *r = http_exchange_request(x);
    struct fake_exchange *e = arena_zalloc(http_exchange_arena(x), sizeof(*e));
    uint64_t n;
    e->handler = h;
    h->requests++;
    h->last = x;
    buf_printf(&h->log, "%.*s %.*s\n", STR_ARG(r->method), STR_ARG(r->target));
    http_exchange_listen(x, &events, e);
    if (str_eq(r->path, STR("/now"))) {
        struct http_headers headers = {0};
        http_headers_add(&headers, http_exchange_arena(x), STR("Content-Type"), STR("text/plain"));
        http_exchange_respond(
            x, 200, &headers,
            arena_printf(http_exchange_arena(x), "hello %.*s %.*s", STR_ARG(r->method), STR_ARG(r->path)));
    } else if (str_eq(r->path, STR("/echo"))) {
        http_exchange_read_body(x);
    } else if (str_eq(r->path, STR("/stream"))) {
        http_exchange_start(x, 200, NULL, -1);
    } else if (str_eq(r->path, STR("/ignore"))) {
        http_exchange_respond(x, 200, NULL, STR("ignored"));
    } else if (str_starts_with(r->path, STR("/big/")) && str_to_u64(str_skip(r->path, 5), &n)) {
        e->left = n % 10000000; /* a fuzzer asks for terabytes */
        http_exchange_start(x, 200, NULL, (int64_t)e->left);
    } else if (!str_eq(r->path, STR("/later")) && !str_eq(r->path, STR("/hold"))) {
        http_exchange_respond(x, 404, NULL, STR("no"));
    }
}

static inline void fake_handler_free(struct fake_handler *h)
{
    buf_free(&h->log);
    buf_free(&h->body);
}

#endif
