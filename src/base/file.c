#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* procfs and cgroupfs say that their files are empty, so size is no guide. */
enum {
    READ_STEP = 16384
};

bool file_read(const char *path, size_t max_bytes, struct buf *out, struct error *err)
{
    size_t start = out->len;
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, errno, "open %s", path);
    for (;;) {
        size_t left = max_bytes - (out->len - start);
        size_t step = left < READ_STEP ? left + 1 : READ_STEP; /* one more tells "fits" from "too large" */
        ssize_t n = read(fd, buf_reserve(out, step), step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            return true;
        if (n < 0)
            error_set_errno(err, errno, "read %s", path);
        else if ((size_t)n > left)
            error_set(err, EFBIG, "read %s: larger than %zu bytes", path, max_bytes);
        else {
            buf_grow_by(out, (size_t)n);
            continue;
        }
        out->len = start;
        out->ptr[start] = '\0';
        return false;
    }
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = str_skip(bytes, (size_t)n);
    }
    return true;
}

/* The folder that PATH is in; the caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_strdup(".");
    return str_dup(str_from(path, slash == path ? 1 : (size_t)(slash - path)));
}

/* Without this a crash may bring the old name back. File systems that can't do it say EINVAL, and need no help. */
static bool sync_folder(const char *path, struct error *err)
{
    auto_free char *folder = folder_of(path);
    auto_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        return error_set_errno(err, errno, "sync folder %s", folder);
    return true;
}

/* Fills the file FD with name TEMPORARY and gives it the name PATH. */
static bool fill_and_rename(int fd, const char *temporary, const char *path, struct str bytes, unsigned mode,
                            struct error *err)
{
    if (fchmod(fd, mode) != 0)
        return error_set_errno(err, errno, "set permissions of %s", temporary);
    if (!write_all(fd, bytes))
        return error_set_errno(err, errno, "write %s", temporary);
    if (fsync(fd) != 0 && errno != EINVAL)
        return error_set_errno(err, errno, "sync %s", temporary);
    if (rename(temporary, path) != 0)
        return error_set_errno(err, errno, "rename %s to %s", temporary, path);
    return true;
}

bool file_write_atomically(const char *path, struct str bytes, unsigned mode, struct error *err)
{
    auto_buf struct buf temporary = {0};

    buf_printf(&temporary, "%s.XXXXXX", path);
    auto_close int fd = mkostemp(temporary.ptr, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, errno, "create %s", path);
    if (!fill_and_rename(fd, temporary.ptr, path, bytes, mode, err)) {
        unlink(temporary.ptr);
        return false;
    }
    return sync_folder(path, err);
}

static bool make_folder(const char *path, unsigned mode, struct error *err)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return true;
    int reason = errno;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return true;
        reason = ENOTDIR;
    }
    return error_set_errno(err, reason, "make folder %s", path);
}

bool file_make_folders(const char *path, unsigned mode, struct error *err)
{
    auto_free char *part = mem_strdup(path);

    for (char *at = part; *at != '\0'; at++) {
        if (*at != '/' || at == part)
            continue;
        *at = '\0';
        if (!make_folder(part, mode, err))
            return false;
        *at = '/';
    }
    return make_folder(part, mode, err);
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}
