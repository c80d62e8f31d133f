/* What a peer can cost: floods, sizes, deadlines. */
#include "http2_world.h"

static void test_rapid_reset(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    uint32_t id = 1;
    for (; id < 2 * 2000 && !w->t.is_closed; id += 2) {
        add_request(w, id, "GET", "/later", false);
        add_u32_frame(w, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
        flow(w);
    }
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(w->h.requests, w->limits.max_resets_per_10s + 1);
    close_world(w);
}

static void test_resets_over_time_are_fine(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 2 * 2000; id += 2) {
        add_request(w, id, "GET", "/later", false);
        add_u32_frame(w, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
        flow(w);
        w->t.now_ns += 30 * NS_PER_MS; /* kubectl get -w, again and again */
    }
    assert_int_equal(w->goaways, 0);
    close_world(w);
}

/* Go's client resets streams that have ended: thousands at once are fine, each stream once. */
static void test_resets_after_the_end_are_fine(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 2 * 3000; id += 2) {
        add_request(w, id, "GET", "/now", false);
        flow(w);
        assert_true(seen(w, id)->is_ended);
        add_u32_frame(w, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
        flow(w);
    }
    assert_int_equal(w->goaways, 0);
    for (unsigned i = 0; i < 2000 && !w->t.is_closed; i++) {
        add_u32_frame(w, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
        flow(w);
    }
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    close_world(w);
}

/* All in one segment: the streams must not pile up before somebody counts them. */
static void test_rapid_reset_in_one_go(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 2 * 3000; id += 2) {
        add_request(w, id, "GET", "/later", false);
        add_u32_frame(w, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
    }
    flow(w);
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_in_range(w->h.requests, w->limits.max_resets_per_10s, w->limits.max_resets_per_10s + 1);
    close_world(w);
}

/* The client makes the server reset its streams: a window that overflows is an error of the stream (CVE-2025-8671). */
static void test_made_to_reset(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 2 * 2000 && !w->t.is_closed; id += 2) {
        add_request(w, id, "GET", "/later", false);
        add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, id, 0x7fffffff);
        flow(w);
    }
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_in_range(w->h.requests, 100, w->limits.max_resets_per_10s + 1);
    close_world(w);
}

static void test_floods(void **state)
{
    static const struct {
        const char *name;
        unsigned type, flags;
        uint32_t stream;
        size_t length;
    } cases[] = {
        {"ping", NGHTTP2_PING, 0, 0, 8},
        {"settings", NGHTTP2_SETTINGS, 0, 0, 6},
        {"empty settings", NGHTTP2_SETTINGS, 0, 0, 0},
        {"priority", NGHTTP2_PRIORITY, 0, 1, 5},
        {"empty data", NGHTTP2_DATA, 0, 1, 0},
    };
    (void)state;
    for (int is_stuck = 0; is_stuck < 2; is_stuck++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
            struct world *w = open_world(NULL);
            const char payload[8] = {0, 3, 0, 0, 0, 100};
            add_request(w, 1, "POST", "/later", true);
            flow(w);
            w->t.is_stuck = is_stuck; /* the peer doesn't read the answers */
            int frames = 0;
            while (!w->t.is_closed && w->goaways == 0 && frames < 5000 && w->t.queued.len < 200000) {
                add_frame(w, cases[i].type, cases[i].flags, cases[i].stream, str_from(payload, cases[i].length));
                flow(w);
                frames++;
                if (frames > 1100 && is_stuck)
                    break;
            }
            w->t.is_stuck = false;
            fake_flush(&w->t);
            http_connection_schedule(w->c);
            flow(w);
            if (w->goaway_code != NGHTTP2_ENHANCE_YOUR_CALM || !w->t.is_closed || frames > 1101)
                fail_msg("%s: %d frames, %d GOAWAY code %u, %s", cases[i].name, frames, w->goaways, w->goaway_code,
                         w->t.is_closed ? "closed" : "open");
            close_world(w);
        }
    }
}

static void test_continuation_flood(void **state)
{
    struct world *w = open_world(NULL);
    auto_buf struct buf block = {0};
    (void)state;
    make_block(w, ":method: GET\n:scheme: https\n:path: /now\n:authority: h", &block);
    add_frame(w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, buf_str(&block));
    int frames = 0;
    for (; frames < 10000 && !w->t.is_closed; frames++) {
        buf_clear(&block);
        make_block(w, "x: y", &block);
        add_frame(w, NGHTTP2_CONTINUATION, 0, 1, buf_str(&block));
        flow(w);
    }
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_in_range(frames, 1, 100);
    assert_int_equal(w->h.requests, 0);
    close_world(w);
}

