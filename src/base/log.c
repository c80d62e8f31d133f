#include "base/log.h"

#include "base/alloc.h"
#include "base/log_json.h"
#include "base/log_vmodule.h"
#include "base/quote.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static atomic_int verbosity;
static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_format = LOG_FORMAT_TEXT;

void log_set_verbosity(int v)
{
    atomic_store(&verbosity, v);
}

bool log_file_is_verbose(int v, const char *file)
{
    return v <= atomic_load_explicit(&verbosity, memory_order_relaxed) || v <= log_vmodule_level(file);
}

void log_set_format(enum log_format format)
{
    atomic_store(&log_format, (int)format);
}

void log_set_fd(int fd)
{
    atomic_store(&log_fd, fd);
}

/* I1123 20:34:59.123456   12345 server.c:42] */
static void add_head(struct buf *to, enum log_level level, const char *file, int line)
{
    static const char letters[] = "IWEF";
    const char *slash = strrchr(file, '/');
    struct timespec now;
    struct tm local;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    buf_printf(to, "%c%02d%02d %02d:%02d:%02d.%06ld %7ld %s:%d] ", letters[level], local.tm_mon + 1, local.tm_mday,
               local.tm_hour, local.tm_min, local.tm_sec, now.tv_nsec / 1000, (long)getpid(),
               slash != NULL ? slash + 1 : file, line);
}

/* A line that can't be written is lost: there is no other place to say so. */
static void write_whole(struct str line)
{
    int fd = atomic_load(&log_fd);

    while (line.len > 0) {
        ssize_t n = write(fd, line.ptr, line.len);
        if (n >= 0) {
            line = str_skip(line, (size_t)n);
            continue;
        }
        if (errno == EAGAIN) {
            /* somebody made our end non-blocking (a shared terminal): wait as a blocking write would */
            struct pollfd until = {.fd = fd, .events = POLLOUT};
            poll(&until, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void add_field(struct buf *to, const struct log_field *field)
{
    buf_add_char(to, ' ');
    buf_add_cstr(to, field->key);
    buf_add_char(to, '=');
    if (field->is_number)
        buf_add_i64(to, field->number);
    else if (field->is_bare)
        quote_add_bare(to, field->text);
    else
        quote_add(to, field->text);
}

void log_line(enum log_level level, const char *file, int line, const char *message, const struct log_field *fields)
{
    auto_buf struct buf text = {0};
    int saved_errno = errno;

    if (atomic_load(&log_format) == LOG_FORMAT_JSON) {
        log_json_add(&text, level, file, line, str_of(message), fields);
    } else {
        add_head(&text, level, file, line);
        quote_add(&text, str_of(message));
        for (; fields->key != NULL; fields++)
            add_field(&text, fields);
    }
    buf_add_char(&text, '\n');
    write_whole(buf_str(&text));
    errno = saved_errno;
}

void log_text(enum log_level level, const char *file, int line, const char *format, ...)
{
    auto_buf struct buf text = {0};
    auto_buf struct buf message = {0};
    int saved_errno = errno;
    va_list ap;

    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    if (str_ends_with(buf_str(&message), STR("\n")))
        message.len--;
    if (atomic_load(&log_format) == LOG_FORMAT_JSON) {
        log_json_add(&text, level, file, line, buf_str(&message), &(const struct log_field){.key = NULL});
    } else {
        add_head(&text, level, file, line);
        quote_add_bare(&text, buf_str(&message));
    }
    buf_add_char(&text, '\n');
    write_whole(buf_str(&text));
    errno = saved_errno;
}
