#include "apiserver/server_state.h"

#include "base/clock.h"

/* One timer for all: requests stand in the order of their deadlines, which is nearly always that of their arrival. */
static void set_timer(struct api_server *s)
{
    if (s->first == NULL) {
        uv_timer_stop(&s->deadline_timer);
        return;
    }
    int64_t left_ns = s->first->deadline_ns - clock_mono_ns();
    int64_t left_ms = left_ns > 0 ? left_ns / NS_PER_MS + 1 : 0;
    uv_timer_start(&s->deadline_timer, api_deadline_on_timer, (uint64_t)left_ms, 0);
}

void api_deadline_start(struct api_turn *t, int64_t after_ns)
{
    struct api_server *s = t->server;
    struct api_turn *before = s->last;

    t->deadline_ns = clock_mono_ns() + after_ns;
    while (before != NULL && before->deadline_ns > t->deadline_ns)
        before = before->previous;
    t->previous = before;
    t->next = before != NULL ? before->next : s->first;
    *(t->previous != NULL ? &t->previous->next : &s->first) = t;
    *(t->next != NULL ? &t->next->previous : &s->last) = t;
    if (s->first == t)
        set_timer(s);
}

void api_deadline_stop(struct api_turn *t)
{
    struct api_server *s = t->server;
    bool was_first = s->first == t;

    if (t->deadline_ns == 0)
        return;
    t->deadline_ns = 0;
    *(t->previous != NULL ? &t->previous->next : &s->first) = t->next;
    *(t->next != NULL ? &t->next->previous : &s->last) = t->previous;
    if (was_first && s->first == NULL)
        set_timer(s); /* otherwise it fires early, finds nothing and is set again */
}

static void expire(struct api_turn *t)
{
    struct api_request *r = t->r;

    api_deadline_stop(t);
    if (r->has_ended)
        return; /* only the peer is slow: the connection's limits see to that */
    api_request_abandon(r);
    if (http_exchange_has_started(r->exchange))
        api_abort(r);
    else
        api_server_fail(r, &(struct api_failure){.kind = API_FAILURE_DEADLINE});
}

void api_deadline_on_timer(uv_timer_t *timer)
{
    struct api_server *s = timer->data;
    int64_t now_ns = clock_mono_ns();

    while (s->first != NULL && s->first->deadline_ns <= now_ns)
        expire(s->first);
    set_timer(s);
}
