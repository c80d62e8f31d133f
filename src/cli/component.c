#include "cli/component.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/cluster_folder.h"

#define MAX_LOG_BYTES (4 << 20)
#define HEALTHY_NS (10 * NS_PER_S)

struct component {
    uv_loop_t *loop;
    char *folder;
    char *name;
    char **argv;
    int argc;
    int (*run)(int argc, char **argv);
    pid_t pid; /* 0: none runs */
    int pidfd; /* -1: none runs */
    uv_poll_t watch;
    uv_timer_t timer; /* the back-off, or the grace period while stopping */
    bool is_stopping;
    struct backoff backoff;
    int64_t started_ns;
    void (*on_stopped)(void *arg);
    void *arg;
    int handles_open;
    bool is_freed;
};

static char *run_file(const char *folder, const char *name, const char *suffix)
{
    struct buf path = {0};
    buf_printf(&path, "%s/run/%s%s", folder, name, suffix);
    return buf_take(&path);
}

/* The process's start in clock ticks since boot, which tells it from a later one with the same id. 0: no such process.
 */
static uint64_t start_ticks(pid_t pid)
{
    char path[64];
    auto_buf struct buf text = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!file_read(path, 4096, &text, NULL))
        return 0;
    const char *after_name = strrchr(text.ptr, ')');
    if (after_name == NULL || after_name[1] == '\0' || after_name[2] == 'Z')
        return 0;
    struct str rest = str_of(after_name + 2);
    struct str field = {0};
    for (int i = 3; i <= 22; i++) /* proc(5): field 3 is the state, field 22 the start time */
        str_cut(rest, ' ', &field, &rest);
    uint64_t ticks;
    return str_to_u64(field, &ticks) ? ticks : 0;
}

pid_t component_running_pid(const char *folder, const char *name)
{
    auto_free char *path = run_file(folder, name, ".pid");
    auto_buf struct buf text = {0};
    struct str pid_text, ticks_text;
    uint64_t pid, ticks;
    if (!file_read(path, 128, &text, NULL) || !str_cut(str_trim(buf_str(&text)), '\n', &pid_text, &ticks_text) ||
        !str_to_u64(pid_text, &pid) || !str_to_u64(ticks_text, &ticks) || pid == 0 || pid > INT_MAX)
        return 0;
    return start_ticks((pid_t)pid) == ticks ? (pid_t)pid : 0;
}

static void write_pid(struct component *c)
{
    auto_free char *path = run_file(c->folder, c->name, ".pid");
    auto_buf struct buf text = {0};
    auto_error struct error err = {0};
    buf_printf(&text, "%d\n%llu\n", (int)c->pid, (unsigned long long)start_ticks(c->pid));
    if (!file_write_atomically(path, buf_str(&text), 0644, &err))
        log_error("Failed to note a process id", LOG_CSTR("component", c->name), LOG_ERR(&err));
}

struct component *component_new(uv_loop_t *loop, const char *folder, const struct component_spec *spec)
{
    struct component *c = mem_zalloc(sizeof *c);
    c->loop = loop;
    c->folder = mem_strdup(folder);
    c->name = mem_strdup(spec->name);
    c->pidfd = -1;
    c->backoff = (struct backoff){.min_ns = 100 * NS_PER_MS, .max_ns = 5 * NS_PER_S, .factor = 2};
    size_t n = 0;
    while (spec->argv[n] != NULL)
        n++;
    c->argc = (int)n;
    c->run = spec->run;
    c->argv = mem_zalloc((n + 1) * sizeof *c->argv);
    for (size_t i = 0; i < n; i++)
        c->argv[i] = mem_strdup(spec->argv[i]);
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->handles_open = 1;
    return c;
}

/*
 * The fork goes on as the component. Nothing of the supervisor's may stay: its lock would outlive it in our
 * descriptors, its signal handlers write into its loop. There are no other threads, so everything may be called.
 */
static void run_fork(struct component *c)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    close_range(3, ~0U, 0);
    auto_buf struct buf title = {0};
    buf_printf(&title, "tacho %s", c->name);
    uv_set_process_title(title.ptr);
    _exit(c->run(c->argc, c->argv));
}

/* Runs in the child: only async-signal-safe calls until run_fork. */
static void run_child(struct component *c, int log_fd, int null_fd, int error_fd)
{
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    bool is_ready = dup2(null_fd, 0) >= 0 && dup2(log_fd, 1) >= 0 && dup2(log_fd, 2) >= 0;
    if (is_ready && c->run != NULL)
        run_fork(c);
    if (is_ready)
        execv(c->argv[0], c->argv);
    int cause = errno;
    ssize_t ignored = write(error_fd, &cause, sizeof cause); /* the parent sees the exit status if this fails */
    (void)ignored;
    _exit(127);
}

