#include "base/metrics.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const double bounds[] = {0.005, 0.1, 1, 2.5};

static const struct metric_spec requests = {.name = "requests_total",
                                            .help = "Back\\slash and\nnew line.",
                                            .type = METRIC_COUNTER,
                                            .stability = METRIC_STABLE,
                                            .labels = {"code", "verb"}};
static const struct metric_spec latency = {.name = "latency_seconds",
                                           .help = "How long.",
                                           .type = METRIC_HISTOGRAM,
                                           .stability = METRIC_ALPHA,
                                           .labels = {"node"},
                                           METRIC_BOUNDS(bounds)};
static const struct metric_spec plain = {
    .name = "a_plain_gauge", .help = "One.", .type = METRIC_GAUGE, .stability = METRIC_BETA};
static const struct metric_spec bare = {
    .name = "bare_seconds", .help = "No labels.", .type = METRIC_HISTOGRAM, METRIC_BOUNDS(bounds)};

static void test_print(void **state)
{
    struct metrics *m = metrics_new();
    auto_buf struct buf text = {0};

    (void)state;
    struct metric_family *r = metrics_add(m, &requests);
    struct metric_family *l = metrics_add(m, &latency);
    struct metric_value *gauge = metric_value(metrics_add(m, &plain), NULL);
    struct metric_histogram *h = metric_histogram(metrics_add(m, &bare), NULL);

    /* what has no labels is there from the start, what has is there when it came up */
    metrics_print(m, &text);
    assert_string_equal(buf_cstr(&text), "# HELP a_plain_gauge [BETA] One.\n"
                                         "# TYPE a_plain_gauge gauge\n"
                                         "a_plain_gauge 0\n"
                                         "# HELP bare_seconds No labels.\n"
                                         "# TYPE bare_seconds histogram\n"
                                         "bare_seconds_bucket{le=\"0.005\"} 0\n"
                                         "bare_seconds_bucket{le=\"0.1\"} 0\n"
                                         "bare_seconds_bucket{le=\"1\"} 0\n"
                                         "bare_seconds_bucket{le=\"2.5\"} 0\n"
                                         "bare_seconds_bucket{le=\"+Inf\"} 0\n"
                                         "bare_seconds_sum 0\n"
                                         "bare_seconds_count 0\n");
    buf_clear(&text);
    metric_set(gauge, 1.5);
    metric_observe_many(h, 1, 3);
    metric_inc(metric_value(r, METRIC_LABELS(STR("404"), STR("GET"))));
    metric_add(metric_value(r, METRIC_LABELS(STR("200"), STR("a\"b\\c\nd"))), 7);
    metric_inc(metric_value(r, METRIC_LABELS(STR("404"), STR("GET"))));
    struct metric_histogram *n1 = metric_histogram(l, METRIC_LABELS(STR("n1")));
    metric_observe(n1, 0.005); /* a bound belongs to its bucket */
    metric_observe(n1, 0.0625);
    metric_observe_ns(n1, 2500000000);
    metric_observe(n1, 2.75);
    metrics_print(m, &text);
    assert_string_equal(buf_cstr(&text), "# HELP a_plain_gauge [BETA] One.\n"
                                         "# TYPE a_plain_gauge gauge\n"
                                         "a_plain_gauge 1.5\n"
                                         "# HELP bare_seconds No labels.\n"
                                         "# TYPE bare_seconds histogram\n"
                                         "bare_seconds_bucket{le=\"0.005\"} 0\n"
                                         "bare_seconds_bucket{le=\"0.1\"} 0\n"
                                         "bare_seconds_bucket{le=\"1\"} 3\n"
                                         "bare_seconds_bucket{le=\"2.5\"} 3\n"
                                         "bare_seconds_bucket{le=\"+Inf\"} 3\n"
                                         "bare_seconds_sum 3\n"
                                         "bare_seconds_count 3\n"
                                         "# HELP latency_seconds [ALPHA] How long.\n"
                                         "# TYPE latency_seconds histogram\n"
                                         "latency_seconds_bucket{node=\"n1\",le=\"0.005\"} 1\n"
                                         "latency_seconds_bucket{node=\"n1\",le=\"0.1\"} 2\n"
                                         "latency_seconds_bucket{node=\"n1\",le=\"1\"} 2\n"
                                         "latency_seconds_bucket{node=\"n1\",le=\"2.5\"} 3\n"
                                         "latency_seconds_bucket{node=\"n1\",le=\"+Inf\"} 4\n"
                                         "latency_seconds_sum{node=\"n1\"} 5.3175\n"
                                         "latency_seconds_count{node=\"n1\"} 4\n"
                                         "# HELP requests_total [STABLE] Back\\\\slash and\\nnew line.\n"
                                         "# TYPE requests_total counter\n"
                                         "requests_total{code=\"200\",verb=\"a\\\"b\\\\c\\nd\"} 7\n"
                                         "requests_total{code=\"404\",verb=\"GET\"} 2\n");
    metrics_free(m);
}

