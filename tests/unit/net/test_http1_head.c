#include "net/http1_head.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOST "Host: h\r\n"

static void test_find_end(void **state)
{
    static const struct {
        const char *bytes;
        ptrdiff_t want;
    } cases[] = {
        {"", 0},
        {"GET / HTTP/1.1", 0},
        {"GET / HTTP/1.1\r\n", 0},
        {"GET / HTTP/1.1\r\n\r", 0},
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"GET / HTTP/1.1\r\n\r\nmore\r\n\r\n", 18},
        {"A\r\nB\r\n\r\n", 8},
        {"GET / HTTP/1.1\n", -1},
        {"GET / HTTP/1.1\r\nA: b\n\r\n", -1},
        {"GET / HTTP/1.1\r\nA: b\r\n\n", -1},
        {"\n", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct str all = str_of(cases[i].bytes);
        size_t scanned = 0;
        assert_int_equal(http1_head_find_end(all, &scanned), cases[i].want);
        /* byte by byte comes to the same */
        ptrdiff_t end = 0;
        scanned = 0;
        for (size_t n = 1; n <= all.len && end == 0; n++)
            end = http1_head_find_end(str_head(all, n), &scanned);
        assert_int_equal(end, cases[i].want);
    }
}

struct parse_case {
    const char *name;
    const char *head; /* without the last empty line */
    int status;       /* 0: accepted */
    const char *reason;
};

