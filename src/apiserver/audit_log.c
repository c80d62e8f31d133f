#include "apiserver/audit_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_limit.h"

#define STAMP_SIZE sizeof("2026-01-31T12-00-05.123")
#define DAY_NS (INT64_C(24) * 3600 * NS_PER_S)

struct audit_log {
    struct audit_log_options options;
    char *folder, *stem, *suffix; /* of the path: FOLDER/STEM-...SUFFIX; owned */
    int fd;
    int64_t bytes;
    bool is_standard_output;
    uv_loop_t *loop;
    uv_work_t tidying;
    bool is_tidying, is_tidying_due, is_closing;
};

static bool open_file(struct audit_log *l, struct error *err)
{
    struct stat st;

    l->fd = open(l->options.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (l->fd < 0)
        return error_set_errno(err, errno, "audit log %s", l->options.path);
    l->bytes = fstat(l->fd, &st) == 0 ? (int64_t)st.st_size : 0;
    return true;
}

static void split_path(struct audit_log *l)
{
    const char *path = l->options.path;
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');

    l->folder = slash == NULL   ? mem_strdup(".")
                : slash == path ? mem_strdup("/")
                                : str_dup(str_from(path, (size_t)(slash - path)));
    l->suffix = mem_strdup(dot != NULL ? dot : "");
    l->stem = dot != NULL ? str_dup(str_from(base, (size_t)(dot - base))) : mem_strdup(base);
}

struct audit_log *audit_log_open(uv_loop_t *loop, const struct audit_log_options *options, struct error *err)
{
    struct audit_log *l = mem_zalloc(sizeof(*l));

    l->options = *options;
    l->loop = loop;
    l->tidying.data = l;
    l->is_standard_output = strcmp(options->path, "-") == 0;
    split_path(l);
    l->fd = STDOUT_FILENO;
    if (!l->is_standard_output && (!file_make_folders(l->folder, 0700, err) || !open_file(l, err))) {
        l->fd = STDOUT_FILENO;
        audit_log_close(l);
        return NULL;
    }
    return l;
}

/* --- predecessors: in a thread --- */

struct backup {
    char *path; /* owned */
    struct str stamp;
    bool is_compressed;
};

static int newest_first(const void *a, const void *b)
{
    return str_cmp(((const struct backup *)b)->stamp, ((const struct backup *)a)->stamp);
}

/* STEM-STAMP.SUFFIX or the same with ".gz". */
static bool is_backup(const struct audit_log *l, struct str name, struct str *stamp, bool *is_compressed)
{
    *is_compressed = str_ends_with(name, STR(".gz"));
    if (*is_compressed)
        name.len -= 3;
    size_t fixed = strlen(l->stem) + 1 + strlen(l->suffix);
    if (name.len != fixed + STAMP_SIZE - 1 || !str_starts_with(name, str_of(l->stem)) ||
        !str_ends_with(name, str_of(l->suffix)) || name.ptr[strlen(l->stem)] != '-')
        return false;
    *stamp = str_from(name.ptr + strlen(l->stem) + 1, STAMP_SIZE - 1);
    return stamp->ptr[10] == 'T' && stamp->ptr[19] == '.';
}

static void print_stamp(char out[STAMP_SIZE], int64_t unix_ns)
{
    time_t seconds = (time_t)(unix_ns / NS_PER_S);
    struct tm utc;
    size_t at;

    gmtime_r(&seconds, &utc);
    at = strftime(out, STAMP_SIZE, "%Y-%m-%dT%H-%M-%S", &utc);
    snprintf(out + at, STAMP_SIZE - at, ".%03d", (int)(unix_ns % NS_PER_S / NS_PER_MS) % 1000);
}

static void compress_file(const char *path)
{
    auto_buf struct buf to = {0}, temporary = {0};
    auto_close int from = open(path, O_RDONLY | O_CLOEXEC);
    char chunk[1 << 16];
    ssize_t n;

    buf_printf(&to, "%s.gz", path);
    buf_printf(&temporary, "%s.gz.tmp", path);
    int fd = open(buf_cstr(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    gzFile gz = fd >= 0 ? gzdopen(fd, "wb") : NULL;
    if (from < 0 || gz == NULL) {
        if (fd >= 0 && gz == NULL)
            close(fd);
        return;
    }
    bool ok = true;
    while (ok && (n = read(from, chunk, sizeof(chunk))) > 0)
        ok = gzwrite(gz, chunk, (unsigned)n) == n;
    ok = gzclose(gz) == Z_OK && ok && n == 0;
    if (ok && rename(buf_cstr(&temporary), buf_cstr(&to)) == 0)
        unlink(path);
    else
        unlink(buf_cstr(&temporary)); /* it is tried again after the next rotation */
}

static size_t list_backups(const struct audit_log *l, struct backup **out)
{
    struct backup *backups = NULL;
    size_t count = 0;
    DIR *folder = opendir(l->folder);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        auto_buf struct buf path = {0};
        struct backup b;
        struct str stamp;
        if (!is_backup(l, str_of(entry->d_name), &stamp, &b.is_compressed))
            continue;
        buf_printf(&path, "%s/%s", l->folder, entry->d_name);
        size_t offset = strlen(l->folder) + 1 + (size_t)(stamp.ptr - entry->d_name);
        b.path = buf_take(&path);
        b.stamp = str_from(b.path + offset, stamp.len);
        backups = mem_realloc_array(backups, count + 1, sizeof(*backups));
        backups[count++] = b;
    }
    if (folder != NULL)
        closedir(folder);
    if (count > 0)
        qsort(backups, count, sizeof(*backups), newest_first);
    *out = backups;
    return count;
}

static void tidy(uv_work_t *work)
{
    const struct audit_log *l = work->data;
    struct backup *backups;
    size_t count = list_backups(l, &backups);
    char oldest[STAMP_SIZE] = "";

    if (l->options.max_age_days > 0)
        print_stamp(oldest, clock_unix_ns() - l->options.max_age_days * DAY_NS);
    for (size_t i = 0; i < count; i++) {
        const struct backup *b = &backups[i];
        bool is_surplus = l->options.max_backups > 0 && i >= (size_t)l->options.max_backups;
        if (is_surplus || str_cmp(b->stamp, str_of(oldest)) < 0)
            unlink(b->path);
        else if (l->options.is_compressed && !b->is_compressed)
            compress_file(b->path);
        free(b->path);
    }
    free(backups);
}

static void start_tidying(struct audit_log *l);

static void free_log(struct audit_log *l)
{
    free(l->folder);
    free(l->stem);
    free(l->suffix);
    free(l);
}

static void on_tidied(uv_work_t *work, int status)
{
    struct audit_log *l = work->data;

    (void)status;
    l->is_tidying = false;
    if (l->is_closing)
        free_log(l);
    else if (l->is_tidying_due)
        start_tidying(l);
}

static void start_tidying(struct audit_log *l)
{
    l->is_tidying_due = l->is_tidying;
    if (l->is_tidying)
        return;
    l->is_tidying = uv_queue_work(l->loop, &l->tidying, tidy, on_tidied) == 0;
}

/* --- writing --- */

/* The file is taken out of the way and begun anew. When that fails the old one goes on. */
static bool rotate(struct audit_log *l, struct error *err)
{
    auto_buf struct buf backup = {0};
    char stamp[STAMP_SIZE];
    int old = l->fd;

    print_stamp(stamp, clock_unix_ns());
    buf_printf(&backup, "%s/%s-%s%s", l->folder, l->stem, stamp, l->suffix);
    if (rename(l->options.path, buf_cstr(&backup)) != 0 && errno != ENOENT)
        return error_set_errno(err, errno, "rename %s", l->options.path);
    if (!open_file(l, err)) {
        l->fd = old;
        return false;
    }
    close(old);
    start_tidying(l);
    return true;
}

bool audit_log_write(struct audit_log *l, struct str lines, struct error *err)
{
    static struct log_limit limit = LOG_LIMIT(1.0 / 60, 1);
    auto_error struct error why = {0};
    bool is_limited = !l->is_standard_output && l->options.max_bytes > 0;

    if (is_limited && l->bytes > 0 && l->bytes + (int64_t)lines.len > l->options.max_bytes && !rotate(l, &why))
        log_limited(&limit, LOG_LEVEL_ERROR, "Audit log can't be rotated, it grows", LOG_ERR(&why));
    while (lines.len > 0) {
        ssize_t n = write(l->fd, lines.ptr, lines.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(err, errno, "write %s", l->options.path);
        l->bytes += n;
        lines = str_skip(lines, (size_t)n);
    }
    return true;
}

void audit_log_close(struct audit_log *l)
{
    if (l == NULL)
        return;
    if (l->fd != STDOUT_FILENO)
        close(l->fd);
    l->is_closing = true;
    if (!l->is_tidying)
        free_log(l);
}
