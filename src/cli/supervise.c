/*
 * `tacho supervise` holds the cluster folder's lock and keeps the cluster's processes running; `tacho keep` does the
 * same for the supervisor. They watch each other, so that any process may be killed at any moment: the supervisor runs
 * `keep` as one more component, and a supervisor that `keep` started again adopts what still runs (cli/component.h).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flags.h"
#include "base/log.h"
#include "cli/cluster_folder.h"
#include "cli/cluster_plan.h"
#include "cli/commands.h"
#include "cli/component.h"
#include "node/pod_cgroups.h"

#define GRACE_MS 10000
#define KEEP_RETRY_FIRST_MS 100
#define KEEP_RETRY_MAX_MS 5000

struct supervisor {
    uv_loop_t loop;
    uv_signal_t on_term;
    uv_signal_t on_int;
    struct component *components[CLUSTER_PROCESSES];
    bool is_waiting[CLUSTER_PROCESSES]; /* for the mark that the API's objects are there */
    uv_fs_event_t on_mark;
    const char *folder;
    size_t to_stop; /* components that still run while stopping; they stop one by one, the last started first */
    bool is_stopping;
};

/* --data-dir of ARGV, absolute. NULL with the exit status in *STATUS when there is nothing to do. */
static char *parse_folder(const char *program, const char *summary, int argc, char **argv, int *status)
{
    const char *data_dir = "";
    auto_error struct error err = {0};
    struct flags *f = flags_new(program, summary);
    flags_string(f, "data-dir", 0, &data_dir, "Folder of the cluster.");
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    char *folder = result == FLAGS_OK ? cluster_folder_path(data_dir, &err) : NULL;
    if (result == FLAGS_HELP) {
        auto_free char *help = flags_help(f);
        fputs(help, stdout);
        *status = 0;
    } else if (folder == NULL) {
        fprintf(stderr, "%s: %s\n", program, error_text(&err));
        *status = result == FLAGS_ERROR ? 2 : 1;
    }
    flags_free(f);
    return folder;
}

static void stop_next(void *arg)
{
    struct supervisor *s = arg;
    if (s->to_stop > 0) {
        component_stop(s->components[--s->to_stop], GRACE_MS, stop_next, s);
        return;
    }
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++)
        component_free(s->components[i]);
    uv_close((uv_handle_t *)&s->on_term, NULL);
    uv_close((uv_handle_t *)&s->on_int, NULL);
    uv_close((uv_handle_t *)&s->on_mark, NULL);
}

/* `tacho keep --data-dir=FOLDER` without its program's path. */
static int keep(int argc, char **argv)
{
    return cli_keep(argc - 1, argv + 1);
}

/* The node agent can't remove its own cgroup, nor those of processes that end after it. */
static void remove_cgroups(void)
{
    struct pod_cgroups *cgroups = pod_cgroups_new("", "", NULL);
    if (cgroups != NULL)
        pod_cgroups_sweep(cgroups);
    pod_cgroups_free(cgroups);
}

/* Something changed in run/: components that waited for the mark start when it is there. */
static void on_run_changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct supervisor *s = handle->data;
    (void)name;
    (void)events;
    (void)status;
    auto_free char *mark = cluster_folder_file(s->folder, CLUSTER_OBJECTS_MARK);
    if (s->is_stopping || !file_exists(mark))
        return;
    uv_fs_event_stop(handle);
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++) {
        if (s->is_waiting[i])
            component_start(s->components[i]);
        s->is_waiting[i] = false;
    }
}

static void start_components(struct supervisor *s, const struct cluster_plan *plan)
{
    auto_free char *mark = cluster_folder_file(s->folder, CLUSTER_OBJECTS_MARK);
    auto_free char *run = cluster_folder_file(s->folder, "run");
    uv_fs_event_init(&s->loop, &s->on_mark);
    s->on_mark.data = s;
    bool is_watching = uv_fs_event_start(&s->on_mark, on_run_changed, run, 0) == 0;
    bool is_marked = file_exists(mark);
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++) {
        struct component_spec spec = plan->processes[i];
        if (str_eq_cstr(STR("keep"), spec.name))
            spec.run = keep;
        s->components[i] = component_new(&s->loop, s->folder, &spec);
        s->is_waiting[i] = plan->needs_objects[i] && !is_marked && is_watching;
        if (!s->is_waiting[i])
            component_start(s->components[i]);
    }
    if (is_marked)
        uv_fs_event_stop(&s->on_mark);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct supervisor *s = handle->data;
    if (s->is_stopping)
        return;
    log_info("Stopping the cluster", LOG_NUM("signal", number));
    s->is_stopping = true;
    stop_next(s);
}

int cli_supervise(int argc, char **argv)
{
    int status = 1;
    auto_error struct error err = {0};
    struct cluster_settings settings = {0};
    auto_free char *folder =
        parse_folder("tacho supervise", "Keeps the processes of a cluster running.", argc, argv, &status);
    if (folder == NULL)
        return status;
    if (!cluster_settings_load(folder, &settings, &err)) {
        fprintf(stderr, "tacho supervise: %s\n", error_text(&err));
        return 1;
    }
    auto_close int lock = cluster_folder_lock(folder, &err);
    if (lock < 0) {
        fprintf(stderr, "tacho supervise: %s\n", error_text(&err));
        cluster_settings_free(&settings);
        return 1;
    }
    struct supervisor s = {.to_stop = CLUSTER_PROCESSES, .folder = folder};
    uv_loop_init(&s.loop);
    struct cluster_plan *plan = cluster_plan_new(folder, &settings);
    start_components(&s, plan);
    cluster_plan_free(plan);
    cluster_settings_free(&settings);
    uv_signal_init(&s.loop, &s.on_term);
    uv_signal_init(&s.loop, &s.on_int);
    s.on_term.data = s.on_int.data = &s;
    uv_signal_start(&s.on_term, on_signal, SIGTERM);
    uv_signal_start(&s.on_int, on_signal, SIGINT);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    uv_loop_close(&s.loop);
    remove_cgroups();
    return 0;
}

/* Starts `tacho supervise` in a session of its own. */
static pid_t start_supervisor(const char *folder)
{
    auto_free char *log = cluster_folder_file(folder, "run/supervise.log");
    auto_error struct error err = {0};
    pid_t pid = cluster_spawn_supervisor(folder, log, &err);
    if (pid < 0)
        log_error("Failed to start the supervisor", LOG_ERR(&err));
    return pid;
}

int cli_keep(int argc, char **argv)
{
    int status = 1;
    int64_t retry_ms = KEEP_RETRY_FIRST_MS;
    auto_free char *folder = parse_folder("tacho keep", "Keeps a cluster's supervisor running.", argc, argv, &status);
    if (folder == NULL)
        return status;
    for (;;) {
        pid_t pid = cluster_folder_supervisor(folder);
        if (pid == 0)
            pid = start_supervisor(folder);
        int64_t started_ns = clock_mono_ns();
        auto_close int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
        struct pollfd ended = {.fd = pidfd, .events = POLLIN};
        while (pidfd >= 0 && poll(&ended, 1, -1) < 0 && errno == EINTR)
            ;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (clock_mono_ns() - started_ns > 10 * NS_PER_S)
            retry_ms = KEEP_RETRY_FIRST_MS;
        log_warning("The supervisor ended and is started again", LOG_NUM("pid", pid));
        poll(NULL, 0, (int)retry_ms);
        retry_ms = retry_ms * 2 < KEEP_RETRY_MAX_MS ? retry_ms * 2 : KEEP_RETRY_MAX_MS;
    }
}
