#include "node/container_processes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine_tree.h"

/*
 * 10 -> 11 -> 12 is a tree; 13, adopted by init, is in the cgroup c with 11; 14 is in a cgroup beneath it; 15 is a
 * zombie in it; 16 has nothing to do with it. Pids are no order of age.
 */
static int setup(void **state)
{
    struct machine_tree *m = mem_zalloc(sizeof(*m));

    machine_tree_open(m);
    machine_tree_process(m, 1, 0, 'S', 1);
    machine_tree_process(m, 10, 1, 'S', 500);
    machine_tree_process(m, 11, 10, 'R', 600);
    machine_tree_process(m, 12, 11, 'S', 700);
    machine_tree_process(m, 13, 1, 'S', 400);
    machine_tree_process(m, 14, 1, 'S', 800);
    machine_tree_process(m, 15, 1, 'Z', 100);
    machine_tree_process(m, 16, 1, 'S', 50);
    machine_tree_file(m, "cg/c/cgroup.procs", "11\n13\n15\n0\n99\n");
    machine_tree_file(m, "cg/c/sub/cgroup.procs", "14\n");
    machine_tree_file(m, "cg/d/cgroup.procs", "");
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    machine_tree_close(*state);
    free(*state);
    return 0;
}

static void test_members(void **state)
{
    static const struct {
        const char *name;
        int64_t main_pid;
        const char *folder; /* NULL: no cgroup of its own */
        const char *pids;
    } cases[] = {
        {"a tree", 10, NULL, "10 11 12"},
        {"a cgroup: the oldest first", 0, "cg/c", "13 11 14"},
        {"both: the main process first, each once", 11, "cg/c", "11 12 13 14"},
        {"both: an older process doesn't come before the main one", 12, "cg/c", "12 11 13 14"},
        {"an empty cgroup", 0, "cg/d", ""},
        {"a cgroup that is gone", 0, "cg/gone", ""},
        {"a process that is gone", 98, NULL, ""},
        {"a main process that has ended", 15, NULL, ""},
        {"neither", 0, NULL, ""},
    };
    struct machine_tree *m = *state;
    struct proc_table table;

    assert_true(proc_table_read(m->root, &table, NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf dir = {0}, said = {0};
        struct cgroup own = {0};
        struct pid_list pids;
        if (cases[i].folder != NULL) {
            buf_printf(&dir, "%s/%s", m->root, cases[i].folder);
            *(i % 2 == 0 ? &own.cpu_dir : &own.memory_dir) = (char *)buf_cstr(&dir); /* either tree will do */
        }
        container_processes(&table, cases[i].main_pid, &own, &pids);
        for (size_t j = 0; j < pids.count; j++)
            buf_printf(&said, "%s%lld", j > 0 ? " " : "", (long long)pids.pids[j]);
        if (!str_eq_cstr(buf_str(&said), cases[i].pids))
            fail_msg("%s: %s instead of %s", cases[i].name, buf_cstr(&said), cases[i].pids);
        pid_list_free(&pids);
    }
    proc_table_free(&table);
}

static void test_lists_together(void **state)
{
    int64_t some[] = {4, 5};
    struct pid_list all = {0}, from = {.pids = some, .count = 2};

    (void)state;
    pid_list_add(&all, &from);
    pid_list_add(&all, &(struct pid_list){0});
    from.count = 1;
    pid_list_add(&all, &from);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.pids[1], 5);
    assert_int_equal(all.pids[2], 4);
    pid_list_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_members, setup, teardown),
        cmocka_unit_test(test_lists_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
