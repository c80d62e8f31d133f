#include "net/fetch.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "fake_peer.h"
#include "fake_pki.h"

#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* libcurl resolves names in a thread, by this: no test asks a real name server. */
static sem_t resolver_gate;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    (void)out;
    if (strcmp(name, "hangs.invalid") == 0)
        sem_wait(&resolver_gate);
    return EAI_NONAME;
}

struct world {
    uv_loop_t loop;
    struct fetch_pool *pool;
    struct fake_peer *peer;
    struct fake_pki *pki;
    struct tls_server *tls;
    struct buf ca, cert, key;
    uv_timer_t watchdog;
};

/* One fetch and what came of it. */
struct got {
    struct world *w;
    struct fetch *fetch;
    int heads, done;
    int status;
    bool is_http2;
    struct buf headers; /* "name: value\n" each */
    struct buf body;
    int code;
    struct buf message;
    /* what to do in which callback */
    void (*at_head)(struct got *g);
    void (*at_data)(struct got *g);
    void (*at_done)(struct got *g);
    struct got *other;
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 10 s");
}

static void world_open(struct world *w, bool is_tls, const struct fake_peer_events *events, void *owner)
{
    *w = (struct world){0};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 10000, 0);
    uv_unref((uv_handle_t *)&w->watchdog);
    w->pool = fetch_pool_new(&w->loop);
    if (is_tls) {
        struct tls_server_options options = {0};
        w->pki = fake_pki_new("test CA");
        fake_pki_ca(w->pki, &w->ca);
        fake_pki_issue(w->pki, "peer", "DNS:peer.ns.svc,IP:127.0.0.1", &w->cert, &w->key);
        options.certificate_pem = buf_str(&w->cert);
        options.key_pem = buf_str(&w->key);
        options.client_ca_pem = buf_str(&w->ca);
        w->tls = tls_server_new(&options, NULL);
        assert_non_null(w->tls);
    }
    w->peer = fake_peer_new(&w->loop, w->tls, events, owner != NULL ? owner : w);
}

static void world_close(struct world *w)
{
    fetch_pool_free(w->pool);
    fake_peer_free(w->peer);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    tls_server_free(w->tls);
    fake_pki_free(w->pki);
    buf_free(&w->ca);
    buf_free(&w->cert);
    buf_free(&w->key);
}

static void on_head(void *owner, const struct fetch_head *head)
{
    struct got *g = owner;

    assert_int_equal(g->done, 0);
    assert_int_equal(g->body.len, 0);
    g->heads++;
    uv_stop(&g->w->loop);
    g->status = head->status;
    g->is_http2 = head->is_http2;
    for (size_t i = 0; i < head->headers.count; i++)
        buf_printf(&g->headers, "%.*s: %.*s\n", STR_ARG(head->headers.items[i].name),
                   STR_ARG(head->headers.items[i].value));
    if (g->at_head != NULL)
        g->at_head(g);
}

static void on_data(void *owner, struct str chunk)
{
    struct got *g = owner;

    assert_int_equal(g->done, 0);
    assert_int_equal(g->heads, 1);
    buf_add_str(&g->body, chunk);
    uv_stop(&g->w->loop);
    if (g->at_data != NULL)
        g->at_data(g);
}

static void on_done(void *owner, const struct error *err)
{
    struct got *g = owner;

    g->done++;
    uv_stop(&g->w->loop); /* don't wait for more */
    if (err != NULL) {
        g->code = err->code;
        buf_add_cstr(&g->message, error_text(err));
        assert_true(g->message.len > 0);
    }
    if (g->at_done != NULL)
        g->at_done(g);
}

static void got_start(struct got *g, struct world *w, struct fetch_options *options)
{
    g->w = w;
    options->owner = g;
    options->on_head = on_head;
    options->on_data = on_data;
    options->on_done = on_done;
    g->fetch = fetch_start(w->pool, options);
    assert_non_null(g->fetch);
    assert_int_equal(g->done, 0);
}

static void got_wait(struct got *g)
{
    while (g->done == 0)
        uv_run(&g->w->loop, UV_RUN_ONCE);
    assert_int_equal(g->done, 1);
}

static void got_free(struct got *g)
{
    buf_free(&g->headers);
    buf_free(&g->body);
    buf_free(&g->message);
}

