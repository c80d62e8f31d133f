#include "node/node_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"

#define T0 (INT64_C(1795445791) * NS_PER_S) /* 2026-11-23T14:56:31Z */

static const struct machine machine = {
    .machine_id = STR_INIT("3d1219c7c4c5404aaa1f6d2a48adfda4"),
    .system_uuid = STR_INIT("3d1219c7c4c5404aaa1f6d2a48adfda4"),
    .boot_id = STR_INIT("2dbf927b-cbaf-4018-a1db-7a2eebbd5ee9"),
    .kernel_version = STR_INIT("6.18.44-fc-v769"),
    .os_image = STR_INIT("Debian GNU/Linux 12 (bookworm)"),
    .architecture = STR_INIT("amd64"),
    .operating_system = STR_INIT("linux"),
    .cpus = 2,
    .memory_bytes = INT64_C(24683620) * 1024,
    .hugepages_2mi_bytes = 0,
    .hugepages_1gi_bytes = NOT_MEASURED,
};

static struct node_facts some_facts(void)
{
    static const struct str addresses[] = {STR_INIT("10.77.0.1")};

    return (struct node_facts){
        .name = STR("real"),
        .hostname = STR("real"),
        .addresses = addresses,
        .address_count = 1,
        .machine = &machine,
        .disk_capacity_bytes = INT64_C(264212084) * 1024,
        .max_pods = 110,
        .port = 10250,
        .kubelet_version = STR("v1.20.2"),
        .runtime_version = STR("containerd://1.6.20"),
    };
}

/* What depends on thresholds, on the clock, and on the API server. */
static void drop_incomparable(json_t *node)
{
    json_t *status = json_object_get(node, "status"), *metadata = json_object_get(node, "metadata"), *condition;
    size_t i;

    json_object_del(metadata, "creationTimestamp");
    json_object_del(metadata, "resourceVersion");
    json_object_del(metadata, "uid");
    json_object_del(json_object_get(metadata, "annotations"), "node.alpha.kubernetes.io/ttl"); /* a controller's */
    json_object_del(json_object_get(status, "allocatable"), "memory");
    json_object_del(json_object_get(status, "allocatable"), "ephemeral-storage");
    json_object_del(json_object_get(status, "nodeInfo"), "kubeProxyVersion");
    json_object_set_new(status, "images", json_array());
    json_array_foreach (json_object_get(status, "conditions"), i, condition) {
        json_object_set_new(condition, "lastTransitionTime", json_string("?"));
        json_object_set_new(condition, "lastHeartbeatTime", json_string("?"));
    }
}

static void test_against_real_kubelet(void **state)
{
    struct node_facts facts = some_facts();
    const char *reasons[NODE_CONDITIONS];
    size_t count;
    json_t *ours = node_object_new(&facts, T0, reasons, &count),
           *real = json_load_file(FIXTURES "/kubelet-1.20/node.json", 0, NULL);
    auto_free char *our_text = NULL, *real_text = NULL;

    (void)state;
    assert_non_null(real);
    assert_int_equal(count, NODE_CONDITIONS);
    assert_string_equal(reasons[3], "NodeReady");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json_object_get(ours, "status"), "allocatable"), "memory")),
        "24581220Ki");
    drop_incomparable(ours);
    drop_incomparable(real);
    our_text = json_dumps(ours, JSON_INDENT(1) | JSON_SORT_KEYS);
    real_text = json_dumps(real, JSON_INDENT(1) | JSON_SORT_KEYS);
    assert_string_equal(our_text, real_text);
    json_decref(ours);
    json_decref(real);
}

static const char *condition_text(json_t *node, size_t i, const char *key)
{
    json_t *conditions = json_object_get(json_object_get(node, "status"), "conditions");

    return json_string_value(json_object_get(json_array_get(conditions, i), key));
}

static void test_changes(void **state)
{
    struct node_facts facts = some_facts();
    const char *reasons[NODE_CONDITIONS];
    bool is_other_boot;
    size_t count;
    json_t *node = node_object_new(&facts, T0, reasons, &count);

    (void)state;
    assert_false(node_object_set_status(node, &facts, T0 + 10 * NS_PER_S, reasons, &count, &is_other_boot));
    assert_int_equal(count, 0);
    assert_false(is_other_boot);
    assert_string_equal(condition_text(node, 1, "lastHeartbeatTime"), "2026-11-23T14:56:41Z");
    assert_string_equal(condition_text(node, 1, "lastTransitionTime"), "2026-11-23T14:56:31Z");

    facts.pressure.disk = true;
    assert_true(node_object_set_status(node, &facts, T0 + 20 * NS_PER_S, reasons, &count, NULL));
    assert_int_equal(count, 1);
    assert_string_equal(reasons[0], "NodeHasDiskPressure");
    assert_string_equal(condition_text(node, 1, "status"), "True");
    assert_string_equal(condition_text(node, 1, "reason"), "KubeletHasDiskPressure");
    assert_string_equal(condition_text(node, 1, "lastTransitionTime"), "2026-11-23T14:56:51Z");
    assert_string_equal(condition_text(node, 0, "lastTransitionTime"), "2026-11-23T14:56:31Z");

    facts.kubelet_version = STR("v9");
    assert_true(node_object_set_status(node, &facts, T0 + 30 * NS_PER_S, reasons, &count, NULL));
    assert_int_equal(count, 0);
    json_decref(node);
}

/* What controllers and users add must survive; a stranger's nonsense must not break us. */
static void test_others_fields(void **state)
{
    struct node_facts facts = some_facts();
    json_t *node = json_loads("{\"metadata\":{\"labels\":{\"a\":\"b\",\"kubernetes.io/os\":\"x\"}},\"status\":{"
                              "\"conditions\":[{\"type\":\"NetworkUnavailable\",\"status\":\"False\"},7,"
                              "{\"type\":\"Ready\",\"status\":\"Unknown\",\"lastTransitionTime\":\"old\"}],"
                              "\"capacity\":{\"example.com/gpu\":\"1\"},\"addresses\":\"?\",\"allocatable\":[],"
                              "\"nodeInfo\":{\"bootID\":\"other\"},\"images\":[1]}}",
                              0, NULL);
    const char *reasons[NODE_CONDITIONS];
    bool is_other_boot;
    json_t *status;
    size_t count;

    (void)state;
    assert_true(node_object_set_labels(node, &facts));
    assert_false(node_object_set_labels(node, &facts));
    assert_true(node_object_set_status(node, &facts, T0, reasons, &count, &is_other_boot));
    assert_true(is_other_boot);
    assert_int_equal(count, 4);
    status = json_object_get(node, "status");
    assert_int_equal(json_array_size(json_object_get(status, "conditions")), 6);
    assert_string_equal(condition_text(node, 0, "type"), "NetworkUnavailable");
    assert_string_equal(condition_text(node, 2, "status"), "True");
    assert_string_equal(condition_text(node, 2, "lastTransitionTime"), "2026-11-23T14:56:31Z");
    assert_string_equal(json_string_value(json_object_get(json_object_get(status, "capacity"), "example.com/gpu")),
                        "1");
    assert_int_equal(json_array_size(json_object_get(status, "images")), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json_object_get(node, "metadata"), "labels"), "a")), "b");
    json_decref(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_real_kubelet),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_others_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
