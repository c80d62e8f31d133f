#include "apiserver/review.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t now_ns;

static int64_t test_clock(void)
{
    return now_ns;
}

static int64_t ten_seconds(void *arg, struct str answer)
{
    (void)arg;
    return str_find(answer, STR("<html>")) >= 0 ? 0 : 10 * NS_PER_S;
}

/* Someone who asks: a request without a connection. */
struct asker {
    struct api_request r;
    struct arena arena;
    unsigned heard;
    bool is_refused;
    char text[256];
};

static void hear(void *arg, struct str answer, const struct error *err)
{
    struct asker *a = arg;

    a->heard++;
    a->is_refused = err != NULL;
    snprintf(a->text, sizeof(a->text), "%.*s", STR_ARG(err != NULL ? str_of(error_text(err)) : answer));
}

static void ask(struct review *v, struct asker *a, const char *key)
{
    auto_buf struct buf body = {0};

    a->r.arena = &a->arena;
    buf_printf(&body, "{\"spec\":{\"user\":\"jane\",\"key\":\"%s\"}}", key);
    review_ask(v, &a->r, str_of(key), buf_str(&body), hear, a);
}

static struct review *make(struct world *w, const struct review_options *more)
{
    struct review_options options = *more;

    options.client = w->client;
    options.path = STR("/apis/authorization.k8s.io/v1/subjectaccessreviews");
    options.ttl_ns = ten_seconds;
    options.backoff_ms = 1;
    options.now_ns = test_clock;
    now_ns = 1;
    return review_new(&w->loop, &options);
}

static void finish(struct world *w, struct review *v)
{
    review_free(v);
    world_free(w);
}

static void test_kept(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){.max_kept = 2});
    struct asker first = {0}, second = {0}, third = {0}, others[3] = {0};

    (void)state;
    ask(v, &first, "a");
    world_wait_for(w, &first.heard, 1);
    assert_non_null(strstr(first.text, "\"allowed\":true"));
    now_ns += 10 * NS_PER_S - 1;
    ask(v, &second, "a");
    assert_int_equal(second.heard, 1); /* at once */
    assert_string_equal(second.text, first.text);
    now_ns++;
    ask(v, &third, "a"); /* ten seconds are over */
    assert_int_equal(third.heard, 0);
    world_wait_for(w, &third.heard, 1);
    assert_int_equal(review_calls(v), 2);

    ask(v, &others[0], "b");
    world_wait_for(w, &others[0].heard, 1);
    ask(v, &others[1], "c"); /* "a" makes room */
    world_wait_for(w, &others[1].heard, 1);
    assert_int_equal(review_kept(v), 2);
    ask(v, &others[2], "b");
    assert_int_equal(others[2].heard, 1);
    assert_int_equal(review_calls(v), 4);
    arena_free(&first.arena);
    arena_free(&second.arena);
    arena_free(&third.arena);
    for (size_t i = 0; i < 3; i++)
        arena_free(&others[i].arena);
    finish(w, v);
}

static void test_not_kept(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){0});
    struct asker garbage = {0}, keyless = {0};

    (void)state;
    w->kube_fault = kube_answers_garbage;
    w->kube_faults = 1;
    ask(v, &garbage, "a");
    world_wait_for(w, &garbage.heard, 1);
    assert_string_equal(garbage.text, "<html>");
    ask(v, &keyless, "");
    world_wait_for(w, &keyless.heard, 1);
    assert_int_equal(review_kept(v), 0);
    arena_free(&garbage.arena);
    arena_free(&keyless.arena);
    finish(w, v);
}

static void test_merged(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){0});
    struct asker askers[5] = {0};

    (void)state;
    w->is_kube_silent = true;
    for (size_t i = 0; i < 4; i++)
        ask(v, &askers[i], "a");
    ask(v, &askers[4], "b");
    world_wait_for(w, &w->access_reviews, 2);
    api_request_close(&askers[1].r); /* one in the middle, the newest and the oldest of three go */
    api_request_close(&askers[3].r);
    api_request_close(&askers[0].r);
    world_wake_kube(w);
    world_wait_for(w, &askers[2].heard, 1);
    world_wait_for(w, &askers[4].heard, 1);
    assert_int_equal(askers[0].heard + askers[1].heard + askers[3].heard, 0);
    assert_int_equal(review_calls(v), 2);
    for (size_t i = 0; i < 5; i++)
        arena_free(&askers[i].arena);
    finish(w, v);
}

