#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static void test_bytes(void **state)
{
    unsigned char first[600] = {0}, second[600] = {0}, guard[4] = {1, 2, 3, 4};

    (void)state;
    random_bytes(first, sizeof(first)); /* above 256 the kernel may answer in parts */
    random_bytes(second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
    assert_memory_not_equal(first + 300, second + 300, 300);
    random_bytes(guard + 1, 0);
    assert_int_equal(guard[1], 2);
}

static void test_below(void **state)
{
    size_t seen[3] = {0};

    (void)state;
    for (int i = 0; i < 3000; i++)
        seen[random_below(3)]++;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(seen[i], 800, 1200); /* 7 standard deviations */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(random_below(1), 0);
        assert_true(random_below(UINT64_MAX) < UINT64_MAX);
        assert_true(random_below((UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void test_fraction(void **state)
{
    double sum = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        double fraction = random_fraction();
        assert_true(fraction >= 0 && fraction < 1);
        sum += fraction;
    }
    assert_true(sum / 3000 > 0.46 && sum / 3000 < 0.54); /* 7 standard deviations */
}

static void test_uuid(void **state)
{
    char last[UUID_SIZE] = "";

    (void)state;
    for (int round = 0; round < 50; round++) {
        char uuid[UUID_SIZE];
        random_uuid(uuid);
        assert_int_equal(strlen(uuid), 36);
        for (size_t i = 0; i < 36; i++) {
            if (i == 8 || i == 13 || i == 18 || i == 23)
                assert_int_equal(uuid[i], '-');
            else
                assert_non_null(strchr("0123456789abcdef", uuid[i]));
        }
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, last);
        memcpy(last, uuid, sizeof(last));
    }
}

static void test_name_suffix(void **state)
{
    bool seen[256] = {false};
    size_t distinct = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        char suffix[7] = "xxxxx!";
        random_name_suffix(suffix, 5);
        assert_int_equal(suffix[5], '\0');
        for (size_t i = 0; i < 5; i++) {
            assert_non_null(strchr("bcdfghjklmnpqrstvwxz2456789", suffix[i]));
            seen[(unsigned char)suffix[i]] = true;
        }
    }
    for (size_t i = 0; i < 256; i++)
        distinct += seen[i];
    assert_int_equal(distinct, 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_below),       cmocka_unit_test(test_fraction),
        cmocka_unit_test(test_uuid),  cmocka_unit_test(test_name_suffix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
