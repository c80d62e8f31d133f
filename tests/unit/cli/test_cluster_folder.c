#include "cli/cluster_folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

static char folder[] = "/tmp/test-folder-XXXXXX";

static void settings_come_back_as_they_were_saved(void **state)
{
    (void)state;
    struct cluster_settings in = {.address = mem_strdup("127.0.0.1"),
                                  .node_name = mem_strdup("n1"),
                                  .port = 6443,
                                  .kubelet_port = 1,
                                  .metrics_port = 65535};
    struct cluster_settings out = {0};
    struct error err = {0};
    assert_true(cluster_settings_save(folder, &in, &err));
    assert_true(cluster_settings_load(folder, &out, &err));
    assert_string_equal(out.address, "127.0.0.1");
    assert_string_equal(out.node_name, "n1");
    assert_int_equal(out.port, 6443);
    assert_int_equal(out.kubelet_port, 1);
    assert_int_equal(out.metrics_port, 65535);
    cluster_settings_free(&in);
    cluster_settings_free(&out);
}

static void damaged_settings_are_told(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "{",
        "[]",
        "{\"address\":\"a\",\"nodeName\":\"n\",\"port\":0}",
        "{\"address\":1,\"nodeName\":\"n\",\"port\":1,\"kubeletPort\":2,\"metricsServerPort\":3}",
        "{\"address\":\"a\",\"nodeName\":\"n\",\"port\":1,\"kubeletPort\":2,\"metricsServerPort\":65536}"};
    auto_free char *path = cluster_folder_file(folder, "settings.json");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster_settings out = {0};
        struct error err = {0};
        assert_true(file_write_atomically(path, str_of(cases[i]), 0644, &err));
        assert_false(cluster_settings_load(folder, &out, &err));
        assert_non_null(strstr(err.message, "is damaged"));
        assert_non_null(strstr(err.message, path));
        error_clear(&err);
    }
    unlink(path);
    struct error err = {0};
    struct cluster_settings out = {0};
    assert_false(cluster_settings_load(folder, &out, &err));
    assert_int_equal(err.code, ENOENT);
    error_clear(&err);
}

static void the_lock_has_one_holder_and_names_it(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(cluster_folder_supervisor(folder), 0);
    int lock = cluster_folder_lock(folder, &err);
    assert_true(lock >= 0);
    assert_int_equal(cluster_folder_supervisor(folder), getpid());
    assert_int_equal(cluster_folder_lock(folder, &err), -1);
    assert_int_equal(err.code, EWOULDBLOCK);
    close(lock);
    assert_int_equal(cluster_folder_supervisor(folder), 0);
    error_clear(&err);
}

static void paths_are_absolute(void **state)
{
    (void)state;
    struct error err = {0};
    char cwd[4096];
    assert_non_null(getcwd(cwd, sizeof cwd));
    auto_free char *absolute = cluster_folder_path("/x/y", &err);
    assert_string_equal(absolute, "/x/y");
    auto_free char *relative = cluster_folder_path("y", &err);
    assert_true(str_starts_with(str_of(relative), str_of(cwd)));
    assert_true(str_ends_with(str_of(relative), STR("/y")));
    auto_free char *standard = cluster_folder_path("", &err);
    assert_int_equal(standard[0], '/');
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_come_back_as_they_were_saved),
        cmocka_unit_test(damaged_settings_are_told),
        cmocka_unit_test(the_lock_has_one_holder_and_names_it),
        cmocka_unit_test(paths_are_absolute),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    auto_free char *lock = cluster_folder_file(folder, "lock");
    unlink(lock);
    rmdir(folder);
    return failed;
}
