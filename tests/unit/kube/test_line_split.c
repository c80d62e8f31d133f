#include "kube/line_split.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool add_line(void *owner, struct str line)
{
    struct buf *got = owner;

    buf_add_str(got, line);
    buf_add_char(got, '|');
    return !str_eq(line, STR("stop"));
}

static bool add_large(void *owner)
{
    buf_add_cstr(owner, "LARGE|");
    return true;
}

static const struct {
    const char *name, *text, *lines;
    bool is_stopped;
} cases[] = {
    {"none", "", "", false},
    {"half", "ab", "", false},
    {"one", "ab\n", "ab|", false},
    {"two and a half", "ab\ncd\nef", "ab|cd|", false},
    {"empty ones", "\n\nab\n\n \r\ncd\n", "ab|cd|", false},
    {"largest", "0123456789\na\n", "0123456789|a|", false},
    {"too large", "01234567890\na\n", "LARGE|a|", false},
    {"much too large", "01234567890123456789012345678901234567890123456789\na\n", "LARGE|a|", false},
    {"stop", "a\nstop\nb\n", "a|stop|", true},
};

static void check(size_t i, size_t a, size_t b)
{
    auto_buf struct buf got = {0};
    struct line_split s = {.max_line_bytes = 10, .owner = &got, .on_line = add_line, .on_large_line = add_large};
    struct str text = str_of(cases[i].text);

    bool go_on = line_split_feed(&s, str_head(text, a)) && line_split_feed(&s, str_head(str_skip(text, a), b - a)) &&
                 line_split_feed(&s, str_skip(text, b));
    assert_int_equal(go_on, !cases[i].is_stopped);
    assert_string_equal(buf_cstr(&got), cases[i].lines);
    line_split_reset(&s);
    assert_true(line_split_feed(&s, STR("new\n")));
    assert_true(str_ends_with(buf_str(&got), STR("new|")));
    line_split_free(&s);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = strlen(cases[i].text);
        print_message("  %s\n", cases[i].name);
        for (size_t a = 0; a <= len; a++)
            for (size_t b = a; b <= len; b++)
                check(i, a, b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
