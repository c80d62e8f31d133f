#include "serve/watch.h"

#include "../apiserver/world.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "scrape/batch_builder.h"
#include "serve/metrics_api.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define API "/apis/metrics.k8s.io/v1beta1"
#define NOON_NS (INT64_C(1769860800) * NS_PER_S)

static struct usage_store *the_store;
static struct catalog *the_catalog;
static struct ledger *the_ledger;
static struct metrics_api *the_api;

static void put(int64_t time_s, bool has_q)
{
    struct batch_builder b;
    struct usage_point p = {
        .time_ns = NOON_NS + time_s * NS_PER_S, .cpu_ns = (uint64_t)(time_s + 1) * 1000000, .memory_bytes = 1048576};

    batch_builder_init(&b, usage_store_roster(the_store, STR("n1")));
    b.node = p;
    *batch_builder_take(&b, (struct container_names){STR("c"), STR("p"), STR("a")}) = p;
    if (has_q)
        *batch_builder_take(&b, (struct container_names){STR("c"), STR("q"), STR("b")}) = p;
    ledger_put(the_ledger, STR("n1"), batch_builder_finish(&b), clock_unix_ns());
}

static void set_pod(const char *namespace, const char *name, const char *app)
{
    auto_buf struct buf json = {0};

    buf_printf(&json,
               "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"labels\":{\"app\":\"%s\"}},\"spec\":{"
               "\"nodeName\":\"n1\"}}",
               name, namespace, app);
    assert_non_null(ledger_set_pod(the_ledger, str_of(namespace), str_of(name), buf_str(&json), clock_unix_ns(), NULL));
}

static void route(struct world *w)
{
    the_api = metrics_api_new(&w->loop, the_ledger, STR(""));
    metrics_api_install(the_api, w->server);
}

static struct world *start(void)
{
    the_store = usage_store_new(15 * NS_PER_S);
    the_catalog = catalog_new(STR(""), NULL);
    the_ledger = ledger_new(
        &(struct ledger_options){.catalog = the_catalog, .store = the_store, .tag = 5, .now_unix_ns = clock_unix_ns()});
    ledger_set_node(the_ledger, STR("n1"), STR("{\"metadata\":{\"name\":\"n1\"}}"), clock_unix_ns(), NULL);
    set_pod("a", "p", "web");
    set_pod("b", "q", "db");
    put(0, true);
    put(15, true);
    return world_new(&(struct world_options){.route = route, .allows_all = true});
}

static void stop(struct world *w)
{
    metrics_api_free(the_api);
    world_free(w);
    ledger_free(the_ledger);
    catalog_free(the_catalog);
    usage_store_free(the_store);
}

static size_t count(const struct buf *text, const char *what)
{
    struct str rest = buf_str(text);
    size_t n = 0;

    for (ptrdiff_t at; (at = str_find(rest, str_of(what))) >= 0; n++)
        rest = str_skip(rest, (size_t)at + 1);
    return n;
}

/* Until WHAT has come COUNT times. */
static void wait_for(struct answer *a, const char *what, size_t times)
{
    while (!a->is_done && count(&a->body, what) < times)
        uv_run(&a->w->loop, UV_RUN_ONCE);
    if (count(&a->body, what) < times)
        fail_msg("%s: %zu times instead of %zu in %d %s", what, count(&a->body, what), times, a->status,
                 buf_cstr(&a->body));
}

/* PATH; VERSION goes behind a "resourceVersion=" at its end. */
static void print_path(char *to, size_t size, const char *path, uint64_t version)
{
    bool needs_version = str_ends_with(str_of(path), STR("resourceVersion="));

    if (needs_version)
        snprintf(to, size, API "%s%" PRIu64, path, version);
    else
        snprintf(to, size, API "%s", path);
}

