/*
 * A connection's surroundings without sockets and clocks: output is collected, time stands still until the test moves
 * it. Header only, because fuzz targets use it too.
 */
#ifndef TEST_FAKE_TRANSPORT_H
#define TEST_FAKE_TRANSPORT_H

#include "net/http_connection.h"

#include "base/clock.h"

struct fake_transport {
    struct buf out;    /* what the peer has got */
    struct buf queued; /* what it hasn't taken: only while IS_STUCK */
    bool is_stuck;
    bool is_paused;
    bool is_closed, is_aborted;
    bool is_scheduled;
    int64_t now_ns;
};

static inline void fake_write(void *arg, struct str bytes)
{
    struct fake_transport *t = arg;
    if (!t->is_closed && !t->is_aborted)
        buf_add_str(&t->queued, bytes);
}

static inline void fake_write_buf(void *arg, struct buf *b)
{
    fake_write(arg, buf_str(b));
    buf_free(b);
}

static inline void fake_flush(void *arg)
{
    struct fake_transport *t = arg;
    if (t->is_stuck)
        return;
    buf_add_str(&t->out, buf_str(&t->queued));
    buf_clear(&t->queued);
}

static inline size_t fake_queued_bytes(const void *arg)
{
    return ((const struct fake_transport *)arg)->queued.len;
}

static inline void fake_pause(void *arg, bool is_paused)
{
    ((struct fake_transport *)arg)->is_paused = is_paused;
}

static inline void fake_close(void *arg)
{
    struct fake_transport *t = arg;
    fake_flush(t);
    t->is_closed = true;
}

static inline void fake_abort(void *arg)
{
    ((struct fake_transport *)arg)->is_aborted = true;
}

static inline void fake_schedule(void *arg)
{
    ((struct fake_transport *)arg)->is_scheduled = true;
}

static inline int64_t fake_now_ns(const void *arg)
{
    return ((const struct fake_transport *)arg)->now_ns;
}

static const struct http_transport fake_transport_calls = {
    .write = fake_write,
    .write_buf = fake_write_buf,
    .flush = fake_flush,
    .queued_bytes = fake_queued_bytes,
    .pause = fake_pause,
    .close = fake_close,
    .abort = fake_abort,
    .schedule = fake_schedule,
    .now_ns = fake_now_ns,
};

/* The end of the loop's turn, as often as it takes. */
static inline void fake_turn(struct fake_transport *t, struct http_connection *c)
{
    while (t->is_scheduled) {
        t->is_scheduled = false;
        http_connection_run(c);
        fake_flush(t);
    }
}

/* Time passes, and deadlines are enforced. */
static inline void fake_wait(struct fake_transport *t, struct http_connection *c, int64_t ns)
{
    t->now_ns += ns;
    http_connection_check(c, t->now_ns);
    fake_turn(t, c);
}

static inline void fake_transport_free(struct fake_transport *t)
{
    buf_free(&t->out);
    buf_free(&t->queued);
}

#endif
