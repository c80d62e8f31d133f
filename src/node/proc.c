#include "node/proc.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/proc_text.h"

#define PROC_FILE_MAX_BYTES (4u << 20)   /* /proc/stat has a line per CPU and a number per interrupt */
#define PSS_MAX_BYTES (INT64_C(1) << 30) /* the kernel walks every page to tell it: beyond this, RSS has to do */

static int64_t ticks_to_ns(int64_t ticks)
{
    static long hz;

    if (hz == 0)
        hz = sysconf(_SC_CLK_TCK);
    return ticks / hz * NS_PER_S + ticks % hz * (NS_PER_S / hz);
}

static bool read_proc(const char *machine_root, const char *name, struct buf *text, struct error *err)
{
    auto_buf struct buf path = {0};

    buf_clear(text);
    buf_printf(&path, "%s/proc/%s", machine_root, name);
    return file_read(buf_cstr(&path), PROC_FILE_MAX_BYTES, text, err);
}

/* user, nice, system, idle, iowait, irq, softirq, steal: idle, waiting and stolen time is nobody's use. */
static int64_t busy_ticks(struct str fields)
{
    int64_t busy = 0;
    struct str word;

    for (int i = 0; i < 7 && proc_next_word(&fields, &word); i++) {
        int64_t v;
        if (!str_to_i64(word, &v))
            return NOT_MEASURED;
        if (i != 3 && i != 4)
            busy += v;
    }
    return busy;
}

static bool is_cpu_line(struct str line)
{
    return line.len > 3 && str_starts_with(line, STR("cpu")) && line.ptr[3] >= '0' && line.ptr[3] <= '9';
}

bool proc_read_machine(const char *machine_root, struct proc_machine *out, struct error *err)
{
    auto_buf struct buf text = {0};
    struct str rest, line, cpu;
    int64_t boot_s, ticks;

    *out = (struct proc_machine){NOT_MEASURED, 0, NOT_MEASURED};
    if (!read_proc(machine_root, "stat", &text, err))
        return false;
    rest = buf_str(&text);
    while (proc_next_line(&rest, &line))
        out->cpus += is_cpu_line(line);
    cpu = proc_keyed_text(buf_str(&text), STR("cpu"));
    ticks = cpu.ptr != NULL ? busy_ticks(cpu) : NOT_MEASURED;
    if (is_measured(ticks))
        out->cpu_ns = ticks_to_ns(ticks);
    boot_s = proc_keyed_number(buf_str(&text), STR("btime"));
    if (is_measured(boot_s))
        out->boot_unix_ns = boot_s * NS_PER_S;
    return true;
}

