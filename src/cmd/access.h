/*
 * metrics-server's trust: who asks (authentication by the cluster) and may they (system:masters, the paths that are
 * free for all, then the cluster), put together as flags say. Owner: main. Loop thread only.
 */
#ifndef CMD_ACCESS_H
#define CMD_ACCESS_H

#include "apiserver/authn_delegated.h"
#include "apiserver/authz_delegated.h"
#include "cmd/api_clients.h"
#include "net/file_watch.h"
#include "serve/readiness.h"

struct access {
    const struct metrics_server_flags *flags; /* borrowed */
    struct readiness *readiness;              /* borrowed; told whether the authentication configuration is known */
    struct authn_delegated *authn;
    struct authz_delegated *authz;
    struct file_watch *ca_files;    /* NULL: none was given */
    struct str_list always_allowed; /* owned array of borrowed strings */
    struct authz_paths free_paths;
    struct authz_pair pairs[2];
};

/* A must stay where it is. What is asked of the cluster is counted in REGISTRY. False when a CA file can't be read or
 * is malformed. */
bool access_open(struct access *a, uv_loop_t *loop, const struct metrics_server_flags *flags,
                 const struct api_clients *clients, struct metrics *registry, struct readiness *readiness,
                 struct error *err);

struct authenticator access_authenticator(const struct access *a);
struct authorizer access_authorizer(const struct access *a);

/* Requests must be gone by then. The loop's next turns give the memory back. */
void access_close(struct access *a);

#endif
