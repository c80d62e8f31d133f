/* Discovery, health and version, as clients see them. */
#include "apiserver/discovery.h"
#include "apiserver/health.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

static const struct str verbs[] = {STR_INIT("get"), STR_INIT("list")};
static const struct discovery_resource resources[] = {
    {.name = STR_INIT("nodes"), .kind = STR_INIT("NodeMetrics"), .verbs = verbs, .verb_count = 2}};
static const struct discovery_version versions[] = {
    {.version = STR_INIT("v1beta1"), .resources = resources, .resource_count = 1}};
static const struct discovery_group groups[] = {
    {.name = STR_INIT(""), .versions = versions, .version_count = 1},
    {.name = STR_INIT("metrics.k8s.io"), .versions = versions, .version_count = 1}};
static const struct discovery table = {.groups = groups, .group_count = 2};
static const struct build_version version = {"1", "30", "v1.30.0", "abc", "2026-01-01T00:00:00Z"};

static struct health *health;
static bool is_ready;

static bool check_ready(void *arg, struct error *err)
{
    (void)arg;
    return is_ready || error_set(err, 0, "not <yet>");
}

static void handle_discovery(void *arg, struct api_request *r)
{
    (void)arg;
    if (discovery_handle(&table, r))
        return;
    struct status s = status_no_such_path();
    api_respond_status(r, &s);
}

static void route(struct world *w)
{
    static const char *const paths[] = {"/api", "/api/", "/apis", "/apis/"};

    for (size_t i = 0; i < COUNT(paths); i++)
        api_server_route_unlisted(w->server, paths[i], handle_discovery, NULL);
    api_server_list_path(w->server, STR("/apis"));
    api_server_route(w->server, "/version", build_version_handle, (void *)(uintptr_t)&version);
    api_server_route_unlisted(w->server, "/version/", build_version_handle, (void *)(uintptr_t)&version);
    health_install(health, w->server);
}

static void list_paths(void *arg, struct path_list *to)
{
    (void)arg;
    health_list_paths(health, to);
}

static struct world *make(void)
{
    health = health_new();
    health_add(health, &(struct health_check){.name = "ping", .endpoints = HEALTH_ALL});
    health_add(health, &(struct health_check){.name = "ready", .endpoints = HEALTH_READYZ, .check = check_ready});
    return world_new(&(struct world_options){.route = route, .is_http1 = true, .server = {.list_paths = list_paths}});
}

static void finish(struct world *w)
{
    world_free(w);
    health_free(health);
}

