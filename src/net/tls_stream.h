/*
 * A TLS connection over TCP on the event loop, for servers and clients.
 *
 *     new -> accept | connect -> on_ready -> on_bytes* -> on_end? -> on_closed
 *
 * on_closed is the last call, exactly once, also when connecting or the handshake fails; the stream frees itself when
 * it returns. No callback runs inside a call of the owner's, so every function here may be called from any callback.
 *
 * Output is queued as plain text, encrypted in whole records as the socket takes it (at most TLS_STREAM_FLIGHT_BYTES of
 * cipher text wait in memory), and sent by tls_stream_flush: queue many small writes, then flush once. The owner bounds
 * the queue by looking at tls_stream_queued_bytes. Input is read into a buffer shared by the thread's streams: an idle
 * stream holds no buffers (SSL_MODE_RELEASE_BUFFERS).
 *
 * A stream without TLS is the same with the plain text on the wire, for the few peers that speak nothing else: on_ready
 * comes with the connection, and its end is a clean one.
 *
 * The stream keeps no timers: deadlines (connect, handshake, idle, stall, linger) are its owner's, who calls
 * tls_stream_abort when one has passed.
 *
 * Owner: whoever called tls_stream_new, until on_closed. Loop thread only.
 */
#ifndef NET_TLS_STREAM_H
#define NET_TLS_STREAM_H

#include <openssl/ssl.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

#define TLS_STREAM_FLIGHT_BYTES ((size_t)64 * 1024)

struct tls_stream;

struct tls_stream_events {
    void (*on_ready)(void *arg, struct tls_stream *s); /* the handshake is done: ALPN and certificates are known */
    void (*on_bytes)(void *arg, struct tls_stream *s, struct str plain); /* borrowed during the call */
    /*
     * The peer sends nothing more: IS_CLEAN after a close_notify, otherwise its TCP half was closed without one, which
     * an attacker can do too. Writing is still possible. NULL: the stream closes itself.
     */
    void (*on_end)(void *arg, struct tls_stream *s, bool is_clean);
    /* The socket has taken output after it had refused some: tls_stream_queued_bytes is smaller now. May be NULL. */
    void (*on_written)(void *arg, struct tls_stream *s);
    /*
     * The stream is gone. ERR is NULL after tls_stream_close or tls_stream_abort; otherwise its code is an errno
     * (socket) or EPROTO (TLS, certificates) and its message says it all: "connect to 10.0.0.7:10250: connection
     * refused", "TLS handshake: certificate of kubelet-a expired at 2024-01-01T00:00:00Z".
     */
    void (*on_closed)(void *arg, struct tls_stream *s, const struct error *err);
};

/*
 * A stream that isn't connected yet. SSL is owned by the stream from here on: a client's comes from tls_client_ssl, a
 * server's from SSL_new(tls_server_context(..)); NULL: no TLS. EVENTS is borrowed, static.
 */
struct tls_stream *tls_stream_new(uv_loop_t *loop, SSL *ssl, const struct tls_stream_events *events, void *arg);

/*
 * Server: shakes hands over FD, a connected TCP socket that the stream owns from here on, also on failure. False with
 * the errno; on_closed comes then too.
 */
bool tls_stream_accept(struct tls_stream *s, int fd, struct error *err);

/* Client: connects to ADDRESS and shakes hands. Failures come by on_closed. */
void tls_stream_connect(struct tls_stream *s, const struct sockaddr *address);

/*
 * Server: what is sent, in the clear, to a peer that speaks HTTP without TLS. Borrowed, static. None by default.
 */
void tls_stream_set_plain_http_answer(struct tls_stream *s, struct str answer);

/* Queue output: by copy, or taking over what B holds (B is empty afterwards). After tls_stream_close both drop it. */
void tls_stream_write(struct tls_stream *s, struct str plain);
void tls_stream_write_buf(struct tls_stream *s, struct buf *b);

/* Encrypts and sends what is queued, as far as the socket takes it; the rest follows by itself. Before on_ready:
 * nothing. */
void tls_stream_flush(struct tls_stream *s);

/* Plain text queued and cipher text not yet taken by the socket. */
size_t tls_stream_queued_bytes(const struct tls_stream *s);

/* Stops and restarts on_bytes; TCP's window then slows the peer down. on_end doesn't come while paused. */
void tls_stream_pause(struct tls_stream *s, bool is_paused);

/*
 * Sends what is queued, close_notify and FIN, throws away what still arrives until the peer's FIN (a reset would
 * destroy what it hasn't read yet), then closes. No on_bytes or on_end any more. A peer that never ends is the owner's
 * to abort.
 */
void tls_stream_close(struct tls_stream *s);

/* Closes at once; what is queued is lost. */
void tls_stream_abort(struct tls_stream *s);

/* Whether on_ready has come. */
bool tls_stream_is_ready(const struct tls_stream *s);

/* Cipher text bytes read since the stream was made. */
uint64_t tls_stream_received_bytes(const struct tls_stream *s);

/*
 * Cipher text bytes that the peer has acknowledged since the stream was made: what a deadline for slow readers looks
 * at. The kernel's buffers hold megabytes, so what it takes from us says little. Asks the kernel.
 */
uint64_t tls_stream_taken_bytes(const struct tls_stream *s);

/* Borrowed, NULL without TLS: for the certificates, ALPN (SSL_get0_alpn_selected) and protocol version. */
SSL *tls_stream_ssl(struct tls_stream *s);

/* The protocol chosen by ALPN: "h2", "http/1.1" or empty. */
struct str tls_stream_alpn(const struct tls_stream *s);

/* Writes the peer's address as "10.0.0.7:10250" or "[::1]:10250"; "" when there is none. */
#define TLS_STREAM_PEER_MAX 64
void tls_stream_peer(const struct tls_stream *s, char out[TLS_STREAM_PEER_MAX]);

#endif