/* Series come and go; the others' pointers and their order stay. */
static void test_drop(void **state)
{
    struct metrics *m = metrics_new();
    struct metric_family *f = metrics_add(m, &latency);
    auto_buf struct buf text = {0};
    struct metric_histogram *kept = NULL;

    (void)state;
    for (int i = 999; i >= 0; i--) {
        auto_buf struct buf name = {0};
        buf_printf(&name, "node-%03d", i);
        struct metric_histogram *h = metric_histogram(f, METRIC_LABELS(buf_str(&name)));
        metric_observe(h, 0.5);
        if (i == 500)
            kept = h;
    }
    for (int i = 0; i < 1000; i++) {
        auto_buf struct buf name = {0};
        buf_printf(&name, "node-%03d", i);
        if (i != 500 && i != 7)
            metric_drop(f, METRIC_LABELS(buf_str(&name)));
    }
    metric_drop(f, METRIC_LABELS(STR("never there")));
    metric_drop(NULL, NULL);
    assert_int_equal(metric_series_count(f), 2);
    assert_ptr_equal(metric_histogram(f, METRIC_LABELS(STR("node-500"))), kept);
    metric_observe(kept, 0.5);
    metrics_print(m, &text);
    const char *first = strstr(buf_cstr(&text), "latency_seconds_count{node=\"node-007\"} 1\n");
    const char *second = strstr(buf_cstr(&text), "latency_seconds_count{node=\"node-500\"} 2\n");
    assert_true(first != NULL && second != NULL && first < second);
    metrics_free(m);
}

static void count_up(void *arg)
{
    metric_inc(arg);
}

static void test_collect(void **state)
{
    struct metrics *m = metrics_new();
    struct metric_value *v = metric_value(metrics_add(m, &plain), NULL);
    auto_buf struct buf text = {0};

    (void)state;
    metrics_on_collect(m, count_up, v);
    metrics_on_collect(m, count_up, v);
    metrics_print(m, &text);
    assert_non_null(strstr(buf_cstr(&text), "\na_plain_gauge 2\n"));
    metrics_free(m);
}

/* Without a registry samples go nowhere. */
static void test_nothing(void **state)
{
    (void)state;
    metric_inc(metric_value(NULL, NULL));
    metric_observe(metric_histogram(NULL, NULL), 1);
    metric_set(NULL, 1);
    metrics_free(NULL);
}

static const struct {
    double value;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-0.0, "0"},
    {3, "3"},
    {-17, "-17"},
    {0.1, "0.1"},
    {0.30000000000000004, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {1785000000.123, "1785000000.123"},
    {1e15, "1000000000000000"},
    {1e300, "1e+300"},
    {9.007199254740993e18, "9.007199254740993e+18"},
    {5e-324, "4.94065645841247e-324"},
    {INFINITY, "+Inf"},
    {-INFINITY, "-Inf"},
    {NAN, "NaN"},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        auto_buf struct buf text = {0};
        metric_number_print(&text, numbers[i].value);
        assert_string_equal(buf_cstr(&text), numbers[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),   cmocka_unit_test(test_drop),    cmocka_unit_test(test_collect),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
