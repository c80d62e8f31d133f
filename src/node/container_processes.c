#include "node/container_processes.h"

#include <dirent.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "node/proc_text.h"

#define PIDS_MAX_BYTES (4u << 20)

void pid_list_free(struct pid_list *l)
{
    free(l->pids);
    *l = (struct pid_list){0};
}

void pid_list_add(struct pid_list *to, const struct pid_list *from)
{
    if (from->count == 0)
        return;
    to->pids = mem_realloc_array(to->pids, to->count + from->count, sizeof(*to->pids));
    memcpy(to->pids + to->count, from->pids, from->count * sizeof(*from->pids));
    to->count += from->count;
}

/* Marks what runs in DIR and beneath. */
static void mark_cgroup(const struct proc_table *table, const char *dir, bool *members)
{
    auto_buf struct buf path = {0}, text = {0};
    struct str rest, line;
    struct dirent *entry;
    int64_t pid;
    DIR *d;

    buf_printf(&path, "%s/cgroup.procs", dir);
    if (file_read(buf_cstr(&path), PIDS_MAX_BYTES, &text, NULL)) {
        rest = buf_str(&text);
        while (proc_next_line(&rest, &line)) {
            const struct proc_process *p = str_to_i64(line, &pid) ? proc_table_find(table, pid) : NULL;
            if (p != NULL)
                members[p - table->items] = true;
        }
    }
    d = opendir(dir);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", dir, entry->d_name);
        mark_cgroup(table, buf_cstr(&path), members);
    }
    if (d != NULL)
        closedir(d);
}

static bool is_ended(const struct proc_process *p)
{
    return p->state == 'Z' || p->state == 'X';
}

void container_processes(const struct proc_table *table, int64_t main_pid, const struct cgroup *own,
                         struct pid_list *out)
{
    auto_free bool *members = mem_zalloc(table->count + 1);
    const char *dir = own->cpu_dir != NULL ? own->cpu_dir : own->memory_dir;
    size_t first = 0;

    *out = (struct pid_list){.pids = mem_realloc_array(NULL, table->count + 1, sizeof(*out->pids))};
    if (main_pid != 0)
        proc_table_tree(table, main_pid, members);
    if (dir != NULL)
        mark_cgroup(table, dir, members);
    for (size_t i = 0; i < table->count; i++) {
        const struct proc_process *p = &table->items[i], *head;
        if (!members[i] || is_ended(p))
            continue;
        head = out->count > 0 ? proc_table_find(table, out->pids[first]) : NULL;
        if (head == NULL || p->pid == main_pid || (head->pid != main_pid && p->start_ticks < head->start_ticks))
            first = out->count;
        out->pids[out->count++] = p->pid;
    }
    if (out->count > 0) {
        int64_t head = out->pids[first];
        out->pids[first] = out->pids[0];
        out->pids[0] = head;
    }
}
