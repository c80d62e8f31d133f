#include "node/summary.h"

#include "base/alloc.h"
#include "kube/json_indent.h"
#include "kube/json_writer.h"

static void member_figure(struct json_writer *w, struct str key, int64_t figure)
{
    if (is_measured(figure))
        json_member_i64(w, key, figure);
}

static void write_cpu(struct json_writer *w, const struct usage *u, int64_t nano_cores)
{
    if (!is_measured(u->cpu_ns))
        return;
    json_write_key(w, STR("cpu"));
    json_open_object(w);
    json_member_time(w, STR("time"), u->time_unix_ns);
    member_figure(w, STR("usageNanoCores"), nano_cores);
    json_member_i64(w, STR("usageCoreNanoSeconds"), u->cpu_ns);
    json_close_object(w);
}

/* LIMIT_BYTES: what may be used at most; NOT_MEASURED where there is no limit. */
static void write_memory(struct json_writer *w, const struct usage *u, int64_t limit_bytes)
{
    if (!is_measured(u->memory_bytes) && !is_measured(u->working_set_bytes) && !is_measured(u->rss_bytes))
        return;
    json_write_key(w, STR("memory"));
    json_open_object(w);
    json_member_time(w, STR("time"), u->time_unix_ns);
    if (is_measured(limit_bytes) && is_measured(u->working_set_bytes))
        json_member_i64(w, STR("availableBytes"),
                        limit_bytes > u->working_set_bytes ? limit_bytes - u->working_set_bytes : 0);
    member_figure(w, STR("usageBytes"), u->memory_bytes);
    member_figure(w, STR("workingSetBytes"), u->working_set_bytes);
    member_figure(w, STR("rssBytes"), u->rss_bytes);
    member_figure(w, STR("pageFaults"), u->page_faults);
    member_figure(w, STR("majorPageFaults"), u->major_page_faults);
    json_close_object(w);
}

static void write_start(struct json_writer *w, int64_t start_unix_ns)
{
    if (is_measured(start_unix_ns))
        json_member_time(w, STR("startTime"), start_unix_ns);
}

static void write_system_containers(struct json_writer *w, const struct node_sample *s)
{
    if (!s->has_pods_cgroup)
        return;
    json_write_key(w, STR("systemContainers"));
    json_open_array(w);
    json_open_object(w);
    json_member_cstr(w, STR("name"), "pods");
    write_start(w, s->pods_start_unix_ns);
    write_cpu(w, &s->pods_usage, s->pods_nano_cores);
    write_memory(w, &s->pods_usage, s->memory_capacity_bytes);
    json_close_object(w);
    json_close_array(w);
}

static void write_device(struct json_writer *w, const struct network_device *d)
{
    json_member_str(w, STR("name"), d->name);
    json_member_i64(w, STR("rxBytes"), d->rx_bytes);
    json_member_i64(w, STR("rxErrors"), d->rx_errors);
    json_member_i64(w, STR("txBytes"), d->tx_bytes);
    json_member_i64(w, STR("txErrors"), d->tx_errors);
}

static void write_network(struct json_writer *w, const struct node_sample *s)
{
    if (!is_measured(s->network_time_unix_ns))
        return;
    json_write_key(w, STR("network"));
    json_open_object(w);
    json_member_time(w, STR("time"), s->network_time_unix_ns);
    for (size_t i = 0; i < s->device_count; i++)
        if (str_eq(s->devices[i].name, s->default_device))
            write_device(w, &s->devices[i]);
    if (s->device_count > 0) {
        json_write_key(w, STR("interfaces"));
        json_open_array(w);
        for (size_t i = 0; i < s->device_count; i++) {
            json_open_object(w);
            write_device(w, &s->devices[i]);
            json_close_object(w);
        }
        json_close_array(w);
    }
    json_close_object(w);
}

static void write_filesystem(struct json_writer *w, struct str key, const struct filesystem *fs)
{
    json_write_key(w, key);
    json_open_object(w);
    json_member_time(w, STR("time"), fs->time_unix_ns);
    json_member_i64(w, STR("availableBytes"), fs->available_bytes);
    json_member_i64(w, STR("capacityBytes"), fs->capacity_bytes);
    member_figure(w, STR("usedBytes"), fs->used_bytes);
    member_figure(w, STR("inodesFree"), fs->inodes_free);
    member_figure(w, STR("inodes"), fs->inodes);
    member_figure(w, STR("inodesUsed"), fs->inodes_used);
    json_close_object(w);
}

