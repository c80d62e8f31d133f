#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static void test_unix(void **state)
{
    time_t before = time(NULL);
    int64_t now_ns = clock_unix_ns();
    time_t after = time(NULL);

    (void)state;
    /* time(2) may lag by a tick */
    assert_in_range(now_ns / NS_PER_S, before, after + 1);
}

static void test_mono(void **state)
{
    int64_t last_ns = clock_mono_ns(), start_ns = last_ns;

    (void)state;
    while (last_ns - start_ns < NS_PER_MS) {
        int64_t now_ns = clock_mono_ns();
        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unix), cmocka_unit_test(test_mono)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
