#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define UNAUTHORIZED                                                                                                  \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"Unauthorized\"," \
    "\"reason\":\"Unauthorized\",\"code\":401}\n"

#define FORBIDDEN(message, details)                                                                            \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"" message \
    "\",\"reason\":\"Forbidden\",\"details\":" details ",\"code\":403}\n"

#define PODS "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"

static const struct {
    struct question q;
    int status;
    const char *type;
    const char *body;
} cases[] = {
    {{.path = "/ok", .token = "user-jane"}, 200, "application/json", "{\"kind\":\"Ok\",\"a<b\":[]}\n"},
    {{.path = "/ok?pretty=true", .token = "user-jane"},
     200,
     "application/json",
     "{\n  \"kind\": \"Ok\",\n  \"a<b\": []\n}"},
    {{.path = "/ok", .token = "user-jane", .headers = {"User-Agent", "curl/7.88"}},
     200,
     "application/json",
     "{\n  \"kind\": \"Ok\",\n  \"a<b\": []\n}"},
    {{.path = "/ok?pretty=false", .token = "user-jane", .headers = {"User-Agent", "curl/7.88"}},
     200,
     "application/json",
     "{\"kind\":\"Ok\",\"a<b\":[]}\n"},
    {{.path = "/ok", .token = "user-jane", .headers = {"Accept", "application/yaml"}},
     200,
     "application/yaml",
     "a<b: []\nkind: Ok\n"},
    {{.path = "/ok", .token = "user-jane", .headers = {"Accept", "text/html"}},
     406,
     "application/json",
     "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  "
     "\"message\": \"only the following media types are accepted: application/json, application/yaml\",\n  \"reason\": "
     "\"NotAcceptable\",\n  \"code\": 406\n}"},
    /* who */
    {{.path = "/ok", .token = "refused"}, 401, "application/json", UNAUTHORIZED},
    {{.path = "/ok", .token = "error"}, 401, "application/json", UNAUTHORIZED},
    {{.path = "/ok", .token = "refused", .headers = {"Accept", "text/html"}},
     401,
     "application/json",
     "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  "
     "\"message\": \"Unauthorized\",\n  \"reason\": \"Unauthorized\",\n  \"code\": 401\n}"},
    {{.path = "/ok"},
     403,
     "application/json",
     FORBIDDEN("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/ok\\\"", "{}")},
    {{.path = "/apis/metrics.k8s.io/", .headers = {"Authorization", "Basic YTpi"}},
     403,
     "application/json",
     FORBIDDEN("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/apis/metrics.k8s.io/\\\"", "{}")},
    /* what */
    {{.path = PODS, .token = "user-joe"},
     403,
     "application/json",
     FORBIDDEN("pods.metrics.k8s.io is forbidden: User \\\"joe\\\" cannot list resource \\\"pods\\\" in API group "
               "\\\"metrics.k8s.io\\\" in the namespace \\\"default\\\"",
               "{\"group\":\"metrics.k8s.io\",\"kind\":\"pods\"}")},
    {{.path = PODS "/web-1", .token = "user-denied"},
     403,
     "application/json",
     FORBIDDEN(
         "pods.metrics.k8s.io \\\"web-1\\\" is forbidden: User \\\"denied\\\" cannot get resource \\\"pods\\\" in "
         "API group \\\"metrics.k8s.io\\\" in the namespace \\\"default\\\": because",
         "{\"name\":\"web-1\",\"group\":\"metrics.k8s.io\",\"kind\":\"pods\"}")},
    {{.path = "/apis/metrics.k8s.io/v1beta1/nodes", .token = "user-joe"},
     403,
     "application/json",
     FORBIDDEN("nodes.metrics.k8s.io is forbidden: User \\\"joe\\\" cannot list resource \\\"nodes\\\" in API group "
               "\\\"metrics.k8s.io\\\" at the cluster scope",
               "{\"group\":\"metrics.k8s.io\",\"kind\":\"nodes\"}")},
    /* where */
    {{.path = "/", .token = "masters"},
     200,
     "application/json",
     "{\n  \"paths\": [\n    \"/ok\",\n    \"/slow\"\n  ]\n}"},
    {{.path = "/nowhere", .token = "masters"},
     404,
     "application/json",
     "{\n  \"paths\": [\n    \"/ok\",\n    \"/slow\"\n  ]\n}"},
    {{.path = "/ok/", .token = "masters"},
     404,
     "application/json",
     "{\n  \"paths\": [\n    \"/ok\",\n    \"/slow\"\n  ]\n}"},
    {{.path = "/healthz"}, 404, "application/json", "{\n  \"paths\": [\n    \"/ok\",\n    \"/slow\"\n  ]\n}"},
    /* malformed */
    {{.path = "/ok?timeout=x", .token = "masters"},
     400,
     "application/json",
     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"invalid timeout "
     "specified in the request URL - time: invalid duration \\\"x\\\"\",\"reason\":\"BadRequest\",\"code\":400}\n"},
    {{.path = "/api/v1/watch?a=%3C", .token = "masters"},
     500,
     "text/plain; charset=utf-8",
     "Internal Server Error: \"/api/v1/watch?a=%3C\": unable to determine kind and namespace from url, "
     "/api/v1/watch\n"},
    {{.path = "/ok", .token = "user-jane", .headers = {"Impersonate-Group", "x"}},
     400,
     "application/json",
     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"requested "
     "groups, "
     "uid or extra fields without impersonating a user name\",\"reason\":\"BadRequest\",\"code\":400}\n"},
};

