/* Requests, responses and flow control. */
#include "http2_world.h"

static void test_get(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/now?a=b", false);
    flow(w);
    assert_answer(w, 1, 200, "hello GET /now");
    const char *headers = buf_cstr(&seen(w, 1)->headers);
    assert_non_null(strstr(headers, "content-type: text/plain\n"));
    assert_non_null(strstr(headers, "content-length: 14\n"));
    assert_non_null(strstr(headers, "date: "));
    assert_string_equal(buf_cstr(&w->h.log), "GET /now?a=b\n");
    assert_int_equal(w->h.closed, 1);
    assert_false(seen(w, 1)->is_reset);
    assert_int_equal(w->settings_acks, 1);
    close_world(w);
}

static void test_byte_by_byte(void **state)
{
    struct world *w = open_world(NULL);
    auto_buf struct buf all = {0};
    (void)state;
    add_request(w, 1, "GET", "/now", false);
    add_request(w, 3, "POST", "/echo", true);
    add_frame(w, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3, STR("abc"));
    all = w->in;
    w->in = (struct buf){0};
    for (size_t i = 0; i < all.len; i++) {
        buf_add_char(&w->in, all.ptr[i]);
        flow(w);
    }
    assert_answer(w, 1, 200, "hello GET /now");
    assert_answer(w, 3, 200, "abc");
    close_world(w);
}

static void test_many_at_once(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 200; id += 2)
        add_request(w, id, "GET", id % 4 == 1 ? "/later" : "/now", false);
    flow(w);
    assert_int_equal(w->h.requests, 100);
    assert_int_equal(w->h.closed, 50);
    assert_answer(w, 3, 200, "hello GET /now");
    while (w->h.closed < 100) {
        http_exchange_respond(w->c->exchanges, 200, NULL, STR("at last"));
        flow(w);
    }
    assert_answer(w, 1, 200, "at last");
    close_world(w);
}

static void test_head(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "HEAD", "/now", false);
    flow(w);
    assert_answer(w, 1, 200, "");
    assert_non_null(strstr(buf_cstr(&seen(w, 1)->headers), "content-length: 15\n"));
    close_world(w);
}

static void test_headers_are_cleaned(void **state)
{
    struct world *w = open_world(NULL);
    struct http_headers headers = {0};
    (void)state;
    add_request(w, 1, "GET", "/later", false);
    flow(w);
    struct arena *arena = http_exchange_arena(w->h.last);
    http_headers_add(&headers, arena, STR("X-Upper"), STR("a\r\nb: c"));
    http_headers_add(&headers, arena, STR("Connection"), STR("close"));
    http_headers_add(&headers, arena, STR("Transfer-Encoding"), STR("chunked"));
    http_exchange_respond(w->h.last, 200, &headers, STR(""));
    flow(w);
    assert_answer(w, 1, 200, "");
    assert_non_null(strstr(buf_cstr(&seen(w, 1)->headers), "x-upper: a  b: c\n"));
    assert_null(strstr(buf_cstr(&seen(w, 1)->headers), "close"));
    assert_null(strstr(buf_cstr(&seen(w, 1)->headers), "chunked"));
    close_world(w);
}

static void test_host(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_headers(w, 1, NGHTTP2_FLAG_END_STREAM,
                ":method: GET\n:scheme: https\n:path: /later\n:authority: a:1\naccept: x");
    flow(w);
    assert_true(str_eq(http_exchange_request(w->h.last)->host, STR("a:1")));
    assert_int_equal(http_exchange_request(w->h.last)->headers.count, 1);
    assert_int_equal(http_exchange_request(w->h.last)->http_major, 2);
    add_headers(w, 3, NGHTTP2_FLAG_END_STREAM, ":method: GET\n:scheme: https\n:path: /later\nhost: b");
    flow(w);
    assert_true(str_eq(http_exchange_request(w->h.last)->host, STR("b")));
    close_world(w);
}

