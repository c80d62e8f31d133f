/* The server's deadlines and limits, on real sockets and clocks. Sizes and floods: test_http1_limits.c,
 * test_http2_limits.c. */
#include "net/http_server.h"

#include "server_world.h"

#define SHORT_NS (150 * NS_PER_MS)

/* A deadline has passed when it should: not before, and not by much. */
static void assert_about(int64_t since_ns, int64_t want_ns)
{
    int64_t took_ns = clock_mono_ns() - since_ns;
    if (took_ns < want_ns - 20 * NS_PER_MS || took_ns > want_ns + 2 * NS_PER_S)
        fail_msg("took %lld ms, want %lld", (long long)(took_ns / NS_PER_MS), (long long)(want_ns / NS_PER_MS));
}

static void test_handshake_deadline(void **state)
{
    struct world w;
    struct http_limits limits = http_limits_default;
    char byte;
    (void)state;
    limits.tls_handshake_ns = SHORT_NS;
    open_world(&w, &limits);
    int64_t start_ns = clock_mono_ns();
    int silent = probe_connect_raw(w.port), half = probe_connect_raw(w.port);
    assert_int_equal(write(half, "\x16\x03\x01\x02\x00\x01", 6), 6);
    run_until(&w.loop, http_server_connections(w.server) == 2);
    run_until(&w.loop, http_server_connections(w.server) == 0);
    assert_about(start_ns, SHORT_NS);
    assert_true(read(silent, &byte, 1) <= 0 && read(half, &byte, 1) <= 0);
    close(silent);
    close(half);
    close_world(&w);
}

static void test_head_deadline(void **state)
{
    struct world w;
    struct probe p;
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.head_ns = SHORT_NS;
    open_world(&w, &limits);
    probe_open(&p, &w.loop, w.port, NULL);
    int64_t start_ns = clock_mono_ns();
    probe_send(&p, STR("GET / HTT"));
    while (!p.is_over && clock_mono_ns() < start_ns + 5 * NS_PER_S) {
        probe_send(&p, STR("x")); /* slow-loris */
        probe_wait(&p, 10 * NS_PER_MS);
    }
    assert_about(start_ns, SHORT_NS);
    assert_true(probe_has(&p, "HTTP/1.1 408 Request Timeout"));
    assert_true(p.is_clean);
    probe_close(&p);
    close_world(&w);
}

static void test_idle_deadline(void **state)
{
    struct world w;
    struct probe p;
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.idle_ns = SHORT_NS;
    open_world(&w, &limits);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR(GET("/now")));
    probe_until(&p, probe_has(&p, "hello"));
    int64_t start_ns = clock_mono_ns();
    buf_clear(&p.in);
    probe_until(&p, p.is_over);
    assert_about(start_ns, SHORT_NS);
    assert_true(p.is_clean && p.in.len == 0);
    probe_close(&p);
    close_world(&w);
}

static void test_body_deadline(void **state)
{
    struct world w;
    struct probe p;
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.body_ns = SHORT_NS;
    open_world(&w, &limits);
    probe_open(&p, &w.loop, w.port, NULL);
    int64_t start_ns = clock_mono_ns();
    probe_send(&p, STR("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"));
    while (!p.is_over && clock_mono_ns() < start_ns + 5 * NS_PER_S) {
        probe_send(&p, STR("x"));
        probe_wait(&p, 10 * NS_PER_MS);
    }
    assert_about(start_ns, SHORT_NS);
    assert_true(probe_has(&p, "HTTP/1.1 408 "));
    assert_int_equal(w.h.closed, 1);
    probe_close(&p);
    close_world(&w);
}

static void test_slow_reader(void **state)
{
    struct world w;
    struct probe stuck, slow;
    struct http_limits limits = http_limits_default;
    (void)state;
    limits.write_stall_ns = 2 * SHORT_NS;
    open_world(&w, &limits);
    probe_open(&stuck, &w.loop, w.port, NULL);
    probe_send(&stuck, STR(GET("/big/9000000")));
    stuck.is_not_reading = true;
    int64_t start_ns = clock_mono_ns();
    run_until(&w.loop, w.h.closed == 1); /* reads nothing: cut off */
    assert_about(start_ns, limits.write_stall_ns);
    stuck.is_not_reading = false;
    probe_until(&stuck, stuck.is_over);
    assert_false(stuck.is_clean);
    probe_close(&stuck);

    probe_receive_buffer = 64 * 1024;
    probe_open(&slow, &w.loop, w.port, NULL);
    probe_receive_buffer = 0;
    probe_send(&slow, STR(GET("/big/9000000")));
    start_ns = clock_mono_ns();
    while (clock_mono_ns() < start_ns + 3 * limits.write_stall_ns) { /* reads slowly, but reads: not cut off */
        char bytes[16384];
        slow.is_not_reading = true;
        probe_wait(&slow, 5 * NS_PER_MS);
        int n = SSL_read(slow.ssl, bytes, sizeof(bytes));
        assert_true(n > 0 || SSL_get_error(slow.ssl, n) == SSL_ERROR_WANT_READ);
    }
    assert_int_equal(w.h.closed, 1);
    assert_false(slow.is_over);
    probe_close(&slow);
    close_world(&w);
}

