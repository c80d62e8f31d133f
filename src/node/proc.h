/*
 * procfs: the machine's CPU time, memory and task counts, and its processes with what each tree of them uses.
 *
 * A tree is a process and all its descendants by parent pid. Its CPU time is its members' own plus what their ended and
 * waited-for children had used, in steps of a clock tick (10 ms). Its memory is the resident set; in a tree of several
 * processes each shared page counts in proportion (PSS), where the kernel lets us see that. Descendants that were
 * adopted by init, and their time, are lost: a cgroup (node/cgroup.h) keeps both.
 *
 * MACHINE_ROOT is "" in production, a fixture's folder in tests. Reading never waits for a disk. Any thread.
 * Source: proc(5); Documentation/filesystems/proc.rst of the kernel.
 */
#ifndef NODE_PROC_H
#define NODE_PROC_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "node/usage.h"

struct proc_machine {
    int64_t cpu_ns;       /* time that all CPUs together were busy since boot, in clock ticks */
    int64_t cpus;         /* online */
    int64_t boot_unix_ns; /* a whole second */
};

/* /proc/stat. */
bool proc_read_machine(const char *machine_root, struct proc_machine *out, struct error *err);

struct proc_memory {
    int64_t total_bytes;
    int64_t free_bytes;
    int64_t available_bytes; /* the kernel's estimate of what can be had without swapping */
    int64_t inactive_file_bytes;
    int64_t anon_bytes;
};

/* /proc/meminfo. Lines that aren't there are NOT_MEASURED; the total must be. */
bool proc_read_memory(const char *machine_root, struct proc_memory *out, struct error *err);

/* When this machine booted, by its clocks: finer than /proc/stat, the same until someone sets the clock. */
int64_t proc_boot_unix_ns(void);

struct proc_limits {
    int64_t max_tasks; /* the lower of pid_max and threads-max */
    int64_t tasks;     /* processes and threads now */
};

/* What can't be read is NOT_MEASURED. */
void proc_read_limits(const char *machine_root, struct proc_limits *out);

struct proc_process {
    int64_t pid;
    int64_t parent;
    char state;          /* 'R', 'S', … 'Z' */
    int64_t cpu_ns;      /* its own and its waited-for children's */
    int64_t start_ticks; /* clock ticks from boot to its start: with the pid, the name of one incarnation */
    int64_t rss_bytes;
    int64_t page_faults;
    int64_t major_page_faults;
};

/* /proc/PID/stat. False when there is no such process (any more). */
bool proc_read_process(const char *machine_root, int64_t pid, struct proc_process *out);

int64_t proc_start_unix_ns(const struct proc_process *p, int64_t boot_unix_ns);

/* All processes of one moment, by rising pid. Owned by the holder: proc_table_free. */
struct proc_table {
    struct proc_process *items;
    size_t count;
};

bool proc_table_read(const char *machine_root, struct proc_table *out, struct error *err);
void proc_table_free(struct proc_table *t);
const struct proc_process *proc_table_find(const struct proc_table *t, int64_t pid);

/*
 * Marks the members of PID's tree: MEMBERS holds t->count booleans, indexed as t->items; all are set. Returns how many
 * there are, 0 when PID isn't in the table.
 */
size_t proc_table_tree(const struct proc_table *t, int64_t pid, bool *members);

/* What PID's tree uses. False, with nothing measured, when PID isn't in the table. */
bool proc_tree_usage(const char *machine_root, const struct proc_table *t, int64_t pid, struct usage *out);

/* What the whole machine uses, as far as /proc tells. */
void proc_machine_usage(const char *machine_root, struct usage *out);

#endif
