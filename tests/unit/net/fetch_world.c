#include "fetch_world.h"

#include "base/alloc.h"
#include "base/arena.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 10 s");
}

void world_open(struct world *w, bool is_tls, const struct fake_peer_events *events, void *owner)
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

void world_close(struct world *w)
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

void got_start(struct got *g, struct world *w, struct fetch_options *options)
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

void got_wait(struct got *g)
{
    while (g->done == 0)
        uv_run(&g->w->loop, UV_RUN_ONCE);
    assert_int_equal(g->done, 1);
}

void got_free(struct got *g)
{
    buf_free(&g->headers);
    buf_free(&g->body);
    buf_free(&g->message);
}

struct str url_of(struct world *w, struct buf *to, const char *path)
{
    buf_clear(to);
    buf_printf(to, "%s://127.0.0.1:%u%s", w->tls != NULL ? "https" : "http", fake_peer_port(w->peer), path);
    return buf_str(to);
}

void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

void fail_as(struct world *w, struct fetch_options *options, int code, const char *message)
{
    struct got g = {0};

    got_start(&g, w, options);
    got_wait(&g);
    assert_string_equal(buf_cstr(&g.message), message);
    assert_int_equal(g.code, code);
    got_free(&g);
}

static void swallow_request(void *owner, struct fake_conn *conn, struct str request)
{
    (void)owner;
    (void)conn;
    (void)request;
}

const struct fake_peer_events silent = {.on_request = swallow_request};

void keep_request(void *owner, struct fake_conn *conn, struct str request)
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

int listen_without_accepting(unsigned *port)
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
