#include "node/pod_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"

#define T0 (INT64_C(1795445774) * NS_PER_S) /* 2026-11-23T14:56:14Z */
#define IP STR("10.77.0.1")

/* A pod with containers "burn" and "idle", as the fixture's pod "two" is. */
static struct node_pod *pod_new(void)
{
    static const char manifest[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"two\",\"annotations\":{\"cgroup.tacho.dev/"
        "burn\":\"/b\",\"cgroup.tacho.dev/idle\":\"/i\"}},\"spec\":{\"containers\":[{\"name\":\"idle\",\"image\":"
        "\"docker.io/library/busybox:latest\"},{\"name\":\"burn\",\"image\":\"docker.io/library/busybox:latest\","
        "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"},\"requests\":{\"cpu\":\"200m\",\"memory\":"
        "\"16Mi\"}}}]}}";
    struct node_pod *pod = mem_zalloc(sizeof(*pod));

    pod->spec = static_pod_read(STR("/m/two.json"), str_of(manifest), STR("real"), T0, NULL);
    assert_non_null(pod->spec);
    pod->first_seen_unix_ns = T0;
    pod->containers = mem_zalloc(2 * sizeof(struct pod_container *));
    for (size_t i = 0; i < 2; i++) {
        pod->containers[i] = mem_zalloc(sizeof(struct pod_container));
        pod->containers[i]->spec = &pod->spec->containers[i];
    }
    return pod;
}

static void pod_free(struct node_pod *pod)
{
    for (size_t i = 0; i < 2; i++)
        free(pod->containers[i]);
    free(pod->containers);
    static_pod_free(pod->spec);
    free(pod);
}

static void make_id(char out[RUN_ID_SIZE], char digit)
{
    memset(out, digit, RUN_ID_SIZE - 1);
    out[RUN_ID_SIZE - 1] = '\0';
}

static void start(struct node_pod *pod, size_t i, char digit, int64_t at_unix_ns)
{
    char id[RUN_ID_SIZE];

    make_id(id, digit);
    assert_true(container_run_started(&pod->containers[i]->run, id, at_unix_ns, at_unix_ns));
}

/* The fixture's pod, with what a process has no part in left out. */
static json_t *real_status(void)
{
    json_t *list = json_load_file(FIXTURES "/kubelet-1.20/pods.json", 0, NULL);
    json_t *status = json_incref(json_object_get(json_array_get(json_object_get(list, "items"), 2), "status")), *c;
    size_t i;

    assert_non_null(status);
    json_object_del(status, "initContainerStatuses");
    json_array_foreach (json_object_get(status, "containerStatuses"), i, c) {
        json_object_set_new(c, "containerID", json_string("?"));
        json_object_set_new(c, "imageID", json_string("?"));
    }
    json_array_foreach (json_object_get(status, "conditions"), i, c) {
        json_object_set_new(c, "lastTransitionTime", json_string("?"));
    }
    json_object_set_new(status, "podIP", json_string("10.77.0.1"));
    json_object_set_new(status, "podIPs", json_pack("[{s:s}]", "ip", "10.77.0.1"));
    json_decref(list);
    return status;
}

static void test_status_against_real_kubelet(void **state)
{
    struct node_pod *pod = pod_new();
    json_t *real = real_status(), *ours, *c;
    auto_free char *our_text = NULL, *real_text = NULL;
    size_t i;

    (void)state;
    start(pod, 0, 'a', T0 + 2 * NS_PER_S);
    start(pod, 1, 'b', T0 + 2 * NS_PER_S);
    ours = pod_status_new(pod, IP);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(ours, "conditions"), 1),
                                                          "lastTransitionTime")),
                        "2026-11-23T14:56:16Z");
    json_array_foreach (json_object_get(ours, "containerStatuses"), i, c) {
        json_object_set_new(c, "containerID", json_string("?"));
        json_object_set_new(c, "imageID", json_string("?"));
    }
    json_array_foreach (json_object_get(ours, "conditions"), i, c) {
        json_object_set_new(c, "lastTransitionTime", json_string("?"));
    }
    our_text = json_dumps(ours, JSON_INDENT(1) | JSON_SORT_KEYS);
    real_text = json_dumps(real, JSON_INDENT(1) | JSON_SORT_KEYS);
    assert_string_equal(our_text, real_text);
    json_decref(ours);
    json_decref(real);
    pod_free(pod);
}

static const json_t *container_of(const json_t *status, size_t i)
{
    return json_array_get(json_object_get(status, "containerStatuses"), i);
}

static const char *path_text(const json_t *at, const char *a, const char *b, const char *c)
{
    at = json_object_get(at, a);
    at = b != NULL ? json_object_get(at, b) : at;
    at = c != NULL ? json_object_get(at, c) : at;
    return json_string_value(at) != NULL ? json_string_value(at) : "";
}

