#include "serve/readiness.h"

#include "base/alloc.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