/* The peer's URL with PATH, in a buffer of the caller's. */
static struct str url_of(struct world *w, struct buf *to, const char *path)
{
    buf_clear(to);
    buf_printf(to, "%s://127.0.0.1:%u%s", w->tls != NULL ? "https" : "http", fake_peer_port(w->peer), path);
    return buf_str(to);
}

static void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* --- answers --- */

enum ending {
    STAY,
    CLOSE,
    RESET,
};

struct answer_case {
    const char *name;
    const char *answer;
    enum ending ending;
    int status;
    const char *body;
    int code;
    const char *message; /* %s: the peer's address */
    const char *headers; /* NULL: not looked at */
};

static const struct answer_case answer_cases[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\nhello", STAY, 200, "hello", 0, "",
     "Content-Length: 5\nX-A: b c\n"},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", STAY, 200,
     "abcde", 0, "", NULL},
    {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n", STAY, 200, "a",
     0, "", "Transfer-Encoding: chunked\n"},
    {"until close", "HTTP/1.0 200 OK\r\n\r\nall of it", CLOSE, 200, "all of it", 0, "", ""},
    {"a failure is an answer", "HTTP/1.1 503 Nope\r\nContent-Length: 2\r\n\r\nno", STAY, 503, "no", 0, "", NULL},
    {"unauthorized", "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", STAY, 401, "", 0, "",
     NULL},
    {"redirects are not followed", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", STAY, 302, "", 0,
     "", "Location: /b\nContent-Length: 0\n"},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", STAY, 204, "", 0, "", ""},
    {"continue comes first", "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", STAY,
     200, "a", 0, "", "Content-Length: 1\n"},
    {"nothing", "", CLOSE, 0, "", FETCH_BROKEN, "%s closed the connection without an answer", NULL},
    {"reset", "", RESET, 0, "", FETCH_BROKEN, "answer from %s: connection reset by peer", NULL},
    {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", CLOSE, 0, "", FETCH_BROKEN, "%s: the answer has no head", NULL},
    {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", CLOSE, 200, "hello", FETCH_BROKEN,
     "%s closed the connection before the answer was whole", NULL},
    {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", CLOSE, 200, "abc", FETCH_BROKEN,
     "%s closed the connection before the answer was whole", NULL},
    {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CLOSE, 200, "abc",
     FETCH_BROKEN, "%s closed the connection before the answer was whole", NULL},
    {"chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n", STAY, 200, "",
     FETCH_BROKEN, NULL, NULL},
    {"garbage", "SSH-2.0-OpenSSH_9.2p1\r\n\r\n\r\n", STAY, 0, "", FETCH_BROKEN, "%s doesn't answer in HTTP", NULL},
};

static void answer_request(void *owner, struct fake_conn *conn, struct str request)
{
    const struct answer_case *c = *(const struct answer_case **)owner;

    (void)request;
    fake_conn_send(conn, str_of(c->answer));
    if (c->ending == CLOSE)
        fake_conn_close(conn);
    else if (c->ending == RESET)
        fake_conn_reset(conn);
}

static void test_answers(void **state)
{
    static const struct fake_peer_events events = {.on_request = answer_request};

    (void)state;
    for (size_t i = 0; i < sizeof(answer_cases) / sizeof(answer_cases[0]); i++) {
        const struct answer_case *c = &answer_cases[i];
        struct world w;
        struct got g = {0};
        auto_buf struct buf url = {0};
        auto_buf struct buf want = {0};
        world_open(&w, false, &events, &c);
        got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/a")});
        got_wait(&g);
        print_message("  %s: %s\n", c->name, buf_cstr(&g.message));
        assert_int_equal(g.status, c->status);
        assert_int_equal(g.heads, c->status != 0);
        assert_string_equal(buf_cstr(&g.body), c->body);
        assert_int_equal(g.code, c->code);
        if (c->message != NULL) {
            auto_buf struct buf where = {0};
            const char *at = strstr(c->message, "%s");
            buf_printf(&where, "127.0.0.1:%u", fake_peer_port(w.peer));
            if (at != NULL) {
                buf_add(&want, c->message, (size_t)(at - c->message));
                buf_add_str(&want, buf_str(&where));
                buf_add_cstr(&want, at + 2);
            }
            assert_string_equal(buf_cstr(&g.message), buf_cstr(&want));
        }
        if (c->headers != NULL)
            assert_string_equal(buf_cstr(&g.headers), c->headers);
        got_free(&g);
        world_close(&w);
    }
}

