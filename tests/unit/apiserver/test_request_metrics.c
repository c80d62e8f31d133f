#include "apiserver/request_metrics.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define GROUP "/apis/metrics.k8s.io/v1beta1"
#define LABELS(code, dry_run, resource, scope, verb)                                                                   \
    "{code=\"" code "\",component=\"apiserver\",dry_run=\"" dry_run "\",group=\"metrics.k8s.io\",resource=\"" resource \
    "\",scope=\"" scope "\",subresource=\"\",verb=\"" verb "\",version=\"v1beta1\"}"

static bool knows(void *arg, const struct api_attributes *a)
{
    (void)arg;
    return str_eq(a->group, STR("metrics.k8s.io")) && str_eq(a->version, STR("v1beta1")) && a->subresource.len == 0 &&
           (str_eq(a->resource, STR("pods")) || str_eq(a->resource, STR("nodes")));
}

static void handle(void *arg, struct api_request *r)
{
    (void)arg;
    api_respond_text(r, query_has(&r->query, STR("gone")) ? 404 : 200, STR("0123456789"));
}

static void route(struct world *w)
{
    api_server_route(w->server, "/apis/", handle, w);
    api_server_route(w->server, "/readyz", handle, w);
}

static struct request_metrics *observe(struct world *w, struct metrics *registry)
{
    struct request_metrics *m = request_metrics_new(registry, &(struct request_metrics_options){.knows = knows});

    request_metrics_observe(m, w->server);
    metrics_route(registry, w->server);
    return m;
}

/* The number behind "NAME{LABELS} "; -1: there is no such line. */
static double number_of(struct metrics *registry, const char *name)
{
    auto_buf struct buf text = {0}, line = {0};
    const char *at;

    metrics_print(registry, &text);
    buf_printf(&line, "\n%s ", name);
    at = strstr(buf_cstr(&text), buf_cstr(&line));
    return at != NULL ? strtod(at + line.len, NULL) : -1;
}

static const struct {
    const char *name;
    struct question q;
    int status;
    const char *line; /* NULL: it isn't counted */
} cases[] = {
    {"list of all", {.path = GROUP "/pods"}, 200, LABELS("200", "", "pods", "cluster", "LIST")},
    {"list of a namespace",
     {.path = GROUP "/namespaces/a/pods?labelSelector=a"},
     200,
     LABELS("200", "", "pods", "namespace", "LIST")},
    {"a list of one name is a list",
     {.path = GROUP "/nodes?fieldSelector=metadata.name%3Da"},
     200,
     LABELS("200", "", "nodes", "cluster", "LIST")},
    {"get", {.path = GROUP "/namespaces/a/pods/x"}, 200, LABELS("200", "", "pods", "resource", "GET")},
    {"code", {.path = GROUP "/nodes/x?gone"}, 404, LABELS("404", "", "nodes", "resource", "GET")},
    {"head", {.path = GROUP "/nodes/x", .method = "HEAD"}, 200, LABELS("200", "", "nodes", "resource", "GET")},
    {"watch", {.path = GROUP "/nodes?watch=1"}, 200, LABELS("200", "", "nodes", "cluster", "WATCH")},
    {"create", {.path = GROUP "/nodes", .method = "POST"}, 200, LABELS("200", "", "nodes", "resource", "POST")},
    {"dry run",
     {.path = GROUP "/nodes/x?dryRun=All", .method = "PUT"},
     200,
     LABELS("200", "All", "nodes", "resource", "PUT")},
    {"no dry run",
     {.path = GROUP "/nodes/x?dryRun=maybe", .method = "DELETE"},
     200,
     LABELS("200", "invalid", "nodes", "resource", "DELETE")},
    {"apply",
     {.path = GROUP "/nodes/x", .method = "PATCH", .headers = {"Content-Type", "application/apply-patch+yaml"}},
     200,
     LABELS("200", "", "nodes", "resource", "APPLY")},
    {"patch", {.path = GROUP "/nodes/x", .method = "PATCH"}, 200, LABELS("200", "", "nodes", "resource", "PATCH")},
    {"health",
     {.path = "/readyz?verbose"},
     200,
     "{code=\"200\",component=\"\",dry_run=\"\",group=\"\",resource=\"\",scope=\"\",subresource=\"/readyz\",verb="
     "\"GET\",version=\"\"}"},
    {"a resource that isn't there", {.path = GROUP "/made-up"}, 200, NULL},
    {"a version that isn't there", {.path = "/apis/metrics.k8s.io/v9/pods"}, 200, NULL},
    {"a path", {.path = "/nowhere"}, 404, NULL},
    {"nobody", {.path = GROUP "/nodes", .token = "refused"}, 401, NULL},
};

