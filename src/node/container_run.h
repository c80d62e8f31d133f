/*
 * What is known of a container's runs: the one that runs now, or has ended, and the one before it. Pure: told what was
 * seen, it says whether that changed anything. Times are unix ns; a run is named by an id that is the same whenever the
 * same incarnation is seen, also after this program was started again.
 *
 *     WAITING --started--> RUNNING --ended--> ENDED --started--> RUNNING ...
 *
 * Each start behind an end counts as a restart.
 * A start seen while RUNNING under another id is an end that nobody saw.
 * Source: Kubernetes docs, "Pod Lifecycle", container states and restarts.
 */
#ifndef NODE_CONTAINER_RUN_H
#define NODE_CONTAINER_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum run_phase {
    RUN_WAITING, /* nothing was seen yet */
    RUN_RUNNING,
    RUN_ENDED,
};

#define RUN_ID_SIZE 65 /* 64 hexadecimal digits and a NUL */

/* One incarnation. */
struct container_incarnation {
    char id[RUN_ID_SIZE];
    int64_t started_unix_ns;
    int64_t ended_unix_ns; /* while it runs: 0 */
};

struct container_run {
    enum run_phase phase;
    struct container_incarnation now; /* not set while WAITING */
    struct container_incarnation last;
    bool has_last;
    int64_t restart_count;
};

/* The id of process PID that began START_TICKS after the boot BOOT_ID; of a cgroup: PATH in place of the pid. */
void run_id_of_process(char out[RUN_ID_SIZE], struct str boot_id, int64_t pid, int64_t start_ticks);
void run_id_of_cgroup(char out[RUN_ID_SIZE], struct str boot_id, struct str path, int64_t created_unix_ns);

/* Incarnation ID is running, since STARTED. True when that is news. */
bool container_run_started(struct container_run *r, const char *id, int64_t started_unix_ns, int64_t now_unix_ns);

/* What ran is gone. True when that is news. */
bool container_run_ended(struct container_run *r, int64_t now_unix_ns);

/*
 * Carries on from what was reported before this program was started: BEFORE was the run then, LAST (may be NULL) the
 * one before that, RESTARTS the count. To be called once, after the first sight of the process, if any.
 */
void container_run_resume(struct container_run *r, const struct container_incarnation *before,
                          const struct container_incarnation *last, int64_t restarts, int64_t now_unix_ns);

#endif