/* --- requests --- */

struct request_case {
    const char *name;
    const char *method;
    const char *path;
    const char *body; /* NULL: none */
    const char *header_name, *header_value;
    const char *request; /* without the Host line */
};

static const struct request_case request_cases[] = {
    {"get", "", "/a?b=c%20d", NULL, NULL, NULL, "GET /a?b=c%20d HTTP/1.1\r\n\r\n"},
    {"dots stay", "GET", "/a/../b/./c//d", NULL, NULL, NULL, "GET /a/../b/./c//d HTTP/1.1\r\n\r\n"},
    {"post", "POST", "/", "{\"a\":1}", "Content-Type", "application/json",
     "POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"},
    {"post nothing", "POST", "/", NULL, NULL, NULL, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
    {"patch", "PATCH", "/x", "{}", NULL, NULL, "PATCH /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"},
    {"delete", "DELETE", "/x", NULL, NULL, NULL, "DELETE /x HTTP/1.1\r\n\r\n"},
    {"delete with options", "DELETE", "/x", "{}", NULL, NULL, "DELETE /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"},
    {"empty header", "GET", "/x", NULL, "X-Empty", "", "GET /x HTTP/1.1\r\nX-Empty:\r\n\r\n"},
    {"length is computed", "PUT", "/x", "abc", "content-length", "77",
     "PUT /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"},
    {"accept", "GET", "/", NULL, "Accept", "application/json", "GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n"},
};

static void keep_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct buf *to = owner;
    struct str line, rest = request;

    buf_clear(to);
    while (str_cut(rest, '\n', &line, &rest)) {
        if (!str_starts_with(line, STR("Host:"))) {
            buf_add_str(to, line);
            buf_add_char(to, '\n');
        }
        if (str_eq(line, STR("\r")))
            break;
    }
    buf_add_str(to, rest);
    fake_conn_answer(conn, 200, STR(""));
}

static void test_requests(void **state)
{
    static const struct fake_peer_events events = {.on_request = keep_request};
    auto_buf struct buf request = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &events, &request);
    for (size_t i = 0; i < sizeof(request_cases) / sizeof(request_cases[0]); i++) {
        const struct request_case *c = &request_cases[i];
        struct got g = {0};
        auto_buf struct buf url = {0};
        struct http_header header = {str_of(c->header_name), str_of(c->header_value)};
        struct fetch_options options = {.method = str_of(c->method),
                                        .url = url_of(&w, &url, c->path),
                                        .body = str_of(c->body),
                                        .headers = {&header, c->header_name != NULL ? 1 : 0}};
        print_message("  %s\n", c->name);
        got_start(&g, &w, &options);
        got_wait(&g);
        assert_string_equal(buf_cstr(&g.message), "");
        assert_string_equal(buf_cstr(&request), c->request);
        got_free(&g);
    }
    assert_int_equal(fake_peer_accepted(w.peer), 1); /* one connection for all of them */
    world_close(&w);
}

/* --- options that can't be right --- */

#define BAD_HEADER "a header that can't be sent: its name or value has forbidden characters"

