/* Responses, and how a connection ends. */
#include "http1_world.h"

static void test_continue(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_string_equal(buf_cstr(&w.t.out), "HTTP/1.1 100 Continue\r\n\r\n");
    feed(&w, "ok");
    assert_ends(&w, "\r\n\r\nok");
    assert_no_out(&w, "Connection: close");
    close_world(&w);
}

static void test_continue_is_sent_once(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    http_exchange_pause_body(w.h.last, true);
    http_exchange_pause_body(w.h.last, false);
    http_exchange_read_body(w.h.last);
    feed(&w, "ok");
    assert_int_equal(count(&w, "100 Continue"), 1);
    close_world(&w);
}

static void test_continue_is_not_sent(void **state)
{
    static const struct {
        const char *name, *bytes;
        bool is_closed;
    } cases[] = {
        {"no body", "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n", false},
        {"nobody reads it", "POST /ignore HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", true},
        {"it would be too long",
         "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\nx", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w = {0};
        open_world(&w);
        feed(&w, cases[i].bytes);
        if (count(&w, "100 Continue") != 0 || w.t.is_closed != cases[i].is_closed)
            fail_msg("%s:\n%s", cases[i].name, buf_cstr(&w.t.out));
        close_world(&w);
    }
}

static void test_head_request(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "HEAD /now HTTP/1.1\r\n" HOST "\r\n");
    assert_out(&w, "Content-Length: 15\r\n");
    assert_ends(&w, "\r\n\r\n");
    feed(&w, GET("/now"));
    assert_int_equal(count(&w, "200 OK"), 2);
    close_world(&w);
}

static void test_head_request_refused(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "HEAD /now HTTP/1.1\r\n\r\n");
    assert_starts(&w, "HTTP/1.1 400 ");
    assert_ends(&w, "\r\n\r\n");
    close_world(&w);
}

static void test_head_of_a_stream(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_no_out(&w, "chunked");
    http_exchange_write(w.h.last, STR("dropped"));
    http_exchange_end(w.h.last);
    fake_turn(&w.t, w.c);
    assert_ends(&w, "\r\n\r\n");
    close_world(&w);
}

static void test_no_content(void **state)
{
    static const int statuses[] = {204, 304};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w = {0};
        open_world(&w);
        feed(&w, GET("/later"));
        http_exchange_start(w.h.last, statuses[i], NULL, -1);
        http_exchange_write(w.h.last, STR("dropped"));
        http_exchange_end(w.h.last);
        fake_turn(&w.t, w.c);
        assert_no_out(&w, "dropped");
        assert_no_out(&w, "Content-Length");
        assert_no_out(&w, "chunked");
        assert_ends(&w, "\r\n\r\n");
        assert_false(w.t.is_closed);
        close_world(&w);
    }
}

