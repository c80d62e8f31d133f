/*
 * An HTTP/1.1 and HTTP/2 server over TLS on the event loop. One shape for both: a request is a struct http_exchange, so
 * that a watch, a 90 MB list and a health check are the same code to a handler.
 *
 * Life of an exchange, all on the loop's thread:
 *
 *     head received -> handler.on_request(x)        the handler sets callbacks: http_exchange_listen
 *     body arrives  -> on_body(chunk)*, on_body_end  only if the handler asks: http_exchange_read_body
 *     handler       -> http_exchange_start, http_exchange_write*, http_exchange_end, now or any time later
 *     peer reads    -> on_writable                   below the low-water mark: more may be written
 *     the very end  -> on_closed                     exactly once, the response complete or the peer gone
 *
 * After on_closed the exchange must not be touched; a handler that still works for it cancels that work there. No
 * callback runs inside a function of this header, so a handler may call anything from anywhere, also http_server_close.
 *
 * Writes are queued, http_exchange_queued_bytes tells how much waits. A handler with much to send writes until that
 * reaches a bound of its own (at most limits.queued_output_bytes), returns, and goes on when on_writable comes: that is
 * whenever the peer has taken some, or the handler has written, and at most half of queued_output_bytes waits.
 *
 * What a peer controls is bounded (struct http_limits): header and body bytes, time to send the head, idle time, time
 * that a slow reader may leave output unread, streams per connection, connections in all, resets (CVE-2023-44487),
 * SETTINGS, PING and CONTINUATION floods. A breach is answered by 408, 413, 414 or 431, over HTTP/2 also by
 * RST_STREAM or GOAWAY; where there is nobody to answer (silence, a full house) the connection is closed. When all
 * max_connections are taken, a new one takes the place of the one that has been without a request for longest.
 *
 * Owner: whoever called http_server_new; everything is freed on http_server_close's callback.
 * Source: RFC 9110, 9112 (HTTP/1.1), 9113 (HTTP/2).
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <openssl/x509.h>
#include <uv.h>

#include "base/error.h"
#include "net/http.h"
#include "net/tls.h"

struct http_server;
struct http_exchange;

struct http_limits {
    size_t head_bytes;           /* request line and headers together; default 1 MiB as Go's */
    size_t body_bytes;           /* default 3 MiB + a little; 0: none allowed */
    size_t queued_output_bytes;  /* above this handlers wait for the peer to read; default 1 MiB */
    unsigned max_connections;    /* default 4096 */
    unsigned max_streams;        /* HTTP/2 concurrent streams a connection; default 250 as Go's */
    unsigned max_resets_per_10s; /* HTTP/2: streams that the peer may open and reset; default 500 */
    int64_t tls_handshake_ns;    /* default 10 s */
    int64_t head_ns;             /* from the first byte, or the last response, to a whole head; default 32 s */
    int64_t body_ns;             /* from the head to the body's end; default 60 s */
    int64_t idle_ns;             /* keep-alive without a request; default 90 s */
    int64_t write_stall_ns;      /* output queued and not a byte taken; default 60 s */
};
extern const struct http_limits http_limits_default;

/* What came in. All strings live as long as the exchange. */
struct http_request {
    struct str method; /* "GET" */
    struct str target; /* as sent: path and query */
    struct str path;   /* the target up to '?', not decoded */
    struct str query;  /* behind '?', not decoded */
    struct str host;   /* Host or :authority */
    struct http_headers headers;
    int http_major;              /* 1 or 2 */
    bool has_body;               /* a body follows (it may turn out empty) */
    struct str peer;             /* "127.0.0.1:41234" or "[::1]:41234" */
    struct str peer_host;        /* "127.0.0.1" or "::1" */
    X509 *peer_certificate;      /* borrowed; NULL when the client sent none. NOT verified: see net/tls.h */
    STACK_OF(X509) * peer_chain; /* borrowed; further certificates that the client sent, may be NULL */
};

struct http_exchange_events {
    void (*on_body)(void *arg, struct http_exchange *x, struct str chunk); /* after http_exchange_read_body */
    void (*on_body_end)(void *arg, struct http_exchange *x);
    void (*on_writable)(void *arg, struct http_exchange *x);
    void (*on_closed)(void *arg, struct http_exchange *x); /* last call, exactly once */
};

