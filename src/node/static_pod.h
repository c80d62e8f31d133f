/*
 * A static pod: a Pod manifest in a folder of this node, whose containers are processes that somebody else runs. Where
 * each container's process is found is said by annotations:
 *
 *     tacho.dev/pid-file: /run/x.pid            of the first container
 *     tacho.dev/cgroup: /system.slice/x.service    or instead: an existing cgroup, the path as in all trees
 *     pid-file.tacho.dev/NAME, cgroup.tacho.dev/NAME   of the container NAME
 *
 * A pid file holds a process id, and may hold the process's start in clock ticks since boot on its second line. With
 * both annotations the process is followed and the cgroup measured.
 *
 * What a kubelet adds to a manifest is added: the node's name behind the pod's, namespace, uid, annotations
 * kubernetes.io/config.*, nodeName, a toleration for NoExecute, and the defaults of fields left out. Immutable once
 * read. Source: Kubernetes docs, "Create static Pods"; API reference, Pod.
 */
#ifndef NODE_STATIC_POD_H
#define NODE_STATIC_POD_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"

#define STATIC_POD_MAX_BYTES (10u << 20)

struct static_container {
    struct str name;
    struct str image;
    struct str pid_file; /* or empty */
    struct str cgroup;   /* or empty */
};

struct static_pod {
    struct arena arena; /* holds the strings below */
    struct str file;    /* the manifest's path */
    struct str namespace;
    struct str name; /* with the node's name at its end */
    struct str uid;
    struct str hash; /* of node, file and manifest: tells a changed manifest */
    int64_t seen_unix_ns;
    struct static_container *containers; /* in the manifest's order; in the arena */
    size_t container_count;
    json_t *object; /* the Pod without status; owned */
};

/* Reads MANIFEST (YAML or JSON), found in FILE. NULL with one line that says what is wrong. The caller frees the pod.
 */
struct static_pod *static_pod_read(struct str file, struct str manifest, struct str node_name, int64_t now_unix_ns,
                                   struct error *err);
void static_pod_free(struct static_pod *p);

#endif
