/*
 * A fleet of kubelets on 127.0.0.1, of which most misbehave. The good ones must not notice, memory must stay bounded,
 * and the log must hold each cause once.
 */
#include "scrape/fleet.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "fake_kubelet.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    MAX_KUBELETS = 20,
    MAX_BODY_BYTES = 2 * 1024 * 1024,
};
#define INTERVAL_NS (1000 * NS_PER_MS)
#define TIMEOUT_NS (900 * NS_PER_MS)
#define LIFE_NS (2 * INTERVAL_NS)

/* libuv resolves names by this: no test asks a real name server. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)name, (void)service, (void)hints, (void)out;
    return EAI_NONAME;
}

struct kubelet {
    struct fake_kubelet fake;
    const char *hosts; /* addresses, by comma; "a.invalid" is a name that doesn't resolve */
    bool is_untrusted; /* its certificate is from a CA that nobody knows */
    const char *cause; /* what the log must say; NULL: nothing */
    /* what the fleet said */
    unsigned batches, failures, losses;
    int64_t last_batch_ns, longest_gap_ns, lost_ns;
    uint64_t rated_ns; /* CPU time that the first batch has over the one before it */
    uint32_t containers;
};

struct world {
    uv_loop_t loop;
    struct fake_pki *pki, *other_pki;
    struct buf ca;
    struct kubelet_credentials *credentials;
    struct string_list types;
    struct fleet *fleet;
    struct kubelet kubelets[MAX_KUBELETS];
    size_t count;
    uv_timer_t watchdog, poll;
    bool (*is_enough)(struct world *w);
    char folder[32];
    char log_path[64];
    int log_fd;
};

static void set_node(struct world *w, const struct kubelet *k, bool is_ready)
{
    auto_buf struct buf json = {0};
    struct str rest = str_of(k->hosts != NULL ? k->hosts : "127.0.0.1"), host;

    buf_printf(&json, "{\"metadata\":{\"name\":\"%s\"},\"status\":{\"addresses\":[", k->fake.name);
    for (bool is_first = true; rest.len > 0; is_first = false) {
        str_cut(rest, ',', &host, &rest);
        buf_printf(&json, "%s{\"type\":\"InternalIP\",\"address\":\"%.*s\"}", is_first ? "" : ",", STR_ARG(host));
    }
    buf_printf(&json,
               "],\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}],\"daemonEndpoints\":{\"kubeletEndpoint\":{"
               "\"Port\":%u}}}}",
               is_ready ? "True" : "False", k->fake.port);
    fleet_set_node(w->fleet, str_of(k->fake.name), buf_str(&json));
}

/* --- the fleet's owner --- */

static struct kubelet *kubelet_called(struct world *w, struct str name)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq_cstr(name, w->kubelets[i].fake.name))
            return &w->kubelets[i];
    fail_msg("unknown node %.*s", STR_ARG(name));
    return NULL;
}

static bool on_batch(void *arg, struct str node, struct batch *before, struct batch *batch)
{
    struct kubelet *k = kubelet_called(arg, node);
    int64_t now_ns = clock_mono_ns();

    if (before != NULL) {
        assert_int_equal(k->batches, 0);
        assert_ptr_equal(before->roster, batch->roster);
        k->rated_ns = batch->node.cpu_ns - before->node.cpu_ns;
        batch_free(before);
    }
    if (k->batches++ > 0 && now_ns - k->last_batch_ns > k->longest_gap_ns)
        k->longest_gap_ns = now_ns - k->last_batch_ns;
    k->last_batch_ns = now_ns;
    k->containers = batch->roster->container_count;
    batch_free(batch);
    return k->batches > 1;
}

static void on_scraped(void *arg, struct str node, bool is_ok, int64_t took_ns)
{
    struct kubelet *k = kubelet_called(arg, node);

    assert_in_range(took_ns, 0, TIMEOUT_NS + 10 * NS_PER_S);
    k->failures += !is_ok;
}

static void on_lost(void *arg, struct str node, bool is_gone)
{
    struct kubelet *k = kubelet_called(arg, node);

    if (is_gone)
        return;
    k->losses++;
    k->lost_ns = clock_mono_ns();
}

/* --- the world --- */

static void on_watchdog(uv_timer_t *timer)
{
    struct world *w = timer->data;

    for (size_t i = 0; i < w->count; i++)
        printf("%s: %u requests, %u batches, %u failures, %u losses\n", w->kubelets[i].fake.name,
               w->kubelets[i].fake.requests, w->kubelets[i].batches, w->kubelets[i].failures, w->kubelets[i].losses);
    fail_msg("the test hangs");
}

