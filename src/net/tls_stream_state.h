/*
 * The inside of a TLS stream, shared by the files that implement it: tls_stream.c (life and the BIO under OpenSSL),
 * tls_stream_output.c and tls_stream_input.c. Nobody else includes this.
 */
#ifndef NET_TLS_STREAM_STATE_H
#define NET_TLS_STREAM_STATE_H

#include "net/byte_queue.h"
#include "net/tls_stream.h"

enum tls_stream_state {
    STATE_NEW,
    STATE_CONNECTING,
    STATE_HANDSHAKE,
    STATE_READY,
    STATE_CLOSING,   /* tls_stream_close: the queue is being sent */
    STATE_LINGERING, /* FIN sent, waiting for the peer's */
    STATE_CLOSED,    /* uv_close was called */
};

struct tls_stream {
    uv_tcp_t tcp;
    SSL *ssl; /* owned */
    const struct tls_stream_events *events;
    void *arg;
    enum tls_stream_state state;
    bool is_server;
    bool is_paused;
    bool is_reading;          /* uv_read_start is on */
    bool has_peer_ended;      /* FIN has come */
    bool is_end_told;         /* on_end was called */
    bool is_write_busy;       /* REQUEST is a write under way */
    bool is_close_notify_due; /* the queue's end is to be followed by close_notify and FIN */
    struct error error;       /* why the stream fails; told by on_closed */
    struct byte_queue plain;  /* to be encrypted */
    struct buf cipher_out;    /* from OpenSSL, not handed to the socket yet */
    struct buf flight;        /* being written */
    struct str unread;        /* what the read BIO gives out: cipher text of the current callback, or HELD's */
    struct buf held;          /* cipher text that came before a pause */
    uint64_t received_bytes, sent_bytes;
    struct str plain_http_answer;
    char peer[TLS_STREAM_PEER_MAX]; /* the address it talks to */
    unsigned char opening[5];       /* the first bytes that came in */
    unsigned char opening_len;
    union {
        uv_write_t write;
        uv_connect_t connect;
        uv_shutdown_t shutdown;
    } request;         /* one at a time */
    uv_idle_t *resume; /* heap, only while input waits for the turn after a resume */
};

/* Ends the stream: the socket is closed, on_closed follows from the loop. Harmless when it was called before. */
void tls_stream_finish(struct tls_stream *s);

/* The same for a reason: a socket error (libuv's UV_STATUS) while doing WHAT ("write to"), or OpenSSL's last error. */
void tls_stream_fail_socket(struct tls_stream *s, int uv_status, const char *what);
void tls_stream_fail(struct tls_stream *s);

/* Decides anew whether the socket is read. */
void tls_stream_update_reading(struct tls_stream *s);

/* Goes on with input that was held back, in the loop's next turn: not inside the owner's call. */
void tls_stream_resume_input(struct tls_stream *s);
void tls_stream_drop_resume(struct tls_stream *s);

/* Feeds OpenSSL with UNREAD and the owner with what comes out, until either wants no more. */
void tls_stream_process_input(struct tls_stream *s);

#endif