static void test_refused(void **state)
{
    static const struct parse_case cases[] = {
        {"good", "GET / HTTP/1.1\r\n" HOST, 0, NULL},
        {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n", 0, NULL},
        {"HTTP/1.1 without Host", "GET / HTTP/1.1\r\n", 400, "missing required Host header"},
        {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST, 400, "more than one Host header"},
        {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" HOST HOST, 400, "more than one Host header"},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n", 0, NULL},
        {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n", 400, "malformed Host header"},
        {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n", 400, "malformed Host header"},
        {"Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n", 400, "malformed Host header"},
        {"bracketed Host", "GET / HTTP/1.1\r\nHost: [::1]:6443\r\n", 0, NULL},
        {"CL and TE", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400, NULL},
        {"TE and CL", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400, NULL},
        {"two CL, different", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n", 400, NULL},
        {"two CL, alike", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n", 400, NULL},
        {"CL list", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n", 400, NULL},
        {"CL signed", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n", 400, NULL},
        {"CL negative", "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n", 400, NULL},
        {"CL hex", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n", 400, NULL},
        {"CL empty", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n", 400, NULL},
        {"CL with a space inside", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n", 400, NULL},
        {"CL overflows", "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n", 400, NULL},
        {"CL beyond int64", "POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n", 400, NULL},
        {"TE chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n", 0, NULL},
        {"TE Chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n", 0, NULL},
        {"TE in HTTP/1.0", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n", 400, NULL},
        {"TE gzip", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n", 501, NULL},
        {"TE gzip, chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n", 501, NULL},
        {"TE chunked twice", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
         501, NULL},
        {"TE xchunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n", 501, NULL},
        {"TE identity", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n", 501, NULL},
        {"TE with a vertical tab", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n", 400, NULL},
        {"space before colon", "GET / HTTP/1.1\r\n" HOST "A : b\r\n", 400, "invalid character in a header name"},
        {"TE with space before colon", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n", 400, NULL},
        {"folded by space", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n", 400, "folded header line"},
        {"folded by tab", "GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc: d\r\n", 400, "folded header line"},
        {"first header begins with space", "GET / HTTP/1.1\r\n Host: h\r\n", 400, "folded header line"},
        {"no colon", "GET / HTTP/1.1\r\n" HOST "nonsense\r\n", 400, "malformed header line"},
        {"empty name", "GET / HTTP/1.1\r\n" HOST ": v\r\n", 400, "malformed header line"},
        {"CR in a value", "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n", 400, "invalid character in a header value"},
        {"DEL in a value", "GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n", 400, "invalid character in a header value"},
        {"bytes above ASCII in a value", "GET / HTTP/1.1\r\n" HOST "A: \xc3\xa9\r\n", 0, NULL},
        {"bytes above ASCII in a name", "GET / HTTP/1.1\r\n" HOST "\xc3\xa9: b\r\n", 400, NULL},
        {"separator in a name", "GET / HTTP/1.1\r\n" HOST "a(b): c\r\n", 400, NULL},
        {"bytes above ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST, 400, NULL},
        {"fragment", "GET /a#b HTTP/1.1\r\n" HOST, 400, NULL},
        {"two spaces", "GET  / HTTP/1.1\r\n" HOST, 400, NULL},
        {"space in the target", "GET /a b HTTP/1.1\r\n" HOST, 400, NULL},
        {"tab for space", "GET\t/ HTTP/1.1\r\n" HOST, 400, NULL},
        {"no version", "GET /\r\n" HOST, 400, NULL},
        {"version in lower case", "GET / http/1.1\r\n" HOST, 400, NULL},
        {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST, 505, NULL},
        {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST, 505, NULL},
        {"HTTP/0.9", "GET / HTTP/0.9\r\n" HOST, 505, NULL},
        {"HTTP/11.1", "GET / HTTP/11.1\r\n" HOST, 400, NULL},
        {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n", 505, NULL},
        {"unknown method", "BREW / HTTP/1.1\r\n" HOST, 501, "unknown method"},
        {"method in lower case", "get / HTTP/1.1\r\n" HOST, 501, NULL},
        {"method with a separator", "GE(T / HTTP/1.1\r\n" HOST, 400, "malformed method"},
        {"PATCH", "PATCH / HTTP/1.1\r\n" HOST, 0, NULL},
        {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n" HOST, 501, NULL},
        {"asterisk", "OPTIONS * HTTP/1.1\r\n" HOST, 0, NULL},
        {"asterisk for GET", "GET * HTTP/1.1\r\n" HOST, 400, NULL},
        {"relative target", "GET a HTTP/1.1\r\n" HOST, 400, NULL},
        {"other scheme", "GET ftp://a/ HTTP/1.1\r\n" HOST, 400, NULL},
        {"no authority", "GET http:///a HTTP/1.1\r\n" HOST, 400, NULL},
        {"user in the authority", "GET http://u@a/ HTTP/1.1\r\n" HOST, 400, NULL},
        {"unknown expectation", "POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\n", 417, "unknown expectation"},
        {"expectation in HTTP/1.0", "POST / HTTP/1.0\r\n" HOST "Expect: miracles\r\n", 0, NULL},
        {"upgrade", "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n", 0, NULL},
        {"empty request line", " \r\n" HOST, 400, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct parse_case *c = &cases[i];
        auto_arena struct arena arena = {0};
        auto_buf struct buf bytes = {0};
        struct http_request request = {0};
        struct http1_head head;
        struct http1_refusal refusal = {0};
        buf_printf(&bytes, "%s\r\n", c->head);
        bool ok = http1_head_parse(buf_str(&bytes), &arena, &request, &head, &refusal);
        if (ok != (c->status == 0))
            fail_msg("%s: %s: %d %s", c->name, ok ? "accepted" : "refused", refusal.status, refusal.reason);
        if (!ok && (refusal.status != c->status || (c->reason != NULL && strcmp(c->reason, refusal.reason) != 0)))
            fail_msg("%s: refused with %d %s", c->name, refusal.status, refusal.reason);
    }
}

static void test_nul_is_refused_everywhere(void **state)
{
    static const char good[] = "GET /a HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
    (void)state;
    for (size_t i = 0; i < sizeof(good) - 5; i++) {
        auto_arena struct arena arena = {0};
        struct http_request request = {0};
        struct http1_head head;
        struct http1_refusal refusal = {0};
        char bytes[sizeof(good)];
        memcpy(bytes, good, sizeof(good));
        if (bytes[i] == '\r' || bytes[i] == '\n')
            continue;
        bytes[i] = '\0';
        if (http1_head_parse(str_from(bytes, sizeof(good) - 1), &arena, &request, &head, &refusal))
            fail_msg("NUL at %zu accepted", i);
        assert_true(refusal.status == 400 || refusal.status == 501 || refusal.status == 505);
    }
}

static void test_targets(void **state)
{
    static const struct {
        const char *target, *host_header;
        const char *want_target, *want_path, *want_query, *want_host;
    } cases[] = {
        {"/", "h", "/", "/", "", "h"},
        {"/a/b?c=d&e", "h:1", "/a/b?c=d&e", "/a/b", "c=d&e", "h:1"},
        {"/a?", "h", "/a?", "/a", "", "h"},
        {"/a%2Fb", "h", "/a%2Fb", "/a%2Fb", "", "h"},
        {"//a//b", "h", "//a//b", "//a//b", "", "h"},
        {"https://other:6443/a?b", "h", "/a?b", "/a", "b", "other:6443"},
        {"HTTP://[::1]", "h", "/", "/", "", "[::1]"},
        {"http://other?x=y", "h", "/?x=y", "/", "x=y", "other"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_arena struct arena arena = {0};
        struct http_request r = {0};
        struct http1_head head;
        struct http1_refusal refusal = {0};
        struct str bytes =
            arena_printf(&arena, "GET %s HTTP/1.1\r\nhOST:  %s \r\n\r\n", cases[i].target, cases[i].host_header);
        if (!http1_head_parse(bytes, &arena, &r, &head, &refusal))
            fail_msg("%s: %s", cases[i].target, refusal.reason);
        if (!str_eq_cstr(r.target, cases[i].want_target) || !str_eq_cstr(r.path, cases[i].want_path) ||
            !str_eq_cstr(r.query, cases[i].want_query) || !str_eq_cstr(r.host, cases[i].want_host))
            fail_msg("%s: target %.*s path %.*s query %.*s host %.*s", cases[i].target, STR_ARG(r.target),
                     STR_ARG(r.path), STR_ARG(r.query), STR_ARG(r.host));
    }
}

static void test_fields(void **state)
{
    auto_arena struct arena arena = {0};
    struct http_request r = {0};
    struct http1_head head;
    struct http1_refusal refusal = {0};
    (void)state;
    assert_true(http1_head_parse(STR("POST /x HTTP/1.1\r\nHost: h\r\nEmpty:\r\nX-A:\t one \t\r\nx-a: two\r\n"
                                     "Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: close\r\n\r\n"),
                                 &arena, &r, &head, &refusal));
    assert_true(str_eq(r.method, STR("POST")));
    assert_int_equal(r.http_major, 1);
    assert_int_equal(r.headers.count, 7);
    assert_true(str_eq(http_headers_get(&r.headers, STR("x-a")), STR("one")));
    assert_true(str_eq(r.headers.items[3].value, STR("two")));
    assert_int_equal(http_headers_get(&r.headers, STR("empty")).len, 0);
    assert_true(head.has_length && !head.is_chunked && !head.is_keep_alive && head.expects_continue);
    assert_int_equal(head.content_length, 12);
    assert_int_equal(head.minor, 1);
}

static void test_keep_alive(void **state)
{
    static const struct {
        const char *head;
        bool want;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_arena struct arena arena = {0};
        struct http_request r = {0};
        struct http1_head head;
        struct http1_refusal refusal = {0};
        assert_true(http1_head_parse(str_of(cases[i].head), &arena, &r, &head, &refusal));
        assert_int_equal(head.is_keep_alive, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_end),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nul_is_refused_everywhere),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_keep_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
