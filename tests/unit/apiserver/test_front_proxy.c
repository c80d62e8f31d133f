#include "apiserver/front_proxy.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What kube-apiserver publishes. */
static const char config_map[] =
    "{\"metadata\":{\"name\":\"extension-apiserver-authentication\",\"namespace\":\"kube-system\"},\"data\":{"
    "\"client-ca-file\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\","
    "\"requestheader-allowed-names\":\"[\\\"front-proxy-client\\\",\\\" other \\\"]\","
    "\"requestheader-client-ca-file\":\"PROXY\","
    "\"requestheader-extra-headers-prefix\":\"[\\\"X-Remote-Extra-\\\"]\","
    "\"requestheader-group-headers\":\"[\\\"X-Remote-Group\\\"]\","
    "\"requestheader-uid-headers\":\"[\\\"X-Remote-Uid\\\"]\","
    "\"requestheader-username-headers\":\"[\\\"X-Remote-User\\\",\\\"X-Other-User\\\",\\\"\\\"]\"}}";

static struct auth_config parse(struct arena *arena)
{
    struct auth_config c;
    auto_error struct error err = {0};

    if (!auth_config_parse(arena, str_of(config_map), &c, &err))
        fail_msg("%s", error_text(&err));
    return c;
}

static void test_config(void **state)
{
    auto_arena struct arena arena = {0};

    (void)state;
    struct auth_config c = parse(&arena);
    assert_true(str_eq(c.client_ca_pem, STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")));
    assert_true(str_eq(c.proxy.ca_pem, STR("PROXY")));
    assert_int_equal(c.proxy.username_headers.count, 2); /* the empty one is none */
    assert_true(front_proxy_allows_name(&c.proxy, STR("front-proxy-client")));
    assert_true(front_proxy_allows_name(&c.proxy, STR("other"))); /* trimmed */
    assert_false(front_proxy_allows_name(&c.proxy, STR("front-proxy")));
    assert_false(front_proxy_allows_name(&c.proxy, STR("")));
    c.proxy.allowed_names.count = 0;
    assert_true(front_proxy_allows_name(&c.proxy, STR("anybody")));
}

static void test_partial_config(void **state)
{
    static const char *const texts[] = {"{}", "{\"data\":null}", "{\"data\":{}}",
                                        "{\"data\":{\"requestheader-allowed-names\":\"\"}}",
                                        "{\"data\":{\"requestheader-allowed-names\":\"[]\",\"other\":\"x\"}}"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        auto_arena struct arena arena = {0};
        struct auth_config c;
        assert_true(auth_config_parse(&arena, str_of(texts[i]), &c, NULL));
        assert_int_equal(c.client_ca_pem.len + c.proxy.ca_pem.len + c.proxy.allowed_names.count, 0);
    }
}

static void test_malformed_config(void **state)
{
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"", "not a ConfigMap"},
        {"[]", "not a ConfigMap"},
        {"{\"data\":[]}", "not a ConfigMap"},
        {"{\"data\":{\"a\":1}}", "not a ConfigMap"},
        {"{\"data\":{\"requestheader-allowed-names\":\"a\"}}", "requestheader-allowed-names"},
        {"{\"data\":{\"requestheader-group-headers\":\"[1]\"}}", "requestheader-group-headers"},
        {"{\"data\":{\"requestheader-uid-headers\":\"[\\\"a\\\"\"}}", "requestheader-uid-headers"},
        {"{\"data\":{\"requestheader-uid-headers\":\"[] []\"}}", "requestheader-uid-headers"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct auth_config c;
        if (auth_config_parse(&arena, str_of(cases[i].text), &c, &err))
            fail_msg("%s", cases[i].text);
        assert_non_null(strstr(error_text(&err), cases[i].named));
    }
}

static void test_user(void **state)
{
    auto_arena struct arena arena = {0};
    struct http_headers headers = {0};
    struct user u;

    (void)state;
    struct auth_config c = parse(&arena);
    http_headers_add(&headers, &arena, STR("Accept"), STR("*/*"));
    http_headers_add(&headers, &arena, STR("x-remote-group"), STR("system:masters"));
    http_headers_add(&headers, &arena, STR("X-Remote-Extra-Scopes.example%2fA"), STR("one"));
    http_headers_add(&headers, &arena, STR("X-Remote-Group"), STR("other"));
    http_headers_add(&headers, &arena, STR("X-Remote-Extra-Bad%zz"), STR("3"));
    http_headers_add(&headers, &arena, STR("x-remote-extra-scopes.Example%2FA"), STR("two"));
    http_headers_add(&headers, &arena, STR("X-Remote-Uid"), STR("42"));
    assert_false(front_proxy_user(&c.proxy, &headers, &arena, &u));
    http_headers_add(&headers, &arena, STR("X-Remote-User"), STR(""));
    assert_false(front_proxy_user(&c.proxy, &headers, &arena, &u));
    http_headers_add(&headers, &arena, STR("x-other-user"), STR("jane"));
    assert_true(front_proxy_user(&c.proxy, &headers, &arena, &u));

    auto_buf struct buf json = {0};
    struct json_writer w = json_writer_to(&json);
    json_open_object(&w);
    user_write_members(&w, STR("user"), &u);
    json_close_object(&w);
    assert_string_equal(buf_cstr(&json),
                        "{\"user\":\"jane\",\"uid\":\"42\",\"groups\":[\"system:masters\",\"other\"],\"extra\":{"
                        "\"scopes.example/a\":[\"one\",\"two\"],\"bad%zz\":[\"3\"]}}");
}

static void test_is_header(void **state)
{
    auto_arena struct arena arena = {0};

    (void)state;
    struct auth_config c = parse(&arena);
    struct front_proxy copy = front_proxy_copy(&arena, &c.proxy);
    assert_true(front_proxy_is_header(&copy, STR("x-other-USER")));
    assert_true(front_proxy_is_header(&copy, STR("X-Remote-Extra-a")));
    assert_true(front_proxy_is_header(&copy, STR("x-remote-uid")));
    assert_true(front_proxy_is_header(&copy, STR("x-remote-group")));
    assert_false(front_proxy_is_header(&copy, STR("x-remote-groups")));
    assert_false(front_proxy_is_header(&copy, STR("Accept")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config), cmocka_unit_test(test_partial_config), cmocka_unit_test(test_malformed_config),
        cmocka_unit_test(test_user),   cmocka_unit_test(test_is_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
