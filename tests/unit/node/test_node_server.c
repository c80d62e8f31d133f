#include "node/node_server.h"

#include <stdio.h>

#include "api_world.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "certs/certificate.h"

/* A node agent's server over a fixture machine, with one pod "web" of two processes. */
struct node_side {
    char folder[64];
    struct certs_pair ca, serving, client, stranger;
    struct tls_server *tls;
    struct container_surroundings around;
    struct static_pods *pods;
    struct sampler *sampler;
    struct node_server *server;
    bool is_stuck;
};

static bool is_in_sync(void *arg, struct error *err)
{
    return ((struct node_side *)arg)->is_stuck ? error_set(err, 0, "stuck") : true;
}

static void make_certificates(struct node_side *n)
{
    static const char *const ips[] = {"127.0.0.1", NULL}, *const groups[] = {"people", NULL};
    int64_t now = clock_unix_ns() / NS_PER_S;
    struct certs_pair other = {0};

    assert_true(certs_make_authority("ca", now - 60, 3600, &n->ca, NULL));
    assert_true(certs_make_authority("other", now - 60, 3600, &other, NULL));
    assert_true(certs_issue(&n->ca, &(struct certs_subject){.common_name = "n", .ip_addresses = ips, .is_server = true},
                            now - 60, 3600, &n->serving, NULL));
    assert_true(certs_issue(&n->ca,
                            &(struct certs_subject){.common_name = "joe", .organizations = groups, .is_client = true},
                            now - 60, 3600, &n->client, NULL));
    assert_true(certs_issue(&other, &(struct certs_subject){.common_name = "joe", .is_client = true}, now - 60, 3600,
                            &n->stranger, NULL));
    certs_pair_free(&other);
}

static void put(struct node_side *n, const char *name, const char *text)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", n->folder, name);
    assert_true(file_write_atomically(buf_cstr(&path), str_of(text), 0644, NULL));
}

static void make_pods(struct api_world *w, struct node_side *n)
{
    auto_buf struct buf text = {0};

    n->around = (struct container_surroundings){.loop = &w->loop,
                                                .machine_root = FIXTURES "/cgroup/hybrid",
                                                .boot_id = STR("boot"),
                                                .boot_unix_ns = 100 * NS_PER_S};
    assert_true(cgroups_detect(n->around.machine_root, &n->around.trees, NULL));
    put(n, "web.pid", "900\n150000\n");
    buf_printf(&text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"annotations\":{\"tacho.dev/"
               "pid-file\":\"%s/web.pid\",\"cgroup.tacho.dev/later\":\"/none\"}},\"spec\":{\"containers\":[{\"name\":"
               "\"main\"},{\"name\":\"later\"}]}}",
               n->folder);
    put(n, "web.json", buf_cstr(&text));
    n->pods = static_pods_new(&(struct static_pods_options){
        .loop = &w->loop, .folder = n->folder, .node_name = STR("n"), .around = &n->around});
    static_pods_look(n->pods);
    n->sampler = sampler_new(&(struct sampler_options){.machine_root = n->around.machine_root,
                                                       .node_name = STR("n"),
                                                       .root_folder = "/",
                                                       .around = &n->around,
                                                       .pods = n->pods,
                                                       .memory_capacity_bytes = INT64_C(24684084) * 1024});
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
    make_certificates(n);
    make_pods(w, n);
    n->tls = tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&n->serving.certificate),
                                                         .key_pem = buf_str(&n->serving.key),
                                                         .client_ca_pem = buf_str(&n->ca.certificate),
                                                         .is_http2_enabled = true},
                            NULL);
    n->server = node_server_new(&w->loop,
                                &(struct node_server_options){.node_name = STR("n"),
                                                              .node_ip = STR("10.0.0.1"),
                                                              .tls = n->tls,
                                                              .client_ca_pem = buf_str(&n->ca.certificate),
                                                              .client = w->client,
                                                              .sampler = n->sampler,
                                                              .pods = n->pods,
                                                              .is_in_sync = is_in_sync,
                                                              .arg = n},
                                NULL);
    assert_non_null(n->server);
    assert_true(node_server_listen(n->server, "127.0.0.1", 0, NULL));
    w->api->allowed = "metrics stats proxy";
    return 0;
}

static void on_closed(void *arg)
{
    *(bool *)arg = true;
}

