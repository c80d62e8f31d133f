#include "net/http_server.h"

#include "server_world.h"

#include <nghttp2/nghttp2.h>
#include <signal.h>

static void test_http1(void **state)
{
    struct world w;
    struct probe p;
    char peer[64];
    struct sockaddr_in local;
    socklen_t len = sizeof(local);
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, "http/1.1");
    probe_send(&p, STR(GET("/now")));
    probe_until(&p, probe_has(&p, "hello GET /now"));
    buf_clear(&p.in);
    probe_send(&p, STR(GET("/later")));
    probe_until(&p, w.h.last != NULL);
    const struct http_request *r = http_exchange_request(w.h.last);
    getsockname(p.fd, (struct sockaddr *)&local, &len);
    snprintf(peer, sizeof(peer), "127.0.0.1:%u", ntohs(local.sin_port));
    assert_true(str_eq_cstr(r->peer, peer));
    assert_true(str_eq(r->peer_host, STR("127.0.0.1")));
    assert_null(r->peer_certificate);
    assert_int_equal(r->http_major, 1);
    assert_int_equal(http_server_connections(w.server), 1);
    http_exchange_respond(w.h.last, 200, NULL, STR("good night"));
    probe_until(&p, probe_has(&p, "good night"));
    probe_close(&p);
    run_until(&w.loop, http_server_connections(w.server) == 0);
    close_world(&w);
}

static void test_client_certificate(void **state)
{
    struct world w;
    struct probe p;
    auto_buf struct buf cert = {0}, key = {0}, title = {0};
    auto_error struct error err = {0};
    (void)state;
    open_world(&w, NULL);
    fake_pki_issue(w.pki, "alice", NULL, &cert, &key);
    probe_open_as(&p, &w.loop, w.port, "http/1.1", buf_str(&cert), buf_str(&key));
    probe_send(&p, STR(GET("/later")));
    probe_until(&p, w.h.last != NULL);
    const struct http_request *r = http_exchange_request(w.h.last);
    assert_non_null(r->peer_certificate);
    tls_certificate_title(&title, r->peer_certificate);
    assert_string_equal(buf_cstr(&title), "alice");
    struct tls_trust *trust = tls_trust_new(buf_str(&w.ca), &err);
    assert_true(tls_verify_client(trust, r->peer_certificate, r->peer_chain, &err));
    tls_trust_free(trust);
    probe_close(&p);
    close_world(&w);
}

/* The least of an HTTP/2 client. */
struct http2_client {
    struct probe *p;
    nghttp2_session *session;
    struct buf body;
    int status, ended;
    size_t taken;
};

static int on_h2_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                        const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
    struct http2_client *c = arg;
    (void)session, (void)frame, (void)flags, (void)value_len;
    if (name_len == 7 && memcmp(name, ":status", 7) == 0)
        c->status = atoi((const char *)value);
    return 0;
}

static int on_h2_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len, void *arg)
{
    struct http2_client *c = arg;
    (void)session, (void)flags, (void)id;
    buf_add(&c->body, bytes, len);
    return 0;
}

static int on_h2_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct http2_client *c = arg;
    (void)session, (void)id;
    assert_int_equal(code, 0);
    c->ended++;
    return 0;
}

static void open_http2(struct http2_client *c, struct probe *p)
{
    nghttp2_session_callbacks *callbacks;
    *c = (struct http2_client){.p = p};
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_h2_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_h2_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_h2_close);
    nghttp2_session_client_new(&c->session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0);
}

static void turn_http2(struct http2_client *c)
{
    const uint8_t *bytes;
    ssize_t n;
    while ((n = nghttp2_session_mem_send(c->session, &bytes)) > 0)
        probe_send(c->p, str_from((const char *)bytes, (size_t)n));
    probe_turn(c->p);
    struct str in = str_skip(buf_str(&c->p->in), c->taken);
    c->taken += in.len;
    assert_int_equal(nghttp2_session_mem_recv(c->session, (const uint8_t *)in.ptr, in.len), in.len);
}

static void request_http2(struct http2_client *c, const char *path)
{
    nghttp2_nv nv[4];
    const char *const fields[4][2] = {{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", path}};
    for (size_t i = 0; i < 4; i++)
        nv[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)fields[i][0], (uint8_t *)(uintptr_t)fields[i][1],
                             strlen(fields[i][0]), strlen(fields[i][1]), NGHTTP2_NV_FLAG_NONE};
    assert_true(nghttp2_submit_request(c->session, NULL, nv, 4, NULL, NULL) > 0);
}

static void close_http2(struct http2_client *c)
{
    nghttp2_session_del(c->session);
    buf_free(&c->body);
}

static void test_http2(void **state)
{
    struct world w;
    struct probe p;
    struct http2_client c;
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, "h2");
    open_http2(&c, &p);
    request_http2(&c, "/now");
    for (int i = 0; i < 1000 && c.ended == 0; i++)
        turn_http2(&c);
    assert_int_equal(c.status, 200);
    assert_string_equal(buf_cstr(&c.body), "hello GET /now");
    buf_clear(&c.body);
    for (int i = 0; i < 50; i++)
        request_http2(&c, "/now");
    request_http2(&c, "/big/5000000");
    for (int i = 0; i < 10000 && c.ended < 52; i++)
        turn_http2(&c);
    assert_int_equal(c.ended, 52);
    assert_int_equal(c.body.len, 5000000 + 50 * 14);
    close_http2(&c);
    probe_close(&p);
    close_world(&w);
}

