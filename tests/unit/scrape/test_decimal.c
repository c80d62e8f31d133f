#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "scrape/decimal.h"

static void test_what_is_a_number(void **state)
{
    static const struct {
        const char *text;
        size_t bytes; /* that belong to the number; 0: it is none */
        double value;
    } cases[] = {
        {"0", 1, 0},
        {"1231.622058013", 14, 1231.622058013},
        {"2.444644352e+09 179", 15, 2444644352.0},
        {"1.7954457761234567e+09", 22, 1.7954457761234567e+09},
        {"+5", 2, 5},
        {"-5.", 3, -5},
        {".5", 2, .5},
        {"5.e3x", 4, 5000},
        {"1e", 1, 1},
        {"1e+", 1, 1},
        {"1ee5", 1, 1},
        {"0x10", 1, 0},
        {"1_000", 1, 1},
        {"00012", 5, 12},
        {"9007199254740993", 16, 9007199254740992.0},
        {"9007199254740993.0000000000000000000001", 39, 9007199254740994.0},
        {"18446744073709551616", 20, 18446744073709551616.0},
        {"100000000000000000000000000000", 30, 1e29},
        {"0.000000000000000000000000000001", 32, 1e-30},
        {"1e-400", 6, 0},
        {"0e999999999999999", 17, 0},
        {"1e999999999999999", 0, 0},
        {"1e309", 0, 0},
        {"1.7976931348623157e308", 22, 1.7976931348623157e308},
        {"Inf", 3, INFINITY},
        {"-infinity", 9, -INFINITY},
        {"+INFx", 4, INFINITY},
        {"", 0, 0},
        {"-", 0, 0},
        {".", 0, 0},
        {"e5", 0, 0},
        {"+nan", 0, 0},
        {"in", 0, 0},
        {" 1", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double value = 4711;
        size_t bytes = decimal_parse(str_of(cases[i].text), &value);
        if (bytes != cases[i].bytes || value != (bytes > 0 ? cases[i].value : 4711))
            fail_msg("%s: %zu bytes, %.17g", cases[i].text, bytes, value);
    }
    double nan = 0;
    assert_int_equal(decimal_parse(STR("NaN"), &nan), 3);
    assert_true(isnan(nan));
}

static void test_too_long(void **state)
{
    auto_buf struct buf text = {0};
    double value;

    (void)state;
    for (int i = 0; i < DECIMAL_MAX_BYTES; i++)
        buf_add_char(&text, i == 1 ? '.' : '7');
    assert_int_equal(decimal_parse(buf_str(&text), &value), DECIMAL_MAX_BYTES);
    assert_true(value == strtod(buf_cstr(&text), NULL));
    buf_add_char(&text, '7');
    assert_int_equal(decimal_parse(buf_str(&text), &value), 0);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Numbers of all lengths and exponents, and such as lie half-way between two doubles, are rounded as strtod does. */
static void test_rounds_exactly(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15;
    char text[128];

    (void)state;
    for (int i = 0; i < 300000; i++) {
        uint64_t mantissa = next_random(&seed) >> (next_random(&seed) % 64);
        int choice = (int)(next_random(&seed) % 4);
        int point = (int)(next_random(&seed) % 25);
        if (choice == 0) { /* half-way between doubles, or one beside it */
            double d = ldexp((double)(mantissa >> 11), -(int)(next_random(&seed) % 12));
            double middle = (d + nextafter(d, INFINITY)) / 2;
            snprintf(text, sizeof(text), "%.30g", middle + (double)(next_random(&seed) % 3) - 1);
        } else if (choice == 1) {
            snprintf(text, sizeof(text), "%llu", (unsigned long long)mantissa);
        } else if (choice == 2) {
            snprintf(text, sizeof(text), "%llue-%d", (unsigned long long)mantissa, point);
        } else {
            snprintf(text, sizeof(text), "%.17g", (double)mantissa / pow(10, point));
        }
        double value = -1;
        size_t bytes = decimal_parse(str_of(text), &value);
        if (bytes != strlen(text) || value != strtod(text, NULL))
            fail_msg("%s: %zu bytes, %.17g instead of %.17g", text, bytes, value, strtod(text, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_number),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_rounds_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
