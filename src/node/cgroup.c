#include "node/cgroup.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/proc_text.h"

#define MOUNTINFO_MAX_BYTES (4u << 20) /* a machine with ten thousand container mounts has about 2 MiB */
#define CGROUP_FILE_MAX_BYTES (1u << 20)

const char *cgroup_layout_text(enum cgroup_layout layout)
{
    switch (layout) {
    case CGROUP_LAYOUT_V1:
        return "v1";
    case CGROUP_LAYOUT_V2:
        return "v2";
    case CGROUP_LAYOUT_HYBRID:
        return "hybrid";
    case CGROUP_LAYOUT_NONE:
        break;
    }
    return "none";
}

/* One line of mountinfo, as far as cgroups need it. */
struct mount_line {
    struct str top; /* still escaped */
    struct str dir; /* still escaped */
    struct str type;
    struct str options; /* of the super block: a v1 tree's controllers are among them */
};

static bool parse_mount_line(struct str line, struct mount_line *out)
{
    struct str rest = line, field;

    for (int i = 0; i < 3; i++)
        if (!proc_next_word(&rest, &field))
            return false;
    if (!proc_next_word(&rest, &out->top) || !proc_next_word(&rest, &out->dir))
        return false;
    do { /* mount options and any number of optional fields end at a lone dash */
        if (!proc_next_word(&rest, &field))
            return false;
    } while (!str_eq(field, STR("-")));
    if (!proc_next_word(&rest, &out->type) || !proc_next_word(&rest, &field))
        return false;
    if (!proc_next_word(&rest, &out->options))
        out->options = (struct str){NULL, 0};
    return true;
}

static bool list_has(struct str list, char separator, struct str word)
{
    struct str item;

    while (list.len > 0) {
        str_cut(list, separator, &item, &list);
        if (str_eq(str_trim(item), word))
            return true;
    }
    return false;
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void add_unescaped(struct buf *to, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 3 < s.len) {
            int code = (s.ptr[i + 1] - '0') * 64 + (s.ptr[i + 2] - '0') * 8 + (s.ptr[i + 3] - '0');
            buf_add_char(to, (char)code);
            i += 3;
        } else {
            buf_add_char(to, s.ptr[i]);
        }
    }
}

static void tree_set(struct cgroup_tree *tree, const char *machine_root, const struct mount_line *line, bool is_v2)
{
    struct buf dir = {0}, top = {0};

    if (tree->dir != NULL)
        return; /* further mounts of the same tree are views of it made for containers */
    buf_add_cstr(&dir, machine_root);
    add_unescaped(&dir, line->dir);
    add_unescaped(&top, line->top);
    tree->dir = buf_take(&dir);
    tree->top = buf_take(&top);
    tree->is_v2 = is_v2;
}

static void tree_free(struct cgroup_tree *tree)
{
    free(tree->dir);
    free(tree->top);
    *tree = (struct cgroup_tree){0};
}

static bool tree_has_controller(const struct cgroup_tree *tree, struct str controller)
{
    auto_buf struct buf path = {0}, text = {0};

    buf_printf(&path, "%s/cgroup.controllers", tree->dir);
    return file_read(buf_cstr(&path), CGROUP_FILE_MAX_BYTES, &text, NULL) &&
           list_has(str_trim(buf_str(&text)), ' ', controller);
}

static struct cgroup_tree tree_copy(const struct cgroup_tree *tree)
{
    return (struct cgroup_tree){mem_strdup(tree->dir), mem_strdup(tree->top), tree->is_v2};
}

