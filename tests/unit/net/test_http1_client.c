#include "net/http1_client.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "fake_peer.h"
#include "fake_pki.h"

#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static sem_t resolver_gate;

static struct addrinfo *make_address(const char *ip, struct addrinfo *next)
{
    struct addrinfo *a = mem_zalloc(sizeof(*a));
    struct sockaddr_in *in = mem_zalloc(sizeof(*in));

    uv_ip4_addr(ip, 0, in);
    a->ai_family = AF_INET;
    a->ai_addr = (struct sockaddr *)in;
    a->ai_addrlen = sizeof(*in);
    a->ai_next = next;
    return a;
}

/* libuv resolves names in a thread, by these: no test asks a real name server. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    if (strcmp(name, "hangs.invalid") == 0)
        sem_wait(&resolver_gate);
    if (strcmp(name, "kubelet.test") != 0)
        return EAI_NONAME;
    *out = make_address("127.0.0.2", make_address("127.0.0.1", NULL)); /* nobody listens at the first */
    return 0;
}

void freeaddrinfo(struct addrinfo *a)
{
    while (a != NULL) {
        struct addrinfo *next = a->ai_next;
        free(a->ai_addr);
        free(a);
        a = next;
    }
}

struct world {
    uv_loop_t loop;
    struct fake_pki *pki;
    struct buf ca, cert, key;
    struct tls_server *server_tls;
    struct tls_client *tls;
    struct fake_peer *peer;
    struct http1_client *client;
    uv_timer_t watchdog;
    int requests; /* that the server saw */
    /* what the client was told */
    int heads, done;
    int status;
    struct buf reason, content_type, content_encoding, body, message;
    int code;
    /* what it does */
    bool is_head_refused, is_body_refused, is_freed_when_done;
    int gets_again; /* so many more requests from within on_done */
    const char *path;
};

/* The server does what the path says. */
static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct world *w = owner;
    struct str method, path, rest;

    w->requests++;
    str_cut(request, ' ', &method, &rest);
    str_cut(rest, ' ', &path, &rest);
    if (str_eq_cstr(path, "/length"))
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nX: y\r\n"
                               "Content-Encoding:  gzip \r\nContent-Length: 5\r\n\r\nhello");
    else if (str_eq_cstr(path, "/echo"))
        fake_conn_answer(conn, 200, request);
    else if (str_eq_cstr(path, "/chunks")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        fake_conn_chunk(conn, STR("hel"));
        fake_conn_chunk(conn, STR("lo"));
        fake_conn_chunk(conn, STR(""));
    } else if (str_eq_cstr(path, "/until-close")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\n\r\nhello");
        fake_conn_close(conn);
    } else if (str_eq_cstr(path, "/asks-to-close")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    } else if (str_eq_cstr(path, "/http-1.0")) {
        fake_conn_printf(conn, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    } else if (str_eq_cstr(path, "/continue")) {
        fake_conn_printf(
            conn,
            "HTTP/1.1 100 Continue\r\nContent-Type: a\r\n\r\nHTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhello");
    } else if (str_eq_cstr(path, "/404")) {
        fake_conn_printf(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
    } else if (str_eq_cstr(path, "/204")) {
        fake_conn_printf(conn, "HTTP/1.1 204 No Content\r\n\r\n");
    } else if (str_eq_cstr(path, "/then-closes")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        fake_conn_close(conn);
    } else if (str_eq_cstr(path, "/too-much")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n");
    } else if (str_eq_cstr(path, "/cut")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\n\r\nhel");
        fake_conn_reset(conn);
    } else if (str_eq_cstr(path, "/short")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
        fake_conn_close(conn);
    } else if (str_eq_cstr(path, "/closes")) {
        fake_conn_close(conn);
    } else if (str_eq_cstr(path, "/resets")) {
        fake_conn_reset(conn);
    } else if (str_eq_cstr(path, "/garbage")) {
        fake_conn_printf(conn, "\x01\x02\x03\r\n\r\n");
    } else if (str_eq_cstr(path, "/upgrade")) {
        fake_conn_printf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
    } else if (str_eq_cstr(path, "/long-length")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n");
    } else if (str_eq_cstr(path, "/long-chunks")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 11; i++)
            fake_conn_chunk(conn, STR("0123456789"));
    } else if (str_eq_cstr(path, "/long-head")) {
        auto_buf struct buf head = {0};
        buf_add_cstr(&head, "HTTP/1.1 200 OK\r\nX: ");
        for (int i = 0; i < 100 * 1000; i++)
            buf_add_char(&head, 'x');
        fake_conn_send(conn, buf_str(&head));
    } else if (str_eq_cstr(path, "/slow")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    } else {
        assert_true(str_eq_cstr(path, "/hangs"));
    }
}

