#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "scrape/prometheus_text.h"
#include "batch_text.h"

enum {
    SENT_NS = 777,
};

/* Decodes BODY cut at FIRST and from there into pieces of STEP bytes (0: whole). NULL and the cause when it is
 * malformed. */
static struct batch *decode_in_pieces(struct str body, size_t first, size_t step, struct roster *previous,
                                      struct error *err)
{
    struct batch_builder builder;
    struct batch *batch = NULL;

    batch_builder_init(&builder, previous);
    struct prometheus_text *d = prometheus_text_new(&builder, SENT_NS);
    bool is_good = first == 0 || prometheus_text_feed(d, str_head(body, first), err);
    body = str_skip(body, first);
    while (is_good && body.len > 0) {
        size_t bytes = step == 0 ? body.len : step;
        is_good = prometheus_text_feed(d, str_head(body, bytes), err);
        body = str_skip(body, bytes);
    }
    is_good = is_good && prometheus_text_finish(d, err);
    prometheus_text_free(d);
    if (is_good)
        batch = batch_builder_finish(&builder);
    batch_builder_free(&builder);
    return batch;
}

/* The batch, or the error, as text. */
static void decode_to_text(struct buf *to, struct str body, size_t first, size_t step, struct roster *previous)
{
    auto_error struct error err = {0};
    struct batch *batch = decode_in_pieces(body, first, step, previous, &err);

    if (batch != NULL)
        batch_text(to, batch);
    else
        buf_add_cstr(to, error_text(&err));
    batch_free(batch);
}

#define CPU "container_cpu_usage_seconds_total"
#define MEMORY "container_memory_working_set_bytes"
#define START "container_start_time_seconds"
#define C1 "{container=\"c1\",namespace=\"n\",pod=\"p\"} "
#define NODE "node_cpu_usage_seconds_total 2 5\nnode_memory_working_set_bytes 3 5\n"
#define NODE_TEXT "node 5000000 0 2000000000 3\n"