bool cgroups_detect(const char *machine_root, struct cgroups *out, struct error *err)
{
    auto_buf struct buf path = {0}, text = {0};
    struct cgroup_tree unified = {0};
    bool has_v1 = false;
    struct str rest, raw;

    *out = (struct cgroups){0};
    buf_printf(&path, "%s/proc/self/mountinfo", machine_root);
    if (!file_read(buf_cstr(&path), MOUNTINFO_MAX_BYTES, &text, err))
        return error_wrap(err, "find the cgroups");
    rest = buf_str(&text);
    while (proc_next_line(&rest, &raw)) {
        struct mount_line line;
        if (!parse_mount_line(raw, &line))
            continue;
        if (str_eq(line.type, STR("cgroup2"))) {
            tree_set(&unified, machine_root, &line, true);
        } else if (str_eq(line.type, STR("cgroup"))) {
            has_v1 = true;
            if (list_has(line.options, ',', STR("cpuacct")))
                tree_set(&out->cpu, machine_root, &line, false);
            if (list_has(line.options, ',', STR("memory")))
                tree_set(&out->memory, machine_root, &line, false);
        }
    }
    if (unified.dir != NULL) {
        out->layout = has_v1 ? CGROUP_LAYOUT_HYBRID : CGROUP_LAYOUT_V2;
        if (out->cpu.dir == NULL)
            out->cpu = tree_copy(&unified);
        if (out->memory.dir == NULL && tree_has_controller(&unified, STR("memory")))
            out->memory = tree_copy(&unified);
    } else {
        out->layout = has_v1 ? CGROUP_LAYOUT_V1 : CGROUP_LAYOUT_NONE;
    }
    tree_free(&unified);
    return true;
}

void cgroups_free(struct cgroups *c)
{
    tree_free(&c->cpu);
    tree_free(&c->memory);
    c->layout = CGROUP_LAYOUT_NONE;
}

/* The folder of cgroup PATH in TREE, or NULL when the mount doesn't show it. */
static char *dir_of(const struct cgroup_tree *tree, struct str path)
{
    struct str top;
    struct buf dir = {0};

    if (tree->dir == NULL || path.len == 0 || path.ptr[0] != '/' || str_starts_with(path, STR("/..")))
        return NULL;
    top = str_of(tree->top);
    if (str_starts_with(top, STR("/.."))) /* mounted in a sibling cgroup namespace: nothing is known of its paths */
        return NULL;
    if (!str_eq(top, STR("/"))) {
        if (!str_starts_with(path, top))
            return NULL;
        path = str_skip(path, top.len);
        if (path.len > 0 && path.ptr[0] != '/')
            return NULL;
    }
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    buf_add_cstr(&dir, tree->dir);
    buf_add_str(&dir, path);
    return buf_take(&dir);
}

void cgroup_at(const struct cgroups *c, struct str path, struct cgroup *out)
{
    /* A path that a person gives counts from what the mount shows, so that "/" is there inside a container too. */
    struct cgroup_tree cpu = c->cpu, memory = c->memory;
    char slash[] = "/";

    cpu.top = memory.top = slash;
    *out = (struct cgroup){
        .cpu_dir = dir_of(&cpu, path),
        .memory_dir = dir_of(&memory, path),
        .is_cpu_v2 = c->cpu.is_v2,
        .is_memory_v2 = c->memory.is_v2,
    };
}

/* The path of the line of TEXT that speaks of CONTROLLER, or of the v2 tree. */
static struct str path_named_by(struct str text, bool is_v2, struct str controller)
{
    struct str line;

    while (proc_next_line(&text, &line)) {
        struct str id, controllers, path;
        if (!str_cut(line, ':', &id, &path) || !str_cut(path, ':', &controllers, &path))
            continue;
        if (is_v2 ? str_eq(id, STR("0")) && controllers.len == 0 : list_has(controllers, ',', controller))
            return path;
    }
    return (struct str){NULL, 0};
}

void cgroup_named_by(const struct cgroups *c, struct str text, struct cgroup *out)
{
    *out = (struct cgroup){
        .cpu_dir = dir_of(&c->cpu, path_named_by(text, c->cpu.is_v2, STR("cpuacct"))),
        .memory_dir = dir_of(&c->memory, path_named_by(text, c->memory.is_v2, STR("memory"))),
        .is_cpu_v2 = c->cpu.is_v2,
        .is_memory_v2 = c->memory.is_v2,
    };
}

bool cgroup_of_process(const char *machine_root, const struct cgroups *c, int64_t pid, struct cgroup *out)
{
    auto_buf struct buf path = {0}, text = {0};

    *out = (struct cgroup){0};
    buf_printf(&path, "%s/proc/%lld/cgroup", machine_root, (long long)pid);
    if (!file_read(buf_cstr(&path), CGROUP_FILE_MAX_BYTES, &text, NULL))
        return false;
    cgroup_named_by(c, buf_str(&text), out);
    return true;
}

