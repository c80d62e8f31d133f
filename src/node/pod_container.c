#include "node/pod_container.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "node/proc.h"

#define PID_FILE_MAX_BYTES 4096
#define TICK_NS (10 * NS_PER_MS)
#define PID_FILE_SLACK_NS NS_PER_S /* a file's time may lag by a tick of the clock that stamps files */

/* Watches are memory of their own: closing takes a turn of the loop, and their container needn't wait for it. */
struct folder_watch {
    uv_fs_event_t handle;
    struct pod_container *container; /* NULL: closing */
    struct str file_name;            /* of the pid file, behind its last slash */
};

struct exit_watch {
    uv_poll_t handle;
    struct pod_container *container; /* NULL: closing */
    int pidfd;
};

static void look_and_tell(struct pod_container *c)
{
    if (pod_container_look(c))
        c->on_changed(c->arg);
}

static void on_exit_watch_closed(uv_handle_t *handle)
{
    struct exit_watch *w = (struct exit_watch *)handle;

    close(w->pidfd);
    free(w);
}

static void stop_exit_watch(struct pod_container *c)
{
    if (c->exit_watch == NULL)
        return;
    c->exit_watch->container = NULL;
    uv_close((uv_handle_t *)&c->exit_watch->handle, on_exit_watch_closed);
    c->exit_watch = NULL;
}

static void on_exit_seen(uv_poll_t *handle, int status, int events)
{
    struct exit_watch *w = (struct exit_watch *)handle;
    struct pod_container *c = w->container;

    (void)status;
    (void)events;
    if (c == NULL)
        return;
    stop_exit_watch(c); /* it stays readable */
    look_and_tell(c);
}

static void start_exit_watch(struct pod_container *c)
{
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)c->pid, 0);
    struct exit_watch *w;

    if (pidfd < 0)
        return; /* Linux before 5.3: the next look will see it */
    w = mem_zalloc(sizeof(*w));
    w->container = c;
    w->pidfd = pidfd;
    uv_poll_init(c->around->loop, &w->handle, pidfd);
    uv_poll_start(&w->handle, UV_READABLE, on_exit_seen);
    uv_unref((uv_handle_t *)&w->handle);
    c->exit_watch = w;
}

static void on_folder_watch_closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop_folder_watch(struct pod_container *c)
{
    if (c->folder_watch == NULL)
        return;
    c->folder_watch->container = NULL;
    uv_close((uv_handle_t *)&c->folder_watch->handle, on_folder_watch_closed);
    c->folder_watch = NULL;
}

static void on_folder_changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct folder_watch *w = (struct folder_watch *)handle;

    (void)events;
    if (w->container == NULL)
        return;
    if (status != 0) {
        stop_folder_watch(w->container); /* the next look tries again */
        return;
    }
    if (name == NULL || str_eq_cstr(w->file_name, name))
        look_and_tell(w->container);
}

/* Does nothing when it is watched already, or can't be (the folder isn't there yet). */
static void start_folder_watch(struct pod_container *c)
{
    struct str path = c->spec->pid_file;
    auto_free char *folder = NULL;
    struct folder_watch *w;
    size_t at = path.len;

    if (path.len == 0 || c->folder_watch != NULL)
        return;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    folder = str_dup(str_head(path, at > 1 ? at - 1 : 1));
    w = mem_zalloc(sizeof(*w));
    w->container = c;
    w->file_name = str_skip(path, at);
    c->folder_watch = w;
    uv_fs_event_init(c->around->loop, &w->handle);
    if (uv_fs_event_start(&w->handle, on_folder_changed, folder, 0) != 0)
        stop_folder_watch(c);
    else
        uv_unref((uv_handle_t *)&w->handle);
}

struct pod_container *pod_container_new(struct container_surroundings *around, const struct static_container *spec,
                                        struct str uid, void (*on_changed)(void *arg), void *arg)
{
    struct pod_container *c = mem_zalloc(sizeof(*c));

    c->around = around;
    c->spec = spec;
    c->uid = uid;
    c->on_changed = on_changed;
    c->arg = arg;
    c->previous = c->last = (struct usage)USAGE_INIT;
    return c;
}

static void forget_run(struct pod_container *c)
{
    stop_exit_watch(c);
    if (c->is_in_pod_cgroup || c->is_moved)
        cgroup_remove(&c->cgroup, NULL); /* busy while a descendant lives on: then it goes with the pod */
    cgroup_free(&c->cgroup);
    c->pid = c->start_ticks = c->moved_cpu_ns = 0;
    c->is_in_pod_cgroup = c->is_moved = false;
    c->previous = c->last = (struct usage)USAGE_INIT;
}

void pod_container_free(struct pod_container *c)
{
    if (c == NULL)
        return;
    stop_exit_watch(c);
    stop_folder_watch(c);
    cgroup_free(&c->cgroup);
    free(c);
}

/* Reads the pid file. False unless it names a process that lives and is the one meant. */
static bool read_pid_file(const struct pod_container *c, struct proc_process *out)
{
    auto_free char *path = str_dup(c->spec->pid_file);
    auto_buf struct buf text = {0};
    struct str pid_text, ticks_text;
    int64_t pid, ticks = 0, written_ns;
    struct stat st;

    if (!file_read(path, PID_FILE_MAX_BYTES, &text, NULL) || stat(path, &st) != 0)
        return false;
    str_cut(str_trim(buf_str(&text)), '\n', &pid_text, &ticks_text);
    if (!str_to_i64(str_trim(pid_text), &pid) || pid <= 0)
        return false;
    if (!proc_read_process(c->around->machine_root, pid, out) || out->state == 'Z' || out->state == 'X')
        return false;
    if (str_to_i64(str_trim(ticks_text), &ticks))
        return out->start_ticks == ticks;
    /* Without the start's ticks: a process that began after its pid was written down is another with the same id. */
    written_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
    return proc_start_unix_ns(out, c->around->boot_unix_ns) <= written_ns + PID_FILE_SLACK_NS;
}

