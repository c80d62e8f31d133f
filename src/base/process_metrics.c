#include "base/process_metrics.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#include <dirent.h>
#include <unistd.h>

enum value {
    CPU,
    RESIDENT,
    VIRTUAL,
    VIRTUAL_MAX,
    OPEN_FDS,
    MAX_FDS,
    START,
    RECEIVED,
    SENT,
    VALUE_COUNT
};

enum {
    MAX_FILE_BYTES = 64 * 1024,
    MAX_BOOT_BYTES = 4 * 1024 * 1024, /* /proc/stat has a line for each CPU and a number for each interrupt */
};

static const struct metric_spec specs[VALUE_COUNT] = {
    [CPU] = {.name = "process_cpu_seconds_total",
             .help = "Total user and system CPU time spent in seconds.",
             .type = METRIC_COUNTER},
    [RESIDENT] = {.name = "process_resident_memory_bytes",
                  .help = "Resident memory size in bytes.",
                  .type = METRIC_GAUGE},
    [VIRTUAL] = {.name = "process_virtual_memory_bytes", .help = "Virtual memory size in bytes.", .type = METRIC_GAUGE},
    [VIRTUAL_MAX] = {.name = "process_virtual_memory_max_bytes",
                     .help = "Maximum amount of virtual memory available in bytes.",
                     .type = METRIC_GAUGE},
    [OPEN_FDS] = {.name = "process_open_fds", .help = "Number of open file descriptors.", .type = METRIC_GAUGE},
    [MAX_FDS] = {.name = "process_max_fds", .help = "Maximum number of open file descriptors.", .type = METRIC_GAUGE},
    [START] = {.name = "process_start_time_seconds",
               .help = "Start time of the process since unix epoch in seconds.",
               .type = METRIC_GAUGE},
    [RECEIVED] = {.name = "process_network_receive_bytes_total",
                  .help = "Number of bytes received by the process over the network.",
                  .type = METRIC_COUNTER},
    [SENT] = {.name = "process_network_transmit_bytes_total",
              .help = "Number of bytes sent by the process over the network.",
              .type = METRIC_COUNTER},
};

struct process_metrics {
    const char *proc;
    const char *boot;
    struct metric_value *values[VALUE_COUNT];
};

static bool read_file(const char *folder, const char *name, size_t max_bytes, struct buf *to)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s%s", folder, name);
    return file_read(buf_cstr(&path), max_bytes, to, NULL);
}

/* The word number N (0 is the first) of TEXT, words being separated by spaces. */
static struct str word(struct str text, unsigned n)
{
    struct str first = {0};

    do {
        while (text.len > 0 && text.ptr[0] == ' ')
            text = str_skip(text, 1);
        str_cut(text, ' ', &first, &text);
    } while (n-- > 0 && text.len > 0);
    return first;
}

static bool number(struct str text, unsigned n, double *out)
{
    uint64_t value;

    if (!str_to_u64(str_trim(word(text, n)), &value))
        return false;
    *out = (double)value;
    return true;
}

/* The line of TEXT that begins with NAME, without it; empty when there is none. */
static struct str line_after(struct str text, struct str name)
{
    struct str line;

    while (text.len > 0) {
        str_cut(text, '\n', &line, &text);
        if (str_starts_with(line, name))
            return str_skip(line, name.len);
    }
    return STR("");
}

/* /proc/PID/stat: what follows the command, which may contain anything, is from the third field on. */
static void read_stat(struct process_metrics *p)
{
    auto_buf struct buf stat = {0}, boot = {0};
    double ticks = (double)sysconf(_SC_CLK_TCK), user, system, start, booted, bytes, pages;
    struct str fields;

    if (!read_file(p->proc, "/stat", MAX_FILE_BYTES, &stat))
        return;
    const char *end = stat.len > 0 ? memrchr(stat.ptr, ')', stat.len) : NULL;
    if (end == NULL)
        return;
    fields = str_skip(buf_str(&stat), (size_t)(end + 1 - stat.ptr));
    if (number(fields, 11, &user) && number(fields, 12, &system))
        metric_set(p->values[CPU], (user + system) / ticks);
    if (number(fields, 20, &bytes))
        metric_set(p->values[VIRTUAL], bytes);
    if (number(fields, 21, &pages))
        metric_set(p->values[RESIDENT], pages * (double)sysconf(_SC_PAGESIZE));
    if (p->values[START]->number == 0 && number(fields, 19, &start) && read_file(p->boot, "", MAX_BOOT_BYTES, &boot) &&
        number(line_after(buf_str(&boot), STR("btime ")), 0, &booted))
        metric_set(p->values[START], booted + start / ticks);
}

