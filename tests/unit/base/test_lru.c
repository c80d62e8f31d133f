#include "base/lru.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static size_t freed;

static void count_and_free(void *value)
{
    freed++;
    free(value);
}

static void put(struct lru *l, const char *key, const char *value, int64_t expires_ns)
{
    lru_put(l, str_of(key), mem_strdup(value), expires_ns);
}

static void check(struct lru *l, const char *key, int64_t now_ns, const char *want)
{
    const char *got = lru_get(l, str_of(key), now_ns);

    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void test_expiry(void **state)
{
    struct lru *l = lru_new(10, count_and_free);

    (void)state;
    freed = 0;
    check(l, "a", 0, NULL);
    put(l, "a", "one", 100);
    put(l, "", "empty", 200);
    check(l, "a", 99, "one");
    check(l, "", 199, "empty");
    assert_int_equal(freed, 0);
    check(l, "a", 100, NULL);
    assert_int_equal(freed, 1);
    assert_int_equal(lru_count(l), 1);
    check(l, "a", 0, NULL); /* gone, not hidden */
    lru_free(l);
    assert_int_equal(freed, 2);
    lru_free(NULL);
}

static void test_eviction(void **state)
{
    struct lru *l = lru_new(3, count_and_free);

    (void)state;
    freed = 0;
    put(l, "a", "1", 1000);
    put(l, "b", "2", 1000);
    put(l, "c", "3", 1000);
    check(l, "a", 0, "1");
    put(l, "d", "4", 1000); /* b makes room: a was just used */
    check(l, "b", 0, NULL);
    check(l, "a", 0, "1");
    check(l, "c", 0, "3");
    put(l, "d", "5", 1000); /* no new entry: nobody has to go */
    assert_int_equal(lru_count(l), 3);
    check(l, "d", 0, "5");
    put(l, "e", "6", 1000);
    check(l, "a", 0, NULL);
    assert_int_equal(freed, 3);
    assert_true(lru_remove(l, STR("e")));
    assert_false(lru_remove(l, STR("e")));
    check(l, "e", 0, NULL);
    lru_clear(l);
    assert_int_equal(lru_count(l), 0);
    put(l, "a", "7", 1000);
    check(l, "a", 0, "7");
    lru_free(l);
    assert_int_equal(freed, 7);
}

static void test_keys_are_copied(void **state)
{
    struct lru *l = lru_new(1, NULL);
    char key[] = "key";
    int value;

    (void)state;
    lru_put(l, str_of(key), &value, 10);
    key[0] = 'x';
    assert_ptr_equal(lru_get(l, STR("key"), 0), &value);
    assert_null(lru_get(l, str_of(key), 0));
    lru_free(l);
}

/* Ever new keys: the memory stays where it is, and the last ones are there. */
static void test_flood(void **state)
{
    struct lru *l = lru_new(100, count_and_free);

    (void)state;
    freed = 0;
    for (int i = 0; i < 20000; i++) {
        auto_buf struct buf key = {0};
        buf_printf(&key, "token-%d", i);
        put(l, buf_cstr(&key), buf_cstr(&key), 1000);
        assert_true(lru_count(l) <= 100);
        if (i >= 100 && i % 50 == 0) {
            buf_clear(&key);
            buf_printf(&key, "token-%d", i - 30);
            check(l, buf_cstr(&key), 0, buf_cstr(&key));
        }
    }
    assert_int_equal(freed, 19900);
    lru_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_keys_are_copied),
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
