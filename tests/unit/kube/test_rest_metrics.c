#include "kube/rest_metrics.h"

#include "../net/fake_peer.h"

#include "base/alloc.h"
#include "kube/rest_client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct metrics *registry;
    struct fetch_pool *pool;
    struct fake_peer *peer;
    struct rest_client *client;
    char where[32];
    const char *answer; /* "" closes */
    int done, heads;
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 10 s");
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    const struct world *w = owner;

    (void)request;
    if (*w->answer != '\0')
        fake_conn_send(conn, str_of(w->answer));
    else
        fake_conn_close(conn);
}

static void open_world(struct world *w)
{
    static const struct fake_peer_events events = {.on_request = on_request};
    char server[64];

    *w = (struct world){.registry = metrics_new()};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 10000, 0);
    w->pool = fetch_pool_new(&w->loop);
    rest_metrics_observe(w->registry, w->pool);
    w->peer = fake_peer_new(&w->loop, NULL, &events, w);
    snprintf(w->where, sizeof(w->where), "127.0.0.1:%u", fake_peer_port(w->peer));
    snprintf(server, sizeof(server), "http://%s", w->where);
    w->client = rest_client_new(w->pool, &(struct client_config){.server = server}, NULL);
}

static void close_world(struct world *w)
{
    rest_client_free(w->client);
    fetch_pool_free(w->pool);
    fake_peer_free(w->peer);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    metrics_free(w->registry);
}

/* The number of FAMILY{LABELS host="..." LABELS}; -1: there is no such series. */
static double number_of(const struct world *w, const char *before, const char *after)
{
    auto_buf struct buf text = {0}, line = {0};
    const char *at;

    metrics_print(w->registry, &text);
    buf_printf(&line, "\n%shost=\"%s\",%s ", before, w->where, after);
    at = strstr(buf_cstr(&text), buf_cstr(&line));
    return at != NULL ? strtod(at + line.len, NULL) : -1;
}

static double requests(const struct world *w, const char *code, const char *method)
{
    char before[64], after[32];

    snprintf(before, sizeof(before), "rest_client_requests_total{code=\"%s\",", code);
    snprintf(after, sizeof(after), "method=\"%s\"}", method);
    return number_of(w, before, after);
}

static double durations(const struct world *w, const char *verb)
{
    char after[32];

    snprintf(after, sizeof(after), "verb=\"%s\"}", verb);
    return number_of(w, "rest_client_request_duration_seconds_count{", after);
}

static void on_done(void *owner, const struct rest_result *result)
{
    struct world *w = owner;

    (void)result;
    w->done++;
}

static void call(struct world *w, const char *method, const char *answer)
{
    int before = w->done;

    w->answer = answer;
    rest_start(w->client, &(struct rest_request){.method = str_of(method),
                                                 .path = STR("/api/v1/nodes"),
                                                 .max_attempts = 2,
                                                 .backoff_ms = 1,
                                                 .owner = w,
                                                 .on_done = on_done});
    while (w->done == before)
        uv_run(&w->loop, UV_RUN_ONCE);
}

static void test_calls(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    call(&w, "", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    call(&w, "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
    call(&w, "POST", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
    assert_true(requests(&w, "200", "GET") == 1);
    assert_true(requests(&w, "404", "GET") == 1);
    assert_true(requests(&w, "201", "POST") == 1);
    assert_true(durations(&w, "GET") == 2);
    assert_true(durations(&w, "POST") == 1);
    call(&w, "PUT", "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}"); /* each attempt counts */
    assert_true(requests(&w, "500", "PUT") == 2);
    call(&w, "DELETE", "");
    assert_true(requests(&w, "<error>", "DELETE") == 2);
    assert_true(durations(&w, "DELETE") == 2);
    close_world(&w);
}

static void on_head(void *owner, const struct fetch_head *head)
{
    struct world *w = owner;

    w->heads += head->status == 200;
}

static void on_stream_done(void *owner, const struct error *err)
{
    (void)owner;
    (void)err;
    fail_msg("a watch ended");
}

/* A watch is measured until it begins, and isn't counted again when it is given up. */
static void test_watch(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    w.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct fetch *watch =
        rest_stream(w.client, &(struct rest_request){.path = STR("/api/v1/nodes"), .query = STR("watch=1")},
                    &(struct fetch_options){.owner = &w, .on_head = on_head, .on_done = on_stream_done});
    while (w.heads == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(requests(&w, "200", "GET") == 1);
    assert_true(durations(&w, "GET") == 1);
    fetch_cancel(watch);
    for (int i = 0; i < 10; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_true(requests(&w, "200", "GET") == 1);
    assert_true(durations(&w, "GET") == 1);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_calls), cmocka_unit_test(test_watch)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
