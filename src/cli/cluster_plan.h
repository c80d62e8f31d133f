/*
 * Which processes an embedded cluster consists of, with their command lines, and the pod manifests that show them in
 * kube-system. The one place that knows how `up` wires the parts together.
 */
#ifndef CLI_CLUSTER_PLAN_H
#define CLI_CLUSTER_PLAN_H

#include <sys/types.h>

#include "base/arena.h"
#include "cli/cluster_folder.h"
#include "cli/component.h"

/* apiserver, kubelet, metrics-server, and the keeper of the supervisor */
#define CLUSTER_PROCESSES 4

/*
 * In the cluster's folder, written by `up` when metrics-server's objects are in the API. On a first start
 * metrics-server waits for it: before that it may read nothing, would log so, and try again later than it need.
 */
#define CLUSTER_OBJECTS_MARK "run/objects"

struct cluster_plan {
    struct arena arena;                                 /* holds everything below */
    struct component_spec processes[CLUSTER_PROCESSES]; /* in the order of their start */
    bool needs_objects[CLUSTER_PROCESSES];              /* not before CLUSTER_OBJECTS_MARK is there */
};

/* The caller frees it with cluster_plan_free. */
struct cluster_plan *cluster_plan_new(const char *folder, const struct cluster_settings *s);
void cluster_plan_free(struct cluster_plan *plan);

/* Writes FOLDER/static-pods/NAME.json for the processes that users are to see, for the node agent. */
bool cluster_plan_write_pods(const char *folder, const struct cluster_settings *s, struct error *err);

/* Runs `tacho supervise` in a session of its own, its output appended to LOG_PATH. Returns its process id, or -1. */
pid_t cluster_spawn_supervisor(const char *folder, const char *log_path, struct error *err);

#endif