static void run_cases(bool is_http1)
{
    struct world *w = world_new(&(struct world_options){.is_http1 = is_http1});

    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &cases[i].q, &a);
        if (a.status != cases[i].status || strcmp(buf_cstr(&a.body), cases[i].body) != 0)
            fail_msg("%s (%zu): %d %s", cases[i].q.path, i, a.status, buf_cstr(&a.body));
        assert_string_equal(answer_header(&a, "content-type"), cases[i].type);
        assert_string_equal(answer_header(&a, "cache-control"), "no-cache, private");
        assert_int_equal(strlen(answer_header(&a, "audit-id")), 36);
        assert_string_equal(answer_header(&a, "x-content-type-options"),
                            a.status == 403 || strncmp(cases[i].type, "text", 4) == 0 ? "nosniff" : "");
    }
    assert_int_equal(api_server_in_flight(w->server), 0);
    assert_int_equal(w->is_http2, !is_http1);
    world_free(w);
}

static void test_answers_http1(void **state)
{
    (void)state;
    run_cases(true);
}

static void test_answers_http2(void **state)
{
    (void)state;
    run_cases(false);
}

static void test_audit_id(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    auto_answer struct answer a = {0};

    (void)state;
    world_ask(w, &(struct question){.path = "/ok", .token = "masters", .headers = {"Audit-ID", "abc"}}, &a);
    assert_string_equal(answer_header(&a, "audit-id"), "abc");
    world_free(w);
}

static void test_impersonation(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    auto_answer struct answer allowed = {0}, refused = {0}, unwise = {0};

    (void)state;
    /* jane may impersonate, but who is impersonated may not do it */
    world_ask(w, &(struct question){.path = PODS, .token = "user-jane", .headers = {"Impersonate-User", "joe"}},
              &unwise);
    assert_int_equal(unwise.status, 403);
    assert_non_null(strstr(buf_cstr(&unwise.body), "User \\\"joe\\\" cannot list"));
    world_ask(w,
              &(struct question){
                  .path = "/ok",
                  .token = "masters",
                  .headers = {"Impersonate-User", "jane", "Impersonate-Group", "g", "Impersonate-Extra-X", "y"}},
              &allowed);
    assert_int_equal(allowed.status, 200);
    assert_string_equal(w->last_user_text, "jane g system:authenticated x=y");
    world_ask(w, &(struct question){.path = "/ok", .token = "user-joe", .headers = {"Impersonate-User", "jane"}},
              &refused);
    assert_int_equal(refused.status, 403);
    assert_string_equal(buf_cstr(&refused.body),
                        FORBIDDEN("users \\\"jane\\\" is forbidden: User \\\"joe\\\" cannot impersonate resource "
                                  "\\\"users\\\" in API group \\\"\\\" at the cluster scope",
                                  "{\"name\":\"jane\",\"kind\":\"users\"}"));
    world_free(w);
}

