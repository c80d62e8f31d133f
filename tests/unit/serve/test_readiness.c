#include "serve/readiness.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *name;
    struct usage_counts counts;
    struct fleet_status fleet;
    const char *expected; /* NULL: ready */
} cases[] = {
    {"nodes and pods", {1, 1, 1}, {.nodes = 3, .failed = 2, .first_node = "a", .first_cause = "x"}, NULL},
    {"no nodes", {0, 0, 0}, {.nodes = 0}, "no metrics to serve: no nodes are known"},
    {"all fail",
     {0, 0, 0},
     {.nodes = 3,
      .failed = 3,
      .first_node = "a",
      .first_cause = "connection refused (https://10.0.0.7:10250/metrics/resource)"},
     "no metrics to serve: 3 of 3 nodes failed, first: node a: connection refused "
     "(https://10.0.0.7:10250/metrics/resource)"},
    {"some are slow", {0, 0, 0}, {.nodes = 3, .pending = 2}, "no metrics to serve: 2 of 3 nodes have not answered yet"},
    {"one sample", {0, 1, 1}, {.nodes = 3}, "no metrics to serve: waiting for second samples of nodes"},
    {"no pods", {1, 0, 0}, {.nodes = 3}, "no metrics to serve: waiting for second samples of pods"},
};

static void test_explains(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        bool is_ready = readiness_explain(cases[i].counts, &cases[i].fleet, &err);
        if (is_ready != (cases[i].expected == NULL) ||
            strcmp(error_text(&err), cases[i].expected != NULL ? cases[i].expected : "") != 0)
            fail_msg("%s: %s", cases[i].name, error_text(&err));
    }
}

static void test_is_complete(void **state)
{
    enum {
        NOW_S = 1000
    };
    static const struct {
        const char *name;
        struct usage_counts counts;
        size_t nodes, failed;
        int64_t since_s; /* the first scrape's end; -1: none yet */
        const char *expected;
    } complete[] = {
        {"all", {3, 1, 1}, 3, 0, 1, NULL},
        {"all that don't fail", {2, 1, 1}, 3, 1, 1, NULL},
        {"more than there are: one went", {4, 1, 1}, 3, 0, 1, NULL},
        {"one is slow", {2, 1, 1}, 3, 0, 4, "the first metrics of 1 of 3 nodes are still to come"},
        {"one is too slow", {2, 1, 1}, 3, 0, 5, NULL},
        {"none has ended", {0, 0, 0}, 3, 0, -1, "the first metrics of 3 of 3 nodes are still to come"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(complete) / sizeof(complete[0]); i++) {
        auto_error struct error err = {0};
        int64_t since_s = complete[i].since_s;
        const struct fleet_status fleet = {.nodes = complete[i].nodes,
                                           .failed = complete[i].failed,
                                           .first_end_ns = since_s < 0 ? 0 : (NOW_S - since_s) * NS_PER_S};
        bool is_complete = readiness_is_complete(complete[i].counts, &fleet, NOW_S * NS_PER_S, &err);
        if (is_complete != (complete[i].expected == NULL) ||
            strcmp(error_text(&err), complete[i].expected != NULL ? complete[i].expected : "") != 0)
            fail_msg("%s: %s", complete[i].name, error_text(&err));
    }
}

/* The names, in upstream's order, that each endpoint shows. */
static const struct {
    enum health_endpoint endpoint;
    const char *names;
} orders[] = {
    {HEALTH_HEALTHZ, "ping log poststarthook/max-in-flight-filter poststarthook/storage-object-count-tracker-hook "
                     "metadata-informer-sync "},
    {HEALTH_LIVEZ, "ping log poststarthook/max-in-flight-filter poststarthook/storage-object-count-tracker-hook "
                   "metric-collection-timely metadata-informer-sync "},
    {HEALTH_READYZ, "ping log poststarthook/max-in-flight-filter poststarthook/storage-object-count-tracker-hook "
                    "metric-storage-ready metric-informer-sync metadata-informer-sync authentication-lookup shutdown "},
};

static void test_order(void **state)
{
    static const char *const all[] = {"metric-storage-ready", "metric-informer-sync", "metric-collection-timely",
                                      "metadata-informer-sync"};
    struct readiness readiness = {0};
    struct health *h = health_new();
    auto_arena struct arena arena = {0};
    auto_buf struct buf text = {0};

    (void)state;
    readiness_add_checks(&readiness, h);
    /* those that would look at something are left out, and so are named all the same */
    buf_add_cstr(&text, "verbose");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_printf(&text, "&exclude=%s", all[i]);
    struct query query = query_parse(&arena, buf_str(&text));
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        auto_buf struct buf body = {0}, names = {0};
        assert_int_equal(health_print(h, orders[i].endpoint, &query, &body), 200);
        for (const char *at = buf_cstr(&body); (at = strstr(at, "[+]")) != NULL;) {
            at += 3;
            buf_printf(&names, "%.*s ", (int)strcspn(at, " "), at);
        }
        assert_string_equal(buf_cstr(&names), orders[i].names);
    }
    readiness.is_stopping = true;
    auto_buf struct buf body = {0};
    assert_int_equal(health_print(h, HEALTH_READYZ, &query, &body), 500);
    assert_non_null(strstr(buf_cstr(&body), "[-]shutdown failed: reason withheld\nwarn: "));
    health_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explains),
        cmocka_unit_test(test_is_complete),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
