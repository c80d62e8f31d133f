/*
 * Control groups: where this machine has them and what they say.
 *
 * Three layouts occur. v1: one mounted tree per controller (or per co-mounted set). v2: one tree for all. Hybrid: v1
 * trees for some controllers and a v2 tree beside them, mostly without any. So each figure has its own tree:
 *
 *     figure   v1 file                                    v2 file
 *     CPU      cpuacct.usage (ns)                         cpu.stat: usage_usec (also without the cpu controller)
 *     memory   memory.usage_in_bytes                      memory.current (not on the root: MemTotal - MemFree)
 *              memory.stat: total_inactive_file, total_…  memory.stat: inactive_file, anon, pgfault, pgmajfault
 *
 * A v1 tree that has the controller goes first. A file that isn't there (controller disabled at boot, not delegated to
 * this cgroup, cgroup gone) leaves its figures NOT_MEASURED.
 *
 * All functions take the root of the machine's file system, "" in production, a fixture's folder in tests. They read
 * kernfs files, which never wait for a disk. Any thread, no shared state. Source: the kernel's admin-guide/cgroup-v1
 * and cgroup-v2; working set as cAdvisor defines it.
 */
#ifndef NODE_CGROUP_H
#define NODE_CGROUP_H

#include "base/error.h"
#include "base/str.h"
#include "node/usage.h"

enum cgroup_layout {
    CGROUP_LAYOUT_NONE,
    CGROUP_LAYOUT_V1,
    CGROUP_LAYOUT_V2,
    CGROUP_LAYOUT_HYBRID,
};

/* One mounted tree. */
struct cgroup_tree {
    char *dir; /* the folder it is mounted on, machine root included; owned; NULL: there is none */
    char *top; /* the cgroup that DIR shows: "/", or the container's when it has no cgroup namespace; owned */
    bool is_v2;
};

struct cgroups {
    enum cgroup_layout layout;
    struct cgroup_tree cpu;    /* where CPU time is accounted */
    struct cgroup_tree memory; /* where memory is accounted */
};

/* The trees of the machine, by /proc/self/mountinfo. A machine without cgroups is no error: CGROUP_LAYOUT_NONE. */
bool cgroups_detect(const char *machine_root, struct cgroups *out, struct error *err);
void cgroups_free(struct cgroups *c);

const char *cgroup_layout_text(enum cgroup_layout layout); /* "v1" */

/* One cgroup: its folder in each tree, NULL where it isn't visible or isn't accounted. Owned by the holder. */
struct cgroup {
    char *cpu_dir;
    char *memory_dir;
    bool is_cpu_v2;
    bool is_memory_v2;
};

/* The cgroup with the same PATH ("/", "/tacho/pod1") in all trees. */
void cgroup_at(const struct cgroups *c, struct str path, struct cgroup *out);

/* The cgroup, per tree, that a /proc/PID/cgroup file (its TEXT) names. */
void cgroup_named_by(const struct cgroups *c, struct str text, struct cgroup *out);

/* The same for process PID. False when there is no such process. */
bool cgroup_of_process(const char *machine_root, const struct cgroups *c, int64_t pid, struct cgroup *out);

/* CHILD (a relative path) beneath PARENT. */
void cgroup_beneath(const struct cgroup *parent, struct str child, struct cgroup *out);

void cgroup_free(struct cgroup *g);

/* Whether it is still there: at least one of its folders is. */
bool cgroup_exists(const struct cgroup *g);

/* When the kernel made it, as far as its folder tells (cgroupfs keeps a folder's time of creation as mtime), or
 * NOT_MEASURED. */
int64_t cgroup_created_unix_ns(const struct cgroup *g);

/* Reads what the cgroup and all beneath it use. Leaves time_unix_ns at the wall clock of the reading. */
void cgroup_read(const struct cgroup *g, struct usage *out);

#endif
