#include "cli/cluster_plan.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/alloc.h"

static char folder[] = "/tmp/test-plan-XXXXXX";
static char address[] = "127.0.0.1", node[] = "n1";
static const struct cluster_settings settings = {
    .address = address, .node_name = node, .port = 7443, .kubelet_port = 10251, .metrics_port = 4444};

static bool has_argument(const struct component_spec *process, const char *wanted)
{
    for (const char *const *arg = process->argv; *arg != NULL; arg++) {
        if (strcmp(*arg, wanted) == 0)
            return true;
    }
    return false;
}

static void processes_get_the_settings(void **state)
{
    (void)state;
    struct cluster_plan *plan = cluster_plan_new(folder, &settings);
    assert_true(has_argument(&plan->processes[0], "--secure-port=7443"));
    assert_true(has_argument(&plan->processes[1], "--port=10251"));
    assert_true(has_argument(&plan->processes[1], "--hostname-override=n1"));
    assert_true(has_argument(&plan->processes[2], "--secure-port=4444"));
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++)
        assert_int_equal(plan->processes[i].argv[0][0], '/');
    cluster_plan_free(plan);
}

static void pods_name_their_pid_files(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(cluster_plan_write_pods(folder, &settings, &err));
    auto_free char *path = cluster_folder_file(folder, "static-pods/kube-apiserver.json");
    auto_free char *pid_file = cluster_folder_file(folder, "run/apiserver.pid");
    json_error_t where;
    json_t *pod = json_load_file(path, 0, &where);
    json_t *metadata = json_object_get(pod, "metadata");
    assert_string_equal(json_string_value(json_object_get(metadata, "namespace")), "kube-system");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(metadata, "annotations"), "tacho.dev/pid-file")), pid_file);
    json_decref(pod);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_get_the_settings),
        cmocka_unit_test(pods_name_their_pid_files),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
