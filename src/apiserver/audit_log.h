/*
 * The file that audit events are written to, and its predecessors: when the next line would make it longer than the
 * limit, PATH is renamed to NAME-2026-01-31T12-00-05.123.EXT (UTC) and a new one is begun. Predecessors that are too
 * old or too many are removed, and compressed by gzip where that is wanted; in a thread, for that takes a while.
 *
 * Lines are written whole. The file is made with permissions 0600, its folder with 0700. One owner, the loop's thread.
 * Source: the flags --audit-log-... of Kubernetes' API servers, and the names that their log files have.
 */
#ifndef APISERVER_AUDIT_LOG_H
#define APISERVER_AUDIT_LOG_H

#include <uv.h>

#include "base/error.h"
#include "base/str.h"

struct audit_log;

struct audit_log_options {
    const char *path;     /* borrowed for the log's life; "-": standard output, which is never rotated */
    int64_t max_bytes;    /* 0: no limit */
    int64_t max_age_days; /* of predecessors; 0: for ever */
    int64_t max_backups;  /* predecessors; 0: all */
    bool is_compressed;
};

/* NULL with the errno as code when the file can't be opened. */
struct audit_log *audit_log_open(uv_loop_t *loop, const struct audit_log_options *options, struct error *err);

/* Appends LINES, which end with a newline. False, and nothing or only a part was written, with the errno as code. */
bool audit_log_write(struct audit_log *l, struct str lines, struct error *err);

/* The loop gives the memory back once the thread has ended. NULL is fine. */
void audit_log_close(struct audit_log *l);

#endif
