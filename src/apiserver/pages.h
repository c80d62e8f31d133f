/*
 * What a server says about itself to people: /statusz, and /debug, where Go's servers have their profiles. Loop thread
 * only. Source: Kubernetes docs, "z-pages"; behaviour of apiserver.
 */
#ifndef APISERVER_PAGES_H
#define APISERVER_PAGES_H

#include "apiserver/server.h"

struct pages {
    const char *component; /* "metrics-server" */
    const struct build_version *version;
    int64_t started_unix_ns;
};

/*
 * Routes /version, /statusz, /debug/flags/v (PUT sets the verbosity of the log) and /debug/pprof, which says that there
 * is nothing to profile here. P is borrowed, constant while SERVER lives.
 */
void pages_install(const struct pages *p, struct api_server *server);

/* Appends what /statusz says at NOW_UNIX_NS. Pure. */
void pages_print_status(struct buf *to, const struct pages *p, int64_t now_unix_ns);

#endif
