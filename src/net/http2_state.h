/*
 * The inside of an HTTP/2 connection, shared by the files that implement it: http2_connection.c (the connection and its
 * requests) and http2_response.c. nghttp2 knows the protocol; what is here decides what a peer may cost.
 * Source: RFC 9113; CVE-2023-44487 (rapid reset) and its relatives.
 */
#ifndef NET_HTTP2_STATE_H
#define NET_HTTP2_STATE_H

#include <nghttp2/nghttp2.h>

#include "net/http_connection.h"

struct http2_connection {
    struct http_connection base;
    nghttp2_session *session;
    int64_t head_since_ns;   /* of the header block being received; 0: none is */
    int64_t period_since_ns; /* of the two counters */
    unsigned resets;
    unsigned control_frames;
    uint64_t ended_streams; /* whole ones that the peer hasn't reset afterwards */
    bool has_served;
    bool is_condemned; /* the session was terminated: GOAWAY goes out, then the connection closes */
};

static inline struct http2_connection *http2_of(struct http_connection *c)
{
    return (struct http2_connection *)c;
}

/* The handler's side of http_protocol. */
void http2_start(struct http_exchange *x, int status, const struct http_headers *headers);
void http2_write(struct http_exchange *x, struct str bytes);
void http2_write_buf(struct http_exchange *x, struct buf *b);
void http2_end(struct http_exchange *x);
void http2_abort(struct http_exchange *x);
void http2_want_body(struct http_exchange *x);
size_t http2_queued_bytes(const struct http_exchange *x);

/* The server's own answer to what it won't hand to the handler, or has to take away from it. X is dead afterwards. */
void http2_refuse(struct http_exchange *x, int status, const char *reason);

/* Gives up on output that the peer doesn't take. */
void http2_cut_off(struct http_exchange *x);

#endif
