#include "net/fetch.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "fake_pki.h"
#include "net/http_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WATCHES 20
#define BODY_SEED 1103515245u

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct fetch_pool *pool;
    struct http_server *server;
    struct tls_server *tls;
    struct fake_pki *pki;
    struct buf ca, cert, key;
    struct http_exchange *watches[WATCHES + 1];
    size_t watch_count;
};

struct got {
    struct world *w;
    struct fetch *fetch;
    int done, status, code;
    bool is_http2;
    size_t len;
    unsigned sum;
    void (*at_data)(struct got *g);
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 20 s");
}

static unsigned char byte_at(size_t size, size_t i)
{
    return (unsigned char)((i * BODY_SEED + size) >> 8);
}

static void on_watch_closed(void *arg, struct http_exchange *x)
{
    struct world *w = arg;

    for (size_t i = 0; i < w->watch_count; i++)
        if (w->watches[i] == x)
            w->watches[i] = NULL;
}

static const struct http_exchange_events watch_events = {.on_closed = on_watch_closed};

/* /SIZE: that many bytes; /watch: a head, then what the test writes; /abort: half an answer. */
static void on_request(void *arg, struct http_exchange *x)
{
    struct world *w = arg;
    struct str path = http_exchange_request(x)->path;
    uint64_t size = 0;

    if (str_eq(path, STR("/watch"))) {
        w->watches[w->watch_count++] = x;
        http_exchange_listen(x, &watch_events, w);
        http_exchange_start(x, 200, NULL, -1);
        return;
    }
    if (str_eq(path, STR("/abort"))) {
        http_exchange_start(x, 200, NULL, -1);
        http_exchange_write(x, STR("half"));
        http_exchange_abort(x);
        return;
    }
    str_to_u64(str_skip(path, 1), &size);
    auto_free char *bytes = mem_alloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)byte_at(size, i);
    http_exchange_respond(x, 200, NULL, str_from(bytes, size));
}

static void world_open(struct world *w)
{
    struct tls_server_options options = {.is_http2_enabled = true};

    *w = (struct world){0};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 20000, 0);
    uv_unref((uv_handle_t *)&w->watchdog);
    w->pki = fake_pki_new("test CA");
    fake_pki_ca(w->pki, &w->ca);
    fake_pki_issue(w->pki, "server", "IP:127.0.0.1", &w->cert, &w->key);
    options.certificate_pem = buf_str(&w->cert);
    options.key_pem = buf_str(&w->key);
    w->tls = tls_server_new(&options, NULL);
    w->pool = fetch_pool_new(&w->loop);
    w->server = http_server_new(&w->loop, w->tls, NULL, (struct http_handler){on_request, w});
    assert_true(http_server_listen(w->server, "127.0.0.1", 0, NULL));
}

static void world_close(struct world *w)
{
    fetch_pool_free(w->pool);
    if (w->server != NULL)
        http_server_close(w->server, 0, NULL, NULL);
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

    g->status = head->status;
    g->is_http2 = head->is_http2;
}

static void on_data(void *owner, struct str chunk)
{
    struct got *g = owner;

    for (size_t i = 0; i < chunk.len; i++)
        g->sum += (unsigned char)chunk.ptr[i] * (unsigned)(g->len + i + 1);
    g->len += chunk.len;
    uv_stop(&g->w->loop);
    if (g->at_data != NULL)
        g->at_data(g);
}

static void on_done(void *owner, const struct error *err)
{
    struct got *g = owner;

    g->done++;
    g->code = err != NULL ? err->code : 0;
    uv_stop(&g->w->loop);
    if (err != NULL)
        print_message("  %s\n", error_text(err));
}

static void start(struct world *w, struct got *g, const char *path, bool may_pause)
{
    auto_buf struct buf url = {0};

    buf_printf(&url, "https://127.0.0.1:%u%s", http_server_port(w->server), path);
    g->w = w;
    g->fetch = fetch_start(w->pool, &(struct fetch_options){.url = buf_str(&url),
                                                            .tls = {.ca = buf_str(&w->ca)},
                                                            .may_pause = may_pause,
                                                            .owner = g,
                                                            .on_head = on_head,
                                                            .on_data = on_data,
                                                            .on_done = on_done});
}

static void wait_done(struct world *w, struct got *got, size_t count)
{
    for (size_t i = 0; i < count; i++)
        while (got[i].done == 0)
            uv_run(&w->loop, UV_RUN_ONCE);
}

static void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void check_body(const struct got *g, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += byte_at(size, i) * (unsigned)(i + 1);
    assert_int_equal(g->code, 0);
    assert_int_equal(g->status, 200);
    assert_int_equal(g->len, size);
    assert_int_equal(g->sum, sum);
}

