#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void check_str(struct str got, const char *want)
{
    if (!str_eq_cstr(got, want))
        fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_u64, is_i64;
        uint64_t u64;
        int64_t i64;
    } cases[] = {
        {"0", true, true, 0, 0},
        {"007", true, true, 7, 7},
        {"18446744073709551615", true, false, UINT64_MAX, 0},
        {"18446744073709551616", false, false, 0, 0},
        {"99999999999999999999", false, false, 0, 0},
        {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
        {"9223372036854775808", true, false, UINT64_C(9223372036854775808), 0},
        {"-9223372036854775808", false, true, 0, INT64_MIN},
        {"-9223372036854775809", false, false, 0, 0},
        {"-1", false, true, 0, -1},
        {"+1", false, true, 0, 1},
        {"", false, false, 0, 0},
        {"-", false, false, 0, 0},
        {"--1", false, false, 0, 0},
        {" 1", false, false, 0, 0},
        {"1 ", false, false, 0, 0},
        {"1x", false, false, 0, 0},
        {"0x1", false, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t u64 = 4711;
        int64_t i64 = 4711;
        if (str_to_u64(str_of(cases[i].text), &u64) != cases[i].is_u64 ||
            u64 != (cases[i].is_u64 ? cases[i].u64 : 4711))
            fail_msg("u64 \"%s\": %llu", cases[i].text, (unsigned long long)u64);
        if (str_to_i64(str_of(cases[i].text), &i64) != cases[i].is_i64 ||
            i64 != (cases[i].is_i64 ? cases[i].i64 : 4711))
            fail_msg("i64 \"%s\": %lld", cases[i].text, (long long)i64);
    }
}

static void test_cut(void **state)
{
    static const struct {
        const char *text, *before, *after;
        bool found;
    } cases[] = {
        {"a=b", "a", "b", true}, {"a=b=c", "a", "b=c", true}, {"=b", "", "b", true}, {"a=", "a", "", true},
        {"=", "", "", true},     {"ab", "ab", "", false},     {"", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str before, after, rest = str_of(cases[i].text);
        assert_int_equal(str_cut(rest, '=', &before, &after), cases[i].found);
        check_str(before, cases[i].before);
        check_str(after, cases[i].after);
        str_cut(rest, '=', &before, &rest); /* the loop's form */
        check_str(before, cases[i].before);
        check_str(rest, cases[i].after);
    }

    struct str nothing = {0};
    assert_false(str_cut(nothing, '=', &nothing, &(struct str){0}));
}

static void test_compare(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
        bool same_ignoring_case;
    } cases[] = {
        {"", "", 0, true},       {"a", "a", 0, true},
        {"a", "b", -1, false},   {"b", "a", 1, false},
        {"a", "ab", -1, false},  {"ab", "a", 1, false},
        {"A", "a", -1, true},    {"Content-Type", "content-tYPE", -1, true},
        {"[", "{", -1, false},   {"@", "`", -1, false},
        {"\xc3", "z", 1, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
        int order = str_cmp(a, b);
        if ((order > 0) - (order < 0) != cases[i].order)
            fail_msg("\"%s\" against \"%s\": %d", cases[i].a, cases[i].b, order);
        assert_int_equal(str_eq(a, b), cases[i].order == 0);
        assert_int_equal(str_eq_ignore_case(a, b), cases[i].same_ignoring_case);
    }
}

static void test_find(void **state)
{
    static const struct {
        const char *text, *needle;
        ptrdiff_t at;
        bool starts, ends;
    } cases[] = {
        {"abcabc", "abc", 0, true, true},  {"abcabc", "bc", 1, false, true}, {"abcabc", "ca", 2, false, false},
        {"abc", "abcd", -1, false, false}, {"abc", "", 0, true, true},       {"", "", 0, true, true},
        {"", "a", -1, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str text = str_of(cases[i].text), needle = str_of(cases[i].needle);
        assert_int_equal(str_find(text, needle), cases[i].at);
        assert_int_equal(str_starts_with(text, needle), cases[i].starts);
        assert_int_equal(str_ends_with(text, needle), cases[i].ends);
    }
    assert_int_equal(str_index(STR("a:b:c"), ':'), 1);
    assert_int_equal(str_index(STR("abc"), ':'), -1);
    assert_int_equal(str_index((struct str){0}, 'a'), -1);
    assert_int_equal(str_find((struct str){0}, STR("a")), -1);
}

static void test_parts(void **state)
{
    static const struct {
        const char *text, *want;
    } trims[] = {{"", ""},
                 {" \t\r\n\v\f", ""},
                 {" a b ", "a b"},
                 {"a", "a"},
                 {"\xc2\xa0"
                  "a",
                  "\xc2\xa0"
                  "a"}};

    (void)state;
    for (size_t i = 0; i < COUNT(trims); i++)
        check_str(str_trim(str_of(trims[i].text)), trims[i].want);
    check_str(str_skip(STR("abc"), 1), "bc");
    check_str(str_skip(STR("abc"), 3), "");
    check_str(str_skip(STR("abc"), 9), "");
    check_str(str_skip((struct str){0}, 2), "");
    check_str(str_head(STR("abc"), 2), "ab");
    check_str(str_head(STR("abc"), 9), "abc");
    char *copy = str_dup(str_head(STR("abc"), 2));
    assert_string_equal(copy, "ab");
    free(copy);
    copy = str_dup((struct str){0});
    assert_string_equal(copy, "");
    free(copy);
    assert_true(str_hash(STR("")) == UINT64_C(0xcbf29ce484222325)); /* FNV's own test vectors */
    assert_true(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(str_hash(STR("foobar")) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_cut),   cmocka_unit_test(test_compare),
        cmocka_unit_test(test_find),    cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
