#include "base/token_bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_take(void **state)
{
    static const struct {
        int64_t now_ms;
        int wanted, given; /* asks that many times at once */
    } steps[] = {
        {1000000, 5, 3},                                                                     /* the burst */
        {1000099, 1, 0}, {1000100, 2, 1},                                                    /* 10 a second */
        {1000150, 1, 0}, {1000200, 1, 1}, {1000399, 2, 1}, {1000400, 2, 1}, {1000690, 3, 2}, /* fills again... */
        {1060000, 9, 3},                                                                     /* ...up to the burst */
    };
    struct token_bucket bucket = TOKEN_BUCKET(10, 3);

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int given = 0;
        for (int j = 0; j < steps[i].wanted; j++)
            given += token_bucket_take(&bucket, steps[i].now_ms * NS_PER_MS);
        if (given != steps[i].given)
            fail_msg("step %zu: %d instead of %d", i, given, steps[i].given);
    }
}

static void test_long_run(void **state)
{
    struct token_bucket bucket = TOKEN_BUCKET(0.5, 1);
    int given = 0;

    (void)state;
    for (int64_t now_ms = 0; now_ms < 100000; now_ms += 7)
        given += token_bucket_take(&bucket, now_ms * NS_PER_MS);
    assert_in_range(given, 49, 50);
}

/* Those who wait get their turn one interval apart. */
static void test_reserve(void **state)
{
    static const int64_t waits_ms[] = {0, 0, 200, 400, 600};
    struct token_bucket bucket = TOKEN_BUCKET(5, 2);

    (void)state;
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++)
        assert_int_equal(token_bucket_reserve(&bucket, 77 * NS_PER_S), waits_ms[i] * NS_PER_MS);
    assert_int_equal(token_bucket_reserve(&bucket, 77 * NS_PER_S + 500 * NS_PER_MS), 300 * NS_PER_MS);
    assert_false(token_bucket_take(&bucket, 77 * NS_PER_S + 800 * NS_PER_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_reserve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
