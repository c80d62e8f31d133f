#include "serve/metrics_object.h"

#include "base/clock.h"
#include "kube/time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../kube/hex.h"

#define NOON_NS (INT64_C(1769860800) * NS_PER_S)

static const struct catalog_object n1 = {.name = STR_INIT("n1"),
                                         .labels_json = STR_INIT("{\"a\\u003cb\":\"x\",\"os\":\"linux\"}")};
static const struct catalog_object p1 = {.namespace = STR_INIT("default"), .name = STR_INIT("p1")};
static const struct catalog_object p3 = {.namespace = STR_INIT("default"), .name = STR_INIT("p3")};

static struct container_usage containers[] = {
    {.name = STR_INIT("c1"), .cpu_nanocores = 100000000, .memory_bytes = 1048576},
    {.name = STR_INIT("c2"), .cpu_nanocores = 0, .memory_bytes = 1000},
};
static const struct pod_usage usage_p1 = {
    .time_ns = NOON_NS + 14900 * NS_PER_MS, .window_ns = 14900 * NS_PER_MS, .containers = containers, .count = 2};
static const struct pod_usage no_usage = {0};

#define NODE                                                                                    \
    {                                                                                           \
        .object = &n1, .version = "v1beta1", .now_ns = NOON_NS + 20 * NS_PER_S + 999, .node = { \
            .time_ns = NOON_NS + 15 * NS_PER_S,                                                 \
            .window_ns = 15 * NS_PER_S,                                                         \
            .cpu_nanocores = 166666666,                                                         \
            .memory_bytes = 104857600                                                           \
        }                                                                                       \
    }

#define META_N1                                                                                               \
    "{\"name\":\"n1\",\"creationTimestamp\":\"2026-01-31T12:00:20Z\",\"labels\":{\"a\\u003cb\":\"x\",\"os\":" \
    "\"linux\"}}"

/* The bytes of protobuf come from an encoder of its own, written down by the messages' field numbers. */
static const struct {
    const char *name;
    struct metrics_object object;
    struct accept_choice choice;
    const char *json; /* or */
    const char *hex;
} cases[] = {
    {.name = "node",
     .object = NODE,
     .json = "{\"kind\":\"NodeMetrics\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":" META_N1
             ",\"timestamp\":\"2026-01-31T12:00:15Z\",\"window\":\"15s\",\"usage\":{\"cpu\":\"166666666n\",\"memory\":"
             "\"100Mi\"}}"},
    {.name = "node, protobuf",
     .object = NODE,
     .choice = {.media = ACCEPT_PROTOBUF},
     .hex = "6b3873000a250a166d6574726963732e6b38732e696f2f76316265746131120b4e6f64654d657472696373126d0a310a026e3112"
            "001a0022002a0032003800420808d4ddf7cb0610005a080a03613c621201785a0b0a026f7312056c696e7578120808cfddf7cb06"
            "10001a060880acc7f03722130a03637075120c0a0a3136363636363636366e22110a066d656d6f727912070a053130304d691a00"
            "2200"},
    {.name = "node's metadata",
     .object = NODE,
     .choice = {.as = ACCEPT_AS_PARTIAL, .as_version = "v1beta1"},
     .json = "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1beta1\",\"metadata\":" META_N1 "}"},
    {.name = "node's metadata, protobuf",
     .object = NODE,
     .choice = {.media = ACCEPT_PROTOBUF, .as = ACCEPT_AS_PARTIAL, .as_version = "v1"},
     .hex = "6b3873000a270a0e6d6574612e6b38732e696f2f763112155061727469616c4f626a6563744d6574616461746112330a310a026e"
            "3112001a0022002a0032003800420808d4ddf7cb0610005a080a03613c621201785a0b0a026f7312056c696e75781a002200"},
    {.name = "pod with a resourceVersion",
     .object =
         {.object = &p1, .version = "v1", .now_ns = NOON_NS + 20 * NS_PER_S, .resource_version = 77, .pod = &usage_p1},
     .json =
         "{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics.k8s.io/v1\",\"metadata\":{\"name\":\"p1\",\"namespace\":"
         "\"default\",\"resourceVersion\":\"77\",\"creationTimestamp\":\"2026-01-31T12:00:20Z\"},\"timestamp\":"
         "\"2026-01-31T12:00:14Z\",\"window\":\"14.9s\",\"containers\":[{\"name\":\"c1\",\"usage\":{\"cpu\":"
         "\"100m\",\"memory\":\"1Mi\"}},{\"name\":\"c2\",\"usage\":{\"cpu\":\"0\",\"memory\":\"1k\"}}]}"},
    {.name = "pod with a resourceVersion, protobuf",
     .object =
         {.object = &p1, .version = "v1", .now_ns = NOON_NS + 20 * NS_PER_S, .resource_version = 77, .pod = &usage_p1},
     .choice = {.media = ACCEPT_PROTOBUF},
     .hex = "6b3873000a1f0a116d6574726963732e6b38732e696f2f7631120a506f644d657472696373127f0a230a02703112001a07646566"
            "61756c7422002a00320237373800420808d4ddf7cb061000120808ceddf7cb0610001a060880eaefc03722240a026331120d0a03"
            "63707512060a043130306d120f0a066d656d6f727912050a03314d6922200a026332120a0a0363707512030a0130120e0a066d65"
            "6d6f727912040a02316b1a002200"},
    {.name = "pod without containers",
     .object = {.object = &p3, .version = "v1beta1", .now_ns = NOON_NS + 20 * NS_PER_S, .pod = &no_usage},
     .json = "{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":{\"name\":\"p3\","
             "\"namespace\":\"default\",\"creationTimestamp\":\"2026-01-31T12:00:20Z\"},\"timestamp\":null,\"window\":"
             "\"0s\",\"containers\":[]}"},
    {.name = "pod without containers, protobuf",
     .object = {.object = &p3, .version = "v1beta1", .now_ns = NOON_NS + 20 * NS_PER_S, .pod = &no_usage},
     .choice = {.media = ACCEPT_PROTOBUF},
     .hex = "6b3873000a240a166d6574726963732e6b38732e696f2f76316265746131120a506f644d65747269637312290a210a0270331200"
            "1a0764656661756c7422002a0032003800420808d4ddf7cb06100012001a0208001a002200"},
};

static void test_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf out = {0};
        metrics_object_print(&out, &cases[i].object, &cases[i].choice);
        print_message("%s\n", cases[i].name);
        if (cases[i].json != NULL)
            assert_string_equal(buf_cstr(&out), cases[i].json);
        else
            assert_hex(buf_str(&out), cases[i].hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