static const struct {
    const char *name;
    const char *body;
    const char *expected;
} cases[] = {
    {"empty", "", "node -\n"},
    {"only comments", "# HELP a b\n# TYPE a counter\n#\n# any thing\n\n \t\n#HELP\n# HELPER {\n# TYPE\n", "node -\n"},
    {"node", NODE, NODE_TEXT},
    {"node with labels", "node_cpu_usage_seconds_total{} 2 5\nnode_memory_working_set_bytes{a=\"b\"} 3 6\n",
     "node 6000000 0 2000000000 3\n"},
    {"later line wins", NODE "node_cpu_usage_seconds_total 4 9\n", "node 9000000 0 4000000000 3\n"},
    {"without timestamps", "node_cpu_usage_seconds_total 2\nnode_memory_working_set_bytes 3\n",
     "node 777 0 2000000000 3\n"},
    {"node without memory", "node_cpu_usage_seconds_total 2 5\n", "node -\n"},
    {"container",
     CPU C1 "44.814865914 1795445865927\n" MEMORY C1 "274432 1795445865928\n" START C1 "1.7954457761234567e+09\n",
     "node -\nn/p/c1 1795445865928000000 1795445776123456768 44814865914 274432\n"},
    {"start only", START C1 "5\n", "node -\nn/p/c1 -\n"},
    {"part of a pod is no pod",
     CPU C1 "1 5\n" MEMORY C1 "1 5\n" CPU "{container=\"c2\",namespace=\"n\",pod=\"p\"} 1 5\n" CPU
            "{container=\"c1\",namespace=\"n\",pod=\"q\"} 1 5\n" MEMORY
            "{container=\"c1\",namespace=\"n\",pod=\"q\"} 1 5\n",
     "node -\nn/p/c1 -\nn/p/c2 -\nn/q/c1 5000000 0 1000000000 1\n"},
    {"labels in any order, and others",
     CPU "{pod=\"p\",id=\"/x\",namespace=\"n\",container=\"c1\",} 1 5\n" MEMORY
         "{ namespace = \"n\" , pod=\"p\",container=\"c1\" } 1 5\n",
     "node -\nn/p/c1 5000000 0 1000000000 1\n"},
    {"escapes",
     CPU "{container=\"a\\\\b\\\"\\n\",namespace=\"n\",pod=\"p\"} 1 5\n" MEMORY
         "{container=\"a\\\\b\\\"\\n\",namespace=\"n\",pod=\"p\"} 1 5\n",
     "node -\nn/p/a\\b\"\n 5000000 0 1000000000 1\n"},
    {"not a container",
     CPU "{namespace=\"n\",pod=\"p\"} 1 5\n" CPU "{container=\"\",namespace=\"n\",pod=\"p\"} 1 5\n" CPU " 1\n",
     "node -\n"},
    {"other metrics", "a 1\nb{c=\"d\"} NaN\n_:x{c=\"d\",e=\"\"} +Inf 12\nnode_cpu_usage_seconds_totalx 5\nnode_cpu 7\n",
     "node -\n"},
    {"names that begin like the last one",
     NODE "node_memory_working_set_bytes_max 99 5\nnode_memory_working_set 98 5\n", NODE_TEXT},
    {"blanks", "\t node_cpu_usage_seconds_total \t {} \t 2 \t 5 \t\n  node_memory_working_set_bytes  3  5  \n",
     NODE_TEXT},
    {"not a number", "node_cpu_usage_seconds_total NaN 5\nnode_memory_working_set_bytes 3 5\n", "node -\n"},
    {"negative", "node_cpu_usage_seconds_total -1 5\nnode_memory_working_set_bytes 3 5\n", "node -\n"},
    {"infinite", "node_cpu_usage_seconds_total 3 5\nnode_memory_working_set_bytes +Inf 5\n", "node -\n"},
    {"cut, not rounded", "node_cpu_usage_seconds_total 1.0000000019 5\nnode_memory_working_set_bytes 2.999 5\n",
     "node 5000000 0 1000000001 2\n"},
    {"largest", "node_cpu_usage_seconds_total 18446744073 5\nnode_memory_working_set_bytes 18446744073709549568 5\n",
     "node 5000000 0 18446744072999999488 18446744073709549568\n"},
    {"negative timestamp", "node_cpu_usage_seconds_total 2 -5\nnode_memory_working_set_bytes 3 -5\n",
     "node -5000000 0 2000000000 3\n"},
    {"no UTF-8 needed in comments", "# \xff\xfe\n", "node -\n"},
    {"UTF-8", "a{b=\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\"} 1\n", "node -\n"},

    {"a page", "<html>\n", "line 1: expected a metric name, at \"<html>\""},
    {"garbage", NODE "\x16\x03\x01\n", "line 3: expected a metric name, at \"\\x16\\x03\\x01\""},
    {"starts with a digit", "1a 5\n", "line 1: expected a metric name, at \"1a 5\""},
    {"name and nothing", "a\n", "line 1: the value is missing, at its end"},
    {"labels and nothing", "a{b=\"c\"}\n", "line 1: the value is missing, at its end"},
    {"container and nothing", CPU C1 "\n", "line 1: the value is missing, at its end"},
    {"no value", "a x\n", "line 1: invalid value, at \"x\""},
    {"hexadecimal", "a 0x10\n", "line 1: invalid value, at \"0x10\""},
    {"underscores", "a 1_000\n", "line 1: invalid value, at \"1_000\""},
    {"too large", "a 1e999\n", "line 1: invalid value, at \"1e999\""},
    {"carriage return", "a 1\r\n", "line 1: invalid value, at \"1\\r\""},
    {"carriage return behind the timestamp", "a 1 2\r\n", "line 1: invalid timestamp, at \"2\\r\""},
    {"timestamp with fraction", "a 1 2.5\n", "line 1: invalid timestamp, at \"2.5\""},
    {"timestamp too large", "a 1 9223372036855\n", "line 1: invalid timestamp, at \"9223372036855\""},
    {"behind the timestamp", "a 1 2 3\n", "line 1: unexpected text behind the timestamp, at \"3\""},
    {"exemplar", "a 1 # {b=\"c\"} 2\n", "line 1: exemplars aren't part of this format, at \"# {b=\\\"c\\\"} 2\""},
    {"label without name", "a{=\"c\"} 1\n", "line 1: expected a label name or '}', at \"=\\\"c\\\"} 1\""},
    {"colon in label name", "a{b:c=\"c\"} 1\n", "line 1: expected '=' after the label name, at \":c=\\\"c\\\"} 1\""},
    {"quoted name", "{\"a\",b=\"c\"} 1\n", "line 1: expected a metric name, at \"{\\\"a\\\",b=\\\"c\\\"} 1\""},
    {"label without value", "a{b} 1\n", "line 1: expected '=' after the label name, at \"} 1\""},
    {"label without quote", "a{b=c} 1\n", "line 1: expected '\"' before the label value, at \"c} 1\""},
    {"label without end", "a{b=\"c} 1\n", "line 1: label value without closing quote, at \"c} 1\""},
    {"labels without end", "a{b=\"c\"\n", "line 1: expected ',' or '}' after the label value, at its end"},
    {"no comma", "a{b=\"c\"d=\"e\"} 1\n", "line 1: expected ',' or '}' after the label value, at \"d=\\\"e\\\"} 1\""},
    {"two commas", "a{b=\"c\",,} 1\n", "line 1: expected a label name or '}', at \",} 1\""},
    {"escape", "a{b=\"\\t\"} 1\n", "line 1: invalid escape sequence in a label value, at \"\\\\t\\\"} 1\""},
    {"escape at the end", "a{b=\"long enough\\\n", "line 1: invalid escape sequence in a label value, at \"\\\\\""},
    {"bad UTF-8", "a{b=\"c\xff\"} 1\n", "line 1: label value isn't valid UTF-8, at \"c\\xff\\\"} 1\""},
    {"bad UTF-8 after eight bytes", "a{b=\"12345678\xc3\"} 1\n",
     "line 1: label value isn't valid UTF-8, at \"12345678\\xc3\\\"} 1\""},
    {"bad UTF-8 in front of eight bytes", "a{b=\"1\xc3(4567890\"} 1\n",
     "line 1: label value isn't valid UTF-8, at \"1\\xc3(4567890\\\"} 1\""},
    {"twice", CPU "{pod=\"p\",pod=\"p\"} 1\n", "line 1: label name given twice, at \"pod=\\\"p\\\"} 1\""},
    {"type", "# TYPE a countr\n", "line 1: invalid metric type, at \" countr\""},
    {"type of nothing", "# TYPE a-b counter\n", "line 1: invalid metric name, at \"-b counter\""},
    {"help of nothing", "# HELP \n", "line 1: expected a metric name, at its end"},
    {"good until the end", NODE "a 1", "line 3: the body ends within it"},
    {"bad in the end", NODE "<html>", "line 3: expected a metric name, at \"<html>\""},
    {"long excerpt", "a 1 2 0123456789012345678901234567890123456789012345678901234567890\n",
     "line 1: unexpected text behind the timestamp, at \"012345678901234567890123456789012345678901234567\"..."},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf text = {0};
        decode_to_text(&text, str_of(cases[i].body), 0, 0, NULL);
        if (strcmp(buf_cstr(&text), cases[i].expected) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, buf_cstr(&text), cases[i].expected);
    }
}