static void test_http10(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_out(&w, "Connection: keep-alive\r\n");
    assert_false(w.t.is_closed);
    feed(&w, "GET /now HTTP/1.0\r\n\r\n");
    assert_out(&w, "Connection: close\r\n");
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_http10_stream_ends_with_the_connection(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    http_exchange_write(w.h.last, STR("all there is"));
    http_exchange_end(w.h.last);
    fake_turn(&w.t, w.c);
    assert_no_out(&w, "chunked");
    assert_out(&w, "Connection: close\r\n\r\nall there is");
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_chunked_response(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/stream"));
    assert_out(&w, "Transfer-Encoding: chunked\r\n\r\n");
    buf_clear(&w.t.out);
    http_exchange_write(w.h.last, STR("one "));
    http_exchange_write(w.h.last, STR("chunk a turn"));
    http_exchange_write(w.h.last, STR(""));
    fake_turn(&w.t, w.c);
    assert_string_equal(buf_cstr(&w.t.out), "10\r\none chunk a turn\r\n");
    struct buf b = {0};
    buf_add_cstr(&b, "taken over");
    http_exchange_write_buf(w.h.last, &b);
    assert_int_equal(b.len, 0);
    fake_turn(&w.t, w.c);
    assert_ends(&w, "a\r\ntaken over\r\n");
    http_exchange_end(w.h.last);
    fake_turn(&w.t, w.c);
    assert_ends(&w, "\r\n0\r\n\r\n");
    assert_int_equal(w.h.closed, 1);
    close_world(&w);
}

static void test_length_is_kept(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later"));
    http_exchange_start(w.h.last, 200, NULL, 3);
    http_exchange_write(w.h.last, STR("abcdef")); /* more than was announced is cut */
    http_exchange_end(w.h.last);
    fake_turn(&w.t, w.c);
    assert_ends(&w, "\r\n\r\nabc");
    assert_false(w.t.is_aborted);
    feed(&w, GET("/later"));
    http_exchange_start(w.h.last, 200, NULL, 3);
    http_exchange_write(w.h.last, STR("ab"));
    http_exchange_end(w.h.last); /* less: the peer must notice */
    fake_turn(&w.t, w.c);
    assert_true(w.t.is_aborted);
    assert_int_equal(w.h.closed, 2);
    close_world(&w);
}

static void test_header_injection(void **state)
{
    struct world w = {0};
    struct http_headers headers = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later"));
    struct arena *arena = http_exchange_arena(w.h.last);
    http_headers_add(&headers, arena, STR("Location"), STR("/a\r\nSet-Cookie: b"));
    http_headers_add(&headers, arena, STR("connection"), STR("close"));
    http_headers_add(&headers, arena, STR("Content-Length"), STR("999"));
    http_exchange_respond(w.h.last, 302, &headers, STR(""));
    fake_turn(&w.t, w.c);
    assert_out(&w, "Location: /a  Set-Cookie: b\r\n");
    assert_no_out(&w, "999");
    assert_no_out(&w, "close");
    close_world(&w);
}

static void test_back_pressure(void **state)
{
    struct world w = {.limits = http_limits_default};
    (void)state;
    w.limits.queued_output_bytes = 100000;
    open_world(&w);
    w.t.is_stuck = true;
    feed(&w, GET("/big/1000000"));
    assert_in_range(w.t.queued.len, 1, 210000); /* not the whole megabyte */
    assert_int_equal(w.h.closed, 0);
    for (int i = 0; i < 100 && w.h.closed == 0; i++) {
        w.t.is_stuck = false;
        fake_flush(&w.t);
        w.t.is_stuck = true;
        http_connection_schedule(w.c); /* as on_written does */
        fake_turn(&w.t, w.c);
        assert_in_range(w.t.queued.len, 0, 210000);
    }
    assert_int_equal(w.h.closed, 1);
    w.t.is_stuck = false;
    fake_flush(&w.t);
    assert_true(w.t.out.len > 1000000);
    close_world(&w);
}

static void test_peer_goes_away(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/stream"));
    http_connection_receive_end(w.c);
    fake_turn(&w.t, w.c);
    assert_int_equal(w.h.closed, 1); /* a watch is cancelled at once */
    assert_true(w.t.is_aborted);
    close_world(&w);
}

static void test_peer_ends_between_requests(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/now"));
    http_connection_receive_end(w.c);
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_calls_on_a_dead_exchange(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/stream"));
    struct http_exchange *x = w.h.last;
    http_exchange_abort(x);
    http_exchange_write(x, STR("no"));
    http_exchange_end(x);
    http_exchange_abort(x);
    assert_int_equal(http_exchange_queued_bytes(x), 0);
    assert_int_equal(w.h.closed, 0); /* not inside the call */
    fake_turn(&w.t, w.c);
    assert_int_equal(w.h.closed, 1);
    assert_no_out(&w, "no\r\n");
    close_world(&w);
}

static void test_shut_down(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later"));
    http_connection_shut_down(w.c);
    assert_false(w.t.is_closed);
    http_exchange_respond(w.h.last, 200, NULL, STR("last words"));
    fake_turn(&w.t, w.c);
    assert_out(&w, "Connection: close\r\n\r\nlast words");
    assert_true(w.t.is_closed);
    close_world(&w);

    w = (struct world){0};
    open_world(&w);
    feed(&w, GET("/now"));
    http_connection_shut_down(w.c);
    assert_true(w.t.is_closed); /* idle */
    close_world(&w);
}

static void test_close_connection(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later"));
    http_exchange_close_connection(w.h.last);
    http_exchange_respond(w.h.last, 200, NULL, STR("x"));
    fake_turn(&w.t, w.c);
    assert_out(&w, "Connection: close\r\n");
    assert_true(w.t.is_closed);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_continue_is_sent_once),
        cmocka_unit_test(test_continue_is_not_sent),
        cmocka_unit_test(test_head_request),
        cmocka_unit_test(test_head_request_refused),
        cmocka_unit_test(test_head_of_a_stream),
        cmocka_unit_test(test_no_content),
        cmocka_unit_test(test_http10),
        cmocka_unit_test(test_http10_stream_ends_with_the_connection),
        cmocka_unit_test(test_chunked_response),
        cmocka_unit_test(test_length_is_kept),
        cmocka_unit_test(test_header_injection),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_peer_goes_away),
        cmocka_unit_test(test_peer_ends_between_requests),
        cmocka_unit_test(test_calls_on_a_dead_exchange),
        cmocka_unit_test(test_shut_down),
        cmocka_unit_test(test_close_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
