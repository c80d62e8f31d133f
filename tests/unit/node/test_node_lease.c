#include "node/node_lease.h"

#include "api_world.h"

#define COLLECTION "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
#define LEASE COLLECTION "/n"
#define TEXT(w, field) fake_api_text((w)->api, LEASE, field)

static void test_made_and_renewed(void **state)
{
    struct api_world *w = *state;
    struct node_lease *l = node_lease_new(&w->loop, w->client, STR("n"), 20);
    char first[40];

    RUN_UNTIL(w, fake_api_object(w->api, LEASE) != NULL);
    assert_string_equal(TEXT(w, "spec.holderIdentity"), "n");
    assert_string_equal(TEXT(w, "spec.leaseDurationSeconds"), "40");
    assert_string_equal(TEXT(w, "metadata.ownerReferences.0.uid"), "");
    assert_int_equal(strlen(TEXT(w, "spec.renewTime")), strlen("2026-01-31T12:00:05.123456Z"));
    snprintf(first, sizeof(first), "%s", TEXT(w, "spec.renewTime"));
    node_lease_set_owner(l, STR("u1"));
    RUN_UNTIL(w, strcmp(TEXT(w, "spec.renewTime"), first) > 0);
    RUN_UNTIL(w, strcmp(TEXT(w, "metadata.ownerReferences.0.uid"), "u1") == 0);
    assert_int_equal(fake_api_count(w->api, "POST"), 1);
    assert_int_equal(fake_api_count(w->api, "GET"), 1); /* renewing needs no reading */
    node_lease_free(l);
}

static void test_troubles(void **state)
{
    struct api_world *w = *state;
    struct node_lease *l;

    fake_api_put(w->api, LEASE,
                 json_pack("{s:{s:s}, s:{s:s}}", "metadata", "name", "n", "spec", "holderIdentity", "x"));
    l = node_lease_new(&w->loop, w->client, STR("n"), 20);
    RUN_UNTIL(w, strcmp(TEXT(w, "spec.holderIdentity"), "n") == 0); /* one that is there is taken over */
    fake_api_delete(w->api, LEASE);
    RUN_UNTIL(w, fake_api_object(w->api, LEASE) != NULL);
    fake_api_put(w->api, LEASE,
                 json_pack("{s:{s:s}, s:{s:s}}", "metadata", "name", "n", "spec", "holderIdentity", "y"));
    RUN_UNTIL(w, strcmp(TEXT(w, "spec.holderIdentity"), "n") == 0); /* written behind our back: a conflict */
    w->api->is_away = true;
    size_t requests = w->api->requests;
    RUN_UNTIL(w, w->api->requests >= requests + 2);
    w->api->is_away = false;
    json_object_set_new(json_object_get(fake_api_object(w->api, LEASE), "spec"), "renewTime", json_string(""));
    RUN_UNTIL(w, strlen(TEXT(w, "spec.renewTime")) > 0);
    w->api->fail_status = 500;
    w->api->fail_count = 2;
    RUN_UNTIL(w, w->api->fail_count == 0);
    json_object_set_new(json_object_get(fake_api_object(w->api, LEASE), "spec"), "renewTime", json_string(""));
    RUN_UNTIL(w, strlen(TEXT(w, "spec.renewTime")) > 0);
    node_lease_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_and_renewed, api_world_setup, api_world_teardown),
        cmocka_unit_test_setup_teardown(test_troubles, api_world_setup, api_world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
