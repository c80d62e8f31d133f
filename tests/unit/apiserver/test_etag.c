#include "apiserver/etag.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* SHA-512 of "abc", FIPS 180-4's example. */
#define ABC                                                                                                 \
    "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD454D4" \
    "423643CE80E2A9AC94FA54CA49F"

static void test_hash(void **state)
{
    auto_arena struct arena arena = {0};
    struct str tag = etag_of(&arena, STR("abc"));

    (void)state;
    assert_true(str_eq_cstr(tag, "\"" ABC "\""));
    assert_true(str_eq_cstr(etag_hash(tag), ABC));
}

static void test_matches(void **state)
{
    static const struct {
        const char *header;
        bool matches;
    } cases[] = {
        {"\"a\"", true},     {"", false},       {"a", false},           {"\"b\"", false},
        {"*", true},         {"W/\"a\"", true}, {"\"b\", \"a\"", true}, {"\"b\",\"c\"", false},
        {" \"a\" ,x", true}, {",,", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (etag_matches(str_of(cases[i].header), STR("\"a\"")) != cases[i].matches)
            fail_msg("%s", cases[i].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_matches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
