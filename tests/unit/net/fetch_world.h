/*
 * What tests of fetch share: a loop with a fetch pool and a scripted peer, fetches that note what came of them, and an
 * end of the test when the loop waits too long.
 */
#ifndef TEST_FETCH_WORLD_H
#define TEST_FETCH_WORLD_H

#include "fake_peer.h"
#include "fake_pki.h"
#include "net/fetch.h"

struct world {
    uv_loop_t loop;
    struct fetch_pool *pool;
    struct fake_peer *peer;
    struct fake_pki *pki;
    struct tls_server *tls;
    struct buf ca, cert, key;
    uv_timer_t watchdog;
};

/* One fetch and what came of it. */
struct got {
    struct world *w;
    struct fetch *fetch;
    int heads, done;
    int status;
    bool is_http2;
    struct buf headers; /* "name: value\n" each */
    struct buf body;
    int code;
    struct buf message;
    /* what to do in which callback */
    void (*at_head)(struct got *g);
    void (*at_data)(struct got *g);
    void (*at_done)(struct got *g);
    struct got *other;
};

/* OWNER of the peer's callbacks; NULL: the world. */
void world_open(struct world *w, bool is_tls, const struct fake_peer_events *events, void *owner);
void world_close(struct world *w);
void run_for(struct world *w, uint64_t ms);

/* The peer's URL with PATH, in a buffer of the caller's. */
struct str url_of(struct world *w, struct buf *to, const char *path);

void got_start(struct got *g, struct world *w, struct fetch_options *options);
void got_wait(struct got *g);
void got_free(struct got *g);

/* The fetch must end with this failure. */
void fail_as(struct world *w, struct fetch_options *options, int code, const char *message);

/* on_request of peers: never answers; or notes the request without its Host line in a buffer, the owner, and answers.
 */
extern const struct fake_peer_events silent;
void keep_request(void *owner, struct fake_conn *conn, struct str request);

/* A socket that listens with room for one connection that nobody accepts. */
int listen_without_accepting(unsigned *port);

#endif
