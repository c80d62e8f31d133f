#include "scrape/schedule.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define INTERVAL_NS (15 * NS_PER_S)

static void test_eager_until_settled(void **state)
{
    static const int64_t gaps_ms[] = {500, 750, 1125, 1687, 2531, 3796, 5695, 8542, 12814};
    struct schedule s = schedule_of(STR("a"), INTERVAL_NS);

    (void)state;
    for (size_t i = 0; i < sizeof(gaps_ms) / sizeof(gaps_ms[0]); i++)
        assert_int_equal(schedule_next(&s, false, 12345, 0) / NS_PER_MS, gaps_ms[i]);
    for (int i = 0; i < 3; i++) { /* as slow as everybody from here on, and spread like everybody */
        int64_t wait_ns = schedule_next(&s, false, 12345, 0);
        assert_in_range(wait_ns, INTERVAL_NS / 2, INTERVAL_NS + INTERVAL_NS / 2);
        assert_int_equal((12345 + wait_ns) % INTERVAL_NS, s.phase_ns);
    }
    schedule_next(&s, true, 0, 0);
    assert_int_equal(schedule_next(&s, false, 0, 0), 500 * NS_PER_MS);
}

static void test_settled_once_an_interval(void **state)
{
    struct schedule s = schedule_of(STR("node-7"), INTERVAL_NS);
    int64_t now_ns = INT64_C(1769860800123456789);

    (void)state;
    now_ns += schedule_next(&s, true, now_ns, 0);
    assert_int_equal(now_ns % INTERVAL_NS, s.phase_ns);
    for (int i = 0; i < 10; i++) { /* a scrape takes a while, up to nine tenths: that doesn't shift the next */
        int64_t took_ns = i * INTERVAL_NS / 10;
        int64_t wait_ns = schedule_next(&s, true, now_ns + took_ns, took_ns);
        assert_int_equal(took_ns + wait_ns, INTERVAL_NS);
        now_ns += INTERVAL_NS;
    }
    /* just before its moment a node isn't scraped twice */
    int64_t wait_ns = schedule_next(&s, true, now_ns - NS_PER_S, 0);
    assert_int_equal(wait_ns, INTERVAL_NS + NS_PER_S);
    assert_int_equal(schedule_next(&s, true, now_ns - INTERVAL_NS / 2, 0), INTERVAL_NS / 2);
}

/* However the clock is set meanwhile, a node is scraped within an interval and a half. */
static void test_clock_is_set(void **state)
{
    static const int64_t steps_ns[] = {3600 * NS_PER_S, -3600 * NS_PER_S, 7 * NS_PER_S, -7 * NS_PER_S, NS_PER_MS};
    struct schedule s = schedule_of(STR("node-7"), INTERVAL_NS);
    int64_t now_ns = INT64_C(1769860800123456789);

    (void)state;
    for (size_t i = 0; i < sizeof(steps_ns) / sizeof(steps_ns[0]); i++) {
        now_ns += steps_ns[i];
        int64_t wait_ns = schedule_next(&s, true, now_ns, NS_PER_S);
        assert_in_range(wait_ns, 0, INTERVAL_NS * 3 / 2);
        now_ns += wait_ns;
    }
}

static void test_spread(void **state)
{
    enum {
        NODES = 1000,
        PARTS = 10
    };
    int counts[PARTS] = {0};

    (void)state;
    for (int i = 0; i < NODES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "ip-10-0-%d-%d", i / 250, i % 250);
        struct schedule s = schedule_of(str_of(name), INTERVAL_NS);
        assert_in_range(s.phase_ns, 0, INTERVAL_NS - 1);
        counts[s.phase_ns * PARTS / INTERVAL_NS]++;
    }
    for (int i = 0; i < PARTS; i++)
        assert_in_range(counts[i], NODES / PARTS * 6 / 10, NODES / PARTS * 14 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eager_until_settled),
        cmocka_unit_test(test_settled_once_an_interval),
        cmocka_unit_test(test_clock_is_set),
        cmocka_unit_test(test_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
