#include "scrape/summary.h"

#include "base/alloc.h"
#include "base/file.h"
#include "batch_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    SENT_NS = 777,
};

static struct batch *decode(struct str body, size_t step, struct roster *previous, struct error *err)
{
    struct batch_builder builder;
    struct batch *batch = NULL;
    bool is_good = true;

    batch_builder_init(&builder, previous);
    struct summary *d = summary_new(&builder, SENT_NS);
    for (; is_good && body.len > 0; body = str_skip(body, step))
        is_good = summary_feed(d, str_head(body, step), err);
    is_good = is_good && summary_finish(d, err);
    summary_free(d);
    if (is_good)
        batch = batch_builder_finish(&builder);
    batch_builder_free(&builder);
    return batch;
}

#define T "\"time\":\"1970-01-01T00:00:05Z\""
#define FIGURES "\"cpu\":{" T ",\"usageCoreNanoSeconds\":2},\"memory\":{" T ",\"workingSetBytes\":3}"

static const struct {
    const char *name;
    const char *body;
    const char *expected;
} cases[] = {
    {"empty object", "{}", "node -\n"},
    {"node", "{\"node\":{" FIGURES "}}", "node 5000000000 0 2 3\n"},
    {"node without times", "{\"node\":{\"cpu\":{\"usageCoreNanoSeconds\":2},\"memory\":{\"workingSetBytes\":3}}}",
     "node 777 0 2 3\n"},
    {"node without memory", "{\"node\":{\"cpu\":{" T ",\"usageCoreNanoSeconds\":2}}}", "node -\n"},
    {"nulls", "{\"node\":{\"cpu\":null,\"memory\":{\"workingSetBytes\":null}},\"pods\":null}", "node -\n"},
    {"figures as strings",
     "{\"node\":{\"cpu\":{" T ",\"usageCoreNanoSeconds\":\"2\"},\"memory\":{" T ",\"workingSetBytes\":3}}}",
     "node -\n"},
    {"large and negative figures",
     "{\"node\":{\"cpu\":{" T
     ",\"usageCoreNanoSeconds\":18446744073709551615},\"memory\":{\"workingSetBytes\":1.5e3}}}",
     "node 5000000000 0 18446744073709551615 1500\n"},
    {"negative", "{\"node\":{\"cpu\":{" T ",\"usageCoreNanoSeconds\":-2},\"memory\":{" T ",\"workingSetBytes\":3}}}",
     "node -\n"},
    {"pod",
     "{\"pods\":[{\"podRef\":{\"name\":\"p\",\"namespace\":\"n\"},\"containers\":[{\"name\":\"c\","
     "\"startTime\":\"1970-01-01T00:00:04Z\"," FIGURES "}]}]}",
     "node -\nn/p/c 5000000000 4000000000 2 3\n"},
    {"pod in another order",
     "{\"pods\":[{\"containers\":[{" FIGURES ",\"name\":\"c\"},{\"name\":\"d\"," FIGURES "}],"
     "\"podRef\":{\"namespace\":\"n\",\"name\":\"p\"}}]}",
     "node -\nn/p/c 5000000000 0 2 3\nn/p/d 5000000000 0 2 3\n"},
    {"part of a pod",
     "{\"pods\":[{\"podRef\":{\"name\":\"p\",\"namespace\":\"n\"},\"containers\":[{\"name\":\"c\"," FIGURES
     "},{\"name\":\"d\"}]}]}",
     "node -\nn/p/c -\nn/p/d -\n"},
    {"nameless",
     "{\"pods\":[{\"podRef\":{\"name\":\"p\"},\"containers\":[{\"name\":\"c\"," FIGURES "}]},"
     "{\"containers\":[{\"name\":\"c\"," FIGURES "}]}]}",
     "node -\n"},
    {"the same names elsewhere",
     "{\"cpu\":{\"usageCoreNanoSeconds\":9},\"node\":{" FIGURES ",\"x\":{\"cpu\":{\"usageCoreNanoSeconds\":9}},"
     "\"systemContainers\":[{\"name\":\"k\",\"cpu\":{\"usageCoreNanoSeconds\":9}}]}}",
     "node 5000000000 0 2 3\n"},
    {"no object", "[]", "the document is no object"},
    {"a page", "<html>", "byte 0: expected a value"},
    {"cut", "{\"node\":{", "byte 9: the document ends early"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str body = str_of(cases[i].body);
        for (size_t step = 1; step <= body.len; step += 1 + step / 4) {
            auto_buf struct buf text = {0};
            auto_error struct error err = {0};
            struct batch *batch = decode(body, step, NULL, &err);
            if (batch != NULL)
                batch_text(&text, batch);
            else
                buf_add_cstr(&text, error_text(&err));
            batch_free(batch);
            if (strcmp(buf_cstr(&text), cases[i].expected) != 0)
                fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, buf_cstr(&text), cases[i].expected);
        }
    }
}

/* The real kubelet's two documents, with and without what we don't use, say the same. */
static void test_real_kubelet(void **state)
{
    static const struct {
        const char *file;
        const char *text;
    } files[] = {
        {"stats-summary-1.json", "node 1795445861000000000 0 1231622058013 2444644352\n"
                                 "default/two/burn 1795445866000000000 1795445776000000000 44887117462 274432\n"
                                 "default/two/idle 1795445866000000000 1795445776000000000 54201650 266240\n"},
        {"stats-summary-cpu-memory-1.json",
         "node 1795445861000000000 0 1231622058013 2444644352\n"
         "default/two/burn 1795445866000000000 1795445776000000000 44993424916 274432\n"
         "default/two/idle 1795445866000000000 1795445776000000000 54201650 266240\n"},
    };
    struct batch *previous = NULL;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        auto_buf struct buf path = {0}, body = {0}, text = {0};
        auto_error struct error err = {0};
        buf_printf(&path, "%s/kubelet-1.20/%s", FIXTURES, files[i].file);
        assert_true(file_read(buf_cstr(&path), 1 << 20, &body, &err));
        struct batch *batch = decode(buf_str(&body), 100, previous != NULL ? previous->roster : NULL, &err);
        assert_non_null(batch);
        batch_text(&text, batch);
        assert_string_equal(buf_cstr(&text), files[i].text);
        if (previous != NULL)
            assert_ptr_equal(batch->roster, previous->roster);
        batch_free(previous);
        previous = batch;
    }
    batch_free(previous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_real_kubelet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
