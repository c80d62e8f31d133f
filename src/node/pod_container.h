/*
 * One container of a static pod, followed: its process by pid file and pidfd, or its cgroup by looking when told to.
 * Puts the process tree into a cgroup of its own where that is allowed and nobody did so before.
 *
 * The pid file's folder is watched, so a new process id is seen at once, and the end of the process as well (pidfd).
 * What can't be watched (an old kernel, a folder that isn't there yet) is seen by the next pod_container_look.
 *
 * Owner: node/static_pods.h. Loop thread only; reads procfs, cgroupfs and the pid file, and never waits.
 * Source: pidfd_open(2), inotify(7).
 */
#ifndef NODE_POD_CONTAINER_H
#define NODE_POD_CONTAINER_H

#include <uv.h>

#include "node/container_run.h"
#include "node/pod_cgroups.h"
#include "node/static_pod.h"
#include "node/usage.h"

/* What all containers of a node share. Borrowed by each for its life. */
struct container_surroundings {
    uv_loop_t *loop;
    const char *machine_root;
    struct str boot_id;
    int64_t boot_unix_ns;
    struct cgroups trees;        /* where cgroups named by manifests are */
    struct pod_cgroups *cgroups; /* NULL: none may be made, processes stay where they are */
    bool has_said_not_moved;     /* the log line about it is written once */
};

struct pod_container {
    const struct static_container *spec; /* borrowed from the pod */
    struct container_run run;

    /* While run.phase is RUN_RUNNING: */
    int64_t pid; /* 0: known by its cgroup only */
    int64_t start_ticks;
    struct cgroup cgroup;  /* where it is measured; folders are NULL where only /proc can tell */
    bool is_in_pod_cgroup; /* beneath pod<UID>, from the start of the process */
    bool is_moved;         /* into it while it ran: what it used before isn't in the cgroup's figures */
    int64_t moved_cpu_ns;  /* CPU time before the move */

    int64_t told_unix_ns; /* start or end that an event was made of; node/kubelet.h's */

    /* The two last samples of this run; node/sampler.h's. Empty: NOT_MEASURED. */
    struct usage previous;
    struct usage last;

    /* Below: pod_container.c's own. */
    struct container_surroundings *around;
    struct str uid; /* the pod's */
    void (*on_changed)(void *arg);
    void *arg;
    struct folder_watch *folder_watch; /* of the pid file; NULL: not watched */
    struct exit_watch *exit_watch;     /* of the process; NULL: not watched */
};

/* ON_CHANGED is called from the loop whenever run has changed. SPEC and UID live as long as the container. */
struct pod_container *pod_container_new(struct container_surroundings *around, const struct static_container *spec,
                                        struct str uid, void (*on_changed)(void *arg), void *arg);

/* No callback comes after. The loop must turn once more to close what was watched. The process is left alone. */
void pod_container_free(struct pod_container *c);

/* Looks now. True when run has changed; on_changed isn't called. */
bool pod_container_look(struct pod_container *c);

#endif