static void test_bad_options(void **state)
{
    static const struct {
        const char *url, *header, *value, *cert, *key, *message;
    } cases[] = {
        {"nonsense://x/", NULL, NULL, NULL, NULL, "URL \"nonsense://x/\": unsupported URL scheme"},
        {"ftp://x/", NULL, NULL, NULL, NULL, "URL \"ftp://x/\": scheme \"ftp\" is neither http nor https"},
        {"http://", NULL, NULL, NULL, NULL, NULL},
        {"http://127.0.0.1:99999/", NULL, NULL, NULL, NULL, NULL},
        {"http://127.0.0.1:1/", "X\r\nY", "v", NULL, NULL, BAD_HEADER},
        {"http://127.0.0.1:1/", "X", "v\r\nY: w", NULL, NULL, BAD_HEADER},
        {"http://127.0.0.1:1/", "", "v", NULL, NULL, BAD_HEADER},
        {"https://127.0.0.1:1/", NULL, NULL, "PEM", NULL, "a client certificate needs both a certificate and its key"},
    };
    static const struct fake_peer_events events = {.on_request = keep_request};
    struct world w;

    (void)state;
    world_open(&w, false, &events, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = {0};
        struct http_header header = {str_of(cases[i].header), str_of(cases[i].value)};
        struct fetch_options options = {.url = str_of(cases[i].url),
                                        .headers = {&header, cases[i].header != NULL},
                                        .tls = {.cert = str_of(cases[i].cert), .key = str_of(cases[i].key)}};
        got_start(&g, &w, &options);
        got_wait(&g);
        print_message("  %s\n", buf_cstr(&g.message));
        assert_int_equal(g.code, FETCH_BAD_OPTIONS);
        if (cases[i].message != NULL)
            assert_string_equal(buf_cstr(&g.message), cases[i].message);
        got_free(&g);
    }
    world_close(&w);
}

/* --- servers that can't be reached --- */

static void swallow_request(void *owner, struct fake_conn *conn, struct str request)
{
    (void)owner;
    (void)conn;
    (void)request;
}

static const struct fake_peer_events silent = {.on_request = swallow_request};

static int listen_without_accepting(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    (void)!connect(fd, (struct sockaddr *)&address, sizeof(address)); /* in progress */
    return fd;
}

static void fail_as(struct world *w, struct fetch_options *options, int code, const char *message)
{
    struct got g = {0};

    got_start(&g, w, options);
    got_wait(&g);
    assert_string_equal(buf_cstr(&g.message), message);
    assert_int_equal(g.code, code);
    got_free(&g);
}

static void test_unreachable(void **state)
{
    auto_buf struct buf url = {0};
    auto_buf struct buf want = {0};
    struct world w;
    unsigned port;
    int fds[3];

    (void)state;
    world_open(&w, false, &silent, NULL);
    fds[0] = listen_without_accepting(&port);
    close(fds[0]);
    buf_printf(&url, "http://127.0.0.1:%u/", port);
    buf_printf(&want, "connect to 127.0.0.1:%u: connection refused", port);
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url)}, FETCH_NO_CONNECTION, buf_cstr(&want));

    fail_as(&w, &(struct fetch_options){.url = STR("https://missing.invalid/")}, FETCH_NO_ADDRESS,
            "resolve missing.invalid:443: no such host");

    fds[0] = listen_without_accepting(&port);
    fds[1] = connect_to(port);
    fds[2] = connect_to(port); /* its queue is full: further SYNs get no answer */
    buf_clear(&url);
    buf_clear(&want);
    buf_printf(&url, "http://127.0.0.1:%u/", port);
    buf_printf(&want, "connect to 127.0.0.1:%u: timed out", port);
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 150}, FETCH_NO_CONNECTION,
            buf_cstr(&want));
    for (int i = 0; i < 3; i++)
        close(fds[i]);

    buf_clear(&want);
    buf_printf(&want, "TLS with 127.0.0.1:%u: handshake timed out", fake_peer_port(w.peer));
    buf_clear(&url);
    buf_printf(&url, "https://127.0.0.1:%u/", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 150}, FETCH_NO_TLS,
            buf_cstr(&want));

    buf_clear(&want);
    buf_printf(&want, "127.0.0.1:%u: no whole answer within 0.15 s", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = url_of(&w, &url, "/"), .timeout_ms = 150}, FETCH_TIMED_OUT,
            buf_cstr(&want));
    world_close(&w);
}

/* Fetches that wait for another's connection, to be its streams, fail with it and not one after the other. */
static void test_many_wait_for_one(void **state)
{
    struct got got[6] = {0};
    auto_buf struct buf url = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &silent, NULL);
    buf_printf(&url, "https://127.0.0.1:%u/", fake_peer_port(w.peer));
    uint64_t start = uv_hrtime();
    for (int i = 0; i < 6; i++)
        got_start(&got[i], &w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 200});
    for (int i = 0; i < 6; i++) {
        got_wait(&got[i]);
        print_message("  %s\n", buf_cstr(&got[i].message));
        assert_true(got[i].code == FETCH_NO_TLS || got[i].code == FETCH_NO_CONNECTION);
        got_free(&got[i]);
    }
    assert_true(uv_hrtime() - start < UINT64_C(600000000));
    world_close(&w);
}

