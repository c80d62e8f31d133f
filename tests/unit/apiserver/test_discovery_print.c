#include "apiserver/discovery.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../kube/hex.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct str read_verbs[] = {STR_INIT("get"), STR_INIT("list")};
static const struct str get_verb[] = {STR_INIT("get")};
static const struct str create_verb[] = {STR_INIT("create")};
static const struct str pod_names[] = {STR_INIT("po")};
static const struct str all_category[] = {STR_INIT("all")};

static const struct discovery_resource metrics_resources[] = {
    {.name = STR_INIT("nodes"), .kind = STR_INIT("NodeMetrics"), .verbs = read_verbs, .verb_count = 2},
    {.name = STR_INIT("pods"),
     .kind = STR_INIT("PodMetrics"),
     .is_namespaced = true,
     .verbs = read_verbs,
     .verb_count = 2},
};
static const struct discovery_version metrics_versions[] = {
    {.version = STR_INIT("v1beta1"), .resources = metrics_resources, .resource_count = 2}};
static const struct discovery_group metrics_groups[] = {
    {.name = STR_INIT("metrics.k8s.io"), .versions = metrics_versions, .version_count = 1}};
static const struct discovery metrics = {
    .groups = metrics_groups, .group_count = 1, .server_address = STR_INIT("10.0.0.9:443"), .leaves_kinds_bare = true};

static const struct discovery_resource core_resources[] = {
    {.name = STR_INIT("pods"),
     .singular = STR_INIT("pod"),
     .kind = STR_INIT("Pod"),
     .is_namespaced = true,
     .verbs = read_verbs,
     .verb_count = 2,
     .short_names = pod_names,
     .short_name_count = 1,
     .categories = all_category,
     .category_count = 1,
     .storage_version_hash = STR_INIT("xPOwRZ+Yhw8=")},
    {.name = STR_INIT("pods/eviction"),
     .kind = STR_INIT("Eviction"),
     .kind_group = STR_INIT("policy"),
     .kind_version = STR_INIT("v1"),
     .is_namespaced = true,
     .verbs = create_verb,
     .verb_count = 1},
    {.name = STR_INIT("pods/log"), .kind = STR_INIT("Pod"), .is_namespaced = true, .verbs = get_verb, .verb_count = 1},
    {.name = STR_INIT("nodes"),
     .singular = STR_INIT("node"),
     .kind = STR_INIT("Node"),
     .verbs = read_verbs,
     .verb_count = 2},
};
static const struct discovery_version core_versions[] = {
    {.version = STR_INIT("v1"), .resources = core_resources, .resource_count = 4}};
static const struct discovery_resource nothing[1];
static const struct discovery_version policy_versions[] = {
    {.version = STR_INIT("v1"), .resources = nothing},
    {.version = STR_INIT("v1beta1"), .resources = nothing, .is_stale = true}};
static const struct discovery_group cluster_groups[] = {
    {.name = STR_INIT(""), .versions = core_versions, .version_count = 1},
    {.name = STR_INIT("policy"), .versions = policy_versions, .version_count = 2}};
static const struct discovery cluster = {.groups = cluster_groups, .group_count = 2};

static void check(struct buf *got, const char *wanted)
{
    assert_string_equal(buf_cstr(got), wanted);
    buf_free(got);
}

static void check_hex(struct buf *got, const char *wanted)
{
    assert_hex(buf_str(got), wanted);
    buf_free(got);
}