static const struct {
    const char *method;
    const char *path;
    const char *accept;
    int status;
    const char *part; /* the beginning of the body */
} cases[] = {
    {"GET", "/api", "*/*", 200, "{\"kind\":\"APIVersions\",\"versions\":[\"v1beta1\"],"},
    {"GET", "/api/", "*/*", 200, "{\"kind\":\"APIVersions\","},
    {"GET", "/api/v1beta1", "*/*", 200, "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1beta1\","},
    {"GET", "/api/v1", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis", "*/*", 200, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{\"name\":\"metrics"},
    {"GET", "/apis/", "*/*", 200, "{\"kind\":\"APIGroupList\""},
    {"GET", "/apis", AGGREGATED ",application/json", 200, "{\"kind\":\"APIGroupDiscoveryList\""},
    {"GET", "/apis", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json", 200,
     "{\"kind\":\"APIGroupList\""},
    {"GET", "/api", AGGREGATED, 200, "{\"kind\":\"APIGroupDiscoveryList\""},
    {"GET", "/apis", "application/yaml", 200, "apiVersion: v1\ngroups:\n- name: metrics.k8s.io\n"},
    {"GET", "/apis/metrics.k8s.io", "*/*", 200, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"metrics"},
    {"GET", "/apis/metrics.k8s.io/", "*/*", 200, "{\"kind\":\"APIGroup\""},
    {"GET", "/apis/metrics.k8s.io", AGGREGATED, 406, "{\n  \"kind\": \"Status\""},
    {"GET", "/apis/metrics.k8s.io/v1beta1", "*/*", 200,
     "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"metrics.k8s.io/v1beta1\","},
    {"GET", "/apis/metrics.k8s.io/v1beta1/", "*/*", 200, "{\"kind\":\"APIResourceList\""},
    {"GET", "/apis/metrics.k8s.io/v1beta1/x", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis/metrics.k8s.io//", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis/metrics.k8s.io/v1", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis//", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis//v1beta1", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/api//", "*/*", 404, "{\"kind\":\"Status\""},
    {"GET", "/apis/other", "*/*", 404, "{\"kind\":\"Status\""},
    {"POST", "/apis/metrics.k8s.io", "*/*", 405, "{\"kind\":\"Status\""},
    {"GET", "/version", "*/*", 200, "{\n  \"major\": \"1\",\n  \"minor\": \"30\",\n  \"emulationMajor\": \"1\","},
    {"GET", "/version/", "*/*", 200, "{\n  \"major\""},
    {"GET", "/version/x", "*/*", 404, "{\"kind\":\"Status\""},
    {"POST", "/version", "*/*", 405, "{\"kind\":\"Status\""},
    {"GET", "/livez", "*/*", 200, "ok"},
    {"GET", "/livez/ping", "*/*", 200, "ok"},
    {"GET", "/livez/ready", "*/*", 404, "{\n  \"paths\""},
    {"GET", "/readyz", "*/*", 500, "[+]ping ok\n[-]ready failed: reason withheld\nreadyz check failed\n"},
    {"GET", "/readyz/ready", "*/*", 500, "internal server error: not <yet>\n"},
    {"GET", "/", "*/*", 200,
     "{\n  \"paths\": [\n    \"/apis\",\n    \"/healthz\",\n    \"/healthz/ping\",\n    \"/livez\","},
};

static void test_documents(void **state)
{
    struct world *w = make();

    (void)state;
    is_ready = false;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_answer struct answer a = {0};
        world_ask(w,
                  &(struct question){.method = cases[i].method,
                                     .path = cases[i].path,
                                     .token = "masters",
                                     .headers = {"Accept", cases[i].accept}},
                  &a);
        if (a.status != cases[i].status || strncmp(buf_cstr(&a.body), cases[i].part, strlen(cases[i].part)) != 0)
            fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, a.status, buf_cstr(&a.body));
    }
    finish(w);
}

static void test_entity_tag(void **state)
{
    struct world *w = make();
    auto_answer struct answer first = {0}, same = {0}, other = {0};
    char tag[256];

    (void)state;
    world_ask(w, &(struct question){.path = "/apis", .token = "masters", .headers = {"Accept", AGGREGATED}}, &first);
    assert_string_equal(answer_header(&first, "content-type"), AGGREGATED);
    assert_string_equal(answer_header(&first, "vary"), "Accept");
    assert_string_equal(answer_header(&first, "cache-control"), "public");
    snprintf(tag, sizeof(tag), "%s", answer_header(&first, "etag"));
    assert_int_equal(strlen(tag), 130); /* SHA-512 in hex, quoted */
    assert_int_equal(strspn(tag, "\"0123456789ABCDEF"), 130);
    world_ask(w,
              &(struct question){
                  .path = "/apis", .token = "masters", .headers = {"Accept", AGGREGATED, "If-None-Match", tag}},
              &same);
    assert_int_equal(same.status, 304);
    assert_int_equal(same.body.len, 0);
    world_ask(
        w,
        &(struct question){.path = "/api", .token = "masters", .headers = {"Accept", AGGREGATED, "If-None-Match", tag}},
        &other);
    assert_int_equal(other.status, 200);
    finish(w);
}

/* The three health endpoints are free, what is below them isn't. */
static void test_health_needs_nobody(void **state)
{
    struct world *w = make();
    auto_answer struct answer whole = {0}, one = {0};

    (void)state;
    is_ready = true;
    world_ask(w, &(struct question){.path = "/readyz"}, &whole);
    assert_int_equal(whole.status, 200);
    assert_string_equal(buf_cstr(&whole.body), "ok");
    assert_string_equal(answer_header(&whole, "content-type"), "text/plain; charset=utf-8");
    assert_string_equal(answer_header(&whole, "x-content-type-options"), "nosniff");
    world_ask(w, &(struct question){.path = "/readyz/ping"}, &one);
    assert_int_equal(one.status, 403);
    finish(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_entity_tag),
        cmocka_unit_test(test_health_needs_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