/* What comes at once, and then with each order. TOLD is the types and names of the events, in order. */
static void print_events(struct buf *to, struct str body)
{
    struct str line, rest;

    while (str_cut(body, '\n', &line, &body)) {
        ptrdiff_t name = str_find(line, STR("\"name\":\""));
        str_cut(str_skip(line, strlen("{\"type\":\"")), '"', &line, &rest);
        buf_printf(to, "%s%.*s", to->len > 0 ? " " : "", STR_ARG(line));
        if (name < 0 || str_eq(line, STR("ERROR")))
            continue;
        ptrdiff_t at = str_find(rest, STR("\"name\":\""));
        str_cut(str_skip(rest, (size_t)at + strlen("\"name\":\"")), '"', &line, &rest);
        buf_printf(to, " %.*s", STR_ARG(line));
    }
}

static void test_events(void **state)
{
    static const struct {
        const char *query;
        const char *told;
    } cases[] = {
        {"/pods?watch=true", "ADDED p ADDED q MODIFIED p MODIFIED q MODIFIED p DELETED p DELETED q"},
        {"/nodes?watch=1", "ADDED n1 MODIFIED n1 DELETED n1"},
        {"/namespaces/a/pods?watch=true", "ADDED p MODIFIED p MODIFIED p DELETED p"},
        {"/pods?watch=true&fieldSelector=metadata.name%3Dq", "ADDED q MODIFIED q DELETED q"},
        {"/pods?watch=true&labelSelector=app%3Dweb", "ADDED p MODIFIED p DELETED p"},
        {"/pods?watch=true&labelSelector=app%3Ddb", "ADDED q MODIFIED q ADDED p DELETED p DELETED q"},
        {"/pods?watch=true&resourceVersion=", "MODIFIED p MODIFIED q MODIFIED p DELETED p DELETED q"},
        {"/pods?watch=true&resourceVersion=0", "ADDED p ADDED q MODIFIED p MODIFIED q MODIFIED p DELETED p DELETED q"},
        {"/pods?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
         "MODIFIED p MODIFIED q MODIFIED p DELETED p DELETED q"},
        {"/nodes?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
         "ADDED n1 BOOKMARK MODIFIED n1 DELETED n1"},
    };
    enum {
        CASES = sizeof(cases) / sizeof(cases[0])
    };
    struct world *w = start();
    struct answer answers[CASES] = {0};

    (void)state;
    uint64_t version = ledger_version(the_ledger);
    for (size_t i = 0; i < CASES; i++) {
        char path[256];
        print_path(path, sizeof(path), cases[i].query, version);
        world_send(w, &(struct question){.path = path}, &answers[i]);
    }
    /* the slowest of them to get there has been told what there was, and so have all */
    for (size_t i = 0; i < CASES; i++)
        while (answers[i].status == 0)
            uv_run(&w->loop, UV_RUN_ONCE);
    wait_for(&answers[0], "ADDED", 2);
    put(30, true);
    wait_for(&answers[0], "MODIFIED", 2);
    set_pod("a", "p", "db");
    wait_for(&answers[0], "MODIFIED", 3);
    ledger_remove_pod(the_ledger, STR("a"), STR("p"), clock_unix_ns());
    wait_for(&answers[0], "DELETED", 1);
    ledger_drop(the_ledger, STR("n1"), clock_unix_ns());
    wait_for(&answers[0], "DELETED", 2);
    metrics_api_end_watches(the_api);
    for (size_t i = 0; i < CASES; i++) {
        auto_buf struct buf told = {0};
        world_wait(&answers[i]);
        assert_int_equal(answers[i].status, 200);
        assert_false(answers[i].is_broken);
        assert_string_equal(answer_header(&answers[i], "content-type"), "application/json");
        print_events(&told, buf_str(&answers[i].body));
        if (strcmp(buf_cstr(&told), cases[i].told) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].query, buf_cstr(&told), cases[i].told);
        answer_free(&answers[i]);
    }
    stop(w);
}