struct http_handler {
    void (*on_request)(void *arg, struct http_exchange *x);
    void *arg; /* borrowed; outlives the server */
};

/*
 * A server that isn't listening yet. TLS is borrowed and outlives the server; it may be replaced at any time for new
 * connections (http_server_set_tls), which is how certificates rotate. LIMITS is copied; NULL means the defaults.
 */
struct http_server *http_server_new(uv_loop_t *loop, struct tls_server *tls, const struct http_limits *limits,
                                    struct http_handler handler);

void http_server_set_tls(struct http_server *s, struct tls_server *tls);

/*
 * Listens on ADDRESS ("127.0.0.1", "::", "0.0.0.0") and PORT (0: any free one; http_server_port tells which). "::" also
 * takes IPv4. May be called again for further addresses. Fails with the errno as code: "listen on 127.0.0.1:6443:
 * address already in use".
 */
bool http_server_listen(struct http_server *s, const char *address, uint16_t port, struct error *err);

/* The same on a descriptor that listens already; the server owns it from then on. */
bool http_server_adopt(struct http_server *s, int fd, struct error *err);

uint16_t http_server_port(const struct http_server *s); /* of the first listener */

unsigned http_server_connections(const struct http_server *s);

/* Connections, since the start, that ended before TLS was agreed on: strangers, scanners, clients that don't trust us.
 */
uint64_t http_server_handshake_failures(const struct http_server *s);

/*
 * Closes the listeners, lets exchanges in flight end (GOAWAY on HTTP/2, Connection: close on HTTP/1.1) for at most
 * GRACE_NS, then cuts them off, frees everything and calls ON_CLOSED.
 */
void http_server_close(struct http_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

/* --- inside a handler --- */

const struct http_request *http_exchange_request(const struct http_exchange *x);

/* Memory that lives exactly as long as the exchange. */
struct arena *http_exchange_arena(struct http_exchange *x);

/* Sets the callbacks (NULL members are skipped) and their argument; may be called again later. EVENTS is borrowed,
 * static. */
void http_exchange_listen(struct http_exchange *x, const struct http_exchange_events *events, void *arg);

/*
 * Asks for the body: on_body and on_body_end follow. Without it the body is read and thrown away when the response has
 * ended (or the connection is closed, when it is long). Sends "100 Continue" where the client waits for it.
 * A body over limits.body_bytes is answered with a 413 by the server itself unless the response has started; on_closed
 * comes.
 */
void http_exchange_read_body(struct http_exchange *x);

/* Stops and restarts the delivery of body chunks: back-pressure. */
void http_exchange_pause_body(struct http_exchange *x, bool is_paused);

/*
 * Starts the response. HEADERS is copied; Date is added, and on HTTP/1.1 Content-Length (when LENGTH >= 0) or chunked
 * encoding, and Connection. LENGTH -1: not known yet. HEAD and 204/304 responses carry no body: later writes are
 * dropped.
 */
void http_exchange_start(struct http_exchange *x, int status, const struct http_headers *headers, int64_t length);

/* Queues BYTES (copied). Flushed at the end of the loop's turn, so many small writes make one record. */
void http_exchange_write(struct http_exchange *x, struct str bytes);

/* Queues what B holds without copying; B is empty afterwards. */
void http_exchange_write_buf(struct http_exchange *x, struct buf *b);

/* The response is complete. on_closed follows, not inside this call. */
void http_exchange_end(struct http_exchange *x);

/* start + write + end in one. */
void http_exchange_respond(struct http_exchange *x, int status, const struct http_headers *headers, struct str body);

/* Bytes written that the peer hasn't taken yet: over HTTP/1.1 the connection's, over HTTP/2 the stream's. */
size_t http_exchange_queued_bytes(const struct http_exchange *x);

/* The response can't be completed: the stream is reset (HTTP/2) or the connection closed, so that the peer notices. */
void http_exchange_abort(struct http_exchange *x);

/* The connection is to be closed after this response (HTTP/2: GOAWAY). */
void http_exchange_close_connection(struct http_exchange *x);

bool http_exchange_has_started(const struct http_exchange *x);

#endif
