/*
 * A client of a server in the same loop and thread: OpenSSL on a real socket, never blocking; while it waits, the loop
 * runs. What goes wrong is noted, not hidden: a probe can tell a clean end from a cut and a reset. Header only.
 */
#ifndef TEST_PROBE_H
#define TEST_PROBE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "run_until.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct probe {
    uv_loop_t *loop;
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    struct buf in;       /* what came */
    bool is_over;        /* nothing more comes */
    bool is_clean;       /* by close_notify */
    int socket_error;    /* ECONNRESET, or 0 */
    bool is_not_reading; /* a slow reader: probe_turn leaves the socket alone */
};

/* SO_RCVBUF of the next connections; 0: the kernel's choice, some megabytes. */
static int probe_receive_buffer;

static inline int probe_connect_raw(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe_receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &probe_receive_buffer, sizeof(probe_receive_buffer));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Takes in what has come. */
static inline void probe_read(struct probe *p)
{
    char bytes[16384];
    while (!p->is_over && !p->is_not_reading) {
        ERR_clear_error();
        errno = 0;
        int n = SSL_read(p->ssl, bytes, sizeof(bytes));
        if (n > 0) {
            buf_add(&p->in, bytes, (size_t)n);
            continue;
        }
        int reason = SSL_get_error(p->ssl, n);
        if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
            return;
        p->is_over = true;
        p->is_clean = reason == SSL_ERROR_ZERO_RETURN;
        p->socket_error = reason == SSL_ERROR_SYSCALL ? errno : 0;
    }
}

static inline void probe_turn(struct probe *p)
{
    run_turn(p->loop, 5);
    if (p->ssl != NULL && SSL_is_init_finished(p->ssl))
        probe_read(p);
}

#define probe_until(p, condition)                                                              \
    do {                                                                                       \
        int64_t give_up_ns_ = clock_mono_ns() + 10 * NS_PER_S;                                 \
        while (!(condition)) {                                                                 \
            if (clock_mono_ns() > give_up_ns_)                                                 \
                fail_msg("timed out waiting for " #condition "; got: %s", buf_cstr(&(p)->in)); \
            probe_turn(p);                                                                     \
        }                                                                                      \
    } while (0)

/* Runs the loop for so long, whatever comes. */
static inline void probe_wait(struct probe *p, int64_t ns)
{
    for (int64_t end_ns = clock_mono_ns() + ns; clock_mono_ns() < end_ns;)
        probe_turn(p);
}

/* Connects and shakes hands, offering ALPN ("h2", "http/1.1" or NULL) and a client certificate (PEM, or empty). */
static inline void probe_open_as(struct probe *p, uv_loop_t *loop, uint16_t port, const char *alpn, struct str cert_pem,
                                 struct str key_pem)
{
    *p = (struct probe){.loop = loop, .fd = probe_connect_raw(port), .context = SSL_CTX_new(TLS_client_method())};
    if (cert_pem.len > 0) {
        BIO *cert = BIO_new_mem_buf(cert_pem.ptr, (int)cert_pem.len),
            *key = BIO_new_mem_buf(key_pem.ptr, (int)key_pem.len);
        X509 *x509 = PEM_read_bio_X509(cert, NULL, NULL, NULL);
        EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
        SSL_CTX_use_certificate(p->context, x509);
        SSL_CTX_use_PrivateKey(p->context, pkey);
        X509_free(x509);
        EVP_PKEY_free(pkey);
        BIO_free(cert);
        BIO_free(key);
    }
    SSL_CTX_set_mode(p->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    p->ssl = SSL_new(p->context);
    SSL_set_fd(p->ssl, p->fd);
    if (alpn != NULL) {
        unsigned char wire[32] = {(unsigned char)strlen(alpn)};
        memcpy(wire + 1, alpn, strlen(alpn));
        SSL_set_alpn_protos(p->ssl, wire, (unsigned)strlen(alpn) + 1);
    }
    int status;
    int64_t give_up_ns = clock_mono_ns() + 10 * NS_PER_S;
    while ((status = SSL_connect(p->ssl)) != 1) {
        int reason = SSL_get_error(p->ssl, status);
        if (clock_mono_ns() > give_up_ns || (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE))
            fail_msg("handshake failed: %d", reason);
        run_turn(loop, 5);
    }
}

static inline void probe_open(struct probe *p, uv_loop_t *loop, uint16_t port, const char *alpn)
{
    probe_open_as(p, loop, port, alpn, (struct str){0}, (struct str){0});
}

/* Sends all of BYTES, or as much as the server took before it cut the connection; returns how much. */
static inline size_t probe_send(struct probe *p, struct str bytes)
{
    size_t sent = 0;
    int64_t give_up_ns = clock_mono_ns() + 10 * NS_PER_S;
    while (sent < bytes.len) {
        ERR_clear_error();
        int n = SSL_write(p->ssl, bytes.ptr + sent, (int)(bytes.len - sent < 65536 ? bytes.len - sent : 65536));
        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        int reason = SSL_get_error(p->ssl, n);
        if ((reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) || clock_mono_ns() > give_up_ns)
            break;
        probe_turn(p);
    }
    return sent;
}

static inline bool probe_has(const struct probe *p, const char *text)
{
    return str_find(buf_str(&p->in), str_of(text)) >= 0;
}

static inline void probe_close(struct probe *p)
{
    SSL_free(p->ssl);
    SSL_CTX_free(p->context);
    close(p->fd);
    buf_free(&p->in);
    ERR_clear_error();
}

#endif
