#include "node/registration.h"

#include "api_world.h"

#define NODE "/api/v1/nodes/n"
#define TEXT(w, field) fake_api_text((w)->api, NODE, field)

static const struct machine machine = {
    .boot_id = STR_INIT("boot1"),
    .architecture = STR_INIT("amd64"),
    .operating_system = STR_INIT("linux"),
    .cpus = 2,
    .memory_bytes = INT64_C(8) << 30,
    .hugepages_2mi_bytes = NOT_MEASURED,
    .hugepages_1gi_bytes = NOT_MEASURED,
};

struct facts {
    struct pressure pressure;
    struct buf known;  /* "uid\n" each time */
    struct buf events; /* "reason\n" */
};

static void gather(void *arg, struct node_facts *out)
{
    static const struct str address = STR_INIT("10.0.0.1");

    *out = (struct node_facts){.name = STR("n"),
                               .hostname = STR("n"),
                               .addresses = &address,
                               .address_count = 1,
                               .machine = &machine,
                               .disk_capacity_bytes = NOT_MEASURED,
                               .max_pods = 110,
                               .port = 10250,
                               .kubelet_version = STR("v1"),
                               .runtime_version = STR("t://1"),
                               .pressure = ((struct facts *)arg)->pressure};
}

static void on_known(void *arg, struct str uid)
{
    buf_printf(&((struct facts *)arg)->known, "%.*s\n", STR_ARG(uid));
}

static void on_event(void *arg, bool is_warning, const char *reason, struct str message)
{
    assert_true(is_warning == (strcmp(reason, "Rebooted") == 0));
    assert_true(str_starts_with(message, STR("Node n ")));
    buf_printf(&((struct facts *)arg)->events, "%s\n", reason);
}

static struct registration *start(struct api_world *w, struct facts *f, int64_t interval_ms, int64_t report_ms)
{
    return registration_new(&(struct registration_options){.loop = &w->loop,
                                                           .client = w->client,
                                                           .node_name = STR("n"),
                                                           .interval_ms = interval_ms,
                                                           .report_ms = report_ms,
                                                           .gather = gather,
                                                           .on_known = on_known,
                                                           .on_event = on_event,
                                                           .arg = f});
}

static void end(struct registration *r, struct facts *f)
{
    registration_free(r);
    buf_free(&f->known);
    buf_free(&f->events);
}

static void test_new_node(void **state)
{
    struct api_world *w = *state;
    struct facts f = {0};
    struct registration *r = start(w, &f, 20, 0);

    RUN_UNTIL(w, fake_api_count(w->api, "PUT " NODE "/status") == 1);
    RUN_UNTIL(w, registration_is_known(r));
    assert_string_equal(TEXT(w, "status.conditions.3.status"), "True");
    assert_string_equal(TEXT(w, "status.addresses.0.address"), "10.0.0.1");
    assert_string_equal(TEXT(w, "metadata.labels.kubernetes.io/hostname"), "n");
    assert_string_equal(buf_cstr(&f.events), "NodeHasSufficientMemory\nNodeHasNoDiskPressure\nNodeHasSufficientPID\n"
                                             "NodeReady\n");
    RUN_FOR(w, 200); /* nothing has changed: nothing is written */
    assert_int_equal(fake_api_count(w->api, "PUT"), 1);
    assert_int_equal(fake_api_count(w->api, "GET"), 1);

    f.pressure.memory = true;
    RUN_UNTIL(w, strcmp(TEXT(w, "status.conditions.0.status"), "True") == 0);
    RUN_UNTIL(w, str_ends_with(buf_str(&f.events), STR("NodeHasInsufficientMemory\n")));
    end(r, &f);
}

static void test_regular_report(void **state)
{
    struct api_world *w = *state;
    struct facts f = {0};
    struct registration *r = start(w, &f, 20, 100);

    RUN_UNTIL(w, fake_api_count(w->api, "PUT " NODE "/status") >= 4);
    end(r, &f);
}

/* A Node that is there: from an earlier life, with what others put into it. */
static void test_taken_over(void **state)
{
    struct api_world *w = *state;
    struct facts f = {0};
    struct registration *r;

    fake_api_put(w->api, NODE,
                 json_pack("{s:{s:s, s:{s:s}}, s:{s:b}, s:{s:{s:s}}}", "metadata", "name", "n", "labels", "mine", "yes",
                           "spec", "unschedulable", 1, "status", "nodeInfo", "bootID", "boot0"));
    r = start(w, &f, 20, 0);
    RUN_UNTIL(w, strcmp(TEXT(w, "status.nodeInfo.bootID"), "boot1") == 0);
    assert_string_equal(TEXT(w, "metadata.labels.mine"), "yes");
    assert_string_equal(TEXT(w, "metadata.labels.kubernetes.io/os"), "linux");
    assert_string_equal(TEXT(w, "spec.unschedulable"), "true");
    assert_int_equal(fake_api_count(w->api, "POST"), 0);
    assert_int_equal(fake_api_count(w->api, "PUT " NODE), 2); /* labels, status */
    assert_true(str_find(buf_str(&f.events), STR("Rebooted\n")) >= 0);
    end(r, &f);
}

static void test_deleted(void **state)
{
    struct api_world *w = *state;
    struct facts f = {0};
    struct registration *r = start(w, &f, 20, 0);

    RUN_UNTIL(w, fake_api_count(w->api, "PUT " NODE "/status") == 1 && w->api->watch_count == 1);
    RUN_FOR(w, 50);
    fake_api_delete(w->api, NODE);
    RUN_UNTIL(w, fake_api_object(w->api, NODE) != NULL);
    RUN_UNTIL(w, str_find(str_skip(buf_str(&f.known), 1), STR("uid")) > 0); /* another uid was told */
    end(r, &f);
}

static void test_troubles(void **state)
{
    struct api_world *w = *state;
    struct facts f = {0};
    struct registration *r;

    w->api->is_away = true;
    r = start(w, &f, 20, 0);
    RUN_UNTIL(w, w->api->requests >= 4);
    assert_false(registration_is_known(r));
    w->api->is_away = false;
    RUN_UNTIL(w, fake_api_count(w->api, "PUT " NODE "/status") == 1);
    RUN_FOR(w, 50);

    w->api->fail_status = 409; /* somebody else writes at the same time */
    w->api->fail_count = 0;
    f.pressure.pids = true;
    w->api->fail_count = 1;
    RUN_UNTIL(w, strcmp(TEXT(w, "status.conditions.2.status"), "True") == 0);
    w->api->fail_status = 403;
    w->api->fail_count = 3;
    f.pressure.pids = false;
    RUN_UNTIL(w, strcmp(TEXT(w, "status.conditions.2.status"), "False") == 0);
    end(r, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_node, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_regular_report, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_taken_over, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_deleted, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_troubles, api_world_setup, api_world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
