#include "net/tls_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <openssl/err.h>

#include "base/alloc.h"
#include "net/tls.h"
#include "net/tls_stream_state.h"

/* The BIO between OpenSSL and our buffers. */

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct tls_stream *s = BIO_get_data(bio);
    buf_add(&s->cipher_out, bytes, (size_t)len);
    return len;
}

static int bio_read(BIO *bio, char *to, int len)
{
    struct tls_stream *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (str_is_empty(s->unread)) {
        BIO_set_retry_read(bio);
        return -1;
    }
    struct str part = str_head(s->unread, (size_t)len);
    memcpy(to, part.ptr, part.len);
    s->unread = str_skip(s->unread, part.len);
    return (int)part.len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio, (void)number, (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method; /* made once, lives as long as the program */

static void prepare_program(void)
{
    struct sigaction now;
    /* libuv writes to sockets that the peer may have reset: that is an error there, not the end of the program. */
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tls_stream");
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct tls_stream *s = handle->data;
    s->events->on_closed(s->arg, s, error_is_set(&s->error) ? &s->error : NULL);
    byte_queue_free(&s->plain);
    SSL_free(s->ssl);
    ERR_clear_error();
    buf_free(&s->cipher_out);
    buf_free(&s->flight);
    buf_free(&s->held);
    error_clear(&s->error);
    free(s);
}

void tls_stream_finish(struct tls_stream *s)
{
    if (s->state == STATE_CLOSED)
        return;
    s->state = STATE_CLOSED;
    tls_stream_drop_resume(s);
    uv_close((uv_handle_t *)&s->tcp, on_handle_closed);
}

/* The error was set by the caller. An alert that OpenSSL left for the peer is sent if the socket takes it. */
static void fail(struct tls_stream *s)
{
    if (s->cipher_out.len > 0 && !s->is_write_busy && s->state >= STATE_HANDSHAKE && s->state < STATE_CLOSED) {
        uv_buf_t out = uv_buf_init(s->cipher_out.ptr, (unsigned)s->cipher_out.len);
        uv_try_write((uv_stream_t *)&s->tcp, &out, 1); /* the connection is lost anyhow */
    }
    tls_stream_finish(s);
}

void tls_stream_fail_socket(struct tls_stream *s, int uv_status, const char *what)
{
    if (s->state == STATE_CLOSED)
        return;
    /* While closing on purpose, a reset by the peer is no news. */
    if (s->state < STATE_CLOSING)
        error_set_errno(&s->error, -uv_status, "%s %s", what, s->peer);
    tls_stream_finish(s);
}

void tls_stream_fail(struct tls_stream *s)
{
    const char *what = s->state == STATE_HANDSHAKE ? "TLS handshake" : "TLS";
    const struct error *refusal = s->is_server ? NULL : tls_refusal(s->ssl);
    if (refusal != NULL)
        error_set(&s->error, refusal->code, "%s: %s", what, error_text(refusal));
    else
        tls_error(&s->error, "%s", what);
    ERR_clear_error();
    fail(s);
}

struct tls_stream *tls_stream_new(uv_loop_t *loop, SSL *ssl, const struct tls_stream_events *events, void *arg)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, prepare_program);
    struct tls_stream *s = mem_zalloc(sizeof(*s));
    s->ssl = ssl;
    s->events = events;
    s->arg = arg;
    uv_tcp_init(loop, &s->tcp);
    s->tcp.data = s;
    if (ssl == NULL)
        return s;
    BIO *bio = BIO_new(bio_method);
    if (bio == NULL)
        abort(); /* out of memory: base/alloc.h */
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return s;
}

/* A peer that doesn't read costs the kernel no more than this beyond its window. */
static void limit_unsent(struct tls_stream *s)
{
    static const int unsent_bytes = 256 * 1024;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)&s->tcp, &fd) == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes,
                   sizeof(unsent_bytes)); /* a matter of thrift only */
}