static int64_t tree_cpu_ns(const struct pod_container *c)
{
    struct proc_table table;
    struct usage u;

    if (!proc_table_read(c->around->machine_root, &table, NULL))
        return 0;
    proc_tree_usage(c->around->machine_root, &table, c->pid, &u);
    proc_table_free(&table);
    return is_measured(u.cpu_ns) ? u.cpu_ns : 0;
}

/* The name of the cgroup that a running process is moved into; one that was started inside its cgroup has another. */
static void print_moved_leaf(struct buf *to, const struct pod_container *c)
{
    buf_printf(to, "%.*s.%lld-%lld", STR_ARG(c->spec->name), (long long)c->pid, (long long)c->start_ticks);
}

/* Whether an earlier life of ours moved the process into the cgroup NOW. */
static bool was_moved(const struct pod_container *c, const struct cgroup *now)
{
    auto_buf struct buf leaf = {0};

    buf_add_char(&leaf, '/');
    print_moved_leaf(&leaf, c);
    return str_ends_with(str_of(now->cpu_dir), buf_str(&leaf));
}

/* The CPU time that a process had used before it was moved into G: what it has used in all, without what G counted. */
static int64_t cpu_ns_before(const struct pod_container *c, const struct cgroup *g)
{
    int64_t in_all_ns = tree_cpu_ns(c), missing_ns;
    struct usage u;

    cgroup_read(g, &u);
    missing_ns = is_measured(u.cpu_ns) ? in_all_ns - u.cpu_ns : 0;
    return missing_ns > 0 ? missing_ns + TICK_NS : 0; /* /proc rounds down: the counter must never go back */
}

/* Moves the tree into a new cgroup of its own. */
static bool move_tree(struct pod_container *c, struct error *err)
{
    auto_buf struct buf leaf = {0};
    int64_t cpu_ns = tree_cpu_ns(c);

    print_moved_leaf(&leaf, c);
    for (int attempt = 0; attempt < 2; attempt++) {
        struct cgroup made;
        if (!pod_cgroups_make(c->around->cgroups, c->uid, buf_str(&leaf), &made, err))
            return false;
        if (cgroup_attach_tree(c->around->machine_root, &made, c->pid, NULL, err)) {
            c->cgroup = made;
            c->is_moved = true;
            c->moved_cpu_ns = cpu_ns;
            return true;
        }
        cgroup_remove(&made, NULL); /* stays when a part was moved: it is removed with the pod */
        cgroup_free(&made);
        if (err->code != ENOENT) /* another node agent on this machine may just have swept empty cgroups */
            return false;
    }
    return false;
}

/* Finds or makes the cgroup in which the process is measured. */
static void place(struct pod_container *c)
{
    struct container_surroundings *around = c->around;
    auto_error struct error err = {0};
    struct cgroup now;

    if (c->spec->cgroup.len > 0) {
        cgroup_at(&around->trees, c->spec->cgroup, &c->cgroup);
        return;
    }
    if (around->cgroups == NULL || !cgroup_of_process(around->machine_root, &around->trees, c->pid, &now))
        return;
    if (pod_cgroups_contain(around->cgroups, c->uid, &now)) {
        c->cgroup = now;
        c->is_moved = was_moved(c, &now);
        c->is_in_pod_cgroup = !c->is_moved;
        c->moved_cpu_ns = c->is_moved ? cpu_ns_before(c, &now) : 0;
        return;
    }
    cgroup_free(&now);
    if (move_tree(c, &err) || around->has_said_not_moved)
        return;
    around->has_said_not_moved = true;
    log_warning("Processes can't be moved into cgroups of their own; their figures come from /proc",
                LOG_STR("container", c->spec->name), LOG_NUM("pid", c->pid), LOG_ERR(&err));
}

static bool look_at_process(struct pod_container *c)
{
    char id[RUN_ID_SIZE];
    struct proc_process p;
    bool is_news;

    if (!read_pid_file(c, &p)) {
        is_news = container_run_ended(&c->run, clock_unix_ns());
        if (is_news)
            forget_run(c);
        return is_news;
    }
    run_id_of_process(id, c->around->boot_id, p.pid, p.start_ticks);
    if (!container_run_started(&c->run, id, proc_start_unix_ns(&p, c->around->boot_unix_ns), clock_unix_ns()))
        return false;
    forget_run(c);
    c->pid = p.pid;
    c->start_ticks = p.start_ticks;
    start_exit_watch(c);
    place(c);
    return true;
}

static bool look_at_cgroup(struct pod_container *c)
{
    char id[RUN_ID_SIZE];
    struct cgroup g;
    int64_t created;

    cgroup_at(&c->around->trees, c->spec->cgroup, &g);
    created = cgroup_created_unix_ns(&g);
    if (!is_measured(created)) {
        cgroup_free(&g);
        if (!container_run_ended(&c->run, clock_unix_ns()))
            return false;
        forget_run(c);
        return true;
    }
    run_id_of_cgroup(id, c->around->boot_id, c->spec->cgroup, created);
    if (!container_run_started(&c->run, id, created, clock_unix_ns())) {
        cgroup_free(&g);
        return false;
    }
    forget_run(c);
    c->cgroup = g;
    return true;
}

bool pod_container_look(struct pod_container *c)
{
    start_folder_watch(c);
    return c->spec->pid_file.len > 0 ? look_at_process(c) : look_at_cgroup(c);
}