static void test_malformed_requests(void **state)
{
    static const struct {
        const char *name, *fields;
        int status; /* 0: the stream is reset with PROTOCOL_ERROR */
    } cases[] = {
        {"no path", ":method: GET\n:scheme: https\n:authority: h", 0},
        {"no method", ":path: /\n:scheme: https\n:authority: h", 0},
        {"no scheme", ":method: GET\n:path: /\n:authority: h", 0},
        {"no host", ":method: GET\n:scheme: https\n:path: /", 0},
        {"two paths", ":method: GET\n:scheme: https\n:path: /\n:path: /\n:authority: h", 0},
        {"empty path", ":method: GET\n:scheme: https\n:path: \n:authority: h", 0},
        {"upper case name", ":method: GET\n:scheme: https\n:path: /\n:authority: h\nAccept: x", 0},
        {"space in a name", ":method: GET\n:scheme: https\n:path: /\n:authority: h\na b: x", 0},
        {"CR in a value", ":method: GET\n:scheme: https\n:path: /\n:authority: h\na: x\ry", 0},
        {"unknown pseudo header", ":method: GET\n:scheme: https\n:path: /\n:authority: h\n:x: y", 0},
        {"pseudo header last", "a: b\n:method: GET\n:scheme: https\n:path: /\n:authority: h", 0},
        {"connection header", ":method: GET\n:scheme: https\n:path: /\n:authority: h\nconnection: close", 0},
        {"transfer-encoding", ":method: GET\n:scheme: https\n:path: /\n:authority: h\ntransfer-encoding: chunked", 0},
        {"malformed length", ":method: GET\n:scheme: https\n:path: /\n:authority: h\ncontent-length: x", 0},
        {"length without body", ":method: GET\n:scheme: https\n:path: /\n:authority: h\ncontent-length: 5", 0},
        {"control character in the path", ":method: GET\n:scheme: https\n:path: /a\x01\n:authority: h", 0},
        {"CONNECT", ":method: CONNECT\n:authority: h:1", 501},
        {"fragment", ":method: GET\n:scheme: https\n:path: /a#b\n:authority: h", 400},
        {"asterisk", ":method: OPTIONS\n:scheme: https\n:path: *\n:authority: h", 404},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world *w = open_world(NULL);
        add_headers(w, 1, NGHTTP2_FLAG_END_STREAM, cases[i].fields);
        add_request(w, 3, "GET", "/now", false);
        flow(w);
        const struct seen_stream *s = seen(w, 1);
        if (cases[i].status == 0 ? !s->is_reset || s->reset_code != NGHTTP2_PROTOCOL_ERROR
                                 : s->status != cases[i].status)
            fail_msg("%s: status %d reset %d %u", cases[i].name, s->status, s->is_reset, s->reset_code);
        if (cases[i].status == 0 && strstr(buf_cstr(&w->h.log), "GET /now\n") != buf_cstr(&w->h.log))
            fail_msg("%s was served", cases[i].name);
        assert_answer(w, 3, 200, "hello GET /now"); /* the others aren't touched */
        close_world(w);
    }
}

static void test_continue(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_headers(w, 1, 0, ":method: POST\n:scheme: https\n:path: /echo\n:authority: h\nexpect: 100-continue");
    flow(w);
    assert_int_equal(seen(w, 1)->informational, 1);
    assert_int_equal(seen(w, 1)->status, 100);
    add_frame(w, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, STR("go on"));
    flow(w);
    assert_answer(w, 1, 200, "go on");
    close_world(w);
}

static void test_trailers_are_skipped(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "POST", "/echo", true);
    add_frame(w, NGHTTP2_DATA, 0, 1, STR("abc"));
    add_headers(w, 1, NGHTTP2_FLAG_END_STREAM, "trailer: t");
    flow(w);
    assert_answer(w, 1, 200, "abc");
    close_world(w);
}

static void test_unread_body(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "POST", "/ignore", true);
    add_body(w, 1, 1000, false);
    flow(w);
    assert_answer(w, 1, 200, "ignored");
    assert_reset(w, 1, NGHTTP2_NO_ERROR); /* the rest isn't wanted */
    assert_int_equal(w->h.closed, 1);
    add_body(w, 1, 1000, true); /* was on its way: no error */
    add_request(w, 3, "GET", "/now", false);
    flow(w);
    assert_answer(w, 3, 200, "hello GET /now");
    assert_int_equal(w->goaways, 0);
    close_world(w);
}

