/* What a server does before anybody asks who it is, and how it ends. */
#include "apiserver/cors.h"
#include "apiserver/response.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_headers(void **state)
{
    char *pattern = (char *)(uintptr_t) "//example\\.com(:|$)";
    struct cors *cors = cors_new(&pattern, 1, NULL);
    struct world *w =
        world_new(&(struct world_options){.server = {.hsts = STR("max-age=1; includeSubDomains"), .cors = cors}});
    auto_answer struct answer plain = {0}, refused = {0}, preflight = {0}, foreign = {0};

    (void)state;
    world_ask(w, &(struct question){.path = "/ok", .token = "masters"}, &plain);
    assert_int_equal(plain.status, 200);
    assert_string_equal(answer_header(&plain, "strict-transport-security"), "max-age=1; includeSubDomains");
    assert_string_equal(answer_header(&plain, "access-control-allow-origin"), "");
    world_ask(w, &(struct question){.path = "/ok", .token = "refused", .headers = {"Origin", "https://example.com"}},
              &refused);
    assert_int_equal(refused.status, 401);
    assert_string_equal(answer_header(&refused, "access-control-allow-origin"), "https://example.com");
    unsigned handled = w->handled, reviews = w->token_reviews;
    world_ask(w, &(struct question){.method = "OPTIONS", .path = "/ok", .headers = {"Origin", "https://example.com:1"}},
              &preflight);
    assert_int_equal(preflight.status, 204);
    assert_string_equal(answer_header(&preflight, "access-control-allow-methods"),
                        "POST, GET, OPTIONS, PUT, DELETE, PATCH");
    assert_string_equal(answer_header(&preflight, "access-control-allow-credentials"), "true");
    assert_int_equal(w->handled, handled);
    assert_int_equal(w->token_reviews, reviews);
    world_ask(w, &(struct question){.method = "OPTIONS", .path = "/ok", .headers = {"Origin", "https://evil.org"}},
              &foreign);
    assert_int_equal(foreign.status, 403);
    assert_string_equal(answer_header(&foreign, "access-control-allow-origin"), "");
    world_free(w);
    cors_free(cors);
}

static struct {
    char names[32][32];
    size_t count;
} peers;

static void note_peer(void *arg, const struct api_request *r, struct api_attributes *what)
{
    char name[32];

    (void)arg, (void)what;
    snprintf(name, sizeof(name), "%.*s", STR_ARG(r->http->peer));
    for (size_t i = 0; i < peers.count; i++) {
        if (strcmp(peers.names[i], name) == 0)
            return;
    }
    strcpy(peers.names[peers.count++], name);
}

/* With a chance of 1 each request ends its HTTP/2 connection; with 0 none does. */
static void test_goaway(void **state)
{
    (void)state;
    for (int chance = 0; chance < 2; chance++) {
        struct world *w = world_new(&(struct world_options){.server = {.goaway_chance = chance, .resolve = note_peer}});
        peers.count = 0;
        for (int i = 0; i < 4; i++) {
            auto_answer struct answer a = {0};
            world_ask(w, &(struct question){.path = "/ok", .token = "masters"}, &a);
            assert_int_equal(a.status, 200);
        }
        assert_true(w->is_http2);
        assert_int_equal(peers.count, chance == 0 ? 1 : 4);
        world_free(w);
    }
}

static void on_closed(void *arg)
{
    *(unsigned *)arg = 1;
}

static bool is_endless(void *arg, const struct api_request *r)
{
    (void)arg;
    return str_eq(r->attributes.path, STR("/slow"));
}

/* A watch ends as it does when its time is over, and doesn't hold up the end. */
static void test_long_running_ends(void **state)
{
    struct world *w = world_new(&(struct world_options){.is_http1 = true, .server = {.is_long_running = is_endless}});
    auto_answer struct answer watch = {0};
    unsigned is_closed = 0;

    (void)state;
    world_send(w, &(struct question){.path = "/slow?begin", .token = "masters"}, &watch);
    world_wait_for(w, &w->handled, 1);
    int64_t start_ns = clock_mono_ns();
    api_server_close(w->server, 60 * NS_PER_S, on_closed, &is_closed);
    w->server = NULL;
    world_wait(&watch);
    assert_int_equal(watch.status, 200);
    assert_false(watch.is_broken);
    answer_free(&watch);
    watch = (struct answer){0};
    world_wait_for(w, &is_closed, 1);
    assert_int_equal(w->slow_closed, 1);
    assert_true(clock_mono_ns() - start_ns < 10 * NS_PER_S);
    world_free(w);
}

/* It listens on, and refuses all but those who look whether it lives, until the last one has been answered. */
static void test_retry_after(void **state)
{
    struct world *w = world_new(
        &(struct world_options){.is_http1 = true, .server = {.sends_retry_after = true, .deadline_ns = NS_PER_S}});
    struct answer slow = {0};
    auto_answer struct answer late = {0}, probe = {0};
    unsigned is_closed = 0;

    (void)state;
    world_send(w, &(struct question){.path = "/slow", .token = "masters"}, &slow);
    world_wait_for(w, &w->handled, 1);
    api_server_close(w->server, 60 * NS_PER_S, on_closed, &is_closed);
    world_ask(w, &(struct question){.path = "/ok", .token = "masters"}, &late);
    assert_int_equal(late.status, 429);
    assert_string_equal(answer_header(&late, "retry-after"), "5");
    assert_string_equal(answer_header(&late, "connection"), "close");
    world_ask(w, &(struct question){.path = "/livez", .token = "masters"}, &probe);
    assert_int_equal(probe.status, 404); /* nobody serves it here, but it was not turned away */
    assert_int_equal(is_closed, 0);
    world_wait(&slow); /* its deadline */
    assert_int_equal(slow.status, 504);
    answer_free(&slow);
    w->server = NULL;
    world_wait_for(w, &is_closed, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_goaway),
        cmocka_unit_test(test_long_running_ends),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