static void read_limits(struct process_metrics *p)
{
    auto_buf struct buf limits = {0};
    double value;

    if (!read_file(p->proc, "/limits", MAX_FILE_BYTES, &limits))
        return;
    struct str files = line_after(buf_str(&limits), STR("Max open files"));
    struct str memory = line_after(buf_str(&limits), STR("Max address space"));
    if (number(files, 0, &value))
        metric_set(p->values[MAX_FDS], value);
    if (str_eq(word(memory, 0), STR("unlimited")))
        metric_set(p->values[VIRTUAL_MAX], (double)UINT64_MAX);
    else if (number(memory, 0, &value))
        metric_set(p->values[VIRTUAL_MAX], value);
}

static void count_files(struct process_metrics *p)
{
    auto_buf struct buf path = {0};
    const struct dirent *entry;
    double count = 0;

    buf_printf(&path, "%s/fd", p->proc);
    DIR *folder = opendir(buf_cstr(&path));
    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    metric_set(p->values[OPEN_FDS], count - 1); /* without the folder itself */
}

/* /proc/PID/net/netstat: a line of names, then a line of numbers, for each part. */
static void read_network(struct process_metrics *p)
{
    auto_buf struct buf netstat = {0};

    if (!read_file(p->proc, "/net/netstat", MAX_FILE_BYTES, &netstat))
        return;
    ptrdiff_t at = str_find(buf_str(&netstat), STR("IpExt:"));
    if (at < 0)
        return;
    struct str names, values, rest = str_skip(buf_str(&netstat), (size_t)at);
    str_cut(rest, '\n', &names, &rest);
    str_cut(rest, '\n', &values, &rest);
    while (names.len > 0 && values.len > 0) {
        struct str name;
        double value;
        bool is_number = number(values, 0, &value);
        str_cut(names, ' ', &name, &names);
        if (str_eq(name, STR("InOctets")) && is_number)
            metric_set(p->values[RECEIVED], value);
        else if (str_eq(name, STR("OutOctets")) && is_number)
            metric_set(p->values[SENT], value);
        str_cut(values, ' ', &name, &values);
    }
}

static void collect(void *arg)
{
    struct process_metrics *p = arg;

    read_stat(p);
    read_limits(p);
    count_files(p);
    read_network(p);
}

void process_metrics_add(struct metrics *m, const char *proc, const char *boot)
{
    struct process_metrics *p = mem_zalloc(sizeof(*p));

    p->proc = proc;
    p->boot = boot;
    for (size_t i = 0; i < VALUE_COUNT; i++)
        p->values[i] = metric_value(metrics_add(m, &specs[i]), NULL);
    metrics_keep(m, p);
    metrics_on_collect(m, collect, p);
}

void build_info_metrics_add(struct metrics *m, const struct build_labels *l)
{
    static const struct metric_spec spec = {
        .name = "kubernetes_build_info",
        .help = "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, "
                "build date, Go version, and compiler from which Kubernetes was built, and platform on which it is "
                "running.",
        .type = METRIC_GAUGE,
        .stability = METRIC_BETA,
        .labels = {"build_date", "compiler", "git_commit", "git_tree_state", "git_version", "go_version", "major",
                   "minor", "platform"},
    };

    metric_set(metric_value(metrics_add(m, &spec),
                            METRIC_LABELS(str_of(l->build_date), str_of(l->compiler), str_of(l->git_commit),
                                          str_of(l->git_tree_state), str_of(l->git_version), STR(""), str_of(l->major),
                                          str_of(l->minor), str_of(l->platform))),
               1);
}
