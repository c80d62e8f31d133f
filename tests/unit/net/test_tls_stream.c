#include "net/tls_stream.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "fake_pki.h"
#include "run_until.h"
#include "net/tcp_listener.h"
#include "net/tls.h"
#include "net/tls_stream_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_plain; /* the test at hand goes without TLS */

/* One side of a connection and what came to it. */
struct side {
    struct world *w;
    struct tls_stream *stream; /* NULL when it is gone */
    int ready, ended, closed, written;
    bool is_clean;
    struct buf got;
    struct error error;
    bool has_error;
    void (*at_ready)(struct side *s);
    void (*at_bytes)(struct side *s);
};

struct world {
    uv_loop_t loop;
    struct fake_pki *pki;
    struct buf ca, cert, key;
    struct tls_server *tls;
    struct tls_client *client_tls;
    struct tcp_listener *listener;
    uint16_t port;
    bool is_listener_closed;
    struct side server, client;
};

static void on_ready(void *arg, struct tls_stream *stream)
{
    struct side *s = arg;
    assert_ptr_equal(s->stream, stream);
    s->ready++;
    if (s->at_ready != NULL)
        s->at_ready(s);
}

static void on_bytes(void *arg, struct tls_stream *stream, struct str plain)
{
    struct side *s = arg;
    (void)stream;
    assert_int_equal(s->ended, 0);
    buf_add_str(&s->got, plain);
    if (s->at_bytes != NULL)
        s->at_bytes(s);
}

static void on_end(void *arg, struct tls_stream *stream, bool is_clean)
{
    struct side *s = arg;
    s->ended++;
    s->is_clean = is_clean;
    tls_stream_close(stream);
}

static void on_written(void *arg, struct tls_stream *stream)
{
    struct side *s = arg;
    (void)stream;
    s->written++;
}

static void on_closed(void *arg, struct tls_stream *stream, const struct error *err)
{
    struct side *s = arg;
    (void)stream;
    s->closed++;
    s->stream = NULL;
    s->has_error = err != NULL;
    if (err != NULL)
        error_set(&s->error, err->code, "%s", error_text(err));
}

static const struct tls_stream_events side_events = {
    .on_ready = on_ready, .on_bytes = on_bytes, .on_end = on_end, .on_written = on_written, .on_closed = on_closed};

static void on_accept(void *arg, int fd)
{
    struct world *w = arg;
    assert_null(w->server.stream);
    w->server.stream =
        tls_stream_new(&w->loop, is_plain ? NULL : SSL_new(tls_server_context(w->tls)), &side_events, &w->server);
    tls_stream_set_plain_http_answer(w->server.stream, STR("HTTP/1.0 400 Bad Request\r\n\r\nwrong door\n"));
    assert_true(tls_stream_accept(w->server.stream, fd, NULL));
}

static void on_listener_closed(void *arg)
{
    ((struct world *)arg)->is_listener_closed = true;
}

static void open_world(struct world *w)
{
    static const struct tcp_listener_events events = {.on_accept = on_accept, .on_closed = on_listener_closed};
    auto_error struct error err = {0};
    memset(w, 0, sizeof(*w));
    uv_loop_init(&w->loop);
    w->server.w = w->client.w = w;
    w->pki = fake_pki_new("test-ca");
    fake_pki_ca(w->pki, &w->ca);
    fake_pki_issue(w->pki, "server", "IP:127.0.0.1", &w->cert, &w->key);
    w->tls = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert),
                                                         .key_pem = buf_str(&w->key),
                                                         .is_http2_enabled = true},
                            &err);
    w->client_tls = tls_client_new(&(struct tls_client_options){.ca_pem = buf_str(&w->ca), .alpn = "http/1.1"}, &err);
    w->listener = tcp_listener_open(&w->loop, "127.0.0.1", 0, &events, w, &err);
    if (w->listener == NULL || w->tls == NULL || w->client_tls == NULL)
        fail_msg("%s", error_text(&err));
    w->port = tcp_listener_port(w->listener);
}

