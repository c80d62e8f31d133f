/* Reflectors as they run: over TLS and HTTP/2, many watches on one connection, a server that comes and goes. */
#include "kube/reflector.h"

#include "../net/fake_pki.h"

#include "base/alloc.h"
#include "base/log.h"
#include "net/http_server.h"

#include <fcntl.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REFLECTORS 8
#define OBJECTS 300

struct watcher {
    struct world *w;
    struct reflector *reflector;
    struct buf path;
    int added, changed, gone, synced;
};

/* The server has OBJECTS objects in each of its resources, at a version that grows by one with each event. */
struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct fake_pki *pki;
    struct buf ca, cert, key;
    struct tls_server *tls;
    struct http_server *server;
    unsigned port;
    uint64_t version;
    struct http_exchange *watches[REFLECTORS];
    size_t watch_count;
    struct fetch_pool *pool;
    struct rest_client *client;
    struct watcher watchers[REFLECTORS];
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 20 s");
}

static void on_watch_closed(void *arg, struct http_exchange *x)
{
    struct world *w = arg;

    for (size_t i = 0; i < w->watch_count; i++)
        if (w->watches[i] == x)
            w->watches[i--] = w->watches[--w->watch_count];
}

static const struct http_exchange_events watch_events = {.on_closed = on_watch_closed};

static void on_request(void *arg, struct http_exchange *x)
{
    struct world *w = arg;
    auto_buf struct buf list = {0};

    if (str_find(http_exchange_request(x)->query, STR("watch=true")) >= 0) {
        assert_true(w->watch_count < REFLECTORS);
        w->watches[w->watch_count++] = x;
        http_exchange_listen(x, &watch_events, w);
        http_exchange_start(x, 200, NULL, -1);
        return;
    }
    buf_add_cstr(&list, "{\"items\":[");
    for (int i = 0; i < OBJECTS; i++)
        buf_printf(&list, "%s{\"metadata\":{\"name\":\"o%d\",\"resourceVersion\":\"1\"},\"pad\":\"%0300d\"}",
                   i > 0 ? "," : "", i, i);
    buf_printf(&list, "],\"metadata\":{\"resourceVersion\":\"%llu\"}}", (unsigned long long)w->version);
    http_exchange_respond(x, 200, NULL, buf_str(&list));
}

static void serve(struct world *w)
{
    struct http_limits limits = http_limits_default;

    w->server = http_server_new(&w->loop, w->tls, &limits, (struct http_handler){on_request, w});
    assert_true(http_server_listen(w->server, "127.0.0.1", (uint16_t)w->port, NULL));
    w->port = http_server_port(w->server);
}

static void send_event(struct world *w)
{
    w->version++;
    for (size_t i = 0; i < w->watch_count; i++) {
        auto_buf struct buf event = {0};
        buf_printf(&event,
                   "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"o7\",\"resourceVersion\":\"%llu\"}}}\n",
                   (unsigned long long)w->version);
        http_exchange_write(w->watches[i], buf_str(&event));
    }
}

static void on_added(void *owner, const struct reflector_object *object)
{
    struct watcher *watcher = owner;

    assert_true(str_starts_with(object->bytes, STR("{")) && str_ends_with(object->bytes, STR("}")));
    watcher->added++;
}

static void on_changed(void *owner, const struct reflector_object *object)
{
    struct watcher *watcher = owner;

    assert_true(str_eq(object->name, STR("o7")));
    watcher->changed++;
}

static void on_gone(void *owner, const struct reflector_object *object)
{
    struct watcher *watcher = owner;

    (void)object;
    watcher->gone++;
}

static void on_synced(void *owner)
{
    struct watcher *watcher = owner;

    assert_int_equal(watcher->added, OBJECTS);
    watcher->synced++;
}

