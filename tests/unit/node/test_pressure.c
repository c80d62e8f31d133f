#include "node/pressure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "node/usage.h"

#define MIB(n) (INT64_C(n) << 20)
#define FINE                                                \
    {                                                       \
        MIB(1000), MIB(500), 1000, 500, 100, 50, 32768, 200 \
    }

static void test_thresholds(void **state)
{
    static const struct {
        const char *name;
        struct pressure_signals s;
        bool memory, disk, pids;
    } cases[] = {
        {"fine", FINE, false, false, false},
        {"memory just enough", {MIB(1000), MIB(100), 1000, 500, 100, 50, 32768, 200}, false, false, false},
        {"memory short", {MIB(1000), MIB(100) - 1, 1000, 500, 100, 50, 32768, 200}, true, false, false},
        {"disk just enough", {MIB(1000), MIB(500), 1005, 100, 100, 50, 32768, 200}, false, false, false},
        {"disk short", {MIB(1000), MIB(500), 1005, 99, 100, 50, 32768, 200}, false, true, false},
        {"inodes short", {MIB(1000), MIB(500), 1000, 500, 100, 4, 32768, 200}, false, true, false},
        {"pids short", {MIB(1000), MIB(500), 1000, 500, 100, 50, 1000, 901}, false, false, true},
        {"more tasks than ids", {MIB(1000), MIB(500), 1000, 500, 100, 50, 1000, 1100}, false, false, true},
        {"nothing known",
         {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
          NOT_MEASURED},
         false,
         false,
         false},
        {"huge disk", {MIB(1000), MIB(500), INT64_MAX, INT64_MAX / 11, 100, 50, 32768, 200}, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pressure p = {0};
        print_message("%s\n", cases[i].name);
        pressure_update(&p, &cases[i].s, 1);
        assert_int_equal(p.memory, cases[i].memory);
        assert_int_equal(p.disk, cases[i].disk);
        assert_int_equal(p.pids, cases[i].pids);
    }
}

static void test_lasts_five_minutes(void **state)
{
    const struct pressure_signals fine = FINE, less = {MIB(1000), MIB(50), 1000, 500, 100, 50, 32768, 200};
    struct pressure p = {0};

    (void)state;
    pressure_update(&p, &less, 1000 * NS_PER_S);
    pressure_update(&p, &fine, 1299 * NS_PER_S);
    assert_true(p.memory);
    pressure_update(&p, &less, 1299 * NS_PER_S);
    pressure_update(&p, &fine, 1598 * NS_PER_S);
    assert_true(p.memory);
    pressure_update(&p, &fine, 1599 * NS_PER_S);
    assert_false(p.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_thresholds), cmocka_unit_test(test_lasts_five_minutes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
