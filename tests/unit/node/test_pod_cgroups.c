#include "node/pod_cgroups.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"

/* A machine in a folder: mount tables, our own place in them, and the cgroup files that the code looks at. */
struct machine_folder {
    char root[64];
};

static void put(const struct machine_folder *m, const char *path, const char *text)
{
    auto_buf struct buf full = {0};
    auto_free char *folder = NULL;

    buf_printf(&full, "%s%s", m->root, path);
    folder = str_dup(str_head(buf_str(&full), (size_t)(strrchr(buf_cstr(&full), '/') - buf_cstr(&full))));
    assert_true(file_make_folders(folder, 0755, NULL));
    assert_true(file_write_atomically(buf_cstr(&full), str_of(text), 0644, NULL));
}

static void expect_text(const struct machine_folder *m, const char *path, const char *text)
{
    auto_buf struct buf full = {0}, found = {0};

    buf_printf(&full, "%s%s", m->root, path);
    assert_true(file_read(buf_cstr(&full), 4096, &found, NULL));
    assert_string_equal(buf_cstr(&found), text);
}

static bool has(const struct machine_folder *m, const char *path)
{
    auto_buf struct buf full = {0};

    buf_printf(&full, "%s%s", m->root, path);
    return file_exists(buf_cstr(&full));
}

