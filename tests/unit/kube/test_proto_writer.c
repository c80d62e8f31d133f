#include "kube/proto_writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hex.h"

static void test_scalars(void **state)
{
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "1800"},
        {1, "1801"},
        {127, "187f"},
        {128, "188001"},
        {300, "18ac02"},
        {INT64_MAX, "18ffffffffffffffff7f"},
        {-1, "18ffffffffffffffffff01"},
        {INT64_MIN, "1880808080808080808001"},
    };
    static const struct str texts[] = {STR_INIT("a"), STR_INIT(""), STR_INIT("bc")};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf out = {0};
        proto_add_i64(&out, 3, cases[i].value);
        assert_hex(buf_str(&out), cases[i].hex);
    }
    auto_buf struct buf out = {0};
    proto_add_str(&out, 1, STR("k8s"));
    proto_add_str(&out, 16, STR("")); /* a number that takes two bytes */
    proto_add_bool(&out, 2, true);
    proto_add_bool(&out, 2, false);
    proto_add_strs(&out, 5, texts, 3);
    assert_hex(buf_str(&out), "0a036b3873"
                              "820100"
                              "1001"
                              "1000"
                              "2a01612a002a026263");
}

/* A length in front of what was written before it was known, of one, two and three bytes, at every depth. */
static void test_nested(void **state)
{
    static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 129, 16380, 16383, 16384, 100000};
    static char filling[100000];

    (void)state;
    memset(filling, 'x', sizeof(filling));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        auto_buf struct buf nested = {0}, inner = {0}, flat = {0};
        struct str text = str_from(filling, sizes[i]);

        size_t outer_at = proto_open(&nested, 1), inner_at = proto_open(&nested, 2);
        proto_add_str(&nested, 3, text);
        proto_close(&nested, inner_at);
        proto_add_i64(&nested, 4, 5);
        proto_close(&nested, outer_at);

        auto_buf struct buf innermost = {0};
        proto_add_str(&innermost, 3, text);
        proto_add_str(&inner, 2, buf_str(&innermost));
        proto_add_i64(&inner, 4, 5);
        proto_add_head(&flat, 1, inner.len);
        buf_add_str(&flat, buf_str(&inner));
        assert_int_equal(nested.len, flat.len);
        assert_memory_equal(nested.ptr, flat.ptr, flat.len);
    }
}

static void test_envelope(void **state)
{
    auto_buf struct buf whole = {0}, parts = {0};

    (void)state;
    size_t at = proto_open_object(&whole, STR("v1"), STR("Status"));
    proto_add_list_meta(&whole, 1, STR("7"));
    proto_close_object(&whole, at);
    assert_hex(buf_str(&whole), "6b387300"
                                "0a0c0a0276311206537461747573"
                                "12090a070a001201371a00"
                                "1a002200");

    proto_add_object_head(&parts, STR("v1"), STR("Status"), 9);
    proto_add_list_meta(&parts, 1, STR("7"));
    buf_add_str(&parts, proto_object_tail);
    assert_int_equal(parts.len, whole.len);
    assert_memory_equal(parts.ptr, whole.ptr, whole.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_envelope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
