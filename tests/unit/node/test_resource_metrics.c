#include "node/resource_metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/proc_text.h"

static void test_numbers(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {12.5, "12.5"},
        {100, "100"},
        {274432, "274432"},
        {999999, "999999"},
        {1000000, "1e+06"},
        {1234567, "1.234567e+06"},
        {2444644352, "2.444644352e+09"},
        {44.814865914, "44.814865914"},
        {1231.622058013, "1231.622058013"},
        {0.05420165, "0.05420165"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1795445865.927123456, "1.7954458659271235e+09"},
        {3.0000000000000004, "3.0000000000000004"},
        {5e-324, "5e-324"},
        {1.5e300, "1.5e+300"},
        {1e22, "1e+22"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {NAN, "NaN"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf b = {0};
        resource_metrics_number(&b, cases[i].v);
        assert_string_equal(buf_cstr(&b), cases[i].text);
    }
}

#define MS(t) ((t)*NS_PER_MS)

/* The figures of the real kubelet's answer that the fixture holds. */
static struct node_sample real_sample(void)
{
    static const struct container_sample containers[] = {
        {.name = STR_INIT("idle"),
         .start_unix_ns = INT64_C(1795445776) * NS_PER_S,
         .usage = {.time_unix_ns = MS(1795445865932), .cpu_ns = 54201650, .working_set_bytes = 266240}},
        {.name = STR_INIT("burn"),
         .start_unix_ns = INT64_C(1795445776) * NS_PER_S,
         .usage = {.time_unix_ns = MS(1795445865927), .cpu_ns = 44814865914, .working_set_bytes = 274432}},
    };
    static const struct pod_sample pods[] = {
        {.namespace = STR_INIT("default"),
         .name = STR_INIT("two"),
         .usage = {.time_unix_ns = MS(1795445863939), .cpu_ns = 44011907789, .working_set_bytes = 868352},
         .containers = containers,
         .container_count = 2},
    };

    return (struct node_sample){
        .usage = {.time_unix_ns = MS(1795445861779), .cpu_ns = 1231622058013, .working_set_bytes = 2444644352},
        .pods = pods,
        .pod_count = 1,
    };
}

/* Every series of the real kubelet must be there, byte for byte, in its order. */
static void test_against_real_kubelet(void **state)
{
    auto_buf struct buf ours = {0}, real = {0};
    struct node_sample sample = real_sample();
    struct str rest, line, at;

    (void)state;
    resource_metrics_write(&ours, &sample, false);
    assert_true(file_read(FIXTURES "/kubelet-1.20/metrics-resource-1.txt", 65536, &real, NULL));
    rest = buf_str(&real);
    at = buf_str(&ours);
    while (proc_next_line(&rest, &line)) {
        ptrdiff_t found;
        auto_buf struct buf want = {0};
        if (str_starts_with(line, STR("# HELP"))) /* the stability level has changed since 1.20 */
            continue;
        buf_printf(&want, "\n%.*s\n", STR_ARG(line));
        found = str_find(at, buf_str(&want));
        if (found < 0)
            fail_msg("missing, or out of order: %.*s", STR_ARG(line));
        at = str_skip(at, (size_t)found + 1);
    }
}

static void test_whole_body(void **state)
{
    static const char expected[] =
        "# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in "
        "core-seconds\n"
        "# TYPE container_cpu_usage_seconds_total counter\n"
        "container_cpu_usage_seconds_total{container=\"burn\",namespace=\"default\",pod=\"two\"} 44.814865914 "
        "1795445865927\n"
        "container_cpu_usage_seconds_total{container=\"idle\",namespace=\"default\",pod=\"two\"} 0.05420165 "
        "1795445865932\n"
        "# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes\n"
        "# TYPE container_memory_working_set_bytes gauge\n"
        "container_memory_working_set_bytes{container=\"burn\",namespace=\"default\",pod=\"two\"} 274432 "
        "1795445865927\n"
        "container_memory_working_set_bytes{container=\"idle\",namespace=\"default\",pod=\"two\"} 266240 "
        "1795445865932\n"
        "# HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds\n"
        "# TYPE container_start_time_seconds gauge\n"
        "container_start_time_seconds{container=\"burn\",namespace=\"default\",pod=\"two\"} 1.795445776e+09\n"
        "container_start_time_seconds{container=\"idle\",namespace=\"default\",pod=\"two\"} 1.795445776e+09\n"
        "# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds\n"
        "# TYPE node_cpu_usage_seconds_total counter\n"
        "node_cpu_usage_seconds_total 1231.622058013 1795445861779\n"
        "# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes\n"
        "# TYPE node_memory_working_set_bytes gauge\n"
        "node_memory_working_set_bytes 2.444644352e+09 1795445861779\n"
        "# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds\n"
        "# TYPE pod_cpu_usage_seconds_total counter\n"
        "pod_cpu_usage_seconds_total{namespace=\"default\",pod=\"two\"} 44.011907789 1795445863939\n"
        "# HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes\n"
        "# TYPE pod_memory_working_set_bytes gauge\n"
        "pod_memory_working_set_bytes{namespace=\"default\",pod=\"two\"} 868352 1795445863939\n"
        "# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise\n"
        "# TYPE resource_scrape_error gauge\n"
        "resource_scrape_error 0\n"
        "# HELP scrape_error [ALPHA] (Deprecated since 1.29.0) 1 if there was an error while getting container "
        "metrics, 0 otherwise\n"
        "# TYPE scrape_error gauge\n"
        "scrape_error 0\n";
    auto_buf struct buf ours = {0};
    struct node_sample sample = real_sample();

    (void)state;
    resource_metrics_write(&ours, &sample, false);
    assert_string_equal(buf_cstr(&ours), expected);
}

static void test_holes(void **state)
{
    struct container_sample containers[] = {
        {.name = STR_INIT("none"), .start_unix_ns = NOT_MEASURED, .usage = USAGE_INIT},
        {.name = STR_INIT("cpu"), .start_unix_ns = NOT_MEASURED, .usage = USAGE_INIT},
    };
    struct pod_sample pods[] = {
        {.namespace = STR_INIT("n"),
         .name = STR_INIT("p"),
         .usage = USAGE_INIT,
         .containers = containers,
         .container_count = 2},
    };
    struct node_sample sample = {.usage = USAGE_INIT, .pods = pods, .pod_count = 1};
    auto_buf struct buf ours = {0};

    (void)state;
    containers[1].usage.cpu_ns = 0; /* measured: the process has not used anything */
    containers[1].usage.time_unix_ns = MS(5);
    resource_metrics_write(&ours, &sample, true);
    assert_true(str_starts_with(
        buf_str(&ours),
        STR("# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in "
            "core-seconds\n# TYPE container_cpu_usage_seconds_total counter\n"
            "container_cpu_usage_seconds_total{container=\"cpu\",namespace=\"n\",pod=\"p\"} 0 5\n"
            "# HELP resource_scrape_error")));
    assert_true(str_find(buf_str(&ours), STR("\nscrape_error 1\n")) > 0);
    assert_int_equal(str_find(buf_str(&ours), STR("none")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_against_real_kubelet),
        cmocka_unit_test(test_whole_body),
        cmocka_unit_test(test_holes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