static size_t size_of_nth(size_t i)
{
    static const size_t sizes[] = {0, 1, 1000, 16384, 16385, 70000, 400000};

    return sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
}

static void start_nth(struct world *w, struct got *g, size_t i)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "/%zu", size_of_nth(i));
    start(w, g, buf_cstr(&path), false);
}

/* Many at once are streams of one connection, and none gets another's bytes. */
static void test_multiplexing(void **state)
{
    static struct got got[60];
    struct world w;

    (void)state;
    world_open(&w);
    memset(got, 0, sizeof(got));
    for (size_t i = 0; i < 60; i++)
        start_nth(&w, &got[i], i);
    wait_done(&w, got, 60);
    for (size_t i = 0; i < 60; i++) {
        check_body(&got[i], size_of_nth(i));
        assert_true(got[i].is_http2);
    }
    assert_int_equal(http_server_connections(w.server), 1);
    world_close(&w);
}

/* Watches that live beside lists that come and go, some of them cut off. */
static void test_watches(void **state)
{
    static struct got watches[WATCHES];
    struct world w;
    static const char event[] = "{\"type\":\"ADDED\"}\n";

    (void)state;
    world_open(&w);
    memset(watches, 0, sizeof(watches));
    for (size_t i = 0; i < WATCHES; i++)
        start(&w, &watches[i], "/watch", false);
    while (w.watch_count < WATCHES)
        uv_run(&w.loop, UV_RUN_ONCE);
    for (size_t round = 0; round < 30; round++) {
        struct got lists[4] = {0};
        struct got cut = {0};
        for (size_t i = 0; i < 4; i++)
            start_nth(&w, &lists[i], round + i);
        start(&w, &cut, "/400000", false);
        for (size_t i = 0; i < WATCHES; i++)
            http_exchange_write(w.watches[i], str_of(event));
        wait_done(&w, lists, 2);
        if (cut.done == 0)
            fetch_cancel(cut.fetch);
        wait_done(&w, lists, 4);
        for (size_t i = 0; i < 4; i++)
            check_body(&lists[i], size_of_nth(round + i));
    }
    for (size_t i = 0; i < WATCHES; i++)
        while (watches[i].len < 30 * strlen(event))
            uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(http_server_connections(w.server), 1);
    for (size_t i = 0; i < WATCHES; i += 2)
        fetch_cancel(watches[i].fetch);
    run_for(&w, 20);
    http_exchange_write(w.watches[1], STR("\n")); /* with it go out the resets */
    run_for(&w, 20);
    size_t left = 0;
    for (size_t i = 0; i < WATCHES; i++) {
        if (w.watches[i] == NULL)
            continue;
        left++;
        http_exchange_write(w.watches[i], str_of(event));
        http_exchange_end(w.watches[i]);
    }
    assert_int_equal(left, WATCHES / 2);
    for (size_t i = 1; i < WATCHES; i += 2) {
        wait_done(&w, &watches[i], 1);
        assert_int_equal(watches[i].code, 0);
        assert_int_equal(watches[i].len, 31 * strlen(event) + (i == 1));
    }
    world_close(&w);
}

static void test_reset_stream(void **state)
{
    struct world w;
    struct got got[2] = {0};

    (void)state;
    world_open(&w);
    start(&w, &got[0], "/abort", false);
    start(&w, &got[1], "/400000", false);
    wait_done(&w, got, 2);
    assert_int_equal(got[0].code, FETCH_BROKEN);
    check_body(&got[1], 400000); /* of the same connection */
    world_close(&w);
}

static void pause_it(struct got *g)
{
    fetch_pause(g->fetch);
}