/* Opens the log to append; one that has grown large becomes NAME.log.1 first. */
static int open_log(const struct component *c, struct error *err)
{
    auto_free char *path = run_file(c->folder, c->name, ".log");
    struct stat st;
    if (stat(path, &st) == 0 && st.st_size > MAX_LOG_BYTES) {
        auto_free char *old = run_file(c->folder, c->name, ".log.1");
        if (rename(path, old) != 0)
            log_warning("Failed to rotate a log", LOG_CSTR("path", path), LOG_CSTR("err", strerror(errno)));
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        error_set_errno(err, errno, "%s", path);
    return fd;
}

/* Forks and executes; true when the program runs. */
static bool spawn(struct component *c, struct error *err)
{
    auto_close int log_fd = open_log(c, err);
    if (log_fd < 0)
        return false;
    auto_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int error_pipe[2];
    if (null_fd < 0 || pipe2(error_pipe, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "start %s", c->argv[0]);
    auto_close int error_in = error_pipe[0];
    pid_t pid = fork();
    if (pid == 0)
        run_child(c, log_fd, null_fd, error_pipe[1]);
    int cause = errno;
    close(error_pipe[1]);
    if (pid < 0)
        return error_set_errno(err, cause, "start %s", c->argv[0]);
    if (read(error_in, &cause, sizeof cause) == (ssize_t)sizeof cause) {
        waitpid(pid, NULL, 0);
        return error_set_errno(err, cause, "start %s", c->argv[0]);
    }
    c->pid = pid;
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    struct component *c = handle->data;
    if (--c->handles_open > 0 || !c->is_freed)
        return;
    for (char **arg = c->argv; *arg != NULL; arg++)
        free(*arg);
    free(c->argv);
    free(c->folder);
    free(c->name);
    free(c);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct component *c = handle->data;
    close(c->pidfd);
    c->pidfd = -1;
    if (c->is_stopping) {
        uv_timer_stop(&c->timer);
        c->on_stopped(c->arg);
    }
    if (!c->is_stopping && !c->is_freed && !uv_is_active((uv_handle_t *)&c->timer))
        component_start(c);
    on_closed(handle);
}

static void on_backoff_over(uv_timer_t *timer)
{
    component_start(timer->data);
}

static void start_later(struct component *c)
{
    int64_t wait_ns = backoff_next(&c->backoff, 0);
    uv_timer_start(&c->timer, on_backoff_over, (uint64_t)(wait_ns / NS_PER_MS), 0);
}

static void on_ended(uv_poll_t *watch, int status, int events)
{
    (void)status;
    (void)events;
    struct component *c = watch->data;
    int how = 0;
    bool is_child = waitpid(c->pid, &how, WNOHANG) == c->pid;
    uv_timer_stop(&c->timer);
    if (!c->is_stopping) {
        if (is_child && WIFEXITED(how))
            log_warning("A component ended and is started again", LOG_CSTR("component", c->name),
                        LOG_NUM("pid", c->pid), LOG_NUM("exitCode", WEXITSTATUS(how)));
        else
            log_warning("A component was killed and is started again", LOG_CSTR("component", c->name),
                        LOG_NUM("pid", c->pid), LOG_NUM("signal", is_child ? WTERMSIG(how) : 0));
        if (clock_mono_ns() - c->started_ns > HEALTHY_NS)
            backoff_reset(&c->backoff);
        start_later(c);
    }
    c->pid = 0;
    uv_poll_stop(watch);
    uv_close((uv_handle_t *)watch, on_watch_closed);
}

static bool watch(struct component *c, struct error *err)
{
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    if (c->pidfd < 0)
        return error_set_errno(err, errno, "watch process %d", (int)c->pid);
    fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
    uv_poll_init(c->loop, &c->watch, c->pidfd);
    c->watch.data = c;
    c->handles_open++;
    uv_poll_start(&c->watch, UV_READABLE, on_ended);
    c->started_ns = clock_mono_ns();
    return true;
}

void component_start(struct component *c)
{
    if (c->pidfd >= 0 || c->is_stopping || c->is_freed)
        return;
    auto_error struct error err = {0};
    c->pid = component_running_pid(c->folder, c->name);
    bool is_adopted = c->pid != 0;
    if (!is_adopted && spawn(c, &err))
        write_pid(c);
    if (c->pid == 0 || !watch(c, &err)) {
        log_error("Failed to start a component; trying again", LOG_CSTR("component", c->name), LOG_ERR(&err));
        c->pid = 0;
        start_later(c);
        return;
    }
    log_info(is_adopted ? "Found a component running" : "Started a component", LOG_CSTR("component", c->name),
             LOG_NUM("pid", c->pid));
}

static void on_grace_over(uv_timer_t *timer)
{
    struct component *c = timer->data;
    log_warning("A component didn't stop in time and is killed", LOG_CSTR("component", c->name),
                LOG_NUM("pid", c->pid));
    syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
}

void component_stop(struct component *c, int64_t grace_ms, void (*on_stopped)(void *arg), void *arg)
{
    c->is_stopping = true;
    c->on_stopped = on_stopped;
    c->arg = arg;
    uv_timer_stop(&c->timer);
    if (c->pidfd < 0) {
        on_stopped(arg);
        return;
    }
    /* Of an ended process that is still being reaped there is nothing to signal: on_watch_closed reports it. */
    syscall(SYS_pidfd_send_signal, c->pidfd, SIGTERM, NULL, 0);
    uv_timer_start(&c->timer, on_grace_over, (uint64_t)grace_ms, 0);
}

void component_free(struct component *c)
{
    assert(c->pidfd < 0);
    c->is_freed = true;
    uv_close((uv_handle_t *)&c->timer, on_closed);
}
