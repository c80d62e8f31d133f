#include "node/static_pods.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "node/proc.h"

#define PATIENCE_MS 10000

struct fixture {
    uv_loop_t loop;
    uv_timer_t patience;
    char folder[64];
    struct container_surroundings around;
    struct static_pods *pods;
    int changes;
    int gone;
    bool is_late;
    pid_t children[8]; /* ended in teardown */
    size_t child_count;
};

static void on_changed(void *arg, struct node_pod *pod)
{
    struct fixture *f = arg;

    assert_non_null(pod->spec);
    f->changes++;
}

static void on_gone(void *arg, struct node_pod *pod)
{
    struct fixture *f = arg;

    assert_non_null(pod->spec);
    f->gone++;
}

static void on_late(uv_timer_t *timer)
{
    struct fixture *f = timer->data;

    f->is_late = true;
}

static struct static_pods *new_pods(struct fixture *f)
{
    return static_pods_new(&(struct static_pods_options){.loop = &f->loop,
                                                         .folder = f->folder,
                                                         .node_name = STR("n"),
                                                         .around = &f->around,
                                                         .on_changed = on_changed,
                                                         .on_gone = on_gone,
                                                         .arg = f});
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));

    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->patience);
    f->patience.data = f;
    snprintf(f->folder, sizeof(f->folder), "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->around = (struct container_surroundings){
        .loop = &f->loop, .machine_root = "", .boot_id = STR("boot"), .boot_unix_ns = proc_boot_unix_ns()};
    cgroups_detect("", &f->around.trees, NULL);
    f->pods = new_pods(f);
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    auto_buf struct buf command = {0};

    for (size_t i = 0; i < f->child_count; i++) {
        kill(f->children[i], SIGKILL);
        waitpid(f->children[i], NULL, 0);
    }
    static_pods_free(f->pods);
    uv_close((uv_handle_t *)&f->patience, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    cgroups_free(&f->around.trees);
    pod_cgroups_free(f->around.cgroups);
    buf_printf(&command, "rm -rf %s", f->folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
    free(f);
    return 0;
}

static void put(struct fixture *f, const char *name, const char *text)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", f->folder, name);
    assert_true(file_write_atomically(buf_cstr(&path), str_of(text), 0644, NULL));
}

static void put_pod(struct fixture *f, const char *file, const char *pod)
{
    auto_buf struct buf text = {0};

    buf_printf(&text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"annotations\":{\"tacho.dev/"
               "pid-file\":\"%s/%s.pid\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
               pod, f->folder, pod);
    put(f, file, buf_cstr(&text));
}

static void put_pid(struct fixture *f, const char *pod, pid_t pid)
{
    auto_buf struct buf name = {0}, text = {0};

    buf_printf(&name, "%s.pid", pod);
    buf_printf(&text, "%d\n", (int)pid);
    put(f, buf_cstr(&name), buf_cstr(&text));
}

static void unlink_file(struct fixture *f, const char *name)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", f->folder, name);
    assert_int_equal(unlink(buf_cstr(&path)), 0);
}

static pid_t start_child(struct fixture *f)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    f->children[f->child_count++] = pid;
    return pid;
}

static void end_child(struct fixture *f, pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (size_t i = 0; i < f->child_count; i++)
        if (f->children[i] == pid)
            f->children[i] = f->children[--f->child_count];
}

/* Turns the loop, woken by events only, until CONDITION holds. */
#define RUN_UNTIL(f, condition)                                  \
    do {                                                         \
        (f)->is_late = false;                                    \
        uv_timer_start(&(f)->patience, on_late, PATIENCE_MS, 0); \
        while (!(condition) && !(f)->is_late)                    \
            uv_run(&(f)->loop, UV_RUN_ONCE);                     \
        uv_timer_stop(&(f)->patience);                           \
        assert_true(condition);                                  \
    } while (0)

static struct pod_container *first_container(struct fixture *f)
{
    return static_pods_at(f->pods, 0)->containers[0];
}

static void test_folder(void **state)
{
    struct fixture *f = *state;

    static_pods_look(f->pods);
    assert_int_equal(static_pods_count(f->pods), 0);
    put_pod(f, "b.json", "b");
    RUN_UNTIL(f, static_pods_count(f->pods) == 1);
    put_pod(f, "a.json", "a");
    put_pod(f, ".hidden.json", "hidden");
    put_pod(f, "readme.txt", "text");
    put(f, "broken.yaml", "kind: Pod\n");
    RUN_UNTIL(f, static_pods_count(f->pods) == 2);
    assert_true(str_eq_cstr(static_pods_at(f->pods, 0)->spec->name, "a-n"));
    assert_int_equal(f->gone, 0);
    assert_true(f->changes >= 2);

    put(f, "a.json", "{ half"); /* what it said before stays */
    put_pod(f, "c.json", "c");
    RUN_UNTIL(f, static_pods_count(f->pods) == 3);
    put_pod(f, "z.json", "b"); /* the same pod again: refused until the other goes */
    put_pod(f, "a.json", "d"); /* another pod in the same file */
    RUN_UNTIL(f, str_eq_cstr(static_pods_at(f->pods, 0)->spec->name, "d-n"));
    assert_int_equal(f->gone, 1);
    assert_int_equal(static_pods_count(f->pods), 3);
    unlink_file(f, "b.json");
    RUN_UNTIL(f, f->gone == 2);
    RUN_UNTIL(f, static_pods_count(f->pods) == 3);
    assert_true(str_ends_with(static_pods_at(f->pods, 2)->spec->file, STR("/z.json")));
}