static void test_in_flight_limits(void **state)
{
    struct world *w = world_new(
        &(struct world_options){.server = {.max_in_flight = 1, .max_mutating_in_flight = 1}, .is_http1 = true});
    struct answer slow = {0};
    auto_answer struct answer busy = {0}, writes = {0}, master = {0}, later = {0};

    (void)state;
    world_send(w, &(struct question){.path = "/slow", .token = "user-jane"}, &slow);
    world_wait_for(w, &w->handled, 1);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &busy);
    assert_int_equal(busy.status, 429);
    assert_string_equal(buf_cstr(&busy.body), "Too many requests, please try again later.\n");
    assert_string_equal(answer_header(&busy, "retry-after"), "1");
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane", .method = "DELETE"}, &writes);
    assert_int_equal(writes.status, 200);
    world_ask(w, &(struct question){.path = "/ok", .token = "masters"}, &master);
    assert_int_equal(master.status, 200);
    answer_free(&slow); /* the client goes: there is room again */
    world_wait_for(w, &w->slow_closed, 1);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &later);
    assert_int_equal(later.status, 200);
    world_free(w);
}

static void test_deadline(void **state)
{
    struct world *w = world_new(&(struct world_options){.server = {.deadline_ns = 100 * NS_PER_MS}});
    auto_answer struct answer late = {0}, cut = {0}, lower = {0};

    (void)state;
    world_send(w, &(struct question){.path = "/slow", .token = "masters"}, &late);
    world_send(w, &(struct question){.path = "/slow?begin", .token = "masters"}, &cut);
    world_wait(&late);
    world_wait(&cut);
    assert_int_equal(late.status, 504);
    assert_string_equal(answer_header(&late, "content-type"), "text/plain; charset=utf-8");
    assert_string_equal(
        buf_cstr(&late.body),
        "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete within "
        "the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}");
    assert_true(cut.is_broken && cut.status == 200);
    assert_int_equal(w->slow_closed, 2);
    world_free(w);

    w = world_new(&(struct world_options){0});
    world_ask(w, &(struct question){.path = "/slow?timeout=50ms", .token = "masters"}, &lower);
    assert_int_equal(lower.status, 504);
    world_free(w);
}

/* When somebody else answers for the handler, the handler knows already. */
static void fail_late(void *arg, struct api_request *r, const struct api_failure *f)
{
    struct world *w = *(struct world **)arg;

    assert_int_equal(f->kind, API_FAILURE_DEADLINE);
    assert_int_equal(w->slow_closed, 1);
    api_respond_text(r, 504, STR("late"));
}

static void test_deadline_takes_over(void **state)
{
    static struct world *w;
    auto_answer struct answer late = {0};

    (void)state;
    w = world_new(
        &(struct world_options){.server = {.deadline_ns = 500 * NS_PER_MS, .fail = fail_late, .arg = (void *)&w}});
    world_ask(w, &(struct question){.path = "/slow", .token = "masters"}, &late);
    assert_int_equal(late.status, 504);
    assert_int_equal(w->slow_closed, 1);
    world_free(w);
}

/* A deadline while the server still asks who it is. */
static void test_deadline_of_filters(void **state)
{
    struct world *w = world_new(&(struct world_options){.server = {.deadline_ns = 50 * NS_PER_MS}});
    auto_answer struct answer late = {0}, again = {0};

    (void)state;
    w->is_kube_silent = true;
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &late);
    assert_int_equal(late.status, 504);
    world_wake_kube(w);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &again);
    assert_int_equal(again.status, 200);
    assert_int_equal(w->handled, 1);
    assert_int_equal(w->token_reviews, 1); /* the first one's answer was kept */
    world_free(w);
}

/* Long-running requests have no deadline: half a second is ten of them. */
static void on_timer(uv_timer_t *timer)
{
    ++*(unsigned *)timer->data;
}

static bool slow_is_long_running(void *arg, const struct api_request *r)
{
    (void)arg;
    return str_eq(r->attributes.path, STR("/slow"));
}

