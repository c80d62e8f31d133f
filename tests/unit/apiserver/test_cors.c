#include "apiserver/cors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/alloc.h"

static const struct {
    const char *pattern;
    const char *origin;
    bool is_allowed;
} cases[] = {
    {"//example\\.com(:|$)", "https://example.com", true},
    {"//example\\.com(:|$)", "http://example.com:8080", true},
    {"//example\\.com(:|$)", "https://example.com.evil.org", false},
    {"//example\\.com(:|$)", "https://examplexcom", false},
    {"^https://[a-z]+\\.example\\.com$", "https://a.example.com", true},
    {"^https://[a-z]+\\.example\\.com$", "http://a.example.com", false},
    {"//example\\.com(:|$)", "", false},
};

static void test_origins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        struct http_headers headers = {0};
        char *pattern = (char *)(uintptr_t)cases[i].pattern;
        struct cors *c = cors_new(&pattern, 1, NULL);
        if (cors_add_headers(c, str_of(cases[i].origin), &arena, &headers) != cases[i].is_allowed)
            fail_msg("%s, %s", cases[i].pattern, cases[i].origin);
        assert_int_equal(headers.count, cases[i].is_allowed ? 5 : 0);
        if (cases[i].is_allowed)
            assert_true(str_eq_cstr(http_headers_get(&headers, STR("access-control-allow-origin")), cases[i].origin));
        cors_free(c);
    }
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern;
        const char *error;
    } faults[] = {
        {"//a(:|$", "//a(:|$: Unmatched ( or \\("},
        {"//a\\d$", "//a\\d$: escapes of letters and digits are not available here"},
        {"//a$\\", "//a$\\: escapes of letters and digits are not available here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        auto_error struct error err = {0};
        char *pattern = (char *)(uintptr_t)faults[i].pattern;
        assert_null(cors_new(&pattern, 1, &err));
        assert_string_equal(error_text(&err), faults[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_origins), cmocka_unit_test(test_patterns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
