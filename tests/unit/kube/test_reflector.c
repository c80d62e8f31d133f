#include "kube/reflector.h"

#include "fake_api.h"

#include "base/alloc.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX_STEPS 9

struct reflector_case {
    const char *name;
    struct step steps[MAX_STEPS];
    const char *events; /* "+n/a:1 " added, "~" changed, "-" gone, "S " synced; bytes of gone ones with "=" */
    const char *logged; /* causes, a line each; NULL: not looked at */
};

static const struct reflector_case cases[] = {
    {"list and watch",
     {{FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1") "," ITEM("n", "b", "2"))},
      {WATCH_FROM("5"), WATCH, 200,
       EVENT("ADDED", ITEM("n", "c", "6")) EVENT("MODIFIED", ITEM("n", "a", "7"))
           EVENT("DELETED", ITEM("n", "b", "8"))}},
     "+n/a:1 +n/b:2 S +n/c:6 ~n/a:7 -n/b:8= ",
     ""},
    {"empty list",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")}, {WATCH_FROM("5"), WATCH, 200, EVENT("ADDED", ITEM("", "c", "6"))}},
     "S +/c:6 ",
     ""},
    {"pages",
     {{FIRST_LIST, ANSWER, 200, PAGE("5", "to/k=", ITEM("n", "a", "1"))},
      {"limit=500&continue=to%2Fk%3D", ANSWER, 200, PAGE("5", "t2", ITEM("n", "b", "2"))},
      {"limit=500&continue=t2", ANSWER, 200, PAGE("6", "", ITEM("n", "c", "3"))},
      {WATCH_FROM("6"), WATCH, 200, ""}},
     "+n/a:1 +n/b:2 +n/c:3 S ",
     ""},
    {"drops of bytes",
     {{FIRST_LIST, WATCH_DRIP, 200, LIST("5", ITEM("n", "a", "1") "," ITEM("n", "b", "2"))},
      {WATCH_FROM("5"), WATCH_DRIP, 200, EVENT("ADDED", ITEM("n", "c", "6")) EVENT("DELETED", ITEM("n", "b", "8"))}},
     "+n/a:1 +n/b:2 S +n/c:6 -n/b:8= ",
     ""},
    {"watch resumes from the last event",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH_END, 200, EVENT("ADDED", ITEM("n", "a", "6"))},
      {WATCH_FROM("6"), WATCH, 200, EVENT("MODIFIED", ITEM("n", "a", "9"))}},
     "S +n/a:6 ~n/a:9 ",
     ""},
    {"watch resumes from the last bookmark",
     {{FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
      {WATCH_FROM("5"), WATCH_CUT, 200, BOOKMARK("70")},
      {WATCH_FROM("70"), WATCH, 200, EVENT("DELETED", ITEM("n", "a", "71"))}},
     "+n/a:1 S -n/a:71= ",
     NULL},
    {"half an event, then a reset",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH_CUT, 200, EVENT("ADDED", ITEM("n", "a", "6")) "{\"type\":\"ADDED\",\"object\":{\"meta"},
      {WATCH_FROM("6"), WATCH_RESET, 200, "{\"type\":\"AD"},
      {WATCH_FROM("6"), REFUSE, 0, ""},
      {WATCH_FROM("6"), WATCH, 200, EVENT("ADDED", ITEM("n", "b", "7"))}},
     "S +n/a:6 +n/b:7 ",
     NULL},
    {"events that are known already, or unknown",
     {{FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
      {WATCH_FROM("5"), WATCH, 200,
       EVENT("ADDED", ITEM("n", "a", "1")) EVENT("ADDED", ITEM("n", "a", "6")) EVENT("DELETED", ITEM("n", "z", "7"))
           EVENT("MODIFIED", ITEM("n", "y", "8"))}},
     "+n/a:1 S ~n/a:6 +n/y:8 ",
     ""},
    {"410 for the watch: a consistent list, and only what changed",
     {{FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1") "," ITEM("n", "b", "2") "," ITEM("n", "c", "3"))},
      {WATCH_FROM("5"), ANSWER, 410, STATUS("410", "Expired", "too old resource version: 5 (90)")},
      {LIST_AGAIN, ANSWER, 200, LIST("99", ITEM("n", "a", "1") "," ITEM("n", "b", "50") "," ITEM("n", "d", "60"))},
      {WATCH_FROM("99"), WATCH, 200, ""}},
     "+n/a:1 +n/b:2 +n/c:3 S ~n/b:50 +n/d:60 -n/c:3 ",
     ""},
    {"410 as an event",
     {{FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
      {WATCH_FROM("5"), WATCH, 200,
       EVENT("ADDED", ITEM("n", "b", "6")) EVENT("ERROR", STATUS("410", "Expired", "too old"))},
      {LIST_AGAIN, ANSWER, 200, LIST("99", "")},
      {WATCH_FROM("99"), WATCH, 200, ""}},
     "+n/a:1 S +n/b:6 -n/?:? -n/?:? ",
     ""},
    {"another error as an event",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH, 200, EVENT("ERROR", STATUS("500", "InternalError", "etcd is away"))},
      {WATCH_FROM("5"), WATCH, 200, EVENT("ERROR", STATUS("400", "BadRequest", "what"))},
      {LIST_AGAIN, ANSWER, 200, LIST("7", "")},
      {WATCH_FROM("7"), WATCH, 200, EVENT("ADDED", ITEM("n", "a", "8"))}},
     "S +n/a:8 ",
     "etcd is away\nwhat\n"},
    {"continue token expires",
     {{FIRST_LIST, ANSWER, 200, PAGE("5", "t1", ITEM("n", "a", "1"))},
      {"limit=500&continue=t1", ANSWER, 410, STATUS("410", "Expired", "continue is too old")},
      {LIST_AGAIN, ANSWER, 200, PAGE("8", "t2", ITEM("n", "b", "2"))},
      {"limit=500&continue=t2", ANSWER, 200, PAGE("8", "", ITEM("n", "c", "3"))},
      {WATCH_FROM("8"), WATCH, 200, ""}},
     "+n/a:1 +n/b:2 +n/c:3 -n/a:1 S ",
     ""},
    {"failures before the first list",
     {{FIRST_LIST, REFUSE, 0, ""},
      {FIRST_LIST, ANSWER, 500, "oops"},
      {FIRST_LIST, ANSWER, 503, ""},
      {FIRST_LIST, ANSWER, 401, STATUS("401", "Unauthorized", "Unauthorized")},
      {FIRST_LIST, ANSWER, 403, STATUS("403", "Forbidden", "things is forbidden")},
      {FIRST_LIST, ANSWER, 403, STATUS("403", "Forbidden", "things is forbidden")},
      {FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH, 200, ""}},
     "S ",
     "127.0.0.1:PORT closed the connection without an answer\n"
     "an error on the server (\"oops\") has prevented the request from succeeding (500)\n"
     "the server is currently unable to handle the request (503)\n"
     "Unauthorized (401)\n"
     "things is forbidden (403)\n"},
    {"lists that are none",
     {{FIRST_LIST, ANSWER, 200, "<html>hello</html>"},
      {FIRST_LIST, ANSWER, 200, "{\"items\":[" ITEM("n", "a", "1")},
      {FIRST_LIST, RAW, 0, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"items\":[" ITEM("n", "b", "1")},
      {FIRST_LIST, ANSWER, 200, "{\"items\":[{\"metadata\":{\"name\":\"x\"}}]}"},
      {FIRST_LIST, ANSWER, 200, "{\"items\":[{\"metadata\":{\"name\":\"x\" \"y\"}}]}"},
      {FIRST_LIST, ANSWER, 200, "{\"items\":[]}"},
      {FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
      {WATCH_FROM("5"), WATCH, 200, ""}},
     "+n/a:1 +n/b:1 -n/b:1 S ",
     NULL},
    {"events that are none",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH, 200, "garbage\n"},
      {WATCH_FROM("5"), WATCH, 200, EVENT("ADDED", ITEM("n", "a", "6")) "{\"type\":\"ADDED\",\"object\":{]}\n"},
      {WATCH_FROM("6"), WATCH, 200, EVENT("ADDED", "{\"metadata\":{}}")},
      {WATCH_FROM("6"), RAW, 0, "SSH-2.0-OpenSSH\r\n\r\n"},
      {WATCH_FROM("6"), WATCH, 200, EVENT("ADDED", ITEM("n", "b", "7"))}},
     "S +n/a:6 +n/b:7 ",
     NULL},
    {"failures of the watch",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), ANSWER, 429, STATUS("429", "TooManyRequests", "slow down")},
      {WATCH_FROM("5"), ANSWER, 500, STATUS("500", "InternalError", "etcd")},
      {WATCH_FROM("5"), ANSWER, 401, ""},
      {WATCH_FROM("5"), ANSWER, 400, STATUS("400", "BadRequest", "no such version")},
      {LIST_AGAIN, ANSWER, 200, LIST("7", "")},
      {WATCH_FROM("7"), WATCH, 200, EVENT("ADDED", ITEM("n", "a", "8"))}},
     "S +n/a:8 ",
     NULL},
    {"a server that ends each watch at once",
     {{FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), WATCH_END, 200, ""},
      {WATCH_FROM("5"), WATCH_END, 200, ""},
      {WATCH_FROM("5"), WATCH_END, 200, ""},
      {WATCH_FROM("5"), WATCH, 200, ""}},
     "S ",
     "the server ends the watch at once\n"},
    {"the same cause again and again",
     {{FIRST_LIST, ANSWER, 503, ""},
      {FIRST_LIST, ANSWER, 503, ""},
      {FIRST_LIST, ANSWER, 503, ""},
      {FIRST_LIST, ANSWER, 200, LIST("5", "")},
      {WATCH_FROM("5"), ANSWER, 503, ""},
      {WATCH_FROM("5"), ANSWER, 503, ""},
      {WATCH_FROM("5"), WATCH, 200, ""}},
     "S ",
     "the server is currently unable to handle the request (503)\n"},
    {"a list that stalls",
     {{FIRST_LIST, HANG, 0, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"items\":[" ITEM("n", "a", "1")},
      {FIRST_LIST, HANG, 0, ""},
      {FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
      {WATCH_FROM("5"), WATCH, 200, ""}},
     "+n/a:1 S ",
     "the list stalls: nothing arrived for 0.05 s\n"},
    {"objects too large",
     {{FIRST_LIST, ANSWER, 200,
       LIST("5", ITEM("n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                      "1") "," ITEM("n", "b", "2"))},
      {WATCH_FROM("5"), WATCH, 200,
       "{\"type\":\"ADDED\",\"object\":"
       "{\"metadata\":{\"name\":"
       "\"ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
       "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
       "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
       "cccccccccccccccccccccccccccccccccccccccccccccccccc\"}}}\n" EVENT("ADDED", ITEM("n", "d", "9"))}},
     "+n/b:2 S +n/d:9 ",
     NULL},
};

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct fake_api api;
    struct fetch_pool *pool;
    struct rest_client *client;
    struct reflector *reflector;
    struct buf events;
    const char *free_at; /* the event that frees the reflector */
    int log_fd;
};

static void on_watchdog(uv_timer_t *timer)
{
    struct world *w = timer->data;

    fail_msg("the loop waited for 10 s: %zu requests, events: %s", w->api.step, buf_cstr(&w->events));
}

/* --- what the reflector says --- */

static void note(struct world *w, const char *mark, const struct reflector_object *object)
{
    auto_buf struct buf event = {0};

    if (object != NULL)
        buf_printf(&event, "%s%.*s/%.*s:%.*s", mark, STR_ARG(object->ns), STR_ARG(object->name),
                   STR_ARG(object->resource_version));
    else
        buf_add_cstr(&event, mark);
    if (mark[0] == '-' && !str_is_empty(object->bytes))
        buf_add_char(&event, '=');
    buf_printf(&w->events, "%s ", buf_cstr(&event));
    if (object != NULL && !str_is_empty(object->bytes)) {
        assert_true(str_starts_with(object->bytes, STR("{\"metadata\":{\"name\":\"")));
        assert_true(str_ends_with(object->bytes, STR("\"x\":[1]}")));
    }
    if (w->free_at != NULL && strcmp(w->free_at, buf_cstr(&event)) == 0) {
        reflector_free(w->reflector);
        w->reflector = NULL;
    }
    uv_stop(&w->loop);
}

static void on_added(void *owner, const struct reflector_object *object)
{
    note(owner, "+", object);
}

static void on_changed(void *owner, const struct reflector_object *object)
{
    note(owner, "~", object);
}

static void on_gone(void *owner, const struct reflector_object *object)
{
    note(owner, "-", object);
}

static void on_synced(void *owner)
{
    note(owner, "S", NULL);
}

static const struct reflector_events events = {on_added, on_changed, on_gone, on_synced};

static uint64_t middle(uint64_t bound)
{
    return bound / 2;
}

static void world_open(struct world *w, const struct step *steps)
{
    struct client_config config = {0};
    auto_buf struct buf server = {0};

    *w = (struct world){0};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    w->watchdog.data = w;
    uv_timer_start(&w->watchdog, on_watchdog, 10000, 0);
    w->log_fd = memfd_create("log", MFD_CLOEXEC);
    log_set_fd(w->log_fd);
    w->pool = fetch_pool_new(&w->loop);
    fake_api_open(&w->api, &w->loop, 0, steps);
    buf_printf(&server, "http://127.0.0.1:%u", fake_peer_port(w->api.peer));
    config.server = buf_take(&server);
    w->client = rest_client_new(w->pool, &config, "test");
    client_config_free(&config);
}

static void start(struct world *w, const struct reflector_options *options)
{
    struct reflector_options o = *options;

    o.path = STR("/api/v1/things");
    o.events = events;
    o.owner = w;
    o.random_below = middle;
    o.backoff_min_ms = 1;
    o.backoff_max_ms = 4;
    o.stall_ms = o.stall_ms > 0 ? o.stall_ms : 50;
    w->reflector = reflector_new(&w->loop, w->client, &o);
}

static void world_close(struct world *w)
{
    reflector_free(w->reflector);
    rest_client_free(w->client);
    fetch_pool_free(w->pool);
    fake_api_close(&w->api);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    buf_free(&w->events);
    log_set_fd(2);
    close(w->log_fd);
}

static void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* GOT as WANTED, where "?" stands for any text up to the next colon or space. */
static bool matches(const char *got, const char *wanted)
{
    for (; *wanted != '\0'; got++, wanted++) {
        if (*wanted == '?') {
            while (*got != '\0' && *got != ':' && *got != ' ')
                got++;
            got--;
        } else if (*got != *wanted) {
            return false;
        }
    }
    return *got == '\0';
}

/* The causes that were logged, a line each. */
static void read_log(struct world *w, struct buf *causes)
{
    static const char before[] = "err=\"";
    static const char behind[] = "\"\n";
    auto_buf struct buf log = {0};
    char port[16];
    ssize_t n;
    struct str line, rest;

    lseek(w->log_fd, 0, SEEK_SET);
    while ((n = read(w->log_fd, buf_reserve(&log, 4096), 4096)) > 0)
        buf_grow_by(&log, (size_t)n);
    rest = buf_str(&log);
    snprintf(port, sizeof(port), ":%u", fake_peer_port(w->api.peer));
    while (str_cut(rest, '\n', &line, &rest)) {
        ptrdiff_t at = str_find(line, str_of(before));
        if (at < 0 || str_find(line, STR("Cannot list or watch")) < 0)
            continue;
        line = str_skip(line, (size_t)at + strlen(before));
        line.len -= strlen(behind) - 1;
        for (; line.len > 0; line = str_skip(line, 1)) {
            if (str_starts_with(line, str_of(port))) {
                buf_add_cstr(causes, ":PORT");
                line = str_skip(line, strlen(port) - 1);
            } else if (line.ptr[0] != '\\') {
                buf_add_char(causes, line.ptr[0]);
            }
        }
        buf_add_char(causes, '\n');
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct reflector_case *c = &cases[i];
        struct world w;
        auto_buf struct buf causes = {0};
        size_t steps = 0;
        print_message("  %s\n", c->name);
        while (steps < MAX_STEPS && c->steps[steps].deed != END)
            steps++;
        assert_true(steps < MAX_STEPS);
        world_open(&w, c->steps);
        start(&w, &(struct reflector_options){.max_object_bytes = 120});
        while (w.api.step < steps || !matches(buf_cstr(&w.events), c->events)) {
            uv_run(&w.loop, UV_RUN_ONCE);
            assert_true(strlen(buf_cstr(&w.events)) <= strlen(c->events) + 20);
        }
        run_for(&w, 5);
        assert_true(matches(buf_cstr(&w.events), c->events));
        assert_true(reflector_has_synced(w.reflector));
        assert_string_equal(reflector_trouble(w.reflector), "");
        read_log(&w, &causes);
        if (c->logged != NULL)
            assert_string_equal(buf_cstr(&causes), c->logged);
        else
            print_message("%s", buf_cstr(&causes));
        world_close(&w);
    }
}

/* Freed in whichever callback, no other comes, and nothing leaks. */
static void test_free_inside(void **state)
{
    static const struct step steps[] = {
        {FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1") "," ITEM("n", "b", "2") "," ITEM("n", "c", "3"))},
        {WATCH_FROM("5"), WATCH, 200,
         EVENT("ADDED", ITEM("n", "d", "6")) EVENT("MODIFIED", ITEM("n", "a", "7"))
             EVENT("DELETED", ITEM("n", "b", "8")) EVENT("ERROR", STATUS("410", "Expired", "too old"))},
        {LIST_AGAIN, ANSWER, 200, LIST("9", "")},
        {WATCH_FROM("9"), WATCH, 200, ""},
        {NULL, END, 0, ""},
    };
    static const struct {
        const char *at, *events;
    } places[] = {
        {"+n/a:1", "+n/a:1 "},
        {"+n/c:3", "+n/a:1 +n/b:2 +n/c:3 "},
        {"S", "+n/a:1 +n/b:2 +n/c:3 S "},
        {"+n/d:6", "+n/a:1 +n/b:2 +n/c:3 S +n/d:6 "},
        {"~n/a:7", "+n/a:1 +n/b:2 +n/c:3 S +n/d:6 ~n/a:7 "},
        {"-n/b:8=", "+n/a:1 +n/b:2 +n/c:3 S +n/d:6 ~n/a:7 -n/b:8= "},
        {"-n/c:3", "+n/a:1 +n/b:2 +n/c:3 S +n/d:6 ~n/a:7 -n/b:8= ?:? "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct world w;
        print_message("  %s\n", places[i].at);
        world_open(&w, steps);
        w.free_at = places[i].at;
        start(&w, &(struct reflector_options){0});
        while (w.reflector != NULL)
            uv_run(&w.loop, UV_RUN_ONCE);
        run_for(&w, 10);
        const char *last = strstr(buf_cstr(&w.events), places[i].at);
        assert_non_null(last);
        assert_string_equal(last + strlen(places[i].at), " ");
        if (strchr(places[i].events, '?') == NULL) /* those of a sweep come in any order */
            assert_string_equal(buf_cstr(&w.events), places[i].events);
        world_close(&w);
    }
}

/* Nobody listens at first: tried again and again, logged once, then all is well. */
static void test_server_comes_later(void **state)
{
    static const struct step steps[] = {
        {FIRST_LIST, ANSWER, 200, LIST("5", ITEM("n", "a", "1"))},
        {WATCH_FROM("5"), WATCH, 200, ""},
        {NULL, END, 0, ""},
    };
    struct world w;
    auto_buf struct buf causes = {0};

    (void)state;
    world_open(&w, steps);
    unsigned port = fake_peer_port(w.api.peer);
    fake_api_close(&w.api);
    run_for(&w, 5);
    start(&w, &(struct reflector_options){0});
    run_for(&w, 60);
    assert_false(reflector_has_synced(w.reflector));
    assert_non_null(strstr(reflector_trouble(w.reflector), "connection refused"));
    fake_api_open(&w.api, &w.loop, port, steps);
    while (!reflector_has_synced(w.reflector))
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_string_equal(reflector_trouble(w.reflector), "");
    read_log(&w, &causes);
    assert_string_equal(buf_cstr(&causes), "connect to 127.0.0.1:PORT: connection refused\n");
    world_close(&w);
}

/* A server that never ends the watch: dropped after its time and some grace, and asked again. */
static void test_watch_outlives_its_time(void **state)
{
    static const struct step steps[] = {
        {FIRST_LIST, ANSWER, 200, LIST("5", "")},
        {NULL, WATCH, 200, BOOKMARK("9")},
        {NULL, WATCH, 200, EVENT("ADDED", ITEM("n", "a", "10"))},
        {NULL, END, 0, ""},
    };
    struct world w;

    (void)state;
    world_open(&w, steps);
    struct reflector_options options = {.watch_min_s = 1, .watch_grace_ms = 1, .healthy_ms = 900};
    w.api.watch_min_s = 1;
    start(&w, &options);
    while (strcmp(buf_cstr(&w.events), "S +n/a:10 ") != 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(str_eq(reflector_resource_version(w.reflector), STR("10")));
    assert_int_equal(reflector_count(w.reflector), 1);
    world_close(&w);
}

static void test_selectors(void **state)
{
    static const struct step steps[] = {
        {"limit=7&resourceVersion=0&labelSelector=a%3Db%2Cc&fieldSelector=spec.nodeName%3Dn", ANSWER, 200,
         LIST("5", "")},
        {WATCH_FROM("5") "&labelSelector=a%3Db%2Cc&fieldSelector=spec.nodeName%3Dn", WATCH, 200, ""},
        {NULL, END, 0, ""},
    };
    struct world w;

    (void)state;
    world_open(&w, steps);
    struct reflector_options options = {
        .page_size = 7, .label_selector = STR("a=b,c"), .field_selector = STR("spec.nodeName=n")};
    start(&w, &options);
    while (w.api.step < 2)
        uv_run(&w.loop, UV_RUN_ONCE);
    world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_free_inside),
        cmocka_unit_test(test_server_comes_later),
        cmocka_unit_test(test_watch_outlives_its_time),
        cmocka_unit_test(test_selectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
