#include "fetch_world.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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
int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel_inside),
        cmocka_unit_test(test_cancel_before_start),
        cmocka_unit_test(test_cancel_other_and_self_in_done),
        cmocka_unit_test(test_start_inside),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_cancel_paused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
