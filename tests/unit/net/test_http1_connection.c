/* Requests: framing, pipelining, refusals, bodies. */
#include "http1_world.h"

static void test_get(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/now"));
    assert_starts(&w, "HTTP/1.1 200 OK\r\nDate: ");
    assert_out(&w, " GMT\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nhello GET /now");
    assert_no_out(&w, "Connection:");
    assert_int_equal(w.h.closed, 1);
    assert_false(w.t.is_closed);
    feed(&w, GET("/now"));
    assert_int_equal(count(&w, "200 OK"), 2);
    close_world(&w);
}

static void test_byte_by_byte(void **state)
{
    static const char all[] =
        "\r\n" GET("/now") "POST /echo HTTP/1.1\r\n" HOST
                           "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
                           "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nfour" GET("/end");
    struct world w = {0};
    (void)state;
    open_world(&w);
    for (size_t i = 0; i < sizeof(all) - 1; i++)
        feed_bytes(&w, str_from(all + i, 1));
    assert_string_equal(buf_cstr(&w.h.log), "GET /now\nPOST /echo\nPUT /echo\nGET /end\n");
    assert_string_equal(buf_cstr(&w.h.body), "abcdefour");
    assert_out(&w, "Content-Length: 5\r\n\r\nabcde");
    assert_out(&w, "Content-Length: 4\r\n\r\nfour");
    assert_out(&w, "404 Not Found");
    close_world(&w);
}

static void test_pipelined(void **state)
{
    struct world w = {0};
    auto_buf struct buf all = {0};
    (void)state;
    open_world(&w);
    for (int i = 0; i < 100; i++)
        buf_add_cstr(&all, i % 2 == 0 ? GET("/now") : "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    feed_bytes(&w, buf_str(&all));
    assert_int_equal(w.h.requests, 100);
    assert_int_equal(count(&w, "200 OK"), 100);
    assert_int_equal(count(&w, "\r\n\r\nabc"), 50);
    close_world(&w);
}

static void test_pipelined_waits_for_the_answer(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, GET("/later") GET("/now"));
    assert_int_equal(w.h.requests, 1);
    assert_int_equal(w.t.out.len, 0);
    http_exchange_respond(w.h.last, 200, NULL, STR("first"));
    fake_turn(&w.t, w.c);
    assert_int_equal(w.h.requests, 2);
    assert_out(&w, "firstHTTP/1.1 200 OK");
    close_world(&w);
}

struct refusal_case {
    const char *name;
    const char *bytes;
    int status;
};

static void test_refusals(void **state)
{
    static const struct refusal_case cases[] = {
        {"garbage", "\x16\x03\x01garbage\r\n\r\n", 400},
        {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"folded", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400},
        {"CL and TE", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"two CL", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
        {"version", "GET / HTTP/3.0\r\n\r\n", 505},
        {"expectation", "POST /echo HTTP/1.1\r\n" HOST "Expect: x\r\nContent-Length: 1\r\n\r\n", 417},
        {"method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501},
        {"chunk size", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"chunk size with a sign", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n",
         400},
        {"chunk size overflows",
         "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", 400},
        {"chunk not ended by CRLF", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
         400},
        {"chunk longer than the limit", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n",
         0},
        {"length over the limit", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 999999999\r\n\r\nabc", 413},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w = {0};
        char start[32];
        open_world(&w);
        feed(&w, cases[i].bytes);
        if (cases[i].status != 0) {
            snprintf(start, sizeof(start), "HTTP/1.1 %d ", cases[i].status);
            if (!str_starts_with(buf_str(&w.t.out), str_of(start)) || !w.t.is_closed)
                fail_msg("%s: %s", cases[i].name, buf_cstr(&w.t.out));
            assert_out(&w, "Connection: close\r\n\r\n");
            assert_int_equal(w.c->open_exchanges, 0);
        }
        close_world(&w);
    }
}

static void test_nothing_after_a_refusal_is_served(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "GET / HTTP/1.1\r\n\r\n" GET("/now"));
    assert_int_equal(w.h.requests, 0);
    assert_int_equal(count(&w, "HTTP/1.1"), 1);
    assert_true(w.t.is_closed);
    close_world(&w);
}

/* Where a front server and we could disagree about the end of a request, there is no second one. */
static void test_smuggling(void **state)
{
    static const char *const cases[] = {
        "POST /echo HTTP/1.1\r\n" HOST
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b"
        "chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.0\r\n" HOST
        "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n 0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\n\r\n" GET("/smuggled"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n" GET("/smuggled"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w = {0};
        open_world(&w);
        feed(&w, cases[i]);
        if (str_find(buf_str(&w.h.log), STR("smuggled")) >= 0 || !w.t.is_closed)
            fail_msg("case %zu: %s\n%s", i, buf_cstr(&w.h.log), buf_cstr(&w.t.out));
        assert_int_equal(count(&w, "HTTP/1.1 "), 1);
        close_world(&w);
    }
}

static void test_unread_body_is_dropped(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n01234");
    assert_out(&w, "ignored");
    assert_int_equal(w.h.closed, 1);
    assert_false(w.t.is_closed);
    feed(&w, "56789" GET("/now"));
    assert_int_equal(w.h.requests, 2);
    assert_int_equal(w.h.body.len, 0);
    close_world(&w);
}

static void test_pause_body(void **state)
{
    struct world w = {.h.is_pausing = true};
    auto_buf struct buf big = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 200003\r\n\r\nabc");
    assert_string_equal(buf_cstr(&w.h.body), "abc");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&big, 'x');
    feed_bytes(&w, buf_str(&big));
    assert_int_equal(w.h.body.len, 3);
    assert_true(w.t.is_paused); /* 100 kB wait: no more is read */
    http_exchange_pause_body(w.h.last, false);
    fake_turn(&w.t, w.c);
    assert_int_equal(w.h.body.len, 100003);
    assert_false(w.t.is_paused);
    w.h.is_pausing = false;
    http_exchange_pause_body(w.h.last, false);
    feed_bytes(&w, buf_str(&big));
    assert_int_equal(w.h.ended_bodies, 1);
    assert_int_equal(w.h.body.len, 200003);
    close_world(&w);
}

static void test_pause_at_the_last_byte(void **state)
{
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" GET("/now"),
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET("/now"),
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w = {.h.is_pausing = true};
        open_world(&w);
        feed(&w, requests[i]);
        assert_string_equal(buf_cstr(&w.h.body), "abc");
        assert_int_equal(w.h.ended_bodies, 0);
        http_exchange_pause_body(w.h.last, false);
        fake_turn(&w.t, w.c);
        assert_string_equal(buf_cstr(&w.h.body), "abc");
        assert_int_equal(w.h.ended_bodies, 1);
        assert_int_equal(w.h.requests, 2);
        close_world(&w);
    }
}

static void test_body_asked_for_later(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    feed(&w, "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    assert_int_equal(w.h.body.len, 0);
    http_exchange_read_body(w.h.last);
    assert_int_equal(w.h.body.len, 0); /* never inside the call */
    fake_turn(&w.t, w.c);
    assert_string_equal(buf_cstr(&w.h.body), "abc");
    assert_ends(&w, "\r\n\r\nabc");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_pipelined_waits_for_the_answer),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_nothing_after_a_refusal_is_served),
        cmocka_unit_test(test_smuggling),
        cmocka_unit_test(test_unread_body_is_dropped),
        cmocka_unit_test(test_pause_body),
        cmocka_unit_test(test_pause_at_the_last_byte),
        cmocka_unit_test(test_body_asked_for_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