static void test_requests(void **state)
{
    struct world *w = world_new(&(struct world_options){.allows_all = true, .route = route});
    struct metrics *registry = metrics_new();
    struct request_metrics *m = observe(w, registry);
    double series = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_answer struct answer a = {0};
        auto_buf struct buf name = {0};
        struct question q = cases[i].q;
        if (q.token == NULL)
            q.token = "user-jane";
        buf_printf(&name, "apiserver_request_total%s", cases[i].line != NULL ? cases[i].line : "");
        double before = cases[i].line != NULL ? number_of(registry, buf_cstr(&name)) : -1;
        world_ask(w, &q, &a);
        print_message("%s\n", cases[i].name);
        assert_int_equal(a.status, cases[i].status);
        if (cases[i].line != NULL)
            assert_true(number_of(registry, buf_cstr(&name)) == (before < 0 ? 1 : before + 1));
    }
    /* nothing was counted that isn't in the table */
    auto_buf struct buf text = {0};
    metrics_print(registry, &text);
    for (const char *at = buf_cstr(&text); (at = strstr(at, "\napiserver_request_total{")) != NULL; at++)
        series++;
    assert_true(series == 13);
    assert_null(strstr(buf_cstr(&text), "made-up"));
    assert_null(strstr(buf_cstr(&text), "v9"));

    /* a read's time and size; nobody asks for a write's size */
#define GET_LABELS                                                                                                 \
    "component=\"apiserver\",group=\"metrics.k8s.io\",resource=\"pods\",scope=\"resource\",subresource=\"\",verb=" \
    "\"GET\","                                                                                                     \
    "version=\"v1beta1\""
    assert_true(number_of(registry, "apiserver_response_sizes_sum{" GET_LABELS "}") == 10);
    assert_true(number_of(registry, "apiserver_response_sizes_bucket{" GET_LABELS ",le=\"1000\"}") == 1);
    assert_true(number_of(registry, "apiserver_request_sli_duration_seconds_count{" GET_LABELS "}") == 1);
    assert_null(strstr(buf_cstr(&text),
                       "apiserver_response_sizes_count{component=\"apiserver\",group=\"metrics.k8s.io\","
                       "resource=\"nodes\",scope=\"resource\",subresource=\"\",verb=\"PUT\""));
    world_free(w);
    request_metrics_free(m);
    metrics_free(registry);
}

static void test_access(void **state)
{
    struct world *w = world_new(&(struct world_options){.route = route});
    struct metrics *registry = metrics_new();
    struct request_metrics *m = observe(w, registry);
    const char *tokens[] = {"user-jane", "user-john@example.com", "user-kubelet", "refused", "masters", NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &(struct question){.path = "/readyz", .token = tokens[i]}, &a);
    }
    assert_true(number_of(registry, "authentication_attempts{result=\"success\"}") == 5);
    assert_true(number_of(registry, "authentication_attempts{result=\"error\"}") == 1);
    assert_true(number_of(registry, "authentication_duration_seconds_count{result=\"success\"}") == 5);
    assert_true(number_of(registry, "authenticated_user_requests{username=\"email_id\"}") == 1);
    assert_true(number_of(registry, "authenticated_user_requests{username=\"kubelet\"}") == 1);
    assert_true(number_of(registry, "authenticated_user_requests{username=\"other\"}") == 3);
    double allowed = number_of(registry, "authorization_attempts_total{result=\"allowed\"}");
    double no_opinion = number_of(registry, "authorization_attempts_total{result=\"no-opinion\"}");
    double denied = number_of(registry, "authorization_attempts_total{result=\"denied\"}");
    assert_true(allowed >= 1 && allowed + no_opinion + denied == 5);
    assert_true(number_of(registry, "authorization_duration_seconds_count{result=\"allowed\"}") == allowed);
    world_free(w);
    request_metrics_free(m);
    metrics_free(registry);
}

static bool is_watch_slow(void *arg, const struct api_request *r)
{
    (void)arg;
    return query_has(&r->query, STR("long"));
}

