#include "serve/catalog.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void set_pod(struct catalog *c, const char *namespace, const char *name, const char *node)
{
    auto_buf struct buf json = {0};
    auto_error struct error err = {0};

    buf_printf(&json,
               "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"labels\":{\"z\":\"1\",\"app\":\"%s\"}},"
               "\"spec\":{\"containers\":[],\"nodeName\":\"%s\"},\"status\":{}}",
               name, namespace, name, node);
    assert_non_null(catalog_set_pod(c, buf_str(&json), &err));
}

static void assert_pods(const struct catalog *c, const char *namespace, const char *expected)
{
    auto_buf struct buf text = {0};
    struct catalog_walk walk = {0};
    const struct catalog_object *pod;

    while ((pod = catalog_next_pod(c, str_of(namespace), &walk)) != NULL)
        buf_printf(&text, "%.*s/%.*s@%.*s ", STR_ARG(pod->namespace), STR_ARG(pod->name), STR_ARG(pod->node));
    assert_string_equal(buf_cstr(&text), expected);
}

static void test_pods_in_order(void **state)
{
    struct catalog *c = catalog_new(STR(""), NULL);

    (void)state;
    assert_pods(c, "", "");
    set_pod(c, "b", "y", "n1");
    set_pod(c, "b", "x", "n1");
    set_pod(c, "a", "z", "n2");
    set_pod(c, "b", "x-1", "n2");
    set_pod(c, "c", "w", "n2");
    assert_pods(c, "", "a/z@n2 b/x@n1 b/x-1@n2 b/y@n1 c/w@n2 ");
    assert_pods(c, "b", "b/x@n1 b/x-1@n2 b/y@n1 ");
    assert_pods(c, "d", "");
    assert_int_equal(catalog_pod_count(c), 5);
    set_pod(c, "b", "x", "n3");
    catalog_remove_pod(c, STR("a"), STR("z"));
    catalog_remove_pod(c, STR("a"), STR("z"));
    catalog_remove_pod(c, STR("b"), STR("none"));
    assert_pods(c, "", "b/x@n3 b/x-1@n2 b/y@n1 c/w@n2 ");
    assert_pods(c, "a", "");
    assert_int_equal(catalog_pod_count(c), 4);
    assert_null(catalog_pod(c, STR("a"), STR("z")));
    assert_string_equal(catalog_pod(c, STR("b"), STR("x"))->labels_json.ptr != NULL ? "yes" : "no", "yes");
    assert_true(str_eq_cstr(catalog_pod(c, STR("b"), STR("x"))->labels_json, "{\"app\":\"x\",\"z\":\"1\"}"));
    catalog_free(c);
}

/* Sets, replaces and removes at random; a plain array says what must be there. */
static void test_many(void **state)
{
    enum {
        NAMES = 300
    };
    struct catalog *c = catalog_new(STR(""), NULL);
    bool is_there[NAMES] = {false};
    uint32_t seed = 7;
    size_t count = 0;

    (void)state;
    for (int step = 0; step < 5000; step++) {
        seed = seed * 1664525 + 1013904223;
        unsigned i = (seed >> 8) % NAMES;
        char namespace[16], name[16];
        snprintf(namespace, sizeof(namespace), "ns%u", i % 17);
        snprintf(name, sizeof(name), "p%u", i);
        if ((seed >> 24) % 2 == 0) {
            set_pod(c, namespace, name, "n");
            count += !is_there[i];
            is_there[i] = true;
        } else {
            catalog_remove_pod(c, str_of(namespace), str_of(name));
            count -= is_there[i];
            is_there[i] = false;
        }
        assert_int_equal(catalog_pod_count(c), count);
        assert_int_equal(catalog_pod(c, str_of(namespace), str_of(name)) != NULL, is_there[i]);
    }
    struct catalog_walk walk = {0};
    const struct catalog_object *pod, *last = NULL;
    size_t walked = 0;
    while ((pod = catalog_next_pod(c, STR(""), &walk)) != NULL) {
        if (last != NULL) {
            int order = str_cmp(last->namespace, pod->namespace);
            assert_true(order < 0 || (order == 0 && str_cmp(last->name, pod->name) < 0));
        }
        last = pod;
        walked++;
    }
    assert_int_equal(walked, count);
    catalog_free(c);
}

