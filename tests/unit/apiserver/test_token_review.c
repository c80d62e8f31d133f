#include "apiserver/token_review.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *json;
    int verdict; /* -1: no TokenReview */
    bool is_plain;
    const char *text; /* the user's name and groups, or the error */
} cases[] = {
    {"{\"kind\":\"TokenReview\",\"status\":{\"authenticated\":true,\"user\":{\"username\":\"jane\",\"uid\":\"1\","
     "\"groups\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"extra\":{\"k\":[\"v\",\"w\"]}}}}",
     AUTHN_USER, true, "jane a b c d e k=v,w,"},
    {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"j\\u0061ne\",\"groups\":null}}}", AUTHN_USER, true,
     "jane"},
    {"{\"status\":{\"user\":{}}}", AUTHN_REFUSED, true, "invalid bearer token"},
    {"{\"status\":{\"authenticated\":false}}", AUTHN_REFUSED, true, "invalid bearer token"},
    {"{\"status\":{\"authenticated\":true,\"user\":{}}}", AUTHN_REFUSED, true, "invalid bearer token"},
    {"{\"status\":{\"user\":{},\"error\":\"invalid bearer token, no such\"}}", AUTHN_REFUSED, false,
     "invalid bearer token, no such"},
    {"{}", -1, false, ""},
    {"{\"status\":[]}", -1, false, ""},
    {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"jane\",\"groups\":[1]}}}", -1, false, ""},
    {"<html>", -1, false, ""},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        auto_buf struct buf text = {0};
        struct authn_result result = {0};
        bool is_plain = false;
        bool ok = token_review_parse(&arena, str_of(cases[i].json), &result, &is_plain, &err);

        if (ok != (cases[i].verdict >= 0))
            fail_msg("%s", cases[i].json);
        if (!ok)
            continue;
        assert_int_equal(result.verdict, cases[i].verdict);
        assert_int_equal(is_plain, cases[i].is_plain);
        buf_add_str(&text, result.verdict == AUTHN_USER ? result.user.name : str_of(error_text(result.err)));
        for (size_t g = 0; g < result.user.group_count; g++)
            buf_printf(&text, " %.*s", STR_ARG(result.user.groups[g]));
        for (size_t e = 0; e < result.user.extra_count; e++) {
            buf_printf(&text, " %.*s=", STR_ARG(result.user.extra[e].key));
            for (size_t v = 0; v < result.user.extra[e].value_count; v++)
                buf_printf(&text, "%.*s,", STR_ARG(result.user.extra[e].values[v]));
        }
        assert_string_equal(buf_cstr(&text), cases[i].text);
    }
}

static void test_print(void **state)
{
    auto_buf struct buf json = {0};

    (void)state;
    token_review_print(&json, STR("a\"b"));
    assert_string_equal(buf_cstr(&json),
                        "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":"
                        "{\"token\":\"a\\\"b\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_print)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
