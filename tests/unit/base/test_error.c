#include "base/error.h"

#include "base/alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const struct error *err, int code, const char *message)
{
    assert_int_equal(err->code, code);
    assert_string_equal(error_text(err), message);
    assert_true(error_is_set(err));
}

static void test_messages(void **state)
{
    auto_error struct error err = {0};

    (void)state;
    assert_false(error_is_set(&err));
    assert_string_equal(error_text(&err), "");
    assert_false(error_set(&err, 404, "no pod %s", "a"));
    check(&err, 404, "no pod a");
    assert_false(error_set(&err, 0, "%s", "replaced"));
    check(&err, 0, "replaced");
    assert_false(error_set_errno(&err, EACCES, "open %s", "/x"));
    check(&err, EACCES, "open /x: permission denied");
    assert_false(error_wrap(&err, "serving certificate"));
    check(&err, EACCES, "serving certificate: open /x: permission denied");
    error_clear(&err);
    assert_false(error_is_set(&err));
    assert_int_equal(err.code, 0);
    error_clear(&err);
}

static void test_errno_words(void **state)
{
    static const struct {
        int value;
        const char *want;
    } cases[] = {
        {ENOENT, "x: no such file or directory"},
        {EIO, "x: input/output error"},
        {EL2HLT, "x: level 2 halted"},
        {EDOTDOT, "x: RFS specific error"}, /* an abbreviation keeps its capitals */
        {99999, "x: errno 99999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        error_set_errno(&err, cases[i].value, "x");
        assert_int_equal(err.code, cases[i].value);
        assert_string_equal(error_text(&err), cases[i].want);
    }
}

/* The old message may be an argument of the new one. */
static void test_own_message(void **state)
{
    auto_error struct error err = {0};

    (void)state;
    error_set(&err, 1, "cause");
    error_set(&err, 2, "after %s", err.message);
    check(&err, 2, "after cause");
    error_wrap(&err, "%s again", error_text(&err));
    check(&err, 2, "after cause again: after cause");
}

static void test_wrapping_nothing(void **state)
{
    auto_error struct error err = {0};

    (void)state;
    error_wrap(&err, "reading %s", "x");
    check(&err, 0, "reading x");
}

static void test_moving(void **state)
{
    struct error from = {0}, to = {0};

    (void)state;
    error_set(&from, 1, "one");
    error_set(&to, 2, "two");
    error_move(&to, &from);
    check(&to, 1, "one");
    assert_false(error_is_set(&from));
    error_move(&to, &to);
    check(&to, 1, "one");
    error_move(&from, &to);
    error_move(NULL, &from);
    assert_false(error_is_set(&from));
    error_move(&to, &from);
    assert_false(error_is_set(&to));
}

static void test_nobody_asks(void **state)
{
    (void)state;
    assert_false(error_set(NULL, 1, "x"));
    assert_false(error_set_errno(NULL, EIO, "x"));
    assert_false(error_wrap(NULL, "x"));
    error_clear(NULL);
    error_move(NULL, NULL);
    assert_string_equal(error_text(NULL), "");
    assert_false(error_is_set(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),         cmocka_unit_test(test_errno_words), cmocka_unit_test(test_own_message),
        cmocka_unit_test(test_wrapping_nothing), cmocka_unit_test(test_moving),      cmocka_unit_test(test_nobody_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
