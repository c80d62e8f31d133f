#include "node/summary.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"

#define AT(s) (INT64_C(s) * NS_PER_S)
#define CAPACITY_BYTES INT64_C(25276026880)

/* 2026-11-23T14:57:41Z and so on */
#define T_37 AT(1795445857)
#define T_41 AT(1795445861)
#define T_43 AT(1795445863)
#define T_46 AT(1795445866)

/* The fixture's one file system, with the part of it that somebody uses. */
static struct filesystem part_of_disk(int64_t time_unix_ns, int64_t used_bytes, int64_t inodes_used)
{
    return (struct filesystem){.time_unix_ns = time_unix_ns,
                               .capacity_bytes = 270553174016,
                               .available_bytes = 81844416512,
                               .used_bytes = used_bytes,
                               .inodes = 16777216,
                               .inodes_free = 16312975,
                               .inodes_used = inodes_used};
}

/* The figures of the real kubelet's answer that the fixture holds. */
static struct node_sample real_sample(bool is_short)
{
    static struct container_sample containers[] = {
        {.name = STR_INIT("idle"), .start_unix_ns = AT(1795445776), .usage = USAGE_INIT},
        {.name = STR_INIT("burn"), .start_unix_ns = AT(1795445776), .usage = USAGE_INIT, .nano_cores = 499576958},
    };
    static struct pod_sample pods[] = {
        {.namespace = STR_INIT("default"),
         .name = STR_INIT("two"),
         .uid = STR_INIT("279ab6cc-c55f-49f6-933e-8153c0ee0e2d"),
         .start_unix_ns = AT(1795445774),
         .usage = {.time_unix_ns = T_43,
                   .cpu_ns = 44011907789,
                   .memory_bytes = 868352,
                   .working_set_bytes = 868352,
                   .rss_bytes = 159744},
         .nano_cores = 500500075,
         .containers = containers,
         .container_count = 2},
    };
    static const struct network_device devices[] = {
        {.name = STR_INIT("ifb0")},
        {.name = STR_INIT("ifb1")},
        {.name = STR_INIT("eth0"), .rx_bytes = 165138553, .tx_bytes = 199765},
    };

    containers[0].usage.time_unix_ns = containers[1].usage.time_unix_ns = T_46;
    containers[0].usage.cpu_ns = 54201650;
    containers[1].usage.cpu_ns = is_short ? 44993424916 : 44887117462;
    containers[0].usage.working_set_bytes = 266240;
    containers[1].usage.working_set_bytes = 274432;
    for (size_t i = 0; i < 2; i++)
        containers[i].disk = (struct container_disk){.has_rootfs = true,
                                                     .rootfs = part_of_disk(T_37, 40960, 13),
                                                     .has_logs = true,
                                                     .logs = part_of_disk(T_46, 4096, 2)};
    pods[0].has_ephemeral_storage = true;
    pods[0].ephemeral_storage = part_of_disk(T_46, 90112, 30);
    return (struct node_sample){
        .node_name = STR_INIT("real"),
        .start_unix_ns = is_short ? AT(1795445418) : AT(1795444150),
        .usage = {.time_unix_ns = T_41,
                  .cpu_ns = 1231622058013,
                  .memory_bytes = 3377958912,
                  .working_set_bytes = 2444644352,
                  .rss_bytes = 446287872,
                  .page_faults = 43755},
        .nano_cores = 920599791,
        .memory_capacity_bytes = CAPACITY_BYTES,
        .has_pods_cgroup = true,
        .pods_start_unix_ns = AT(1795445761),
        .pods_usage = {.time_unix_ns = T_41,
                       .cpu_ns = 43309514245,
                       .memory_bytes = 1572864,
                       .working_set_bytes = 1572864,
                       .rss_bytes = 258048},
        .pods_nano_cores = 500735229,
        .pods = pods,
        .pod_count = 1,
        .network_time_unix_ns = T_41,
        .default_device = STR_INIT("eth0"),
        .devices = devices,
        .device_count = 3,
        .has_filesystem = true,
        .filesystem = part_of_disk(T_41, 20900864000, 464241),
        .has_image_filesystem = true,
        .image_filesystem = part_of_disk(T_37, 34721792, 93),
        .limits_time_unix_ns = T_46,
        .limits = {.max_tasks = 32768, .tasks = 188},
    };
}

/*
 * The real pod has a volume that the kubelet measures: its ServiceAccount's token. Static pods, which all of ours are,
 * get none, and a real kubelet leaves the member out for them too.
 */
static void drop_volumes(json_t *summary)
{
    json_t *pod;
    size_t i;

    json_array_foreach (json_object_get(summary, "pods"), i, pod)
        json_object_del(pod, "volume");
}