static void on_poll(uv_timer_t *timer)
{
    struct world *w = timer->data;

    if (w->is_enough != NULL && w->is_enough(w))
        uv_stop(&w->loop);
}

static void run_until(struct world *w, bool (*is_enough)(struct world *w))
{
    w->is_enough = is_enough;
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

static int set_up_with(void **state, bool is_plain)
{
    struct world *w = mem_zalloc(sizeof(*w));
    auto_error struct error err = {0};

    uv_loop_init(&w->loop);
    w->pki = fake_pki_new("test-ca");
    w->other_pki = fake_pki_new("other-ca");
    fake_pki_ca(w->pki, &w->ca);
    strcpy(w->folder, "/tmp/test_fleet.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->log_path, sizeof(w->log_path), "%s/token", w->folder);
    assert_true(file_write_atomically(w->log_path, STR("first-token\n"), 0600, &err));
    const struct kubelet_credentials_options credentials = {
        .ca = buf_cstr(&w->ca), .token_file = w->log_path, .is_plain = is_plain};
    w->credentials = kubelet_credentials_new(&credentials, &err);
    assert_non_null(w->credentials);
    snprintf(w->log_path, sizeof(w->log_path), "%s/log", w->folder);
    w->log_fd = open(w->log_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log_set_fd(w->log_fd);
    string_list_add(&w->types, STR("InternalIP"));
    const struct fleet_options options = {
        .target = {.loop = &w->loop,
                   .credentials = w->credentials,
                   .timeout_ns = TIMEOUT_NS,
                   .user_agent = "test",
                   .max_body_bytes = MAX_BODY_BYTES},
        .rules = {.address_types = &w->types, .port = 10250, .uses_status_port = true},
        .interval_ns = INTERVAL_NS,
        .life_ns = LIFE_NS,
        .events = {.on_scraped = on_scraped, .on_batch = on_batch, .on_lost = on_lost},
        .arg = w,
    };
    w->fleet = fleet_new(&options);
    uv_timer_init(&w->loop, &w->watchdog);
    w->watchdog.data = w;
    uv_timer_start(&w->watchdog, on_watchdog, 60 * 1000, 0);
    uv_timer_init(&w->loop, &w->poll);
    w->poll.data = w;
    uv_timer_start(&w->poll, on_poll, 5, 5);
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, false);
}

static int set_up_plain(void **state)
{
    return set_up_with(state, true);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    auto_buf struct buf path = {0};

    log_set_fd(2);
    fleet_free(w->fleet);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_close((uv_handle_t *)&w->poll, NULL);
    for (int i = 0; i < 10; i++) /* fakes notice that we are gone */
        uv_run(&w->loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < w->count; i++)
        fake_kubelet_stop(&w->kubelets[i].fake);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    for (size_t i = 0; i < w->count; i++)
        fake_kubelet_free(&w->kubelets[i].fake);
    kubelet_credentials_free(w->credentials);
    string_list_free(&w->types);
    fake_pki_free(w->pki);
    fake_pki_free(w->other_pki);
    buf_free(&w->ca);
    close(w->log_fd);
    unlink(w->log_path);
    buf_printf(&path, "%s/token", w->folder);
    unlink(buf_cstr(&path));
    rmdir(w->folder);
    free(w);
    return 0;
}

static struct kubelet *add_kubelet(struct world *w, const struct kubelet *like)
{
    struct kubelet *k = &w->kubelets[w->count++];

    *k = *like;
    fake_kubelet_start(&k->fake, &w->loop, k->is_untrusted ? w->other_pki : w->pki);
    set_node(w, k, true);
    return k;
}

/* The log's lines that hold both texts. */
static unsigned count_lines(const struct world *w, const char *text, const char *node, struct buf *line_out)
{
    auto_buf struct buf log = {0};
    auto_error struct error err = {0};
    auto_buf struct buf key = {0};
    struct str rest, line;
    unsigned count = 0;

    assert_true(file_read(w->log_path, 1 << 20, &log, &err));
    buf_printf(&key, "node=\"%s\"", node);
    rest = buf_str(&log);
    while (rest.len > 0) {
        str_cut(rest, '\n', &line, &rest);
        if (str_find(line, str_of(text)) < 0 || str_find(line, buf_str(&key)) < 0)
            continue;
        count++;
        if (line_out != NULL) {
            buf_clear(line_out);
            buf_add_str(line_out, line);
        }
    }
    return count;
}

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

    good[0] = add_kubelet(w, &(struct kubelet){.fake = {.name = "good-1", .answer = fake_kubelet_answers_well}});
    for (size_t i = 0; i < sizeof(misbehaving) / sizeof(misbehaving[0]); i++)
        add_kubelet(w, &misbehaving[i]);
    good[1] = add_kubelet(w, &(struct kubelet){.fake = {.name = "good-2", .answer = fake_kubelet_answers_well}});
    good[2] = add_kubelet(w, &(struct kubelet){.fake = {.name = "old", .answer = fake_kubelet_answers_summary}});
    run_until(w, is_scraped_often);

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
        unsigned lines = count_lines(w, "Failed to scrape node", k->fake.name, &line);
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
    assert_string_equal(kubelet_called(w, STR("old"))->fake.last_path, "/stats/summary?only_cpu_and_memory=true");
    assert_int_equal(count_lines(w, "Kubelet has no /metrics/resource", "old", NULL), 1);
    /* what was taken of the flood is bounded by the limit and by what lies in queues and sockets */
    assert_in_range(kubelet_called(w, STR("floods"))->fake.most_sent_bytes, MAX_BODY_BYTES,
                    MAX_BODY_BYTES + 16 * 1024 * 1024);
    assert_true(fleet_is_timely(w->fleet));
}

static bool has_a_failure(struct world *w)
{
    return w->kubelets[0].failures >= 1;
}

static bool has_two_failures(struct world *w)
{
    return w->kubelets[0].failures >= 2;
}

static bool has_two_batches(struct world *w)
{
    return w->kubelets[0].batches >= 2;
}

static bool has_a_third_failure(struct world *w)
{
    return w->kubelets[0].failures >= 3;
}

static void test_recovers_and_fails_again(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_garbage}});

    run_until(w, has_two_failures);
    k->fake.answer = fake_kubelet_answers_well;
    run_until(w, has_two_batches);
    assert_int_equal(fleet_status(w->fleet).failed, 0);
    k->failures = 2;
    k->fake.answer = fake_kubelet_answers_garbage;
    run_until(w, has_a_third_failure);
    assert_int_equal(count_lines(w, "Failed to scrape node", "a", NULL), 2);
    assert_int_equal(count_lines(w, "Node is scraped again", "a", NULL), 1);
    assert_int_equal(fleet_status(w->fleet).failed, 1);
    assert_non_null(strstr(fleet_status(w->fleet).first_cause, "/metrics/resource)"));
}

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
    struct kubelet *k = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});

    run_until(w, has_two_batches);
    k->fake.answer = fake_kubelet_answers_garbage;
    k->failures = 0;
    run_until(w, has_a_failure);
    k->fake.answer = fake_kubelet_answers_well;
    run_until(w, is_scraped_again);
    assert_int_equal(k->losses, 0);

    k->fake.answer = fake_kubelet_answers_garbage;
    run_until(w, is_lost);
    assert_in_range(k->lost_ns - k->last_batch_ns, LIFE_NS, LIFE_NS + 5 * NS_PER_S);
    assert_true(k->failures >= 2);
    assert_int_equal(count_lines(w, "Node's figures are too old to be shown", "a", NULL), 1);
    k->failures = 0;
    run_until(w, has_two_failures);
    assert_int_equal(k->losses, 1);

    k->fake.answer = fake_kubelet_answers_well;
    k->batches = 0;
    run_until(w, has_two_batches);
    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    k->losses = 0;
    run_until(w, is_lost); /* it can't be asked any more: the same */
    fleet_remove_node(w->fleet, STR("a"));
    assert_int_equal(k->losses, 1);
}

