#include "node/event_recorder.h"

#include "api_world.h"

#define COLLECTION "/api/v1/namespaces/default/events"

static const struct event_subject node = {.kind = STR_INIT("Node"), .name = STR_INIT("n"), .uid = STR_INIT("n")};

/* The path of the first event with REASON. */
static const char *event_path(struct api_world *w, const char *reason)
{
    const char *path;
    json_t *object;

    json_object_foreach (w->api->objects, path, object) {
        const char *there = json_string_value(json_object_get(object, "reason"));
        if (there != NULL && strcmp(there, reason) == 0)
            return path;
    }
    return NULL;
}

static void test_shape(void **state)
{
    struct api_world *w = *state;
    struct event_recorder *r = event_recorder_new(&w->loop, w->client, STR("n"));
    struct event_subject pod = {.kind = STR("Pod"),
                                .namespace = STR("kube-system"),
                                .name = STR("p"),
                                .uid = STR("u"),
                                .field_path = STR("spec.containers{c}")};
    const char *path;

    event_record(r, &node, EVENT_NORMAL, "Starting", STR("Starting kubelet."));
    event_record(r, &pod, EVENT_WARNING, "Ended", STR("Container \"c\" has ended"));
    RUN_UNTIL(w, event_path(w, "Ended") != NULL);
    path = event_path(w, "Starting");
    assert_true(str_starts_with(str_of(path), STR(COLLECTION "/n.")));
    assert_string_equal(fake_api_text(w->api, path, "involvedObject.kind"), "Node");
    assert_string_equal(fake_api_text(w->api, path, "involvedObject.uid"), "n");
    assert_string_equal(fake_api_text(w->api, path, "source.component"), "kubelet");
    assert_string_equal(fake_api_text(w->api, path, "source.host"), "n");
    assert_string_equal(fake_api_text(w->api, path, "type"), "Normal");
    assert_string_equal(fake_api_text(w->api, path, "count"), "1");
    assert_string_equal(fake_api_text(w->api, path, "message"), "Starting kubelet.");
    assert_string_equal(fake_api_text(w->api, path, "firstTimestamp"), fake_api_text(w->api, path, "lastTimestamp"));
    path = event_path(w, "Ended");
    assert_true(str_starts_with(str_of(path), STR("/api/v1/namespaces/kube-system/events/p.")));
    assert_string_equal(fake_api_text(w->api, path, "involvedObject.fieldPath"), "spec.containers{c}");
    assert_string_equal(fake_api_text(w->api, path, "involvedObject.apiVersion"), "v1");
    assert_string_equal(fake_api_text(w->api, path, "type"), "Warning");
    event_recorder_free(r);
}

static void test_repetition(void **state)
{
    struct api_world *w = *state;
    struct event_recorder *r = event_recorder_new(&w->loop, w->client, STR("n"));

    event_record(r, &node, EVENT_NORMAL, "A", STR("m"));
    event_record(r, &node, EVENT_NORMAL, "A", STR("m")); /* while the first is under way */
    RUN_UNTIL(w, event_path(w, "A") != NULL && strcmp(fake_api_text(w->api, event_path(w, "A"), "count"), "2") == 0);
    event_record(r, &node, EVENT_NORMAL, "A", STR("m"));
    RUN_UNTIL(w, strcmp(fake_api_text(w->api, event_path(w, "A"), "count"), "3") == 0);
    assert_int_equal(fake_api_count(w->api, "POST"), 1);
    event_record(r, &node, EVENT_NORMAL, "A", STR("other words"));
    RUN_UNTIL(w, fake_api_count(w->api, "POST") == 2);

    fake_api_delete(w->api, event_path(w, "A"));
    while (event_path(w, "A") != NULL)
        fake_api_delete(w->api, event_path(w, "A")); /* events expire */
    event_record(r, &node, EVENT_NORMAL, "A", STR("m"));
    RUN_UNTIL(w, event_path(w, "A") != NULL);
    assert_string_equal(fake_api_text(w->api, event_path(w, "A"), "count"), "4");
    event_recorder_free(r);
}

static void test_away(void **state)
{
    struct api_world *w = *state;
    struct event_recorder *r = event_recorder_new(&w->loop, w->client, STR("n"));

    w->api->is_away = true;
    for (int i = 0; i < 1000; i++) { /* more than is kept */
        char message[20];
        snprintf(message, sizeof(message), "m%d", i);
        event_record(r, &node, EVENT_NORMAL, "Many", str_of(message));
    }
    event_record(r, &node, EVENT_NORMAL, "First", STR("m"));
    RUN_UNTIL(w, w->api->requests >= 1);
    w->api->is_away = false;
    RUN_UNTIL(w, event_path(w, "Many") != NULL);
    event_recorder_free(r);
}

/* Refused for a moment, as by an API server that doesn't know our rights yet. */
static void test_refused(void **state)
{
    struct api_world *w = *state;
    struct event_recorder *r = event_recorder_new(&w->loop, w->client, STR("n"));

    w->api->fail_status = 403;
    w->api->fail_count = 1;
    event_record(r, &node, EVENT_NORMAL, "A", STR("m"));
    RUN_UNTIL(w, event_path(w, "A") != NULL);
    event_recorder_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shape, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_repetition, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_refused, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_away, api_world_setup, api_world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
