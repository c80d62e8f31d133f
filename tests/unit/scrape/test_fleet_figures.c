/* What becomes of figures when scrapes fail, how first figures come at once, and what kubelets are shown. */
#include "fleet_world.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <signal.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_lost(struct world *w)
{
    return w->kubelets[0].losses > 0;
}

static bool is_scraped_again(struct world *w)
{
    return w->kubelets[0].failures >= 1 && w->kubelets[0].batches >= 3;
}

/* A failed scrape takes nothing away; two intervals without a good one do, once. */
static void test_figures_are_kept_for_a_while(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});

    fleet_world_run_until(w, fleet_world_has_two_batches);
    k->fake.answer = fake_kubelet_answers_garbage;
    k->failures = 0;
    fleet_world_run_until(w, fleet_world_has_a_failure);
    k->fake.answer = fake_kubelet_answers_well;
    fleet_world_run_until(w, is_scraped_again);
    assert_int_equal(k->losses, 0);

    k->fake.answer = fake_kubelet_answers_garbage;
    fleet_world_run_until(w, is_lost);
    assert_in_range(k->lost_ns - k->last_batch_ns, LIFE_NS, LIFE_NS + 5 * NS_PER_S);
    assert_true(k->failures >= 2);
    assert_int_equal(fleet_world_count_lines(w, "Node's figures are too old to be shown", "a", NULL), 1);
    k->failures = 0;
    fleet_world_run_until(w, fleet_world_has_two_failures);
    assert_int_equal(k->losses, 1);

    k->fake.answer = fake_kubelet_answers_well;
    k->batches = 0;
    fleet_world_run_until(w, fleet_world_has_two_batches);
    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    k->losses = 0;
    fleet_world_run_until(w, is_lost); /* it can't be asked any more: the same */
    fleet_remove_node(w->fleet, STR("a"));
    assert_int_equal(k->losses, 1);
}

/* --deprecated-kubelet-completely-insecure: no TLS, no token. */
static void test_plain_http(void **state)
{
    struct world *w = *state;
    struct kubelet *k = fleet_world_add(
        w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well, .is_plain = true}});

    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_int_equal(k->failures, 0);
    assert_int_equal(k->containers, 1);
    assert_string_equal(k->fake.last_authorization, "");
    assert_int_equal(fake_peer_accepted(k->fake.peer), 1);
    k->failures = 0;
    k->fake.answer = fake_kubelet_answers_half;
    fleet_world_run_until(w, fleet_world_has_a_failure);
    assert_int_equal(fleet_world_count_lines(w, "url=\"http://127.0.0.1:", "a", NULL), 1);
}

static unsigned asked_for_summary;

static void answer_with_rates(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    char time[32];
    time_t now = (time_t)(clock_unix_ns() / NS_PER_S);
    struct tm tm;
    auto_buf struct buf body = {0};

    if (!str_starts_with(path, STR("/stats/summary"))) {
        buf_printf(&body, "node_cpu_usage_seconds_total 100 %lld\nnode_memory_working_set_bytes 5 %lld\n",
                   (long long)(clock_unix_ns() / NS_PER_MS), (long long)(clock_unix_ns() / NS_PER_MS));
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s", body.len,
                         buf_cstr(&body));
        return;
    }
    asked_for_summary++;
    if (str_eq_cstr(str_of(k->name), "refuses")) {
        fake_conn_printf(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    } else if (str_eq_cstr(str_of(k->name), "has-none")) {
        fake_conn_printf(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    } else if (str_eq_cstr(str_of(k->name), "breaks")) {
        fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n<h");
    } else if (!str_eq_cstr(str_of(k->name), "never")) {
        gmtime_r(&now, &tm);
        strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &tm);
        buf_printf(&body, "{\"node\":{\"cpu\":{\"time\":\"%s\",\"usageNanoCores\":700000000}}}", time);
        fake_conn_answer(conn, 200, buf_str(&body));
    }
}

static bool has_last_two_batches(struct world *w)
{
    return w->kubelets[w->count - 1].batches >= 2;
}

/* Rates are asked for once, and not when a kubelet has refused them; what becomes of it doesn't hurt the scrape. */
static void test_first_rates(void **state)
{
    static const struct {
        const char *name;
        unsigned asked;
        uint64_t rated_ns;
    } kubelets[] = {{"rates", 1, 7 * NS_PER_S}, {"has-none", 1, 0}, {"breaks", 1, 0}, {"never", 1, 0},
                    {"refuses", 1, 0},          {"another", 0, 0}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(kubelets) / sizeof(kubelets[0]); i++) {
        asked_for_summary = 0;
        struct kubelet *k =
            fleet_world_add(w, &(struct kubelet){.fake = {.name = kubelets[i].name, .answer = answer_with_rates}});
        fleet_world_run_until(w, has_last_two_batches);
        if (asked_for_summary != kubelets[i].asked || k->rated_ns != kubelets[i].rated_ns || k->failures != 0)
            fail_msg("%s: asked %u times, %llu ns, %u failures", k->fake.name, asked_for_summary,
                     (unsigned long long)k->rated_ns, k->failures);
        assert_int_equal(fleet_world_count_lines(w, "Failed to scrape", k->fake.name, NULL), 0);
        fleet_remove_node(w->fleet, str_of(k->fake.name));
    }
    assert_int_equal(fleet_world_count_lines(w, "Kubelets' summaries may not be read", "refuses", NULL), 1);
}

static bool has_second_token(struct world *w)
{
    return strcmp(w->kubelets[0].fake.last_authorization, "Authorization: Bearer second-token") == 0;
}

static void answer_unauthorized(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    if (strstr(k->last_authorization, "first") == NULL)
        fake_kubelet_answers_well(k, conn, path);
    else
        fake_conn_printf(conn, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
}

static void test_token_is_read_again_when_refused(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        fleet_world_add(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});
    auto_buf struct buf path = {0};
    auto_error struct error err = {0};

    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_string_equal(k->fake.last_authorization, "Authorization: Bearer first-token");
    buf_printf(&path, "%s/token", w->folder);
    assert_true(file_write_atomically(buf_cstr(&path), STR("second-token\n"), 0600, &err));
    k->fake.answer = answer_unauthorized;
    fleet_world_run_until(w, has_second_token);
    k->batches = 0;
    fleet_world_run_until(w, fleet_world_has_two_batches);
    assert_int_equal(fleet_world_count_lines(w, "status: \\\"401 Unauthorized\\\"", "a", NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures_are_kept_for_a_while, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_plain_http, fleet_world_set_up_plain, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_first_rates, fleet_world_set_up, fleet_world_tear_down),
        cmocka_unit_test_setup_teardown(test_token_is_read_again_when_refused, fleet_world_set_up,
                                        fleet_world_tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as each of our programs does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
