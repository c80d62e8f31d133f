/*
 * The processes of a running container: the tree of its main process, and whatever else runs in its own cgroup (a
 * descendant whose parent ended was adopted by init, but stays in the cgroup). Any thread; reads procfs and cgroupfs.
 */
#ifndef NODE_CONTAINER_PROCESSES_H
#define NODE_CONTAINER_PROCESSES_H

#include "node/cgroup.h"
#include "node/proc.h"

/* Process ids; zeroed: none. Owned by the holder: pid_list_free. */
struct pid_list {
    int64_t *pids;
    size_t count;
};

void pid_list_free(struct pid_list *l);

/* Appends FROM's. */
void pid_list_add(struct pid_list *to, const struct pid_list *from);

/*
 * The processes of TABLE that belong to the container of main process MAIN (0: it is known by its cgroup only) and
 * cgroup OWN (without folders when it has none to itself). The main process comes first; where it isn't known, the
 * oldest. Ended ones (zombies) are left out.
 */
void container_processes(const struct proc_table *table, int64_t main_pid, const struct cgroup *own,
                         struct pid_list *out);

#endif
