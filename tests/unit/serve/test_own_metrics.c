#include "serve/own_metrics.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int64_t test_now_ns;

static int64_t now_ns(void)
{
    return test_now_ns;
}

struct bench {
    struct metrics *registry;
    struct usage_store *store;
    struct own_metrics *own;
};

static struct bench bench_of(int64_t resolution_ns)
{
    struct bench b = {.registry = metrics_new(), .store = usage_store_new(resolution_ns)};

    test_now_ns = 1000 * NS_PER_S;
    b.own = own_metrics_new(&(struct own_metrics_options){
        .registry = b.registry, .store = b.store, .resolution_ns = resolution_ns, .now_ns = now_ns});
    return b;
}

static void bench_free(struct bench *b)
{
    metrics_free(b->registry);
    own_metrics_free(b->own);
    usage_store_free(b->store);
}

static double number_of(struct bench *b, const char *name)
{
    auto_buf struct buf text = {0}, line = {0};
    const char *at;

    metrics_print(b->registry, &text);
    buf_printf(&line, "\n%s ", name);
    at = strstr(buf_cstr(&text), buf_cstr(&line));
    return at != NULL ? strtod(at + line.len, NULL) : -1;
}

static void scrape(struct bench *b, const char *node, bool is_ok, int64_t took_ms)
{
    own_metrics_scraped(b->own, str_of(node), is_ok, took_ms * NS_PER_MS, 1700000000 * NS_PER_S + 999);
}

static void test_scrapes(void **state)
{
    struct bench b = bench_of(15 * NS_PER_S);

    (void)state;
    scrape(&b, "a", true, 7);
    scrape(&b, "a", true, 30);
    scrape(&b, "b", false, 9999);
    assert_true(number_of(&b, "metrics_server_kubelet_request_total{success=\"true\"}") == 2);
    assert_true(number_of(&b, "metrics_server_kubelet_request_total{success=\"false\"}") == 1);
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_count{node=\"a\"}") == 2);
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_sum{node=\"a\"}") == 0.037);
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_bucket{node=\"a\",le=\"0.01\"}") == 1);
    assert_true(number_of(&b, "metrics_server_kubelet_last_request_time_seconds{node=\"b\"}") == 1700000000);
    own_metrics_node_gone(b.own, STR("b"));
    own_metrics_node_gone(b.own, STR("never there"));
    assert_true(number_of(&b, "metrics_server_kubelet_last_request_time_seconds{node=\"b\"}") == -1);
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_count{node=\"b\"}") == -1);
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_count{node=\"a\"}") == 2);
    scrape(&b, "b", true, 1); /* back, and counted afresh */
    assert_true(number_of(&b, "metrics_server_kubelet_request_duration_seconds_count{node=\"b\"}") == 1);
    own_metrics_scraped(NULL, STR("a"), true, 1, 1);
    own_metrics_node_gone(NULL, STR("a"));
    assert_null(own_metrics_freshness(NULL));
    bench_free(&b);
}

static void test_ticks(void **state)
{
    struct bench b = bench_of(15 * NS_PER_S);
    const char *count = "metrics_server_manager_tick_duration_seconds_count";
    const char *sum = "metrics_server_manager_tick_duration_seconds_sum";

    (void)state;
    assert_true(number_of(&b, count) == 0);
    scrape(&b, "a", true, 1000); /* the first one is a tick */
    assert_true(number_of(&b, count) == 1);
    assert_true(number_of(&b, sum) == 1);
    scrape(&b, "b", true, 500);
    scrape(&b, "a", true, 250);
    assert_true(number_of(&b, count) == 1);
    test_now_ns += 15 * NS_PER_S;
    scrape(&b, "a", true, 125); /* ends the second, belongs to the third */
    assert_true(number_of(&b, count) == 2);
    assert_true(number_of(&b, sum) == 1.5);
    test_now_ns += 46 * NS_PER_S; /* nothing for three ticks */
    assert_true(number_of(&b, count) == 5);
    assert_true(number_of(&b, sum) == 1.625);
    assert_true(number_of(&b, "metrics_server_manager_tick_duration_seconds_bucket{le=\"0.005\"}") == 2);
    bench_free(&b);
}

static const struct {
    int64_t resolution_ms;
    const char *bounds;
} buckets[] = {
    {60000, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 35 60 90 120 +Inf "},
    {15000, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 12.5 15 22.5 30 +Inf "},
    {10000, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf "},
    {7500, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 7.5 10 +Inf "},
    {5000, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf "},
    {9996, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf "},
    {1000, "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf "},
};

static void test_buckets(void **state)
{
    static const char name[] = "\nmetrics_server_manager_tick_duration_seconds_bucket{le=\"";

    (void)state;
    for (size_t i = 0; i < COUNT(buckets); i++) {
        struct bench b = bench_of(buckets[i].resolution_ms * NS_PER_MS);
        auto_buf struct buf text = {0}, bounds = {0};
        metrics_print(b.registry, &text);
        for (const char *at = buf_cstr(&text); (at = strstr(at, name)) != NULL;) {
            at += strlen(name);
            buf_printf(&bounds, "%.*s ", (int)strcspn(at, "\""), at);
        }
        assert_string_equal(buf_cstr(&bounds), buckets[i].bounds);
        bench_free(&b);
    }
}

static void test_rest(void **state)
{
    struct bench b = bench_of(15 * NS_PER_S);

    (void)state;
    metric_observe(own_metrics_freshness(b.own), 1.2);
    assert_true(number_of(&b, "metrics_server_api_metric_freshness_seconds_bucket{le=\"1.364\"}") == 1);
    assert_true(number_of(&b, "metrics_server_api_metric_freshness_seconds_bucket{le=\"1\"}") == 0);
    assert_true(number_of(&b, "metrics_server_api_metric_freshness_seconds_bucket{le=\"364.31163045936864\"}") == 1);
    assert_true(number_of(&b, "metrics_server_storage_points{type=\"node\"}") == 0);
    assert_true(number_of(&b, "metrics_server_storage_points{type=\"container\"}") == 0);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrapes),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