static int teardown(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    auto_buf struct buf command = {0};
    bool is_closed = false;

    node_server_close(n->server, 0, on_closed, &is_closed);
    RUN_UNTIL(w, is_closed);
    tls_server_free(n->tls);
    sampler_free(n->sampler);
    static_pods_free(n->pods);
    cgroups_free(&n->around.trees);
    certs_pair_free(&n->ca);
    certs_pair_free(&n->serving);
    certs_pair_free(&n->client);
    certs_pair_free(&n->stranger);
    buf_printf(&command, "rm -rf %s", n->folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
    free(n);
    return api_world_teardown(state);
}

/* --- a client --- */

enum who {
    NOBODY,
    GOOD_TOKEN,
    BAD_TOKEN,
    CERTIFICATE,
    STRANGER, /* a certificate of another CA */
};

struct got {
    int status;
    struct buf body;
    struct buf type;
    bool is_done;
};

static void on_head(void *owner, const struct fetch_head *head)
{
    struct got *g = owner;

    g->status = head->status;
    buf_add_str(&g->type, http_headers_get(&head->headers, STR("content-type")));
}

static void on_data(void *owner, struct str chunk)
{
    buf_add_str(&((struct got *)owner)->body, chunk);
}

static void on_done(void *owner, const struct error *err)
{
    struct got *g = owner;

    if (err != NULL)
        fail_msg("%s", error_text(err));
    g->is_done = true;
}

static void got_free(struct got *g)
{
    buf_free(&g->body);
    buf_free(&g->type);
}

/* Asks and waits. */
static void ask(struct api_world *w, const char *method, const char *path, enum who who, struct got *g)
{
    struct node_side *n = w->extra;
    struct certs_pair *pair = who == CERTIFICATE ? &n->client : who == STRANGER ? &n->stranger : NULL;
    struct http_header token = {STR("Authorization"), who == GOOD_TOKEN ? STR("Bearer good") : STR("Bearer bad")};
    auto_buf struct buf url = {0};

    *g = (struct got){0};
    buf_printf(&url, "https://127.0.0.1:%u%s", node_server_port(n->server), path);
    fetch_start(w->pool, &(struct fetch_options){.method = str_of(method),
                                                 .url = buf_str(&url),
                                                 .headers = {&token, who == GOOD_TOKEN || who == BAD_TOKEN ? 1 : 0},
                                                 .tls = {.ca = buf_str(&n->ca.certificate),
                                                         .cert = pair != NULL ? buf_str(&pair->certificate) : STR(""),
                                                         .key = pair != NULL ? buf_str(&pair->key) : STR("")},
                                                 .timeout_ms = PATIENCE_MS,
                                                 .owner = g,
                                                 .on_head = on_head,
                                                 .on_data = on_data,
                                                 .on_done = on_done});
    RUN_UNTIL(w, g->is_done);
}

/* --- tests --- */

static void test_who_and_what(void **state)
{
    static const struct {
        const char *name, *method, *path;
        enum who who;
        const char *allowed;
        int status;
        const char *body;   /* NULL: not compared */
        const char *review; /* the last one asked; NULL: not compared */
    } cases[] = {
        {"nobody", "GET", "/metrics/resource", NOBODY, "metrics", 401, "Unauthorized", NULL},
        {"nobody, no such path", "GET", "/x", NOBODY, "proxy", 401, "Unauthorized", NULL},
        {"nobody, health", "GET", "/healthz", NOBODY, "proxy healthz", 401, "Unauthorized", NULL},
        {"bad token", "GET", "/metrics/resource", BAD_TOKEN, "metrics", 401, "Unauthorized", "token bad"},
        {"another CA's certificate", "GET", "/metrics/resource", STRANGER, "metrics", 401, "Unauthorized", NULL},
        {"metrics", "GET", "/metrics/resource", GOOD_TOKEN, "metrics", 200, NULL, "get nodes/metrics n by jane"},
        {"metrics by certificate", "GET", "/metrics/resource", CERTIFICATE, "metrics", 200, NULL,
         "get nodes/metrics n by joe"},
        {"metrics refused", "GET", "/metrics/resource", GOOD_TOKEN, "stats", 403,
         "Forbidden (user=jane, verb=get, resource=nodes, subresource=metrics)", NULL},
        {"stats", "GET", "/stats/summary", GOOD_TOKEN, "stats", 200, NULL, "get nodes/stats n by jane"},
        {"stats refused", "GET", "/stats/summary?only_cpu_and_memory=true", CERTIFICATE, "metrics", 403,
         "Forbidden (user=joe, verb=get, resource=nodes, subresource=stats)", NULL},
        {"pods by the narrow right", "GET", "/pods", GOOD_TOKEN, "pods", 200, NULL, "get nodes/pods n by jane"},
        {"pods by the broad right", "GET", "/pods", GOOD_TOKEN, "proxy", 200, NULL, "get nodes/proxy n by jane"},
        {"pods refused", "GET", "/pods", GOOD_TOKEN, "metrics", 403,
         "Forbidden (user=jane, verb=get, resource=nodes, subresource=proxy)", NULL},
        {"health", "GET", "/healthz", CERTIFICATE, "healthz", 200, "ok", "get nodes/healthz n by joe"},
        {"one check", "GET", "/healthz/ping", CERTIFICATE, "proxy", 200, "ok", NULL},
        {"posting is another right", "POST", "/stats/summary", GOOD_TOKEN, "stats", 405, "405: Method Not Allowed",
         "create nodes/stats n by jane"},
        {"no such path", "GET", "/exec/x", GOOD_TOKEN, "proxy", 404, "404 page not found\n", NULL},
        {"no such path, no right", "GET", "/exec/x", GOOD_TOKEN, "metrics", 403,
         "Forbidden (user=jane, verb=get, resource=nodes, subresource=proxy)", NULL},
        {"a path that only begins so", "GET", "/metricsx", GOOD_TOKEN, "metrics", 403,
         "Forbidden (user=jane, verb=get, resource=nodes, subresource=proxy)", NULL},
        {"logs", "GET", "/logs/x", GOOD_TOKEN, "metrics", 403,
         "Forbidden (user=jane, verb=get, resource=nodes, subresource=log)", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_world *w;
        struct got g;
        print_message("%s\n", cases[i].name);
        setup(state); /* a new server each: answers of reviews are remembered */
        w = *state;
        w->api->allowed = cases[i].allowed;
        ask(w, cases[i].method, cases[i].path, cases[i].who, &g);
        assert_int_equal(g.status, cases[i].status);
        if (cases[i].body != NULL) {
            assert_string_equal(buf_cstr(&g.body), cases[i].body);
            assert_string_equal(buf_cstr(&g.type), "text/plain; charset=utf-8");
        }
        if (cases[i].review != NULL)
            assert_true(str_ends_with(str_trim(buf_str(&w->api->reviews)), str_of(cases[i].review)));
        got_free(&g);
        teardown(state);
    }
}

static void test_bodies(void **state)
{
    struct api_world *w = *state;
    json_t *json;
    struct got g;

    ask(w, "GET", "/metrics/resource", GOOD_TOKEN, &g);
    assert_true(str_starts_with(buf_str(&g.type), STR("text/plain; version=0.0.4; charset=utf-8")));
    assert_true(str_find(buf_str(&g.body), STR("\nnode_cpu_usage_seconds_total 695.214665326 ")) > 0);
    assert_true(str_find(buf_str(&g.body), STR("\ncontainer_cpu_usage_seconds_total{container=\"main\",namespace="
                                               "\"default\",pod=\"web-n\"} 23.1 ")) > 0);
    assert_true(str_find(buf_str(&g.body), STR("later")) < 0); /* isn't there, so there is no figure of it */
    assert_true(str_find(buf_str(&g.body), STR("\nscrape_error 0\n")) > 0);
    got_free(&g);

    ask(w, "GET", "/stats/summary", GOOD_TOKEN, &g);
    assert_string_equal(buf_cstr(&g.type), "application/json");
    json = json_loadb(g.body.ptr, g.body.len, 0, NULL);
    assert_non_null(json_object_get(json_object_get(json, "node"), "rlimit"));
    assert_int_equal(json_array_size(json_object_get(json, "pods")), 1);
    json_decref(json);
    got_free(&g);

    ask(w, "GET", "/stats/summary?only_cpu_and_memory=true", GOOD_TOKEN, &g);
    json = json_loadb(g.body.ptr, g.body.len, 0, NULL);
    assert_null(json_object_get(json_object_get(json, "node"), "rlimit"));
    assert_non_null(json_object_get(json_object_get(json, "node"), "memory"));
    json_decref(json);
    got_free(&g);

    ask(w, "GET", "/pods", GOOD_TOKEN, &g);
    json = json_loadb(g.body.ptr, g.body.len, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "kind")), "PodList");
    json_t *status = json_object_get(json_array_get(json_object_get(json, "items"), 0), "status");
    assert_string_equal(json_string_value(json_object_get(status, "phase")), "Pending"); /* one of two isn't there */
    assert_string_equal(json_string_value(json_object_get(status, "hostIP")), "10.0.0.1");
    json_decref(json);
    got_free(&g);
}

static void test_health(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    struct got g;

    ask(w, "GET", "/healthz?verbose", CERTIFICATE, &g);
    assert_string_equal(buf_cstr(&g.body), "[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n");
    got_free(&g);
    n->is_stuck = true;
    ask(w, "GET", "/healthz", CERTIFICATE, &g);
    assert_int_equal(g.status, 500);
    assert_true(str_find(buf_str(&g.body), STR("[-]syncloop failed")) >= 0);
    got_free(&g);
}

/* The API server is away: what was allowed a moment ago still is, the rest can't be decided. */
static void test_api_away(void **state)
{
    struct api_world *w = *state;
    struct got g;

    ask(w, "GET", "/metrics/resource", GOOD_TOKEN, &g);
    assert_int_equal(g.status, 200);
    got_free(&g);
    w->api->is_away = true;
    ask(w, "GET", "/metrics/resource", GOOD_TOKEN, &g);
    assert_int_equal(g.status, 200);
    got_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_and_what),
        cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_health, setup, teardown),
        cmocka_unit_test_setup_teardown(test_api_away, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