static const struct fake_peer_events peer_events = {.on_request = on_request};

static bool on_head(void *arg, const struct http1_answer_head *head, struct error *err)
{
    struct world *w = arg;

    w->heads++;
    w->status = head->status;
    buf_clear(&w->reason);
    buf_add_str(&w->reason, head->reason);
    buf_clear(&w->content_type);
    buf_add_str(&w->content_type, head->content_type);
    buf_clear(&w->content_encoding);
    buf_add_str(&w->content_encoding, head->content_encoding);
    return !w->is_head_refused || error_set(err, 0, "no such head");
}

static bool on_body(void *arg, struct str chunk, struct error *err)
{
    struct world *w = arg;

    buf_add_str(&w->body, chunk);
    return !w->is_body_refused || error_set(err, 0, "no such body");
}

static void start(struct world *w, const char *path);

static void on_done(void *arg, const struct error *err)
{
    struct world *w = arg;

    w->done++;
    w->code = err != NULL ? err->code : 0;
    buf_clear(&w->message);
    buf_add_cstr(&w->message, error_text(err));
    if (w->gets_again-- > 0) {
        start(w, w->path);
        return;
    }
    if (w->is_freed_when_done) {
        http1_client_free(w->client);
        w->client = NULL;
    }
    uv_stop(&w->loop);
}

static void start_at(struct world *w, const char *host, unsigned port, const char *path)
{
    struct http_header items[] = {{STR("Accept"), STR("text/plain")}};
    struct http1_request request = {
        .host = host,
        .port = (uint16_t)port,
        .path = str_of(path),
        .headers = {.items = items, .count = 1},
        .max_body_bytes = 100,
        .timeout_ns = strcmp(path, "/hangs") == 0 || strcmp(path, "/slow") == 0 || strcmp(host, "hangs.invalid") == 0
                          ? 50 * NS_PER_MS
                          : 30 * NS_PER_S,
        .answer = {.on_head = on_head, .on_body = on_body},
        .on_done = on_done,
        .arg = w,
    };
    buf_clear(&w->body);
    w->heads = 0;
    http1_client_get(w->client, &request);
}

static void start(struct world *w, const char *path)
{
    w->path = path;
    start_at(w, "127.0.0.1", fake_peer_port(w->peer), path);
}

static void run(struct world *w)
{
    int before = w->done;

    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->done, before + 1);
}

static void get(struct world *w, const char *path)
{
    w->gets_again = 0;
    start(w, path);
    run(w);
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the test hangs");
}

static struct tls_client *make_tls(struct str ca, bool is_insecure)
{
    struct tls_client_options options = {.ca_pem = ca, .is_insecure = is_insecure};
    auto_error struct error err = {0};
    struct tls_client *tls = tls_client_new(&options, &err);

    assert_non_null(tls);
    return tls;
}

static void make_server(struct world *w, const char *san)
{
    auto_error struct error err = {0};

    fake_pki_issue(w->pki, "kubelet-a", san, &w->cert, &w->key);
    struct tls_server_options options = {.certificate_pem = buf_str(&w->cert), .key_pem = buf_str(&w->key)};
    w->server_tls = tls_server_new(&options, &err);
    assert_non_null(w->server_tls);
    w->peer = fake_peer_new(&w->loop, w->server_tls, &peer_events, w);
}

static int set_up_for(void **state, const char *san)
{
    struct world *w = mem_zalloc(sizeof(*w));

    sem_init(&resolver_gate, 0, 0);
    uv_loop_init(&w->loop);
    w->pki = fake_pki_new("test-ca");
    fake_pki_ca(w->pki, &w->ca);
    make_server(w, san);
    w->tls = make_tls(buf_str(&w->ca), false);
    w->client = http1_client_new(&w->loop, w->tls);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 60 * 1000, 0);
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_for(state, "IP:127.0.0.1,DNS:kubelet.test");
}

static int set_up_without_ip(void **state)
{
    return set_up_for(state, "DNS:kubelet-a");
}

static int tear_down(void **state)
{
    struct world *w = *state;
    struct buf *bufs[] = {&w->ca,   &w->cert,   &w->key, &w->reason, &w->content_type, &w->content_encoding,
                          &w->body, &w->message};

    http1_client_free(w->client);
    fake_peer_free(w->peer);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    tls_client_free(w->tls);
    tls_server_free(w->server_tls);
    fake_pki_free(w->pki);
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_free(bufs[i]);
    free(w);
    return 0;
}

static void assert_hello(struct world *w)
{
    assert_string_equal(buf_cstr(&w->message), "");
    assert_int_equal(w->heads, 1);
    assert_string_equal(buf_cstr(&w->body), "hello");
}

