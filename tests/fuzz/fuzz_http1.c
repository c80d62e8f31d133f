/*
 * HTTP/1.1 requests, bytes in and bytes out. The first byte of the input says how the rest is cut up; whatever the cut,
 * the handler must see the same requests and bodies as when all comes at once.
 */
#include "../unit/net/fake_handler.h"
#include "../unit/net/fake_transport.h"

#include "base/alloc.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct outcome {
    struct fake_handler h;
    bool is_closed, is_aborted;
    size_t answers;
};

static const size_t steps[] = {1, 2, 3, 5, 7, 16, 61, 256};

static void play(struct str bytes, size_t step, bool is_pausing, struct outcome *out)
{
    struct fake_transport t = {.now_ns = NS_PER_S};
    struct http_limits limits = http_limits_default;
    limits.head_bytes = 4096;
    limits.body_bytes = 10000;
    out->h.is_pausing = is_pausing;
    struct http_connection *c = http1_connection_new(&(struct http_connection_options){
        .transport = &fake_transport_calls,
        .transport_arg = &t,
        .limits = &limits,
        .handler = {fake_on_request, &out->h},
    });
    while (bytes.len > 0 && !t.is_closed && !t.is_aborted) {
        http_connection_receive(c, str_head(bytes, step));
        bytes = str_skip(bytes, step);
        fake_turn(&t, c);
        for (int i = 0; i < 100 && is_pausing && out->h.last != NULL; i++) {
            http_exchange_pause_body(out->h.last, false);
            fake_turn(&t, c);
        }
    }
    out->is_closed = t.is_closed;
    out->is_aborted = t.is_aborted;
    fake_wait(&t, c, 1000 * NS_PER_S);
    http_connection_free(c);
    assert(out->h.closed == out->h.requests);
    fake_transport_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    struct outcome whole = {0}, cut = {0};
    struct str input = str_from((const char *)bytes + 1, len - 1);
    play(input, SIZE_MAX, false, &whole);
    play(input, steps[bytes[0] & 7], (bytes[0] & 8) != 0, &cut);
    assert(str_eq(buf_str(&whole.h.log), buf_str(&cut.h.log)));
    /* A refused body may have been handed over in part. */
    if (!whole.is_closed && !whole.is_aborted)
        assert(str_eq(buf_str(&whole.h.body), buf_str(&cut.h.body)));
    assert(whole.h.ended_bodies == cut.h.ended_bodies);
    assert(whole.is_closed == cut.is_closed && whole.is_aborted == cut.is_aborted);
    fake_handler_free(&whole.h);
    fake_handler_free(&cut.h);
    return 0;
}
