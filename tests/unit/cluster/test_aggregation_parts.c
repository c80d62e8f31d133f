/* The pure parts of the aggregation layer: APIServices, what servers say they serve, headers. */
#include "cluster/aggregation_proxy.h"
#include "cluster/api_service.h"
#include "cluster/remote_discovery.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_api_service(void **state)
{
    auto_arena struct arena arena = {0};
    struct api_service a, b;
    (void)state;
    assert_true(api_service_parse(&arena,
                                  STR("{\"metadata\":{\"name\":\"v1.x\"},\"spec\":{\"group\":\"x\",\"version\":\"v1\","
                                      "\"caBundle\":\"aGk=\",\"service\":{\"name\":\"s\",\"namespace\":\"n\"}}}"),
                                  &a, NULL));
    assert_true(str_eq(a.ca_pem, STR("hi")) && a.port == 443 && !a.is_local && !a.is_insecure);
    assert_true(str_eq(api_service_host(&a, &arena), STR("s.n.svc")));
    b = a;
    assert_true(api_service_equal(&a, &b));
    b.port = 444;
    assert_false(api_service_equal(&a, &b));
    assert_true(
        api_service_parse(&arena, STR("{\"metadata\":{\"name\":\"v1.\"},\"spec\":{\"version\":\"v1\"}}"), &a, NULL));
    assert_true(a.is_local);
    assert_false(api_service_parse(&arena, STR("{\"metadata\":{}}"), &a, NULL));
    assert_false(api_service_parse(&arena, STR("{\"spec\":{\"caBundle\":\"!\"}}"), &a, NULL));
    assert_false(api_service_parse(&arena, STR("nonsense"), &a, NULL));
}

static void test_remote_discovery(void **state)
{
    auto_arena struct arena arena = {0};
    struct discovery_version v;
    (void)state;
    assert_true(
        remote_discovery_parse(&arena,
                               STR("{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"pods\",\"singularName\":"
                                   "\"\",\"namespaced\":true,\"kind\":\"PodMetrics\",\"verbs\":[\"get\",\"list\"],"
                                   "\"shortNames\":[\"po\"]},{\"name\":\"x/scale\",\"group\":\"autoscaling\","
                                   "\"version\":\"v1\",\"kind\":\"Scale\",\"verbs\":[]}]}"),
                               STR("v1beta1"), &v, NULL));
    assert_int_equal(v.resource_count, 2);
    assert_true(str_eq(v.version, STR("v1beta1")) && v.resources[0].is_namespaced);
    assert_int_equal(v.resources[0].verb_count, 2);
    assert_true(str_eq(v.resources[0].short_names[0], STR("po")));
    assert_true(str_eq(v.resources[1].kind_group, STR("autoscaling")));
    static const char *const bad[] = {
        "", "x", "[]", "{}", "{\"kind\":\"Status\",\"resources\":[]}", "{\"kind\":\"APIResourceList\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(remote_discovery_parse(&arena, str_of(bad[i]), STR("v1"), &v, NULL));
}

static void test_hop_headers(void **state)
{
    static const struct {
        const char *name, *connection;
        bool is_hop;
    } cases[] = {
        {"connection", "", true},
        {"Transfer-Encoding", "", true},
        {"te", "", true},
        {"Upgrade", "", true},
        {"Content-Type", "", false},
        {"X-A", "close, x-a", true},
        {"X-B", "close, x-a", false},
        {"X-A", "x-a", true},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(aggregation_proxy_is_hop_header(str_of(cases[i].name), str_of(cases[i].connection)),
                         cases[i].is_hop);
}

static void test_identity(void **state)
{
    static const struct str groups[] = {STR_INIT("a"), STR_INIT("b")}, values[] = {STR_INIT("v")};
    static const struct user_extra extra[] = {{STR_INIT("example.org/k"), values, 1}};
    static const struct str split[] = {STR_INIT("a\r\nX-Remote-User: root")};
    struct user user = {.name = STR("jane"), .groups = groups, .group_count = 2, .extra = extra, .extra_count = 1};
    auto_arena struct arena arena = {0};
    struct http_headers headers = {0};
    (void)state;
    assert_true(aggregation_proxy_identity(&user, &arena, &headers));
    assert_int_equal(headers.count, 4);
    assert_true(str_eq(headers.items[3].name, STR("X-Remote-Extra-example.org%2Fk")));
    /* a header can't be smuggled in */
    user.groups = split;
    user.group_count = 1;
    assert_false(aggregation_proxy_identity(&user, &arena, &headers));
    for (size_t i = 0; i < headers.count; i++)
        assert_true(str_index(headers.items[i].value, '\n') < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_api_service),
        cmocka_unit_test(test_remote_discovery),
        cmocka_unit_test(test_hop_headers),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
