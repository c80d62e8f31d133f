/*
 * The inside of the HTTP server: what its files share. Nobody outside net/ includes this.
 *
 *     http_server.c       sockets, TLS, deadlines, limits on connections: owns the connections
 *     http_exchange.c     the handler's side of an exchange
 *     http1_connection.c  bytes in -> requests, responses -> bytes out: HTTP/1.1
 *     http2_connection.c  the same for HTTP/2
 *
 * A connection knows neither sockets nor TLS nor clocks: bytes come in by http_connection_receive, go out by struct
 * http_transport, and time is asked from it. So the state machines are tested and fuzzed without a socket.
 *
 * Nothing is freed inside a call of the handler's: such calls change state and call schedule, and http_connection_run,
 * at the end of the loop's turn, closes exchanges, goes on with input that waited, and makes output.
 */
#ifndef NET_HTTP_CONNECTION_H
#define NET_HTTP_CONNECTION_H

#include "net/byte_queue.h"
#include "net/http_server.h"

/* Where a connection's output goes. ARG is http_connection.transport_arg. None of these calls back. */
struct http_transport {
    void (*write)(void *arg, struct str bytes);  /* queues */
    void (*write_buf)(void *arg, struct buf *b); /* queues, taking over */
    void (*flush)(void *arg);                    /* sends; what stays queued leads to a run when it was taken */
    size_t (*queued_bytes)(const void *arg);     /* not taken by the peer yet */
    void (*pause)(void *arg, bool is_paused);    /* input */
    void (*close)(void *arg);                    /* after what is queued; on_closed -> http_connection_free */
    void (*abort)(void *arg);                    /* at once; the same follows */
    void (*schedule)(void *arg);                 /* http_connection_run at the end of this turn, please */
    int64_t (*now_ns)(const void *arg);          /* monotonic */
};

struct http_connection {
    const struct http_protocol *protocol;
    const struct http_transport *transport;
    void *transport_arg;
    const struct http_limits *limits; /* borrowed from the server */
    struct http_handler handler;
    struct str peer, peer_host; /* borrowed from the owner */
    X509 *peer_certificate;     /* borrowed from the TLS connection */
    STACK_OF(X509) * peer_chain;
    struct http_exchange *exchanges; /* open ones, newest first */
    unsigned open_exchanges;
    bool is_shutting_down; /* no further requests */
    bool is_closed;        /* the transport was told to close or abort: nothing more is read or written */
    int64_t idle_since_ns; /* when the last exchange was closed, or the connection was made */
};

/* What HTTP/1.1 and HTTP/2 do differently. */
struct http_protocol {
    void (*receive)(struct http_connection *c, struct str bytes);
    void (*receive_end)(struct http_connection *c); /* the peer sends nothing more */
    void (*run)(struct http_connection *c);
    int64_t (*check)(struct http_connection *c, int64_t now_ns); /* enforces deadlines; when to ask again */
    void (*shut_down)(struct http_connection *c);                /* end gracefully */
    void (*free)(struct http_connection *c);                     /* the exchanges are closed already */

    /* The exchange has neither been started twice nor written to after its end; it isn't dead. */
    void (*start)(struct http_exchange *x, int status, const struct http_headers *headers);
    void (*write)(struct http_exchange *x, struct str bytes);
    void (*write_buf)(struct http_exchange *x, struct buf *b);
    void (*end)(struct http_exchange *x);
    void (*abort)(struct http_exchange *x);
    void (*want_body)(struct http_exchange *x); /* read_body was called, or a pause ended */
    size_t (*queued_bytes)(const struct http_exchange *x);
};

struct http_exchange {
    struct http_connection *connection;
    struct http_exchange *next, *previous; /* in connection->exchanges */
    struct arena arena;
    struct http_request request;
    const struct http_exchange_events *events; /* NULL until the handler listens */
    void *events_arg;

    int64_t body_since_ns; /* when the peer's time to send the body began */
    uint64_t body_bytes;   /* received so far */
    bool is_body_wanted;
    bool is_body_paused;
    bool is_body_whole; /* its end has been received */
    bool is_body_end_told;
    bool expects_continue; /* and hasn't been told to */

    bool is_head_request;
    bool has_started;
    bool has_ended;       /* the handler has ended the response */
    bool is_bodyless;     /* the response carries none */
    bool is_writable_due; /* something was written since on_writable */
    size_t told_bytes;    /* queued at that time */
    bool is_last;         /* HTTP/2: the connection says GOAWAY when this exchange has closed */
    bool is_dead;         /* refused, aborted or cut off: the handler's calls do nothing; on_closed is near */
    int64_t length;       /* of the response's body; -1 unknown */
    uint64_t written;     /* bytes of it */

    /* HTTP/2 */
    int32_t stream_id;
    struct byte_queue output; /* waits for the peer's window */
    int64_t output_since_ns;  /* when the peer last took some, or it began to wait */
    struct buf held_body;     /* received and not wanted yet: at most the stream's window */
    bool is_output_deferred;  /* nghttp2 was told that there's nothing to send now */
    bool is_head_too_large;
    bool is_reset_counted;
    size_t head_bytes;
};

extern const struct http_protocol http1_protocol;
extern const struct http_protocol http2_protocol;

/* What a new connection is made of; copied. */
struct http_connection_options {
    const struct http_transport *transport;
    void *transport_arg;
    const struct http_limits *limits;
    struct http_handler handler;
    struct str peer, peer_host;
    X509 *peer_certificate;
    STACK_OF(X509) * peer_chain;
};
struct http_connection *http1_connection_new(const struct http_connection_options *options);
struct http_connection *http2_connection_new(const struct http_connection_options *options);

void http_connection_init(struct http_connection *c, const struct http_protocol *protocol,
                          const struct http_connection_options *options);

/* Closes every exchange (on_closed), then frees C. */
void http_connection_free(struct http_connection *c);

void http_connection_receive(struct http_connection *c, struct str bytes);
void http_connection_receive_end(struct http_connection *c);
void http_connection_run(struct http_connection *c);
int64_t http_connection_check(struct http_connection *c, int64_t now_ns);
void http_connection_shut_down(struct http_connection *c);

/* For the protocols. */
void http_connection_close(struct http_connection *c); /* after what is queued */
void http_connection_abort(struct http_connection *c);
void http_connection_schedule(struct http_connection *c);
int64_t http_connection_now_ns(const struct http_connection *c);

struct http_exchange *http_exchange_new(struct http_connection *c);
/* on_closed, then the memory. */
void http_exchange_close(struct http_exchange *x);
/* on_request; counts as the handler's business from here on. */
void http_exchange_begin(struct http_exchange *x);
/* Whether a chunk may be handed to the handler now. */
bool http_exchange_takes_body(const struct http_exchange *x);
void http_exchange_give_body(struct http_exchange *x, struct str chunk);
void http_exchange_give_body_end(struct http_exchange *x);
/* on_writable, if the queue is short, and something was written or taken since the last time. */
void http_exchange_tell_writable(struct http_exchange *x);

/* Appends "Tue, 15 Nov 1994 08:12:31 GMT". */
void http_add_date(struct buf *to, int64_t unix_s);

/* Headers that the server itself writes, or that HTTP/2 forbids: a handler's are left out. */
bool http_is_hop_header(struct str name);

#endif