static void test_long_running(void **state)
{
    struct world *w = world_new(&(struct world_options){
        .server = {.deadline_ns = 50 * NS_PER_MS, .max_in_flight = 1, .is_long_running = slow_is_long_running}});
    struct answer slow = {0};
    auto_answer struct answer other = {0};
    uv_timer_t timer;
    unsigned fired = 0;

    (void)state;
    uv_timer_init(&w->loop, &timer);
    timer.data = &fired;
    world_send(w, &(struct question){.path = "/slow", .token = "user-jane"}, &slow);
    world_wait_for(w, &w->handled, 1);
    uv_timer_start(&timer, on_timer, 500, 0);
    world_wait_for(w, &fired, 1);
    uv_close((uv_handle_t *)&timer, NULL);
    assert_int_equal(slow.status, 0);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &other); /* nor does it count */
    assert_int_equal(other.status, 200);
    answer_free(&slow);
    world_free(w);
}

/* Who goes while the server still asks about them leaves nothing behind. */
static void test_client_leaves_early(void **state)
{
    struct world *w = world_new(&(struct world_options){.is_http1 = true});
    struct answer gone = {0}, stays = {0};

    (void)state;
    w->is_kube_silent = true;
    world_send(w, &(struct question){.path = "/ok", .token = "user-jane"}, &gone);
    world_send(w, &(struct question){.path = "/ok", .token = "user-jane"}, &stays);
    while (api_server_in_flight(w->server) < 2)
        uv_run(&w->loop, UV_RUN_ONCE);
    answer_free(&gone);
    while (api_server_in_flight(w->server) > 1)
        uv_run(&w->loop, UV_RUN_ONCE);
    world_wake_kube(w);
    world_wait(&stays);
    assert_int_equal(stays.status, 200);
    assert_int_equal(w->token_reviews, 1);
    assert_int_equal(w->handled, 1);
    answer_free(&stays);
    world_free(w);
}

static void on_closed(void *arg)
{
    *(unsigned *)arg = 1;
}

static void test_closing(void **state)
{
    struct world *w = world_new(&(struct world_options){.is_http1 = true});
    struct answer slow = {0};
    unsigned is_closed = 0;

    (void)state;
    world_send(w, &(struct question){.path = "/slow", .token = "masters"}, &slow);
    world_wait_for(w, &w->handled, 1);
    api_server_drain(w->server);
    assert_true(api_server_is_draining(w->server));
    api_server_close(w->server, 100 * NS_PER_MS, on_closed, &is_closed);
    w->server = NULL;
    world_wait_for(w, &is_closed, 1);
    assert_int_equal(w->slow_closed, 1);
    answer_free(&slow);
    world_free(w);
}

/* --- connections --- */

static struct {
    char names[8][32];
    size_t count;
} peers;

static void note_peer(void *arg, const struct api_request *r, struct api_attributes *what)
{
    char name[32];

    (void)arg, (void)what;
    snprintf(name, sizeof(name), "%.*s", STR_ARG(r->http->peer));
    for (size_t i = 0; i < peers.count; i++)
        if (strcmp(peers.names[i], name) == 0)
            return;
    assert_true(peers.count < COUNT(peers.names));
    strcpy(peers.names[peers.count++], name);
}

/* An anonymous client's HTTP/2 connection ends with each answer; others keep theirs. */
static void test_anonymous_connections(void **state)
{
    struct world *w = world_new(&(struct world_options){.server = {.resolve = note_peer}});

    (void)state;
    peers.count = 0;
    for (int i = 0; i < 3; i++) {
        auto_answer struct answer known = {0};
        world_ask(w, &(struct question){.path = "/ok", .token = "masters"}, &known);
        assert_int_equal(known.status, 200);
    }
    assert_true(w->is_http2);
    assert_int_equal(peers.count, 1);
    for (int i = 0; i < 3; i++) {
        auto_answer struct answer unknown = {0};
        world_ask(w, &(struct question){.path = "/ok"}, &unknown);
        assert_int_equal(unknown.status, 403);
    }
    assert_int_equal(peers.count, 3); /* the first went over the known one's */
    world_free(w);
}

/* --- a server with other words, other questions --- */

