/* What tests against the fake API server share: a loop, a client, patience. Header only; one test program includes it
 * once. */
#ifndef TEST_API_WORLD_H
#define TEST_API_WORLD_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "fake_api.h"

#define PATIENCE_MS 10000

struct api_world {
    uv_loop_t loop;
    uv_timer_t patience;
    bool is_late;
    struct fake_api *api;
    struct fetch_pool *pool;
    struct rest_client *client;
    void *extra;
};

static void api_world_on_late(uv_timer_t *timer)
{
    ((struct api_world *)timer->data)->is_late = true;
}

static int api_world_setup(void **state)
{
    struct api_world *w = mem_zalloc(sizeof(*w));

    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->patience);
    w->patience.data = w;
    w->api = fake_api_new(&w->loop);
    w->pool = fetch_pool_new(&w->loop);
    w->client = fake_api_client(w->api, w->pool);
    if (getenv("TEST_LOG") == NULL)
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    *state = w;
    return 0;
}

static int api_world_teardown(void **state)
{
    struct api_world *w = *state;

    rest_client_free(w->client);
    fetch_pool_free(w->pool);
    fake_api_free(w->api);
    uv_close((uv_handle_t *)&w->patience, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    free(w);
    return 0;
}

/* Turns the loop until CONDITION holds; fails when that takes too long. */
#define RUN_UNTIL(w, condition)                                            \
    do {                                                                   \
        (w)->is_late = false;                                              \
        uv_timer_start(&(w)->patience, api_world_on_late, PATIENCE_MS, 0); \
        while (!(condition) && !(w)->is_late)                              \
            uv_run(&(w)->loop, UV_RUN_ONCE);                               \
        uv_timer_stop(&(w)->patience);                                     \
        assert_true(condition);                                            \
    } while (0)

/* Turns the loop for MS: for what must not happen. */
#define RUN_FOR(w, ms)                                              \
    do {                                                            \
        (w)->is_late = false;                                       \
        uv_timer_start(&(w)->patience, api_world_on_late, (ms), 0); \
        while (!(w)->is_late)                                       \
            uv_run(&(w)->loop, UV_RUN_ONCE);                        \
    } while (0)

#endif