/* Who may pause has a connection of its own, and holds nobody up. */
static void test_pause(void **state)
{
    struct world w;
    struct got slow = {.at_data = pause_it};
    struct got others[20] = {0};

    (void)state;
    world_open(&w);
    start_nth(&w, &others[0], 6);
    wait_done(&w, others, 1);
    start(&w, &slow, "/30000000", true);
    while (slow.len == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_false(slow.is_http2);
    size_t before = slow.len;
    for (size_t i = 1; i < 20; i++)
        start_nth(&w, &others[i], i);
    wait_done(&w, others, 20);
    for (size_t i = 1; i < 20; i++)
        check_body(&others[i], size_of_nth(i));
    assert_int_equal(slow.len, before);
    assert_int_equal(http_server_connections(w.server), 2);
    slow.at_data = NULL;
    fetch_resume(slow.fetch);
    wait_done(&w, &slow, 1);
    check_body(&slow, 30000000);
    world_close(&w);
}

/* The server hears of a cancelled watch although nothing else goes on. */
static void test_cancel_last(void **state)
{
    struct world w;
    struct got watch = {0}, next = {0};

    (void)state;
    world_open(&w);
    start(&w, &watch, "/watch", false);
    while (w.watch_count < 1)
        uv_run(&w.loop, UV_RUN_ONCE);
    fetch_cancel(watch.fetch);
    run_for(&w, 30);
    assert_null(w.watches[0]);
    start(&w, &next, "/1000", false);
    wait_done(&w, &next, 1);
    check_body(&next, 1000);
    world_close(&w);
}

/* A server that goes away takes its watches with it; the next fetch finds another, or says why not. */
static void test_server_goes(void **state)
{
    struct world w;
    struct got watch = {0}, next = {0};

    (void)state;
    world_open(&w);
    start(&w, &watch, "/watch", false);
    while (w.watch_count < 1)
        uv_run(&w.loop, UV_RUN_ONCE);
    unsigned port = http_server_port(w.server);
    http_server_close(w.server, 0, NULL, NULL);
    w.server = NULL;
    wait_done(&w, &watch, 1);
    assert_int_equal(watch.code, FETCH_BROKEN);
    w.server = http_server_new(&w.loop, w.tls, NULL, (struct http_handler){on_request, &w});
    assert_true(http_server_listen(w.server, "127.0.0.1", (uint16_t)port, NULL));
    start(&w, &next, "/1000", false);
    wait_done(&w, &next, 1);
    check_body(&next, 1000);
    world_close(&w);
}

static void on_old_closed(void *arg)
{
    *(bool *)arg = true;
}

/* A server that says GOAWAY serves its watches to their end; who comes later goes to the next server. */
static void test_goaway(void **state)
{
    struct world w;
    struct got watch = {0}, next[8] = {0};
    bool is_old_closed = false;

    (void)state;
    world_open(&w);
    start(&w, &watch, "/watch", false);
    while (w.watch_count < 1)
        uv_run(&w.loop, UV_RUN_ONCE);
    unsigned port = http_server_port(w.server);
    http_server_close(w.server, INT64_C(10000000000), on_old_closed, &is_old_closed);
    run_for(&w, 5); /* until its port is free */
    w.server = http_server_new(&w.loop, w.tls, NULL, (struct http_handler){on_request, &w});
    assert_true(http_server_listen(w.server, "127.0.0.1", (uint16_t)port, NULL));
    for (size_t i = 0; i < 8; i++) {
        start_nth(&w, &next[i], i);
        if (i % 3 == 0)
            wait_done(&w, &next[i], 1);
    }
    wait_done(&w, next, 8);
    for (size_t i = 0; i < 8; i++)
        check_body(&next[i], size_of_nth(i));
    assert_int_equal(watch.done, 0);
    http_exchange_write(w.watches[0], STR("last words"));
    http_exchange_end(w.watches[0]);
    wait_done(&w, &watch, 1);
    assert_int_equal(watch.code, 0);
    assert_int_equal(watch.len, strlen("last words"));
    while (!is_old_closed)
        uv_run(&w.loop, UV_RUN_ONCE);
    world_close(&w);
}

/* Many streams at once, of all sizes, some cut off in the middle: each whole one is right, and none waits for ever. */
static void test_many_streams(void **state)
{
    enum {
        AT_ONCE = 24,
        ROUNDS = 40,
    };
    static struct got got[AT_ONCE];
    static size_t sizes[AT_ONCE];
    uint32_t random = 12345;
    struct world w;

    (void)state;
    world_open(&w);
    for (int round = 0; round < ROUNDS; round++) {
        memset(got, 0, sizeof(got));
        for (size_t i = 0; i < AT_ONCE; i++) {
            auto_buf struct buf path = {0};
            random = random * BODY_SEED + 12345;
            sizes[i] = (random >> 8) % (random % 3 == 0 ? 100 : 150000);
            buf_printf(&path, "/%zu", sizes[i]);
            start(&w, &got[i], buf_cstr(&path), false);
        }
        for (int turns = 0; turns < round % 8; turns++)
            uv_run(&w.loop, UV_RUN_NOWAIT);
        for (size_t i = (size_t)round % 5; i < AT_ONCE && round % 3 != 0; i += 5)
            if (got[i].done == 0) {
                fetch_cancel(got[i].fetch);
                got[i].done = -1;
            }
        for (size_t i = 0; i < AT_ONCE; i++) {
            if (got[i].done < 0)
                continue;
            wait_done(&w, &got[i], 1);
            check_body(&got[i], sizes[i]);
        }
    }
    assert_int_equal(http_server_connections(w.server), 1);
    world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multiplexing), cmocka_unit_test(test_watches),      cmocka_unit_test(test_reset_stream),
        cmocka_unit_test(test_pause),        cmocka_unit_test(test_server_goes),  cmocka_unit_test(test_cancel_last),
        cmocka_unit_test(test_goaway),       cmocka_unit_test(test_many_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
