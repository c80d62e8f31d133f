#include "scrape/rates.h"

#include "base/alloc.h"
#include "base/file.h"
#include "batch_text.h"
#include "scrape/prometheus_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* 1970-01-01T00:01:00.5Z, and what started and used how much by then. */
#define BODY                                                                                  \
    "node_cpu_usage_seconds_total 30 60500\n"                                                 \
    "node_memory_working_set_bytes 5 60500\n"                                                 \
    "container_start_time_seconds{container=\"c\",namespace=\"n\",pod=\"p\"} 7\n"             \
    "container_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"p\"} 20 60500\n" \
    "container_memory_working_set_bytes{container=\"c\",namespace=\"n\",pod=\"p\"} 6 60500\n" \
    "container_cpu_usage_seconds_total{container=\"d\",namespace=\"n\",pod=\"p\"} 2 60500\n"  \
    "container_memory_working_set_bytes{container=\"d\",namespace=\"n\",pod=\"p\"} 7 60500\n"

#define CPU(time, rate) "\"cpu\":{\"time\":\"1970-01-01T00:" time "Z\",\"usageNanoCores\":" rate "}"
#define NODE(time, rate) "{\"node\":{" CPU(time, rate) "}}"
#define CONTAINER(name, time, rate) "{\"name\":\"" name "\"," CPU(time, rate) "}"
#define PODS(containers) \
    "{\"pods\":[{\"podRef\":{\"name\":\"p\",\"namespace\":\"n\"},\"containers\":[" containers "]}]}"
#define NO_NODE "node -\n"
#define NO_C "n/p/c -\n"
#define NO_D "n/p/d -\n"

static const struct {
    const char *name;
    const char *summary;
    const char *expected; /* the batch before, or the error */
} cases[] = {
    {"node", NODE("01:00", "1000000000"), "node 50500000000 0 20000000000 5\n" NO_C NO_D},
    {"container", PODS(CONTAINER("c", "01:00", "250000000")),
     NO_NODE "n/p/c 50500000000 7000000000 17500000000 6\n" NO_D},
    {"idle", PODS(CONTAINER("d", "01:00", "0")), NO_NODE NO_C "n/p/d 50500000000 0 2000000000 7\n"},
    {"two, in another order", PODS(CONTAINER("d", "01:00", "1") "," CONTAINER("c", "01:00", "2")),
     NO_NODE "n/p/c 50500000000 7000000000 19999999980 6\nn/p/d 50500000000 0 1999999990 7\n"},
    {"others",
     "{\"pods\":[{\"podRef\":{\"name\":\"q\",\"namespace\":\"n\"},\"containers\":[" CONTAINER("c", "01:00", "1") "]}]}",
     "the summary holds no rates"},
    {"no such container", PODS(CONTAINER("e", "01:00", "1")), "the summary holds no rates"},
    {"no rate", "{\"node\":{\"cpu\":{\"time\":\"1970-01-01T00:01:00Z\",\"usageCoreNanoSeconds\":5}}}",
     "the summary holds no rates"},
    {"more than was used in all", NODE("01:00", "3000000000"), "the summary holds no rates"},
    {"far too much", NODE("01:00", "18446744073709551615"), "the summary holds no rates"},
    {"29 s apart", NODE("00:32", "1"), "node 50500000000 0 29999999990 5\n" NO_C NO_D},
    {"30 s apart", NODE("00:30", "1"), "the summary holds no rates"},
    {"apart the other way", NODE("01:31", "1"), "the summary holds no rates"},
    {"another millennium", "{\"node\":{\"cpu\":{\"time\":\"0001-01-01T00:00:00Z\",\"usageNanoCores\":1}}}",
     "the summary holds no rates"},
    {"no time", "{\"node\":{\"cpu\":{\"usageNanoCores\":1}}}", "the summary holds no rates"},
    {"empty", "{}", "the summary holds no rates"},
    {"cut", "{\"node\":{", "byte 9: the document ends early"},
    {"a page", "<html>", "byte 0: expected a value"},
};

static struct batch *decode(struct str body)
{
    struct batch_builder builder;
    auto_error struct error err = {0};

    batch_builder_init(&builder, NULL);
    struct prometheus_text *d = prometheus_text_new(&builder, 0);
    assert_true(prometheus_text_feed(d, body, &err) && prometheus_text_finish(d, &err));
    prometheus_text_free(d);
    struct batch *batch = batch_builder_finish(&builder);
    batch_builder_free(&builder);
    return batch;
}

static struct batch *batch_before(const struct batch *batch, struct str summary, size_t step, struct error *err)
{
    struct rates *r = rates_new(batch);
    struct batch *before = NULL;
    bool is_good = true;

    for (; is_good && summary.len > 0; summary = str_skip(summary, step))
        is_good = rates_feed(r, str_head(summary, step), err);
    if (is_good)
        before = rates_finish(r, err);
    rates_free(r);
    return before;
}

static void test_cases(void **state)
{
    struct batch *batch = decode(STR(BODY));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str summary = str_of(cases[i].summary);
        for (size_t step = 1; step <= summary.len; step += 1 + step / 2) {
            auto_buf struct buf text = {0};
            auto_error struct error err = {0};
            struct batch *before = batch_before(batch, summary, step, &err);
            if (before != NULL)
                batch_text(&text, before);
            else
                buf_add_cstr(&text, error_text(&err));
            if (before != NULL)
                assert_ptr_equal(before->roster, batch->roster);
            batch_free(before);
            if (strcmp(buf_cstr(&text), cases[i].expected) != 0)
                fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, buf_cstr(&text), cases[i].expected);
        }
    }
    batch_free(batch);
}

/* A real kubelet's two answers of one moment: its own rates, at the first answer's times. */
static void test_real_kubelet(void **state)
{
    auto_buf struct buf resource = {0}, summary = {0}, text = {0};
    auto_error struct error err = {0};

    (void)state;
    assert_true(file_read(FIXTURES "/kubelet-1.20/metrics-resource-1.txt", 1 << 20, &resource, &err));
    assert_true(file_read(FIXTURES "/kubelet-1.20/stats-summary-cpu-memory-1.json", 1 << 20, &summary, &err));
    struct batch *batch = decode(buf_str(&resource));
    struct batch *before = batch_before(batch, buf_str(&summary), 100, &err);
    assert_non_null(before);
    /* 1231.622058013 - 9.20599791; 0.05420165 - 0 */
    assert_int_equal(batch->node.cpu_ns - before->node.cpu_ns, 9205997910);
    assert_int_equal(batch->node.time_ns - before->node.time_ns, RATES_WINDOW_NS);
    batch_text(&text, before);
    assert_non_null(strstr(buf_cstr(&text), "default/two/idle 1795445855932000000 0 54201650 266240\n"));
    batch_free(before);
    batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_real_kubelet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
