/*
 * Requests to other people's servers: libcurl's multi interface driven by a libuv loop. HTTP/1.1 and HTTP/2 (by ALPN);
 * requests with the same server, TLS material and proxy share connections, on HTTP/2 as streams of one connection.
 *
 * A fetch lives from fetch_start until on_done has returned or fetch_cancel was called; after that the pointer is
 * dangling.
 *
 *     fetch_start -> on_head once -> on_data any number of times -> on_done once
 *          \___________________________________________________________/^      (on_done can follow at any point)
 *
 * Callbacks come from the loop only, never from inside a function of this header. From inside any callback everything
 * here may be called, also on other fetches and on the pool itself. Redirects are never followed, bodies are not
 * decompressed (no Accept-Encoding is sent unless the caller does), an HTTP status of 400 or more is an answer and no
 * error.
 *
 * Connections have TCP keepalive and TCP_USER_TIMEOUT set: a peer that vanished is noticed within about a minute,
 * without any timeout, also on a watch that waits for hours. Owner: the loop's thread.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <uv.h>

#include "base/error.h"
#include "base/str.h"
#include "net/http.h"

struct fetch_pool; /* connections, DNS cache, TLS sessions of one loop */
struct fetch;      /* one request under way */

/* Why a fetch failed: the code of on_done's error. */
enum fetch_failure {
    FETCH_BAD_OPTIONS = 1, /* malformed URL, unreadable certificate or key: retrying is of no use */
    FETCH_NO_ADDRESS,      /* the name (or the proxy's) didn't resolve */
    FETCH_NO_CONNECTION,   /* refused, unreachable, connect timed out: the server never saw the request */
    FETCH_NO_TLS,          /* handshake failed or the certificate was not accepted: the server never saw the request */
    FETCH_TIMED_OUT,       /* timeout_ms passed */
    FETCH_BROKEN,          /* connected, then closed, reset, or bytes that aren't HTTP; the answer is incomplete */
};

/* PEM bytes. The struct is part of the options and copied with them. */
struct fetch_tls {
    struct str ca;   /* who may have signed the server's certificate; empty: the system's roots */
    struct str cert; /* our certificate (leaf first, then intermediates) and its key; both or none */
    struct str key;
    struct str server_name; /* SNI, and the name to verify, in place of the URL's host; empty: the URL's host */
    bool insecure;          /* don't verify the server at all */
};

/* The head of the answer; valid during on_head. */
struct fetch_head {
    int status; /* 200..599 */
    bool is_http2;
    struct http_headers headers; /* hop-by-hop ones included */
};

/* Everything is copied by fetch_start. Zero is a sensible default for each field but url. */
struct fetch_options {
    struct str method;           /* empty: GET */
    struct str url;              /* http:// or https://; path and query must be percent-encoded; sent as is, dots too */
    struct http_headers headers; /* Host, when given, replaces the URL's; Content-Length is computed */
    struct str body;             /* sent when ptr isn't NULL */

    struct fetch_tls tls;
    struct str proxy;    /* URL of a proxy; empty: none */
    bool proxy_from_env; /* HTTPS_PROXY, http_proxy, NO_PROXY as Go does it: never for loopback addresses */

    /*
     * Must be set to use fetch_pause. Such a fetch has an HTTP/1.1 connection for itself while it runs: on HTTP/2 a
     * paused stream would hold up the other streams of its connection.
     */
    bool may_pause;

    int64_t connect_timeout_ms; /* resolve + connect + TLS; 0: 10 s */
    int64_t timeout_ms;         /* until the last byte of the answer; 0: never (watches) */

    /* OWNER is passed to all. on_head and on_data may be NULL. The bytes of CHUNK are valid during the call. */
    void *owner;
    void (*on_head)(void *owner, const struct fetch_head *head);
    void (*on_data)(void *owner, struct str chunk);
    /* ERR is NULL when the answer came whole; otherwise a sentence like "connect to 127.0.0.1:6443: connection
     * refused". */
    void (*on_done)(void *owner, const struct error *err);
};

struct fetch_pool *fetch_pool_new(uv_loop_t *loop);

/*
 * Whoever counts what goes over a pool. WHERE is "HOST:PORT", METHOD "GET"; borrowed for the call. Called from the
 * loop, before the fetch's own callbacks; they must not use the pool.
 */
struct fetch_observer {
    /* An answer's head has come; or the fetch has failed before that: STATUS 0. */
    void (*on_answered)(void *arg, struct str method, struct str where, int status);
    /*
     * From fetch_start until it was over, whole or broken; of a fetch without a time limit, which may go on for ever,
     * until it was answered. Not called for what was cancelled before that.
     */
    void (*on_took)(void *arg, struct str method, struct str where, int64_t took_ns);
    void *arg;
};

/* At most one; OBSERVER is copied, its functions are required. NULL: nobody any more. */
void fetch_pool_observe(struct fetch_pool *pool, const struct fetch_observer *observer);

uv_loop_t *fetch_pool_loop(const struct fetch_pool *pool);

/* Cancels what is under way and closes. The memory is given back by the loop's next rounds: run it until it is empty.
 */
void fetch_pool_free(struct fetch_pool *pool);

/* Never NULL: whatever is wrong, also with the options, is reported by on_done. */
struct fetch *fetch_start(struct fetch_pool *pool, const struct fetch_options *options);

/*
 * Stops reading from the server: on_data isn't called again until fetch_resume, and TCP tells the server to wait.
 * Pausing a paused fetch, or resuming one that isn't, does nothing. timeout_ms goes on running.
 */
void fetch_pause(struct fetch *f);
void fetch_resume(struct fetch *f);

/* Ends F without on_done. No callback of F comes after this. In F's own on_done it does nothing. */
void fetch_cancel(struct fetch *f);

#endif