static void test_keeps_the_connection(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *reason;
        const char *body;
    } answers[] = {
        {"/length", 200, "OK", "hello"},     {"/chunks", 200, "OK", "hello"}, {"/continue", 200, "Fine", "hello"},
        {"/404", 404, "Not Found", "hello"}, {"/204", 204, "No Content", ""}, {"/length", 200, "OK", "hello"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        get(w, answers[i].path);
        assert_string_equal(buf_cstr(&w->message), "");
        assert_int_equal(w->heads, 1);
        assert_int_equal(w->status, answers[i].status);
        assert_string_equal(buf_cstr(&w->reason), answers[i].reason);
        assert_string_equal(buf_cstr(&w->body), answers[i].body);
        assert_string_equal(buf_cstr(&w->content_type), i % 5 == 0 ? "text/plain; version=0.0.4" : "");
        assert_string_equal(buf_cstr(&w->content_encoding), i % 5 == 0 ? "gzip" : "");
        assert_true(http1_client_is_connected(w->client));
    }
    assert_int_equal(fake_peer_accepted(w->peer), 1);
    http1_client_disconnect(w->client);
    assert_false(http1_client_is_connected(w->client));
    get(w, "/length");
    assert_int_equal(fake_peer_accepted(w->peer), 2);
}

static void test_does_not_keep_a_spent_connection(void **state)
{
    static const char *const paths[] = {"/until-close", "/asks-to-close", "/http-1.0", "/too-much"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        get(w, paths[i]);
        assert_hello(w);
        assert_false(http1_client_is_connected(w->client));
        assert_int_equal(fake_peer_accepted(w->peer), i + 1);
    }
}

static void test_sends_the_request(void **state)
{
    struct world *w = *state;
    auto_buf struct buf expected = {0};

    buf_printf(&expected, "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: text/plain\r\n\r\n",
               fake_peer_port(w->peer));
    get(w, "/echo");
    assert_string_equal(buf_cstr(&w->body), buf_cstr(&expected));
}

static void test_goes_on_from_on_done(void **state)
{
    struct world *w = *state;

    start(w, "/length");
    w->gets_again = 5;
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->done, 6);
    assert_int_equal(w->requests, 6);
    assert_int_equal(fake_peer_accepted(w->peer), 1);
    w->is_freed_when_done = true;
    get(w, "/length");
    assert_hello(w);
}

static void test_replaces_a_dead_connection(void **state)
{
    struct world *w = *state;

    get(w, "/then-closes"); /* gone while idle, or just when the next request is sent */
    assert_hello(w);
    get(w, "/length");
    assert_hello(w);
    assert_int_equal(fake_peer_accepted(w->peer), 2);
    w->requests = 0;
    get(w, "/closes"); /* seen twice: on the kept connection, and on a new one, which is no longer to be excused */
    assert_int_equal(w->requests, 2);
    assert_int_equal(fake_peer_accepted(w->peer), 3);
    assert_int_equal(w->code, HTTP1_BROKEN);
    assert_string_equal(buf_cstr(&w->message), "the connection was closed before the answer came");
    get(w, "/length");
    w->requests = 0;
    get(w, "/resets");
    assert_int_equal(w->requests, 2);
    assert_int_equal(w->code, HTTP1_BROKEN);
}

