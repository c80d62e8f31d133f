#include "base/duration.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MINUTE (60 * NS_PER_S)
#define HOUR (60 * MINUTE)

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"+0", 0},
        {"-0", 0},
        {"0s", 0},
        {"5s", 5 * NS_PER_S},
        {"+5s", 5 * NS_PER_S},
        {"-5s", -5 * NS_PER_S},
        {"1478s", 1478 * NS_PER_S},
        {"5.0s", 5 * NS_PER_S},
        {"5.6s", 5600 * NS_PER_MS},
        {"5.s", 5 * NS_PER_S},
        {".5s", 500 * NS_PER_MS},
        {"1.004s", 1004 * NS_PER_MS},
        {"1.0040s", 1004 * NS_PER_MS},
        {"100.00100s", 100 * NS_PER_S + NS_PER_MS},
        {"10ns", 10},
        {"11us", 11 * NS_PER_US},
        {"12\xc2\xb5s", 12 * NS_PER_US},
        {"12\xce\xbcs", 12 * NS_PER_US},
        {"13ms", 13 * NS_PER_MS},
        {"14s", 14 * NS_PER_S},
        {"15m", 15 * MINUTE},
        {"16h", 16 * HOUR},
        {"3h30m", 3 * HOUR + 30 * MINUTE},
        {"10.5s4m", 4 * MINUTE + 10500 * NS_PER_MS},
        {"-2m3.4s", -(2 * MINUTE + 3400 * NS_PER_MS)},
        {"1h2m3s4ms5us6ns", HOUR + 2 * MINUTE + 3 * NS_PER_S + 4 * NS_PER_MS + 5 * NS_PER_US + 6},
        {"39h9m14.425s", 39 * HOUR + 9 * MINUTE + 14425 * NS_PER_MS},
        {"0.3333333333333333333h", 20 * MINUTE},
        {"0.100000000000000000000h", 6 * MINUTE},
        {"0.9ns", 0},
        {"1.9ns", 1},
        {"9007199254740993ns", INT64_C(9007199254740993)},
        {"9223372036854775807ns", INT64_MAX},
        {"9223372036854775.807us", INT64_MAX},
        {"9223372036s854ms775us807ns", INT64_MAX},
        {"-9223372036854775807ns", -INT64_MAX},
        {"-9223372036854775808ns", INT64_MIN},
        {"-9223372036854775.808us", INT64_MIN},
        {"-9223372036s854ms775us808ns", INT64_MIN},
        {"-2562047h47m16.854775808s", INT64_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ns = 4711;
        if (!duration_parse(str_of(cases[i].text), &ns) || ns != cases[i].ns)
            fail_msg("\"%s\": %lld", cases[i].text, (long long)ns);
    }
}

static void test_malformed(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "time: invalid duration \"\""},
        {"3", "time: missing unit in duration \"3\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {".", "time: invalid duration \".\""},
        {"-.", "time: invalid duration \"-.\""},
        {".s", "time: invalid duration \".s\""},
        {"+.s", "time: invalid duration \"+.s\""},
        {"--1s", "time: invalid duration \"--1s\""},
        {" 1s", "time: invalid duration \" 1s\""},
        {"1s ", "time: unknown unit \"s \" in duration \"1s \""},
        {"1d", "time: unknown unit \"d\" in duration \"1d\""},
        {"1\xc2\xb5\n", "time: unknown unit \"\\xc2\\xb5\\x0a\" in duration \"1\\xc2\\xb5\\x0a\""},
        {"1S", "time: unknown unit \"S\" in duration \"1S\""},
        {"1\"", "time: unknown unit \"\\\"\" in duration \"1\\\"\""},
        {"1s-1s", "time: unknown unit \"s-\" in duration \"1s-1s\""},
        {"1.2.3s", "time: missing unit in duration \"1.2.3s\""},
        {"3000000h", "time: invalid duration \"3000000h\""},
        {"6000000h", "time: invalid duration \"6000000h\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"9223372036854775.808us", "time: invalid duration \"9223372036854775.808us\""},
        {"9223372036854ms775us808ns", "time: invalid duration \"9223372036854ms775us808ns\""},
        {"-9223372036854775809ns", "time: invalid duration \"-9223372036854775809ns\""},
        {"99999999999999999999ns", "time: invalid duration \"99999999999999999999ns\""},
        {"9223372036854775808ns1ns", "time: invalid duration \"9223372036854775808ns1ns\""},
        {"-9223372036854775808ns1ns", "time: invalid duration \"-9223372036854775808ns1ns\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_error struct error err = {0};
        int64_t ns = 4711;
        if (duration_parse_explained(str_of(cases[i].text), &ns, &err) || ns != 4711)
            fail_msg("\"%s\" was taken for %lld", cases[i].text, (long long)ns);
        assert_string_equal(error_text(&err), cases[i].message);
        assert_false(duration_parse(str_of(cases[i].text), &ns));
    }
}

static void test_print(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0s", 0},
        {"1ns", 1},
        {"999ns", 999},
        {"1\xc2\xb5s", 1000},
        {"1.1\xc2\xb5s", 1100},
        {"999.999\xc2\xb5s", 999999},
        {"2.2ms", 2200 * NS_PER_US},
        {"999ms", 999 * NS_PER_MS},
        {"999.999999ms", 999999999},
        {"1s", NS_PER_S},
        {"1.000000001s", NS_PER_S + 1},
        {"3.3s", 3300 * NS_PER_MS},
        {"14.985s", 14985 * NS_PER_MS},
        {"59.9s", 59900 * NS_PER_MS},
        {"1m0s", MINUTE},
        {"1m0.5s", MINUTE + 500 * NS_PER_MS},
        {"4m5s", 4 * MINUTE + 5 * NS_PER_S},
        {"59m59.999999999s", HOUR - 1},
        {"1h0m0s", HOUR},
        {"5h6m7.001s", 5 * HOUR + 6 * MINUTE + 7001 * NS_PER_MS},
        {"8m0.000000001s", 8 * MINUTE + 1},
        {"-1.5s", -1500 * NS_PER_MS},
        {"-1ns", -1},
        {"2562047h47m16.854775807s", INT64_MAX},
        {"-2562047h47m16.854775808s", INT64_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf text = {0};
        int64_t back;
        duration_print(&text, cases[i].ns);
        assert_string_equal(buf_cstr(&text), cases[i].text);
        assert_true(text.len <= DURATION_MAX);
        assert_true(duration_parse(buf_str(&text), &back));
        assert_true(back == cases[i].ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
