#include "node/pod_cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "node/proc.h"
#include "node/proc_text.h"

#define FOLDER "tacho"
#define MAX_TREES 2
#define ATTACH_ROUNDS                                                                              \
    20 /* a tree that forks faster than this is moved in part; its next children are inside anyway \
        */
#define SMALL_FILE_MAX_BYTES 65536

struct pod_cgroups {
    char *machine_root;
    struct cgroups trees;
    struct cgroup all; /* HOME/tacho */
};

/* The folders of G, each once: on v2 both figures have the same one. */
static size_t folders_of(const struct cgroup *g, const char *folders[MAX_TREES])
{
    size_t count = 0;

    if (g->cpu_dir != NULL)
        folders[count++] = g->cpu_dir;
    if (g->memory_dir != NULL && (count == 0 || !str_eq_cstr(str_of(g->memory_dir), folders[0])))
        folders[count++] = g->memory_dir;
    return count;
}

static bool write_text(const char *folder, const char *name, const char *text, struct error *err)
{
    auto_buf struct buf path = {0};
    size_t len = strlen(text);

    buf_printf(&path, "%s/%s", folder, name);
    auto_close int fd = open(buf_cstr(&path), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        return error_set_errno(err, errno, "write \"%s\" to %s", text, buf_cstr(&path));
    return true;
}

static bool make_folder(const char *path, struct error *err)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return error_set_errno(err, errno, "make cgroup %s", path);
    return true;
}

/* One that was there may be somebody else's. */
static bool check_writable(const char *path, struct error *err)
{
    if (access(path, W_OK | X_OK) != 0)
        return error_set_errno(err, errno, "make cgroups in %s", path);
    return true;
}

/* Hands memory on to the children of the v2 cgroup DIR. CPU time is there without a controller. */
static bool hand_on(const char *dir, struct error *err)
{
    auto_buf struct buf path = {0}, text = {0};
    struct str rest, word;

    buf_printf(&path, "%s/cgroup.subtree_control", dir);
    if (!file_read(buf_cstr(&path), SMALL_FILE_MAX_BYTES, &text, err))
        return false;
    rest = str_trim(buf_str(&text));
    while (proc_next_word(&rest, &word))
        if (str_eq(word, STR("memory")))
            return true;
    return write_text(dir, "cgroup.subtree_control", "+memory", err);
}

/* Makes DIR/tacho able to account memory; on v2 that takes DIR's and its own subtree_control. */
static char *make_home(const char *dir, bool is_v2, bool has_memory, struct error *err)
{
    struct buf home = {0};

    buf_printf(&home, "%s/" FOLDER, dir);
    if (is_v2 && has_memory && !hand_on(dir, err)) {
        buf_free(&home);
        return NULL;
    }
    if (!make_folder(buf_cstr(&home), err) || !check_writable(buf_cstr(&home), err) ||
        (is_v2 && has_memory && !hand_on(buf_cstr(&home), err))) {
        buf_free(&home);
        return NULL;
    }
    return buf_take(&home);
}

/* Cuts DIR before its component "tacho", if it has one behind TREE's mount: we are inside a pod of our own. */
static void cut_folder(const struct cgroup_tree *tree, char *dir)
{
    char *at = dir + strlen(tree->dir);

    while ((at = strstr(at, "/" FOLDER)) != NULL) {
        char next = at[sizeof("/" FOLDER) - 1];
        if (next == '\0' || next == '/') {
            *at = '\0';
            return;
        }
        at++;
    }
}

/* HOME/tacho in one tree. OWN is our own cgroup there, which may be unknown. */
static char *choose_home(const struct cgroup_tree *tree, const char *own, const char *cgroup_root, bool has_memory,
                         struct error *err)
{
    auto_buf struct buf dir = {0};

    if (cgroup_root[0] != '\0') {
        buf_printf(&dir, "%s%s%s", tree->dir, cgroup_root[0] == '/' ? "" : "/", cgroup_root);
        while (dir.len > 1 && dir.ptr[dir.len - 1] == '/')
            dir.ptr[--dir.len] = '\0';
        return make_home(buf_cstr(&dir), tree->is_v2, has_memory, err);
    }
    if (own != NULL) {
        auto_free char *home = mem_strdup(own);
        char *made;
        cut_folder(tree, home);
        made = make_home(home, tree->is_v2, has_memory, err);
        if (made != NULL || !tree->is_v2)
            return made;
    }
    error_clear(err);
    return make_home(tree->dir, tree->is_v2, has_memory, err);
}