static void world_open(struct world *w)
{
    struct tls_server_options options = {.is_http2_enabled = true};
    struct client_config config = {0};
    struct buf server = {0};

    *w = (struct world){.version = 100};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 20000, 0);
    w->pki = fake_pki_new("test CA");
    fake_pki_ca(w->pki, &w->ca);
    fake_pki_issue(w->pki, "server", "IP:127.0.0.1", &w->cert, &w->key);
    options.certificate_pem = buf_str(&w->cert);
    options.key_pem = buf_str(&w->key);
    w->tls = tls_server_new(&options, NULL);
    serve(w);
    w->pool = fetch_pool_new(&w->loop);
    buf_printf(&server, "https://127.0.0.1:%u", w->port);
    config.server = buf_take(&server);
    config.ca = mem_strdup(buf_cstr(&w->ca));
    w->client = rest_client_new(w->pool, &config, NULL);
    client_config_free(&config);
}

static void start_all(struct world *w)
{
    for (size_t i = 0; i < REFLECTORS; i++) {
        struct watcher *watcher = &w->watchers[i];
        watcher->w = w;
        buf_printf(&watcher->path, "/api/v1/things%zu", i);
        watcher->reflector =
            reflector_new(&w->loop, w->client,
                          &(struct reflector_options){.path = buf_str(&watcher->path),
                                                      .owner = watcher,
                                                      .events = {on_added, on_changed, on_gone, on_synced},
                                                      .backoff_min_ms = 8,
                                                      .backoff_max_ms = 40});
    }
}

static void wait_watches(struct world *w, size_t count)
{
    while (w->watch_count < count)
        uv_run(&w->loop, UV_RUN_ONCE);
}

static void wait_changes(struct world *w, int count)
{
    for (size_t i = 0; i < REFLECTORS; i++)
        while (w->watchers[i].changed < count)
            uv_run(&w->loop, UV_RUN_ONCE);
}

static void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void world_close(struct world *w)
{
    for (size_t i = 0; i < REFLECTORS; i++) {
        reflector_free(w->watchers[i].reflector);
        buf_free(&w->watchers[i].path);
    }
    rest_client_free(w->client);
    fetch_pool_free(w->pool);
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

static void test_one_connection(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    start_all(&w);
    wait_watches(&w, REFLECTORS);
    assert_int_equal(http_server_connections(w.server), 1);
    for (int i = 1; i <= 50; i++) {
        send_event(&w);
        wait_changes(&w, i);
    }
    for (size_t i = 0; i < REFLECTORS; i++) {
        assert_int_equal(w.watchers[i].synced, 1);
        assert_int_equal(w.watchers[i].gone, 0);
        assert_int_equal(reflector_count(w.watchers[i].reflector), OBJECTS);
    }
    reflector_free(w.watchers[3].reflector); /* the others go on */
    w.watchers[3].reflector = NULL;
    send_event(&w);
    for (size_t i = 0; i < REFLECTORS; i++)
        while (i != 3 && w.watchers[i].changed < 51)
            uv_run(&w.loop, UV_RUN_ONCE);
    run_for(&w, 5);
    assert_int_equal(w.watchers[3].changed, 50);
    assert_int_equal(w.watch_count, REFLECTORS - 1);
    world_close(&w);
}

/* The server is killed, and started again, while events come; nothing is listed twice, no event is lost. */
static void test_server_restarts(void **state)
{
    struct world w;
    auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)state;
    log_set_fd(null);
    world_open(&w);
    start_all(&w);
    wait_watches(&w, REFLECTORS);
    for (int i = 1; i <= 5; i++) {
        http_server_close(w.server, i % 2 == 0 ? 0 : INT64_C(20000000), NULL, NULL);
        while (w.watch_count > 0)
            uv_run(&w.loop, UV_RUN_ONCE);
        run_for(&w, 20);
        assert_int_not_equal(strlen(reflector_trouble(w.watchers[0].reflector)), 0);
        serve(&w);
        wait_watches(&w, REFLECTORS);
        send_event(&w);
        wait_changes(&w, i);
        assert_string_equal(reflector_trouble(w.watchers[0].reflector), "");
    }
    for (size_t i = 0; i < REFLECTORS; i++) {
        assert_int_equal(w.watchers[i].added, OBJECTS);
        assert_int_equal(w.watchers[i].gone, 0);
        assert_int_equal(w.watchers[i].synced, 1);
    }
    world_close(&w);
    log_set_fd(2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_connection),
        cmocka_unit_test(test_server_restarts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
