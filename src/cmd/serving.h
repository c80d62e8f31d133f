/*
 * metrics-server's TLS as its flags say: versions, ciphers, groups, the serving certificate and those for other names.
 * Owner: main. Loop thread only.
 */
#ifndef CMD_SERVING_H
#define CMD_SERVING_H

#include "apiserver/server.h"
#include "certs/serving_tls.h"
#include "cmd/metrics_server_flags.h"

struct serving {
    struct buf ciphers, groups;     /* OpenSSL's words for what flags say */
    struct serving_tls_pair *pairs; /* owned, and their arrays of names */
    size_t pair_count;
    struct serving_tls *tls;
    struct api_server *server; /* told of renewed certificates; set before the loop runs */
};

/* S must stay where it is. False when a file can't be loaded or the folder isn't writable. */
bool serving_open(struct serving *s, uv_loop_t *loop, const struct metrics_server_flags *flags, struct error *err);

/* What the server begins with. */
struct tls_server *serving_server(const struct serving *s);

/* The server must be gone by then. The loop's next turns give the rest of the memory back. */
void serving_close(struct serving *s);

#endif
