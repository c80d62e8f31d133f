#include "net/file_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "run_until.h"

static char folder[] = "/tmp/test-file-watch-XXXXXX";
static char path[64];

static void count_change(void *arg)
{
    (*(unsigned *)arg)++;
}

static void changes_that_come_together_are_one(void **state)
{
    (void)state;
    uv_loop_t loop;
    unsigned changes = 0;
    const char *paths[] = {path, NULL, "", path};

    uv_loop_init(&loop);
    struct file_watch *w = file_watch_new(&loop, paths, 4, count_change, &changes);
    assert_true(file_write_atomically(path, STR("1"), 0600, NULL));
    assert_true(file_write_atomically(path, STR("2"), 0600, NULL));
    run_until(&loop, changes == 1);
    int64_t until_ns = clock_mono_ns() + 300 * NS_PER_MS;
    run_until(&loop, clock_mono_ns() >= until_ns);
    assert_int_equal(changes, 1);
    assert_int_equal(unlink(path), 0);
    run_until(&loop, changes == 2);
    file_watch_free(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* A folder in which something changes all the time doesn't keep the news back for ever. */
static void restless_folders_are_told_too(void **state)
{
    (void)state;
    uv_loop_t loop;
    unsigned changes = 0, writes = 0;
    const char *paths[] = {path};

    uv_loop_init(&loop);
    struct file_watch *w = file_watch_new(&loop, paths, 1, count_change, &changes);
    int64_t start_ns = clock_mono_ns();
    run_until(&loop, (file_write_atomically(path, STR("x"), 0600, NULL), ++writes, changes > 0));
    assert_true(writes > 5 && clock_mono_ns() - start_ns >= NS_PER_S / 2);
    unlink(path);
    file_watch_free(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_missing_folder_is_no_harm(void **state)
{
    (void)state;
    uv_loop_t loop;
    unsigned changes = 0;
    const char *paths[] = {"/nowhere/a"};

    uv_loop_init(&loop);
    file_watch_free(file_watch_new(&loop, paths, 1, count_change, &changes));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(changes, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_that_come_together_are_one),
        cmocka_unit_test(restless_folders_are_told_too),
        cmocka_unit_test(a_missing_folder_is_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