static void test_next_address(void **state)
{
    struct world *w = *state;
    struct kubelet *k = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well},
                                                         .hosts = "a.invalid,127.0.0.3,127.0.0.1"});
    auto_buf struct buf line = {0};

    run_until(w, has_two_batches);
    assert_int_equal(k->losses, 0);
    assert_int_equal(count_lines(w, "Failed to scrape", "a", NULL), 0);
    assert_int_equal(count_lines(w, "Node doesn't answer at its preferred address, but at another one", "a", &line), 1);
    assert_non_null(strstr(buf_cstr(&line), "lookup a.invalid: "));
    assert_non_null(strstr(buf_cstr(&line), "url=\"https://127.0.0.1:"));
    assert_int_equal(fake_peer_accepted(k->fake.peer), 1);
}

static void test_certificate_for_another_address(void **state)
{
    struct world *w = *state;
    struct kubelet *k = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well},
                                                         .hosts = "::ffff:127.0.0.1,127.0.0.1"});

    run_until(w, has_two_batches);
    assert_int_equal(k->losses, 0);
    assert_int_equal(count_lines(w, "Node doesn't answer at its preferred address", "a", NULL), 1);
}

static bool has_gone_on(struct world *w)
{
    return w->kubelets[0].batches >= 3 && w->kubelets[1].batches >= 3;
}

