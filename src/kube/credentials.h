/*
 * Who we are to an API server, now: a client_config whose token and client certificate are read again when their files
 * change, because both are rotated under a running program (projected service account tokens hourly, kubelets'
 * certificates every few months). Files are looked at (stat) once a minute at most, after a refusal (401) once in 10 s.
 * What can't be read leaves the old credentials in place, with a log line. Owner: the REST client; loop thread.
 */
#ifndef KUBE_CREDENTIALS_H
#define KUBE_CREDENTIALS_H

#include <sys/stat.h>

#include "kube/client_config.h"

#define CREDENTIALS_LOOK_NS (60 * INT64_C(1000000000))
#define CREDENTIALS_LOOK_REFUSED_NS (10 * INT64_C(1000000000))

/* What tells one version of a file from the next. */
struct file_stamp {
    struct timespec mtime;
    ino_t inode;
    off_t size;
};

struct credentials {
    struct client_config config; /* owned */
    struct file_stamp token_stamp, cert_stamp, key_stamp;
    int64_t looked_ns; /* monotonic; when the files were last looked at */
};

/* CONFIG is copied. */
void credentials_init(struct credentials *c, const struct client_config *config, int64_t now_ns);
void credentials_free(struct credentials *c);

/* Reads again what has changed, if it is time to look. WAS_REFUSED: because of a 401. True when there is something new.
 */
bool credentials_refresh(struct credentials *c, int64_t now_ns, bool was_refused);

#endif
