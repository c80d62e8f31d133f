#include "node/sampler.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "node/disk_usage.h"

/* Two points of one counter. */
struct points {
    struct usage previous;
    struct usage last;
};

struct sampler {
    struct sampler_options options;
    char *machine_root;
    char *root_folder;
    char *node_name;
    int64_t taken_mono_ns;
    bool has_taken;
    struct points node;
    struct points all_pods;
};

/* Of one pass: the processes, read when the first container needs them. */
struct pass {
    struct sampler *sampler;
    struct proc_table processes;
    bool has_processes;
};

struct sampler *sampler_new(const struct sampler_options *options)
{
    struct sampler *s = mem_zalloc(sizeof(*s));

    s->options = *options;
    s->machine_root = mem_strdup(options->machine_root);
    s->root_folder = mem_strdup(options->root_folder);
    s->node_name = str_dup(options->node_name);
    s->node = s->all_pods = (struct points){USAGE_INIT, USAGE_INIT};
    return s;
}

void sampler_free(struct sampler *s)
{
    if (s == NULL)
        return;
    free(s->machine_root);
    free(s->root_folder);
    free(s->node_name);
    free(s);
}

static bool has_anything(const struct usage *u)
{
    return is_measured(u->cpu_ns) || is_measured(u->memory_bytes) || is_measured(u->working_set_bytes);
}

/* Makes U the last point. A counter that went back is another one: no rate over it. */
static void add_point(struct usage *previous, struct usage *last, const struct usage *u)
{
    bool is_continued = is_measured(last->cpu_ns) && is_measured(u->cpu_ns) && u->cpu_ns >= last->cpu_ns &&
                        u->time_unix_ns > last->time_unix_ns;

    *previous = is_continued ? *last : (struct usage)USAGE_INIT;
    *last = *u;
}

static int64_t nano_cores(const struct usage *previous, const struct usage *last)
{
    double seconds = (double)(last->time_unix_ns - previous->time_unix_ns) / (double)NS_PER_S;

    if (!is_measured(previous->cpu_ns) || !is_measured(last->cpu_ns) || seconds <= 0)
        return NOT_MEASURED;
    return (int64_t)((double)(last->cpu_ns - previous->cpu_ns) / seconds);
}

static void fill_holes(struct usage *u, const struct usage *from)
{
    u->cpu_ns = usage_or(u->cpu_ns, from->cpu_ns);
    if (!is_measured(u->memory_bytes) || !is_measured(u->working_set_bytes)) { /* both of one source */
        u->memory_bytes = from->memory_bytes;
        u->working_set_bytes = from->working_set_bytes;
    }
    u->rss_bytes = usage_or(u->rss_bytes, from->rss_bytes);
    u->page_faults = usage_or(u->page_faults, from->page_faults);
    u->major_page_faults = usage_or(u->major_page_faults, from->major_page_faults);
    u->process_count = usage_or(u->process_count, from->process_count);
}