/* Whoever comes back with the version that it had finds all that it missed. */
static void test_resuming(void **state)
{
    struct world *w = start();
    auto_answer struct answer first = {0}, second = {0};
    char path[128];

    (void)state;
    uint64_t version = ledger_version(the_ledger);
    world_ask(w, &(struct question){.path = API "/pods?limit=500"}, &first);
    put(30, false); /* q is gone */
    put(45, false);
    print_path(path, sizeof(path), "/pods?watch=true&timeoutSeconds=1&resourceVersion=", version);
    world_ask(w, &(struct question){.path = path}, &second);
    auto_buf struct buf told = {0};
    print_events(&told, buf_str(&second.body));
    assert_string_equal(buf_cstr(&told), "DELETED q MODIFIED p");
    assert_false(second.is_broken);
    stop(w);
}

static void test_too_old(void **state)
{
    struct world *w = start();
    uint64_t now = ledger_version(the_ledger);
    const uint64_t versions[] = {1, now - LEDGER_STEP * 1000000, now + 1, now + LEDGER_STEP * 1000000};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        auto_answer struct answer a = {0};
        char path[128];
        print_path(path, sizeof(path), "/pods?watch=true&resourceVersion=", versions[i]);
        world_ask(w, &(struct question){.path = path}, &a);
        assert_int_equal(a.status, 200);
        assert_int_equal(count(&a.body, "\"type\":\"ERROR\""), 1);
        assert_int_equal(count(&a.body, "\"reason\":\"Expired\",\"code\":410"), 1);
        assert_int_equal(count(&a.body, "ADDED"), 0);
    }
    stop(w);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *path, *accept;
        int status;
    } cases[] = {
        {API "/pods?watch=true", "application/yaml", 406},
        {API "/pods?watch=true", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", 406},
        {API "/pods?watch=true&resourceVersion=x", "*/*", 422},
        {API "/pods?watch=true&timeoutSeconds=x", "*/*", 400},
        {API "/pods?watch=true&labelSelector=a%3Db%3Dc", "*/*", 400},
        {API "/pods?watch=true&fieldSelector=spec.x%3Db", "*/*", 400},
        {API "/pods?watch=true&resourceVersionMatch=NotOlderThan", "*/*", 422},
        {API "/pods?watch=true&sendInitialEvents=true", "*/*", 422},
        {API "/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact", "*/*", 422},
        {API "/watch/pods", "*/*", 404},
    };
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &(struct question){.path = cases[i].path, .headers = {"Accept", cases[i].accept}}, &a);
        if (a.status != cases[i].status)
            fail_msg("%s: %d %s", cases[i].path, a.status, buf_cstr(&a.body));
    }
    assert_false(ledger_is_tracking(the_ledger)); /* nobody watches: nothing is kept */
    stop(w);
}

