/*
 * HTTP/2 frames, bytes in and bytes out, behind a good preface. The first byte of the input says how the rest is cut
 * up, how the handler takes bodies, and whether the peer reads what it is sent.
 */
#include "../unit/net/fake_handler.h"
#include "../unit/net/fake_transport.h"

#include "base/alloc.h"

#include <assert.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const size_t steps[] = {1, 3, 7, 9, 16, 61, 256, SIZE_MAX};

static void play(struct str bytes, unsigned mode)
{
    struct fake_transport t = {.now_ns = NS_PER_S, .is_stuck = (mode & 16) != 0};
    struct fake_handler h = {.is_pausing = (mode & 8) != 0};
    struct http_limits limits = http_limits_default;
    limits.head_bytes = 4096;
    limits.body_bytes = 10000;
    limits.max_streams = 10;
    struct http_connection *c = http2_connection_new(&(struct http_connection_options){
        .transport = &fake_transport_calls,
        .transport_arg = &t,
        .limits = &limits,
        .handler = {fake_on_request, &h},
    });
    http_connection_receive(c, STR(PREFACE));
    fake_turn(&t, c);
    while (bytes.len > 0 && !t.is_closed && !t.is_aborted) {
        struct str part = str_head(bytes, steps[mode & 7]);
        http_connection_receive(c, part);
        bytes = str_skip(bytes, part.len);
        fake_turn(&t, c);
        if (h.is_pausing && h.last != NULL)
            http_exchange_pause_body(h.last, false);
        fake_turn(&t, c);
        assert(c->open_exchanges <= limits.max_streams + 1);
        assert(t.queued.len <= (size_t)1024 * 1024);
    }
    t.is_stuck = false;
    fake_flush(&t);
    for (int i = 0; i < 10; i++)
        fake_wait(&t, c, 20 * NS_PER_S);
    http_connection_free(c);
    assert(h.closed == h.requests);
    fake_handler_free(&h);
    fake_transport_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 0)
        play(str_from((const char *)bytes + 1, len - 1), bytes[0]);
    return 0;
}
