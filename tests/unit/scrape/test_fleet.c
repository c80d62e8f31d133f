/*
 * A fleet of kubelets of which most misbehave. The good ones must not notice, memory must stay bounded, and the log
 * must hold each cause once.
 */
#include "fleet_world.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <signal.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static unsigned scrapes_of(const struct kubelet *k)
{
    return k->batches + k->failures;
}

/* Each was scraped to an end at least four times. */
static bool is_scraped_often(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (scrapes_of(&w->kubelets[i]) < 4)
            return false;
    return true;
}

static const struct kubelet misbehaving[] = {
    {.fake = {.name = "refuses"}, .cause = "err=\"connect to 127.0.0.1:PORT: connection refused\""},
    {.fake = {.name = "hangs", .answer = fake_kubelet_answers_never},
     .cause = "timed out after 900ms while waiting for the answer of 127.0.0.1"},
    {.fake = {.name = "resets-half-way", .answer = fake_kubelet_answers_half}, .cause = "err=\""},
    {.fake = {.name = "floods", .answer = fake_kubelet_answers_flood},
     .cause = "the answer is larger than the limit of 2097152 bytes"},
    {.fake = {.name = "garbage", .answer = fake_kubelet_answers_garbage},
     .cause = "line 1: expected a metric name, at"},
    {.fake = {.name = "html", .answer = fake_kubelet_answers_html},
     .cause = "the answer's content type is text/html, not text/plain: is this a kubelet?"},
    {.fake = {.name = "encoded", .answer = fake_kubelet_answers_encoded},
     .cause = "the answer is encoded (gzip), which wasn't asked for"},
    {.fake = {.name = "empty", .answer = fake_kubelet_answers_empty}, .cause = "the answer holds no figures"},
    {.fake = {.name = "wrong-name", .answer = fake_kubelet_answers_well, .san = "DNS:wrong-name"},
     .cause = "isn't valid for 127.0.0.1: it has DNS wrong-name and no IP addresses\" node=\"wrong-name\" "
              "url=\"https://127.0.0.1:PORT/metrics/resource\" hint=\"let the kubelet get a serving certificate with "
              "this address"},
    {.fake = {.name = "untrusted", .answer = fake_kubelet_answers_well},
     .is_untrusted = true,
     .cause = "was issued by other-ca, which is not trusted"},
    {.fake = {.name = "forbidden", .answer = fake_kubelet_answers_forbidden},
     .cause = "request failed, status: \\\"403 Forbidden\\\": Forbidden (user=jane)\" node=\"forbidden\" "
              "url=\"https://127.0.0.1:PORT/metrics/resource\" hint=\"allow this server's user to get nodes/metrics"},
    {.fake = {.name = "unresolvable", .answer = fake_kubelet_answers_well},
     .hosts = "a.invalid",
     .cause = "lookup a.invalid: "},
};

static void test_others_are_served_on_time(void **state)
{
    struct world *w = *state;
    struct kubelet *good[3];

    good[0] = fleet_world_add(w, &(struct kubelet){.fake = {.name = "good-1", .answer = fake_kubelet_answers_well}});
    for (size_t i = 0; i < sizeof(misbehaving) / sizeof(misbehaving[0]); i++)
        fleet_world_add(w, &misbehaving[i]);
    good[1] = fleet_world_add(w, &(struct kubelet){.fake = {.name = "good-2", .answer = fake_kubelet_answers_well}});
    good[2] = fleet_world_add(w, &(struct kubelet){.fake = {.name = "old", .answer = fake_kubelet_answers_summary}});
    fleet_world_run_until(w, is_scraped_often);

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(good[i]->losses, 0);
        assert_int_equal(good[i]->containers, 1);
        /* an interval and a half lies between two scrapes at most; the rest is for a busy machine */
        assert_in_range(good[i]->longest_gap_ns, 0, INTERVAL_NS * 3 / 2 + NS_PER_S);
        assert_int_equal(fake_peer_accepted(good[i]->fake.peer), 1);
    }
    for (size_t i = 0; i < w->count; i++) {
        const struct kubelet *k = &w->kubelets[i];
        auto_buf struct buf line = {0};
        unsigned lines = fleet_world_count_lines(w, "Failed to scrape node", k->fake.name, &line);
        if (k->cause == NULL) {
            assert_int_equal(lines, 0);
            continue;
        }
        assert_int_equal(k->batches, 0);
        auto_buf struct buf cause = {0};
        ptrdiff_t at = str_find(str_of(k->cause), STR("PORT"));
        if (at >= 0)
            buf_printf(&cause, "%.*s%u%s", (int)at, k->cause, k->fake.port, k->cause + at + 4);
        else
            buf_add_cstr(&cause, k->cause);
        if (lines != 1 || strstr(buf_cstr(&line), buf_cstr(&cause)) == NULL)
            fail_msg("%s: %u lines: %s\ninstead of %s", k->fake.name, lines, buf_cstr(&line), buf_cstr(&cause));
    }
    struct fleet_status status = fleet_status(w->fleet);
    assert_int_equal(status.nodes, w->count);
    assert_int_equal(status.failed, sizeof(misbehaving) / sizeof(misbehaving[0]));
    assert_int_equal(status.pending, 0);
    assert_string_equal(status.first_node, "empty");
    assert_string_equal(fleet_world_kubelet(w, STR("old"))->fake.last_path, "/stats/summary?only_cpu_and_memory=true");
    assert_int_equal(fleet_world_count_lines(w, "Kubelet has no /metrics/resource", "old", NULL), 1);
    /* what was taken of the flood is bounded by the limit and by what lies in queues and sockets */
    assert_in_range(fleet_world_kubelet(w, STR("floods"))->fake.most_sent_bytes, MAX_BODY_BYTES,
                    MAX_BODY_BYTES + 16 * 1024 * 1024);
    assert_true(fleet_is_timely(w->fleet));
}

