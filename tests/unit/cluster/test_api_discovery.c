#include "cluster/api_discovery.h"

#include "base/alloc.h"
#include "cluster/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool lists(const struct api_discovery *d, const char *group, const char *version, const char *resource)
{
    const struct discovery_version *v = discovery_version(api_discovery_table(d), str_of(group), str_of(version));
    for (size_t i = 0; v != NULL && i < v->resource_count; i++) {
        if (str_eq_cstr(v->resources[i].name, resource))
            return true;
    }
    return false;
}

static void test_local(void **state)
{
    (void)state;
    struct api_discovery *d = api_discovery_new(STR("127.0.0.1:6443"));
    for (size_t i = 0; resources[i] != NULL; i++)
        assert_true(lists(d, resources[i]->group, resources[i]->version, resources[i]->plural));
    assert_true(lists(d, "", "v1", "nodes/status"));
    assert_true(lists(d, "", "v1", "serviceaccounts/token"));
    assert_true(lists(d, "authorization.k8s.io", "v1", "selfsubjectaccessreviews"));
    assert_false(lists(d, "", "v1", "configmaps/status"));
    size_t at = 0, count = 0;
    struct str group, version;
    while (api_discovery_next_local(d, &at, &group, &version))
        count++;
    assert_int_equal(count, 6);
    assert_true(api_discovery_is_local(d, STR("coordination.k8s.io"), STR("v1")));
    assert_false(api_discovery_is_local(d, STR("metrics.k8s.io"), STR("v1beta1")));
    api_discovery_free(d);
}

static void test_aggregated_come_and_go(void **state)
{
    (void)state;
    struct api_discovery *d = api_discovery_new(STR(""));
    const struct str verbs[] = {STR("get"), STR("list")};
    char name[] = "nodes"; /* must be copied */
    const struct discovery_resource nodes = {
        .name = str_of(name), .kind = STR("NodeMetrics"), .verbs = verbs, .verb_count = 2};
    struct discovery_version v = {.version = STR("v1beta1"), .resources = &nodes, .resource_count = 1};
    api_discovery_set(d, STR("metrics.k8s.io"), &v);
    name[0] = 'x';
    assert_true(lists(d, "metrics.k8s.io", "v1beta1", "nodes"));
    assert_false(api_discovery_is_local(d, STR("metrics.k8s.io"), STR("v1beta1")));
    v.resource_count = 0;
    v.is_stale = true;
    api_discovery_set(d, STR("metrics.k8s.io"), &v);
    assert_false(lists(d, "metrics.k8s.io", "v1beta1", "nodes"));
    const struct discovery_version *now =
        discovery_version(api_discovery_table(d), STR("metrics.k8s.io"), STR("v1beta1"));
    assert_true(now != NULL && now->is_stale);
    /* nobody takes what is ours */
    const struct discovery_version ours = {.version = STR("v1"), .resources = &nodes, .resource_count = 1};
    api_discovery_set(d, STR("coordination.k8s.io"), &ours);
    assert_true(lists(d, "coordination.k8s.io", "v1", "leases"));
    api_discovery_remove(d, STR("metrics.k8s.io"), STR("v1beta1"));
    api_discovery_remove(d, STR("metrics.k8s.io"), STR("v1beta1"));
    assert_null(discovery_group(api_discovery_table(d), STR("metrics.k8s.io")));
    api_discovery_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_local), cmocka_unit_test(test_aggregated_come_and_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
