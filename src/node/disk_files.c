#include "node/disk_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "node/proc_text.h"
#include "node/usage.h"

#define MOUNTS_MAX_BYTES (4u << 20)
#define DESCRIPTOR_MAX_BYTES 65536 /* epoll's and inotify's have a line per watch: those are no files */
#define BLOCK_BYTES 512            /* the unit of stx_blocks, whatever the file system's own is */

void disk_files_add(struct disk_files *s, const struct disk_file *file)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 16 : s->capacity * 2;
        s->items = mem_realloc_array(s->items, s->capacity, sizeof(*s->items));
    }
    s->items[s->count++] = *file;
}

static int by_identity(const void *a, const void *b)
{
    const struct disk_file *x = a, *y = b;

    if (x->device != y->device)
        return x->device > y->device ? 1 : -1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static bool has_file(const struct disk_files *s, const struct disk_file *file)
{
    return s != NULL && s->count > 0 && bsearch(file, s->items, s->count, sizeof(*s->items), by_identity) != NULL;
}

void disk_files_settle(struct disk_files *s, const struct disk_files *without)
{
    size_t kept = 0;

    if (s->count == 0)
        return;
    qsort(s->items, s->count, sizeof(*s->items), by_identity);
    for (size_t i = 0; i < s->count; i++)
        if ((kept == 0 || by_identity(&s->items[i], &s->items[kept - 1]) != 0) && !has_file(without, &s->items[i]))
            s->items[kept++] = s->items[i];
    s->count = kept;
}

int64_t disk_files_bytes(const struct disk_files *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < s->count; i++)
        sum += s->items[i].bytes;
    return sum;
}

void disk_files_free(struct disk_files *s)
{
    free(s->items);
    *s = (struct disk_files){0};
}

static enum disk_files_result result_of(int errno_value)
{
    return errno_value == ENOENT || errno_value == ESRCH ? DISK_FILES_GONE : DISK_FILES_REFUSED;
}

/* What PATH leads to. *IS_FILE: it is a regular file, and OUT is set. */
static enum disk_files_result look_at(const char *path, bool *is_file, struct disk_file *out)
{
    struct statx st;

    *is_file = false;
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_BLOCKS, &st) != 0)
        return result_of(errno);
    *is_file = S_ISREG(st.stx_mode);
    *out = (struct disk_file){.device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
                              .inode = st.stx_ino,
                              .bytes = (int64_t)st.stx_blocks * BLOCK_BYTES};
    return DISK_FILES_READ;
}

enum disk_files_result disk_files_program(const char *machine_root, const char *name, struct disk_file *out)
{
    auto_buf struct buf path = {0};
    enum disk_files_result result;
    bool is_file;

    buf_printf(&path, "%s/proc/%s/exe", machine_root, name);
    result = look_at(buf_cstr(&path), &is_file, out);
    return result == DISK_FILES_READ && !is_file ? DISK_FILES_GONE : result;
}

/* Whether the rest of a mountinfo line, behind its id, speaks of a file system on disk. */
static bool is_on_disk(struct str rest)
{
    static const char *const without_device[] = {"btrfs", "bcachefs", "zfs", "overlay", "aufs", "9p", "virtiofs"};
    struct str parent, device, word;

    if (!proc_next_word(&rest, &parent) || !proc_next_word(&rest, &device))
        return false;
    if (!str_starts_with(device, STR("0:")))
        return true;
    while (proc_next_word(&rest, &word) && !str_eq(word, STR("-")))
        ;
    if (!proc_next_word(&rest, &word))
        return false;
    for (size_t i = 0; i < sizeof(without_device) / sizeof(without_device[0]); i++)
        if (str_eq_cstr(word, without_device[i]))
            return true;
    return false;
}

/* Whether the mount ID of the table MOUNTS is on disk. The kernel's inner mounts, as memfd's, are in no table. */
static bool is_mount_on_disk(struct str mounts, int64_t id)
{
    struct str line, word;
    int64_t number;

    while (proc_next_line(&mounts, &line))
        if (proc_next_word(&line, &word) && str_to_i64(word, &number) && number == id)
            return is_on_disk(line);
    return false;
}

/* One process being looked through. */
struct look {
    struct buf path;   /* "…/proc/PID/", and what is behind it at the moment */
    size_t path_len;   /* of the constant part */
    struct buf mounts; /* read with the first file */
    bool has_mounts;
};

static const char *look_path(struct look *l, const char *folder, const char *name)
{
    l->path.len = l->path_len;
    buf_printf(&l->path, "%s%s", folder, name);
    return buf_cstr(&l->path);
}

/* Whether descriptor NAME is open for writing, on disk. */
static bool is_written_on_disk(struct look *l, const char *name)
{
    auto_buf struct buf text = {0};
    struct str flags;
    int64_t mount;

    if (!file_read(look_path(l, "fdinfo/", name), DESCRIPTOR_MAX_BYTES, &text, NULL))
        return false;
    flags = proc_keyed_text(buf_str(&text), STR("flags"));
    if (flags.len == 0 || ((flags.ptr[flags.len - 1] - '0') & O_ACCMODE) == O_RDONLY)
        return false;
    mount = proc_keyed_number(buf_str(&text), STR("mnt_id"));
    if (!l->has_mounts)
        l->has_mounts = file_read(look_path(l, "mountinfo", ""), MOUNTS_MAX_BYTES, &l->mounts, NULL);
    return is_measured(mount) && is_mount_on_disk(buf_str(&l->mounts), mount);
}

/* A descriptor that goes, or can't be looked at by itself, is as good as one that was closed before. */
static void look_at_descriptor(struct look *l, const char *name, struct disk_files *written, struct disk_output *output)
{
    struct disk_file file;
    int64_t number;
    char first;
    bool is_file;

    if (readlink(look_path(l, "fd/", name), &first, 1) != 1 || first != '/' || !is_written_on_disk(l, name))
        return;
    if (look_at(look_path(l, "fd/", name), &is_file, &file) != DISK_FILES_READ || !is_file)
        return;
    disk_files_add(written, &file);
    if (output != NULL && str_to_i64(str_of(name), &number) && (number == STDOUT_FILENO || number == STDERR_FILENO)) {
        output->has_file[number - STDOUT_FILENO] = true;
        output->file[number - STDOUT_FILENO] = file;
    }
}

enum disk_files_result disk_files_of_process(const char *machine_root, int64_t pid, struct disk_files *written,
                                             struct disk_output *output)
{
    enum disk_files_result result = DISK_FILES_READ;
    struct look look = {0};
    struct dirent *entry;
    size_t count = 0;
    DIR *dir;

    if (output != NULL)
        *output = (struct disk_output){0};
    buf_printf(&look.path, "%s/proc/%lld/", machine_root, (long long)pid);
    look.path_len = look.path.len;
    dir = opendir(look_path(&look, "fd", ""));
    if (dir == NULL)
        result = result_of(errno);
    while (dir != NULL && result == DISK_FILES_READ && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (++count > DISK_FILES_MAX_DESCRIPTORS)
            result = DISK_FILES_REFUSED;
        else
            look_at_descriptor(&look, entry->d_name, written, output);
    }
    if (dir != NULL)
        closedir(dir);
    buf_free(&look.path);
    buf_free(&look.mounts);
    return result;
}