static void test_large_head(void **state)
{
    struct http_limits limits = http_limits_default;
    auto_buf struct buf fields = {0};
    (void)state;
    limits.head_bytes = 4096;
    struct world *w = open_world(&limits);
    buf_add_cstr(&fields, ":method: GET\n:scheme: https\n:path: /now\n:authority: h\nx: ");
    for (int i = 0; i < 5000; i++)
        buf_add_char(&fields, 'x');
    add_headers(w, 1, NGHTTP2_FLAG_END_STREAM, buf_cstr(&fields));
    add_request(w, 3, "GET", "/now", false);
    flow(w);
    assert_answer(w, 1, 431, "431 Request Header Fields Too Large: request head is too large\n");
    assert_answer(w, 3, 200, "hello GET /now");
    assert_int_equal(w->h.requests, 1);
    close_world(w);
}

/* One entry of 4 kB in the table, named again by a byte, and again: 16 kB that mean 64 MB. */
static void test_compression_bomb(void **state)
{
    struct world *w = open_world(NULL);
    auto_buf struct buf block = {0};
    (void)state;
    make_block(w, ":method: GET\n:scheme: https\n:path: /now\n:authority: h", &block);
    const char literal[] = {0x40, 0x01, 'a', 0x7f, (char)(((4000 - 127) & 0x7f) | 0x80), (char)((4000 - 127) >> 7)};
    buf_add(&block, literal, sizeof(literal));
    for (int i = 0; i < 4000; i++)
        buf_add_char(&block, 'x');
    while (block.len < 16384)
        buf_add_char(&block, (char)(0x80 | 62));
    add_frame(w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 1, buf_str(&block));
    flow(w);
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(w->h.requests, 0);
    close_world(w);
}

static void test_bomb_just_over_the_limit(void **state)
{
    struct world *w = open_world(NULL);
    auto_buf struct buf block = {0};
    (void)state;
    make_block(w, ":method: GET\n:scheme: https\n:path: /now\n:authority: h", &block);
    const char literal[] = {0x40, 0x01, 'a', 0x7f, (char)(((4000 - 127) & 0x7f) | 0x80), (char)((4000 - 127) >> 7)};
    buf_add(&block, literal, sizeof(literal));
    for (int i = 0; i < 4000; i++)
        buf_add_char(&block, 'x');
    for (int i = 0; i < 300; i++)
        buf_add_char(&block, (char)(0x80 | 62));
    add_frame(w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 1, buf_str(&block));
    flow(w);
    assert_int_equal(seen(w, 1)->status, 431);
    close_world(w);
}

static void test_trailers_are_limited(void **state)
{
    struct http_limits limits = http_limits_default;
    auto_buf struct buf fields = {0};
    (void)state;
    limits.head_bytes = 1000;
    struct world *w = open_world(&limits);
    add_request(w, 1, "POST", "/echo", true);
    buf_add_cstr(&fields, "x: ");
    for (int i = 0; i < 8000; i++)
        buf_add_char(&fields, 'x');
    add_headers(w, 1, NGHTTP2_FLAG_END_STREAM, buf_cstr(&fields));
    flow(w);
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    close_world(w);
}

static void test_max_streams(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 2 * 251; id += 2)
        add_request(w, id, "GET", "/later", false);
    flow(w);
    assert_int_equal(w->h.requests, 250);
    assert_int_equal(w->h.closed, 250);
    assert_goaway(w, NGHTTP2_PROTOCOL_ERROR); /* it had acknowledged the limit */
    close_world(w);
}

static void test_bad_preface(void **state)
{
    struct fake_transport t = {.now_ns = NS_PER_S};
    struct fake_handler h = {0};
    (void)state;
    struct http_connection *c =
        http2_connection_new(&(struct http_connection_options){.transport = &fake_transport_calls,
                                                               .transport_arg = &t,
                                                               .limits = &http_limits_default,
                                                               .handler = {fake_on_request, &h}});
    fake_turn(&t, c);
    http_connection_receive(c, STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    fake_turn(&t, c);
    assert_true(t.is_aborted || t.is_closed);
    assert_int_equal(h.requests, 0);
    http_connection_free(c);
    fake_transport_free(&t);
}

static void test_broken_frames(void **state)
{
    static const struct {
        const char *name;
        unsigned type, flags;
        uint32_t stream;
        size_t length;
        uint32_t code;
    } cases[] = {
        {"too long", NGHTTP2_DATA, 0, 1, 16385, NGHTTP2_FRAME_SIZE_ERROR},
        {"ping of 7 bytes", NGHTTP2_PING, 0, 0, 7, NGHTTP2_FRAME_SIZE_ERROR},
        {"settings of 5 bytes", NGHTTP2_SETTINGS, 0, 0, 5, NGHTTP2_FRAME_SIZE_ERROR},
        {"data on stream 0", NGHTTP2_DATA, 0, 0, 1, NGHTTP2_PROTOCOL_ERROR},
        {"data on an idle stream", NGHTTP2_DATA, 0, 99, 1, NGHTTP2_PROTOCOL_ERROR},
        {"headers on an even stream", NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2, 4, NGHTTP2_PROTOCOL_ERROR},
        {"headers that don't decompress", NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 3, 100, NGHTTP2_COMPRESSION_ERROR},
        {"stray continuation", NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, 4, NGHTTP2_PROTOCOL_ERROR},
        {"push promise", NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, 8, NGHTTP2_PROTOCOL_ERROR},
    };
    static char payload[20000];
    (void)state;
    memset(payload, 0xff, sizeof(payload));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world *w = open_world(NULL);
        add_request(w, 1, "POST", "/later", true);
        flow(w);
        add_frame(w, cases[i].type, cases[i].flags, cases[i].stream, str_from(payload, cases[i].length));
        flow(w);
        if (w->goaways != 1 || w->goaway_code != cases[i].code || !w->t.is_closed || w->h.closed != 1)
            fail_msg("%s: %d GOAWAY, code %u, %s", cases[i].name, w->goaways, w->goaway_code,
                     w->t.is_closed ? "closed" : "open");
        close_world(w);
    }
}

