#include "base/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void test_counts(void **state)
{
    struct log_limit limit = LOG_LIMIT(1, 2);
    uint64_t suppressed = 4711;

    (void)state;
    assert_true(log_limit_allows(&limit, NS_PER_S, &suppressed));
    assert_int_equal(suppressed, 0);
    assert_true(log_limit_allows(&limit, NS_PER_S, &suppressed));
    suppressed = 4711;
    for (int i = 0; i < 5; i++)
        assert_false(log_limit_allows(&limit, NS_PER_S, &suppressed));
    assert_int_equal(suppressed, 4711);
    assert_true(log_limit_allows(&limit, 2 * NS_PER_S, &suppressed));
    assert_int_equal(suppressed, 5);
    assert_true(log_limit_allows(&limit, 3 * NS_PER_S, &suppressed));
    assert_int_equal(suppressed, 0);
}

static int evaluated;

static int64_t count_evaluation(void)
{
    return ++evaluated;
}

static void test_lines(void **state)
{
    struct log_limit limit = LOG_LIMIT(0.001, 2);
    char text[4096] = {0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_set_fd(ends[1]);
    for (int i = 0; i < 9; i++)
        log_limited(&limit, LOG_LEVEL_WARNING, "failed", LOG_NUM("n", count_evaluation()));
    limit.bucket.full_at_ns = 0; /* much later */
    log_limited(&limit, LOG_LEVEL_WARNING, "again");
    log_set_fd(STDERR_FILENO);
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    assert_int_equal(evaluated, 2);
    assert_non_null(strstr(text, "] \"failed\" n=1\n"));
    assert_non_null(strstr(text, "] \"failed\" n=2\n"));
    assert_null(strstr(text, "n=3"));
    assert_non_null(strstr(text, "] \"again\" suppressed=7\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_lines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
