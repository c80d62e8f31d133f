#include "base/buf.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_empty(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    assert_true(str_is_empty(buf_str(&b)));
    buf_clear(&b);
    buf_add(&b, NULL, 0);
    buf_add_str(&b, (struct str){0});
    buf_grow_by(&b, 0);
    buf_drop_front(&b, 3);
    assert_null(b.ptr);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
    buf_free(&b);
}

static void test_appending(void **state)
{
    auto_buf struct buf b = {0};

    (void)state;
    buf_add(&b, "a\0b", 3);
    buf_add_str(&b, STR("cd"));
    buf_add_cstr(&b, "ef");
    buf_add_char(&b, 'g');
    buf_add_char(&b, '\0');
    assert_int_equal(b.len, 9);
    assert_memory_equal(b.ptr, "a\0bcdefg\0", 10);
    buf_clear(&b);
    assert_string_equal(b.ptr, "");
    assert_int_equal(b.len, 0);
}

static void test_numbers(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {10, "10"},
                 {-1, "-1"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    auto_buf struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&b);
        buf_add_i64(&b, cases[i].value);
        assert_string_equal(buf_cstr(&b), cases[i].text);
    }
    buf_clear(&b);
    buf_add_u64(&b, UINT64_MAX);
    assert_string_equal(buf_cstr(&b), "18446744073709551615");
}

/* Every length around the places where the memory grows. */
static void test_growth(void **state)
{
    auto_buf struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        buf_add_char(&b, (char)('a' + i % 26));
        assert_true(b.len < b.cap);
        assert_int_equal(b.ptr[b.len], '\0');
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.ptr[i], 'a' + i % 26);
    for (size_t len = 0; len < 300; len++) {
        auto_buf struct buf printed = {0};
        buf_add_char(&printed, '>');
        buf_printf(&printed, "%*s", (int)len, "");
        assert_int_equal(printed.len, len + 1);
        assert_int_equal(strlen(printed.ptr), len + 1);
    }
}

static void test_reserve(void **state)
{
    auto_buf struct buf b = {0};
    char *room = buf_reserve(&b, 1000);

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    memset(room, 'x', 1000);
    buf_grow_by(&b, 400);
    assert_int_equal(b.len, 400);
    assert_int_equal(strlen(b.ptr), 400);
    size_t cap = b.cap;
    assert_ptr_equal(buf_reserve(&b, 600), room + 400);
    assert_int_equal(b.cap, cap);
}

static void test_drop_front(void **state)
{
    auto_buf struct buf b = {0};

    (void)state;
    buf_add_cstr(&b, "abcdef");
    buf_drop_front(&b, 0);
    assert_string_equal(buf_cstr(&b), "abcdef");
    buf_drop_front(&b, 2);
    assert_string_equal(buf_cstr(&b), "cdef");
    buf_drop_front(&b, 99);
    assert_string_equal(buf_cstr(&b), "");
    assert_int_equal(b.len, 0);
}

static void test_take(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add_cstr(&b, "abc");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "abc");
    assert_null(b.ptr);
    assert_int_equal(b.cap, 0);
    free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),  cmocka_unit_test(test_appending), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_growth), cmocka_unit_test(test_reserve),   cmocka_unit_test(test_drop_front),
        cmocka_unit_test(test_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