static void take_node(struct sampler *s)
{
    struct usage u, by_proc;
    struct cgroup top;

    cgroup_at(&s->options.around->trees, STR("/"), &top);
    cgroup_read(&top, &u);
    cgroup_free(&top);
    if (!is_measured(u.cpu_ns) || !is_measured(u.working_set_bytes)) {
        proc_machine_usage(s->machine_root, &by_proc);
        fill_holes(&u, &by_proc);
    }
    add_point(&s->node.previous, &s->node.last, &u);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool tree_usage(struct pass *pass, int64_t pid, struct usage *out)
{
    const char *machine_root = pass->sampler->machine_root;

    if (!pass->has_processes)
        pass->has_processes = proc_table_read(machine_root, &pass->processes, NULL);
    return pass->has_processes && proc_tree_usage(machine_root, &pass->processes, pid, out);
}

/* Adds the anonymous memory that a moved TREE has, but its cgroup doesn't: it is still charged where it was first
 * touched. */
static void add_left_behind(struct usage *u, const struct usage *tree)
{
    int64_t missing = tree->rss_bytes - u->rss_bytes;

    if (!is_measured(u->working_set_bytes) || !is_measured(u->rss_bytes) || !is_measured(tree->rss_bytes) ||
        missing <= 0)
        return;
    u->memory_bytes += missing;
    u->working_set_bytes += missing;
    u->rss_bytes += missing;
}

/* What C uses now. Nothing measured when it can't be told. */
static void container_usage(struct pass *pass, const struct pod_container *c, struct usage *out)
{
    struct usage tree;

    cgroup_read(&c->cgroup, out);
    if (c->is_moved && is_measured(out->cpu_ns))
        out->cpu_ns += c->moved_cpu_ns;
    if (c->pid == 0 || (!c->is_moved && is_measured(out->cpu_ns) && is_measured(out->working_set_bytes)))
        return;
    if (!tree_usage(pass, c->pid, &tree))
        return;
    if (c->is_moved)
        add_left_behind(out, &tree);
    fill_holes(out, &tree);
}

static void add_to_sum(struct usage *sum, const struct usage *u)
{
    sum->time_unix_ns = larger(sum->time_unix_ns, u->time_unix_ns);
    sum->cpu_ns = usage_sum(sum->cpu_ns, u->cpu_ns);
    sum->memory_bytes = usage_sum(sum->memory_bytes, u->memory_bytes);
    sum->working_set_bytes = usage_sum(sum->working_set_bytes, u->working_set_bytes);
    sum->rss_bytes = usage_sum(sum->rss_bytes, u->rss_bytes);
    sum->page_faults = usage_sum(sum->page_faults, u->page_faults);
    sum->major_page_faults = usage_sum(sum->major_page_faults, u->major_page_faults);
    sum->process_count = usage_sum(sum->process_count, u->process_count);
}

static void take_pod(struct pass *pass, struct node_pod *pod)
{
    struct pod_cgroups *cgroups = pass->sampler->options.around->cgroups;
    struct usage sum = {0}, u;
    bool is_all_inside = cgroups != NULL;
    size_t running = 0;

    for (size_t i = 0; i < pod->spec->container_count; i++) {
        struct pod_container *c = pod->containers[i];
        if (c->run.phase != RUN_RUNNING)
            continue;
        running++;
        is_all_inside = is_all_inside && c->is_in_pod_cgroup;
        container_usage(pass, c, &u);
        add_to_sum(&sum, &u);
        if (has_anything(&u))
            add_point(&c->previous, &c->last, &u);
    }
    if (running == 0) {
        pod->previous = pod->last = (struct usage)USAGE_INIT;
        return;
    }
    if (is_all_inside) {
        struct cgroup g;
        pod_cgroups_of(cgroups, pod->spec->uid, &g);
        cgroup_read(&g, &u);
        u.process_count = sum.process_count;
        cgroup_free(&g);
    } else {
        u = sum;
    }
    add_point(&pod->previous, &pod->last, &u);
}

void sampler_take(struct sampler *s, int64_t now_mono_ns)
{
    struct pass pass = {.sampler = s};

    if (s->has_taken && now_mono_ns - s->taken_mono_ns < SAMPLER_MIN_GAP_NS)
        return;
    s->has_taken = true;
    s->taken_mono_ns = now_mono_ns;
    take_node(s);
    if (s->options.around->cgroups != NULL) {
        struct usage u;
        cgroup_read(pod_cgroups_all(s->options.around->cgroups), &u);
        add_point(&s->all_pods.previous, &s->all_pods.last, &u);
    }
    for (size_t i = 0; i < static_pods_count(s->options.pods); i++)
        take_pod(&pass, static_pods_at(s->options.pods, i));
    if (pass.has_processes)
        proc_table_free(&pass.processes);
}

/* Of a full view: all processes, and those of them that run in containers. */
struct disk_pass {
    const char *machine_root;
    struct proc_table table;
    struct pid_list contained;
};

static void view_disk(struct disk_pass *pass, const struct pod_container *c, struct container_disk *out)
{
    struct pid_list its;

    container_processes(&pass->table, c->pid, &c->cgroup, &its);
    container_disk_read(pass->machine_root, &its, out);
    pid_list_add(&pass->contained, &its);
    pid_list_free(&its);
}

/* DISK: NULL in a short view. */
static size_t view_containers(const struct node_pod *pod, struct disk_pass *disk, struct container_sample *out)
{
    size_t count = 0;

    for (size_t i = 0; i < pod->spec->container_count; i++) {
        const struct pod_container *c = pod->containers[i];
        if (c->run.phase != RUN_RUNNING || !has_anything(&c->last))
            continue;
        out[count] = (struct container_sample){
            .name = c->spec->name,
            .start_unix_ns = c->run.now.started_unix_ns,
            .usage = c->last,
            .nano_cores = nano_cores(&c->previous, &c->last),
        };
        if (disk != NULL)
            view_disk(disk, c, &out[count].disk);
        count++;
    }
    return count;
}

static void view_pods(struct sampler *s, struct arena *arena, struct disk_pass *disk, struct node_sample *out)
{
    size_t all = static_pods_count(s->options.pods);
    struct pod_sample *pods = arena_zalloc(arena, (all + 1) * sizeof(*pods));

    for (size_t i = 0; i < all; i++) {
        const struct node_pod *pod = static_pods_at(s->options.pods, i);
        struct container_sample *containers = arena_zalloc(arena, pod->spec->container_count * sizeof(*containers));
        size_t count = view_containers(pod, disk, containers);
        if (count == 0)
            continue;
        pods[out->pod_count] = (struct pod_sample){
            .namespace = pod->spec->namespace,
            .name = pod->spec->name,
            .uid = pod->spec->uid,
            .start_unix_ns = pod->first_seen_unix_ns,
            .usage = pod->last,
            .nano_cores = nano_cores(&pod->previous, &pod->last),
            .containers = containers,
            .container_count = count,
        };
        if (out->has_filesystem)
            pods[out->pod_count].has_ephemeral_storage =
                ephemeral_storage_sum(&pods[out->pod_count], &out->filesystem, &pods[out->pod_count].ephemeral_storage);
        out->pod_count++;
    }
    out->pods = pods;
}

/* While the root folder isn't there, the folder above it that is. */
bool sampler_filesystem(const struct sampler *s, struct filesystem *out)
{
    auto_free char *path = mem_strdup(s->root_folder);

    while (!file_exists(path)) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path)
            return filesystem_read("/", out, NULL);
        *slash = '\0';
    }
    return filesystem_read(path, out, NULL);
}

