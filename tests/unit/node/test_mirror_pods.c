#include "node/mirror_pods.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_world.h"
#include "base/buf.h"
#include "base/file.h"

#define POD(name) "/api/v1/namespaces/default/pods/" name
#define TEXT(w, name, field) fake_api_text((w)->api, POD(name), field)

/* Pods whose containers are folders that stand for cgroups. */
struct node_side {
    char folder[64];
    struct container_surroundings around;
    struct static_pods *pods;
    struct mirror_pods *mirrors;
};

static void on_changed(void *arg, struct node_pod *pod)
{
    mirror_pods_changed(((struct node_side *)arg)->mirrors, pod);
}

static void on_gone(void *arg, struct node_pod *pod)
{
    mirror_pods_gone(((struct node_side *)arg)->mirrors, pod);
}

/* One life of the node agent. */
static void start(struct api_world *w, struct node_side *n)
{
    n->around = (struct container_surroundings){.loop = &w->loop, .machine_root = "", .boot_id = STR("boot")};
    n->around.trees = (struct cgroups){.layout = CGROUP_LAYOUT_V1,
                                       .cpu = {mem_strdup(n->folder), mem_strdup("/"), false},
                                       .memory = {mem_strdup(n->folder), mem_strdup("/"), false}};
    n->pods = static_pods_new(&(struct static_pods_options){.loop = &w->loop,
                                                            .folder = n->folder,
                                                            .node_name = STR("n"),
                                                            .around = &n->around,
                                                            .on_changed = on_changed,
                                                            .on_gone = on_gone,
                                                            .arg = n});
    n->mirrors = mirror_pods_new(&w->loop, w->client, n->pods, STR("n"), STR("10.0.0.1"));
    static_pods_look(n->pods);
}

static void stop(struct node_side *n)
{
    mirror_pods_free(n->mirrors);
    static_pods_free(n->pods);
    cgroups_free(&n->around.trees);
}

static int setup(void **state)
{
    struct node_side *n = mem_zalloc(sizeof(*n));
    struct api_world *w;

    api_world_setup(state);
    w = *state;
    w->extra = n;
    snprintf(n->folder, sizeof(n->folder), "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(n->folder));
    return 0;
}

static int teardown(void **state)
{
    struct node_side *n = ((struct api_world *)*state)->extra;
    auto_buf struct buf command = {0};

    buf_printf(&command, "rm -rf %s", n->folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
    free(n);
    return api_world_teardown(state);
}

static void put_pod(struct node_side *n, const char *name, const char *image)
{
    auto_buf struct buf path = {0}, text = {0};

    buf_printf(&path, "%s/%s.json", n->folder, name);
    buf_printf(&text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"annotations\":{\"tacho.dev/"
               "cgroup\":\"/cg-%s\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]}}",
               name, name, image);
    assert_true(file_write_atomically(buf_cstr(&path), buf_str(&text), 0644, NULL));
}

static void remove_pod(struct node_side *n, const char *name)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s.json", n->folder, name);
    assert_int_equal(unlink(buf_cstr(&path)), 0);
}

static void set_running(struct node_side *n, const char *name, bool is_running)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/cg-%s", n->folder, name);
    assert_int_equal(is_running ? mkdir(buf_cstr(&path), 0755) : rmdir(buf_cstr(&path)), 0);
    static_pods_look(n->pods);
}

static void test_life(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    char uid[40];

    put_pod(n, "a", "i");
    start(w, n);
    RUN_FOR(w, 100);
    assert_null(fake_api_object(w->api, POD("a-n"))); /* no node yet that could own it */
    mirror_pods_set_owner(n->mirrors, STR("node-uid"));
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.phase"), "Pending") == 0);
    assert_string_equal(TEXT(w, "a-n", "metadata.ownerReferences.0.uid"), "node-uid");
    assert_string_equal(TEXT(w, "a-n", "spec.nodeName"), "n");
    assert_string_equal(TEXT(w, "a-n", "metadata.annotations.kubernetes.io/config.source"), "file");
    set_running(n, "a", true);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.phase"), "Running") == 0);
    assert_string_equal(TEXT(w, "a-n", "status.podIP"), "10.0.0.1");
    set_running(n, "a", false);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.containerStatuses.0.ready"), "false") == 0);
    set_running(n, "a", true);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.containerStatuses.0.restartCount"), "1") == 0);
    RUN_FOR(w, 50);
    size_t writes = fake_api_count(w->api, "PATCH");
    RUN_FOR(w, 100);
    assert_int_equal(fake_api_count(w->api, "PATCH"), writes); /* what is current is left alone */

    snprintf(uid, sizeof(uid), "%s", TEXT(w, "a-n", "metadata.uid"));
    fake_api_delete(w->api, POD("a-n")); /* somebody removes it */
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.phase"), "Running") == 0);
    assert_string_not_equal(TEXT(w, "a-n", "metadata.uid"), uid);

    put_pod(n, "a", "another"); /* the manifest changes: another mirror */
    snprintf(uid, sizeof(uid), "%s", TEXT(w, "a-n", "metadata.uid"));
    static_pods_look(n->pods);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "spec.containers.0.image"), "another") == 0);
    assert_string_not_equal(TEXT(w, "a-n", "metadata.uid"), uid);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.phase"), "Running") == 0);

    remove_pod(n, "a");
    RUN_UNTIL(w, fake_api_object(w->api, POD("a-n")) == NULL);
    stop(n);
}

