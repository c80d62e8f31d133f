#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "scrape/batch_builder.h"
#include "batch_text.h"

/* "namespace/pod/container", each with cpu, memory and time 1. */
static void take(struct batch_builder *b, const char *text)
{
    struct container_names names;
    struct str rest;

    str_cut(str_of(text), '/', &names.namespace, &rest);
    str_cut(rest, '/', &names.pod, &names.container);
    struct usage_point *p = batch_builder_take(b, names);
    assert_non_null(p);
    *p = (struct usage_point){.time_ns = 1, .cpu_ns = 1, .memory_bytes = 1};
}

static struct batch *build(struct roster *previous, const char *const *names)
{
    struct batch_builder b;

    batch_builder_init(&b, previous);
    for (; *names != NULL; names++)
        take(&b, *names);
    return batch_builder_finish(&b);
}

static void assert_batch(const struct batch *b, const char *expected)
{
    auto_buf struct buf text = {0};

    batch_text(&text, b);
    assert_string_equal(buf_cstr(&text), expected);
}

static const char *const three[] = {"z/p/c2", "a/p/c", "z/p/c1", NULL};
static const char three_text[] = "node -\na/p/c 1 0 1 1\nz/p/c1 1 0 1 1\nz/p/c2 1 0 1 1\n";

static void test_sorts_by_namespace_pod_and_container(void **state)
{
    (void)state;
    struct batch *b = build(NULL, three);
    assert_batch(b, three_text);
    assert_int_equal(b->roster->pod_count, 2);
    assert_int_equal(b->roster->pods[1].first, 1);
    assert_int_equal(b->roster->pods[1].count, 2);
    assert_ptr_equal(roster_find_pod(b->roster, STR("z"), STR("p")), &b->roster->pods[1]);
    assert_null(roster_find_pod(b->roster, STR("z"), STR("q")));
    assert_null(roster_find_pod(b->roster, STR("b"), STR("p")));
    batch_free(b);
}

static void test_shares_the_roster_while_nothing_changes(void **state)
{
    (void)state;
    struct batch *first = build(NULL, three);
    struct batch *second = build(first->roster, three);
    assert_ptr_equal(first->roster, second->roster);
    batch_free(first);
    assert_batch(second, three_text);
    batch_free(second);
}

static void test_a_container_comes_and_another_goes(void **state)
{
    static const char *const changed[] = {"z/p/c2", "a/b/c", "a/p/c", NULL};
    (void)state;
    struct batch *first = build(NULL, three);
    struct batch *second = build(first->roster, changed);
    assert_ptr_not_equal(first->roster, second->roster);
    assert_batch(second, "node -\na/b/c 1 0 1 1\na/p/c 1 0 1 1\nz/p/c2 1 0 1 1\n");
    batch_free(first);
    batch_free(second);
}

static void test_guesses_the_order_of_the_body(void **state)
{
    static const char *const other_order[] = {"z/p/c1", "z/p/c2", "a/p/c", NULL};
    struct batch_builder b;

    (void)state;
    struct batch *first = build(NULL, three);
    batch_builder_init(&b, first->roster);
    assert_int_equal(batch_builder_expected(&b).len, strlen("container=\"c2\",namespace=\"z\",pod=\"p\""));
    for (size_t i = 0; three[i] != NULL; i++) {
        assert_int_not_equal(batch_builder_expected(&b).len, 0);
        batch_builder_take_expected(&b)->cpu_ns = i;
    }
    assert_int_equal(batch_builder_expected(&b).len, 0);
    batch_builder_rewind(&b);
    assert_int_equal(batch_builder_take_expected(&b)->cpu_ns, 0);
    batch_builder_free(&b);

    /* the same containers in another order: the roster stays, the guess is right the next time */
    struct batch *second = build(first->roster, other_order);
    assert_ptr_equal(first->roster, second->roster);
    batch_builder_init(&b, second->roster);
    for (size_t i = 0; other_order[i] != NULL; i++) {
        struct str labels = batch_builder_expected(&b);
        const char *wanted = strrchr(other_order[i], '/') + 1;
        assert_true(str_starts_with(str_skip(labels, strlen("container=\"")), str_of(wanted)));
        batch_builder_take_expected(&b);
    }
    batch_builder_free(&b);
    batch_free(first);
    batch_free(second);
}

static void test_drops_what_is_incomplete(void **state)
{
    static const struct {
        const char *what;
        struct usage_point node;
        struct usage_point container;
        const char *text;
    } cases[] = {
        {"all there", {5, 0, 2, 3}, {5, 0, 2, 3}, "node 5 0 2 3\nn/p/c 5 0 2 3\nn/p/other 1 0 1 1\n"},
        {"no cpu", {5, 0, 0, 3}, {5, 0, 0, 3}, "node -\nn/p/c -\nn/p/other -\n"},
        {"no memory", {5, 0, 2, 0}, {5, 0, 2, 0}, "node -\nn/p/c -\nn/p/other -\n"},
        {"no time", {0, 0, 2, 3}, {0, 0, 2, 3}, "node -\nn/p/c -\nn/p/other -\n"},
        {"only a start", {0, 0, 0, 0}, {0, 4, 0, 0}, "node -\nn/p/c -\nn/p/other -\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct batch_builder b;
        batch_builder_init(&b, NULL);
        b.node = cases[i].node;
        take(&b, "n/p/other");
        *batch_builder_take(&b,
                            (struct container_names){.namespace = STR("n"), .pod = STR("p"), .container = STR("c")}) =
            cases[i].container;
        struct batch *batch = batch_builder_finish(&b);
        assert_batch(batch, cases[i].text);
        batch_free(batch);
    }
}

static void test_names_that_need_escapes(void **state)
{
    static const char *const odd[] = {"n/p/a\"\\\nb", "n/p\n/c", NULL};
    (void)state;
    struct batch *first = build(NULL, odd);
    struct batch *second = build(first->roster, odd);
    assert_ptr_equal(first->roster, second->roster);
    assert_batch(second, "node -\nn/p/a\"\\\nb 1 0 1 1\nn/p\n/c 1 0 1 1\n");
    batch_free(first);
    batch_free(second);
}

static void test_too_many_containers(void **state)
{
    struct batch_builder b;
    char name[16];

    (void)state;
    batch_builder_init(&b, NULL);
    for (int i = 0; i <= BATCH_MAX_CONTAINERS; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        struct container_names names = {.container = str_of(name), .pod = STR("p"), .namespace = STR("n")};
        bool has_room = batch_builder_take(&b, names) != NULL;
        assert_int_equal(has_room, i < BATCH_MAX_CONTAINERS);
    }
    batch_builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_by_namespace_pod_and_container),
        cmocka_unit_test(test_shares_the_roster_while_nothing_changes),
        cmocka_unit_test(test_a_container_comes_and_another_goes),
        cmocka_unit_test(test_guesses_the_order_of_the_body),
        cmocka_unit_test(test_drops_what_is_incomplete),
        cmocka_unit_test(test_names_that_need_escapes),
        cmocka_unit_test(test_too_many_containers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