struct pod_cgroups *pod_cgroups_new(const char *machine_root, const char *cgroup_root, struct error *err)
{
    struct pod_cgroups *p = mem_zalloc(sizeof(*p));
    struct cgroup own = {0};
    bool is_one_tree, is_made = false;

    p->machine_root = mem_strdup(machine_root);
    if (!cgroups_detect(machine_root, &p->trees, err))
        goto out;
    if (p->trees.layout == CGROUP_LAYOUT_NONE || p->trees.cpu.dir == NULL) {
        error_set(err, 0, "no cgroups that account CPU time are mounted");
        goto out;
    }
    cgroup_of_process(machine_root, &p->trees, getpid(), &own);
    is_one_tree = p->trees.memory.dir != NULL && str_eq_cstr(str_of(p->trees.cpu.dir), p->trees.memory.dir);
    p->all.is_cpu_v2 = p->trees.cpu.is_v2;
    p->all.is_memory_v2 = p->trees.memory.is_v2;
    p->all.cpu_dir = choose_home(&p->trees.cpu, own.cpu_dir, cgroup_root, is_one_tree, err);
    if (p->all.cpu_dir == NULL)
        goto out;
    if (is_one_tree)
        p->all.memory_dir = mem_strdup(p->all.cpu_dir);
    else if (p->trees.memory.dir != NULL)
        p->all.memory_dir = choose_home(&p->trees.memory, own.memory_dir, cgroup_root, true, err);
    is_made = p->all.memory_dir != NULL || p->trees.memory.dir == NULL;
out:
    cgroup_free(&own);
    if (!is_made) {
        pod_cgroups_free(p);
        return NULL;
    }
    return p;
}

void pod_cgroups_free(struct pod_cgroups *p)
{
    if (p == NULL)
        return;
    cgroup_free(&p->all);
    cgroups_free(&p->trees);
    free(p->machine_root);
    free(p);
}

const struct cgroup *pod_cgroups_all(const struct pod_cgroups *p)
{
    return &p->all;
}

void pod_cgroups_of(const struct pod_cgroups *p, struct str uid, struct cgroup *out)
{
    auto_buf struct buf name = {0};

    buf_printf(&name, "pod%.*s", STR_ARG(uid));
    cgroup_beneath(&p->all, buf_str(&name), out);
}

static bool make_all(const struct cgroup *g, bool has_children, struct error *err)
{
    const char *folders[MAX_TREES];
    size_t count = folders_of(g, folders);

    for (size_t i = 0; i < count; i++)
        if (!make_folder(folders[i], err))
            return false;
    if (has_children && g->memory_dir != NULL && g->is_memory_v2)
        return hand_on(g->memory_dir, err);
    return true;
}

bool pod_cgroups_make(struct pod_cgroups *p, struct str uid, struct str leaf, struct cgroup *out, struct error *err)
{
    struct cgroup pod;
    bool is_made;

    *out = (struct cgroup){0};
    pod_cgroups_of(p, uid, &pod);
    is_made = make_all(&p->all, true, err) && make_all(&pod, true, err);
    if (leaf.len == 0) {
        *out = pod;
    } else {
        if (is_made) {
            cgroup_beneath(&pod, leaf, out);
            is_made = make_all(out, false, err);
        }
        cgroup_free(&pod);
    }
    if (!is_made)
        cgroup_free(out);
    return is_made;
}

static bool is_beneath(const char *dir, const char *parent)
{
    if (parent == NULL || dir == NULL)
        return parent == dir;
    return str_starts_with(str_of(dir), str_of(parent)) && (dir[strlen(parent)] == '/' || dir[strlen(parent)] == '\0');
}

bool pod_cgroups_contain(const struct pod_cgroups *p, struct str uid, const struct cgroup *g)
{
    struct cgroup pod;
    bool contains;

    pod_cgroups_of(p, uid, &pod);
    contains = is_beneath(g->cpu_dir, pod.cpu_dir) && is_beneath(g->memory_dir, pod.memory_dir);
    cgroup_free(&pod);
    return contains;
}