static void write_runtime(struct json_writer *w, const struct node_sample *s)
{
    if (!s->has_image_filesystem)
        return;
    json_write_key(w, STR("runtime"));
    json_open_object(w);
    write_filesystem(w, STR("imageFs"), &s->image_filesystem);
    json_close_object(w);
}

static void write_limits(struct json_writer *w, const struct node_sample *s)
{
    if (!is_measured(s->limits.max_tasks) && !is_measured(s->limits.tasks))
        return;
    json_write_key(w, STR("rlimit"));
    json_open_object(w);
    json_member_time(w, STR("time"), s->limits_time_unix_ns);
    member_figure(w, STR("maxpid"), s->limits.max_tasks);
    member_figure(w, STR("curproc"), s->limits.tasks);
    json_close_object(w);
}

static void write_node(struct json_writer *w, const struct node_sample *s, bool is_cpu_and_memory_only)
{
    json_open_object(w);
    json_member_str(w, STR("nodeName"), s->node_name);
    write_system_containers(w, s);
    write_start(w, s->start_unix_ns);
    write_cpu(w, &s->usage, s->nano_cores);
    write_memory(w, &s->usage, s->memory_capacity_bytes);
    if (!is_cpu_and_memory_only) {
        write_network(w, s);
        if (s->has_filesystem)
            write_filesystem(w, STR("fs"), &s->filesystem);
        write_runtime(w, s);
        write_limits(w, s);
    }
    json_close_object(w);
}

static void write_container(struct json_writer *w, const struct container_sample *c, bool is_cpu_and_memory_only)
{
    json_open_object(w);
    json_member_str(w, STR("name"), c->name);
    write_start(w, c->start_unix_ns);
    write_cpu(w, &c->usage, c->nano_cores);
    write_memory(w, &c->usage, NOT_MEASURED);
    if (c->disk.has_rootfs && !is_cpu_and_memory_only)
        write_filesystem(w, STR("rootfs"), &c->disk.rootfs);
    if (c->disk.has_logs && !is_cpu_and_memory_only)
        write_filesystem(w, STR("logs"), &c->disk.logs);
    json_close_object(w);
}

static void write_pod(struct json_writer *w, const struct pod_sample *p, bool is_cpu_and_memory_only)
{
    json_open_object(w);
    json_write_key(w, STR("podRef"));
    json_open_object(w);
    json_member_str(w, STR("name"), p->name);
    json_member_str(w, STR("namespace"), p->namespace);
    json_member_str(w, STR("uid"), p->uid);
    json_close_object(w);
    write_start(w, p->start_unix_ns);
    json_write_key(w, STR("containers"));
    json_open_array(w);
    for (size_t i = 0; i < p->container_count; i++)
        write_container(w, &p->containers[i], is_cpu_and_memory_only);
    json_close_array(w);
    write_cpu(w, &p->usage, p->nano_cores);
    write_memory(w, &p->usage, NOT_MEASURED);
    if (p->has_ephemeral_storage && !is_cpu_and_memory_only)
        write_filesystem(w, STR("ephemeral-storage"), &p->ephemeral_storage);
    if (!is_cpu_and_memory_only && is_measured(p->usage.process_count)) {
        json_write_key(w, STR("process_stats"));
        json_open_object(w);
        json_member_i64(w, STR("process_count"), p->usage.process_count);
        json_close_object(w);
    }
    json_close_object(w);
}

/* Halves the indentation of INDENTED: two spaces a level become one. Strings hold no raw newlines. */
static void add_half_indented(struct buf *to, struct str indented)
{
    while (indented.len > 0) {
        struct str line;
        size_t spaces = 0;
        bool has_newline = str_cut(indented, '\n', &line, &indented);
        while (spaces < line.len && line.ptr[spaces] == ' ')
            spaces++;
        buf_add_str(to, str_skip(line, spaces / 2));
        if (has_newline)
            buf_add_char(to, '\n');
    }
}

void summary_write(struct buf *to, const struct node_sample *sample, bool is_cpu_and_memory_only)
{
    auto_buf struct buf compact = {0}, indented = {0};
    struct json_writer w = json_writer_to(&compact);

    json_open_object(&w);
    json_write_key(&w, STR("node"));
    write_node(&w, sample, is_cpu_and_memory_only);
    json_write_key(&w, STR("pods"));
    json_open_array(&w);
    for (size_t i = 0; i < sample->pod_count; i++)
        write_pod(&w, &sample->pods[i], is_cpu_and_memory_only);
    json_close_array(&w);
    json_close_object(&w);
    json_indent(&indented, buf_str(&compact));
    add_half_indented(to, buf_str(&indented));
}