/* A name server that doesn't answer must stop neither the loop nor the end of the fetch. */
static void test_hanging_resolver(void **state)
{
    struct world w;
    struct got g = {0};

    (void)state;
    world_open(&w, false, &silent, NULL);
    uint64_t start = uv_hrtime();
    fail_as(&w, &(struct fetch_options){.url = STR("https://hangs.invalid:1/"), .connect_timeout_ms = 100},
            FETCH_NO_ADDRESS, "resolve hangs.invalid:1: timed out");
    got_start(&g, &w, &(struct fetch_options){.url = STR("https://hangs.invalid:2/")});
    run_for(&w, 50);
    fetch_cancel(g.fetch);
    run_for(&w, 50);
    assert_int_equal(g.done, 0);
    world_close(&w);
    assert_true(uv_hrtime() - start < UINT64_C(3000000000));
    sem_post(&resolver_gate);
    sem_post(&resolver_gate);
    uv_sleep(50); /* for the resolver's threads to give their memory back before leaks are counted */
}

static void large_head_request(void *owner, struct fake_conn *conn, struct str request)
{
    auto_buf struct buf line = {0};

    (void)owner;
    (void)request;
    fake_conn_send(conn, STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 300; i++) {
        buf_clear(&line);
        buf_printf(&line, "X-%d: %01000d\r\n", i, i);
        fake_conn_send(conn, buf_str(&line));
    }
    fake_conn_send(conn, STR("\r\n"));
}

static void test_large_head(void **state)
{
    static const struct fake_peer_events events = {.on_request = large_head_request};
    auto_buf struct buf url = {0};
    auto_buf struct buf want = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &events, NULL);
    buf_printf(&want, "127.0.0.1:%u: the answer's headers are larger than 256 KiB", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = url_of(&w, &url, "/")}, FETCH_BROKEN, buf_cstr(&want));
    world_close(&w);
}

/* --- TLS --- */

struct tls_seen {
    struct buf host;
    struct buf sni;
    bool has_client_cert;
};

static void look_at_tls(void *owner, struct fake_conn *conn, struct str request)
{
    struct tls_seen *seen = owner;
    struct str line, rest = request;
    X509 *cert = SSL_get1_peer_certificate(fake_conn_ssl(conn));

    buf_clear(&seen->host);
    buf_clear(&seen->sni);
    while (str_cut(rest, '\n', &line, &rest))
        if (str_starts_with(line, STR("Host: ")))
            buf_add_str(&seen->host, str_trim(str_skip(line, 6)));
    buf_add_str(&seen->sni, str_of(SSL_get_servername(fake_conn_ssl(conn), TLSEXT_NAMETYPE_host_name)));
    seen->has_client_cert = cert != NULL;
    X509_free(cert);
    fake_conn_answer(conn, 200, STR("secret"));
}

