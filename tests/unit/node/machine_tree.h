/*
 * For tests: a machine's file tree in a folder under /tmp, made file by file, as MACHINE_ROOT of node/.
 */
#ifndef TESTS_MACHINE_TREE_H
#define TESTS_MACHINE_TREE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#define TMPFS_MAGIC 0x01021994 /* of statfs(2) */

/* On some machines /tmp is: what is written there isn't on disk. */
static inline bool is_in_memory(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

struct machine_tree {
    char root[32];
};

static inline void machine_tree_open(struct machine_tree *m)
{
    strcpy(m->root, "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(m->root));
}

static inline void machine_tree_close(struct machine_tree *m)
{
    auto_buf struct buf command = {0};

    buf_printf(&command, "rm -rf %s", m->root);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

/* ROOT/PATH into TO; the folders above are made. */
static inline void machine_tree_path(struct machine_tree *m, const char *path, struct buf *to)
{
    auto_free char *folder = NULL;

    buf_printf(to, "%s/%s", m->root, path);
    folder = mem_strdup(buf_cstr(to));
    *strrchr(folder, '/') = '\0';
    assert_true(file_make_folders(folder, 0755, NULL));
}

static inline void machine_tree_file(struct machine_tree *m, const char *path, const char *text)
{
    auto_buf struct buf full = {0};

    machine_tree_path(m, path, &full);
    assert_true(file_write_atomically(buf_cstr(&full), str_of(text), 0644, NULL));
}

/* PATH leads to TARGET, which is taken as it stands. */
static inline void machine_tree_link(struct machine_tree *m, const char *path, const char *target)
{
    auto_buf struct buf full = {0};

    machine_tree_path(m, path, &full);
    unlink(buf_cstr(&full));
    assert_int_equal(symlink(target, buf_cstr(&full)), 0);
}

/* Descriptor N of PID leads to FILE beneath the root, or to TARGET where that begins otherwise ("pipe:[1]"). */
static inline void machine_tree_descriptor(struct machine_tree *m, int pid, int n, const char *target,
                                           const char *flags, int mount)
{
    auto_buf struct buf path = {0}, full = {0}, text = {0};

    if (target[0] == '/')
        buf_printf(&full, "%s%s", m->root, target);
    else
        buf_printf(&full, "%s", target);
    buf_printf(&path, "proc/%d/fd/%d", pid, n);
    machine_tree_link(m, buf_cstr(&path), buf_cstr(&full));
    buf_clear(&path);
    buf_printf(&path, "proc/%d/fdinfo/%d", pid, n);
    buf_printf(&text, "pos:\t0\nflags:\t%s\nmnt_id:\t%d\nino:\t1\n", flags, mount);
    machine_tree_file(m, buf_cstr(&path), buf_cstr(&text));
}

/* /proc/PID/stat with what node/proc.h reads of it. */
static inline void machine_tree_process(struct machine_tree *m, int pid, int parent, char state, int start_ticks)
{
    auto_buf struct buf path = {0}, text = {0};

    buf_printf(&path, "proc/%d/stat", pid);
    buf_printf(&text, "%d (a b) c) %c %d 1 1 0 -1 4194304 0 0 0 0 5 5 0 0 20 0 1 0 %d 1000 10 0\n", pid, state, parent,
               start_ticks);
    machine_tree_file(m, buf_cstr(&path), buf_cstr(&text));
}

#endif