/* Behind every place, taken or not, stands the first one that comes after it. */
static void test_walks_go_on(void **state)
{
    static const char *const places[][2] = {{"a", "1"}, {"a", "2"}, {"a", "4"}, {"c", "1"}, {"c", "3"}, {"e", "2"}};
    static const char *const asked[] = {"a", "b", "c", "d", "e", "f"};
    struct catalog *c = catalog_new(STR(""), NULL);

    (void)state;
    for (size_t i = 0; i < 6; i++)
        set_pod(c, places[i][0], places[i][1], "n");
    for (size_t a = 0; a < 6; a++) {
        for (char n = '0'; n <= '5'; n++) {
            struct str namespace = str_of(asked[a]), name = str_from(&n, 1);
            struct catalog_walk walk, inside;
            size_t next = 0;
            while (next < 6 && (strcmp(places[next][0], asked[a]) < 0 ||
                                (strcmp(places[next][0], asked[a]) == 0 && places[next][1][0] <= n)))
                next++;
            catalog_walk_behind(c, true, namespace, name, &walk);
            inside = walk;
            const struct catalog_object *pod = catalog_next_pod(c, STR(""), &walk);
            assert_int_equal(pod != NULL, next < 6);
            if (pod != NULL)
                assert_true(str_eq_cstr(pod->namespace, places[next][0]) && str_eq_cstr(pod->name, places[next][1]));
            bool is_same = next < 6 && strcmp(places[next][0], asked[a]) == 0;
            pod = catalog_next_pod(c, namespace, &inside);
            assert_int_equal(pod != NULL, is_same);
            if (pod != NULL)
                assert_true(str_eq_cstr(pod->name, places[next][1]));
        }
    }
    catalog_free(c);
}

static void test_nodes_and_selectors(void **state)
{
    auto_error struct error err = {0};
    struct catalog *c = catalog_new(STR("os=linux,!gpu"), &err);
    struct catalog_walk walk = {0};
    auto_arena struct arena arena = {0};
    struct selector selector;

    (void)state;
    assert_non_null(c);
    assert_non_null(catalog_set_node(c, STR("{\"metadata\":{\"name\":\"b\",\"labels\":{\"os\":\"linux\"}}}"), &err));
    assert_non_null(
        catalog_set_node(c, STR("{\"metadata\":{\"name\":\"a\",\"labels\":{\"os\":\"linux\",\"gpu\":\"\"}}}"), &err));
    assert_non_null(catalog_set_node(c, STR("{\"metadata\":{\"name\":\"c\"}}"), &err));
    assert_true(catalog_node(c, STR("b"))->is_selected);
    assert_false(catalog_node(c, STR("a"))->is_selected);
    assert_false(catalog_node(c, STR("c"))->is_selected);
    assert_int_equal(catalog_node(c, STR("c"))->labels_json.len, 0);
    assert_true(str_eq_cstr(catalog_next_node(c, &walk)->name, "a"));
    catalog_walk_behind(c, false, STR(""), STR("b"), &walk);
    assert_true(str_eq_cstr(catalog_next_node(c, &walk)->name, "c"));
    catalog_walk_behind(c, false, STR(""), STR("aa"), &walk);
    assert_true(str_eq_cstr(catalog_next_node(c, &walk)->name, "b"));
    catalog_walk_behind(c, false, STR(""), STR("c"), &walk);
    assert_null(catalog_next_node(c, &walk));
    assert_true(label_selector_parse(&arena, STR("gpu"), &selector, NULL));
    assert_true(catalog_matches_labels(catalog_node(c, STR("a")), &selector));
    assert_false(catalog_matches_labels(catalog_node(c, STR("b")), &selector));
    assert_false(catalog_matches_labels(catalog_node(c, STR("c")), &selector));
    catalog_remove_node(c, STR("a"));
    assert_int_equal(catalog_node_count(c), 2);
    assert_null(catalog_set_node(c, STR("{\"metadata\":{}}"), &err));
    assert_string_equal(error_text(&err), "it has no name");
    assert_null(catalog_set_node(c, STR("{\"metadata\":{\"name\":\"b\"}"), &err));
    assert_null(catalog_set_pod(c, STR("{\"metadata\":{\"name\":\"b\"}}"), &err));
    catalog_free(c);
    assert_null(catalog_new(STR("a=b=c"), &err));
    assert_non_null(strstr(error_text(&err), "found"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pods_in_order),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_walks_go_on),
        cmocka_unit_test(test_nodes_and_selectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