static void test_nodes_come_change_and_go(void **state)
{
    struct world *w = *state;
    struct kubelet *a = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});
    struct kubelet *b = add_kubelet(w, &(struct kubelet){.fake = {.name = "b", .answer = fake_kubelet_answers_well}});

    run_until(w, has_two_batches);
    set_node(w, a, false); /* not ready: scraped all the same */
    run_until(w, has_gone_on);
    assert_int_equal(fake_peer_accepted(a->fake.peer), 1);

    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    fleet_set_node(w->fleet, STR("a"), STR("{\"metadata\":{\"name\":\"a\"},\"status\":{\"addresses\":[]}}"));
    assert_int_equal(count_lines(w, "Failed to scrape node\" err=\"no address matched types [InternalIP]\"", "a", NULL),
                     1);
    assert_int_equal(fleet_status(w->fleet).failed, 1);
    unsigned port = a->fake.port;
    a->fake.port = b->fake.port; /* moved: its figures come from there now */
    set_node(w, a, true);
    a->batches = b->fake.requests = 0;
    run_until(w, has_two_batches);
    assert_true(b->fake.requests > 0);
    a->fake.port = port;

    fleet_remove_node(w->fleet, STR("a"));
    fleet_remove_node(w->fleet, STR("a"));
    assert_int_equal(fleet_status(w->fleet).nodes, 1);
    a->fake.requests = 0;
    b->batches = 0;
    a->batches = 3;
    run_until(w, has_gone_on);
    assert_int_equal(a->fake.requests, 0);
}

/* Removed at whatever point of a scrape, or of the whole fleet's life. */
static void test_removed_at_any_time(void **state)
{
    struct world *w = *state;
    struct kubelet *k = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});

    for (int i = 0; i < 40; i++) {
        fleet_remove_node(w->fleet, STR("a"));
        set_node(w, k, true);
        for (int turns = 0; turns < i / 2; turns++)
            uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

/* --deprecated-kubelet-completely-insecure: no TLS, no token. */
static void test_plain_http(void **state)
{
    struct world *w = *state;
    struct kubelet *k =
        add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well, .is_plain = true}});

    run_until(w, has_two_batches);
    assert_int_equal(k->failures, 0);
    assert_int_equal(k->containers, 1);
    assert_string_equal(k->fake.last_authorization, "");
    assert_int_equal(fake_peer_accepted(k->fake.peer), 1);
    k->failures = 0;
    k->fake.answer = fake_kubelet_answers_half;
    run_until(w, has_a_failure);
    assert_int_equal(count_lines(w, "url=\"http://127.0.0.1:", "a", NULL), 1);
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
            add_kubelet(w, &(struct kubelet){.fake = {.name = kubelets[i].name, .answer = answer_with_rates}});
        run_until(w, has_last_two_batches);
        if (asked_for_summary != kubelets[i].asked || k->rated_ns != kubelets[i].rated_ns || k->failures != 0)
            fail_msg("%s: asked %u times, %llu ns, %u failures", k->fake.name, asked_for_summary,
                     (unsigned long long)k->rated_ns, k->failures);
        assert_int_equal(count_lines(w, "Failed to scrape", k->fake.name, NULL), 0);
        fleet_remove_node(w->fleet, str_of(k->fake.name));
    }
    assert_int_equal(count_lines(w, "Kubelets' summaries may not be read", "refuses", NULL), 1);
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
    struct kubelet *k = add_kubelet(w, &(struct kubelet){.fake = {.name = "a", .answer = fake_kubelet_answers_well}});
    auto_buf struct buf path = {0};
    auto_error struct error err = {0};

    run_until(w, has_two_batches);
    assert_string_equal(k->fake.last_authorization, "Authorization: Bearer first-token");
    buf_printf(&path, "%s/token", w->folder);
    assert_true(file_write_atomically(buf_cstr(&path), STR("second-token\n"), 0600, &err));
    k->fake.answer = answer_unauthorized;
    run_until(w, has_second_token);
    k->batches = 0;
    run_until(w, has_two_batches);
    assert_int_equal(count_lines(w, "status: \\\"401 Unauthorized\\\"", "a", NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_are_served_on_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recovers_and_fails_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_figures_are_kept_for_a_while, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_next_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_certificate_for_another_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nodes_come_change_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removed_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_plain_http, set_up_plain, tear_down),
        cmocka_unit_test_setup_teardown(test_first_rates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_token_is_read_again_when_refused, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as each of our programs does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
