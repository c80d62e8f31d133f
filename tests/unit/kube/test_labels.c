#include "kube/labels.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PAIR(k, v)               \
    {                            \
        STR_INIT(k), STR_INIT(v) \
    }

static void test_get(void **state)
{
    static const struct label items[] = {PAIR("a", "1"), PAIR("b", ""), PAIR("a", "2")};
    struct labels l = {items, 3};

    (void)state;
    assert_true(str_eq_cstr(*labels_get(l, STR("a")), "2"));
    assert_true(str_eq_cstr(*labels_get(l, STR("b")), ""));
    assert_null(labels_get(l, STR("c")));
    assert_null(labels_get(l, STR("")));
    assert_null(labels_get((struct labels){0}, STR("a")));
}

static void test_print(void **state)
{
    static const struct label items[] = {PAIR("b", "1"), PAIR("a", "")};
    auto_buf struct buf out = {0};

    (void)state;
    labels_print(&out, (struct labels){0});
    assert_int_equal(out.len, 0);
    labels_print(&out, (struct labels){items, 2});
    assert_string_equal(buf_cstr(&out), "b=1,a=");
}

/* Any number of labels comes out sorted, of equal keys the last. */
static void test_sort(void **state)
{
    static char keys[200][8];
    struct label items[200];

    (void)state;
    for (size_t n = 0; n <= 200; n++) {
        size_t kept;

        for (size_t i = 0; i < n; i++) {
            snprintf(keys[i], sizeof(keys[i]), "k%03zu", i * 7919 % n / 2); /* each key twice */
            items[i] = (struct label){str_of(keys[i]), str_from(keys[i], i)};
        }
        kept = labels_sort(items, n);
        assert_int_equal(kept, (n + 1) / 2);
        for (size_t i = 0; i + 1 < kept; i++)
            assert_true(str_cmp(items[i].key, items[i + 1].key) < 0);
        for (size_t i = 0; i < kept; i++) {
            size_t last = items[i].value.len; /* where it stood */

            for (size_t k = last + 1; k < n; k++)
                assert_false(str_eq_cstr(items[i].key, keys[k]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_get), cmocka_unit_test(test_print),
                                       cmocka_unit_test(test_sort)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