/* An answer that will be kept is waited for when nobody is left; another one isn't. */
static void test_all_gone(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){0});
    struct asker keyed = {0}, keyless = {0}, later = {0};

    (void)state;
    w->is_kube_silent = true;
    ask(v, &keyed, "a");
    ask(v, &keyless, "");
    world_wait_for(w, &w->access_reviews, 2);
    api_request_close(&keyed.r);
    api_request_close(&keyless.r);
    while (w->held_count > 1) /* hung up on */
        uv_run(&w->loop, UV_RUN_ONCE);
    world_wake_kube(w);
    while (review_kept(v) == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    ask(v, &later, "a");
    assert_int_equal(later.heard, 1);
    assert_int_equal(keyed.heard + keyless.heard, 0);
    arena_free(&keyed.arena);
    arena_free(&keyless.arena);
    arena_free(&later.arena);
    finish(w, v);
}

static void test_repeated(void **state)
{
    static const struct {
        void (*fault)(struct world *w, struct fake_conn *conn);
        unsigned faults;
        unsigned calls;
        const char *text; /* in the error; NULL: it succeeds */
    } cases[] = {
        {kube_resets, 4, 5, NULL},
        {kube_resets, 9, 5, "subjectaccessreviews"},
        {kube_answers_internal_error, 2, 3, NULL},
        {kube_answers_internal_error, 9, 5, "etcd is away"},
        {kube_answers_forbidden, 9, 1, "reviews are <not> yours"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = world_new(&(struct world_options){0});
        struct review *v = make(w, &(struct review_options){0});
        struct asker a = {0}, again = {0};

        w->kube_fault = cases[i].fault;
        w->kube_faults = cases[i].faults;
        ask(v, &a, "a");
        world_wait_for(w, &a.heard, 1);
        if (a.is_refused != (cases[i].text != NULL) || review_calls(v) != cases[i].calls)
            fail_msg("case %zu: %u calls, %s", i, (unsigned)review_calls(v), a.text);
        if (cases[i].text != NULL)
            assert_non_null(strstr(a.text, cases[i].text));
        w->kube_faults = 0;
        ask(v, &again, "a"); /* failures aren't kept */
        world_wait_for(w, &again.heard, 1);
        assert_false(again.is_refused);
        assert_int_equal(review_calls(v), cases[i].calls + (cases[i].text != NULL));
        arena_free(&a.arena);
        arena_free(&again.arena);
        finish(w, v);
    }
}

static void test_nobody_there(void **state)
{
    struct world *w = world_new(&(struct world_options){.kube_url = "http://127.0.0.1:1"});
    struct review *v = make(w, &(struct review_options){0});
    struct asker a = {0};

    (void)state;
    ask(v, &a, "a");
    world_wait_for(w, &a.heard, 1);
    assert_true(a.is_refused);
    assert_non_null(strstr(a.text, "127.0.0.1:1"));
    assert_int_equal(review_calls(v), 1); /* at once: the caller's client may try again */
    arena_free(&a.arena);
    finish(w, v);
}

static void test_too_many(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){.max_asking = 1});
    struct asker a = {0}, b = {0}, same = {0};

    (void)state;
    ask(v, &a, "a");
    ask(v, &b, "b");
    assert_true(b.heard == 1 && b.is_refused);
    ask(v, &same, "a"); /* costs no call */
    world_wait_for(w, &a.heard, 1);
    world_wait_for(w, &same.heard, 1);
    assert_false(a.is_refused || same.is_refused);
    arena_free(&a.arena);
    arena_free(&b.arena);
    arena_free(&same.arena);
    finish(w, v);
}

static void test_budget(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){.calls_per_second = 50, .call_burst = 2});
    struct asker askers[4] = {0};
    static const char *const keys[] = {"a", "b", "c", "d"};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        ask(v, &askers[i], keys[i]);
    assert_int_equal(review_calls(v), 2);
    api_request_close(&askers[2].r); /* leaves while it waits for its turn */
    for (size_t i = 0; i < 4; i++)
        if (i != 2)
            world_wait_for(w, &askers[i].heard, 1);
    assert_false(askers[3].is_refused);
    assert_int_equal(review_calls(v), 4);
    for (size_t i = 0; i < 4; i++)
        arena_free(&askers[i].arena);
    finish(w, v);
}

/* Freed with a call under way, and with one that waits to be repeated. */
static void test_freed_early(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct review *v = make(w, &(struct review_options){0});
    struct asker silent = {0}, faulty = {0};

    (void)state;
    w->kube_fault = kube_answers_internal_error;
    w->kube_faults = 1;
    ask(v, &faulty, "b");
    world_wait_for(w, &w->access_reviews, 1);
    w->is_kube_silent = true;
    ask(v, &silent, "a");
    world_wait_for(w, &w->access_reviews, 2);
    api_request_close(&silent.r);
    api_request_close(&faulty.r);
    arena_free(&silent.arena);
    arena_free(&faulty.arena);
    finish(w, v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_not_kept),    cmocka_unit_test(test_merged),
        cmocka_unit_test(test_all_gone), cmocka_unit_test(test_repeated),    cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_freed_early), cmocka_unit_test(test_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