static void test_recovers_and_fails_again(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_garbage}});

    fleet_world_run_until(w, fleet_world_has_two_failures);
    k->fake.answer = fake_kubelet_answers_well;
    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_int_equal(fleet_status(w->fleet).failed, 0);
    k->failures = 2;
    k->fake.answer = fake_kubelet_answers_garbage;
    fleet_world_run_until(w, fleet_world_has_a_third_failure);
    assert_int_equal(fleet_world_count_lines(w, "Failed to scrape node", "a", NULL), 2);
    assert_int_equal(fleet_world_count_lines(w, "Node is scraped again", "a", NULL), 1);
    assert_int_equal(fleet_status(w->fleet).failed, 1);
    assert_non_null(strstr(fleet_status(w->fleet).first_cause, "/metrics/resource)"));
}

static void test_next_address(void **state)
{
    struct world *w = *state;
    struct kubelet *k = fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well},
                                                             .hosts = "a.invalid,127.0.0.3,127.0.0.1"});
    auto_buf struct buf line = {0};

    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_int_equal(k->losses, 0);
    assert_int_equal(fleet_world_count_lines(w, "Failed to scrape", "a", NULL), 0);
    assert_int_equal(
        fleet_world_count_lines(w, "Node doesn't answer at its preferred address, but at another one", "a", &line), 1);
    assert_non_null(strstr(buf_cstr(&line), "lookup a.invalid: "));
    assert_non_null(strstr(buf_cstr(&line), "url=\"https://127.0.0.1:"));
    assert_int_equal(fake_peer_accepted(k->fake.peer), 1);
}

static void test_certificate_for_another_address(void **state)
{
    struct world *w = *state;
    struct kubelet *k = fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well},
                                                             .hosts = "::ffff:127.0.0.1,127.0.0.1"});

    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_int_equal(k->losses, 0);
    assert_int_equal(fleet_world_count_lines(w, "Node doesn't answer at its preferred address", "a", NULL), 1);
}

static bool has_gone_on(struct world *w)
{
    return w->kubelets[0].batches >= 3 && w->kubelets[1].batches >= 3;
}

static void test_nodes_come_change_and_go(void **state)
{
    struct world *w = *state;
    struct kubelet *a =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});
    struct kubelet *b =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "b", .answer = fake_kubelet_answers_well}});

    fleet_world_run_until(w, fleet_world_has_two_batches);
    fleet_world_set_node(w, a, false); /* not ready: scraped all the same */
    fleet_world_run_until(w, has_gone_on);
    assert_int_equal(fake_peer_accepted(a->fake.peer), 1);

    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    assert_int_equal(
        fleet_world_count_lines(w, "Failed to scrape node\" err=\"no address matched types [InternalIP]\"", "a", NULL),
        1);
    assert_int_equal(fleet_status(w->fleet).failed, 1);
    unsigned port = a->fake.port;
    a->fake.port = b->fake.port; /* moved: its figures come from there now */
    fleet_world_set_node(w, a, true);
    a->batches = b->fake.requests = 0;
    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_true(b->fake.requests > 0);
    a->fake.port = port;

    fleet_remove_node(w->fleet, STR("a"));
    fleet_remove_node(w->fleet, STR("a"));
    assert_int_equal(fleet_status(w->fleet).nodes, 1);
    a->fake.requests = 0;
    b->batches = 0;
    a->batches = 3;
    fleet_world_run_until(w, has_gone_on);
    assert_int_equal(a->fake.requests, 0);
}

/* Removed at whatever point of a scrape, or of the whole fleet's life. */
static void test_removed_at_any_time(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});

    for (int i = 0; i < 40; i++) {
        fleet_remove_node(w->fleet, STR("a"));
        fleet_world_set_node(w, k, true);
        for (int turns = 0; turns < i / 2; turns++)
            uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_are_served_on_time, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_recovers_and_fails_again, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_next_address, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_certificate_for_another_address, fleet_world_set_up,
                                        fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_nodes_come_change_and_go, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_removed_at_any_time, fleet_world_set_up, fleet_world_tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as each of our programs does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