static void test_body_limit(void **state)
{
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.body_bytes = 1000;
    struct world *w = open_world(&limits);
    add_request(w, 1, "POST", "/echo", true);
    add_body(w, 1, 1000, true); /* to the byte */
    add_request(w, 3, "POST", "/echo", true);
    add_body(w, 3, 1001, false);
    flow(w);
    assert_int_equal(seen(w, 1)->body.len, 1000);
    assert_answer(w, 3, 413, "413 Request Entity Too Large: request body is too large\n");
    assert_reset(w, 3, NGHTTP2_NO_ERROR);
    assert_int_equal(w->h.closed, 2);
    close_world(w);
}

static void test_body_window(void **state)
{
    struct world *w = open_world(NULL);
    uint64_t connection = seen(w, 0)->window_bytes; /* given at the start */
    (void)state;
    add_request(w, 1, "POST", "/hold", true);
    add_body(w, 1, 200000, false);
    flow(w);
    assert_int_equal(seen(w, 1)->window_bytes, 0); /* nobody has taken it */
    assert_int_equal(seen(w, 0)->window_bytes, connection);
    http_exchange_read_body(w->h.last);
    flow(w);
    assert_int_equal(w->h.body.len, 200000);
    assert_int_equal(seen(w, 1)->window_bytes, 200000);
    w->h.is_pausing = true;
    add_body(w, 1, 100000, false);
    flow(w);
    assert_int_equal(w->h.body.len, 216384); /* one frame, then the pause */
    http_exchange_pause_body(w->h.last, false);
    flow(w);
    assert_int_equal(w->h.body.len, 300000);
    w->h.is_pausing = false;
    add_body(w, 1, 10, true);
    http_exchange_pause_body(w->h.last, false);
    flow(w);
    assert_int_equal(w->h.ended_bodies, 1);
    assert_int_equal(seen(w, 1)->body.len, 65535);
    close_world(w);
}

static void test_body_window_is_enforced(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "POST", "/hold", true);
    add_body(w, 1, 256 * 1024 + 1, false);
    flow(w);
    assert_reset(w, 1, NGHTTP2_FLOW_CONTROL_ERROR);
    assert_int_equal(w->h.closed, 1);
    close_world(w);
}

/* Bodies of streams that are gone give their window back to the connection. */
static void test_connection_window_comes_back(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    for (uint32_t id = 1; id < 61; id += 2) {
        add_request(w, id, "POST", "/hold", true);
        add_body(w, id, 100000, false);
        flow(w);
        add_u32_frame(w, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
        flow(w);
    }
    assert_int_equal(w->h.closed, 30);
    assert_int_equal(w->goaways, 0);
    assert_true(seen(w, 0)->window_bytes > 2500000);
    close_world(w);
}

static void test_back_pressure(void **state)
{
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.queued_output_bytes = 100000;
    struct world *w = open_world(&limits);
    add_request(w, 1, "GET", "/big/1000000", false);
    flow(w);
    assert_int_equal(seen(w, 1)->body.len, 65535); /* the peer's window */
    assert_in_range(http_exchange_queued_bytes(w->h.last), 1, 110000);
    for (int i = 0; i < 100 && w->h.closed == 0; i++) {
        add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 0, 20000);
        add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 1, 20000);
        flow(w);
    }
    assert_int_equal(seen(w, 1)->body.len, 1000000);
    assert_true(seen(w, 1)->is_ended);
    assert_int_equal(w->h.closed, 1);
    close_world(w);
}

static void test_socket_back_pressure(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 0, 10000000);
    add_request(w, 1, "GET", "/big/1000000", false);
    add_u32_frame(w, NGHTTP2_WINDOW_UPDATE, 1, 10000000);
    w->t.is_stuck = true;
    flow(w);
    assert_in_range(w->t.queued.len, 1, 100000); /* frames aren't made for a socket that takes none */
    for (int i = 0; i < 100 && w->h.closed == 0; i++) {
        w->t.is_stuck = false;
        fake_flush(&w->t);
        w->t.is_stuck = true;
        http_connection_schedule(w->c);
        flow(w);
        assert_in_range(w->t.queued.len, 0, 100000);
    }
    w->t.is_stuck = false;
    fake_flush(&w->t);
    flow(w);
    assert_int_equal(seen(w, 1)->body.len, 1000000);
    close_world(w);
}

