#include "apiserver/observer.h"

#include "apiserver/server_state.h"
#include "base/clock.h"

#include <assert.h>

void api_server_observe(struct api_server *s, const struct api_observer *observer)
{
    assert(s->observer_count < API_OBSERVERS_MAX);
    s->observers[s->observer_count++] = *observer;
}

/* A request that came before an observer was added isn't shown to it. */
void api_observe_received(struct api_turn *t)
{
    const struct api_server *s = t->server;

    if (s->observer_count == 0)
        return;
    t->observed = arena_zalloc(t->r->arena, sizeof(*t->observed));
    t->observed->count = s->observer_count;
    t->observed->received_ns = t->observed->asked_ns = clock_mono_ns();
    for (unsigned i = 0; i < t->observed->count; i++) {
        const struct api_observer *o = &s->observers[i];
        if (o->on_received != NULL)
            o->on_received(o->arg, t->r, &t->observed->own[i]);
    }
}

void api_observe_authenticated(struct api_turn *t, const struct authn_result *result)
{
    struct api_observed *seen = t->observed;

    if (seen == NULL)
        return;
    int64_t took_ns = clock_mono_ns() - seen->asked_ns;
    for (unsigned i = 0; i < seen->count; i++) {
        const struct api_observer *o = &t->server->observers[i];
        if (o->on_authenticated != NULL)
            o->on_authenticated(o->arg, t->r, result, took_ns, &seen->own[i]);
    }
}

void api_observe_question(struct api_turn *t)
{
    if (t->observed != NULL)
        t->observed->asked_ns = clock_mono_ns();
}

void api_observe_authorized(struct api_turn *t, const struct authz_answer *answer)
{
    struct api_observed *seen = t->observed;

    if (seen == NULL)
        return;
    const struct api_decision decision = {
        .decision = answer->decision,
        .reason = answer->reason,
        .err = answer->err,
        .user = &t->r->user,
        .what = &t->what,
        .took_ns = clock_mono_ns() - seen->asked_ns,
    };
    for (unsigned i = 0; i < seen->count; i++) {
        const struct api_observer *o = &t->server->observers[i];
        if (o->on_authorized != NULL)
            o->on_authorized(o->arg, t->r, &decision, &seen->own[i]);
    }
}

void api_observe_refused(struct api_request *r, enum api_failure_kind why)
{
    if (r->turn == NULL || r->turn->observed == NULL)
        return;
    r->turn->observed->is_refused = true;
    r->turn->observed->refusal = why;
}

void api_observe_started(struct api_request *r)
{
    if (r->turn == NULL || r->turn->observed == NULL)
        return;
    struct api_observed *seen = r->turn->observed;
    for (unsigned i = 0; i < seen->count; i++) {
        const struct api_observer *o = &r->server->observers[i];
        if (o->on_started != NULL)
            o->on_started(o->arg, r, r->code, &seen->own[i]);
    }
}

void api_observe_ended(struct api_request *r, bool is_cut_off)
{
    if (r->turn == NULL || r->turn->observed == NULL || r->turn->observed->has_ended)
        return;
    struct api_observed *seen = r->turn->observed;
    const struct api_ending end = {
        .code = r->code,
        .bytes = r->body_bytes,
        .took_ns = clock_mono_ns() - seen->received_ns,
        .is_cut_off = is_cut_off,
        .is_refused = seen->is_refused,
        .refusal = seen->refusal,
    };
    seen->has_ended = true;
    for (unsigned i = 0; i < seen->count; i++) {
        const struct api_observer *o = &r->server->observers[i];
        if (o->on_ended != NULL)
            o->on_ended(o->arg, r, &end, &seen->own[i]);
    }
}
