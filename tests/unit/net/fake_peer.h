/*
 * A server on 127.0.0.1 that does what a test tells it, byte by byte: HTTP/1.1 requests come in whole, answers go out
 * as written by the test, true or broken. On the test's own loop; in the clear or over TLS (without ALPN: HTTP/1.1).
 */
#ifndef TEST_FAKE_PEER_H
#define TEST_FAKE_PEER_H

#include <uv.h>

#include "base/buf.h"
#include "net/tls.h"

struct fake_peer;
struct fake_conn;

struct fake_peer_events {
    /* One request with its body; REQUEST is valid during the call. */
    void (*on_request)(void *owner, struct fake_conn *conn, struct str request);
    /* CONN is gone, by whoever's doing. May be NULL. */
    void (*on_closed)(void *owner, struct fake_conn *conn);
};

/* TLS may be NULL; borrowed, as EVENTS. */
struct fake_peer *fake_peer_new(uv_loop_t *loop, struct tls_server *tls, const struct fake_peer_events *events,
                                void *owner);
/* In the clear, on a port that was another fake peer's before: a server that comes back. */
struct fake_peer *fake_peer_new_at(uv_loop_t *loop, unsigned port, const struct fake_peer_events *events, void *owner);
/* Memory is given back by the loop's next rounds. */
void fake_peer_free(struct fake_peer *peer);
unsigned fake_peer_port(const struct fake_peer *peer);
size_t fake_peer_accepted(const struct fake_peer *peer); /* connections so far */
size_t fake_peer_open(const struct fake_peer *peer);     /* connections now */

void fake_conn_send(struct fake_conn *conn, struct str bytes);
__attribute__((format(printf, 2, 3))) void fake_conn_printf(struct fake_conn *conn, const char *format, ...);
/* "HTTP/1.1 STATUS X" with Content-Type JSON and a Content-Length, then BODY. */
void fake_conn_answer(struct fake_conn *conn, int status, struct str body);
/* A chunk of a chunked answer; an empty one ends it. */
void fake_conn_chunk(struct fake_conn *conn, struct str bytes);
/* Sends what is queued, then FIN. */
void fake_conn_close(struct fake_conn *conn);
/* Ends at once (plain TCP: by RST). */
void fake_conn_reset(struct fake_conn *conn);
/* Bytes sent that the other side has not taken from us. */
size_t fake_conn_queued(const struct fake_conn *conn);
SSL *fake_conn_ssl(struct fake_conn *conn);
/* A pointer of the test's; NULL at first. */
void **fake_conn_note(struct fake_conn *conn);

#endif