bool proc_read_memory(const char *machine_root, struct proc_memory *out, struct error *err)
{
    auto_buf struct buf text = {0};

    if (!read_proc(machine_root, "meminfo", &text, err))
        return false;
    *out = (struct proc_memory){
        .total_bytes = proc_keyed_number(buf_str(&text), STR("MemTotal")),
        .free_bytes = proc_keyed_number(buf_str(&text), STR("MemFree")),
        .available_bytes = proc_keyed_number(buf_str(&text), STR("MemAvailable")),
        .inactive_file_bytes = proc_keyed_number(buf_str(&text), STR("Inactive(file)")),
        .anon_bytes = proc_keyed_number(buf_str(&text), STR("AnonPages")),
    };
    if (!is_measured(out->total_bytes))
        return error_set(err, 0, "%s/proc/meminfo has no MemTotal", machine_root);
    return true;
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t proc_boot_unix_ns(void)
{
    int64_t before = clock_ns(CLOCK_BOOTTIME), now = clock_unix_ns(), after = clock_ns(CLOCK_BOOTTIME);
    int64_t boot = now - (before + after) / 2;

    return boot - boot % NS_PER_MS; /* the three readings are microseconds apart: keep what repeats */
}

void proc_read_limits(const char *machine_root, struct proc_limits *out)
{
    auto_buf struct buf text = {0};
    int64_t pid_max = NOT_MEASURED, threads_max = NOT_MEASURED;
    struct str word, rest;

    *out = (struct proc_limits){NOT_MEASURED, NOT_MEASURED};
    if (read_proc(machine_root, "sys/kernel/pid_max", &text, NULL))
        str_to_i64(str_trim(buf_str(&text)), &pid_max);
    if (read_proc(machine_root, "sys/kernel/threads-max", &text, NULL))
        str_to_i64(str_trim(buf_str(&text)), &threads_max);
    out->max_tasks = usage_or(pid_max, threads_max);
    if (is_measured(threads_max) && threads_max < out->max_tasks)
        out->max_tasks = threads_max;
    if (!read_proc(machine_root, "loadavg", &text, NULL)) /* 0.20 0.18 0.12 2/188 11206 */
        return;
    rest = buf_str(&text);
    for (int i = 0; i < 4; i++)
        if (!proc_next_word(&rest, &word))
            return;
    if (!str_cut(word, '/', &rest, &word) || !str_to_i64(word, &out->tasks))
        out->tasks = NOT_MEASURED;
}

/* The fields of /proc/PID/stat behind the command, numbered from 3 as in proc(5). */
enum {
    FIELD_STATE = 3,
    FIELD_PARENT = 4,
    FIELD_FAULTS = 10,
    FIELD_CHILD_FAULTS = 11,
    FIELD_MAJOR_FAULTS = 12,
    FIELD_CHILD_MAJOR_FAULTS = 13,
    FIELD_USER = 14,
    FIELD_SYSTEM = 15,
    FIELD_CHILD_USER = 16,
    FIELD_CHILD_SYSTEM = 17,
    FIELD_START = 22,
    FIELD_RSS = 24,
};

static bool parse_process(struct str text, struct proc_process *out)
{
    int64_t field[FIELD_RSS + 1] = {0};
    struct str word;
    size_t at = text.len;

    while (at > 0 && text.ptr[at - 1] != ')') /* the command may hold blanks and parentheses itself */
        at--;
    if (at == 0)
        return false;
    text = str_skip(text, at);
    for (int i = FIELD_STATE; i <= FIELD_RSS; i++) {
        if (!proc_next_word(&text, &word))
            return false;
        if (i == FIELD_STATE)
            out->state = word.ptr[0];
        else if (!str_to_i64(word, &field[i]))
            field[i] = 0; /* 64-bit addresses and masks among fields that nobody reads here */
    }
    out->parent = field[FIELD_PARENT];
    out->cpu_ns =
        ticks_to_ns(field[FIELD_USER] + field[FIELD_SYSTEM] + field[FIELD_CHILD_USER] + field[FIELD_CHILD_SYSTEM]);
    out->start_ticks = field[FIELD_START];
    out->rss_bytes = field[FIELD_RSS] * sysconf(_SC_PAGESIZE);
    out->page_faults = field[FIELD_FAULTS] + field[FIELD_CHILD_FAULTS];
    out->major_page_faults = field[FIELD_MAJOR_FAULTS] + field[FIELD_CHILD_MAJOR_FAULTS];
    return true;
}

static bool read_process(const char *machine_root, int64_t pid, struct buf *path, struct buf *text,
                         struct proc_process *out)
{
    buf_clear(path);
    buf_clear(text);
    buf_printf(path, "%s/proc/%lld/stat", machine_root, (long long)pid);
    *out = (struct proc_process){.pid = pid};
    return file_read(buf_cstr(path), PROC_FILE_MAX_BYTES, text, NULL) && parse_process(buf_str(text), out);
}

bool proc_read_process(const char *machine_root, int64_t pid, struct proc_process *out)
{
    auto_buf struct buf path = {0}, text = {0};

    return read_process(machine_root, pid, &path, &text, out);
}

int64_t proc_start_unix_ns(const struct proc_process *p, int64_t boot_unix_ns)
{
    return boot_unix_ns + ticks_to_ns(p->start_ticks);
}

static int by_pid(const void *a, const void *b)
{
    const struct proc_process *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

bool proc_table_read(const char *machine_root, struct proc_table *out, struct error *err)
{
    auto_buf struct buf path = {0}, text = {0};
    size_t capacity = 0;
    struct dirent *entry;
    DIR *dir;

    *out = (struct proc_table){0};
    buf_printf(&path, "%s/proc", machine_root);
    dir = opendir(buf_cstr(&path));
    if (dir == NULL)
        return error_set_errno(err, errno, "%s", buf_cstr(&path));
    while ((entry = readdir(dir)) != NULL) {
        struct proc_process p;
        int64_t pid;
        if (!str_to_i64(str_of(entry->d_name), &pid) || !read_process(machine_root, pid, &path, &text, &p))
            continue; /* not a process, or gone since the folder was read */
        if (out->count == capacity) {
            capacity = capacity == 0 ? 256 : capacity * 2;
            out->items = mem_realloc_array(out->items, capacity, sizeof(*out->items));
        }
        out->items[out->count++] = p;
    }
    closedir(dir);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof(*out->items), by_pid);
    return true;
}

void proc_table_free(struct proc_table *t)
{
    free(t->items);
    *t = (struct proc_table){0};
}

const struct proc_process *proc_table_find(const struct proc_table *t, int64_t pid)
{
    struct proc_process key = {.pid = pid};

    return t->count > 0 ? bsearch(&key, t->items, t->count, sizeof(*t->items), by_pid) : NULL;
}

size_t proc_table_tree(const struct proc_table *t, int64_t pid, bool *members)
{
    const struct proc_process *root = proc_table_find(t, pid);
    size_t count = 0, before;

    for (size_t i = 0; i < t->count; i++)
        members[i] = false;
    if (root == NULL)
        return 0;
    members[root - t->items] = true;
    count = 1;
    do { /* a child may have a lower pid than its parent, once pids wrapped round */
        before = count;
        for (size_t i = 0; i < t->count; i++) {
            const struct proc_process *parent = members[i] ? NULL : proc_table_find(t, t->items[i].parent);
            if (parent != NULL && members[parent - t->items]) {
                members[i] = true;
                count++;
            }
        }
    } while (count > before);
    return count;
}

static bool read_of_process(const char *machine_root, const struct proc_process *p, const char *name, struct buf *text)
{
    auto_buf struct buf path = {0};

    buf_clear(text);
    buf_printf(&path, "%s/proc/%lld/%s", machine_root, (long long)p->pid, name);
    return file_read(buf_cstr(&path), PROC_FILE_MAX_BYTES, text, NULL);
}

/*
 * The process's resident and anonymous memory. IS_SHARED: its pages may be other members' too, so that its part in each
 * counts, as far as the kernel lets us see that.
 */
static void process_memory(const char *machine_root, const struct proc_process *p, bool is_shared, int64_t *resident,
                           int64_t *anonymous)
{
    auto_buf struct buf text = {0};

    *resident = *anonymous = NOT_MEASURED;
    if (is_shared && p->rss_bytes <= PSS_MAX_BYTES && read_of_process(machine_root, p, "smaps_rollup", &text)) {
        *resident = proc_keyed_number(buf_str(&text), STR("Pss"));
        *anonymous = proc_keyed_number(buf_str(&text), STR("Pss_Anon"));
    }
    *resident = usage_or(*resident, p->rss_bytes);
    if (!is_measured(*anonymous) && read_of_process(machine_root, p, "status", &text))
        *anonymous = proc_keyed_number(buf_str(&text), STR("RssAnon"));
}

bool proc_tree_usage(const char *machine_root, const struct proc_table *t, int64_t pid, struct usage *out)
{
    auto_free bool *members = mem_alloc(t->count + 1);
    size_t count = proc_table_tree(t, pid, members);
    int64_t resident = 0, anonymous = 0;

    *out = (struct usage)USAGE_INIT;
    if (count == 0)
        return false;
    *out = (struct usage){.time_unix_ns = clock_unix_ns(), .process_count = (int64_t)count};
    for (size_t i = 0; i < t->count; i++) {
        const struct proc_process *p = &t->items[i];
        if (!members[i])
            continue;
        out->cpu_ns += p->cpu_ns;
        out->page_faults += p->page_faults;
        out->major_page_faults += p->major_page_faults;
        if (p->state == 'Z')
            continue; /* has no memory any more, only its times */
        int64_t its_resident, its_anonymous;
        process_memory(machine_root, p, count > 1, &its_resident, &its_anonymous);
        resident += its_resident;
        anonymous = usage_sum(anonymous, its_anonymous);
    }
    out->memory_bytes = resident;
    out->working_set_bytes = resident;
    out->rss_bytes = anonymous;
    return true;
}

void proc_machine_usage(const char *machine_root, struct usage *out)
{
    struct proc_machine machine;
    struct proc_memory memory;

    *out = (struct usage)USAGE_INIT;
    out->time_unix_ns = clock_unix_ns();
    if (proc_read_machine(machine_root, &machine, NULL))
        out->cpu_ns = machine.cpu_ns;
    if (!proc_read_memory(machine_root, &memory, NULL) || !is_measured(memory.free_bytes))
        return;
    out->memory_bytes = memory.total_bytes - memory.free_bytes;
    out->rss_bytes = memory.anon_bytes;
    if (is_measured(memory.inactive_file_bytes))
        out->working_set_bytes =
            out->memory_bytes > memory.inactive_file_bytes ? out->memory_bytes - memory.inactive_file_bytes : 0;
}