/* Wherever a body is cut into pieces, the batch is the same; whether the target is known or not, too. */
static void assert_same_in_pieces(const char *name, struct str body)
{
    auto_buf struct buf whole = {0};
    auto_error struct error err = {0};
    struct batch *previous = decode_in_pieces(body, 0, 0, NULL, &err);
    struct roster *roster = previous != NULL ? previous->roster : NULL;

    decode_to_text(&whole, body, 0, 0, NULL);
    for (size_t cut = 0; cut <= body.len * 2; cut++) {
        auto_buf struct buf text = {0};
        bool is_known = cut > body.len;
        decode_to_text(&text, body, cut - (is_known ? body.len : 0), 0, is_known ? roster : NULL);
        if (strcmp(buf_cstr(&text), buf_cstr(&whole)) != 0)
            fail_msg("%s, cut at %zu:\n%s\ninstead of\n%s", name, cut, buf_cstr(&text), buf_cstr(&whole));
    }
    for (size_t step = 1; step < 20; step++) {
        auto_buf struct buf text = {0};
        decode_to_text(&text, body, 0, step, roster);
        assert_string_equal(buf_cstr(&text), buf_cstr(&whole));
    }
    batch_free(previous);
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_same_in_pieces(cases[i].name, str_of(cases[i].body));
}

static void read_fixture(struct buf *to, const char *name)
{
    auto_buf struct buf path = {0};
    auto_error struct error err = {0};

    buf_printf(&path, "%s/kubelet-1.20/%s", FIXTURES, name);
    if (!file_read(buf_cstr(&path), 1 << 20, to, &err))
        fail_msg("%s", error_text(&err));
}

static void test_real_kubelet(void **state)
{
    auto_buf struct buf first = {0}, second = {0}, text = {0};
    auto_error struct error err = {0};

    (void)state;
    read_fixture(&first, "metrics-resource-1.txt");
    read_fixture(&second, "metrics-resource-2.txt");
    assert_same_in_pieces("metrics-resource-1.txt", buf_str(&first));
    struct batch *one = decode_in_pieces(buf_str(&first), 0, 0, NULL, &err);
    assert_non_null(one);
    batch_text(&text, one);
    assert_string_equal(buf_cstr(&text), "node 1795445861779000000 0 1231622058013 2444644352\n"
                                         "default/two/burn 1795445865927000000 0 44814865914 274432\n"
                                         "default/two/idle 1795445865932000000 0 54201650 266240\n");
    struct batch *two = decode_in_pieces(buf_str(&second), 0, 7, one->roster, &err);
    assert_non_null(two);
    assert_ptr_equal(one->roster, two->roster);
    assert_true(two->points[0].cpu_ns > one->points[0].cpu_ns);
    batch_free(one);
    batch_free(two);
}

static void test_long_lines(void **state)
{
    (void)state;
    for (size_t excess = 0; excess < 3; excess++) {
        auto_buf struct buf body = {0};
        buf_add_cstr(&body, "\na{b=\"");
        while (body.len < 1 + PROMETHEUS_TEXT_MAX_LINE_BYTES + excess - strlen("\"} 1"))
            buf_add_char(&body, 'x');
        buf_add_cstr(&body, "\"} 1\n");
        for (size_t step = 0; step < 3; step++) {
            auto_buf struct buf text = {0};
            decode_to_text(&text, buf_str(&body), 0, step * 1000, NULL);
            assert_string_equal(buf_cstr(&text), excess == 0 ? "node -\n" : "line 2: longer than 65536 bytes");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_real_kubelet),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
