#include "node/proc.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

#define ROOT(layout) FIXTURES "/cgroup/" layout
#define TICK INT64_C(10000000)
#define KIB(n) ((int64_t)(n)*1024)

static void test_machine(void **state)
{
    static const struct {
        const char *root;
        int64_t ticks, cpus, boot_s;
    } cases[] = {
        {ROOT("v1"), 1050330 + 2120 + 309415 + 11120, 4, 1795400000},
        {ROOT("v2"), 402117 + 1033 + 121909 + 4021, 2, 1795410000},
        {ROOT("hybrid"), 10294 + 42671 + 15518 + 168, 2, 1795466012},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct proc_machine m;
        print_message("%s\n", cases[i].root);
        assert_true(proc_read_machine(cases[i].root, &m, NULL));
        assert_int_equal(m.cpu_ns, cases[i].ticks * TICK);
        assert_int_equal(m.cpus, cases[i].cpus);
        assert_int_equal(m.boot_unix_ns, cases[i].boot_s * NS_PER_S);
    }
}

static void test_memory(void **state)
{
    auto_error struct error err = {0};
    struct proc_memory m;
    struct usage u;

    (void)state;
    assert_true(proc_read_memory(ROOT("v2"), &m, NULL));
    assert_int_equal(m.total_bytes, INT64_C(8129188) * 1024);
    assert_int_equal(m.available_bytes, INT64_C(7010224) * 1024);
    proc_machine_usage(ROOT("v2"), &u);
    assert_int_equal(u.memory_bytes, KIB(8129188 - 4211308));
    assert_int_equal(u.working_set_bytes, KIB(8129188 - 4211308 - 1681752));
    assert_int_equal(u.rss_bytes, INT64_C(430880) * 1024);
    assert_false(proc_read_memory(FIXTURES "/nowhere", &m, &err));
    assert_true(error_is_set(&err));
}

static void test_limits(void **state)
{
    struct proc_limits l;

    (void)state;
    proc_read_limits(ROOT("hybrid"), &l);
    assert_int_equal(l.max_tasks, 32768);
    assert_int_equal(l.tasks, 188);
    proc_read_limits(ROOT("v1"), &l);
    assert_int_equal(l.max_tasks, NOT_MEASURED);
    assert_int_equal(l.tasks, NOT_MEASURED);
}

static void test_process(void **state)
{
    struct proc_process p;

    (void)state;
    assert_true(proc_read_process(ROOT("hybrid"), 900, &p)); /* its command is "web) (server" */
    assert_int_equal(p.parent, 1);
    assert_int_equal(p.state, 'S');
    assert_int_equal(p.cpu_ns, (1200 + 300 + 40 + 10) * TICK);
    assert_int_equal(p.start_ticks, 150000);
    assert_int_equal(p.rss_bytes, 5000 * sysconf(_SC_PAGESIZE));
    assert_int_equal(proc_start_unix_ns(&p, 1000 * NS_PER_S), 2500 * NS_PER_S);
    assert_false(proc_read_process(ROOT("hybrid"), 4711, &p));
}

static void test_tree(void **state)
{
    struct proc_table t;
    struct usage u;
    bool members[16];

    (void)state;
    assert_true(proc_table_read(ROOT("hybrid"), &t, NULL));
    assert_int_equal(t.count, 6);
    assert_int_equal(proc_table_tree(&t, 900, members), 4);
    assert_false(members[0]); /* 1 */
    assert_true(members[1]);  /* 880, whose parent 905 comes later in the table */
    assert_false(members[5]); /* 950 */

    assert_true(proc_tree_usage(ROOT("hybrid"), &t, 900, &u));
    assert_int_equal(u.cpu_ns, (1550 + 720 + 10 + 30) * TICK);
    assert_int_equal(u.process_count, 4);
    /* proportional where the kernel tells, resident where it doesn't, nothing of the zombie */
    assert_int_equal(u.working_set_bytes, KIB(12000 + 9000) + 600 * sysconf(_SC_PAGESIZE));
    assert_int_equal(u.rss_bytes, KIB(8000 + 6000 + 1000));
    assert_int_equal(u.page_faults, 3 * 15 + 5);

    assert_true(proc_tree_usage(ROOT("hybrid"), &t, 950, &u)); /* alone: plainly its resident set */
    assert_int_equal(u.working_set_bytes, 9000 * sysconf(_SC_PAGESIZE));
    assert_int_equal(u.process_count, 1);

    assert_false(proc_tree_usage(ROOT("hybrid"), &t, 4711, &u));
    assert_int_equal(u.cpu_ns, NOT_MEASURED);
    assert_int_equal(u.working_set_bytes, NOT_MEASURED);
    proc_table_free(&t);
}

/* This very machine: what can be said of it anywhere. */
static void test_live(void **state)
{
    struct proc_process p;
    struct proc_table t;
    struct usage u;
    int64_t start;

    (void)state;
    assert_true(proc_read_process("", getpid(), &p));
    assert_int_equal(p.parent, getppid());
    start = proc_start_unix_ns(&p, proc_boot_unix_ns());
    assert_true(start <= clock_unix_ns() + NS_PER_S && start > clock_unix_ns() - 600 * NS_PER_S);
    assert_true(proc_table_read("", &t, NULL));
    assert_non_null(proc_table_find(&t, getpid()));
    assert_true(proc_tree_usage("", &t, getpid(), &u));
    assert_true(u.working_set_bytes > 0 && u.rss_bytes > 0);
    proc_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine), cmocka_unit_test(test_memory), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_process), cmocka_unit_test(test_tree),   cmocka_unit_test(test_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