static void handle_forever(void *arg, struct api_request *r)
{
    struct world *w = arg;

    w->handled++;
    api_start(r, 200, NULL, -1);
    api_write(r, STR("x"));
}

static void route_forever(struct world *w)
{
    api_server_route(w->server, "/apis/", handle_forever, w);
}

/* Requests that go on, those too many and those too slow. */
static void test_pressure(void **state)
{
    struct world *w = world_new(&(struct world_options){
        .is_http1 = true,
        .allows_all = true,
        .route = route_forever,
        .server = {.max_in_flight = 1, .deadline_ns = 200 * NS_PER_MS, .is_long_running = is_watch_slow}});
    struct metrics *registry = metrics_new();
    struct request_metrics *m = observe(w, registry);
    struct answer watch = {0};
    auto_answer struct answer slow = {0}, busy = {0}, stranger = {0};
    const char *gauge = "apiserver_longrunning_requests{component=\"apiserver\",group=\"metrics.k8s.io\",resource="
                        "\"pods\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1beta1\"}";

    (void)state;
    world_send(w, &(struct question){.path = GROUP "/pods?watch=1&long", .token = "user-jane"}, &watch);
    world_wait_for(w, &w->handled, 1);
    assert_true(number_of(registry, gauge) == 1);
    assert_true(number_of(registry, "apiserver_current_inflight_requests{request_kind=\"readOnly\"}") == 0);
    answer_free(&watch);
    while (api_server_in_flight(w->server) > 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_true(number_of(registry, gauge) == 0);

    world_send(w, &(struct question){.path = "/slow", .token = "user-jane"}, &slow);
    world_wait_for(w, &w->handled, 2);
    assert_true(number_of(registry, "apiserver_current_inflight_requests{request_kind=\"readOnly\"}") == 1);
    world_ask(w, &(struct question){.path = GROUP "/pods", .token = "user-jane"}, &busy);
    assert_int_equal(busy.status, 429);
    world_ask(w, &(struct question){.path = "/apis/made.up/v1/things", .token = "user-jane"}, &stranger);
    assert_int_equal(stranger.status, 429);
    world_wait(&slow);
    assert_int_equal(slow.status, 504);
    assert_true(number_of(registry, "apiserver_request_total" LABELS("429", "", "pods", "cluster", "LIST")) == 1);
    assert_true(number_of(registry,
                          "apiserver_request_terminations_total{code=\"429\",component=\"apiserver\",group=\"metrics."
                          "k8s.io\",resource=\"pods\",scope=\"cluster\",subresource=\"\",verb=\"LIST\",version="
                          "\"v1beta1\"}") == 1);
    assert_true(number_of(registry,
                          "apiserver_request_terminations_total{code=\"504\",component=\"apiserver\",group=\"\","
                          "resource=\"\",scope=\"\",subresource=\"\",verb=\"GET\",version=\"\"}") == 1);
    assert_true(number_of(registry,
                          "apiserver_request_terminations_total{code=\"429\",component=\"apiserver\",group=\"\","
                          "resource=\"\",scope=\"\",subresource=\"\",verb=\"LIST\",version=\"\"}") == 1);
    world_free(w);
    request_metrics_free(m);
    metrics_free(registry);
}

/* What it looks like from outside, and connections that never became one. */
static void test_route(void **state)
{
    struct world *w = world_new(&(struct world_options){.allows_all = true});
    struct metrics *registry = metrics_new();
    struct request_metrics *m = observe(w, registry);
    auto_answer struct answer a = {0};
    uv_tcp_t tcp;
    struct sockaddr_in address;
    uv_connect_t connect;

    (void)state;
    uv_tcp_init(&w->loop, &tcp);
    uv_ip4_addr("127.0.0.1", api_server_port(w->server), &address);
    assert_int_equal(uv_tcp_connect(&connect, &tcp, (const struct sockaddr *)&address, NULL), 0);
    for (int i = 0; i < 10; i++)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&tcp, NULL);
    while (api_server_handshake_failures(w->server) == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    world_ask(w, &(struct question){.path = "/metrics", .token = "user-jane"}, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(answer_header(&a, "content-type"), METRICS_CONTENT_TYPE);
    assert_non_null(strstr(buf_cstr(&a.body), "\napiserver_tls_handshake_errors_total 1\n"));
    world_free(w);
    request_metrics_free(m);
    metrics_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_pressure),
        cmocka_unit_test(test_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