static void kubelet_fail(void *arg, struct api_request *r, const struct api_failure *f)
{
    (void)arg;
    if (f->kind == API_FAILURE_FORBIDDEN)
        api_respond_text(r, 403,
                         arena_printf(r->arena, "Forbidden (user=%.*s, verb=%.*s, resource=%.*s)",
                                      STR_ARG(f->user->name), STR_ARG(f->what->verb), STR_ARG(f->what->resource)));
    else if (f->kind == API_FAILURE_UNAUTHORIZED)
        api_respond_text(r, 401, STR("Unauthorized"));
    else
        api_fail(r, f);
}

static void kubelet_resolve(void *arg, const struct api_request *r, struct api_attributes *what)
{
    (void)arg, (void)r;
    what->is_resource = true;
    what->resource = STR("nodes");
    what->subresource = STR("metrics");
    what->name = STR("n1");
    what->version = STR("v1");
}

static void test_pluggable(void **state)
{
    struct world *w = world_new(&(struct world_options){.is_anonymous_refused = true,
                                                        .server = {.fail = kubelet_fail, .resolve = kubelet_resolve}});
    auto_answer struct answer unknown = {0}, forbidden = {0};

    (void)state;
    world_ask(w, &(struct question){.path = "/ok"}, &unknown);
    assert_int_equal(unknown.status, 401);
    assert_string_equal(buf_cstr(&unknown.body), "Unauthorized");
    world_ask(w, &(struct question){.path = "/ok", .token = "user-joe"}, &forbidden);
    assert_int_equal(forbidden.status, 403);
    assert_string_equal(buf_cstr(&forbidden.body), "Forbidden (user=joe, verb=get, resource=nodes)");
    assert_non_null(strstr(w->last_review, "\"resourceAttributes\":{\"verb\":\"get\",\"version\":\"v1\",\"resource\":"
                                           "\"nodes\",\"subresource\":\"metrics\",\"name\":\"n1\"}"));
    world_free(w);
}

/* --- bodies --- */

static void on_whole_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    (void)arg;
    api_respond_text(r, 200, arena_printf(r->arena, "%.*s: %.*s", STR_ARG(media_type), STR_ARG(body)));
}

static void handle_body(void *arg, struct api_request *r)
{
    static const struct str types[] = {STR_INIT("application/json"), STR_INIT("application/yaml")};

    api_request_read_body(r, &(struct api_body_rules){.max_bytes = 20, .media_types = types, .media_type_count = 2},
                          on_whole_body, arg);
}

static void route_body(struct world *w)
{
    api_server_route(w->server, "/body", handle_body, w);
}

static void test_body(void **state)
{
    static const struct {
        const char *method, *type, *body;
        int status;
        const char *text;
    } bodies[] = {
        {"POST", "application/json", "{}", 200, "application/json: {}"},
        {"POST", "Application/YAML; charset=utf-8", "a: 1", 200, "application/yaml: a: 1"},
        {"POST", NULL, "{}", 200, "application/json: {}"},
        {"DELETE", NULL, NULL, 200, "application/json: "},
        {"POST", "application/json", "12345678901234567890", 200, "application/json: 12345678901234567890"},
        {"POST", "application/json", "123456789012345678901", 413, "Request entity too large: limit is 20"},
        {"POST", "text/plain", "{}", 415,
         "the body of the request was in an unknown format - accepted media types include: application/json, "
         "application/yaml"},
    };
    struct world *w = world_new(&(struct world_options){.route = route_body});

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        auto_answer struct answer a = {0};
        struct question q = {.method = bodies[i].method, .path = "/body", .token = "masters", .body = bodies[i].body};
        q.headers[0] = "Content-Type";
        q.headers[1] = bodies[i].type != NULL ? bodies[i].type : "";
        world_ask(w, &q, &a);
        if (a.status != bodies[i].status || strstr(buf_cstr(&a.body), bodies[i].text) == NULL)
            fail_msg("%zu: %d %s", i, a.status, buf_cstr(&a.body));
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_http1),
        cmocka_unit_test(test_answers_http2),
        cmocka_unit_test(test_audit_id),
        cmocka_unit_test(test_impersonation),
        cmocka_unit_test(test_in_flight_limits),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_takes_over),
        cmocka_unit_test(test_deadline_of_filters),
        cmocka_unit_test(test_long_running),
        cmocka_unit_test(test_client_leaves_early),
        cmocka_unit_test(test_closing),
        cmocka_unit_test(test_pluggable),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_anonymous_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