static void test_big_download(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR(GET("/big/9000000")));
    p.is_not_reading = true;
    probe_wait(&p, 100 * NS_PER_MS);
    assert_int_equal(w.h.closed, 0); /* it waits for us, and holds little */
    assert_in_range(http_exchange_queued_bytes(w.h.last), 1, 1000000);
    p.is_not_reading = false;
    probe_until(&p, p.in.len > 9000000);
    assert_int_equal(w.h.closed, 1);
    probe_close(&p);
    close_world(&w);
}

static void test_upload_is_refused_politely(void **state)
{
    struct world w;
    struct probe p;
    auto_buf struct buf bytes = {0};
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, NULL);
    memset(buf_reserve(&bytes, 10000000), 'x', 10000000);
    buf_grow_by(&bytes, 10000000);
    probe_send(&p, STR("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n"));
    probe_send(&p, buf_str(&bytes)); /* doesn't look at the answer before it has sent all */
    probe_until(&p, p.is_over);
    assert_true(probe_has(&p, "HTTP/1.1 413 "));
    assert_true(p.is_clean);
    assert_int_equal(p.socket_error, 0);
    probe_close(&p);
    close_world(&w);
}

static void test_plain_http(void **state)
{
    struct world w;
    char answer[200];
    (void)state;
    open_world(&w, NULL);
    int fd = probe_connect_raw(w.port);
    assert_true(write(fd, "GET / HTTP/1.1\r\n\r\n", 18) == 18);
    run_until(&w.loop, http_server_connections(w.server) == 1);
    ssize_t n = -1;
    run_until(&w.loop, (n = read(fd, answer, sizeof(answer) - 1)) > 0);
    answer[n] = '\0';
    assert_string_equal(answer, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    run_until(&w.loop, read(fd, answer, 1) == 0);
    close(fd);
    run_until(&w.loop, http_server_connections(w.server) == 0);
    close_world(&w);
}

static void test_watch_is_cancelled(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR(GET("/stream")));
    probe_until(&p, probe_has(&p, "200 OK"));
    http_exchange_write(w.h.last, STR("event\n"));
    probe_until(&p, probe_has(&p, "event"));
    probe_close(&p);
    run_until(&w.loop, w.h.closed == 1);
    close_world(&w);
}

/* The peer resets while we write, again and again: no SIGPIPE, no error but that one connection's. */
static void test_peer_resets_while_written_to(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, NULL);
    for (int i = 0; i < 10; i++) {
        struct probe p;
        probe_open(&p, &w.loop, w.port, NULL);
        probe_send(&p, STR(GET("/big/9000000")));
        p.is_not_reading = true;
        probe_wait(&p, 5 * NS_PER_MS);
        probe_close(&p);
    }
    run_until(&w.loop, http_server_connections(w.server) == 0);
    assert_int_equal(w.h.closed, 10);
    close_world(&w);
}

static void test_many_connections(void **state)
{
    struct world w;
    static struct probe p[100];
    (void)state;
    open_world(&w, NULL);
    for (int i = 0; i < 100; i++)
        probe_open(&p[i], &w.loop, w.port, NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            probe_send(&p[i], STR(GET("/now")));
        for (int i = 0; i < 100; i++) {
            probe_until(&p[i], probe_has(&p[i], "hello"));
            buf_clear(&p[i].in);
        }
    }
    assert_int_equal(w.h.requests, 300);
    assert_int_equal(http_server_connections(w.server), 100);
    for (int i = 0; i < 100; i++)
        probe_close(&p[i]);
    close_world(&w);
}

static const char *certificate_title(const struct probe *p)
{
    static struct buf title;
    buf_free(&title);
    X509 *certificate = SSL_get1_peer_certificate(p->ssl);
    tls_certificate_title(&title, certificate);
    X509_free(certificate);
    static char text[100];
    snprintf(text, sizeof(text), "%s", buf_cstr(&title));
    buf_free(&title);
    return text;
}

