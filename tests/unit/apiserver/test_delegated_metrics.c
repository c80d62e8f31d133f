#include "apiserver/delegated_metrics.h"

#include "apiserver/review.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CACHE "authentication_token_cache_"
#define CALLS "apiserver_delegated_authn_request_"

static int64_t ten_seconds(void *arg, struct str answer)
{
    (void)arg;
    (void)answer;
    return 10 * NS_PER_S;
}

struct asker {
    struct api_request r;
    struct arena arena;
    unsigned heard;
};

static void hear(void *arg, struct str answer, const struct error *err)
{
    struct asker *a = arg;

    (void)answer;
    (void)err;
    a->heard++;
}

static void ask(struct review *v, struct asker *a, const char *key)
{
    a->r.arena = &a->arena;
    review_ask(v, &a->r, str_of(key), STR("{\"spec\":{\"user\":\"jane\"}}"), hear, a);
}

static double number_of(struct metrics *m, const char *name)
{
    auto_buf struct buf text = {0}, line = {0};
    const char *at;

    metrics_print(m, &text);
    buf_printf(&line, "\n%s ", name);
    at = strstr(buf_cstr(&text), buf_cstr(&line));
    return at != NULL ? strtod(at + line.len, NULL) : -1;
}

static struct review *make(struct world *w, struct metrics *m)
{
    return review_new(&w->loop, &(struct review_options){
                                    .client = w->client,
                                    .path = STR("/apis/authorization.k8s.io/v1/subjectaccessreviews"),
                                    .ttl_ns = ten_seconds,
                                    .backoff_ms = 1,
                                    .metrics = token_review_metrics(m),
                                });
}

static void test_cache(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct metrics *m = metrics_new();
    struct review *v = make(w, m);
    struct asker askers[5] = {0};

    (void)state;
    w->is_kube_silent = true;
    ask(v, &askers[0], "a");
    ask(v, &askers[1], "a");
    ask(v, &askers[2], "a");
    ask(v, &askers[3], "b");
    assert_true(number_of(m, CACHE "active_fetch_count{status=\"in_flight\"}") == 2);
    assert_true(number_of(m, CACHE "active_fetch_count{status=\"blocked\"}") == 2);
    api_request_close(&askers[1].r); /* doesn't wait any more */
    assert_true(number_of(m, CACHE "active_fetch_count{status=\"blocked\"}") == 1);
    world_wait_for(w, &w->access_reviews, 2);
    world_wake_kube(w);
    world_wait_for(w, &askers[2].heard, 1);
    world_wait_for(w, &askers[3].heard, 1);
    ask(v, &askers[4], "a");
    assert_int_equal(askers[4].heard, 1);
    assert_true(number_of(m, CACHE "active_fetch_count{status=\"in_flight\"}") == 0);
    assert_true(number_of(m, CACHE "active_fetch_count{status=\"blocked\"}") == 0);
    assert_true(number_of(m, CACHE "request_total{status=\"miss\"}") == 4);
    assert_true(number_of(m, CACHE "request_total{status=\"hit\"}") == 1);
    assert_true(number_of(m, CACHE "request_duration_seconds_count{status=\"miss\"}") == 3);
    assert_true(number_of(m, CACHE "request_duration_seconds_count{status=\"hit\"}") == 1);
    assert_true(number_of(m, CACHE "fetch_total{status=\"ok\"}") == 2);
    assert_true(number_of(m, CACHE "fetch_total{status=\"error\"}") == 0);
    assert_true(number_of(m, CALLS "total{code=\"201\"}") == 2);
    assert_true(number_of(m, CALLS "duration_seconds_count{code=\"201\"}") == 2);
    for (size_t i = 0; i < sizeof(askers) / sizeof(askers[0]); i++)
        arena_free(&askers[i].arena);
    review_free(v);
    world_free(w);
    metrics_free(m);
}

/* Each attempt is a call; the fetch fails once. */
static void test_failures(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct metrics *m = metrics_new();
    struct review *v = make(w, m);
    struct asker broken = {0}, sick = {0};

    (void)state;
    w->kube_fault = kube_resets;
    w->kube_faults = 5;
    ask(v, &broken, "a");
    world_wait_for(w, &broken.heard, 1);
    w->kube_fault = kube_answers_internal_error;
    w->kube_faults = 2;
    ask(v, &sick, "b");
    world_wait_for(w, &sick.heard, 1);
    assert_true(number_of(m, CALLS "total{code=\"<error>\"}") == 5);
    assert_true(number_of(m, CALLS "total{code=\"500\"}") == 2);
    assert_true(number_of(m, CALLS "total{code=\"201\"}") == 1);
    assert_true(number_of(m, CALLS "duration_seconds_count{code=\"<error>\"}") == 5);
    assert_true(number_of(m, CACHE "fetch_total{status=\"error\"}") == 1);
    assert_true(number_of(m, CACHE "fetch_total{status=\"ok\"}") == 1);
    arena_free(&broken.arena);
    arena_free(&sick.arena);
    review_free(v);
    world_free(w);
    metrics_free(m);
}

/* The same on the way from a request: both kinds in one registry. */
static void test_wired(void **state)
{
    struct metrics *m = metrics_new();
    struct world *w = world_new(&(struct world_options){
        .delegated = &(struct authn_delegated_options){.is_lookup_skipped = true, .registry = m}});
    struct authz_delegated *authz =
        authz_delegated_new(&w->loop, &(struct authz_delegated_options){.client = w->client, .registry = m});
    auto_answer struct answer first = {0}, second = {0};

    (void)state;
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &first);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &second);
    assert_int_equal(second.status, 200);
    assert_true(number_of(m, CACHE "request_total{status=\"miss\"}") == 1);
    assert_true(number_of(m, CACHE "request_total{status=\"hit\"}") == 1);
    assert_true(number_of(m, CALLS "total{code=\"201\"}") == 1);
    authz_delegated_free(authz);
    world_free(w);
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_wired),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
