#include "kube/time.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
        int64_t ns;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-01-31T12:00:05Z", 1769860805, 0},
        {"2026-01-31T13:00:05+01:00", 1769860805, 0},
        {"2026-01-31T04:30:05-07:30", 1769860805, 0},
        {"2026-01-31T12:00:05.123456Z", 1769860805, 123456000},
        {"2026-01-31T12:00:05.5Z", 1769860805, 500000000},
        {"2026-01-31T12:00:05,5Z", 1769860805, 500000000},
        {"2026-01-31T12:00:05.1234567899999999999999999Z", 1769860805, 123456789},
        {"2024-02-29T23:59:59Z", 1709251199, 0},
        {"2000-02-29T00:00:00Z", 951782400, 0},
        {"1969-12-31T23:59:59.5Z", -1, 500000000},
        {"1900-03-01T00:00:00Z", -2203891200, 0},
        {"2261-12-31T23:59:59Z", 9214646399, 0},
        {"1677-09-21T00:12:44Z", -9223372036, 0},
        {"2026-01-01T00:00:00-00:00", 1767225600, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ns;

        if (!kube_time_parse(str_of(cases[i].text), &ns))
            fail_msg("%s: refused", cases[i].text);
        if (ns != cases[i].seconds * NS_PER_S + cases[i].ns)
            fail_msg("%s: %lld", cases[i].text, (long long)ns);
    }
}

static void test_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-01-31",
        "2026-01-31T12:00:05",
        "2026-01-31 12:00:05Z",
        "2026-01-31t12:00:05Z",
        "2026-01-31T12:00:05z",
        "2026-00-31T12:00:05Z",
        "2026-13-01T12:00:05Z",
        "2026-01-00T12:00:05Z",
        "2026-01-32T12:00:05Z",
        "2025-02-29T12:00:05Z",
        "1900-02-29T12:00:05Z",
        "2026-04-31T12:00:05Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:05Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31T12:00:05.Z",
        "2026-01-31T12:00:05+0100",
        "2026-01-31T12:00:05+01:00 ",
        "2026-01-31T12:00:05+25:00",
        "2026-01-31T12:00:05+01:61",
        "2026-01-31T12:00:05+01",
        "2026-01-31T12:00:05ZZ",
        "02026-01-31T12:00:05Z",
        "-026-01-31T12:00:05Z",
        "2026-01-31T12:00:05.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ns = 4711;

        if (kube_time_parse(str_of(cases[i]), &ns))
            fail_msg("%s: taken", cases[i]);
        assert_int_equal(ns, 4711);
    }
}

static void test_out_of_range(void **state)
{
    int64_t ns;

    (void)state;
    assert_true(kube_time_parse(STR("0001-01-01T00:00:00Z"), &ns) && ns == KUBE_TIME_ZERO);
    assert_true(kube_time_parse(STR("1677-09-21T00:12:43Z"), &ns) && ns == KUBE_TIME_ZERO);
    assert_true(kube_time_parse(STR("9999-12-31T23:59:59Z"), &ns) && ns == INT64_MAX);
    assert_true(kube_time_parse(STR("2262-04-11T23:47:16.854775808Z"), &ns) && ns == INT64_MAX);
}

static void test_json(void **state)
{
    int64_t ns = 0;

    (void)state;
    assert_true(kube_time_parse_json(STR("null"), &ns) && ns == KUBE_TIME_ZERO);
    assert_true(kube_time_parse_json(STR("\"1970-01-01T00:00:01Z\""), &ns) && ns == NS_PER_S);
    assert_false(kube_time_parse_json(STR("1970-01-01T00:00:01Z"), &ns));
    assert_false(kube_time_parse_json(STR("\""), &ns));
    assert_false(kube_time_parse_json(STR("\"\""), &ns));
    assert_false(kube_time_parse_json(STR("0"), &ns));
}

static void test_print(void **state)
{
    static const struct {
        int64_t seconds;
        int64_t ns;
        const char *text;
        const char *micro;
    } cases[] = {
        {0, 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {1769860805, 999999999, "2026-01-31T12:00:05Z", "2026-01-31T12:00:05.999999Z"},
        {1709251199, 1000, "2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000001Z"},
        {1709251200, 0, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00.000000Z"},
        {1735689599, 0, "2024-12-31T23:59:59Z", "2024-12-31T23:59:59.000000Z"},
        {-1, 500000000, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.500000Z"},
        {-86400, 0, "1969-12-31T00:00:00Z", "1969-12-31T00:00:00.000000Z"},
        {-9223372036, 0, "1677-09-21T00:12:44Z", "1677-09-21T00:12:44.000000Z"},
        {9223372036, 854775807, "2262-04-11T23:47:16Z", "2262-04-11T23:47:16.854775Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ns = cases[i].seconds * NS_PER_S + cases[i].ns;
        auto_buf struct buf out = {0};

        kube_time_print(&out, ns);
        assert_true(str_eq_cstr(buf_str(&out), cases[i].text));
        buf_clear(&out);
        kube_time_print_micro(&out, ns);
        assert_true(str_eq_cstr(buf_str(&out), cases[i].micro));
    }
}

/* Each day of four centuries is the one after the day before. */
static void test_every_day(void **state)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1800, month = 1, day = 1;
    int64_t ns;

    (void)state;
    assert_true(kube_time_parse(STR("1800-01-01T00:00:00Z"), &ns));
    for (; year < 2200; ns += 86400 * NS_PER_S) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        char expected[32];
        char text[KUBE_TIME_SIZE];
        int64_t back;

        snprintf(expected, sizeof(expected), "%04u-%02u-%02uT00:00:00Z", year, month, day);
        kube_time_format(text, ns);
        assert_string_equal(text, expected);
        assert_true(kube_time_parse(str_of(text), &back) && back == ns);
        if (++day > days[month - 1] + (month == 2 && is_leap ? 1 : 0)) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse), cmocka_unit_test(test_refused), cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_json),  cmocka_unit_test(test_print),   cmocka_unit_test(test_every_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