static void test_certificate_rotation(void **state)
{
    struct world w;
    struct probe before, after;
    (void)state;
    open_world(&w, NULL);
    probe_open(&before, &w.loop, w.port, "http/1.1");
    assert_string_equal(certificate_title(&before), "server");
    struct tls_server *old = w.tls;
    w.tls = new_tls(&w, "server-renewed");
    http_server_set_tls(w.server, w.tls);
    tls_server_free(old);
    probe_open(&after, &w.loop, w.port, "http/1.1");
    assert_string_equal(certificate_title(&after), "server-renewed");
    probe_send(&before, STR(GET("/now"))); /* the old connection lives on */
    probe_until(&before, probe_has(&before, "hello"));
    probe_close(&before);
    probe_close(&after);
    close_world(&w);
}

static void test_listen_errors(void **state)
{
    struct world w;
    auto_error struct error err = {0};
    char want[100];
    (void)state;
    open_world(&w, NULL);
    snprintf(want, sizeof(want), "listen on 127.0.0.1:%u: address already in use", w.port);
    assert_false(http_server_listen(w.server, "127.0.0.1", w.port, &err));
    assert_string_equal(error_text(&err), want);
    assert_true(http_server_listen(w.server, "127.0.0.2", 0, &err)); /* a second one is fine */
    assert_int_equal(http_server_port(w.server), w.port);
    close_world(&w);
}

static void test_close_gracefully(void **state)
{
    struct world w;
    struct probe busy, idle;
    (void)state;
    open_world(&w, NULL);
    probe_open(&busy, &w.loop, w.port, NULL);
    probe_open(&idle, &w.loop, w.port, NULL);
    probe_send(&busy, STR(GET("/later")));
    probe_until(&busy, w.h.last != NULL);
    http_server_close(w.server, 5 * NS_PER_S, on_server_closed, &w);
    w.server = NULL;
    probe_until(&idle, idle.is_over && idle.is_clean);
    probe_wait(&busy, 50 * NS_PER_MS);
    assert_false(busy.is_over);
    assert_int_equal(w.closed, 0);
    http_exchange_respond(w.h.last, 200, NULL, STR("last words"));
    probe_until(&busy, busy.is_over);
    assert_true(probe_has(&busy, "Connection: close") && probe_has(&busy, "last words"));
    probe_close(&busy);
    probe_close(&idle);
    close_world(&w);
}

static void test_close_by_force(void **state)
{
    struct world w;
    struct probe p;
    (void)state;
    open_world(&w, NULL);
    probe_open(&p, &w.loop, w.port, NULL);
    probe_send(&p, STR(GET("/stream")));
    probe_until(&p, w.h.last != NULL);
    int raw = probe_connect_raw(w.port); /* one that never shakes hands */
    run_until(&w.loop, http_server_connections(w.server) == 2);
    int64_t start_ns = clock_mono_ns();
    http_server_close(w.server, 100 * NS_PER_MS, on_server_closed, &w);
    w.server = NULL;
    run_until(&w.loop, w.closed == 1);
    assert_in_range(clock_mono_ns() - start_ns, 90 * NS_PER_MS, 2 * NS_PER_S);
    assert_int_equal(w.h.closed, 1);
    close(raw);
    probe_close(&p);
    close_world(&w);
}

static void close_in_handler(void *arg, struct http_exchange *x)
{
    struct world *w = arg;
    fake_on_request(&w->h, x);
    http_server_close(w->server, NS_PER_S, on_server_closed, w);
    w->server = NULL;
}

static void test_close_in_handler(void **state)
{
    static const char *const alpns[] = {"http/1.1", "h2"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        struct probe p;
        struct http2_client c;
        open_world(&w, NULL);
        http_server_close(w.server, 0, NULL, NULL);
        w.server = http_server_new(&w.loop, w.tls, NULL, (struct http_handler){close_in_handler, &w});
        assert_true(http_server_listen(w.server, "127.0.0.1", 0, NULL));
        probe_open(&p, &w.loop, http_server_port(w.server), alpns[i]);
        if (i == 0) {
            probe_send(&p, STR(GET("/now")));
            probe_until(&p, p.is_over);
            assert_true(probe_has(&p, "hello"));
        } else {
            open_http2(&c, &p);
            request_http2(&c, "/now");
            for (int k = 0; k < 1000 && !p.is_over; k++)
                turn_http2(&c);
            assert_string_equal(buf_cstr(&c.body), "hello GET /now");
            close_http2(&c);
        }
        assert_true(p.is_clean);
        probe_close(&p);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_http2),
        cmocka_unit_test(test_big_download),
        cmocka_unit_test(test_upload_is_refused_politely),
        cmocka_unit_test(test_plain_http),
        cmocka_unit_test(test_watch_is_cancelled),
        cmocka_unit_test(test_peer_resets_while_written_to),
        cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_certificate_rotation),
        cmocka_unit_test(test_listen_errors),
        cmocka_unit_test(test_close_gracefully),
        cmocka_unit_test(test_close_by_force),
        cmocka_unit_test(test_close_in_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