static void test_tls(void **state)
{
    static const struct fake_peer_events events = {.on_request = look_at_tls};
    static const struct {
        const char *name, *server_name;
        bool has_ca, is_insecure, has_cert;
        int code;
        const char *message; /* after "TLS with HOST:PORT: " */
        const char *sni;
    } cases[] = {
        {"by address", NULL, true, false, false, 0, NULL, ""},
        {"by another name", "peer.ns.svc", true, false, false, 0, NULL, "peer.ns.svc"},
        {"client certificate", NULL, true, false, true, 0, NULL, ""},
        {"insecure", NULL, false, true, false, 0, NULL, ""},
        {"unknown CA", NULL, false, false, false, FETCH_NO_TLS,
         "the server's certificate is not accepted: unable to get local issuer certificate", NULL},
        {"wrong name", "other.ns.svc", true, false, false, FETCH_NO_TLS,
         "the server's certificate is for other names (no alternative certificate subject name matches target host "
         "name 'other.ns.svc')",
         NULL},
    };
    struct tls_seen seen = {0};
    struct world w;

    (void)state;
    world_open(&w, true, &events, &seen);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = {0};
        auto_buf struct buf url = {0};
        auto_buf struct buf where = {0};
        struct fetch_options options = {.url = url_of(&w, &url, "/x")};
        print_message("  %s\n", cases[i].name);
        options.tls.server_name = str_of(cases[i].server_name);
        options.tls.insecure = cases[i].is_insecure;
        options.tls.ca = cases[i].has_ca ? buf_str(&w.ca) : str_of(NULL);
        options.tls.cert = cases[i].has_cert ? buf_str(&w.cert) : str_of(NULL);
        options.tls.key = cases[i].has_cert ? buf_str(&w.key) : str_of(NULL);
        got_start(&g, &w, &options);
        got_wait(&g);
        buf_printf(&where, "127.0.0.1:%u", fake_peer_port(w.peer));
        if (cases[i].message != NULL) {
            auto_buf struct buf want = {0};
            buf_printf(&want, "TLS with %s: %s", buf_cstr(&where), cases[i].message);
            assert_string_equal(buf_cstr(&g.message), buf_cstr(&want));
        } else {
            assert_string_equal(buf_cstr(&g.message), "");
            assert_string_equal(buf_cstr(&g.body), "secret");
            assert_string_equal(buf_cstr(&seen.host), buf_cstr(&where)); /* the URL's, whatever was verified */
            assert_string_equal(buf_cstr(&seen.sni), cases[i].sni);
            assert_int_equal(seen.has_client_cert, cases[i].has_cert);
        }
        assert_int_equal(g.code, cases[i].code);
        got_free(&g);
    }
    /* connections are shared only by those who mean the same server as the same client: each case has its own */
    assert_int_equal(fake_peer_accepted(w.peer), sizeof(cases) / sizeof(cases[0]));
    buf_free(&seen.host);
    buf_free(&seen.sni);
    world_close(&w);
}

static void test_bad_certificates(void **state)
{
    auto_buf struct buf url = {0};
    auto_buf struct buf other_cert = {0};
    auto_buf struct buf other_key = {0};
    struct world w;
    struct got g[2] = {0};

    (void)state;
    world_open(&w, true, &silent, NULL);
    fake_pki_issue(w.pki, "other", NULL, &other_cert, &other_key);
    struct fetch_options options = {.url = url_of(&w, &url, "/")};
    options.tls = (struct fetch_tls){.ca = buf_str(&w.ca), .cert = buf_str(&other_cert), .key = buf_str(&w.key)};
    got_start(&g[0], &w, &options);
    got_wait(&g[0]);
    print_message("  %s\n", buf_cstr(&g[0].message));
    assert_int_equal(g[0].code, FETCH_BAD_OPTIONS);
    options.tls = (struct fetch_tls){.ca = STR("no PEM at all")};
    got_start(&g[1], &w, &options);
    got_wait(&g[1]);
    print_message("  %s\n", buf_cstr(&g[1].message));
    assert_int_equal(g[1].code, FETCH_BAD_OPTIONS);
    got_free(&g[0]);
    got_free(&g[1]);
    world_close(&w);
}

/* --- starting, cancelling and freeing from inside --- */