/* Byte for byte: members, their order, indentation, times. */
static void test_against_real_kubelet(void **state)
{
    static const struct {
        const char *file;
        bool is_short;
    } cases[] = {
        {FIXTURES "/kubelet-1.20/stats-summary-1.json", false},
        {FIXTURES "/kubelet-1.20/stats-summary-cpu-memory-1.json", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf ours = {0};
        struct node_sample sample = real_sample(cases[i].is_short);
        json_t *real = json_load_file(cases[i].file, 0, NULL);
        auto_free char *expected = NULL;
        assert_non_null(real);
        drop_volumes(real);
        expected = json_dumps(real, JSON_INDENT(1));
        summary_write(&ours, &sample, cases[i].is_short);
        assert_string_equal(buf_cstr(&ours), expected);
        json_decref(real);
    }
}

static void test_holes(void **state)
{
    static const struct container_sample container = {
        .name = STR_INIT("c"), .start_unix_ns = NOT_MEASURED, .usage = USAGE_INIT, .nano_cores = NOT_MEASURED};
    struct pod_sample pod = {.namespace = STR_INIT("n"),
                             .name = STR_INIT("p"),
                             .uid = STR_INIT("u"),
                             .start_unix_ns = NOT_MEASURED,
                             .usage = USAGE_INIT,
                             .nano_cores = NOT_MEASURED,
                             .containers = &container,
                             .container_count = 1};
    struct node_sample sample = {.node_name = STR_INIT("x"),
                                 .start_unix_ns = NOT_MEASURED,
                                 .usage = USAGE_INIT,
                                 .nano_cores = NOT_MEASURED,
                                 .memory_capacity_bytes = CAPACITY_BYTES,
                                 .network_time_unix_ns = NOT_MEASURED,
                                 .limits = {NOT_MEASURED, NOT_MEASURED},
                                 .pods = &pod,
                                 .pod_count = 1};
    auto_buf struct buf ours = {0};

    (void)state;
    summary_write(&ours, &sample, false);
    assert_string_equal(buf_cstr(&ours),
                        "{\n \"node\": {\n  \"nodeName\": \"x\"\n },\n \"pods\": [\n  {\n   \"podRef\": "
                        "{\n    \"name\": \"p\",\n    \"namespace\": \"n\",\n    \"uid\": \"u\"\n   "
                        "},\n   \"containers\": [\n    {\n     \"name\": \"c\"\n    }\n   ]\n  }\n ]\n}");
    buf_clear(&ours);
    sample.pod_count = 0;
    sample.usage.cpu_ns = 0; /* a measured zero shows; a rate without a second point doesn't */
    sample.usage.time_unix_ns = T_41;
    summary_write(&ours, &sample, true);
    assert_string_equal(
        buf_cstr(&ours),
        "{\n \"node\": {\n  \"nodeName\": \"x\",\n  \"cpu\": {\n   \"time\": \"2026-11-23T14:57:41Z\",\n"
        "   \"usageCoreNanoSeconds\": 0\n  }\n },\n \"pods\": []\n}");
}

/* A part that isn't known, and a file system that has no fixed number of inodes. */
static void test_holes_of_file_systems(void **state)
{
    struct container_sample container = {
        .name = STR_INIT("c"), .start_unix_ns = NOT_MEASURED, .usage = USAGE_INIT, .nano_cores = NOT_MEASURED};
    struct pod_sample pod = {.start_unix_ns = NOT_MEASURED,
                             .usage = USAGE_INIT,
                             .nano_cores = NOT_MEASURED,
                             .containers = &container,
                             .container_count = 1};
    struct node_sample sample = {.start_unix_ns = NOT_MEASURED,
                                 .usage = USAGE_INIT,
                                 .nano_cores = NOT_MEASURED,
                                 .network_time_unix_ns = NOT_MEASURED,
                                 .has_image_filesystem = true,
                                 .image_filesystem = part_of_disk(T_37, NOT_MEASURED, NOT_MEASURED),
                                 .limits = {NOT_MEASURED, NOT_MEASURED},
                                 .pods = &pod,
                                 .pod_count = 1};
    auto_buf struct buf ours = {0};
    json_t *summary, *image, *logs;

    (void)state;
    container.disk.has_logs = true;
    container.disk.logs = part_of_disk(T_37, 0, 1);
    container.disk.logs.inodes = container.disk.logs.inodes_free = NOT_MEASURED;
    summary_write(&ours, &sample, false);
    summary = json_loads(buf_cstr(&ours), 0, NULL);
    image = json_object_get(json_object_get(json_object_get(summary, "node"), "runtime"), "imageFs");
    assert_int_equal(json_integer_value(json_object_get(image, "inodes")), 16777216);
    assert_null(json_object_get(image, "usedBytes"));
    assert_null(json_object_get(image, "inodesUsed"));
    logs = json_array_get(json_object_get(json_array_get(json_object_get(summary, "pods"), 0), "containers"), 0);
    assert_null(json_object_get(logs, "rootfs"));
    logs = json_object_get(logs, "logs");
    assert_true(json_is_integer(json_object_get(logs, "usedBytes"))); /* a measured zero */
    assert_int_equal(json_integer_value(json_object_get(logs, "inodesUsed")), 1);
    assert_null(json_object_get(logs, "inodes"));
    assert_null(json_object_get(logs, "inodesFree"));
    assert_null(json_object_get(json_array_get(json_object_get(summary, "pods"), 0), "ephemeral-storage"));
    json_decref(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_real_kubelet),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_holes_of_file_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