static void test_broken_answers(void **state)
{
    static const struct {
        const char *path;
        int code;
        const char *message;
    } cases[] = {
        {"/cut", HTTP1_BROKEN, NULL}, /* in words that depend on who is faster */
        {"/short", HTTP1_BROKEN, "the connection was closed within the answer"},
        {"/garbage", HTTP1_BROKEN, "the answer isn't HTTP/1.1: invalid constant string"},
        {"/upgrade", HTTP1_BROKEN, "the server switched protocols unasked"},
        {"/long-length", HTTP1_TOO_LARGE, "the answer of 101 bytes is larger than the limit of 100 bytes"},
        {"/long-chunks", HTTP1_TOO_LARGE, "the answer is larger than the limit of 100 bytes"},
        {"/long-head", HTTP1_BROKEN, "the answer isn't HTTP/1.1: too many header bytes seen; overflow detected"},
        {"/hangs", HTTP1_TIMED_OUT, "timed out after 50ms while waiting for the answer of 127.0.0.1"},
        {"/slow", HTTP1_TIMED_OUT, "timed out after 50ms while reading the answer of 127.0.0.1"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        get(w, cases[i].path);
        if (w->code != cases[i].code ||
            (cases[i].message != NULL && strcmp(buf_cstr(&w->message), cases[i].message) != 0))
            fail_msg("%s: %d %s", cases[i].path, w->code, buf_cstr(&w->message));
        assert_false(http1_client_is_connected(w->client));
        get(w, "/length"); /* the next request starts afresh */
        assert_hello(w);
    }
}

static void test_the_owner_refuses(void **state)
{
    struct world *w = *state;

    w->is_head_refused = true;
    get(w, "/length");
    assert_int_equal(w->code, HTTP1_STOPPED);
    assert_string_equal(buf_cstr(&w->message), "no such head");
    assert_int_equal(w->body.len, 0);
    w->is_head_refused = false;
    w->is_body_refused = true;
    get(w, "/chunks");
    assert_int_equal(w->code, HTTP1_STOPPED);
    assert_string_equal(buf_cstr(&w->message), "no such body");
    assert_string_equal(buf_cstr(&w->body), "hel");
    assert_false(http1_client_is_connected(w->client));
}

static void test_line_breaks_are_not_sent(void **state)
{
    struct world *w = *state;

    get(w, "/length\r\nX: y");
    assert_int_equal(w->code, HTTP1_STOPPED);
    assert_int_equal(w->requests, 0);
    get(w, "/length");
    assert_hello(w);
}

static void test_names_and_addresses(void **state)
{
    struct world *w = *state;
    unsigned port = fake_peer_port(w->peer);
    auto_buf struct buf refused = {0};

    start_at(w, "unknown.invalid", port, "/length");
    run(w);
    assert_int_equal(w->code, HTTP1_NO_ADDRESS);
    assert_string_equal(buf_cstr(&w->message), "lookup unknown.invalid: unknown node or service");

    start_at(w, "kubelet.test", port, "/length"); /* its first address refuses */
    run(w);
    assert_hello(w);

    start_at(w, "127.0.0.1", port, "/length"); /* another name: another connection */
    run(w);
    assert_hello(w);
    assert_int_equal(fake_peer_accepted(w->peer), 2);

    start_at(w, "127.0.0.2", port, "/length");
    run(w);
    assert_int_equal(w->code, HTTP1_NO_CONNECTION);
    buf_printf(&refused, "connect to 127.0.0.2:%u: connection refused", port);
    assert_string_equal(buf_cstr(&w->message), buf_cstr(&refused));

    start_at(w, "hangs.invalid", port, "/length");
    run(w);
    assert_int_equal(w->code, HTTP1_NO_CONNECTION);
    assert_string_equal(buf_cstr(&w->message), "timed out after 50ms while looking up the address of hangs.invalid");
    sem_post(&resolver_gate);
}

static void test_certificates(void **state)
{
    struct world *w = *state;
    struct fake_pki *other = fake_pki_new("other-ca");
    auto_buf struct buf other_ca = {0};

    get(w, "/length");
    assert_int_equal(w->code, HTTP1_NO_TLS);
    assert_non_null(strstr(buf_cstr(&w->message), "127.0.0.1"));
    assert_non_null(strstr(buf_cstr(&w->message), "DNS kubelet-a"));
    assert_int_equal(w->requests, 0);

    fake_pki_ca(other, &other_ca);
    struct tls_client *tls = make_tls(buf_str(&other_ca), false);
    http1_client_set_tls(w->client, tls);
    get(w, "/length");
    assert_int_equal(w->code, HTTP1_NO_TLS);
    assert_null(strstr(buf_cstr(&w->message), "DNS kubelet-a"));
    assert_int_equal(w->requests, 0);
    tls_client_free(tls);

    tls = make_tls((struct str){NULL, 0}, true);
    http1_client_set_tls(w->client, tls);
    get(w, "/length");
    assert_hello(w);
    tls_client_free(w->tls);
    w->tls = tls;
    fake_pki_free(other);
}

static void on_enough(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Cancelled, or freed, after so many milliseconds, wherever that finds it: nothing is told and nothing is lost. */
static void test_cancel_anywhere(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "kubelet.test", "unknown.invalid"};
    struct world *w = *state;
    uv_timer_t timer;

    uv_timer_init(&w->loop, &timer);
    for (unsigned i = 0; i < 30; i++) {
        start_at(w, hosts[i % 3], fake_peer_port(w->peer), "/long-length");
        for (unsigned turns = 0; turns < i / 3; turns++)
            uv_run(&w->loop, UV_RUN_NOWAIT);
        int done = w->done;
        if (i % 2 == 0) {
            http1_client_cancel(w->client);
        } else {
            http1_client_free(w->client);
            w->client = http1_client_new(&w->loop, w->tls);
        }
        uv_timer_start(&timer, on_enough, 5, 0);
        uv_run(&w->loop, UV_RUN_DEFAULT);
        assert_int_equal(w->done, done);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    get(w, "/length");
    assert_hello(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keeps_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_does_not_keep_a_spent_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sends_the_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_goes_on_from_on_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaces_a_dead_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_owner_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_breaks_are_not_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_and_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_certificates, set_up_without_ip, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel_anywhere, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as each of our programs does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