static void long_answer(void *owner, struct fake_conn *conn, struct str request)
{
    (void)owner;
    (void)request;
    fake_conn_send(conn, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    fake_conn_chunk(conn, STR("first"));
    fake_conn_chunk(conn, STR("second"));
    if (str_find(request, STR("/whole")) >= 0)
        fake_conn_chunk(conn, STR(""));
}

static const struct fake_peer_events endless = {.on_request = long_answer};

static void cancel_itself(struct got *g)
{
    fetch_cancel(g->fetch);
}

static void cancel_other(struct got *g)
{
    fetch_cancel(g->other->fetch);
}

static void free_pool(struct got *g)
{
    fetch_pool_free(g->w->pool);
    g->w->pool = NULL;
}

static void start_other(struct got *g)
{
    auto_buf struct buf url = {0};

    if (g->other->fetch == NULL)
        got_start(g->other, g->w, &(struct fetch_options){.url = url_of(g->w, &url, "/whole")});
}

static void test_cancel_inside(void **state)
{
    static const struct {
        const char *name;
        void (*at_head)(struct got *g);
        void (*at_data)(struct got *g);
        int heads, done;
        bool has_data;
    } cases[] = {
        {"in on_head", cancel_itself, NULL, 1, 0, false},
        {"in on_data", NULL, cancel_itself, 1, 0, true},
        {"pool in on_head", free_pool, NULL, 1, 0, false},
        {"pool in on_data", NULL, free_pool, 1, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        struct got g = {.at_head = cases[i].at_head, .at_data = cases[i].at_data};
        auto_buf struct buf url = {0};
        print_message("  %s\n", cases[i].name);
        world_open(&w, false, &endless, NULL);
        got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/")});
        run_for(&w, 60);
        assert_int_equal(g.heads, cases[i].heads);
        assert_int_equal(g.done, cases[i].done);
        assert_int_equal(g.body.len > 0, cases[i].has_data);
        assert_int_equal(fake_peer_open(w.peer), 0); /* the connection went with it */
        got_free(&g);
        world_close(&w);
    }
}

static void test_cancel_before_start(void **state)
{
    struct world w;
    struct got g = {0};
    auto_buf struct buf url = {0};

    (void)state;
    world_open(&w, false, &endless, NULL);
    got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/")});
    fetch_cancel(g.fetch);
    run_for(&w, 20);
    assert_int_equal(fake_peer_accepted(w.peer), 0);
    assert_int_equal(g.done, 0);
    world_close(&w);
}

static void test_cancel_other_and_self_in_done(void **state)
{
    struct world w;
    struct got victim = {0};
    struct got g = {.at_data = cancel_other, .at_done = cancel_itself, .other = &victim};
    auto_buf struct buf url = {0};

    (void)state;
    world_open(&w, false, &endless, NULL);
    got_start(&victim, &w, &(struct fetch_options){.url = url_of(&w, &url, "/")});
    while (victim.heads == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    g.at_data = cancel_other;
    got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/whole")});
    got_wait(&g);
    run_for(&w, 20);
    assert_int_equal(victim.done, 0);
    assert_string_equal(buf_cstr(&g.body), "firstsecond");
    got_free(&g);
    got_free(&victim);
    world_close(&w);
}

static void test_start_inside(void **state)
{
    for (int where = 0; where < 3; where++) {
        struct world w;
        struct got second = {0};
        struct got g = {.other = &second};
        auto_buf struct buf url = {0};
        *(where == 0 ? &g.at_head : where == 1 ? &g.at_data : &g.at_done) = start_other;
        (void)state;
        world_open(&w, false, &endless, NULL);
        got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/whole")});
        got_wait(&g);
        got_wait(&second);
        assert_string_equal(buf_cstr(&second.body), "firstsecond");
        if (where == 2) /* started by on_done, it takes over the connection */
            assert_int_equal(fake_peer_accepted(w.peer), 1);
        got_free(&g);
        got_free(&second);
        world_close(&w);
    }
}

/* --- back-pressure --- */

#define BIG_BYTES ((size_t)32 << 20)

static struct fake_conn *big_conn;

static void big_answer(void *owner, struct fake_conn *conn, struct str request)
{
    auto_free char *bytes = mem_zalloc(BIG_BYTES);

    (void)owner;
    (void)request;
    big_conn = conn;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", BIG_BYTES);
    fake_conn_send(conn, str_from(bytes, BIG_BYTES));
}

static void pause_itself(struct got *g)
{
    fetch_pause(g->fetch);
}

static void test_pause(void **state)
{
    static const struct fake_peer_events events = {.on_request = big_answer};

    for (int is_tls = 0; is_tls < 2; is_tls++) {
        struct world w;
        struct got g = {.at_head = pause_itself};
        auto_buf struct buf url = {0};
        (void)state;
        world_open(&w, is_tls == 1, &events, NULL);
        struct fetch_options options = {.url = url_of(&w, &url, "/"), .may_pause = true};
        options.tls.ca = buf_str(&w.ca);
        got_start(&g, &w, &options);
        while (g.heads == 0)
            uv_run(&w.loop, UV_RUN_ONCE);
        run_for(&w, 100);
        assert_int_equal(g.body.len, 0);
        assert_true(fake_conn_queued(big_conn) > 0);
        g.at_data = pause_itself;
        for (int i = 1; i <= 5; i++) { /* each resume lets one chunk through */
            size_t before = g.body.len;
            fetch_resume(g.fetch);
            assert_int_equal(g.body.len, before);
            run_for(&w, 10);
            assert_true(g.body.len > before && g.body.len - before <= 65536);
        }
        assert_true(fake_conn_queued(big_conn) > 0);
        g.at_data = NULL;
        fetch_resume(g.fetch);
        got_wait(&g);
        assert_int_equal(g.body.len, BIG_BYTES);
        got_free(&g);
        world_close(&w);
    }
}

static void test_cancel_paused(void **state)
{
    static const struct fake_peer_events events = {.on_request = big_answer};
    struct world w;
    struct got g = {.at_data = pause_itself};
    auto_buf struct buf url = {0};

    (void)state;
    world_open(&w, false, &events, NULL);
    got_start(&g, &w, &(struct fetch_options){.url = url_of(&w, &url, "/"), .may_pause = true});
    while (g.body.len == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    run_for(&w, 20);
    fetch_resume(g.fetch);
    fetch_cancel(g.fetch);
    size_t before = g.body.len;
    run_for(&w, 50);
    assert_int_equal(g.body.len, before);
    assert_int_equal(g.done, 0);
    assert_int_equal(fake_peer_open(w.peer), 0);
    got_free(&g);
    world_close(&w);
}

/* --- proxies --- */

static void test_proxy(void **state)
{
    static const struct fake_peer_events events = {.on_request = keep_request};
    auto_buf struct buf request = {0};
    auto_buf struct buf proxy = {0};
    auto_buf struct buf url = {0};
    struct world w;
    struct got g[3] = {0};

    (void)state;
    world_open(&w, false, &events, &request);
    url_of(&w, &proxy, "");
    got_start(&g[0], &w, &(struct fetch_options){.url = STR("http://api.invalid/x"), .proxy = buf_str(&proxy)});
    got_wait(&g[0]);
    assert_string_equal(buf_cstr(&g[0].message), "");
    assert_non_null(strstr(buf_cstr(&request), "GET http://api.invalid/x HTTP/1.1\r\n"));

    setenv("http_proxy", buf_cstr(&proxy), 1);
    got_start(&g[1], &w, &(struct fetch_options){.url = STR("http://api.invalid/y"), .proxy_from_env = true});
    got_wait(&g[1]);
    assert_non_null(strstr(buf_cstr(&request), "GET http://api.invalid/y HTTP/1.1\r\n"));

    got_start(&g[2], &w, &(struct fetch_options){.url = url_of(&w, &url, "/z"), .proxy_from_env = true});
    got_wait(&g[2]); /* never for this machine */
    assert_non_null(strstr(buf_cstr(&request), "GET /z HTTP/1.1\r\n"));

    auto_buf struct buf nowhere = {0};
    auto_buf struct buf want = {0};
    unsigned port;
    close(listen_without_accepting(&port));
    buf_printf(&nowhere, "http://127.0.0.1:%u", port);
    buf_printf(&want, "connect to 127.0.0.1:%u, the proxy to api.invalid:443: connection refused", port);
    fail_as(&w, &(struct fetch_options){.url = STR("https://api.invalid/x"), .proxy = buf_str(&nowhere)},
            FETCH_NO_CONNECTION, buf_cstr(&want));
    fail_as(&w, &(struct fetch_options){.url = STR("http://missing.invalid/")}, FETCH_NO_ADDRESS,
            "resolve missing.invalid:80: no such host"); /* not asked for: not taken from the environment */
    setenv("no_proxy", "missing.invalid,10.0.0.0/8", 1);
    fail_as(&w, &(struct fetch_options){.url = STR("http://missing.invalid/"), .proxy_from_env = true},
            FETCH_NO_ADDRESS, "resolve missing.invalid:80: no such host");
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    for (int i = 0; i < 3; i++)
        got_free(&g[i]);
    world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_many_wait_for_one),
        cmocka_unit_test(test_hanging_resolver),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_bad_certificates),
        cmocka_unit_test(test_cancel_inside),
        cmocka_unit_test(test_cancel_before_start),
        cmocka_unit_test(test_cancel_other_and_self_in_done),
        cmocka_unit_test(test_start_inside),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_cancel_paused),
        cmocka_unit_test(test_proxy),
    };

    sem_init(&resolver_gate, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