static void view_rest(struct sampler *s, struct arena *arena, struct node_sample *out)
{
    struct network_device *devices;
    size_t count;

    if (network_devices_read(s->machine_root, arena, &devices, &count)) {
        out->network_time_unix_ns = clock_unix_ns();
        out->default_device = network_default_device(s->machine_root, arena);
        out->devices = devices;
        out->device_count = count;
    }
    out->has_filesystem = sampler_filesystem(s, &out->filesystem);
    out->limits_time_unix_ns = clock_unix_ns();
    proc_read_limits(s->machine_root, &out->limits);
}

static void view_all(struct sampler *s, struct arena *arena, struct node_sample *out)
{
    struct disk_pass disk = {.machine_root = s->machine_root};
    bool has_table = proc_table_read(s->machine_root, &disk.table, NULL);

    view_rest(s, arena, out);
    view_pods(s, arena, has_table ? &disk : NULL, out);
    if (has_table)
        out->has_image_filesystem = image_filesystem_read(s->machine_root, &disk.contained, &out->image_filesystem);
    proc_table_free(&disk.table);
    pid_list_free(&disk.contained);
}

void sampler_view(struct sampler *s, struct arena *arena, bool is_full, struct node_sample *out)
{
    *out = (struct node_sample){
        .node_name = str_of(s->node_name),
        .start_unix_ns = s->options.around->boot_unix_ns,
        .usage = s->node.last,
        .nano_cores = nano_cores(&s->node.previous, &s->node.last),
        .memory_capacity_bytes = s->options.memory_capacity_bytes,
        .has_pods_cgroup = s->options.around->cgroups != NULL && has_anything(&s->all_pods.last),
        .pods_start_unix_ns = NOT_MEASURED,
        .pods_usage = s->all_pods.last,
        .pods_nano_cores = nano_cores(&s->all_pods.previous, &s->all_pods.last),
        .network_time_unix_ns = NOT_MEASURED,
        .limits = {NOT_MEASURED, NOT_MEASURED},
    };
    if (out->has_pods_cgroup)
        out->pods_start_unix_ns = cgroup_created_unix_ns(pod_cgroups_all(s->options.around->cgroups));
    if (is_full)
        view_all(s, arena, out);
    else
        view_pods(s, arena, NULL, out);
}

bool sampler_has_failed(const struct sampler *s)
{
    return !is_measured(s->node.last.cpu_ns) || !is_measured(s->node.last.working_set_bytes);
}

const struct usage *sampler_node(const struct sampler *s)
{
    return &s->node.last;
}
