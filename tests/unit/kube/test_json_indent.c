#include "kube/json_indent.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *json;
    const char *indented;
} cases[] = {
    {"", ""},
    {"1", "1"},
    {"{}", "{}"},
    {"[ ]", "[]"},
    {"\"a{[,:\\\"}\"", "\"a{[,:\\\"}\""},
    {"{\"a\":1}", "{\n  \"a\": 1\n}"},
    {"{ \"a\" : 1 , \"b\" : \"x y\" }\n", "{\n  \"a\": 1,\n  \"b\": \"x y\"\n}"},
    {"[1,2,[3,{}],[]]", "[\n  1,\n  2,\n  [\n    3,\n    {}\n  ],\n  []\n]"},
    {"{\"kind\":\"Status\",\"metadata\":{},\"details\":{\"causes\":[{\"m\":null}]}}",
     "{\n  \"kind\": \"Status\",\n  \"metadata\": {},\n  \"details\": {\n    \"causes\": [\n      {\n        \"m\": "
     "null\n      }\n    ]\n  }\n}"},
    {"\"\\\\\"", "\"\\\\\""},
};

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};

        json_indent(&out, str_of(cases[i].json));
        assert_string_equal(buf_cstr(&out), cases[i].indented);
    }
}

/* Chunks may end anywhere. */
static void test_chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t size = 1; size < 8; size++) {
            auto_buf struct buf out = {0};
            struct json_indent indent = {0};

            for (struct str rest = str_of(cases[i].json); rest.len > 0; rest = str_skip(rest, size))
                json_indent_add(&indent, &out, str_head(rest, size));
            assert_string_equal(buf_cstr(&out), cases[i].indented);
        }
    }
}

static void test_garbage_is_harmless(void **state)
{
    auto_buf struct buf in = {0};
    auto_buf struct buf out = {0};

    (void)state;
    json_indent(&out, STR("]]}},,\"\\"));
    for (int i = 0; i < 3000; i++)
        buf_add_char(&in, '[');
    buf_clear(&out);
    json_indent(&out, buf_str(&in));
    assert_in_range(out.len, 3000, 3000 * (2 * JSON_INDENT_MAX_DEPTH + 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_documents), cmocka_unit_test(test_chunks),
                                       cmocka_unit_test(test_garbage_is_harmless)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