static char *dir_beneath(const char *parent, struct str child)
{
    struct buf dir = {0};

    if (parent == NULL)
        return NULL;
    buf_printf(&dir, "%s/%.*s", parent, STR_ARG(child));
    return buf_take(&dir);
}

void cgroup_beneath(const struct cgroup *parent, struct str child, struct cgroup *out)
{
    *out = (struct cgroup){
        .cpu_dir = dir_beneath(parent->cpu_dir, child),
        .memory_dir = dir_beneath(parent->memory_dir, child),
        .is_cpu_v2 = parent->is_cpu_v2,
        .is_memory_v2 = parent->is_memory_v2,
    };
}

void cgroup_free(struct cgroup *g)
{
    free(g->cpu_dir);
    free(g->memory_dir);
    *g = (struct cgroup){0};
}

bool cgroup_exists(const struct cgroup *g)
{
    return (g->cpu_dir != NULL && file_exists(g->cpu_dir)) || (g->memory_dir != NULL && file_exists(g->memory_dir));
}

int64_t cgroup_created_unix_ns(const struct cgroup *g)
{
    const char *dirs[] = {g->cpu_dir, g->memory_dir};
    int64_t oldest = NOT_MEASURED;

    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        if (dirs[i] == NULL || stat(dirs[i], &st) != 0)
            continue;
        int64_t at = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
        if (!is_measured(oldest) || at < oldest)
            oldest = at;
    }
    return oldest;
}

/* Reads DIR/NAME into TEXT, emptied before. */
static bool read_file(const char *dir, const char *name, struct buf *path, struct buf *text)
{
    buf_clear(path);
    buf_clear(text);
    buf_printf(path, "%s/%s", dir, name);
    return file_read(buf_cstr(path), CGROUP_FILE_MAX_BYTES, text, NULL);
}

static int64_t read_number(const char *dir, const char *name, struct buf *path, struct buf *text)
{
    int64_t v;

    if (!read_file(dir, name, path, text) || !str_to_i64(str_trim(buf_str(text)), &v) || v < 0)
        return NOT_MEASURED;
    return v;
}

static void read_cpu(const struct cgroup *g, struct buf *path, struct buf *text, struct usage *out)
{
    if (g->is_cpu_v2) {
        if (read_file(g->cpu_dir, "cpu.stat", path, text)) {
            int64_t usec = proc_keyed_number(buf_str(text), STR("usage_usec"));
            out->cpu_ns = is_measured(usec) ? usec * NS_PER_US : NOT_MEASURED;
        }
    } else {
        out->cpu_ns = read_number(g->cpu_dir, "cpuacct.usage", path, text);
    }
}

static void read_memory(const struct cgroup *g, struct buf *path, struct buf *text, struct usage *out)
{
    bool is_v2 = g->is_memory_v2;
    int64_t inactive_file;

    out->memory_bytes = read_number(g->memory_dir, is_v2 ? "memory.current" : "memory.usage_in_bytes", path, text);
    if (!read_file(g->memory_dir, "memory.stat", path, text))
        return;
    inactive_file = proc_keyed_number(buf_str(text), is_v2 ? STR("inactive_file") : STR("total_inactive_file"));
    out->rss_bytes = proc_keyed_number(buf_str(text), is_v2 ? STR("anon") : STR("total_rss"));
    out->page_faults = proc_keyed_number(buf_str(text), is_v2 ? STR("pgfault") : STR("total_pgfault"));
    out->major_page_faults = proc_keyed_number(buf_str(text), is_v2 ? STR("pgmajfault") : STR("total_pgmajfault"));
    if (is_measured(out->memory_bytes) && is_measured(inactive_file))
        out->working_set_bytes = out->memory_bytes > inactive_file ? out->memory_bytes - inactive_file : 0;
}

void cgroup_read(const struct cgroup *g, struct usage *out)
{
    auto_buf struct buf path = {0}, text = {0};

    *out = (struct usage)USAGE_INIT;
    out->time_unix_ns = clock_unix_ns();
    if (g->cpu_dir != NULL)
        read_cpu(g, &path, &text, out);
    if (g->memory_dir != NULL)
        read_memory(g, &path, &text, out);
}
