/*
 * One look at everything a kubelet reports: the node, its pods, their containers. A view built by node/sampler.h for
 * the encoders (node/resource_metrics.h, node/summary.h), which turn it into what /metrics/resource and /stats/summary
 * answer. All strings and arrays belong to the arena of whoever built it. Figures that weren't measured are
 * NOT_MEASURED.
 */
#ifndef NODE_SAMPLE_H
#define NODE_SAMPLE_H

#include <stddef.h>

#include "base/str.h"
#include "node/machine.h"
#include "node/proc.h"
#include "node/usage.h"

/* What a container keeps on disk: node/disk_usage.h says what is meant. used_bytes and inodes_used are its own. */
struct container_disk {
    bool has_rootfs;
    struct filesystem rootfs;
    bool has_logs;
    struct filesystem logs;
};

struct container_sample {
    struct str name;
    int64_t start_unix_ns;
    struct usage usage;
    int64_t nano_cores;         /* CPU per second over the time since the sample before: 10^9 is a whole core */
    struct container_disk disk; /* read for the full summary only */
};

struct pod_sample {
    struct str namespace;
    struct str name;
    struct str uid;
    int64_t start_unix_ns;
    struct usage usage; /* of the pod's cgroup, or the sum over its containers when all were measured */
    int64_t nano_cores;
    const struct container_sample *containers;
    size_t container_count;
    bool has_ephemeral_storage; /* read for the full summary only */
    struct filesystem ephemeral_storage;
};

struct node_sample {
    struct str node_name;
    int64_t start_unix_ns; /* boot */
    struct usage usage;
    int64_t nano_cores;
    int64_t memory_capacity_bytes;

    bool has_pods_cgroup; /* the cgroup above all pods is there: the four below are its */
    int64_t pods_start_unix_ns;
    struct usage pods_usage;
    int64_t pods_nano_cores;

    const struct pod_sample *pods;
    size_t pod_count;

    /* Read for the full summary only. */
    int64_t network_time_unix_ns; /* NOT_MEASURED: no devices could be read */
    struct str default_device;
    const struct network_device *devices;
    size_t device_count;
    bool has_filesystem;
    struct filesystem filesystem; /* the one of the kubelet's root folder */
    bool has_image_filesystem;
    struct filesystem image_filesystem; /* used_bytes and inodes_used are the programs' */
    int64_t limits_time_unix_ns;
    struct proc_limits limits;
};

#endif
