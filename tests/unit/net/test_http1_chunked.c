#include "net/http1_chunked.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Feeds IN in steps of STEP bytes; returns the first result that isn't MORE or PIECE, and how much was used. */
static enum http1_chunked_result decode(struct str in, size_t step, struct buf *out, size_t *used)
{
    struct http1_chunked c = {0};
    *used = 0;
    for (struct str rest = in; rest.len > 0; rest = str_skip(rest, step)) {
        struct str part = str_head(rest, step), piece;
        enum http1_chunked_result result;
        size_t before = part.len;
        while ((result = http1_chunked_read(&c, &part, &piece)) == CHUNKED_PIECE)
            buf_add_str(out, piece);
        *used += before - part.len;
        if (result != CHUNKED_MORE)
            return result;
        assert_int_equal(part.len, 0);
    }
    return CHUNKED_MORE;
}

static void test_cases(void **state)
{
    static const struct {
        const char *in;
        enum http1_chunked_result want;
        const char *data;
        size_t left;
    } cases[] = {
        {"0\r\n\r\n", CHUNKED_END, "", 0},
        {"3\r\nabc\r\n0\r\n\r\n", CHUNKED_END, "abc", 0},
        {"3\r\nabc\r\n0\r\n\r\nGET", CHUNKED_END, "abc", 3},
        {"A\r\n0123456789\r\n0a\r\n9876543210\r\n000\r\n\r\n", CHUNKED_END, "01234567899876543210", 0},
        {"2;a=b;c=\"d e\"\r\nxy\r\n0;z\r\n\r\n", CHUNKED_END, "xy", 0},
        {"1\r\nx\r\n0\r\nTrailer: t\r\nOther: \t o\r\n\r\n", CHUNKED_END, "x", 0},
        {"2\r\n\r\n\r\n0\r\n\r\n", CHUNKED_END, "\r\n", 0},
        {"3\r\nabc\r\n", CHUNKED_MORE, "abc", 0},
        {"3\r\nab", CHUNKED_MORE, "ab", 0},
        {"0\r\nA: b\r\n", CHUNKED_MORE, "", 0},
        {"", CHUNKED_MORE, "", 0},
        {"\r\n", CHUNKED_MALFORMED, "", 2},
        {";a\r\n", CHUNKED_MALFORMED, "", 4},
        {"g\r\n", CHUNKED_MALFORMED, "", 3},
        {"0x1\r\n", CHUNKED_MALFORMED, "", 4},
        {"+1\r\n", CHUNKED_MALFORMED, "", 4},
        {" 1\r\n", CHUNKED_MALFORMED, "", 4},
        {"1 \r\n", CHUNKED_MALFORMED, "", 3},
        {"1\n", CHUNKED_MALFORMED, "", 1},
        {"1\r\r\n", CHUNKED_MALFORMED, "", 2},
        {"1;a\n", CHUNKED_MALFORMED, "", 1},
        {"1;a\r;\n", CHUNKED_MALFORMED, "", 2},
        {"1\r\nxy\r\n", CHUNKED_MALFORMED, "x", 3},
        {"1\r\nx\n0\r\n\r\n", CHUNKED_MALFORMED, "x", 6},
        {"1\r\nx\rz", CHUNKED_MALFORMED, "x", 1},
        {"3\r\nabcdef\r\n", CHUNKED_MALFORMED, "abc", 5},
        {"0\r\nA: b\n\r\n", CHUNKED_MALFORMED, "", 3},
        {"0\r\nA: b\rc\r\n", CHUNKED_MALFORMED, "", 3},
        {"0\r\n\n", CHUNKED_MALFORMED, "", 1},
        {"0\r\n\rx", CHUNKED_MALFORMED, "", 1},
        {"100000000000000\r\n", CHUNKED_MORE, "", 0},
        {"100000000000001\r\n", CHUNKED_MALFORMED, "", 2},
        {"ffffffffffffffffffff\r\n", CHUNKED_MALFORMED, "", 8},
    };
    static const size_t steps[] = {1, 2, 3, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t k = 0; k < sizeof(steps) / sizeof(*steps); k++) {
            auto_buf struct buf out = {0};
            size_t used;
            struct str in = str_of(cases[i].in);
            enum http1_chunked_result got = decode(in, steps[k], &out, &used);
            if (got != cases[i].want || strcmp(buf_cstr(&out), cases[i].data) != 0 ||
                (got != CHUNKED_MALFORMED && in.len - used != cases[i].left))
                fail_msg("case %zu step %zu: result %d data \"%s\" left %zu", i, steps[k], got, buf_cstr(&out),
                         in.len - used);
        }
    }
}

static void test_nul_and_control_characters(void **state)
{
    (void)state;
    for (int c = 0; c < 0x20; c++) {
        char in[] = "0;x\r\nT: y\r\n\r\n";
        auto_buf struct buf out = {0};
        size_t used;
        if (c == '\t')
            continue;
        in[2] = (char)c;
        assert_int_equal(decode(str_from(in, sizeof(in) - 1), 100, &out, &used), CHUNKED_MALFORMED);
        in[2] = 'x';
        in[8] = (char)c;
        assert_int_equal(decode(str_from(in, sizeof(in) - 1), 100, &out, &used), CHUNKED_MALFORMED);
    }
}

static void test_excess(void **state)
{
    auto_buf struct buf extension = {0}, trailers = {0}, tiny = {0}, out = {0};
    size_t used;
    (void)state;
    buf_add_cstr(&extension, "1;");
    buf_add_cstr(&trailers, "0\r\n");
    for (int i = 0; i < 20000; i++) {
        buf_add_char(&extension, 'x');
        buf_add_cstr(&trailers, "A: b\r\n");
        buf_add_cstr(&tiny, "1\r\nx\r\n");
    }
    buf_add_cstr(&tiny, "0\r\n\r\n");
    assert_int_equal(decode(buf_str(&extension), 1000, &out, &used), CHUNKED_EXCESSIVE);
    assert_in_range(used, 16384, 16500);
    assert_int_equal(decode(buf_str(&trailers), 1000, &out, &used), CHUNKED_EXCESSIVE);
    assert_int_equal(decode(buf_str(&tiny), 1000, &out, &used), CHUNKED_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_nul_and_control_characters),
        cmocka_unit_test(test_excess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