static void test_linger_deadline(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR("GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    probe_until(&p, p.is_over); /* but never closes its side */
    int64_t start_ns = clock_mono_ns();
    assert_int_equal(http_server_connections(w.server), 1);
    run_until(&w.loop, http_server_connections(w.server) == 0);
    assert_about(start_ns, 2 * NS_PER_S);
    probe_close(&p);
    close_world(&w);
}

static void test_max_connections(void **state)
{
    struct world w;
    struct probe p[4];
    struct http_limits limits = http_limits_default;
    char byte;
    (void)state;
    limits.max_connections = 3;
    open_world(&w, &limits);
    for (int i = 0; i < 3; i++)
        probe_open(&p[i], &w.loop, w.port, NULL);
    probe_send(&p[0], STR(GET("/later")));
    probe_until(&p[0], w.h.last != NULL);
    probe_wait(&p[1], 20 * NS_PER_MS);
    probe_send(&p[1], STR(GET("/now")));
    probe_until(&p[1], probe_has(&p[1], "hello"));
    probe_open(&p[3], &w.loop, w.port, NULL); /* takes the place of 2: without a request for longest */
    probe_until(&p[2], p[2].is_over);
    assert_false(p[1].is_over);
    assert_int_equal(http_server_connections(w.server), 3);
    probe_send(&p[1], STR(GET("/stream")));
    probe_send(&p[3], STR(GET("/stream")));
    run_until(&w.loop, w.h.requests == 4);
    int refused = probe_connect_raw(w.port); /* all are busy */
    run_until(&w.loop, recv(refused, &byte, 1, 0) == 0);
    assert_int_equal(http_server_connections(w.server), 3);
    close(refused);
    for (int i = 0; i < 4; i++)
        probe_close(&p[i]);
    close_world(&w);
}

/* A second listener, whose connections' kernel buffers hold next to nothing. */
static uint16_t listen_with_small_buffers(struct world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int bytes = 4096, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_true(http_server_adopt(w->server, fd, NULL));
    return ntohs(address.sin_port);
}

/*
 * Each key update asks for one in return. A peer that asks and doesn't read isn't listened to any more, and is served
 * again when it has read.
 */
static void test_key_update_flood(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    uint16_t port = listen_with_small_buffers(&w);
    probe_receive_buffer = 4096;
    probe_open(&p, &w.loop, port, "http/1.1");
    probe_receive_buffer = 0;
    probe_send(&p, STR(GET("/stream")));
    probe_until(&p, probe_has(&p, "200 OK"));
    BIO *socket_bio = SSL_get_wbio(p.ssl), *made = BIO_new(BIO_s_mem());
    char *updates;
    BIO_up_ref(socket_bio);
    SSL_set0_wbio(p.ssl, made);
    for (int i = 0; i < 16000; i++) {
        assert_int_equal(SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(p.ssl), 1);
        if (i % 100 == 0) /* and bytes for the HTTP side between, which it passes over */
            assert_int_equal(SSL_write(p.ssl, "\r\n", 2), 2);
    }
    size_t len = (size_t)BIO_get_mem_data(made, &updates), sent = 0, most = 0;
    p.is_not_reading = true;
    for (int stuck = 0; stuck < 50 && sent < len;) { /* until our side of the connection is full, too */
        ssize_t n = write(p.fd, updates + sent, len - sent);
        sent += n > 0 ? (size_t)n : 0;
        stuck = n > 0 ? 0 : stuck + 1;
        run_turn(&w.loop, 2);
        size_t queued = http_exchange_queued_bytes(w.h.last);
        most = queued > most ? queued : most;
    }
    assert_in_range(most, 65536, 4 * 65536);
    p.is_not_reading = false;
    while (sent < len || http_exchange_queued_bytes(w.h.last) > 0) {
        ssize_t n = write(p.fd, updates + sent, len - sent);
        sent += n > 0 ? (size_t)n : 0;
        probe_turn(&p);
    }
    SSL_set0_wbio(p.ssl, socket_bio);
    http_exchange_end(w.h.last);
    probe_send(&p, STR(GET("/now")));
    probe_until(&p, probe_has(&p, "hello"));
    probe_close(&p);
    close_world(&w);
}

/* Strangers who fail in a crowd get some lines in the log, not one each. */
static void test_failures_are_logged_sparingly(void **state)
{
    struct world w;
    int log[2];
    static char text[20000];
    (void)state;
    open_world(&w, NULL);
    assert_int_equal(pipe2(log, O_NONBLOCK | O_CLOEXEC), 0);
    log_set_fd(log[1]);
    for (int i = 0; i < 50; i++) {
        int fd = probe_connect_raw(w.port);
        char alert[20];
        ssize_t n;
        assert_int_equal(write(fd, "nonsense", 8), 8);
        run_until(&w.loop, (n = read(fd, alert, sizeof(alert))) == 0 || (n < 0 && errno != EAGAIN));
        close(fd);
    }
    log_set_fd(2);
    ssize_t len = read(log[0], text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    int lines = 0;
    for (const char *at = text; (at = strstr(at, "Connection failed")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 10);
    assert_non_null(strstr(text, "peer=\"127.0.0.1:"));
    assert_non_null(strstr(text, "err=\"TLS handshake: "));
    close(log[0]);
    close(log[1]);
    close_world(&w);
}

/* With nothing to do the loop sleeps until the next deadline: no ticking. */
static void test_idle_server_sleeps(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    run_turn(&w.loop, 0);
    assert_int_equal(uv_backend_timeout(&w.loop), -1);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR(GET("/stream")));
    probe_until(&p, probe_has(&p, "200 OK"));
    probe_wait(&p, 20 * NS_PER_MS);
    assert_true(uv_backend_timeout(&w.loop) < 0 || uv_backend_timeout(&w.loop) > 5000);
    probe_close(&p);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_deadline),
        cmocka_unit_test(test_head_deadline),
        cmocka_unit_test(test_idle_deadline),
        cmocka_unit_test(test_body_deadline),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_linger_deadline),
        cmocka_unit_test(test_max_connections),
        cmocka_unit_test(test_key_update_flood),
        cmocka_unit_test(test_failures_are_logged_sparingly),
        cmocka_unit_test(test_idle_server_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