/* `kubectl delete` of a mirror marks it first; the node agent ends it. */
static void test_being_deleted(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    char uid[40];
    json_t *leaving;

    put_pod(n, "a", "i");
    start(w, n);
    mirror_pods_set_owner(n->mirrors, STR("node-uid"));
    RUN_UNTIL(w, strlen(TEXT(w, "a-n", "status.phase")) > 0 && w->api->watch_count == 1);
    snprintf(uid, sizeof(uid), "%s", TEXT(w, "a-n", "metadata.uid"));
    leaving = json_deep_copy(fake_api_object(w->api, POD("a-n")));
    json_object_set_new(json_object_get(leaving, "metadata"), "deletionTimestamp", json_string("2026-01-01T00:00:00Z"));
    fake_api_put(w->api, POD("a-n"), leaving);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "metadata.uid"), uid) != 0 && strlen(TEXT(w, "a-n", "status.phase")) > 0);
    stop(n);
}

static void count_other(void *arg, struct str object)
{
    assert_true(str_find(object, STR("\"theirs\"")) > 0);
    ++*(size_t *)arg;
}

/* Left over from before, and other people's. */
static void test_others(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    size_t others = 0;

    fake_api_put(w->api, POD("stray-n"),
                 json_pack("{s:{s:s, s:s, s:{s:s}}}", "metadata", "name", "stray-n", "namespace", "default",
                           "annotations", "kubernetes.io/config.mirror", "x"));
    fake_api_put(w->api, POD("theirs"),
                 json_pack("{s:{s:s, s:s}}", "metadata", "name", "theirs", "namespace", "default"));
    start(w, n);
    RUN_UNTIL(w, fake_api_object(w->api, POD("stray-n")) == NULL && w->api->watch_count == 1);
    assert_non_null(fake_api_object(w->api, POD("theirs")));
    assert_int_equal(fake_api_count(w->api, "PATCH"), 0);
    mirror_pods_each_other(n->mirrors, count_other, &others);
    assert_int_equal(others, 1);
    fake_api_put(w->api, POD("theirs"),
                 json_pack("{s:{s:s, s:s, s:s, s:s}}", "metadata", "name", "theirs", "namespace", "default", "uid",
                           json_string_value(json_object_get(
                               json_object_get(fake_api_object(w->api, POD("theirs")), "metadata"), "uid")),
                           "deletionTimestamp", "2026-01-01T00:00:00Z"));
    RUN_UNTIL(w, fake_api_object(w->api, POD("theirs")) == NULL); /* nothing of it runs here */
    stop(n);
}

/* The next life carries on where the last one ended. */
static void test_second_life(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    char uid[40];

    put_pod(n, "a", "i");
    start(w, n);
    mirror_pods_set_owner(n->mirrors, STR("node-uid"));
    set_running(n, "a", true);
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.phase"), "Running") == 0);
    snprintf(uid, sizeof(uid), "%s", TEXT(w, "a-n", "metadata.uid"));
    stop(n);
    RUN_FOR(w, 20);
    auto_buf struct buf path = {0};
    buf_printf(&path, "%s/cg-a", n->folder);
    assert_int_equal(rmdir(buf_cstr(&path)), 0); /* restarted while nobody looked */
    assert_int_equal(mkdir(buf_cstr(&path), 0755), 0);
    start(w, n);
    mirror_pods_set_owner(n->mirrors, STR("node-uid"));
    RUN_UNTIL(w, strcmp(TEXT(w, "a-n", "status.containerStatuses.0.restartCount"), "1") == 0);
    assert_string_equal(TEXT(w, "a-n", "metadata.uid"), uid); /* the mirror stayed */
    stop(n);
}

static void test_troubles(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;

    put_pod(n, "a", "i");
    start(w, n);
    w->api->fail_status = 500;
    w->api->fail_count = 2;
    mirror_pods_set_owner(n->mirrors, STR("node-uid"));
    RUN_UNTIL(w, strlen(TEXT(w, "a-n", "status.phase")) > 0);
    RUN_FOR(w, 50);
    w->api->fail_status = 404; /* the mirror goes while its status is being written */
    w->api->fail_count = 1;
    fake_api_put(w->api, POD("other"),
                 json_pack("{s:{s:s, s:s}}", "metadata", "name", "other", "namespace", "default"));
    set_running(n, "a", true);
    RUN_UNTIL(w, w->api->fail_count == 0);
    stop(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_being_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_troubles, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
