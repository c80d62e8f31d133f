/*
 * One long-lived process of the cluster: started, watched, started again when it ends, stopped.
 *
 *     stopped -> running -> (ended) waiting -> running ...          back-off 0.1 s, doubling to 5 s, over after 10 s of
 * life running -> stopping -> stopped                      SIGTERM, SIGKILL after the grace period
 *
 * Processes outlive whoever started them: output goes to a log file, the process id with its start time to
 * run/NAME.pid. So a supervisor that was killed and started again finds its processes running and adopts them: they are
 * watched by pidfd, which works for children and others alike. Owner: the supervisor; loop thread only. Source:
 * pidfd_open(2).
 */
#ifndef CLI_COMPONENT_H
#define CLI_COMPONENT_H

#include <uv.h>

#include "base/error.h"

struct component;

struct component_spec {
    const char *name;        /* "apiserver": run/NAME.pid, run/NAME.log */
    const char *const *argv; /* NULL-terminated; argv[0] is the program's path */
    /*
     * NULL: argv is executed. Otherwise the process is a fork that calls this and ends with what it returns: it shares
     * this program's memory, where an execution would map and relocate every library anew (some 6 MiB resident).
     */
    int (*run)(int argc, char **argv);
};

/* FOLDER is the cluster's. Everything is copied. Nothing runs yet. */
struct component *component_new(uv_loop_t *loop, const char *folder, const struct component_spec *spec);

/* Adopts the process that runs already, or starts one. A failure is logged and tried again after the back-off. */
void component_start(struct component *c);

/* Stops it and calls ON_STOPPED when it is gone, within this call if none runs; it is not started again. */
void component_stop(struct component *c, int64_t grace_ms, void (*on_stopped)(void *arg), void *arg);

/* After component_stop's callback, or while stopped. */
void component_free(struct component *c);

/* The process id that run/NAME.pid names if that very process still runs, otherwise 0. */
pid_t component_running_pid(const char *folder, const char *name);

#endif
