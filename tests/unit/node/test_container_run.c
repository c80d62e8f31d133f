#include "node/container_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_restarts(void **state)
{
    struct container_run r = {0};

    (void)state;
    assert_false(container_run_ended(&r, 5));
    assert_int_equal(r.phase, RUN_WAITING);
    assert_true(container_run_started(&r, "a", 10, 11));
    assert_false(container_run_started(&r, "a", 10, 12));
    assert_int_equal(r.restart_count, 0);
    assert_false(r.has_last);
    assert_true(container_run_ended(&r, 20));
    assert_false(container_run_ended(&r, 21));
    assert_int_equal(r.phase, RUN_ENDED);
    assert_int_equal(r.now.ended_unix_ns, 20);
    assert_true(container_run_started(&r, "b", 30, 31));
    assert_int_equal(r.restart_count, 1);
    assert_string_equal(r.last.id, "a");
    assert_int_equal(r.last.ended_unix_ns, 20);
    assert_int_equal(r.now.ended_unix_ns, 0);
    assert_true(container_run_started(&r, "c", 40, 41)); /* b's end was missed */
    assert_int_equal(r.restart_count, 2);
    assert_string_equal(r.last.id, "b");
    assert_int_equal(r.last.ended_unix_ns, 41);
}

/* What was reported before, what is seen now, and what follows. */
static void test_resume(void **state)
{
    static const struct {
        const char *name, *now_id, *before_id, *last_id;
        int64_t before_ended, restarts;
        enum run_phase phase;
        int64_t expected_restarts;
        const char *expected_last;
        int64_t expected_last_ended;
    } cases[] = {
        {"still the same", "a", "a", "z", 0, 3, RUN_RUNNING, 3, "z", 7},
        {"the same, first run", "a", "a", NULL, 0, 0, RUN_RUNNING, 0, NULL, 0},
        {"started again meanwhile", "b", "a", "z", 0, 3, RUN_RUNNING, 4, "a", 50},
        {"had ended, started again", "b", "a", NULL, 20, 0, RUN_RUNNING, 1, "a", 20},
        {"not running now", NULL, "a", "z", 0, 3, RUN_ENDED, 3, "z", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct container_run r = {0};
        struct container_incarnation before = {.started_unix_ns = 10, .ended_unix_ns = cases[i].before_ended};
        struct container_incarnation last = {.started_unix_ns = 5, .ended_unix_ns = 7};
        print_message("%s\n", cases[i].name);
        strcpy(before.id, cases[i].before_id);
        if (cases[i].last_id != NULL)
            strcpy(last.id, cases[i].last_id);
        if (cases[i].now_id != NULL)
            container_run_started(&r, cases[i].now_id, 50, 60);
        container_run_resume(&r, &before, cases[i].last_id != NULL ? &last : NULL, cases[i].restarts, 60);
        assert_int_equal(r.phase, cases[i].phase);
        assert_int_equal(r.restart_count, cases[i].expected_restarts);
        assert_int_equal(r.has_last, cases[i].expected_last != NULL);
        if (r.has_last) {
            assert_string_equal(r.last.id, cases[i].expected_last);
            assert_int_equal(r.last.ended_unix_ns, cases[i].expected_last_ended);
        }
        if (cases[i].now_id == NULL) {
            assert_string_equal(r.now.id, "a");
            assert_int_equal(r.now.ended_unix_ns, 60);
        }
    }
}

static void test_ids(void **state)
{
    char a[RUN_ID_SIZE], b[RUN_ID_SIZE];

    (void)state;
    run_id_of_process(a, STR("boot"), 10, 20);
    assert_int_equal(strlen(a), 64);
    run_id_of_process(b, STR("boot"), 10, 20);
    assert_string_equal(a, b);
    run_id_of_process(b, STR("boot"), 10, 21);
    assert_string_not_equal(a, b);
    run_id_of_process(b, STR("other"), 10, 20);
    assert_string_not_equal(a, b);
    run_id_of_cgroup(a, STR("boot"), STR("/x"), 1);
    run_id_of_cgroup(b, STR("boot"), STR("/x"), 2);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
