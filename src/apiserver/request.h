/*
 * A request to an API server: who (user), what (attributes), how (query, negotiation). Made by apiserver/server.h,
 * which authenticates and authorizes it before a handler sees it; answered with apiserver/response.h only (so that the
 * server knows when the answer is complete).
 *
 * Lifetime. A request lives in its exchange's arena, from the head's arrival until it is closed, exactly once, for one
 * of these reasons: the answer was sent whole, the peer went away, or the deadline passed (then the server answers 504
 * or cuts the stream itself). Closing does, in this order:
 *   1. the thing that is awaited (api_request_await), if any, is cancelled: its cancel function is called, once;
 *   2. the handler's on_closed is called (api_request_listen), if it set one.
 * After that R, its arena and everything in it must not be touched, and no callback with R comes. So whoever keeps R
 * across the loop's turns either awaits or listens; both are dropped when R closes, and nothing else is needed.
 * api_respond_... and api_end may close R during the call: touch nothing of it afterwards.
 *
 * Loop thread only.
 */
#ifndef APISERVER_REQUEST_H
#define APISERVER_REQUEST_H

#include "apiserver/accept.h"
#include "apiserver/attributes.h"
#include "apiserver/user.h"
#include "net/http_server.h"

struct api_request;
struct api_server;
struct status;

/* Any may be NULL. */
struct api_request_events {
    void (*on_body)(void *arg, struct api_request *r,
                    struct str chunk); /* after http_exchange_read_body(r->exchange) */
    void (*on_body_end)(void *arg, struct api_request *r);
    void (*on_writable)(void *arg, struct api_request *r); /* what was queued has drained */
    void (*on_closed)(void *arg, struct api_request *r);   /* last call, exactly once: see above */
};

struct api_request {
    struct http_exchange *exchange;
    const struct http_request *http;
    struct arena *arena; /* the exchange's: for everything that lives as long as the request */
    struct api_server *server;

    struct api_attributes attributes;
    struct query query;
    struct user user;      /* who is acting: the impersonated user where there is one */
    struct user requester; /* who authenticated; the same as user unless impersonating */
    struct str accept;     /* the Accept header, "" when there is none */
    struct str user_agent;
    struct str audit_id;
    bool is_pretty;       /* by ?pretty or, without it, by a browser's or curl's user agent */
    bool is_long_running; /* watch, proxy and the like: no deadline, not counted as in flight */
    int64_t received_unix_ns;
    int64_t received_mono_ns;    /* clock_mono_ns: how long it has taken doesn't depend on the wall clock */
    struct http_headers headers; /* of any answer to it, beside those that the answer has of its own */

    /* Below: request.c's, response.c's and server.c's own. */
    const struct api_request_events *events;
    void *events_arg;
    void (*cancel)(void *arg);
    void *cancel_arg;
    struct api_body *body;
    struct api_turn *turn;                      /* how far the filters are */
    void (*on_released)(struct api_request *r); /* the server's, after on_closed */
    const struct status *status;                /* what it is, if a Status; only until api_end returns */
    bool has_ended;                             /* the answer is complete */
    bool is_closed;
    int code;            /* of the answer; 0: not started */
    uint64_t body_bytes; /* of the answer, written so far */
};

/* Sets the handler's callbacks and their argument; may be called again. EVENTS is borrowed, static. */
void api_request_listen(struct api_request *r, const struct api_request_events *events, void *arg);

/*
 * R waits for something that takes longer than this turn of the loop. CANCEL(ARG) is called when R closes before
 * api_request_resume; it must end the work so that nothing touches R later. One thing at a time.
 */
void api_request_await(struct api_request *r, void (*cancel)(void *arg), void *arg);

/* What was awaited has come: forgets the cancel function. */
void api_request_resume(struct api_request *r);

/* --- the body --- */

#define API_BODY_MAX_BYTES ((size_t)3 * 1024 * 1024)

/*
 * Called with the whole body: MEDIA_TYPE in lower case without parameters (the first that was allowed when the client
 * named none), BODY borrowed from the request, valid until it closes.
 */
typedef void api_on_body(void *arg, struct api_request *r, struct str media_type, struct str body);

struct api_body_rules {
    size_t max_bytes;              /* 0: API_BODY_MAX_BYTES */
    const struct str *media_types; /* allowed Content-Types, the first is the default; borrowed, static */
    size_t media_type_count;
};

/*
 * Collects the body, then calls ON_BODY; at once, during the call, when there is none. A Content-Type that isn't
 * allowed, on a request that has a body, is answered 415, a longer body 413, and ON_BODY is never called.
 * Replaces the callbacks on_body and on_body_end for this request.
 */
void api_request_read_body(struct api_request *r, const struct api_body_rules *rules, api_on_body *on_body, void *arg);

/* --- made by the server; here for tests and for servers with other front ends --- */

/*
 * Reads everything of the exchange but the user into a new request in the exchange's arena. False when its path can't
 * be decoded or understood: ERR then says why, with code 400 or 500; R is usable for the answer.
 */
bool api_request_read(struct http_exchange *x, struct api_request **r, struct error *err);

/* Takes R away from its handler, by steps 1 and 2 above, so that somebody else can answer it. */
void api_request_abandon(struct api_request *r);

/* Closes R as described above; does nothing when it is closed. */
void api_request_close(struct api_request *r);

#endif