static void make_machine(struct machine_folder *m, const char *mounts, const char *own)
{
    auto_buf struct buf path = {0};

    snprintf(m->root, sizeof(m->root), "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(m->root));
    put(m, "/proc/self/mountinfo", mounts);
    buf_printf(&path, "/proc/%d/cgroup", (int)getpid());
    put(m, buf_cstr(&path), own);
}

static void remove_machine(const struct machine_folder *m)
{
    auto_buf struct buf command = {0};

    buf_printf(&command, "rm -rf %s", m->root);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

#define V1_MOUNTS \
    "28 24 0:24 / /c/cpuacct rw - cgroup cgroup rw,cpuacct,cpu\n30 24 0:26 / /c/memory rw - cgroup cgroup rw,memory\n"
#define V2_MOUNTS "30 22 0:26 / /c rw - cgroup2 cgroup2 rw\n"

/* Where the home comes to be, by layout, own cgroup and flag. */
static void test_home(void **state)
{
    static const struct {
        const char *name, *mounts, *own, *flag;
        const char *cpu, *memory; /* behind the machine's root; NULL: refused */
    } cases[] = {
        {"v1 beneath our own", V1_MOUNTS, "6:memory:/session/1\n4:cpuacct,cpu:/\n", "", "/c/cpuacct/tacho",
         "/c/memory/session/1/tacho"},
        {"v1 inside a pod of ours", V1_MOUNTS, "6:memory:/session/1/tacho/podx/y\n4:cpuacct,cpu:/tacho/podx/y\n", "",
         "/c/cpuacct/tacho", "/c/memory/session/1/tacho"},
        {"v1 a name that only begins so", V1_MOUNTS, "6:memory:/session/1/tachometer\n4:cpuacct,cpu:/\n", "",
         "/c/cpuacct/tacho", "/c/memory/session/1/tachometer/tacho"},
        {"v1 by flag", V1_MOUNTS, "6:memory:/session/1\n4:cpuacct,cpu:/\n", "/", "/c/cpuacct/tacho", "/c/memory/tacho"},
        {"v1 by flag to nowhere", V1_MOUNTS, "6:memory:/session/1\n4:cpuacct,cpu:/\n", "/nowhere", NULL, NULL},
        {"v1 own unknown", V1_MOUNTS, "", "", "/c/cpuacct/tacho", "/c/memory/tacho"},
        {"v2 top", V2_MOUNTS, "0::/\n", "", "/c/tacho", "/c/tacho"},
        {"v2 own can hand on", V2_MOUNTS, "0::/good\n", "", "/c/good/tacho", "/c/good/tacho"},
        {"v2 own can't, the top can", V2_MOUNTS, "0::/bad\n", "", "/c/tacho", "/c/tacho"},
        {"no cgroups", "", "0::/\n", "", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        struct machine_folder m;
        struct pod_cgroups *p;

        print_message("%s\n", cases[i].name);
        make_machine(&m, cases[i].mounts, cases[i].own);
        put(&m, "/c/cpuacct/x", "");
        put(&m, "/c/memory/session/1/x", "");
        put(&m, "/c/memory/session/1/tachometer/x", "");
        put(&m, "/c/cgroup.controllers", "cpu memory\n");
        put(&m, "/c/cgroup.subtree_control", "memory pids\n");
        put(&m, "/c/tacho/cgroup.subtree_control", "\n");
        put(&m, "/c/good/cgroup.subtree_control", "memory\n");
        put(&m, "/c/good/tacho/cgroup.subtree_control", "\n");
        p = pod_cgroups_new(m.root, cases[i].flag, &err);
        assert_int_equal(p != NULL, cases[i].cpu != NULL);
        if (p != NULL) {
            const struct cgroup *all = pod_cgroups_all(p);
            assert_string_equal(all->cpu_dir + strlen(m.root), cases[i].cpu);
            assert_string_equal(all->memory_dir + strlen(m.root), cases[i].memory);
            assert_true(cgroup_exists(all));
            assert_false(error_is_set(&err));
        } else {
            assert_true(error_is_set(&err));
        }
        pod_cgroups_free(p);
        remove_machine(&m);
    }
}

static void test_make_and_remove(void **state)
{
    auto_error struct error err = {0};
    struct machine_folder m;
    struct pod_cgroups *p;
    struct cgroup leaf, other;

    (void)state;
    make_machine(&m, V1_MOUNTS, "");
    put(&m, "/c/cpuacct/x", "");
    put(&m, "/c/memory/x", "");
    p = pod_cgroups_new(m.root, "", NULL);
    assert_non_null(p);
    assert_true(pod_cgroups_make(p, STR("u1"), STR("web.0"), &leaf, NULL));
    assert_true(has(&m, "/c/cpuacct/tacho/podu1/web.0") && has(&m, "/c/memory/tacho/podu1/web.0"));
    assert_true(pod_cgroups_contain(p, STR("u1"), &leaf));
    assert_false(pod_cgroups_contain(p, STR("u"), &leaf));
    assert_true(pod_cgroups_make(p, STR("u1"), STR("web.0"), &other, NULL)); /* again is fine */
    cgroup_free(&other);

    assert_false(cgroup_attach(&leaf, 1, &err)); /* a plain folder has no process list */
    assert_non_null(strstr(error_text(&err), "cgroup.procs"));
    put(&m, "/c/cpuacct/tacho/podu1/web.0/cgroup.procs", "");
    put(&m, "/c/memory/tacho/podu1/web.0/cgroup.procs", "");
    assert_true(cgroup_attach(&leaf, 4711, NULL));
    expect_text(&m, "/c/memory/tacho/podu1/web.0/cgroup.procs", "4711");
    cgroup_free(&leaf);

    assert_true(pod_cgroups_make(p, STR("u2"), STR("a"), &leaf, NULL));
    cgroup_free(&leaf);
    pod_cgroups_remove(p, STR("u2"));
    assert_false(has(&m, "/c/cpuacct/tacho/podu2") || has(&m, "/c/memory/tacho/podu2"));
    pod_cgroups_sweep(p);
    assert_true(has(&m, "/c/memory/tacho/podu1/web.0")); /* not empty here: as if something ran in it */
    pod_cgroups_free(p);
    remove_machine(&m);
}

/* A child that forks; both are busy until the write end of LIFELINE is closed. */
static pid_t start_tree(const int lifeline[2])
{
    pid_t pid = fork();

    if (pid == 0) {
        struct pollfd end = {.fd = lifeline[0], .events = POLLIN};
        close(lifeline[1]);
        fork();
        while (poll(&end, 1, 1) == 0)
            for (volatile int i = 0; i < 100000; i++)
                ;
        _exit(0);
    }
    return pid;
}

static bool has_child(pid_t pid)
{
    auto_buf struct buf path = {0}, text = {0};

    buf_printf(&path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    return file_read(buf_cstr(&path), 4096, &text, NULL) && str_trim(buf_str(&text)).len > 0;
}

/* On this very machine, where that is allowed. */
static void test_live(void **state)
{
    auto_error struct error err = {0};
    struct pod_cgroups *p = pod_cgroups_new("", "", &err);
    struct cgroup leaf, now;
    struct cgroups trees;
    struct usage u;
    char uid[UUID_SIZE];
    int lifeline[2];
    size_t moved;
    pid_t pid;

    (void)state;
    if (p == NULL) {
        print_message("not allowed here: %s\n", error_text(&err));
        skip();
    }
    random_uuid(uid);
    assert_int_equal(pipe(lifeline), 0);
    pid = start_tree(lifeline);
    close(lifeline[0]);
    for (int i = 0; i < 2000 && !has_child(pid); i++)
        usleep(1000);
    assert_true(pod_cgroups_make(p, str_of(uid), STR("c.0"), &leaf, &err));
    assert_true(cgroup_attach_tree("", &leaf, pid, &moved, &err));
    assert_int_equal(moved, 2);
    assert_true(cgroups_detect("", &trees, NULL));
    assert_true(cgroup_of_process("", &trees, pid, &now));
    assert_true(pod_cgroups_contain(p, str_of(uid), &now));
    assert_string_equal(now.cpu_dir, leaf.cpu_dir);
    cgroup_free(&now);
    cgroups_free(&trees);
    assert_false(cgroup_remove(&leaf, &err)); /* busy */
    for (int i = 0; i < 2000; i++) {
        cgroup_read(&leaf, &u);
        if (u.cpu_ns > 0)
            break;
        usleep(1000);
    }
    assert_true(u.cpu_ns > 0);
    close(lifeline[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (int i = 0; i < 2000 && !cgroup_remove(&leaf, NULL); i++)
        usleep(1000); /* the grandchild is init's to reap */
    pod_cgroups_remove(p, str_of(uid));
    assert_false(cgroup_exists(&leaf));
    cgroup_free(&leaf);
    cgroup_remove(pod_cgroups_all(p), NULL); /* stays when others use it */
    pod_cgroups_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_make_and_remove),
        cmocka_unit_test(test_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
