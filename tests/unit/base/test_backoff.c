#include "base/backoff.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_waits(void **state)
{
    static const struct {
        struct backoff backoff;
        double random;
        int64_t waits_ms[6];
    } cases[] = {
        {{.min_ns = 100 * NS_PER_MS, .max_ns = 1000 * NS_PER_MS, .factor = 2}, 0.99, {100, 200, 400, 800, 1000, 1000}},
        {{.min_ns = 500 * NS_PER_MS, .max_ns = 9000 * NS_PER_MS, .factor = 1.5}, 0, {500, 750, 1125, 1687, 2531, 3796}},
        {{.min_ns = 100 * NS_PER_MS, .max_ns = 400 * NS_PER_MS, .factor = 2, .jitter = 1},
         0.5,
         {150, 300, 600, 600, 600, 600}},
        {{.min_ns = 100 * NS_PER_MS, .max_ns = 400 * NS_PER_MS, .factor = 2, .jitter = 0.2},
         0,
         {100, 200, 400, 400, 400, 400}},
        {{.min_ns = 5 * NS_PER_S, .max_ns = 2 * NS_PER_S, .factor = 2}, 0, {2000, 2000, 2000, 2000, 2000, 2000}},
        {{.min_ns = 50 * NS_PER_MS, .max_ns = 50 * NS_PER_MS, .factor = 1}, 0, {50, 50, 50, 50, 50, 50}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct backoff backoff = cases[i].backoff;
        for (int round = 0; round < 2; round++) {
            for (size_t j = 0; j < 6; j++)
                assert_int_equal(backoff_next(&backoff, cases[i].random) / NS_PER_MS, cases[i].waits_ms[j]);
            backoff_reset(&backoff);
        }
    }
}

/* However long it goes on, nothing overflows. */
static void test_forever(void **state)
{
    struct backoff backoff = {.min_ns = 1, .max_ns = INT64_MAX / 4, .factor = 10, .jitter = 1};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t wait_ns = backoff_next(&backoff, 0.999);
        assert_true(wait_ns >= 1 && wait_ns <= INT64_MAX / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_waits), cmocka_unit_test(test_forever)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