/* A Table's columns come with the first event, and not again. */
static void test_forms(void **state)
{
    struct world *w = start();
    auto_answer struct answer table = {0}, partial = {0}, proto = {0};

    (void)state;
    world_send(w,
               &(struct question){.path = API "/nodes?watch=true",
                                  .headers = {"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}},
               &table);
    world_send(
        w,
        &(struct question){.path = API "/nodes?watch=true",
                           .headers = {"Accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}},
        &partial);
    world_send(w,
               &(struct question){.path = API "/nodes?watch=true&sendInitialEvents=true&resourceVersionMatch="
                                              "NotOlderThan&allowWatchBookmarks=true",
                                  .headers = {"Accept", "application/vnd.kubernetes.protobuf;stream=watch"}},
               &proto);
    wait_for(&table, "ADDED", 1);
    wait_for(&partial, "ADDED", 1);
    wait_for(&proto, "k8s.io/initial-events-end", 1);
    put(30, true);
    wait_for(&table, "MODIFIED", 1);
    wait_for(&partial, "MODIFIED", 1);
    wait_for(&proto, "MODIFIED", 1);
    assert_int_equal(count(&table.body, "\"name\":\"cpu\""), 1);
    assert_int_equal(count(&table.body, "\"kind\":\"Table\""), 2);
    assert_int_equal(count(&partial.body, "\"kind\":\"PartialObjectMetadata\""), 2);
    assert_int_equal(count(&partial.body, "usage"), 0);
    assert_string_equal(answer_header(&proto, "content-type"), "application/vnd.kubernetes.protobuf;stream=watch");
    struct str frames = buf_str(&proto.body);
    for (size_t i = 0; i < 3; i++) {
        size_t length = (size_t)(unsigned char)frames.ptr[2] << 8 | (unsigned char)frames.ptr[3];
        assert_int_equal(frames.ptr[0] | frames.ptr[1], 0);
        assert_true(frames.len >= length + 4);
        assert_int_equal(frames.ptr[4], 0x0a);
        frames = str_skip(frames, length + 4);
    }
    assert_int_equal(frames.len, 0);
    metrics_api_end_watches(the_api);
    world_wait(&table);
    world_wait(&partial);
    world_wait(&proto);
    stop(w);
}

/* --- a client that doesn't read --- */

struct reader {
    struct fetch *fetch;
    struct buf body;
    bool is_pausing, is_done;
};

static void on_data(void *owner, struct str chunk)
{
    struct reader *reader = owner;

    buf_add_str(&reader->body, chunk);
    if (reader->is_pausing)
        fetch_pause(reader->fetch);
}

static void on_done(void *owner, const struct error *err)
{
    struct reader *reader = owner;

    assert_null(err);
    reader->is_done = true;
}

static void on_time(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

/* As long as changes are gathered before they go out, and a bit. */
static void let_pass(struct world *w)
{
    uv_timer_t timer;

    uv_timer_init(&w->loop, &timer);
    uv_timer_start(&timer, on_time, 3, 0);
    while (uv_is_active((uv_handle_t *)&timer))
        uv_run(&w->loop, UV_RUN_ONCE);
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* It misses states, not the last one, and its queue has an end: what it gets in all is a part of what happened. */
static void test_slow_client(void **state)
{
    enum {
        CHANGES = 400,
        LABEL_BYTES = 60000
    };
    struct world *w = start();
    struct reader reader = {.is_pausing = true};
    auto_buf struct buf url = {0}, label = {0};
    struct fetch_options options = {.owner = &reader, .on_data = on_data, .on_done = on_done, .may_pause = true};

    (void)state;
    buf_printf(&url, "https://127.0.0.1:%u" API "/pods?watch=true", api_server_port(w->server));
    options.url = buf_str(&url);
    options.tls.ca = buf_str(&w->serving.certificate);
    reader.fetch = fetch_start(w->pool, &options);
    while (reader.body.len == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    for (unsigned i = 0; i < CHANGES; i++) {
        buf_clear(&label);
        for (size_t j = 0; j < LABEL_BYTES; j++)
            buf_add_char(&label, 'x');
        buf_printf(&label, "%u", i);
        set_pod("a", "p", buf_cstr(&label));
        let_pass(w);
    }
    set_pod("a", "p", "the-last");
    let_pass(w);
    reader.is_pausing = false;
    fetch_resume(reader.fetch);
    while (count(&reader.body, "the-last") == 0 && !reader.is_done)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(count(&reader.body, "the-last"), 1);
    assert_in_range(reader.body.len, LABEL_BYTES, (size_t)CHANGES * LABEL_BYTES / 2);
    set_pod("a", "p", "after-that"); /* and it is live again */
    while (count(&reader.body, "after-that") == 0 && !reader.is_done)
        uv_run(&w->loop, UV_RUN_ONCE);
    metrics_api_end_watches(the_api);
    while (!reader.is_done)
        uv_run(&w->loop, UV_RUN_ONCE);
    buf_free(&reader.body);
    stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),   cmocka_unit_test(test_resuming), cmocka_unit_test(test_too_old),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_forms),    cmocka_unit_test(test_slow_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
