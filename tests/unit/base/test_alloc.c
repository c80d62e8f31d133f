#include "base/alloc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

/* ASan's malloc would end the process in its own words; let it return NULL as glibc's does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=4096";
}

static void test_contents(void **state)
{
    char *text = mem_strdup("text");
    unsigned char *zeros = mem_zalloc(100);

    (void)state;
    assert_string_equal(text, "text");
    text = mem_realloc_array(text, 1000, 3);
    assert_string_equal(text, "text");
    text[2999] = 'x';
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    free(text);
    free(zeros);
}

static void test_nothing(void **state)
{
    void *pieces[] = {mem_alloc(0), mem_zalloc(0), mem_realloc(NULL, 0), mem_realloc_array(NULL, 0, 8)};

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        assert_non_null(pieces[i]);
        free(pieces[i]);
    }
}

static void too_much(void)
{
    volatile size_t size = SIZE_MAX / 2;

    free(mem_alloc(size));
}

static void too_much_zeroed(void)
{
    volatile size_t size = SIZE_MAX / 2;

    free(mem_zalloc(size));
}

static void too_much_again(void)
{
    volatile size_t size = SIZE_MAX / 2;

    free(mem_realloc(NULL, size));
}

static void wrapping_product(void)
{
    volatile size_t count = SIZE_MAX / 4 + 2;

    free(mem_realloc_array(NULL, count, 4));
}

/* Each ends the process with one line and SIGABRT. */
static void test_out_of_memory(void **state)
{
    static void (*const cases[])(void) = {too_much, too_much_zeroed, too_much_again, wrapping_product};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char words[4096] = {0};
        size_t len = 0;
        ssize_t n;
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            signal(SIGABRT, SIG_DFL);
            dup2(ends[1], STDERR_FILENO);
            cases[i]();
            _exit(0);
        }
        close(ends[1]);
        while ((n = read(ends[0], words + len, sizeof(words) - 1 - len)) > 0)
            len += (size_t)n;
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
        assert_non_null(strstr(words, "out of memory\n"));
    }
}

static void test_cleanup(void **state)
{
    int ends[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    {
        auto_close int nothing = -1;
        auto_close int writer = ends[1];
        auto_free char *leak = mem_strdup("seen by the leak checker");
        auto_fclose FILE *file = fopen("/dev/null", "r");
        assert_non_null(file);
        assert_int_equal(write(writer, leak, 1), 1);
        assert_int_equal(nothing, -1);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* the writer is closed */
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_cleanup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
