/*
 * What containers that are processes have on disk, in the words of the summary API, where a container has an image, a
 * writable layer and log files of its own:
 *
 *     logs               the regular files that the main process's standard output and error go to; none where they go
 *                        elsewhere (a pipe, a terminal, the journal)
 *     rootfs             the other regular files that its processes hold open for writing: what they keep on disk; the
 *                        file system is the one of the main process's root folder
 *     imageFs            our images are the programs that run: each counts once, however many processes run it. The
 *                        file system is the one that the node agent's own program is on; programs elsewhere don't count
 *     ephemeral-storage  of a pod: the sum of its containers' rootfs and logs, on the node's file system
 *
 * The API's "volume" isn't there: a kubelet lists the volumes that have metrics, and a pod that is a process has none
 * (neither has a real static pod, which gets no ServiceAccount token).
 *
 * Measured by node/disk_files.h when the full summary is asked for, never before. What isn't permitted to be seen
 * (another user's processes) is left out as a whole.
 *
 * Any thread, no state. Source: Kubernetes reference, "Node metrics data", Summary API, FsStats.
 */
#ifndef NODE_DISK_USAGE_H
#define NODE_DISK_USAGE_H

#include "node/container_processes.h"
#include "node/sample.h"

/* PROCESSES as container_processes lists them. */
void container_disk_read(const char *machine_root, const struct pid_list *processes, struct container_disk *out);

/*
 * The programs' file system, and how much of it the programs of PROCESSES take: used_bytes and inodes_used are
 * NOT_MEASURED when one of them isn't permitted to be seen. False when our own program's can't be read.
 */
bool image_filesystem_read(const char *machine_root, const struct pid_list *processes, struct filesystem *out);

/* What POD's containers take of NODE, the node's file system. False when that isn't known of one of them. */
bool ephemeral_storage_sum(const struct pod_sample *pod, const struct filesystem *node, struct filesystem *out);

#endif
