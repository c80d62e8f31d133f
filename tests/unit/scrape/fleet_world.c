#include "fleet_world.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* libuv resolves names by this: no test asks a real name server. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)name, (void)service, (void)hints, (void)out;
    return EAI_NONAME;
}

void fleet_world_set_node(struct world *w, const struct kubelet *k, bool is_ready)
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

struct kubelet *fleet_world_kubelet(struct world *w, struct str name)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq_cstr(name, w->kubelets[i].fake.name))
            return &w->kubelets[i];
    fail_msg("unknown node %.*s", STR_ARG(name));
    return NULL;
}

static bool on_batch(void *arg, struct str node, struct batch *before, struct batch *batch)
{
    struct kubelet *k = fleet_world_kubelet(arg, node);
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
    struct kubelet *k = fleet_world_kubelet(arg, node);

    assert_in_range(took_ns, 0, TIMEOUT_NS + 10 * NS_PER_S);
    k->failures += !is_ok;
}

static void on_lost(void *arg, struct str node, bool is_gone)
{
    struct kubelet *k = fleet_world_kubelet(arg, node);

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

void fleet_world_run_until(struct world *w, bool (*is_enough)(struct world *w))
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

int fleet_world_set_up(void **state)
{
    return set_up_with(state, false);
}

int fleet_world_set_up_plain(void **state)
{
    return set_up_with(state, true);
}

int fleet_world_tear_down(void **state)
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

struct kubelet *fleet_world_add(struct world *w, const struct kubelet *like)
{
    struct kubelet *k = &w->kubelets[w->count++];

    *k = *like;
    fake_kubelet_start(&k->fake, &w->loop, k->is_untrusted ? w->other_pki : w->pki);
    fleet_world_set_node(w, k, true);
    return k;
}

unsigned fleet_world_count_lines(const struct world *w, const char *text, const char *node, struct buf *line_out)
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

/* --- what tests wait for --- */

bool fleet_world_has_a_failure(struct world *w)
{
    return w->kubelets[0].failures >= 1;
}

bool fleet_world_has_two_failures(struct world *w)
{
    return w->kubelets[0].failures >= 2;
}

bool fleet_world_has_two_batches(struct world *w)
{
    return w->kubelets[0].batches >= 2;
}

bool fleet_world_has_a_third_failure(struct world *w)
{
    return w->kubelets[0].failures >= 3;
}
