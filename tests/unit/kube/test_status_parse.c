#include "base/alloc.h"
#include "kube/status.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What is written is read back and written the same. */
static void test_round_trip(void **state)
{
    auto_arena struct arena a = {0};
    struct group_resource pods = {STR(""), STR("pods")};
    struct status_cause causes[] = {cause_required(&a, STR("spec"), STR("x\"y"))};
    struct status cases[] = {
        status_not_found(&a, pods, STR("web<1>")),
        status_unauthorized(),
        status_no_such_path(),
        status_invalid(&a, pods, STR("x"), causes, 1),
        status_too_many_requests(STR("m"), 7),
        status_success(pods, STR("x"), STR("u")),
        status_internal(&a, STR("why")),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf first = {0}, second = {0};
        struct status s;

        status_print(&first, &cases[i]);
        assert_true(status_parse(&a, buf_str(&first), &s));
        status_print(&second, &s);
        assert_string_equal(buf_cstr(&first), buf_cstr(&second));
    }
}

static void test_not_a_status(void **state)
{
    static const char *const cases[] = {
        "",
        "Not Found\n",
        "[]",
        "{}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"status\":{\"phase\":\"Running\"}}",
        "{\"kind\":\"Status\",\"apiVersion\":\"v2\"}",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\"",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"details\":[]}",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":\"404\"}",
    };
    auto_arena struct arena a = {0};
    struct status s;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (status_parse(&a, str_of(cases[i]), &s))
            fail_msg("%s", cases[i]);
}

static void test_answers(void **state)
{
    static const struct {
        int code;
        const char *body;
        const char *reason;
        const char *message;
        int status_code;
    } cases[] = {
        {404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"m\",\"reason\":\"R\"}",
         "R", "m", 404},
        {404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":410}", "", "", 410},
        {404, "404 page not found\n", "NotFound", "the server could not find the requested resource", 404},
        {401, "", "Unauthorized", "the server has asked for the client to provide credentials", 401},
        {403, " no way ", "Forbidden", "no way", 403},
        {418, "tea", "", "the server responded with the status code 418 but did not return more information", 418},
        {500, "disk \"full\"", "InternalError",
         "an error on the server (\"disk \\\"full\\\"\") has prevented the request from succeeding", 500},
        {502, "", "InternalError", "an error on the server (\"unknown\") has prevented the request from succeeding",
         502},
        {503, "service unavailable", "ServiceUnavailable", "the server is currently unable to handle the request", 503},
        {409, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Success\"}", "Conflict",
         "the server reported a conflict", 409},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena a = {0};
        struct status s = status_of_response(&a, cases[i].code, str_of(cases[i].body));

        assert_false(s.is_success);
        assert_int_equal(s.code, cases[i].status_code);
        if (!str_eq_cstr(s.reason, cases[i].reason) || !str_eq_cstr(s.message, cases[i].message))
            fail_msg("%d %s: %.*s", cases[i].code, cases[i].body, STR_ARG(s.message));
    }
}

static void test_absurd_codes(void **state)
{
    static const char *const codes[] = {"-1", "1000", "4294967700", "0"};

    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        auto_arena struct arena a = {0};
        struct str body = arena_printf(
            &a, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":%s}", codes[i]);
        struct status s = status_of_response(&a, 404, body);

        assert_int_equal(s.code, 404);
    }
}

static void test_floods_are_bounded(void **state)
{
    auto_arena struct arena a = {0};
    auto_buf struct buf body = {0};
    struct status s;

    (void)state;
    buf_add_cstr(&body, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"details\":{\"causes\":[{}");
    for (int i = 0; i < 10000; i++)
        buf_add_cstr(&body, ",{\"message\":\"x\"}");
    buf_add_cstr(&body, "]}}");
    assert_true(status_parse(&a, buf_str(&body), &s));
    assert_int_equal(s.details.cause_count, 256);
    buf_clear(&body);
    for (int i = 0; i < 100000; i++)
        buf_add_cstr(&body, "garbage ");
    s = status_of_response(&a, 500, buf_str(&body));
    assert_in_range(s.message.len, 2000, 2200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_not_a_status),
                                       cmocka_unit_test(test_answers), cmocka_unit_test(test_absurd_codes),
                                       cmocka_unit_test(test_floods_are_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
