#include "fetch_world.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- answers --- */

enum ending {
    STAY,
    CLOSE,
    RESET,
};

struct answer_case {
    const char *name;
    const char *answer;
    enum ending ending;
    int status;
    const char *body;
    int code;
    const char *message; /* %s: the peer's address */
    const char *headers; /* NULL: not looked at */
};

static const struct answer_case answer_cases[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\nhello", STAY, 200, "hello", 0, "",
     "Content-Length: 5\nX-A: b c\n"},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", STAY, 200,
     "abcde", 0, "", NULL},
    {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n", STAY, 200, "a",
     0, "", "Transfer-Encoding: chunked\n"},
    {"until close", "HTTP/1.0 200 OK\r\n\r\nall of it", CLOSE, 200, "all of it", 0, "", ""},
    {"a failure is an answer", "HTTP/1.1 503 Nope\r\nContent-Length: 2\r\n\r\nno", STAY, 503, "no", 0, "", NULL},
    {"unauthorized", "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", STAY, 401, "", 0, "",
     NULL},
    {"redirects are not followed", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", STAY, 302, "", 0,
     "", "Location: /b\nContent-Length: 0\n"},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", STAY, 204, "", 0, "", ""},
    {"continue comes first", "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", STAY,
     200, "a", 0, "", "Content-Length: 1\n"},
    {"nothing", "", CLOSE, 0, "", FETCH_BROKEN, "%s closed the connection without an answer", NULL},
    {"reset", "", RESET, 0, "", FETCH_BROKEN, "answer from %s: connection reset by peer", NULL},
    {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", CLOSE, 0, "", FETCH_BROKEN, "%s: the answer has no head", NULL},
    {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", CLOSE, 200, "hello", FETCH_BROKEN,
     "%s closed the connection before the answer was whole", NULL},
    {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", CLOSE, 200, "abc", FETCH_BROKEN,
     "%s closed the connection before the answer was whole", NULL},
    {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CLOSE, 200, "abc",
     FETCH_BROKEN, "%s closed the connection before the answer was whole", NULL},
    {"chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n", STAY, 200, "",
     FETCH_BROKEN, NULL, NULL},
    {"garbage", "SSH-2.0-OpenSSH_9.2p1\r\n\r\n\r\n", STAY, 0, "", FETCH_BROKEN, "%s doesn't answer in HTTP", NULL},
};

static void answer_request(void *owner, struct fake_conn *conn, struct str request)
{
    const struct answer_case *c = *(const struct answer_case **)owner;

    (void)request;
    fake_conn_send(conn, str_of(c->answer));
    if (c->ending == CLOSE)
        fake_conn_close(conn);
    else if (c->ending == RESET)
        fake_conn_reset(conn);
}

static void test_answers(void **state)
{
    static const struct fake_peer_events events = {.on_request = answer_request};

    (void)state;
    for (size_t i = 0; i < sizeof(answer_cases) / sizeof(answer_cases[0]); i++) {
        const struct answer_case *c = &answer_cases[i];
        struct world w;
        struct got g = {0};
        auto_buf struct buf url = {0};
        auto_buf struct buf want = {0};
        world_open(&w, false, &events, &c);
        got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/a")});
        got_wait(&g);
        print_message("  %s: %s\n", c->name, buf_cstr(&g.message));
        assert_int_equal(g.status, c->status);
        assert_int_equal(g.heads, c->status != 0);
        assert_string_equal(buf_cstr(&g.body), c->body);
        assert_int_equal(g.code, c->code);
        if (c->message != NULL) {
            auto_buf struct buf where = {0};
            const char *at = strstr(c->message, "%s");
            buf_printf(&where, "127.0.0.1:%u", fake_peer_port(w.peer));
            if (at != NULL) {
                buf_add(&want, c->message, (size_t)(at - c->message));
                buf_add_str(&want, buf_str(&where));
                buf_add_cstr(&want, at + 2);
            }
            assert_string_equal(buf_cstr(&g.message), buf_cstr(&want));
        }
        if (c->headers != NULL)
            assert_string_equal(buf_cstr(&g.headers), c->headers);
        got_free(&g);
        world_close(&w);
    }
}

/* --- requests --- */

struct request_case {
    const char *name;
    const char *method;
    const char *path;
    const char *body; /* NULL: none */
    const char *header_name, *header_value;
    const char *request; /* without the Host line */
};

