#include "api_world.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "cluster/event_expiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EVENTS "/api/v1/namespaces/default/events"

static void test_last_observed(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t seconds;
    } cases[] = {
        {"{\"metadata\":{\"name\":\"e\",\"creationTimestamp\":\"1970-01-01T00:01:00Z\"}}", 60},
        {"{\"metadata\":{\"name\":\"e\",\"creationTimestamp\":\"1970-01-01T00:01:00Z\"},"
         "\"lastTimestamp\":\"1970-01-01T00:02:00Z\"}",
         120},
        {"{\"metadata\":{\"name\":\"e\"},\"eventTime\":\"1970-01-01T00:03:00.000000Z\","
         "\"series\":{\"lastObservedTime\":\"1970-01-01T00:05:00.000000Z\"}}",
         300},
        {"{\"metadata\":{\"name\":\"e\"},\"lastTimestamp\":null}", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct object *o = object_parse(str_of(cases[i].json), NULL, NULL);
        assert_non_null(o);
        assert_int_equal(event_last_observed_ns(o), cases[i].seconds * NS_PER_S);
        object_unref(o);
    }
}

static bool only_one_is_left(struct world *w)
{
    const struct resource *events = resource_find(STR(""), STR("v1"), STR("events"));
    return storage_list(registry_kind(w->registry, events), STR("default")).count == 1;
}

static void test_old_events_go(void **state)
{
    struct world *w = *state;
    static const char *const bodies[] = {"{'metadata':{'name':'young'},'involvedObject':{'kind':'Node','name':'n'},'"
                                         "lastTimestamp':'2200-01-01T00:00:00Z'}",
                                         "{'metadata':{'name':'old'},'involvedObject':{'kind':'Node','name':'n'},'"
                                         "lastTimestamp':'2001-01-01T00:00:00Z'}"};
    for (size_t i = 0; i < 2; i++) {
        struct exchange e = world_ask(w, "POST", EVENTS, "Content-Type: application/json\n", bodies[i]);
        assert_int_equal(e.status, 201);
        exchange_free(&e);
    }
    /* Both were created just now: a time to live of nothing lets only the one from the future stay. */
    struct event_expiry *expiry = event_expiry_new(&w->loop, w->registry, 1, 10);
    world_wait_until(w, only_one_is_left);
    event_expiry_free(expiry);
    struct exchange e = world_ask(w, "GET", EVENTS "/young", NULL, NULL);
    assert_int_equal(e.status, 200);
    exchange_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_observed),
        cmocka_unit_test_setup_teardown(test_old_events_go, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