static void test_idle(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/now", false);
    flow(w);
    for (int i = 0; i < 8; i++) { /* pings don't keep it */
        fake_wait(&w->t, w->c, 10 * NS_PER_S);
        add_frame(w, NGHTTP2_PING, 0, 0, STR("12345678"));
        flow(w);
        assert_int_equal(w->goaways, 0);
    }
    fake_wait(&w->t, w->c, 10 * NS_PER_S);
    flow(w);
    assert_goaway(w, NGHTTP2_NO_ERROR);
    close_world(w);
}

static void test_connection_without_a_request(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    fake_wait(&w->t, w->c, w->limits.head_ns);
    flow(w);
    assert_goaway(w, NGHTTP2_NO_ERROR);
    close_world(w);
}

static void test_slow_head(void **state)
{
    struct world *w = open_world(NULL);
    auto_buf struct buf block = {0};
    (void)state;
    add_request(w, 1, "GET", "/later", false); /* another stream doesn't hide it */
    make_block(w, ":method: GET\n:scheme: https\n:path: /now\n:authority: h", &block);
    add_frame(w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 3, buf_str(&block));
    flow(w);
    fake_wait(&w->t, w->c, w->limits.head_ns - 1);
    assert_int_equal(w->goaways, 0);
    fake_wait(&w->t, w->c, 1);
    flow(w);
    assert_goaway(w, NGHTTP2_ENHANCE_YOUR_CALM);
    close_world(w);
}

static void test_slow_body(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "POST", "/echo", true);
    flow(w);
    for (int i = 0; i < 59; i++) {
        fake_wait(&w->t, w->c, NS_PER_S);
        add_body(w, 1, 1, false);
        flow(w);
    }
    assert_int_equal(seen(w, 1)->status, 0);
    fake_wait(&w->t, w->c, NS_PER_S);
    flow(w);
    assert_answer(w, 1, 408, "408 Request Timeout: request body took too long\n");
    assert_reset(w, 1, NGHTTP2_NO_ERROR);
    assert_int_equal(w->h.closed, 1);
    assert_int_equal(w->goaways, 0);
    close_world(w);
}

static void test_slow_reader(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/big/1000000", false);
    add_request(w, 3, "GET", "/later", false);
    flow(w);
    for (int i = 0; i < 5; i++) { /* it takes a little, now and then: fine */
        fake_wait(&w->t, w->c, 50 * NS_PER_S);
        add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 0, 100);
        add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 1, 100);
        flow(w);
    }
    assert_false(seen(w, 1)->is_reset);
    fake_wait(&w->t, w->c, w->limits.write_stall_ns);
    flow(w);
    assert_reset(w, 1, NGHTTP2_CANCEL);
    assert_int_equal(w->h.closed, 1);
    assert_int_equal(w->c->open_exchanges, 1); /* the other one isn't touched */
    close_world(w);
}

static void test_watch_has_no_deadline(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/stream", false);
    flow(w);
    http_exchange_write(w->h.last, STR("event"));
    flow(w);
    assert_true(http_connection_check(w->c, w->t.now_ns) == INT64_MAX);
    fake_wait(&w->t, w->c, 7200 * NS_PER_S);
    http_exchange_write(w->h.last, STR("event"));
    flow(w);
    assert_string_equal(buf_cstr(&seen(w, 1)->body), "eventevent");
    close_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rapid_reset),
        cmocka_unit_test(test_resets_over_time_are_fine),
        cmocka_unit_test(test_resets_after_the_end_are_fine),
        cmocka_unit_test(test_rapid_reset_in_one_go),
        cmocka_unit_test(test_made_to_reset),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_continuation_flood),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_compression_bomb),
        cmocka_unit_test(test_bomb_just_over_the_limit),
        cmocka_unit_test(test_trailers_are_limited),
        cmocka_unit_test(test_max_streams),
        cmocka_unit_test(test_bad_preface),
        cmocka_unit_test(test_broken_frames),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_connection_without_a_request),
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_watch_has_no_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