static const struct request_case request_cases[] = {
    {"get", "", "/a?b=c%20d", NULL, NULL, NULL, "GET /a?b=c%20d HTTP/1.1\r\n\r\n"},
    {"dots stay", "GET", "/a/../b/./c//d", NULL, NULL, NULL, "GET /a/../b/./c//d HTTP/1.1\r\n\r\n"},
    {"post", "POST", "/", "{\"a\":1}", "Content-Type", "application/json",
     "POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"},
    {"post nothing", "POST", "/", NULL, NULL, NULL, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
    {"patch", "PATCH", "/x", "{}", NULL, NULL, "PATCH /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"},
    {"delete", "DELETE", "/x", NULL, NULL, NULL, "DELETE /x HTTP/1.1\r\n\r\n"},
    {"delete with options", "DELETE", "/x", "{}", NULL, NULL, "DELETE /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"},
    {"empty header", "GET", "/x", NULL, "X-Empty", "", "GET /x HTTP/1.1\r\nX-Empty:\r\n\r\n"},
    {"length is computed", "PUT", "/x", "abc", "content-length", "77",
     "PUT /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"},
    {"accept", "GET", "/", NULL, "Accept", "application/json", "GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n"},
};
static void test_requests(void **state)
{
    static const struct fake_peer_events events = {.on_request = keep_request};
    auto_buf struct buf request = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &events, &request);
    for (size_t i = 0; i < sizeof(request_cases) / sizeof(request_cases[0]); i++) {
        const struct request_case *c = &request_cases[i];
        struct got g = {0};
        auto_buf struct buf url = {0};
        struct http_header header = {str_of(c->header_name), str_of(c->header_value)};
        struct fetch_options options = {.method = str_of(c->method),
                                        .url = url_of(&w, &url, c->path),
                                        .body = str_of(c->body),
                                        .headers = {&header, c->header_name != NULL ? 1 : 0}};
        print_message("  %s\n", c->name);
        got_start(&g, &w, &options);
        got_wait(&g);
        assert_string_equal(buf_cstr(&g.message), "");
        assert_string_equal(buf_cstr(&request), c->request);
        got_free(&g);
    }
    assert_int_equal(fake_peer_accepted(w.peer), 1); /* one connection for all of them */
    world_close(&w);
}

/* --- options that can't be right --- */

#define BAD_HEADER "a header that can't be sent: its name or value has forbidden characters"

static void test_bad_options(void **state)
{
    static const struct {
        const char *url, *header, *value, *cert, *key, *message;
    } cases[] = {
        {"nonsense://x/", NULL, NULL, NULL, NULL, "URL \"nonsense://x/\": unsupported URL scheme"},
        {"ftp://x/", NULL, NULL, NULL, NULL, "URL \"ftp://x/\": scheme \"ftp\" is neither http nor https"},
        {"http://", NULL, NULL, NULL, NULL, NULL},
        {"http://127.0.0.1:99999/", NULL, NULL, NULL, NULL, NULL},
        {"http://127.0.0.1:1/", "X\r\nY", "v", NULL, NULL, BAD_HEADER},
        {"http://127.0.0.1:1/", "X", "v\r\nY: w", NULL, NULL, BAD_HEADER},
        {"http://127.0.0.1:1/", "", "v", NULL, NULL, BAD_HEADER},
        {"https://127.0.0.1:1/", NULL, NULL, "PEM", NULL, "a client certificate needs both a certificate and its key"},
    };
    static const struct fake_peer_events events = {.on_request = keep_request};
    struct world w;

    (void)state;
    world_open(&w, false, &events, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = {0};
        struct http_header header = {str_of(cases[i].header), str_of(cases[i].value)};
        struct fetch_options options = {.url = str_of(cases[i].url),
                                        .headers = {&header, cases[i].header != NULL},
                                        .tls = {.cert = str_of(cases[i].cert), .key = str_of(cases[i].key)}};
        got_start(&g, &w, &options);
        got_wait(&g);
        print_message("  %s\n", buf_cstr(&g.message));
        assert_int_equal(g.code, FETCH_BAD_OPTIONS);
        if (cases[i].message != NULL)
            assert_string_equal(buf_cstr(&g.message), cases[i].message);
        got_free(&g);
    }
    world_close(&w);
}
static void large_head_request(void *owner, struct fake_conn *conn, struct str request)
{
    auto_buf struct buf line = {0};

    (void)owner;
    (void)request;
    fake_conn_send(conn, STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 300; i++) {
        buf_clear(&line);
        buf_printf(&line, "X-%d: %01000d\r\n", i, i);
        fake_conn_send(conn, buf_str(&line));
    }
    fake_conn_send(conn, STR("\r\n"));
}

static void test_large_head(void **state)
{
    static const struct fake_peer_events events = {.on_request = large_head_request};
    auto_buf struct buf url = {0};
    auto_buf struct buf want = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &events, NULL);
    buf_printf(&want, "127.0.0.1:%u: the answer's headers are larger than 256 KiB", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = url_of(&w, &url, "/")}, FETCH_BROKEN, buf_cstr(&want));
    world_close(&w);
}
int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_large_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