static void test_states(void **state)
{
    struct node_pod *pod = pod_new();
    json_t *status = pod_status_new(pod, IP);

    (void)state;
    assert_string_equal(path_text(status, "phase", NULL, NULL), "Pending");
    assert_string_equal(path_text(container_of(status, 0), "name", NULL, NULL), "burn");
    assert_string_equal(path_text(container_of(status, 0), "state", "waiting", "reason"), "ContainerCreating");
    assert_string_equal(path_text(container_of(status, 0), "state", "waiting", "message"), "no such cgroup yet: /b");
    assert_null(json_object_get(container_of(status, 0), "containerID"));
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(status, "conditions"), 1), "message")),
        "containers with unready status: [idle burn]");
    json_decref(status);

    start(pod, 0, 'a', T0);
    start(pod, 1, 'b', T0);
    container_run_ended(&pod->containers[1]->run, T0 + 60 * NS_PER_S);
    status = pod_status_new(pod, IP);
    assert_string_equal(path_text(status, "phase", NULL, NULL), "Running");
    assert_string_equal(path_text(container_of(status, 0), "state", "terminated", "reason"), "ContainerStatusUnknown");
    assert_string_equal(path_text(container_of(status, 0), "state", "terminated", "finishedAt"),
                        "2026-11-23T14:57:14Z");
    assert_true(json_is_false(json_object_get(container_of(status, 0), "ready")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(status, "conditions"), 2),
                                                          "lastTransitionTime")),
                        "2026-11-23T14:57:14Z");
    json_decref(status);

    start(pod, 1, 'c', T0 + 70 * NS_PER_S);
    status = pod_status_new(pod, IP);
    assert_int_equal(json_integer_value(json_object_get(container_of(status, 0), "restartCount")), 1);
    assert_string_equal(path_text(container_of(status, 0), "state", "running", "startedAt"), "2026-11-23T14:57:24Z");
    assert_true(str_ends_with(str_of(path_text(container_of(status, 0), "lastState", "terminated", "containerID")),
                              STR("bbbb")));
    json_decref(status);
    pod_free(pod);
}

/* Another kubelet's life: what one wrote, the next carries on. */
static void test_resume(void **state)
{
    struct node_pod *before = pod_new(), *after = pod_new();
    json_t *mirror = json_object(), *status;

    (void)state;
    start(before, 0, 'a', T0);
    start(before, 1, 'b', T0);
    container_run_ended(&before->containers[1]->run, T0 + 10 * NS_PER_S);
    start(before, 1, 'c', T0 + 20 * NS_PER_S);
    json_object_set_new(mirror, "status", pod_status_new(before, IP));

    after->first_seen_unix_ns = T0 + 1000 * NS_PER_S;
    start(after, 0, 'a', T0);
    start(after, 1, 'd', T0 + 30 * NS_PER_S);
    pod_resume(after, mirror, T0 + 1000 * NS_PER_S);
    assert_int_equal(after->containers[0]->run.restart_count, 0);
    assert_int_equal(after->containers[1]->run.restart_count, 2);
    status = pod_status_new(after, IP);
    assert_string_equal(path_text(status, "startTime", NULL, NULL), "2026-11-23T14:56:14Z");
    assert_true(str_ends_with(str_of(path_text(container_of(status, 0), "lastState", "terminated", "containerID")),
                              STR("cccc")));
    json_decref(status);
    json_decref(mirror);

    mirror = json_pack("{s:{s:[{s:s, s:s, s:i, s:{s:{}}}, n]}}", "status", "containerStatuses", "name", "idle",
                       "containerID", "docker://x", "restartCount", 7, "state", "running"); /* a stranger's */
    pod_resume(after, mirror, T0);
    assert_int_equal(after->containers[0]->run.restart_count, 0);
    json_decref(mirror);
    pod_free(before);
    pod_free(after);
}

static void test_mirror(void **state)
{
    struct node_pod *pod = pod_new();
    json_t *mirror = pod_mirror_new(pod, STR("real"), STR("node-uid")), *object = pod_object_new(pod, IP);
    const json_t *metadata = json_object_get(mirror, "metadata");

    (void)state;
    assert_true(str_eq(pod_mirror_hash(mirror), pod->spec->hash));
    assert_int_equal(pod_mirror_hash(object).len, 0);
    assert_null(json_object_get(metadata, "uid"));
    assert_null(json_object_get(mirror, "status"));
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(metadata, "ownerReferences"), 0), "uid")),
        "node-uid");
    assert_string_equal(path_text(object, "metadata", "name", NULL), "two-real");
    assert_string_equal(path_text(object, "status", "hostIP", NULL), "10.77.0.1");
    assert_null(json_object_get(pod->spec->object, "status")); /* the manifest itself isn't touched */
    json_decref(mirror);
    json_decref(object);
    pod_free(pod);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_against_real_kubelet),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_mirror),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
