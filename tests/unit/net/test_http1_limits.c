/* What a peer can cost: sizes and deadlines. */
#include "http1_world.h"

static void test_pipelined_too_much_pauses(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later"));
    for (int i = 0; i < 3000; i++)
        feed(&w, GET("/now"));
    assert_true(w.t.is_paused);
    assert_int_equal(w.h.requests, 1);
    http_exchange_respond(w.h.last, 200, NULL, STR(""));
    fake_turn(&w.t, w.c);
    assert_false(w.t.is_paused);
    assert_int_equal(w.h.requests, 3001);
    close_world(&w);
}

static void test_head_limit(void **state)
{
    struct world w = {.limits = http_limits_default};
    auto_buf struct buf head = {0};
    (void)state;
    w.limits.head_bytes = 4096;
    open_world(&w);
    buf_add_cstr(&head, "GET /now HTTP/1.1\r\n" HOST "X: ");
    while (head.len < 4096 - 4)
        buf_add_char(&head, 'x');
    buf_add_cstr(&head, "\r\n\r\n");
    feed_bytes(&w, buf_str(&head)); /* to the byte */
    assert_starts(&w, "HTTP/1.1 200");
    buf_clear(&w.t.out);
    feed_bytes(&w, str_head(buf_str(&head), 4092));
    feed(&w, "x\r\n\r\n");
    assert_starts(&w, "HTTP/1.1 431 Request Header Fields Too Large");
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_endless_head(void **state)
{
    struct world w = {.limits = http_limits_default};
    (void)state;
    w.limits.head_bytes = 4096;
    open_world(&w);
    feed(&w, "GET /now HTTP/1.1\r\n");
    for (int i = 0; i < 10000 && !w.t.is_closed; i++)
        feed(&w, "A: b\r\n");
    assert_starts(&w, "HTTP/1.1 431 ");
    close_world(&w);
}

static void test_endless_request_line(void **state)
{
    struct world w = {.limits = http_limits_default};
    (void)state;
    w.limits.head_bytes = 4096;
    open_world(&w);
    feed(&w, "GET /");
    for (int i = 0; i < 1000 && !w.t.is_closed; i++)
        feed(&w, "aaaaaaaaaaaaaaaa");
    assert_starts(&w, "HTTP/1.1 414 ");
    close_world(&w);
}

static void test_endless_empty_lines(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "\r\n");
    for (int i = 0; i < 40; i++) {
        w.t.now_ns += NS_PER_S;
        feed(&w, "\r\n\r\n");
        http_connection_check(w.c, w.t.now_ns);
    }
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_body_limit(void **state)
{
    static const char *const framings[] = {"Content-Length: 101\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n65\r\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w = {.limits = http_limits_default};
        auto_buf struct buf request = {0};
        w.limits.body_bytes = 100;
        open_world(&w);
        buf_printf(&request, "POST /echo HTTP/1.1\r\n" HOST "%s", framings[i]);
        for (int k = 0; k < 101; k++)
            buf_add_char(&request, 'x');
        feed_bytes(&w, buf_str(&request));
        assert_starts(&w, "HTTP/1.1 413 ");
        assert_int_equal(w.h.closed, 1);
        assert_true(w.t.is_closed);
        close_world(&w);
    }
}

static void test_body_limit_exact(void **state)
{
    struct world w = {.limits = http_limits_default};
    (void)state;
    w.limits.body_bytes = 5;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
    assert_ends(&w, "\r\n\r\nabcde");
    close_world(&w);
}

static void test_body_limit_after_start(void **state)
{
    struct world w = {.limits = http_limits_default};
    (void)state;
    w.limits.body_bytes = 5;
    open_world(&w);
    feed(&w, "POST /stream HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    http_exchange_read_body(w.h.last);
    feed(&w, "6\r\nabcdef\r\n0\r\n\r\n");
    assert_true(w.t.is_aborted); /* it has answered 200 already: only a cut says that something is wrong */
    close_world(&w);
}

static void test_chunk_overhead(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;");
    for (int i = 0; i < 2000 && !w.t.is_closed; i++)
        feed(&w, "extension=");
    assert_starts(&w, "HTTP/1.1 400 ");
    assert_out(&w, "too much besides the body");
    close_world(&w);
}

static void test_endless_trailers(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n");
    for (int i = 0; i < 10000 && !w.t.is_closed; i++)
        feed(&w, "A: b\r\n");
    assert_starts(&w, "HTTP/1.1 400 ");
    close_world(&w);
}

static void test_tiny_chunks_are_fine(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 50000; i++)
        feed(&w, "1\r\nx\r\n");
    feed(&w, "0\r\n\r\n");
    assert_starts(&w, "HTTP/1.1 200 OK");
    assert_int_equal(w.h.body.len, 50000);
    close_world(&w);
}

static void test_long_unread_body_ends_the_connection(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n01234");
    assert_out(&w, "Connection: close\r\n\r\nignored");
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_endless_unread_body(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /ignore HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    assert_out(&w, "ignored");
    auto_buf struct buf chunk = {0};
    buf_add_cstr(&chunk, "1000\r\n");
    for (int i = 0; i < 0x1000; i++)
        buf_add_char(&chunk, 'x');
    buf_add_cstr(&chunk, "\r\n");
    int chunks = 0;
    while (!w.t.is_closed && chunks < 1000) {
        feed_bytes(&w, buf_str(&chunk));
        chunks++;
    }
    assert_in_range(chunks, 64, 66);
    close_world(&w);
}

static void test_head_deadline(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "GET /now HTTP/1.1\r\n");
    for (int i = 0; i < 31; i++) { /* a byte a second doesn't help */
        fake_wait(&w.t, w.c, NS_PER_S);
        feed(&w, "x");
        assert_false(w.t.is_closed);
    }
    fake_wait(&w.t, w.c, NS_PER_S);
    assert_starts(&w, "HTTP/1.1 408 ");
    assert_true(w.t.is_closed);
    close_world(&w);
}

static void test_idle_deadlines(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    fake_wait(&w.t, w.c, 31 * NS_PER_S);
    assert_false(w.t.is_closed);
    feed(&w, GET("/now"));
    fake_wait(&w.t, w.c, 89 * NS_PER_S);
    assert_false(w.t.is_closed);
    buf_clear(&w.t.out);
    fake_wait(&w.t, w.c, NS_PER_S);
    assert_true(w.t.is_closed);
    assert_int_equal(w.t.out.len, 0); /* nobody asked: nobody is answered */
    close_world(&w);
}

static void test_connection_without_a_byte(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    assert_int_equal(http_connection_check(w.c, w.t.now_ns), w.t.now_ns + w.limits.head_ns);
    fake_wait(&w.t, w.c, w.limits.head_ns);
    assert_true(w.t.is_closed);
    assert_int_equal(w.t.out.len, 0);
    close_world(&w);
}

static void test_body_deadline(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n");
    for (int i = 0; i < 59; i++) {
        fake_wait(&w.t, w.c, NS_PER_S);
        feed(&w, "x");
        assert_false(w.t.is_closed);
    }
    fake_wait(&w.t, w.c, NS_PER_S);
    assert_starts(&w, "HTTP/1.1 408 ");
    assert_true(w.t.is_closed);
    assert_int_equal(w.h.closed, 1);
    close_world(&w);
}

static void test_no_deadline_while_the_handler_works(void **state)
{
    static const char *const requests[] = {GET("/later"), GET("/stream"),
                                           "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world w = {0};
        open_world(&w);
        feed(&w, requests[i]);
        assert_true(http_connection_check(w.c, w.t.now_ns) == INT64_MAX);
        fake_wait(&w.t, w.c, 3600 * NS_PER_S);
        assert_false(w.t.is_closed || w.t.is_aborted);
        close_world(&w);
    }
}

static void test_dropped_body_deadline(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n");
    fake_wait(&w.t, w.c, w.limits.body_ns);
    assert_true(w.t.is_aborted);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipelined_too_much_pauses),
        cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_endless_head),
        cmocka_unit_test(test_endless_request_line),
        cmocka_unit_test(test_endless_empty_lines),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_body_limit_exact),
        cmocka_unit_test(test_body_limit_after_start),
        cmocka_unit_test(test_chunk_overhead),
        cmocka_unit_test(test_endless_trailers),
        cmocka_unit_test(test_tiny_chunks_are_fine),
        cmocka_unit_test(test_long_unread_body_ends_the_connection),
        cmocka_unit_test(test_endless_unread_body),
        cmocka_unit_test(test_head_deadline),
        cmocka_unit_test(test_idle_deadlines),
        cmocka_unit_test(test_connection_without_a_byte),
        cmocka_unit_test(test_body_deadline),
        cmocka_unit_test(test_no_deadline_while_the_handler_works),
        cmocka_unit_test(test_dropped_body_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
