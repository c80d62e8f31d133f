/*
 * The regular files on disk that processes hold: those open for writing, those that their output goes to, and the
 * programs that they run. From procfs, per process:
 *
 *     fd/N         where descriptor N leads; only what begins with a slash can be a file
 *     fdinfo/N     "flags:" (octal; the last two bits: opened for reading, writing or both) and "mnt_id:"
 *     mountinfo    of that mount: device and type of file system, which tell whether it is on disk
 *     exe          the program
 *
 * On disk is what a block device holds, and the file systems above one that have no device number of their own
 * (btrfs, overlay, ...). Memory (tmpfs, memfd, hugetlbfs) isn't, nor is a network file system: those are told by their
 * mount and never touched, as asking a server that is gone would wait for it. A file that was unlinked counts as long
 * as it is open: its blocks are still taken.
 *
 * MACHINE_ROOT as in node/proc.h. Any thread. Source: proc(5); statx(2).
 */
#ifndef NODE_DISK_FILES_H
#define NODE_DISK_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_file {
    uint64_t device;
    uint64_t inode;
    int64_t bytes; /* of the blocks that it takes */
};

/* A set of files; zeroed: empty. Owned by the holder: disk_files_free. */
struct disk_files {
    struct disk_file *items; /* until disk_files_settle the same file may be there twice */
    size_t count;
    size_t capacity;
};

void disk_files_add(struct disk_files *s, const struct disk_file *file);

/* Leaves each file once, and none that is in WITHOUT (settled; may be NULL). */
void disk_files_settle(struct disk_files *s, const struct disk_files *without);

int64_t disk_files_bytes(const struct disk_files *s);
void disk_files_free(struct disk_files *s);

/* Where a process's standard output and standard error (descriptors 1 and 2) go, as far as they are files on disk. */
struct disk_output {
    bool has_file[2];
    struct disk_file file[2];
};

enum disk_files_result {
    DISK_FILES_READ,
    DISK_FILES_GONE,    /* there is no such process (any more), or only its exit status is left */
    DISK_FILES_REFUSED, /* not permitted, or more than DISK_FILES_MAX_DESCRIPTORS open: nothing is known */
};

#define DISK_FILES_MAX_DESCRIPTORS 65536 /* a look at each takes 1 to 10 us */

/* Adds to WRITTEN what PID holds open for writing, OUTPUT included, which is set as well (may be NULL). */
enum disk_files_result disk_files_of_process(const char *machine_root, int64_t pid, struct disk_files *written,
                                             struct disk_output *output);

/* The program that NAME ("self", or a process id) runs, wherever it is. */
enum disk_files_result disk_files_program(const char *machine_root, const char *name, struct disk_file *out);

#endif