static void test_streamed_response(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/stream", false);
    flow(w);
    assert_int_equal(seen(w, 1)->status, 200);
    assert_null(strstr(buf_cstr(&seen(w, 1)->headers), "content-length"));
    http_exchange_write(w->h.last, STR("one "));
    flow(w);
    assert_string_equal(buf_cstr(&seen(w, 1)->body), "one ");
    struct buf b = {0};
    buf_add_cstr(&b, "two");
    http_exchange_write_buf(w->h.last, &b);
    http_exchange_end(w->h.last);
    flow(w);
    assert_answer(w, 1, 200, "one two");
    close_world(w);
}

static void test_abort(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/stream", false);
    add_request(w, 3, "GET", "/later", false);
    flow(w);
    http_exchange_abort(w->h.last); /* before the response began */
    flow(w);
    assert_reset(w, 3, NGHTTP2_INTERNAL_ERROR);
    struct http_exchange *x = w->c->exchanges;
    http_exchange_write(x, STR("half"));
    http_exchange_abort(x);
    http_exchange_write(x, STR("not"));
    http_exchange_end(x);
    flow(w);
    assert_reset(w, 1, NGHTTP2_INTERNAL_ERROR);
    assert_int_equal(w->h.closed, 2);
    assert_int_equal(w->goaways, 0);
    close_world(w);
}

static void test_short_response_is_reset(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/later", false);
    flow(w);
    http_exchange_start(w->h.last, 200, NULL, 10);
    http_exchange_write(w->h.last, STR("nine byte"));
    http_exchange_end(w->h.last);
    flow(w);
    assert_reset(w, 1, NGHTTP2_INTERNAL_ERROR);
    close_world(w);
}

static void test_client_resets(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/stream", false);
    flow(w);
    add_u32_frame(w, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
    flow(w);
    assert_int_equal(w->h.closed, 1); /* the watch is over */
    close_world(w);
}

static void test_client_goes_away(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/stream", false);
    add_request(w, 3, "GET", "/later", false);
    flow(w);
    http_connection_receive_end(w->c);
    flow(w);
    assert_int_equal(w->h.closed, 2);
    assert_true(w->t.is_closed);
    close_world(w);
}

static void test_shut_down(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/later", false);
    flow(w);
    http_connection_shut_down(w->c);
    flow(w);
    assert_int_equal(w->goaways, 1);
    assert_int_equal(w->goaway_code, NGHTTP2_NO_ERROR);
    assert_int_equal(w->goaway_last, 1);
    assert_false(w->t.is_closed);
    add_request(w, 3, "GET", "/now", false); /* too late: its client knows that it wasn't served */
    flow(w);
    assert_int_equal(w->h.requests, 1);
    http_exchange_respond(w->h.last, 200, NULL, STR("last words"));
    flow(w);
    assert_answer(w, 1, 200, "last words");
    assert_true(w->t.is_closed);
    close_world(w);
}

static void test_shut_down_idle(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    http_connection_shut_down(w->c);
    flow(w);
    assert_goaway(w, NGHTTP2_NO_ERROR);
    close_world(w);
}

static void test_close_connection(void **state)
{
    struct world *w = open_world(NULL);
    (void)state;
    add_request(w, 1, "GET", "/later", false);
    flow(w);
    http_exchange_close_connection(w->h.last);
    http_exchange_respond(w->h.last, 200, NULL, STR("x"));
    flow(w);
    assert_answer(w, 1, 200, "x");
    assert_goaway(w, NGHTTP2_NO_ERROR);
    close_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_headers_are_cleaned),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_malformed_requests),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_trailers_are_skipped),
        cmocka_unit_test(test_unread_body),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_body_window),
        cmocka_unit_test(test_body_window_is_enforced),
        cmocka_unit_test(test_connection_window_comes_back),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_socket_back_pressure),
        cmocka_unit_test(test_streamed_response),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_short_response_is_reset),
        cmocka_unit_test(test_client_resets),
        cmocka_unit_test(test_client_goes_away),
        cmocka_unit_test(test_shut_down),
        cmocka_unit_test(test_shut_down_idle),
        cmocka_unit_test(test_close_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
