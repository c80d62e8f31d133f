/*
 * One HTTP/1.1 client connection over TLS (or, where it must be, without), for asking the same server again and again
 * at the least cost: an idle connection holds no buffers, the body is handed over as it arrives. (For other people's
 * servers there is net/fetch.h.)
 *
 *              get                     on_ready             the answer is complete
 *     IDLE ---------> LOOKING UP -> CONNECTING -> ANSWERING ----------------------> IDLE, still connected
 *      ^  ---------------------------------------^   |  (connected)
 *      +---------------- on_done(err) ---------------+   any failure, the deadline: not connected
 *
 * A name is looked up and all of its addresses are tried in turn. A kept connection that turns out to be dead when it
 * is used again, before anything of the answer has come, is replaced by a new one, once. Redirects aren't followed,
 * bodies aren't decompressed. Bodies end by Content-Length, by chunks, or with the connection, which TLS's close_notify
 * must then confirm.
 *
 * Bounded are the answer's head (80 KiB, by http-parser) and its body, the time to connect and the time for everything.
 *
 * Callbacks come from the loop, never from inside a function of this header. In on_head and on_body nothing here may be
 * called; in on_done everything. The process ignores SIGPIPE. Owner: whoever called http1_client_new. Loop thread only.
 * Source: RFC 9110, 9112.
 */
#ifndef NET_HTTP1_CLIENT_H
#define NET_HTTP1_CLIENT_H

#include <uv.h>

#include "base/error.h"
#include "net/http.h"
#include "net/http1_answer.h"
#include "net/tls.h"

struct http1_client;

/* Everything is copied by http1_client_get. */
struct http1_request {
    const char *host; /* a name or an IP address, which is also what the certificate must be for */
    uint16_t port;
    struct str path;             /* "/metrics/resource": encoded */
    struct http_headers headers; /* besides Host; no value may hold a line break */
    size_t max_body_bytes;
    int64_t timeout_ns;                /* for everything */
    int64_t connect_timeout_ns;        /* until TLS is up; 0: timeout_ns */
    struct http1_answer_events answer; /* gets the answer; with ARG, as on_done */
    /*
     * Once, at the end. ERR, whose code is an enum http1_failure, is NULL when the answer came whole, whatever its
     * status; otherwise a sentence: "connect to 10.0.0.7:10250: connection refused", "lookup node-a: unknown node or
     * service", "timed out after 10s while waiting for the answer".
     */
    void (*on_done)(void *arg, const struct error *err);
    void *arg;
};

/* TLS is borrowed; NULL: plain HTTP. */
struct http1_client *http1_client_new(uv_loop_t *loop, struct tls_client *tls);

/* Settings for connections from now on; one that is open and idle is closed. */
void http1_client_set_tls(struct http1_client *c, struct tls_client *tls);

/* Ends everything; no callback comes after. Memory is given back by the loop's next turns. NULL is fine. */
void http1_client_free(struct http1_client *c);

/* Starts a request; none may be under way. */
void http1_client_get(struct http1_client *c, const struct http1_request *request);

/* Gives up the request under way, without on_done; does nothing when there is none. */
void http1_client_cancel(struct http1_client *c);

/* Closes the connection if it is open and idle. */
void http1_client_disconnect(struct http1_client *c);

/* Whether an open connection waits for the next request. */
bool http1_client_is_connected(const struct http1_client *c);

#endif