static void start_handshake(struct tls_stream *s)
{
    s->state = STATE_HANDSHAKE;
    uv_tcp_nodelay(&s->tcp, 1);
    limit_unsent(s);
    uv_tcp_keepalive(&s->tcp, 1, 30); /* finds peers that vanished; deadlines are the owner's */
    if (!s->is_server || s->ssl == NULL) {
        tls_stream_process_input(s);
        return;
    }
    tls_stream_update_reading(s);
}

static void print_address(const struct sockaddr *address, char out[TLS_STREAM_PEER_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)address;
    if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof(host));
        snprintf(out, TLS_STREAM_PEER_MAX, "%s:%u", host, ntohs(in6->sin6_port));
    } else if (address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        snprintf(out, TLS_STREAM_PEER_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else {
        inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host));
        snprintf(out, TLS_STREAM_PEER_MAX, "%s:%u", host, ntohs(in4->sin_port));
    }
}

bool tls_stream_accept(struct tls_stream *s, int fd, struct error *err)
{
    s->is_server = true;
    if (s->ssl != NULL)
        SSL_set_accept_state(s->ssl);
    int status = uv_tcp_open(&s->tcp, fd);
    if (status < 0) {
        close(fd);
        error_set_errno(&s->error, -status, "accept");
        tls_stream_finish(s);
        return error_set_errno(err, -status, "accept");
    }
    struct sockaddr_storage address;
    int length = sizeof(address);
    if (uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&address, &length) == 0)
        print_address((const struct sockaddr *)&address, s->peer);
    start_handshake(s);
    return true;
}

static void on_connected(uv_connect_t *request, int status)
{
    struct tls_stream *s = request->data;
    if (s->state == STATE_CLOSED)
        return;
    if (status < 0) {
        error_set_errno(&s->error, -status, "connect to %s", s->peer);
        tls_stream_finish(s);
        return;
    }
    start_handshake(s);
}

void tls_stream_connect(struct tls_stream *s, const struct sockaddr *address)
{
    s->state = STATE_CONNECTING;
    s->request.connect.data = s;
    print_address(address, s->peer);
    int status = uv_tcp_connect(&s->request.connect, &s->tcp, address, on_connected);
    if (status < 0) {
        error_set_errno(&s->error, -status, "connect to %s", s->peer);
        tls_stream_finish(s);
    }
}

void tls_stream_set_plain_http_answer(struct tls_stream *s, struct str answer)
{
    s->plain_http_answer = answer;
}

void tls_stream_close(struct tls_stream *s)
{
    if (s->state >= STATE_CLOSING)
        return;
    if (s->state < STATE_READY) {
        tls_stream_finish(s);
        return;
    }
    s->state = STATE_CLOSING;
    s->is_close_notify_due = true;
    tls_stream_drop_resume(s);
    s->unread = (struct str){0};
    buf_free(&s->held);
    tls_stream_flush(s);
    tls_stream_update_reading(s);
}

void tls_stream_abort(struct tls_stream *s)
{
    tls_stream_finish(s);
}

bool tls_stream_is_ready(const struct tls_stream *s)
{
    return s->state >= STATE_READY;
}

uint64_t tls_stream_received_bytes(const struct tls_stream *s)
{
    return s->received_bytes;
}

uint64_t tls_stream_taken_bytes(const struct tls_stream *s)
{
    uint64_t sent = s->sent_bytes;
    uv_os_fd_t fd;
    int waiting = 0;
    if (s->is_write_busy)
        sent += s->flight.len - uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
    if (uv_fileno((const uv_handle_t *)&s->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &waiting) != 0)
        return sent;
    /* FIN counts as a byte that waits, too. */
    return sent > (uint64_t)waiting ? sent - (uint64_t)waiting : 0;
}

SSL *tls_stream_ssl(struct tls_stream *s)
{
    return s->ssl;
}

struct str tls_stream_alpn(const struct tls_stream *s)
{
    const unsigned char *name;
    unsigned len;
    if (s->ssl == NULL)
        return (struct str){NULL, 0};
    SSL_get0_alpn_selected(s->ssl, &name, &len);
    return str_from((const char *)name, len);
}

void tls_stream_peer(const struct tls_stream *s, char out[TLS_STREAM_PEER_MAX])
{
    memcpy(out, s->peer, TLS_STREAM_PEER_MAX);
}
