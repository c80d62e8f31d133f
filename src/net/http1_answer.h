/*
 * An HTTP/1.1 answer, read as it arrives, for clients: 1xx answers are passed over, bodies end by Content-Length, by
 * chunks or with the connection. http-parser does the splitting and bounds the head (80 KiB). One owner, one thread.
 * Source: RFC 9112.
 */
#ifndef NET_HTTP1_ANSWER_H
#define NET_HTTP1_ANSWER_H

#include "base/buf.h"
#include "base/error.h"

/* Why a request failed: codes of errors. */
enum http1_failure {
    HTTP1_NO_ADDRESS = 1, /* the host's name didn't resolve */
    HTTP1_NO_CONNECTION,  /* refused, unreachable, timed out: the server never saw the request */
    HTTP1_NO_TLS,         /* handshake failed or the certificate was not accepted: the server never saw the request */
    HTTP1_TIMED_OUT,      /* no whole answer in time */
    HTTP1_BROKEN,         /* closed or reset within the answer, or the answer isn't HTTP */
    HTTP1_TOO_LARGE,      /* the body is larger than the limit */
    HTTP1_STOPPED,        /* on_head or on_body returned false: the error is theirs */
};

/* Valid during on_head. */
struct http1_answer_head {
    int status; /* 200 and above */
    struct str reason;
    struct str content_type;
    struct str content_encoding;
};

/* ARG is passed to both. False, with ERR set, gives the answer up. */
struct http1_answer_events {
    bool (*on_head)(void *arg, const struct http1_answer_head *head, struct error *err);
    bool (*on_body)(void *arg, struct str chunk, struct error *err);
};

struct http_parser; /* its header defines tags that meet ours, so it stays out of headers */

struct http1_answer {
    struct http_parser *parser; /* owned */
    struct http1_answer_events events;
    void *arg;
    struct buf name; /* of the header being read */
    struct buf value;
    bool is_name_whole;
    struct buf reason;
    struct buf content_type;
    struct buf content_encoding;
    size_t max_body_bytes;
    size_t body_bytes;
    bool has_begun;
    bool is_whole;
    bool is_spent;      /* the connection has ended, or something followed the answer */
    struct error error; /* what a callback found wrong */
};

enum http1_answer_state {
    HTTP1_ANSWER_PARTIAL,
    HTTP1_ANSWER_WHOLE,
    HTTP1_ANSWER_FAILED,
};

/* A overwrites what was there; http1_answer_free at the end. */
void http1_answer_init(struct http1_answer *a, const struct http1_answer_events *events, void *arg,
                       size_t max_body_bytes);
void http1_answer_free(struct http1_answer *a);

/* Takes the next bytes, at least one. On failure ERR is set: HTTP1_BROKEN, HTTP1_TOO_LARGE or HTTP1_STOPPED. */
enum http1_answer_state http1_answer_feed(struct http1_answer *a, struct str bytes, struct error *err);

/* The connection has ended: that completes the answer or breaks it. */
enum http1_answer_state http1_answer_end(struct http1_answer *a, struct error *err);

/* Of a whole answer: whether the connection is fit for another request. */
bool http1_answer_keeps_connection(const struct http1_answer *a);

#endif
