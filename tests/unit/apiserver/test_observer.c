#include "apiserver/observer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What one observer is told, a line each. */
struct log_of_calls {
    struct buf text;
    unsigned received, ended;
    uint64_t bytes;
    const char *expected_own;
};

static void on_received(void *arg, struct api_request *r, void **own)
{
    struct log_of_calls *l = arg;

    assert(*own == NULL && r->user.name.len == 0);
    *own = l;
    l->received++;
    buf_printf(&l->text, "received %.*s %.*s\n", STR_ARG(r->attributes.verb), STR_ARG(r->attributes.path));
}

static void on_authenticated(void *arg, struct api_request *r, const struct authn_result *result, int64_t took_ns,
                             void **own)
{
    struct log_of_calls *l = arg;

    assert(*own == l && took_ns >= 0 && (result->err != NULL) == (result->verdict == AUTHN_REFUSED));
    buf_printf(&l->text, "authenticated %d %.*s\n", result->verdict == AUTHN_USER, STR_ARG(r->requester.name));
}

static void on_authorized(void *arg, struct api_request *r, const struct api_decision *d, void **own)
{
    struct log_of_calls *l = arg;

    assert(*own == l && d->took_ns >= 0 && str_eq(d->user->name, r->user.name));
    buf_printf(&l->text, "authorized %.*s %.*s: %d %.*s\n", STR_ARG(d->user->name), STR_ARG(d->what->path), d->decision,
               STR_ARG(d->reason));
}

static void on_started(void *arg, struct api_request *r, int code, void **own)
{
    struct log_of_calls *l = arg;

    assert(*own == l && r->code == code);
    buf_printf(&l->text, "started %d\n", code);
}

static void on_ended(void *arg, struct api_request *r, const struct api_ending *end, void **own)
{
    struct log_of_calls *l = arg;

    assert(*own == l && end->took_ns >= 0 && end->code == r->code);
    *own = NULL;
    l->ended++;
    l->bytes = end->bytes;
    buf_printf(&l->text, "ended %d%s", end->code, end->is_cut_off ? " cut off" : "");
    if (end->is_refused)
        buf_printf(&l->text, " refused %d", (int)end->refusal);
    buf_add_char(&l->text, '\n');
}

static struct api_observer observer_to(struct log_of_calls *l)
{
    return (struct api_observer){.on_received = on_received,
                                 .on_authenticated = on_authenticated,
                                 .on_authorized = on_authorized,
                                 .on_started = on_started,
                                 .on_ended = on_ended,
                                 .arg = l};
}

static const struct {
    const char *name;
    struct question q;
    const char *calls;
} cases[] = {
    {"answered",
     {.path = "/ok", .token = "user-jane"},
     "received get /ok\nauthenticated 1 jane\nauthorized jane /ok: 1 \nstarted 200\nended 200\n"},
    {"not authenticated",
     {.path = "/ok", .token = "refused"},
     "received get /ok\nauthenticated 0 \nstarted 401\nended 401 refused 2\n"},
    {"forbidden",
     {.path = "/ok"},
     "received get /ok\nauthenticated 1 system:anonymous\nauthorized system:anonymous /ok: 0 \nstarted 403\n"
     "ended 403 refused 4\n"},
    {"no route",
     {.path = "/nowhere", .token = "masters"},
     "received get /nowhere\nauthenticated 1 root\nauthorized root /nowhere: 1 \nstarted 404\nended 404 refused 7\n"},
    {"makes no sense",
     {.path = "/ok?timeout=x", .token = "masters"},
     "received get /ok\nstarted 400\nended 400 refused 0\n"},
    {"impersonation: the question of it isn't shown",
     {.path = "/ok", .token = "masters", .headers = {"Impersonate-User", "jane"}},
     "received get /ok\nauthenticated 1 root\nauthorized jane /ok: 1 \nstarted 200\nended 200\n"},
};

static void test_calls(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct log_of_calls first = {0}, second = {0};
    const struct api_observer one = observer_to(&first), two = observer_to(&second), silent = {0};

    (void)state;
    api_server_observe(w->server, &one);
    api_server_observe(w->server, &silent);
    api_server_observe(w->server, &two);
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_answer struct answer a = {0};
        buf_clear(&first.text);
        buf_clear(&second.text);
        world_ask(w, &cases[i].q, &a);
        print_message("%s\n", cases[i].name);
        assert_string_equal(buf_cstr(&first.text), cases[i].calls);
        assert_string_equal(buf_cstr(&second.text), cases[i].calls);
        assert_int_equal(first.bytes, a.body.len);
    }
    world_free(w);
    assert_int_equal(first.received, first.ended);
    buf_free(&first.text);
    buf_free(&second.text);
}

/* Whatever ends a request, its end is told once. */
static void test_endings(void **state)
{
    struct world *w = world_new(&(struct world_options){.server = {.deadline_ns = 100 * NS_PER_MS}});
    struct log_of_calls l = {0};
    const struct api_observer observer = observer_to(&l);
    auto_answer struct answer late = {0}, cut = {0}, early = {0};
    struct answer gone = {0};

    (void)state;
    world_send(w, &(struct question){.path = "/slow", .token = "masters"}, &early); /* before anybody looked */
    world_wait_for(w, &w->handled, 1);
    api_server_observe(w->server, &observer);
    world_wait(&early);
    assert_int_equal(l.text.len, 0);

    world_ask(w, &(struct question){.path = "/slow", .token = "masters"}, &late);
    assert_non_null(strstr(buf_cstr(&l.text), "started 504\nended 504 refused 8\n"));
    buf_clear(&l.text);
    world_ask(w, &(struct question){.path = "/slow?begin", .token = "masters"}, &cut);
    assert_non_null(strstr(buf_cstr(&l.text), "started 200\nended 200 cut off\n"));
    buf_clear(&l.text);
    unsigned before = w->handled;
    world_send(w, &(struct question){.path = "/slow?begin&timeout=1h", .token = "masters"}, &gone);
    world_wait_for(w, &w->handled, before + 1);
    answer_free(&gone);
    world_wait_for(w, &l.ended, 3);
    assert_non_null(strstr(buf_cstr(&l.text), "started 200\nended 200 cut off\n"));
    world_free(w);
    assert_int_equal(l.received, 3);
    assert_int_equal(l.ended, 3);
    buf_free(&l.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_calls), cmocka_unit_test(test_endings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
