#include "net/http.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *want)
{
    if (!str_eq_cstr(got, want))
        fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void test_headers(void **state)
{
    auto_arena struct arena arena = {0};
    struct http_headers headers = {0};
    (void)state;
    char name[] = "X-0", value[] = "v";
    for (int i = 0; i < 100; i++) {
        name[2] = (char)('0' + i % 10);
        value[0] = (char)('a' + i / 10);
        http_headers_add(&headers, &arena, str_of(name), str_of(value));
    }
    assert_int_equal(headers.count, 100);
    assert_str(http_headers_get(&headers, STR("x-7")), "a"); /* the first of ten; case doesn't count; copied */
    assert_null(http_headers_get(&headers, STR("x-")).ptr);
    assert_null(http_headers_get(&(struct http_headers){0}, STR("a")).ptr);
    assert_str(headers.items[99].name, "X-9");
    assert_str(headers.items[99].value, "j");
}

static void test_add_to_a_foreign_list(void **state)
{
    static struct http_header items[] = {{STR_INIT("a"), STR_INIT("1")}};
    auto_arena struct arena arena = {0};
    struct http_headers headers = {.items = items, .count = 1};
    (void)state;
    http_headers_add(&headers, &arena, STR("b"), STR("2"));
    assert_ptr_not_equal(headers.items, items);
    assert_str(http_headers_get(&headers, STR("a")), "1");
    assert_str(http_headers_get(&headers, STR("b")), "2");
}

static void test_status_text(void **state)
{
    (void)state;
    assert_string_equal(http_status_text(200), "OK");
    assert_string_equal(http_status_text(431), "Request Header Fields Too Large");
    assert_string_equal(http_status_text(299), "");
}

static void test_percent_decode(void **state)
{
    static const struct {
        const char *in;
        bool is_form;
        const char *want; /* NULL: malformed */
    } cases[] = {
        {"", false, ""},      {"plain", false, "plain"}, {"a%20b", false, "a b"},       {"a+b", false, "a+b"},
        {"a+b", true, "a b"}, {"%2f%2F", false, "//"},   {"%C3%A9", false, "\xc3\xa9"}, {"%", false, NULL},
        {"%1", false, NULL},  {"a%2", false, NULL},      {"%41", false, "A"},           {"%4G", false, NULL},
        {"%G4", false, NULL}, {"%00", false, NULL},      {"%%41", false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_arena struct arena arena = {0};
        struct str out = STR("untouched");
        bool ok = http_percent_decode(&arena, str_of(cases[i].in), cases[i].is_form, &out);
        if (ok != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].in, ok ? "accepted" : "refused");
        assert_str(out, ok ? cases[i].want : "untouched");
    }
}

static void test_percent_encode(void **state)
{
    auto_buf struct buf out = {0};
    (void)state;
    http_percent_encode(&out, STR("aZ09-._~ /?&=+\xc3\xa9\x01"));
    assert_string_equal(buf_cstr(&out), "aZ09-._~%20%2F%3F%26%3D%2B%C3%A9%01");
}

static void test_query(void **state)
{
    static const struct {
        const char *query;
        const char *want; /* "name=value|" each */
    } cases[] = {
        {"", ""},
        {"a=1", "a=1|"},
        {"a=1&b=2", "a=1|b=2|"},
        {"a", "a=|"},
        {"a&&b", "a=|b=|"},
        {"=x", "=x|"},
        {"a=1=2", "a=1=2|"},
        {"labelSelector=a%3Db%2Cc+in+(d)&watch=true", "labelSelector=a=b,c in (d)|watch=true|"},
        {"a=%zz&b=2", "b=2|"},
        {"%zz=1&b=2", "b=2|"},
        {"a;b=1&c=2", "c=2|"},
        {"&", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf got = {0};
        struct str query = str_of(cases[i].query), name, value;
        while (http_query_next(&query, &arena, &name, &value))
            buf_printf(&got, "%.*s=%.*s|", STR_ARG(name), STR_ARG(value));
        assert_string_equal(buf_cstr(&got), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_add_to_a_foreign_list),
        cmocka_unit_test(test_status_text),    cmocka_unit_test(test_percent_decode),
        cmocka_unit_test(test_percent_encode), cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
