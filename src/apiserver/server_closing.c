#include "apiserver/server_state.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>

void api_closing_count(struct api_turn *t)
{
    struct api_server *s = t->server;

    if (!t->r->is_long_running) {
        t->is_quick = true;
        s->quick++;
        return;
    }
    t->is_long = true;
    t->next = s->first_long;
    if (t->next != NULL)
        t->next->previous = t;
    s->first_long = t;
}

/* --- the end --- */

static void on_timer_closed(uv_handle_t *timer)
{
    struct api_server *s = timer->data;
    void (*on_closed)(void *arg) = s->on_closed;
    void *arg = s->on_closed_arg;

    if (--s->open_timers > 0)
        return;
    routes_free(&s->routes);
    path_list_free(&s->listed);
    free(s);
    if (on_closed != NULL)
        on_closed(arg);
}

static void on_http_closed(void *arg)
{
    struct api_server *s = arg;

    assert(s->in_flight == 0);
    uv_close((uv_handle_t *)&s->deadline_timer, on_timer_closed);
    uv_close((uv_handle_t *)&s->closing_timer, on_timer_closed);
}

/* A watch ends as it does when its time is over: its client comes again, elsewhere. */
static void end_long(struct api_turn *t)
{
    struct api_request *r = t->r;

    if (r->has_ended)
        return; /* only the peer is slow */
    api_request_abandon(r);
    if (http_exchange_has_started(r->exchange))
        api_end(r);
    else
        api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_DRAINING});
}

static void end_all_long(struct api_server *s)
{
    struct api_turn *next;

    for (struct api_turn *t = s->first_long; t != NULL; t = next) {
        next = t->next; /* ending one closes no other, and this one only later */
        end_long(t);
    }
}

/* Does what is due, and sees to it that somebody comes back for the rest. */
static void go_on(struct api_server *s)
{
    int64_t now_ns = clock_mono_ns();
    bool waits = s->options.sends_retry_after && s->quick > 0 && now_ns < s->close_until_ns;
    int64_t next_ns = s->long_until_ns;

    if (now_ns >= s->long_until_ns) {
        end_all_long(s);
        next_ns = s->close_until_ns;
    }
    if (!waits && !s->is_listening_over) {
        s->is_listening_over = true;
        http_server_close(s->http, s->close_until_ns > now_ns ? s->close_until_ns - now_ns : 0, on_http_closed, s);
    }
    if (!uv_is_closing((uv_handle_t *)&s->closing_timer) && next_ns > now_ns)
        uv_timer_start(&s->closing_timer, api_closing_on_timer, (uint64_t)((next_ns - now_ns) / NS_PER_MS + 1), 0);
}

void api_closing_on_timer(uv_timer_t *timer)
{
    go_on(timer->data);
}

void api_closing_on_released(struct api_turn *t)
{
    struct api_server *s = t->server;

    if (t->is_long) {
        *(t->previous != NULL ? &t->previous->next : &s->first_long) = t->next;
        if (t->next != NULL)
            t->next->previous = t->previous;
    }
    s->quick -= t->is_quick;
    /* the next turn of the loop goes on: this request is being closed right now */
    if (s->is_closing && !s->is_listening_over && s->quick == 0)
        uv_timer_start(&s->closing_timer, api_closing_on_timer, 0, 0);
}

void api_server_close(struct api_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    assert(!s->is_closing);
    s->is_draining = true;
    s->is_closing = true;
    s->on_closed = on_closed;
    s->on_closed_arg = arg;
    s->close_until_ns = clock_mono_ns() + grace_ns;
    s->long_until_ns = clock_mono_ns() + s->options.long_running_grace_ns;
    if (s->long_until_ns > s->close_until_ns)
        s->long_until_ns = s->close_until_ns;
    go_on(s);
}