/* The Metrics API's documents, byte for byte. */
static void test_metrics(void **state)
{
    struct buf b = {0};

    (void)state;
    discovery_print_groups(&b, &metrics);
    check(&b,
          "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{\"name\":\"metrics.k8s.io\",\"versions\":[{"
          "\"groupVersion\":\"metrics.k8s.io/v1beta1\",\"version\":\"v1beta1\"}],\"preferredVersion\":{"
          "\"groupVersion\":\"metrics.k8s.io/v1beta1\",\"version\":\"v1beta1\"},\"serverAddressByClientCIDRs\":[{"
          "\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"10.0.0.9:443\"}]}]}");
    discovery_print_group(&b, &metrics_groups[0]);
    check(&b, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"metrics.k8s.io\",\"versions\":[{"
              "\"groupVersion\":\"metrics.k8s.io/v1beta1\",\"version\":\"v1beta1\"}],\"preferredVersion\":{"
              "\"groupVersion\":\"metrics.k8s.io/v1beta1\",\"version\":\"v1beta1\"}}");
    discovery_print_resources(&b, STR("metrics.k8s.io"), &metrics_versions[0]);
    check(&b, "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"metrics.k8s.io/v1beta1\","
              "\"resources\":[{\"name\":\"nodes\",\"singularName\":\"\",\"namespaced\":false,\"kind\":\"NodeMetrics\","
              "\"verbs\":[\"get\",\"list\"]},{\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,\"kind\":"
              "\"PodMetrics\",\"verbs\":[\"get\",\"list\"]}]}");
    discovery_print_aggregated(&b, &metrics, false);
    check(&b, "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},\"items\":"
              "[{\"metadata\":{\"name\":\"metrics.k8s.io\"},\"versions\":[{\"version\":\"v1beta1\",\"resources\":[{"
              "\"resource\":\"nodes\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"NodeMetrics\"},"
              "\"scope\":\"Cluster\",\"singularResource\":\"\",\"verbs\":[\"get\",\"list\"]},{\"resource\":\"pods\","
              "\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"PodMetrics\"},\"scope\":\"Namespaced\","
              "\"singularResource\":\"\",\"verbs\":[\"get\",\"list\"]}],\"freshness\":\"Current\"}]}]}");
}

