#include "serve/metrics_walk.h"

#include "base/clock.h"
#include "scrape/batch_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    PODS = 300,
    NAMESPACES = 7,
};

static struct str name_of(char out[16], unsigned i)
{
    snprintf(out, 16, "p%03u", i);
    return str_of(out);
}

static struct str namespace_of(char out[16], unsigned i)
{
    snprintf(out, 16, "ns%u", i % NAMESPACES);
    return str_of(out);
}

static void put_batch(struct usage_store *s, int64_t time_s)
{
    struct batch_builder b;

    batch_builder_init(&b, NULL);
    b.node = (struct usage_point){.time_ns = time_s * NS_PER_S, .cpu_ns = (uint64_t)time_s, .memory_bytes = 1};
    for (unsigned i = 0; i < PODS; i++) {
        char name[16], namespace[16];
        struct container_names names = {STR("c"), name_of(name, i), namespace_of(namespace, i)};
        *batch_builder_take(&b, names) =
            (struct usage_point){.time_ns = time_s * NS_PER_S, .cpu_ns = (uint64_t)time_s, .memory_bytes = i + 1};
    }
    usage_store_put(s, STR("n1"), batch_builder_finish(&b));
}

static void set_pod(struct catalog *c, unsigned i)
{
    char json[128], name[16], namespace[16];

    name_of(name, i);
    namespace_of(namespace, i);
    snprintf(json, sizeof(json), "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"},\"spec\":{\"nodeName\":\"n1\"}}",
             name, namespace);
    assert_non_null(catalog_set_pod(c, str_of(json), NULL));
}

static void remove_pod(struct catalog *c, unsigned i)
{
    char name[16], namespace[16];

    catalog_remove_pod(c, namespace_of(namespace, i), name_of(name, i));
}

/*
 * A list that is paused after every few items while pods come and go: those that stay come once each, in order, and
 * none comes twice. Of pods the odd ones are there all the time, the others change at random.
 */
static void test_changes_during_a_list(void **state)
{
    struct usage_store *store = usage_store_new(15 * NS_PER_S);
    struct catalog *catalog = catalog_new(STR(""), NULL);
    struct api_request request = {0};
    uint32_t seed = 11;

    (void)state;
    put_batch(store, 1000);
    put_batch(store, 1015);
    for (unsigned i = 0; i < PODS; i++)
        set_pod(catalog, i);
    for (unsigned every = 1; every <= 50; every += 7) {
        struct metrics_walk walk = {
            .question = {.request = &request, .catalog = catalog, .store = store, .is_pods = true, .version = "v1"}};
        struct metrics_object m;
        unsigned count = 0, odd = 0;
        char last[64] = "";
        while (metrics_walk_next(&walk, &m)) {
            char now[64];
            snprintf(now, sizeof(now), "%.*s/%.*s", STR_ARG(m.object->namespace), STR_ARG(m.object->name));
            assert_true(strcmp(last, now) < 0);
            memcpy(last, now, sizeof(last));
            assert_int_equal(m.pod->count, 1);
            odd += m.pod->containers[0].memory_bytes % 2; /* p000 has 1 */
            if (++count % every != 0)
                continue;
            metrics_walk_pause(&walk);
            for (unsigned change = 0; change < 20; change++) {
                seed = seed * 1664525 + 1013904223;
                unsigned i = ((seed >> 8) % (PODS / 2)) * 2 + 1;
                if (seed >> 31)
                    set_pod(catalog, i);
                else
                    remove_pod(catalog, i);
            }
        }
        assert_int_equal(odd, PODS / 2);
        metrics_walk_rewind(&walk);
        assert_true(metrics_walk_next(&walk, &m));
        assert_true(str_eq_cstr(m.object->name, "p000"));
        metrics_walk_free(&walk);
    }
    catalog_free(catalog);
    usage_store_free(store);
}

/* A pause before the first item, and at the end, is none. */
static void test_pauses_at_the_ends(void **state)
{
    struct usage_store *store = usage_store_new(15 * NS_PER_S);
    struct catalog *catalog = catalog_new(STR(""), NULL);
    struct api_request request = {0};
    struct metrics_walk walk = {.question = {.request = &request, .catalog = catalog, .store = store}};
    struct metrics_object m;

    (void)state;
    put_batch(store, 1000);
    put_batch(store, 1015);
    assert_non_null(catalog_set_node(catalog, STR("{\"metadata\":{\"name\":\"n1\"}}"), NULL));
    metrics_walk_pause(&walk);
    assert_true(metrics_walk_next(&walk, &m));
    assert_true(str_eq_cstr(m.object->name, "n1"));
    metrics_walk_pause(&walk);
    metrics_walk_pause(&walk);
    assert_false(metrics_walk_next(&walk, &m));
    metrics_walk_pause(&walk);
    assert_false(metrics_walk_next(&walk, &m));
    metrics_walk_free(&walk);
    catalog_free(catalog);
    usage_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_during_a_list),
        cmocka_unit_test(test_pauses_at_the_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
