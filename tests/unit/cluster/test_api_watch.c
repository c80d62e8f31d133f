#include "api_world.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CM "/api/v1/namespaces/default/configmaps"
#define JSON_TYPE "Content-Type: application/json\n"
#define MP "Content-Type: application/merge-patch+json\n"

static void ask(struct world *w, const char *method, const char *path, const char *headers, const char *body,
                int status)
{
    struct exchange e = world_ask(w, method, path, headers, body);
    if (e.status != status)
        fail_msg("%s %s: %d %s", method, path, e.status, buf_cstr(&e.body));
    exchange_free(&e);
}

static void create(struct world *w, const char *name, const char *label)
{
    char body[128];
    snprintf(body, sizeof(body), "{'metadata':{'name':'%s','labels':{'l':'%s'}}}", name, label);
    ask(w, "POST", CM, JSON_TYPE, body, 201);
}

/* "ADDED a, MODIFIED a": the types and names in a stream of events. */
static void summarise(const struct exchange *e, struct buf *out)
{
    struct str rest = buf_str(&e->body), line;
    while (str_cut(rest, '\n', &line, &rest)) {
        json_t *event = json_loadb(line.ptr, line.len, 0, NULL);
        assert_non_null(event);
        const char *name =
            json_string_value(json_object_get(json_object_get(json_object_get(event, "object"), "metadata"), "name"));
        buf_printf(out, "%s%s%s%s", out->len > 0 ? ", " : "", json_string_value(json_object_get(event, "type")),
                   name != NULL ? " " : "", name != NULL ? name : "");
        json_decref(event);
    }
}

static void check_events(const struct exchange *e, const char *want)
{
    struct buf got = {0};
    summarise(e, &got);
    assert_string_equal(buf_cstr(&got), want);
    buf_free(&got);
}

__attribute__((format(printf, 3, 4))) static void watch(struct world *w, struct exchange *e, const char *format, ...)
{
    char path[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(path, sizeof(path), format, ap);
    va_end(ap);
    world_start(w, e, "GET", path, NULL, NULL, 0);
}

static void test_selected_events(void **state)
{
    struct world *w = *state;
    struct exchange all, red, one;
    uint64_t since = storage_version(w->storage);
    watch(w, &all, CM "?watch=true&resourceVersion=%" PRIu64, since);
    watch(w, &red, CM "?watch=true&labelSelector=l%%3Dred&resourceVersion=%" PRIu64, since);
    watch(w, &one, CM "?watch=true&fieldSelector=metadata.name%%3Db&resourceVersion=%" PRIu64, since);
    create(w, "a", "red");
    create(w, "b", "blue");
    ask(w, "PATCH", CM "/a", MP, "{'data':{'x':'y'}}", 200);
    ask(w, "PATCH", CM "/a", MP, "{'metadata':{'labels':{'l':'blue'}}}", 200);
    ask(w, "PATCH", CM "/b", MP, "{'metadata':{'labels':{'l':'red'}}}", 200);
    ask(w, "DELETE", CM "/a", NULL, NULL, 200);
    ask(w, "DELETE", CM "/b", NULL, NULL, 200);
    create(w, "end", "red");
    world_wait_text(w, &all, "\"name\":\"end\"");
    world_wait_text(w, &red, "\"name\":\"end\"");
    world_wait_text(w, &one, "DELETED");
    check_events(&all, "ADDED a, ADDED b, MODIFIED a, MODIFIED a, MODIFIED b, DELETED a, DELETED b, ADDED end");
    check_events(&red, "ADDED a, MODIFIED a, DELETED a, ADDED b, DELETED b, ADDED end");
    check_events(&one, "ADDED b, MODIFIED b, DELETED b");
    exchange_free(&all);
    exchange_free(&red);
    exchange_free(&one);
}

static void test_where_a_watch_starts(void **state)
{
    struct world *w = *state;
    create(w, "a", "");
    uint64_t since = storage_version(w->storage);
    create(w, "b", "");
    struct exchange e;
    watch(w, &e, CM "?watch=1&labelSelector=l&resourceVersion=%" PRIu64, since);
    world_wait_text(w, &e, "\"name\":\"b\"");
    check_events(&e, "ADDED b");
    exchange_free(&e);
    watch(w, &e, CM "?watch=1&labelSelector=l&resourceVersion=0");
    world_wait_text(w, &e, "\"name\":\"b\"");
    check_events(&e, "ADDED a, ADDED b");
    exchange_free(&e);
    watch(w, &e, CM "?watch=1&labelSelector=l");
    world_wait_text(w, &e, "\"name\":\"b\"");
    check_events(&e, "ADDED a, ADDED b");
    exchange_free(&e);
    watch(w, &e,
          CM "?watch=1&labelSelector=l&sendInitialEvents=true&allowWatchBookmarks=true&"
             "resourceVersionMatch=NotOlderThan");
    world_wait_text(w, &e, "initial-events-end");
    check_events(&e, "ADDED a, ADDED b, BOOKMARK");
    exchange_free(&e);
    watch(w, &e, CM "?watch=1&sendInitialEvents=true");
    world_wait(w, &e);
    assert_int_equal(e.status, 400);
    exchange_free(&e);
    watch(w, &e, CM "?watch=1&resourceVersion=x");
    world_wait(w, &e);
    assert_int_equal(e.status, 400);
    exchange_free(&e);
    /* of the future: from another database, so the client has to list again */
    watch(w, &e, CM "?watch=1&resourceVersion=1000000");
    world_wait(w, &e);
    assert_int_equal(e.status, 200);
    assert_non_null(strstr(buf_cstr(&e.body), "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\""));
    assert_non_null(strstr(buf_cstr(&e.body), "\"code\":410"));
    exchange_free(&e);
}

static void test_ends_in_time(void **state)
{
    struct world *w = *state;
    struct exchange e;
    watch(w, &e, CM "?watch=1&timeoutSeconds=1&labelSelector=l&resourceVersion=%" PRIu64, storage_version(w->storage));
    world_wait(w, &e);
    assert_int_equal(e.status, 200);
    assert_int_equal(e.body.len, 0);
    exchange_free(&e);
}

static void test_tables(void **state)
{
    struct world *w = *state;
    struct exchange e;
    char path[128];
    snprintf(path, sizeof(path), CM "?watch=1&resourceVersion=%" PRIu64, storage_version(w->storage));
    world_start(w, &e, "GET", path, "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\n", NULL, 0);
    create(w, "a", "");
    create(w, "b", "");
    world_wait_text(w, &e, "\"cells\":[\"b\"");
    const char *first = strstr(buf_cstr(&e.body), "\"name\":\"Data\"");
    assert_non_null(first);
    assert_null(strstr(first + 1, "\"name\":\"Data\"")); /* columns only once */
    exchange_free(&e);
}

/* A client that goes in the middle, and a server that closes with watches open, leave nothing behind (ASan looks). */
static void test_abandoned(void **state)
{
    struct world *w = *state;
    struct exchange gone;
    static struct exchange open; /* world_teardown cancels it */
    watch(w, &gone, CM "?watch=1&resourceVersion=0");
    world_wait_text(w, &gone, "ADDED");
    exchange_free(&gone);
    create(w, "a", "");
    watch(w, &open, CM "?watch=1&resourceVersion=0");
    world_wait_text(w, &open, "ADDED");
    buf_free(&open.body);
    buf_free(&open.headers);
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        WORLD(test_selected_events), WORLD(test_where_a_watch_starts), WORLD(test_ends_in_time), WORLD(test_tables),
        WORLD(test_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
