/* metrics-server's audit log as its flags say. Owner: main. Loop thread only. */
#ifndef CMD_AUDITING_H
#define CMD_AUDITING_H

#include "apiserver/audit.h"
#include "cmd/metrics_server_flags.h"

struct auditing {
    struct audit *audit; /* NULL: nothing is recorded */
    struct fetch_pool *pool;
    struct rest_client *webhook;
    struct {
        const struct audit_backend *backend; /* borrowed; NULL: there is none */
        struct metric_value *lost;
    } counted[2];
};

/* False when the policy is malformed or a file can't be opened. Without a policy, or without a place to record in:
 * nothing is recorded, and that is no error. Events, and those that were lost, are counted in REGISTRY. */
bool auditing_open(struct auditing *a, uv_loop_t *loop, const struct audit_flags *flags, struct metrics *registry,
                   struct error *err);

/* Observes SERVER from now on. */
void auditing_observe(struct auditing *a, struct api_server *server);

/* The server must be gone. What waits is sent, for a while; then the loop gives the memory back. */
void auditing_close(struct auditing *a);

#endif
