#include "apiserver/impersonation.h"

#include "base/alloc.h"
#include "kube/json_writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Headers are NAME, VALUE, ...; questions are "GROUP RESOURCE/SUBRESOURCE NAMESPACE NAME;" each. */
static const struct {
    const char *headers[11];
    const char *user;
    const char *questions;
} cases[] = {
    {{"Accept", "*/*"}, "{}", ""},
    {{"Impersonate-User", ""}, "{}", ""},
    {{"Impersonate-User", "jane"}, "{\"user\":\"jane\",\"groups\":[\"system:authenticated\"]}", " users/  jane;"},
    {{"impersonate-user", "jane", "impersonate-group", "dev", "Impersonate-Group", "ops"},
     "{\"user\":\"jane\",\"groups\":[\"dev\",\"ops\",\"system:authenticated\"]}",
     " users/  jane; groups/  dev; groups/  ops;"},
    {{"Impersonate-User", "jane", "Impersonate-Group", "system:authenticated"},
     "{\"user\":\"jane\",\"groups\":[\"system:authenticated\"]}",
     " users/  jane; groups/  system:authenticated;"},
    {{"Impersonate-User", "jane", "Impersonate-Group", "system:unauthenticated"},
     "{\"user\":\"jane\",\"groups\":[\"system:unauthenticated\"]}",
     " users/  jane; groups/  system:unauthenticated;"},
    {{"Impersonate-User", "system:anonymous"},
     "{\"user\":\"system:anonymous\",\"groups\":[\"system:unauthenticated\"]}",
     " users/  system:anonymous;"},
    {{"Impersonate-User", "system:serviceaccount:default:web"},
     "{\"user\":\"system:serviceaccount:default:web\",\"groups\":[\"system:serviceaccounts\",\"system:"
     "serviceaccounts:default\",\"system:authenticated\"]}",
     " serviceaccounts/ default web;"},
    {{"Impersonate-User", "system:serviceaccount:default:web", "Impersonate-Group", "g"},
     "{\"user\":\"system:serviceaccount:default:web\",\"groups\":[\"g\",\"system:authenticated\"]}",
     " serviceaccounts/ default web; groups/  g;"},
    {{"Impersonate-User", "system:serviceaccount:Default:web"},
     "{\"user\":\"system:serviceaccount:Default:web\",\"groups\":[\"system:authenticated\"]}",
     " users/  system:serviceaccount:Default:web;"},
    {{"Impersonate-Extra-Scopes%2FA", "x", "Impersonate-User", "jane", "Impersonate-Uid", "7"},
     "{\"user\":\"jane\",\"uid\":\"7\",\"groups\":[\"system:authenticated\"],\"extra\":{\"scopes/a\":[\"x\"]}}",
     " users/  jane;authentication.k8s.io userextras/scopes/a  x;authentication.k8s.io uids/  7;"},
};

static struct http_headers make_headers(struct arena *arena, const char *const *pairs)
{
    struct http_headers headers = {0};

    for (size_t i = 0; pairs[i] != NULL; i += 2)
        http_headers_add(&headers, arena, str_of(pairs[i]), str_of(pairs[i + 1]));
    return headers;
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf user = {0}, questions = {0};
        struct http_headers headers = make_headers(&arena, cases[i].headers);
        struct impersonation got;
        struct json_writer w = json_writer_to(&user);

        assert_true(impersonation_read(&headers, &arena, &got, NULL));
        json_open_object(&w);
        user_write_members(&w, STR("user"), &got.user);
        json_close_object(&w);
        for (size_t q = 0; q < got.question_count; q++) {
            const struct api_attributes *a = &got.questions[q];
            assert_true(str_eq(a->verb, STR("impersonate")) && a->is_resource);
            buf_printf(&questions, "%.*s %.*s/%.*s %.*s %.*s;", STR_ARG(a->group), STR_ARG(a->resource),
                       STR_ARG(a->subresource), STR_ARG(a->namespace), STR_ARG(a->name));
        }
        assert_string_equal(buf_cstr(&user), cases[i].user);
        assert_string_equal(buf_cstr(&questions), cases[i].questions);
    }
}

static void test_without_user(void **state)
{
    static const char *const headers[][3] = {
        {"Impersonate-Group", "g"}, {"Impersonate-Uid", "1"}, {"Impersonate-Extra-a", "b"}};

    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct http_headers list = make_headers(&arena, headers[i]);
        struct impersonation got;

        assert_false(impersonation_read(&list, &arena, &got, &err));
        assert_int_equal(err.code, 400);
    }
}

static void test_is_header(void **state)
{
    (void)state;
    assert_true(impersonation_is_header(STR("impersonate-user")));
    assert_true(impersonation_is_header(STR("Impersonate-Extra-x")));
    assert_false(impersonation_is_header(STR("Impersonate-Extra-")));
    assert_false(impersonation_is_header(STR("Impersonate")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_without_user),
        cmocka_unit_test(test_is_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