/* Removes DIR's folders, deepest first, and DIR. What is busy stays. cgroupfs files go with their folder. */
static void remove_folder_tree(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (d == NULL)
        return;
    while ((entry = readdir(d)) != NULL) {
        auto_buf struct buf child = {0};
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        buf_printf(&child, "%s/%s", dir, entry->d_name);
        remove_folder_tree(buf_cstr(&child));
    }
    closedir(d);
    rmdir(dir); /* fails while something runs in it, which is what the header promises */
}

static void remove_cgroup_tree(const struct cgroup *g)
{
    const char *folders[MAX_TREES];
    size_t count = folders_of(g, folders);

    for (size_t i = 0; i < count; i++)
        remove_folder_tree(folders[i]);
}

void pod_cgroups_remove(struct pod_cgroups *p, struct str uid)
{
    struct cgroup pod;

    pod_cgroups_of(p, uid, &pod);
    remove_cgroup_tree(&pod);
    cgroup_free(&pod);
}

void pod_cgroups_sweep(struct pod_cgroups *p)
{
    remove_cgroup_tree(&p->all);
}

bool cgroup_attach(const struct cgroup *g, int64_t pid, struct error *err)
{
    const char *folders[MAX_TREES];
    size_t count = folders_of(g, folders);
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)pid);
    for (size_t i = 0; i < count; i++)
        if (!write_text(folders[i], "cgroup.procs", text, err))
            return false;
    return true;
}

static bool is_same_dir(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : str_eq_cstr(str_of(a), b);
}

/* Whether PID is outside of G; false also when it is gone. */
static bool is_outside(const char *machine_root, const struct cgroups *trees, const struct cgroup *g, int64_t pid)
{
    struct cgroup now;
    bool outside;

    if (!cgroup_of_process(machine_root, trees, pid, &now))
        return false;
    outside = !is_same_dir(now.cpu_dir, g->cpu_dir) || !is_same_dir(now.memory_dir, g->memory_dir);
    cgroup_free(&now);
    return outside;
}

/* Moves those members of PID's tree that are outside. Returns how many there were, or -1. */
static int attach_round(const char *machine_root, const struct cgroups *trees, const struct cgroup *g, int64_t pid,
                        struct error *err)
{
    auto_free bool *members = NULL;
    struct proc_table table;
    int moved = 0;

    if (!proc_table_read(machine_root, &table, err))
        return -1;
    members = mem_alloc(table.count + 1);
    proc_table_tree(&table, pid, members);
    for (size_t i = 0; i < table.count && moved >= 0; i++) {
        struct error cause = {0};
        if (!members[i] || table.items[i].state == 'Z' || !is_outside(machine_root, trees, g, table.items[i].pid))
            continue;
        if (cgroup_attach(g, table.items[i].pid, &cause)) {
            moved++;
        } else if (cause.code == ESRCH) {
            error_clear(&cause); /* ended meanwhile */
        } else {
            error_move(err, &cause);
            moved = -1;
        }
    }
    proc_table_free(&table);
    return moved;
}

bool cgroup_attach_tree(const char *machine_root, const struct cgroup *g, int64_t pid, size_t *moved, struct error *err)
{
    struct cgroups trees;
    int count = 1;

    if (moved != NULL)
        *moved = 0;
    if (!cgroups_detect(machine_root, &trees, err))
        return false;
    for (int round = 0; round < ATTACH_ROUNDS && count > 0; round++) {
        count = attach_round(machine_root, &trees, g, pid, err);
        if (moved != NULL && count > 0)
            *moved += (size_t)count;
    }
    cgroups_free(&trees);
    return count >= 0;
}

bool cgroup_remove(const struct cgroup *g, struct error *err)
{
    const char *folders[MAX_TREES];
    size_t count = folders_of(g, folders);

    for (size_t i = 0; i < count; i++)
        if (rmdir(folders[i]) != 0 && errno != ENOENT)
            return error_set_errno(err, errno, "remove cgroup %s", folders[i]);
    return true;
}
