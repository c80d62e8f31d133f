#include "apiserver/gzip.h"

#include "base/alloc.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "inflate.h"

static void test_accepted(void **state)
{
    static const struct {
        const char *header;
        bool is_accepted;
    } cases[] = {
        {"gzip", true}, {"deflate, gzip", true}, {"gzip, br", true},         {" gzip ,x", true},
        {"", false},    {"gzip;q=1", false},     {"x-gzip", false},          {"GZIP", false},
        {"*", false},   {",,", false},           {"gzip;q=0.5, gzip", true}, {"identity", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (gzip_is_accepted(str_of(cases[i].header)) != cases[i].is_accepted)
            fail_msg("%s", cases[i].header);
}

/* In pieces of many sizes, of what can be compressed and of what can't. */
static void test_round_trip(void **state)
{
    static const size_t pieces[] = {1, 7, 1000, 65536, 1 << 20};
    enum {
        SIZE = 1 << 20
    };
    auto_buf struct buf text = {0};

    (void)state;
    while (text.len < SIZE / 2)
        buf_printf(&text, "{\"name\":\"pod-%zu\",\"cpu\":\"%zum\"}", text.len, text.len % 977);
    random_bytes(buf_reserve(&text, SIZE / 2), SIZE / 2);
    buf_grow_by(&text, SIZE / 2);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        auto_buf struct buf packed = {0}, out = {0};
        struct gzip *g = gzip_new();
        size_t total = pieces[i] == 1 ? 10000 : text.len; /* byte by byte some are enough */
        for (size_t at = 0; at < total; at += pieces[i])
            gzip_add(g, &packed, str_head(str_skip(str_head(buf_str(&text), total), at), pieces[i]));
        gzip_finish(g, &packed);
        gzip_free(g);
        assert_inflate(&out, buf_str(&packed));
        assert_int_equal(out.len, total);
        assert_memory_equal(out.ptr, text.ptr, total);
        assert_true(packed.len < total);
    }
}

static void test_nothing(void **state)
{
    auto_buf struct buf packed = {0}, out = {0};
    struct gzip *g = gzip_new();

    (void)state;
    gzip_add(g, &packed, STR(""));
    gzip_finish(g, &packed);
    gzip_free(g);
    assert_inflate(&out, buf_str(&packed));
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
