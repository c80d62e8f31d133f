/* A server on a real socket with the fake handler behind it. Shared by the tests of http_server. Header only. */
#ifndef TEST_SERVER_WORLD_H
#define TEST_SERVER_WORLD_H

#include <openssl/pem.h>

#include "base/log.h"
#include "fake_handler.h"
#include "fake_pki.h"
#include "net/tls.h"
#include "probe.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

struct world {
    uv_loop_t loop;
    struct fake_pki *pki;
    struct buf ca, cert, key;
    struct tls_server *tls;
    struct fake_handler h;
    struct http_server *server;
    uint16_t port;
    int closed;
};

static inline struct tls_server *new_tls(struct world *w, const char *name)
{
    auto_error struct error err = {0};
    buf_clear(&w->cert);
    buf_clear(&w->key);
    fake_pki_issue(w->pki, name, "IP:127.0.0.1", &w->cert, &w->key);
    struct tls_server *t = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&w->cert),
                                                                       .key_pem = buf_str(&w->key),
                                                                       .client_ca_pem = buf_str(&w->ca),
                                                                       .is_http2_enabled = true},
                                          &err);
    if (t == NULL)
        fail_msg("%s", error_text(&err));
    return t;
}

static inline void open_world(struct world *w, const struct http_limits *limits)
{
    auto_error struct error err = {0};
    memset(w, 0, sizeof(*w));
    uv_loop_init(&w->loop);
    w->pki = fake_pki_new("test-ca");
    fake_pki_ca(w->pki, &w->ca);
    w->tls = new_tls(w, "server");
    w->server = http_server_new(&w->loop, w->tls, limits, (struct http_handler){fake_on_request, &w->h});
    if (!http_server_listen(w->server, "127.0.0.1", 0, &err))
        fail_msg("%s", error_text(&err));
    w->port = http_server_port(w->server);
}

static inline void on_server_closed(void *arg)
{
    ((struct world *)arg)->closed++;
}

/* Ends whatever is left, and checks that nothing is. */
static inline void close_world(struct world *w)
{
    if (w->server != NULL)
        http_server_close(w->server, 0, on_server_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->h.requests, w->h.closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    tls_server_free(w->tls);
    fake_pki_free(w->pki);
    buf_free(&w->ca);
    buf_free(&w->cert);
    buf_free(&w->key);
    fake_handler_free(&w->h);
}

#endif
