#include "base/map.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A map of the dullest kind, to compare with: entry i is key "k<i>" or absent. */
enum {
    KEYS = 600,
    STEPS = 60000
};

struct entry {
    char name[16];
    int generation; /* 0: absent */
};

static unsigned next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void check_iteration(const struct map *m, const struct entry *model, size_t live)
{
    bool seen[KEYS] = {false};
    size_t at = 0, found = 0;
    struct str key;
    void *value;

    while (map_next(m, &at, &key, &value)) {
        const struct entry *entry = value;
        assert_true(str_eq_cstr(key, entry->name));
        assert_false(seen[entry - model]);
        assert_int_not_equal(entry->generation, 0);
        seen[entry - model] = true;
        found++;
    }
    assert_int_equal(found, live);
    assert_int_equal(m->count, live);
}

/* Random puts and removals, each answer compared with the model's; the load swings so that runs form, wrap and are
 * torn. */
static void test_against_model(void **state)
{
    static struct entry model[KEYS];
    struct map m = {0};
    uint32_t seed = 20241123;
    size_t live = 0;

    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        snprintf(model[i].name, sizeof(model[i].name), "%s%zu", i % 2 == 0 ? "k" : "key-number-", i);
    for (int step = 1; step <= STEPS; step++) {
        struct entry *entry = &model[next_random(&seed) % KEYS];
        struct str key = str_of(entry->name);
        bool is_growing = step / 5000 % 2 == 0;
        void *expected = entry->generation != 0 ? entry : NULL;
        if (next_random(&seed) % 4 < (is_growing ? 3 : 1)) {
            assert_ptr_equal(map_put(&m, key, entry), expected);
            live += expected == NULL;
            entry->generation = step;
        } else {
            assert_ptr_equal(map_remove(&m, key), expected);
            live -= expected != NULL;
            entry->generation = 0;
        }
        assert_ptr_equal(map_get(&m, key), entry->generation != 0 ? entry : NULL);
        if (step % 997 == 0) {
            check_iteration(&m, model, live);
            for (size_t i = 0; i < KEYS; i++)
                assert_ptr_equal(map_get(&m, str_of(model[i].name)), model[i].generation != 0 ? &model[i] : NULL);
        }
        assert_true(m.count * 4 <= m.capacity * 3);
    }
    assert_true(m.capacity <= 1024); /* removals leave nothing behind that fills the table */
    map_free(&m);
    assert_null(m.slots);
}

static void test_empty(void **state)
{
    struct map m = {0};
    size_t at = 0;

    (void)state;
    assert_null(map_get(&m, STR("a")));
    assert_null(map_remove(&m, STR("a")));
    assert_false(map_next(&m, &at, NULL, NULL));
    map_free(&m);
}

static void test_keys(void **state)
{
    static const struct str keys[] = {STR_INIT(""),         STR_INIT("\0"),      STR_INIT("\0\0"),
                                      STR_INIT("12345678"), STR_INIT("1234567"), STR_INIT("12345678\0"),
                                      STR_INIT("a\0b"),     STR_INIT("a\0c"),    STR_INIT("a")};
    enum {
        COUNT = sizeof(keys) / sizeof(keys[0])
    };
    char values[COUNT], old_key[] = "key", new_key[] = "key";
    struct map m = {0};
    struct str key;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        assert_null(map_put(&m, keys[i], &values[i]));
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(map_get(&m, keys[i]), &values[i]);
    assert_ptr_equal(map_get(&m, (struct str){0}), &values[0]);
    map_free(&m);

    /* a replaced entry lets go of the old key's bytes */
    assert_null(map_put(&m, str_of(old_key), &values[0]));
    assert_ptr_equal(map_put(&m, str_of(new_key), &values[1]), &values[0]);
    old_key[0] = 'x';
    assert_ptr_equal(map_get(&m, STR("key")), &values[1]);
    assert_true(map_next(&m, &at, &key, NULL));
    assert_ptr_equal(key.ptr, new_key);
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