static void test_cluster(void **state)
{
    struct buf b = {0};

    (void)state;
    discovery_print_versions(&b, &cluster);
    check(&b, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":[{\"clientCIDR\":"
              "\"0.0.0.0/0\",\"serverAddress\":\"\"}]}");
    discovery_print_groups(&b, &cluster);
    check(&b, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{\"name\":\"policy\",\"versions\":[{"
              "\"groupVersion\":\"policy/v1\",\"version\":\"v1\"},{\"groupVersion\":\"policy/v1beta1\",\"version\":"
              "\"v1beta1\"}],\"preferredVersion\":{\"groupVersion\":\"policy/v1\",\"version\":\"v1\"}}]}");
    discovery_print_resources(&b, STR(""), &core_versions[0]);
    check(&b,
          "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":[{\"name\":\"pods\",\"singularName\":"
          "\"pod\",\"namespaced\":true,\"kind\":\"Pod\",\"verbs\":[\"get\",\"list\"],\"shortNames\":[\"po\"],"
          "\"categories\":[\"all\"],\"storageVersionHash\":\"xPOwRZ+Yhw8=\"},{\"name\":\"pods/eviction\","
          "\"singularName\":\"\",\"namespaced\":true,\"group\":\"policy\",\"version\":\"v1\",\"kind\":\"Eviction\","
          "\"verbs\":[\"create\"]},{\"name\":\"pods/log\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Pod\","
          "\"verbs\":[\"get\"]},{\"name\":\"nodes\",\"singularName\":\"node\",\"namespaced\":false,\"kind\":\"Node\","
          "\"verbs\":[\"get\",\"list\"]}]}");
    discovery_print_aggregated(&b, &cluster, true);
    check(&b,
          "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},\"items\":"
          "[{\"metadata\":{},\"versions\":[{\"version\":\"v1\",\"resources\":[{\"resource\":\"pods\","
          "\"responseKind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},\"scope\":\"Namespaced\","
          "\"singularResource\":\"pod\",\"verbs\":[\"get\",\"list\"],\"shortNames\":[\"po\"],\"categories\":[\"all\"],"
          "\"subresources\":[{\"subresource\":\"eviction\",\"responseKind\":{\"group\":\"policy\",\"version\":\"v1\","
          "\"kind\":\"Eviction\"},\"verbs\":[\"create\"]},{\"subresource\":\"log\",\"responseKind\":{\"group\":\"\","
          "\"version\":\"v1\",\"kind\":\"Pod\"},\"verbs\":[\"get\"]}]},{\"resource\":\"nodes\",\"responseKind\":{"
          "\"group\":\"\",\"version\":\"v1\",\"kind\":\"Node\"},\"scope\":\"Cluster\",\"singularResource\":\"node\","
          "\"verbs\":[\"get\",\"list\"]}],\"freshness\":\"Current\"}]}]}");
    discovery_print_aggregated(&b, &cluster, false);
    assert_non_null(strstr(buf_cstr(&b), "{\"metadata\":{\"name\":\"policy\"},\"versions\":[{\"version\":\"v1\","));
    assert_non_null(strstr(buf_cstr(&b), "{\"version\":\"v1beta1\",\"resources\":[],\"freshness\":\"Stale\"}"));
    buf_free(&b);
}

/* The same documents as protobuf; the bytes come from an encoder of its own, written down by the fields' numbers. */
static void test_protobuf(void **state)
{
    struct buf b = {0};

    (void)state;
    discovery_print_groups_protobuf(&b, &metrics);
    check_hex(&b, "6b3873000a120a027631120c41504947726f75704c69737412730a710a0e6d6574726963732e6b38732e696f12210a166d65"
                  "74726963732e6b38732e696f2f763162657461311207763162657461311a210a166d6574726963732e6b38732e696f2f7631"
                  "626574613112077631626574613122190a09302e302e302e302f30120c31302e302e302e393a3434331a002200");
    discovery_print_group_protobuf(&b, &metrics_groups[0]);
    check_hex(&b, "6b3873000a0e0a027631120841504947726f757012560a0e6d6574726963732e6b38732e696f12210a166d6574726963732e"
                  "6b38732e696f2f763162657461311207763162657461311a210a166d6574726963732e6b38732e696f2f7631626574613112"
                  "07763162657461311a002200");
    discovery_print_resources_protobuf(&b, STR("metrics.k8s.io"), &metrics_versions[0]);
    check_hex(&b, "6b3873000a150a027631120f4150495265736f757263654c69737412700a166d6574726963732e6b38732e696f2f76316265"
                  "746131122b0a056e6f64657310001a0b4e6f64654d657472696373220b0a036765740a046c697374320042004a0052001229"
                  "0a04706f647310011a0a506f644d657472696373220b0a036765740a046c697374320042004a0052001a002200");
    discovery_print_aggregated_protobuf(&b, &metrics, false);
    check_hex(&b, "6b3873000a2f0a16617069646973636f766572792e6b38732e696f2f7632121541504947726f7570446973636f766572794c"
                  "69737412a4010a060a0012001a001299010a1e0a0e6d6574726963732e6b38732e696f12001a0022002a0032003800420012"
                  "770a077631626574613112300a056e6f64657312110a0012001a0b4e6f64654d6574726963731a07436c757374657222002a"
                  "036765742a046c69737412310a04706f647312100a0012001a0a506f644d6574726963731a0a4e616d657370616365642200"
                  "2a036765742a046c6973741a0743757272656e741a002200");
    discovery_print_versions_protobuf(&b, &cluster);
    check_hex(&b, "6b3873000a110a027631120b41504956657273696f6e7312130a027631120d0a09302e302e302e302f3012001a002200");
    discovery_print_resources_protobuf(&b, STR(""), &core_versions[0]);
    check_hex(&b, "6b3873000a150a027631120f4150495265736f757263654c69737412c3010a027631123a0a04706f647310011a03506f6422"
                  "0b0a036765740a046c6973742a02706f3203706f643a03616c6c42004a00520c78504f77525a2b596877383d12350a0d706f"
                  "64732f6576696374696f6e10011a084576696374696f6e22080a0663726561746532004206706f6c6963794a027631520012"
                  "200a08706f64732f6c6f6710011a03506f6422050a03676574320042004a00520012280a056e6f64657310001a044e6f6465"
                  "220b0a036765740a046c69737432046e6f646542004a0052001a002200");
    discovery_print_aggregated_protobuf(&b, &cluster, true);
    check_hex(&b, "6b3873000a2f0a16617069646973636f766572792e6b38732e696f2f7632121541504947726f7570446973636f766572794c"
                  "69737412dd010a060a0012001a0012d2010a100a0012001a0022002a0032003800420012bd010a027631127d0a04706f6473"
                  "120b0a00120276311a03506f641a0a4e616d657370616365642203706f642a036765742a046c6973743202706f3a03616c6c"
                  "422a0a086576696374696f6e12160a06706f6c696379120276311a084576696374696f6e220663726561746542170a036c6f"
                  "67120b0a00120276311a03506f642203676574122f0a056e6f646573120c0a00120276311a044e6f64651a07436c75737465"
                  "7222046e6f64652a036765742a046c6973741a0743757272656e741a002200");
}

static void test_lookup(void **state)
{
    (void)state;
    assert_ptr_equal(discovery_group(&cluster, STR("policy")), &cluster_groups[1]);
    assert_null(discovery_group(&cluster, STR("apps")));
    assert_ptr_equal(discovery_version(&cluster, STR(""), STR("v1")), &core_versions[0]);
    assert_null(discovery_version(&cluster, STR("policy"), STR("v2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_protobuf),
        cmocka_unit_test(test_lookup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