static void test_runs(void **state)
{
    struct fixture *f = *state;
    pid_t first = start_child(f), second;
    struct pod_container *c;

    put_pod(f, "a.json", "a");
    static_pods_look(f->pods);
    c = first_container(f);
    assert_int_equal(c->run.phase, RUN_WAITING);
    put_pid(f, "a", first);
    RUN_UNTIL(f, c->run.phase == RUN_RUNNING);
    assert_int_equal(c->pid, first);
    assert_null(c->cgroup.cpu_dir); /* none may be made here */
    end_child(f, first);
    RUN_UNTIL(f, c->run.phase == RUN_ENDED);
    assert_int_equal(c->pid, 0);
    second = start_child(f);
    put_pid(f, "a", second);
    RUN_UNTIL(f, c->run.phase == RUN_RUNNING);
    assert_int_equal(c->run.restart_count, 1);
    assert_true(c->run.has_last);
    unlink_file(f, "a.pid"); /* nobody vouches for the process any more */
    RUN_UNTIL(f, c->run.phase == RUN_ENDED);
}

/* A pid file left over from before: the number belongs to somebody else now. */
static void test_stale_pid_file(void **state)
{
    struct fixture *f = *state;
    auto_buf struct buf path = {0}, text = {0};
    struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    struct proc_process p;
    pid_t child = start_child(f);

    put_pod(f, "a.json", "a");
    put_pid(f, "a", child);
    buf_printf(&path, "%s/a.pid", f->folder);
    assert_int_equal(utimensat(AT_FDCWD, buf_cstr(&path), old, 0), 0);
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_WAITING);

    assert_true(proc_read_process("", child, &p));
    buf_printf(&text, "%d\n%lld\n", (int)child, (long long)p.start_ticks + 1); /* by name of its start */
    put(f, "a.pid", buf_cstr(&text));
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_WAITING);
    buf_clear(&text);
    buf_printf(&text, "%d\n%lld\n", (int)child, (long long)p.start_ticks);
    put(f, "a.pid", buf_cstr(&text));
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_RUNNING);

    put(f, "a.pid", "no number");
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_ENDED);
}

/* Where cgroups may be made, a process that isn't in its pod's is moved; one that was started there is left there. */
static void test_cgroups(void **state)
{
    struct fixture *f = *state;
    auto_error struct error err = {0};
    struct pod_container *c;
    struct cgroup started_in;
    pid_t child;

    f->around.cgroups = pod_cgroups_new("", "", &err);
    if (f->around.cgroups == NULL) {
        print_message("not allowed here: %s\n", error_text(&err));
        skip();
    }
    put_pod(f, "a.json", "a");
    put_pid(f, "a", start_child(f));
    static_pods_look(f->pods);
    c = first_container(f);
    assert_int_equal(c->run.phase, RUN_RUNNING);
    assert_true(c->is_moved && !c->is_in_pod_cgroup);
    assert_true(cgroup_exists(&c->cgroup));

    static_pods_free(f->pods); /* the next life knows that it was moved */
    f->pods = new_pods(f);
    static_pods_look(f->pods);
    c = first_container(f);
    assert_int_equal(c->run.phase, RUN_RUNNING);
    assert_true(c->is_moved && !c->is_in_pod_cgroup);

    child = start_child(f);
    assert_true(pod_cgroups_make(f->around.cgroups, c->uid, STR("mine"), &started_in, NULL));
    assert_true(cgroup_attach(&started_in, child, NULL));
    put_pid(f, "a", child);
    RUN_UNTIL(f, c->pid == child);
    assert_true(c->is_in_pod_cgroup && !c->is_moved);
    assert_string_equal(c->cgroup.cpu_dir, started_in.cpu_dir);

    end_child(f, child);
    end_child(f, f->children[0]);
    RUN_UNTIL(f, c->run.phase == RUN_ENDED);
    unlink_file(f, "a.json");
    RUN_UNTIL(f, f->gone == 1);
    assert_false(cgroup_exists(&started_in)); /* with the pod went its cgroups */
    cgroup_free(&started_in);
    cgroup_remove(pod_cgroups_all(f->around.cgroups), NULL);
}

/* A container that is known by its cgroup alone. */
static void test_named_cgroup(void **state)
{
    struct fixture *f = *state;
    auto_buf struct buf tree = {0}, leaf = {0};
    char cpu_top[] = "/", memory_top[] = "/";

    buf_printf(&tree, "%s/tree", f->folder);
    buf_printf(&leaf, "%s/svc", buf_cstr(&tree));
    cgroups_free(&f->around.trees);
    f->around.trees = (struct cgroups){.layout = CGROUP_LAYOUT_V1,
                                       .cpu = {mem_strdup(buf_cstr(&tree)), mem_strdup(cpu_top), false},
                                       .memory = {mem_strdup(buf_cstr(&tree)), mem_strdup(memory_top), false}};
    put(f, "a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {tacho.dev/cgroup: /svc}\nspec:\n"
        "  containers: [{name: c}]\n");
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_WAITING);
    assert_true(file_make_folders(buf_cstr(&leaf), 0755, NULL));
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_RUNNING);
    assert_string_equal(first_container(f)->cgroup.cpu_dir, buf_cstr(&leaf));
    assert_int_equal(rmdir(buf_cstr(&leaf)), 0);
    static_pods_look(f->pods);
    assert_int_equal(first_container(f)->run.phase, RUN_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale_pid_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cgroups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_named_cgroup, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
