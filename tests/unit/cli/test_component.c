#include "cli/component.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cluster_folder.h"

static char folder[] = "/tmp/test-component-XXXXXX";
static uv_loop_t loop;
static bool is_stopped;

static void on_stopped(void *arg)
{
    (void)arg;
    is_stopped = true;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Turns the loop until NAME runs under a process id other than OLD. */
static pid_t wait_for_new_pid(const char *name, pid_t old)
{
    uv_timer_t tick;
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 5, 5);
    pid_t pid;
    while ((pid = component_running_pid(folder, name)) == 0 || pid == old)
        uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return pid;
}

static void stop_and_free(struct component *c, int64_t grace_ms)
{
    is_stopped = false;
    component_stop(c, grace_ms, on_stopped, NULL);
    while (!is_stopped)
        uv_run(&loop, UV_RUN_ONCE);
    component_free(c);
}

static void a_killed_process_is_started_again(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sleep", "1000", NULL};
    const struct component_spec spec = {"sleeper", argv};
    struct component *c = component_new(&loop, folder, &spec);
    component_start(c);
    pid_t first = wait_for_new_pid("sleeper", 0);
    kill(first, SIGKILL);
    pid_t second = wait_for_new_pid("sleeper", first);
    assert_int_not_equal(first, second);
    stop_and_free(c, 5000);
    assert_int_equal(component_running_pid(folder, "sleeper"), 0);
}

static void a_running_process_is_adopted(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sleep", "1000", NULL};
    const struct component_spec spec = {"orphan", argv};
    struct component *c = component_new(&loop, folder, &spec);
    component_start(c);
    pid_t first = wait_for_new_pid("orphan", 0);
    struct component *other = component_new(&loop, folder, &spec);
    component_start(other);
    assert_int_equal(component_running_pid(folder, "orphan"), first);
    stop_and_free(other, 5000);
    stop_and_free(c, 5000);
}

static void a_process_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1000; done", NULL};
    const struct component_spec spec = {"stubborn", argv};
    auto_free char *log = cluster_folder_file(folder, "run/stubborn.log");
    struct component *c = component_new(&loop, folder, &spec);
    struct stat st;
    component_start(c);
    while (stat(log, &st) != 0 || st.st_size == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    stop_and_free(c, 50);
    assert_int_equal(component_running_pid(folder, "stubborn"), 0);
}

static void a_missing_program_can_be_stopped(void **state)
{
    (void)state;
    const char *const argv[] = {"/nonexistent/program", NULL};
    const struct component_spec spec = {"missing", argv};
    struct component *c = component_new(&loop, folder, &spec);
    component_start(c);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(component_running_pid(folder, "missing"), 0);
    stop_and_free(c, 50);
}

/* Says whether it inherited anything, then waits to be stopped. */
static int be_a_fork(int argc, char **argv)
{
    bool is_clean = fcntl(3, F_GETFD) < 0 && argc == 2 && strcmp(argv[1], "argument") == 0;
    printf("%s\n", is_clean ? "clean" : "dirty");
    fflush(stdout);
    while (pause() < 0)
        ;
    return 0;
}

static void a_fork_starts_clean_and_is_started_again(void **state)
{
    (void)state;
    const char *const argv[] = {"unused", "argument", NULL};
    const struct component_spec spec = {"fork", argv, be_a_fork};
    auto_free char *log = cluster_folder_file(folder, "run/fork.log");
    struct component *c = component_new(&loop, folder, &spec);
    component_start(c);
    pid_t first = wait_for_new_pid("fork", 0);
    auto_buf struct buf said = {0};
    while (said.len == 0) {
        uv_run(&loop, UV_RUN_NOWAIT);
        file_read(log, 4096, &said, NULL);
    }
    assert_string_equal(said.ptr, "clean\n");
    kill(first, SIGKILL);
    assert_int_not_equal(wait_for_new_pid("fork", first), first);
    stop_and_free(c, 5000);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    auto_free char *run = cluster_folder_file(folder, "run");
    mkdir(run, 0700);
    uv_loop_init(&loop);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_is_started_again),        cmocka_unit_test(a_running_process_is_adopted),
        cmocka_unit_test(a_process_that_ignores_sigterm_is_killed), cmocka_unit_test(a_missing_program_can_be_stopped),
        cmocka_unit_test(a_fork_starts_clean_and_is_started_again),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