static void free_side(struct side *s)
{
    if (s->stream != NULL)
        tls_stream_abort(s->stream);
}

static void close_world(struct world *w)
{
    free_side(&w->server);
    free_side(&w->client);
    tcp_listener_close(w->listener);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->is_listener_closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    assert_true(w->server.closed <= 1 && w->client.closed <= 1);
    buf_free(&w->server.got);
    buf_free(&w->client.got);
    error_clear(&w->server.error);
    error_clear(&w->client.error);
    tls_server_free(w->tls);
    tls_client_free(w->client_tls);
    fake_pki_free(w->pki);
    buf_free(&w->ca);
    buf_free(&w->cert);
    buf_free(&w->key);
}

static void connect_client(struct world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(w->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SSL *ssl = is_plain ? NULL : tls_client_ssl(w->client_tls, "127.0.0.1", NULL);
    w->client.stream = tls_stream_new(&w->loop, ssl, &side_events, &w->client);
    tls_stream_connect(w->client.stream, (const struct sockaddr *)&address);
}

static void connect_both(struct world *w)
{
    connect_client(w);
    run_until(&w->loop, w->client.ready == 1 && w->server.ready == 1);
}

static int connect_raw(const struct world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(w->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void fill(struct buf *b, size_t len)
{
    char *to = buf_reserve(b, len);
    for (size_t i = 0; i < len; i++)
        to[i] = (char)(i * 7 + i / 251);
    buf_grow_by(b, len);
}

static void test_hello(void **state)
{
    struct world w;
    char peer[TLS_STREAM_PEER_MAX];
    (void)state;
    open_world(&w);
    connect_both(&w);
    assert_true(str_eq(tls_stream_alpn(w.client.stream), STR("http/1.1")));
    assert_true(str_eq(tls_stream_alpn(w.server.stream), STR("http/1.1")));
    tls_stream_peer(w.server.stream, peer);
    assert_memory_equal(peer, "127.0.0.1:", 10);
    tls_stream_write(w.client.stream, STR("ping"));
    assert_int_equal(tls_stream_queued_bytes(w.client.stream), 4); /* nothing goes out before the flush */
    tls_stream_flush(w.client.stream);
    assert_int_equal(tls_stream_queued_bytes(w.client.stream), 0);
    run_until(&w.loop, w.server.got.len == 4);
    tls_stream_write(w.server.stream, STR("pong"));
    tls_stream_flush(w.server.stream);
    run_until(&w.loop, w.client.got.len == 4);
    assert_true(tls_stream_received_bytes(w.server.stream) > 4 && tls_stream_taken_bytes(w.server.stream) > 4);
    tls_stream_close(w.client.stream);
    run_until(&w.loop, w.client.closed == 1 && w.server.closed == 1);
    assert_true(w.server.ended == 1 && w.server.is_clean);
    assert_false(w.client.has_error || w.server.has_error);
    close_world(&w);
}

static void test_written_before_ready(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    connect_client(&w);
    tls_stream_write(w.client.stream, STR("early"));
    tls_stream_flush(w.client.stream);
    run_until(&w.loop, w.server.got.len == 5);
    assert_string_equal(buf_cstr(&w.server.got), "early");
    close_world(&w);
}

static void test_bulk_both_ways(void **state)
{
    struct world w;
    auto_buf struct buf up = {0}, down = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    fill(&up, 5000000);
    fill(&down, 3000001);
    for (size_t at = 0; at < up.len; at += 1000)
        tls_stream_write(w.client.stream, str_head(str_skip(buf_str(&up), at), 1000));
    struct buf copy = {0};
    buf_add_str(&copy, buf_str(&down));
    tls_stream_write_buf(w.server.stream, &copy);
    tls_stream_flush(w.client.stream);
    tls_stream_flush(w.server.stream);
    run_until(&w.loop, w.server.got.len == up.len && w.client.got.len == down.len);
    assert_true(str_eq(buf_str(&w.server.got), buf_str(&up)));
    assert_true(str_eq(buf_str(&w.client.got), buf_str(&down)));
    run_until(&w.loop, tls_stream_queued_bytes(w.client.stream) == 0);
    close_world(&w);
}

static void test_pause(void **state)
{
    struct world w;
    auto_buf struct buf up = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    tls_stream_pause(w.server.stream, true);
    fill(&up, 20000000);
    tls_stream_write(w.client.stream, buf_str(&up));
    tls_stream_flush(w.client.stream);
    uint64_t sent = 0;
    int quiet = 0;
    while (quiet < 20) { /* until the kernel's buffers are full */
        uv_run(&w.loop, UV_RUN_NOWAIT);
        poll(NULL, 0, 1);
        quiet = tls_stream_taken_bytes(w.client.stream) == sent ? quiet + 1 : 0;
        sent = tls_stream_taken_bytes(w.client.stream);
    }
    assert_int_equal(w.server.got.len, 0);
    assert_in_range(tls_stream_queued_bytes(w.client.stream), 5000000, 20100000);
    tls_stream_close(w.client.stream);
    tls_stream_pause(w.server.stream, false);
    run_until(&w.loop, w.server.ended == 1); /* all of it arrives, and the end only then */
    assert_true(str_eq(buf_str(&w.server.got), buf_str(&up)));
    assert_true(w.server.is_clean);
    assert_true(w.client.written > 0 || w.client.closed == 0);
    close_world(&w);
}

static void pause_now(struct side *s)
{
    tls_stream_pause(s->stream, true);
}

/* Paused in the middle of what one read brought: the rest waits, nothing is lost, nothing comes inside the resuming
 * call. */
static void test_pause_in_callback(void **state)
{
    struct world w;
    auto_buf struct buf up = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    w.server.at_bytes = pause_now;
    fill(&up, 300000);
    tls_stream_write(w.client.stream, buf_str(&up));
    tls_stream_close(w.client.stream);
    int rounds = 0;
    while (w.server.got.len < up.len && rounds < 1000) {
        size_t before = w.server.got.len;
        run_until(&w.loop, w.server.got.len > before);
        uv_run(&w.loop, UV_RUN_NOWAIT);
        size_t now = w.server.got.len;
        assert_true(now - before <= 16384);
        tls_stream_pause(w.server.stream, false);
        assert_int_equal(w.server.got.len, now);
        assert_int_equal(w.server.ended, 0);
        rounds++;
    }
    assert_true(str_eq(buf_str(&w.server.got), buf_str(&up)));
    w.server.at_bytes = NULL;
    tls_stream_pause(w.server.stream, false);
    run_until(&w.loop, w.server.ended == 1);
    close_world(&w);
}

static void resume_now(struct side *s)
{
    tls_stream_pause(s->stream, true);
    tls_stream_pause(s->stream, false);
}

static void test_pause_and_resume_in_callback(void **state)
{
    struct world w;
    auto_buf struct buf up = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    w.server.at_bytes = resume_now;
    fill(&up, 1000000);
    tls_stream_write(w.client.stream, buf_str(&up));
    tls_stream_flush(w.client.stream);
    run_until(&w.loop, w.server.got.len == up.len);
    assert_true(str_eq(buf_str(&w.server.got), buf_str(&up)));
    close_world(&w);
}

/* A peer that is still sending must get the whole answer: a reset would destroy it on the way. */
static void test_close_while_peer_sends(void **state)
{
    struct world w;
    auto_buf struct buf up = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    fill(&up, 10000000);
    tls_stream_write(w.client.stream, buf_str(&up));
    tls_stream_flush(w.client.stream);
    run_until(&w.loop, w.server.got.len > 0);
    tls_stream_write(w.server.stream, STR("413 too much"));
    tls_stream_close(w.server.stream);
    tls_stream_write(w.server.stream, STR("dropped"));
    size_t got = w.server.got.len;
    run_until(&w.loop, w.client.ended == 1);
    assert_true(w.client.is_clean);
    assert_string_equal(buf_cstr(&w.client.got), "413 too much");
    assert_int_equal(w.server.got.len, got); /* the rest is thrown away */
    run_until(&w.loop, w.server.closed == 1 && w.client.closed == 1);
    assert_false(w.server.has_error);
    close_world(&w);
}

static void test_abort_is_noticed(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    connect_both(&w);
    tls_stream_abort(w.server.stream);
    assert_int_equal(w.server.closed, 0); /* never inside the call */
    run_until(&w.loop, w.client.closed == 1 && w.server.closed == 1);
    assert_true(w.client.has_error || (w.client.ended == 1 && !w.client.is_clean));
    assert_false(w.server.has_error);
    close_world(&w);
}

static void close_now(struct side *s)
{
    tls_stream_write(s->stream, STR("bye"));
    tls_stream_close(s->stream);
}

static void abort_now(struct side *s)
{
    tls_stream_abort(s->stream);
}

static void test_close_and_abort_in_callbacks(void **state)
{
    static void (*const actions[])(struct side * s) = {close_now, abort_now};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world w;
        open_world(&w);
        if (i < 2)
            w.server.at_ready = actions[i];
        else
            w.server.at_bytes = actions[i - 2];
        connect_client(&w);
        auto_buf struct buf up = {0};
        fill(&up, 100000);
        tls_stream_write(w.client.stream, buf_str(&up));
        tls_stream_flush(w.client.stream);
        run_until(&w.loop, w.server.closed == 1 && w.client.closed == 1);
        if (i % 2 == 0)
            assert_string_equal(buf_cstr(&w.client.got), "bye");
        close_world(&w);
    }
}

static void test_connection_refused(void **state)
{
    struct world w;
    char want[100];
    (void)state;
    open_world(&w);
    /* a port that was free a moment ago */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    w.client.stream = tls_stream_new(&w.loop, tls_client_ssl(w.client_tls, "127.0.0.1", NULL), &side_events, &w.client);
    tls_stream_connect(w.client.stream, (const struct sockaddr *)&address);
    run_until(&w.loop, w.client.closed == 1);
    snprintf(want, sizeof(want), "connect to 127.0.0.1:%u: connection refused", ntohs(address.sin_port));
    assert_string_equal(error_text(&w.client.error), want);
    assert_int_equal(w.client.error.code, ECONNREFUSED);
    close(fd);
    close_world(&w);
}

static void test_abort_while_connecting(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    connect_client(&w);
    tls_stream_abort(w.client.stream);
    run_until(&w.loop, w.client.closed == 1);
    assert_int_equal(w.client.ready, 0);
    assert_false(w.client.has_error);
    close_world(&w);
}

static void test_certificate_refused(void **state)
{
    struct world w;
    struct sockaddr_in address = {.sin_family = AF_INET};
    (void)state;
    open_world(&w);
    address.sin_port = htons(w.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w.client.stream = tls_stream_new(&w.loop, tls_client_ssl(w.client_tls, "10.0.0.7", NULL), &side_events, &w.client);
    tls_stream_connect(w.client.stream, (const struct sockaddr *)&address);
    run_until(&w.loop, w.client.closed == 1 && w.server.closed == 1);
    assert_string_equal(error_text(&w.client.error),
                        "TLS handshake: certificate of server isn't valid for 10.0.0.7: it has IP 127.0.0.1");
    assert_int_equal(w.client.error.code, EPROTO);
    assert_non_null(strstr(error_text(&w.server.error), "TLS handshake: ")); /* the alert has come through */
    assert_non_null(strstr(error_text(&w.server.error), "alert"));
    assert_int_equal(w.server.ready + w.client.ready, 0);
    close_world(&w);
}

static void test_strangers(void **state)
{
    static const struct {
        const char *sent, *answer, *error;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.0 400 Bad Request\r\n\r\nwrong door\n",
         "HTTP request to an HTTPS server"},
        {"OPTIONS * HTTP/1.1\r\n\r\n", "HTTP/1.0 400 Bad Request\r\n\r\nwrong door\n",
         "HTTP request to an HTTPS server"},
        {"SSH-2.0-OpenSSH_9.2\r\n", NULL, "TLS handshake: wrong version number"},
        {"\x16\x03\x01\xff\xff", NULL, "TLS handshake: "},
        {"", "", "TLS handshake: the peer closed the connection"},
        {"\x16\x03\x01", "", "TLS handshake: the peer closed the connection"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w;
        char answer[500];
        open_world(&w);
        int fd = connect_raw(&w);
        size_t sent = strlen(cases[i].sent);
        assert_int_equal(write(fd, cases[i].sent, sent), sent);
        shutdown(fd, SHUT_WR);
        run_until(&w.loop, w.server.closed == 1);
        ssize_t n = read(fd, answer, sizeof(answer) - 1);
        answer[n > 0 ? n : 0] = '\0';
        if (cases[i].answer != NULL)
            assert_string_equal(answer, cases[i].answer);
        if (strstr(error_text(&w.server.error), cases[i].error) == NULL)
            fail_msg("case %zu: %s", i, error_text(&w.server.error));
        close(fd);
        close_world(&w);
    }
}

static void test_http_byte_by_byte(void **state)
{
    struct world w;
    char answer[500];
    (void)state;
    open_world(&w);
    int fd = connect_raw(&w);
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(write(fd, request + i, 1), 1);
        run_until(&w.loop, w.server.stream != NULL && tls_stream_received_bytes(w.server.stream) > i);
    }
    shutdown(fd, SHUT_WR);
    run_until(&w.loop, w.server.closed == 1);
    ssize_t n = read(fd, answer, sizeof(answer));
    assert_true(n > 12 && memcmp(answer, "HTTP/1.0 400", 12) == 0);
    close(fd);
    close_world(&w);
}

static void test_truncated(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    connect_both(&w);
    uv_os_fd_t fd;
    assert_int_equal(uv_fileno((const uv_handle_t *)&w.client.stream->tcp, &fd), 0);
    shutdown(fd, SHUT_WR); /* FIN without a close_notify */
    run_until(&w.loop, w.server.ended == 1);
    assert_false(w.server.is_clean);
    close_world(&w);
}

static void test_reset_by_peer(void **state)
{
    struct world w;
    auto_buf struct buf down = {0};
    (void)state;
    open_world(&w);
    connect_both(&w);
    tls_stream_pause(w.client.stream, true);
    fill(&down, 10000000);
    tls_stream_write(w.server.stream, buf_str(&down));
    tls_stream_flush(w.server.stream);
    run_until(&w.loop, tls_stream_taken_bytes(w.server.stream) > 100000);
    tls_stream_abort(w.client.stream); /* with unread input: a reset */
    run_until(&w.loop, w.server.closed == 1);
    assert_true(w.server.has_error);
    assert_true(w.server.error.code == ECONNRESET || w.server.error.code == EPIPE);
    assert_non_null(strstr(error_text(&w.server.error), " 127.0.0.1:"));
    close_world(&w);
}

int main(void)
{
    signal(SIGPIPE, SIG_DFL); /* the stream sees to it itself */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_written_before_ready),
        cmocka_unit_test(test_bulk_both_ways),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_pause_in_callback),
        cmocka_unit_test(test_pause_and_resume_in_callback),
        cmocka_unit_test(test_close_while_peer_sends),
        cmocka_unit_test(test_abort_is_noticed),
        cmocka_unit_test(test_close_and_abort_in_callbacks),
        cmocka_unit_test(test_connection_refused),
        cmocka_unit_test(test_abort_while_connecting),
        cmocka_unit_test(test_certificate_refused),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_http_byte_by_byte),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_reset_by_peer),
    };
    const struct CMUnitTest plain_tests[] = {
        cmocka_unit_test(test_written_before_ready),
        cmocka_unit_test(test_bulk_both_ways),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_pause_and_resume_in_callback),
        cmocka_unit_test(test_close_while_peer_sends),
        cmocka_unit_test(test_reset_by_peer),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    is_plain = true;
    return failed + cmocka_run_group_tests(plain_tests, NULL, NULL);
}
