#include "node/cgroup.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/alloc.h"

#define ROOT(layout) FIXTURES "/cgroup/" layout

static void test_layouts(void **state)
{
    static const struct {
        const char *root;
        enum cgroup_layout layout;
        const char *cpu_dir, *memory_dir;
        bool is_cpu_v2, is_memory_v2;
    } cases[] = {
        {ROOT("v1"), CGROUP_LAYOUT_V1, ROOT("v1") "/sys/fs/cgroup/cpu,cpuacct", ROOT("v1") "/sys/fs/cgroup/memory",
         false, false},
        {ROOT("v2"), CGROUP_LAYOUT_V2, ROOT("v2") "/sys/fs/cgroup", ROOT("v2") "/sys/fs/cgroup", true, true},
        {ROOT("hybrid"), CGROUP_LAYOUT_HYBRID, ROOT("hybrid") "/sys/fs/cgroup/cpuacct",
         ROOT("hybrid") "/sys/fs/cgroup/memory", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cgroups c;
        print_message("%s\n", cases[i].root);
        assert_true(cgroups_detect(cases[i].root, &c, NULL));
        assert_int_equal(c.layout, cases[i].layout);
        assert_string_equal(c.cpu.dir, cases[i].cpu_dir);
        assert_string_equal(c.memory.dir, cases[i].memory_dir);
        assert_int_equal(c.cpu.is_v2, cases[i].is_cpu_v2);
        assert_int_equal(c.memory.is_v2, cases[i].is_memory_v2);
        cgroups_free(&c);
    }
}

static void test_no_machine(void **state)
{
    auto_error struct error err = {0};
    struct cgroups c;

    (void)state;
    assert_false(cgroups_detect(FIXTURES "/nowhere", &c, &err));
    assert_non_null(strstr(error_text(&err), "find the cgroups: "));
    assert_null(c.cpu.dir);
}

/* One row: a cgroup of a fixture and each of its figures, -1 for what must not be measured. */
static void test_figures(void **state)
{
    static const struct {
        const char *name, *root, *path;
        int64_t cpu_ns, memory, working_set, rss, faults, major;
    } cases[] = {
        {"v1 root", ROOT("v1"), "/", 13729851734412, 3718885376, 3718885376 - 1556668416, 640221184, 91212001, 5120},
        {"v1 service", ROOT("v1"), "/system.slice/tacho.service", 61102334871, 98304000, 98304000 - 31457280, 50331648,
         512000, 12},
        {"v1 less used than inactive", ROOT("v1"), "/tacho/podaa/drained", 4000000, 8192, 0, 0, 11, 0},
        {"v1 without the memory controller", ROOT("v1"), "/tacho/podaa/nomem", 77000000, -1, -1, -1, -1, -1},
        {"v1 gone", ROOT("v1"), "/tacho/podaa/gone", -1, -1, -1, -1, -1, -1},
        {"v2 root has no memory.current", ROOT("v2"), "/", 5291331442000, -1, -1, 432013312, 90210331, 8112},
        {"v2 service", ROOT("v2"), "/system.slice/tacho.service", 18221090000, 73400320, 73400320 - 20971520, 41943040,
         120331, 33},
        {"v2 without delegated controllers", ROOT("v2"), "/user.slice/session-1.scope", 3120000000, -1, -1, -1, -1, -1},
        {"v2 gone", ROOT("v2"), "/tacho/podbb/gone", -1, -1, -1, -1, -1, -1},
        {"hybrid root", ROOT("hybrid"), "/", 695214665326, 333008896, 333008896 - 93626368, 35844096, 29542754, 5875},
        {"hybrid, memory only", ROOT("hybrid"), "/session/8d2f", -1, 14983168, 14983168 - 704512, 10293248, 23, -2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cgroups c;
        struct cgroup g;
        struct usage u;
        print_message("%s\n", cases[i].name);
        assert_true(cgroups_detect(cases[i].root, &c, NULL));
        cgroup_at(&c, str_of(cases[i].path), &g);
        cgroup_read(&g, &u);
        assert_int_equal(u.cpu_ns, cases[i].cpu_ns);
        assert_int_equal(u.memory_bytes, cases[i].memory);
        assert_int_equal(u.working_set_bytes, cases[i].working_set);
        assert_int_equal(u.rss_bytes, cases[i].rss);
        if (cases[i].major != -2) {
            assert_int_equal(u.page_faults, cases[i].faults);
            assert_int_equal(u.major_page_faults, cases[i].major);
        }
        assert_true(u.time_unix_ns > 0);
        assert_int_equal(u.process_count, NOT_MEASURED);
        cgroup_free(&g);
        cgroups_free(&c);
    }
}

static void test_of_process(void **state)
{
    struct cgroups c;
    struct cgroup g;

    (void)state;
    assert_true(cgroups_detect(ROOT("hybrid"), &c, NULL));
    assert_true(cgroup_of_process(ROOT("hybrid"), &c, 900, &g));
    assert_string_equal(g.cpu_dir, ROOT("hybrid") "/sys/fs/cgroup/cpuacct/tacho/podcc/web");
    assert_string_equal(g.memory_dir, ROOT("hybrid") "/sys/fs/cgroup/memory/tacho/podcc/web");
    assert_false(cgroup_exists(&g));
    cgroup_free(&g);
    assert_true(cgroup_of_process(ROOT("hybrid"), &c, 1, &g)); /* in different cgroups per tree */
    assert_string_equal(g.cpu_dir, ROOT("hybrid") "/sys/fs/cgroup/cpuacct");
    assert_string_equal(g.memory_dir, ROOT("hybrid") "/sys/fs/cgroup/memory/session/8d2f");
    assert_true(cgroup_exists(&g));
    assert_true(is_measured(cgroup_created_unix_ns(&g)));
    cgroup_free(&g);
    assert_false(cgroup_of_process(ROOT("hybrid"), &c, 4711, &g));
    cgroups_free(&c);
}

/* In a container without a cgroup namespace the mounts show the container's cgroup, but /proc names it from the top. */
static void test_inside_container(void **state)
{
    char dir[] = "/m", top[] = "/docker/abc";
    struct cgroups c = {.layout = CGROUP_LAYOUT_V2, .cpu = {dir, top, true}, .memory = {dir, top, true}};
    static const struct {
        const char *text, *dir;
    } cases[] = {
        {"0::/docker/abc\n", "/m"},
        {"0::/docker/abc/tacho/x\n", "/m/tacho/x"},
        {"0::/docker/abcd\n", NULL},
        {"0::/docker\n", NULL},
        {"0::/../other\n", NULL},
        {"3:memory:/docker/abc\n", NULL},
        {"", NULL},
        {"0::/docker/abc", "/m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cgroup g;
        print_message("%s", cases[i].text);
        cgroup_named_by(&c, str_of(cases[i].text), &g);
        if (cases[i].dir == NULL)
            assert_null(g.memory_dir);
        else
            assert_string_equal(g.memory_dir, cases[i].dir);
        cgroup_free(&g);
    }
    struct cgroup g, child;
    strcpy(top, "/"); /* with a namespace: whoever is outside of it can't be seen */
    cgroup_named_by(&c, STR("0::/../other\n"), &g);
    assert_null(g.cpu_dir);
    cgroup_free(&g);
    cgroup_at(&c, STR("/"), &g);
    assert_string_equal(g.cpu_dir, "/m");
    cgroup_beneath(&g, STR("tacho/y"), &child);
    assert_string_equal(child.cpu_dir, "/m/tacho/y");
    assert_string_equal(child.memory_dir, "/m/tacho/y");
    assert_true(child.is_memory_v2);
    cgroup_free(&child);
    cgroup_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),    cmocka_unit_test(test_no_machine),       cmocka_unit_test(test_figures),
        cmocka_unit_test(test_of_process), cmocka_unit_test(test_inside_container),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
