/*
 * Logs in klog's format on standard error, or as JSON objects:
 *
 *     I1123 20:34:59.123456   12345 server.c:42] "Serving securely" address="[::]:4443"
 *     {"ts":1795466099123.456,"caller":"server.c:42","msg":"Serving securely","v":0,"address":"[::]:4443"}
 *
 * One line per event, key="value" fields after a quoted message (numbers and booleans bare), control characters
 * escaped. Lines are written whole, with one write(2): lines of several threads or processes don't mix. Safe from any
 * thread.
 * Source: Kubernetes "System Logs" (klog native format, JSON format).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"
#include "base/str.h"

enum log_level {
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_FATAL, /* only the letter differs; the caller exits */
};

struct log_field {
    const char *key; /* NULL ends a list */
    struct str text;
    int64_t number;
    bool is_number;
    bool is_bare; /* TEXT is printed without quotes */
};

/* clang-format off */
#define LOG_STR(k, v) {.key = (k), .text = (v)}
#define LOG_CSTR(k, v) {.key = (k), .text = str_of(v)}
#define LOG_NUM(k, v) {.key = (k), .number = (int64_t)(v), .is_number = true}
#define LOG_BOOL(k, v) {.key = (k), .text = (v) ? STR("true") : STR("false"), .is_bare = true}
#define LOG_ERR(e) {.key = "err", .text = str_of(error_text(e))}
/* clang-format on */

/* log_info("Serving securely", LOG_CSTR("address", where)); the message is quoted, as klog's structured calls do. */
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_fatal(...) log_at(LOG_LEVEL_FATAL, __VA_ARGS__)
#define log_verbose(v, ...)                      \
    do {                                         \
        if (log_is_verbose(v))                   \
            log_at(LOG_LEVEL_INFO, __VA_ARGS__); \
    } while (0)
#define log_at(level, message, ...) \
    log_line(level, __FILE__, __LINE__, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})

/* As klog's Infof: the text unquoted, for lines whose exact words others grep for. */
#define log_plain(level, ...) log_text(level, __FILE__, __LINE__, __VA_ARGS__)

void log_line(enum log_level level, const char *file, int line, const char *message, const struct log_field *fields);
__attribute__((format(printf, 4, 5))) void log_text(enum log_level level, const char *file, int line,
                                                    const char *format, ...);

/* The -v flag: messages above this verbosity are dropped. 0 at the start. */
void log_set_verbosity(int v);
#define log_is_verbose(v) log_file_is_verbose((v), __FILE__)
bool log_file_is_verbose(int v, const char *file);

/*
 * The --vmodule flag: the verbosity of single source files, "server=3,fl*=4"; a pattern without a slash is held
 * against the file's name without folder and suffix. The check says what is wrong, in Kubernetes' words; setting takes
 * what was checked. To be set before there are threads.
 */
bool log_check_vmodule(struct str text, struct error *err);
void log_set_vmodule(struct str text);

/* The --logging-format flag; text at the start. */
enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
};
void log_set_format(enum log_format format);

/* Where lines go: a file descriptor that stays open; 2 at the start. For tests. */
void log_set_fd(int fd);

#endif
