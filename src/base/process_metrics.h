/*
 * What any process tells Prometheus about itself, out of /proc, by the names of Prometheus' client libraries:
 * process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes and _max_bytes,
 * process_open_fds, process_max_fds, process_start_time_seconds, process_network_receive_bytes_total and
 * _transmit_bytes_total (of the network namespace that it is in). Read when somebody asks; what can't be read keeps its
 * last value. Source: Prometheus docs, "Writing client libraries", process metrics; proc(5).
 */
#ifndef BASE_PROCESS_METRICS_H
#define BASE_PROCESS_METRICS_H

#include "base/metrics.h"

/* Adds them to M, which owns what they need. PROC is "/proc/self"; BOOT "/proc/stat". Both are borrowed for good. */
void process_metrics_add(struct metrics *m, const char *proc, const char *boot);

/* Adds kubernetes_build_info: 1, with what this is as labels. Strings are copied. */
struct build_labels {
    const char *major, *minor, *git_version, *git_commit, *git_tree_state, *build_date, *compiler, *platform;
};
void build_info_metrics_add(struct metrics *m, const struct build_labels *labels);

#endif
