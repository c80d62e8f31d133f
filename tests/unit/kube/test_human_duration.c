#include "kube/human_duration.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "kube/time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define S NS_PER_S
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)
#define Y (365 * D)

static void test_durations(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {INT64_MIN, "<invalid>"},
        {-2 * S, "<invalid>"},
        {-2 * S + 1, "0s"},
        {-1, "0s"},
        {0, "0s"},
        {999 * NS_PER_MS, "0s"},
        {S, "1s"},
        {70 * S, "70s"},
        {119 * S, "119s"},
        {2 * M, "2m"},
        {190 * S, "3m10s"},
        {10 * M - 1, "9m59s"},
        {10 * M, "10m"},
        {70 * M, "70m"},
        {10 * M + S, "10m"},
        {3 * H - 1, "179m"},
        {3 * H, "3h"},
        {3 * H + M, "3h1m"},
        {8 * H - 1, "7h59m"},
        {8 * H, "8h"},
        {47 * H, "47h"},
        {2 * D - 1, "47h"},
        {2 * D, "2d"},
        {49 * H, "2d1h"},
        {8 * D - 1, "7d23h"},
        {8 * D, "8d"},
        {2 * Y - 1, "729d"},
        {2 * Y, "2y"},
        {2 * Y + D, "2y1d"},
        {8 * Y - 1, "7y364d"},
        {8 * Y, "8y"},
        {9 * Y + D, "9y"},
        {INT64_MAX, "292y"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};

        human_duration_print(&out, cases[i].ns);
        assert_string_equal(buf_cstr(&out), cases[i].text);
    }
}

static void test_ages(void **state)
{
    auto_buf struct buf out = {0};

    (void)state;
    human_age_print(&out, 100 * S, KUBE_TIME_ZERO);
    buf_add_char(&out, ' ');
    human_age_print(&out, 100 * S, 95 * S);
    buf_add_char(&out, ' ');
    human_age_print(&out, INT64_MAX, -S);
    buf_add_char(&out, ' ');
    human_age_print(&out, -2 * S, INT64_MAX);
    assert_string_equal(buf_cstr(&out), "<unknown> 5s 292y <invalid>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_durations), cmocka_unit_test(test_ages)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
