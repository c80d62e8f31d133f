#include "serve/ledger.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "scrape/batch_builder.h"
#include "serve/ledger_log.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOON_NS (INT64_C(1769860800) * NS_PER_S)
#define TAG 5

/* A ledger that takes orders as text, and writes down what it tells. */
struct world {
    struct catalog *catalog;
    struct usage_store *store;
    struct ledger *ledger;
    int64_t now_ns;
    uint64_t mark;
    uint64_t last; /* the version of what was told last */
    struct buf told;
};

static void print_change(struct buf *to, const struct ledger_change *c)
{
    const struct catalog_object *o = c->now != NULL ? c->now : c->before;
    char sign = c->before == NULL ? '+' : c->now == NULL ? '-' : '~';

    buf_printf(to, "%s%c%.*s%s%.*s", to->len > 0 ? " " : "", sign, STR_ARG(o->namespace), c->is_pod ? "/" : "",
               STR_ARG(o->name));
    if (c->before != NULL && c->now != NULL && !str_eq(c->before->labels_json, c->now->labels_json))
        buf_printf(to, "!");
    if (c->is_pod)
        for (size_t i = 0; i < c->figures.pod->count; i++)
            buf_printf(to, ",%" PRIu64, c->figures.pod->containers[i].memory_bytes);
    else
        buf_printf(to, ",%" PRIu64, c->figures.node.memory_bytes);
}

static void on_change(void *arg, const struct ledger_change *c)
{
    struct world *w = arg;

    assert_true(c->version > w->last);
    assert_int_equal(c->version & (LEDGER_STEP - 1), TAG);
    w->last = c->version;
    print_change(&w->told, c);
}

static struct str word(struct str *text)
{
    struct str w;

    str_cut(*text, ' ', &w, text);
    return w;
}

/* "t=15 m=100 default/p1/c1=5 ...": the time in seconds, the node's memory, each container's; CPU grows with time. */
static void put(struct world *w, struct str node, struct str text)
{
    struct batch_builder b;
    struct str item, namespace, pod, container, memory;
    uint64_t time_s = 0, bytes = 0;

    batch_builder_init(&b, usage_store_roster(w->store, node));
    assert_true(str_to_u64(str_skip(word(&text), 2), &time_s));
    int64_t time_ns = NOON_NS + (int64_t)time_s * NS_PER_S;
    assert_true(str_to_u64(str_skip(word(&text), 2), &bytes));
    b.node = (struct usage_point){.time_ns = time_ns, .cpu_ns = time_s + 1, .memory_bytes = bytes};
    while ((item = word(&text)).len > 0) {
        str_cut(item, '=', &item, &memory);
        str_cut(item, '/', &namespace, &item);
        str_cut(item, '/', &pod, &container);
        assert_true(str_to_u64(memory, &bytes));
        *batch_builder_take(&b, (struct container_names){container, pod, namespace}) =
            (struct usage_point){.time_ns = time_ns, .cpu_ns = time_s + 1, .memory_bytes = bytes};
    }
    ledger_put(w->ledger, node, batch_builder_finish(&b), w->now_ns);
}

static void set(struct world *w, bool is_pod, struct str name, struct str labels)
{
    auto_buf struct buf json = {0};
    auto_error struct error err = {0};
    struct str namespace, node, key, value;

    if (is_pod) {
        str_cut(name, '@', &name, &node);
        str_cut(name, '/', &namespace, &name);
    }
    buf_printf(&json, "{\"metadata\":{\"name\":\"%.*s\"", STR_ARG(name));
    if (is_pod)
        buf_printf(&json, ",\"namespace\":\"%.*s\"", STR_ARG(namespace));
    if (str_cut(labels, '=', &key, &value))
        buf_printf(&json, ",\"labels\":{\"%.*s\":\"%.*s\"}", STR_ARG(key), STR_ARG(value));
    buf_printf(&json, "}");
    if (is_pod)
        buf_printf(&json, ",\"spec\":{\"nodeName\":\"%.*s\"}", STR_ARG(node));
    buf_printf(&json, "}");
    if (is_pod)
        assert_non_null(ledger_set_pod(w->ledger, namespace, name, buf_str(&json), w->now_ns, &err));
    else
        assert_non_null(ledger_set_node(w->ledger, name, buf_str(&json), w->now_ns, &err));
}

/* All that came after the mark. */
static void catch_up(struct world *w)
{
    struct ledger_change c;
    uint64_t oldest;

    if (!ledger_knows(w->ledger, w->mark, &oldest)) {
        buf_printf(&w->told, "too old");
        return;
    }
    for (uint64_t at = w->mark, before = at; ledger_next(w->ledger, &at, w->mark, &c); before = at) {
        assert_true(c.version > before);
        assert_int_equal(c.version, at);
        print_change(&w->told, &c);
    }
}

static void obey(struct world *w, struct str order)
{
    struct str verb = word(&order), what = word(&order), namespace, name;

    w->now_ns += 10;
    if (str_eq(verb, STR("track")))
        ledger_track(w->ledger, true);
    else if (str_eq(verb, STR("untrack")))
        ledger_track(w->ledger, false);
    else if (str_eq(verb, STR("mark")))
        w->mark = ledger_version(w->ledger);
    else if (str_eq(verb, STR("next")))
        catch_up(w);
    else if (str_eq(verb, STR("put")))
        put(w, what, order);
    else if (str_eq(verb, STR("drop")))
        ledger_drop(w->ledger, what, w->now_ns);
    else if (str_eq(verb, STR("node")))
        set(w, false, what, order);
    else if (str_eq(verb, STR("pod")))
        set(w, true, what, order);
    else if (str_eq(verb, STR("remove")) && str_cut(what, '/', &namespace, &name))
        ledger_remove_pod(w->ledger, namespace, name, w->now_ns);
    else if (str_eq(verb, STR("remove")))
        ledger_remove_node(w->ledger, what, w->now_ns);
    else
        fail_msg("unknown order %.*s", STR_ARG(verb));
}

static struct world *open_world(void)
{
    struct world *w = mem_zalloc(sizeof(*w));

    w->now_ns = NOON_NS;
    w->catalog = catalog_new(STR("!skip"), NULL);
    w->store = usage_store_new(15 * NS_PER_S);
    w->ledger = ledger_new(&(struct ledger_options){
        .catalog = w->catalog, .store = w->store, .tag = TAG + LEDGER_STEP, .now_unix_ns = w->now_ns});
    ledger_listen(w->ledger, on_change, w);
    return w;
}

static void close_world(struct world *w)
{
    ledger_free(w->ledger);
    usage_store_free(w->store);
    catalog_free(w->catalog);
    buf_free(&w->told);
    free(w);
}

#define START                                                                      \
    {"node n1", ""}, {"pod a/p@n1 app=web", ""}, {"pod a/q@n1", ""}, {"mark", ""}, \
        {"put n1 t=0 m=1 a/p/c=1 a/q/c=1", ""},                                    \
    {                                                                              \
        "put n1 t=15 m=2 a/p/c=2 a/q/c=2", ""                                      \
    }

static const struct {
    const char *name;
    struct {
        const char *order;
        const char *told;
    } steps[16];
} scripts[] = {
    {"nothing is told while idle",
     {START, {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", ""}, {"remove a/p", ""}, {"drop n1", ""}}},
    {"first usage adds",
     {{"track", ""},
      {"node n1", ""},
      {"pod a/p@n1", ""},
      {"put n1 t=0 m=1 a/p/c=1 a/unknown/c=1", ""},
      {"put n1 t=15 m=2 a/p/c=2 a/unknown/c=2", "+n1,2 +a/p,2"},
      {"put n1 t=30 m=3 a/p/c=3 a/unknown/c=3", "~n1,3 ~a/p,3"}}},
    {"the same sample is no change",
     {START,
      {"track", ""},
      {"put n1 t=15 m=2 a/p/c=2 a/q/c=2", ""},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/p,3 ~a/q,3"}}},
    {"a pod that isn't in the batch is gone",
     {START, {"track", ""}, {"put n1 t=30 m=3 a/q/c=3", "~n1,3 ~a/q,3 -a/p,2"}, {"remove a/p", ""}}},
    {"a pod without its second point is gone, and comes back",
     {START,
      {"track", ""},
      {"put n1 t=30 m=3 a/p/c=3 a/p/d=1 a/q/c=3", "~n1,3 ~a/q,3 -a/p,2"},
      {"put n1 t=45 m=4 a/p/c=4 a/p/d=2 a/q/c=4", "~n1,4 +a/p,4,2 ~a/q,4"}}},
    {"a removed pod is gone at once",
     {START,
      {"track", ""},
      {"remove a/p", "-a/p,2"},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/q,3"},
      {"remove a/p", ""}}},
    {"usage can wait for its pod",
     {START,
      {"track", ""},
      {"put n1 t=30 m=3 b/x/c=3", "~n1,3 -a/p,2 -a/q,2"},
      {"put n1 t=45 m=4 b/x/c=4", "~n1,4"},
      {"pod b/x@n1", "+b/x,4"},
      {"pod b/x@n1", ""},
      {"put n1 t=60 m=5 b/x/c=5", "~n1,5 ~b/x,5"}}},
    {"other labels are a change, anything else isn't",
     {START,
      {"track", ""},
      {"pod a/p@n1 app=db", "~a/p!,2"},
      {"pod a/p@n1 app=db", ""},
      {"node n1", ""},
      {"node n1 os=linux", "~n1!,2"}}},
    {"a pod that moved is gone until the new node has it",
     {START,
      {"track", ""},
      {"node n2", ""},
      {"pod a/p@n2 app=web", "-a/p,2"},
      {"put n2 t=0 m=1 a/p/c=8", ""},
      {"put n2 t=15 m=1 a/p/c=9", "+n2,1 +a/p,9"},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/q,3"}}},
    {"a dropped node takes its pods with it",
     {START, {"track", ""}, {"drop n1", "-n1,2 -a/p,2 -a/q,2"}, {"drop n1", ""}, {"remove n1", ""}}},
    {"a node that isn't selected any more is gone",
     {START, {"track", ""}, {"node n1 skip=1", "-n1,2"}, {"node n1", "+n1,2"}, {"remove n1", "-n1,2"}}},

    {"catching up from the start: nothing of before was forgotten",
     {START, {"track", ""}, {"next", "too old"}, {"mark", ""}, {"next", ""}}},
    {"catching up: each item once, as it is now, in the order of versions",
     {START,
      {"mark", ""},
      {"track", ""},
      {"node n2", ""},
      {"put n2 t=0 m=7", ""},
      {"put n2 t=15 m=8", "+n2,8"},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/p,3 ~a/q,3"},
      {"put n1 t=45 m=4 a/p/c=4 a/q/c=4", "~n1,4 ~a/p,4 ~a/q,4"},
      {"next", "+n2,8 ~n1,4 ~a/p,4 ~a/q,4"}}},
    {"catching up: what is gone, and came back",
     {START,
      {"mark", ""},
      {"track", ""},
      {"remove a/p", "-a/p,2"},
      {"drop n1", "-n1,2 -a/q,2"},
      {"pod a/p@n1", ""},
      {"put n1 t=60 m=6 a/p/c=6 a/q/c=6", ""},
      {"put n1 t=75 m=7 a/p/c=7 a/q/c=7", "+n1,7 +a/p,7 +a/q,7"},
      {"next", "-a/p,2 -n1,2 -a/q,2 +n1,7 +a/p,7 +a/q,7"}}},
    {"catching up: labels",
     {START,
      {"mark", ""},
      {"track", ""},
      {"pod a/p@n1 app=db", "~a/p!,2"},
      {"next", "~a/p!,2"},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/p,3 ~a/q,3"},
      {"next", "~a/p!,3 ~n1,3 ~a/p,3 ~a/q,3"},
      {"remove a/p", "-a/p,3"}}},
    {"catching up: usage that waited for its pod",
     {START,
      {"mark", ""},
      {"track", ""},
      {"remove a/p", "-a/p,2"},
      {"pod a/p@n1", "+a/p,2"},
      {"next", "-a/p,2 +a/p,2"},
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", "~n1,3 ~a/p,3 ~a/q,3"},
      {"next", "-a/p,2 ~n1,3 +a/p,3 ~a/q,3"}}},

    /* what an idle ledger knows: nothing may have gone since */
    {"new figures of the same containers take nothing away",
     {START,
      {"put n1 t=30 m=3 a/p/c=3 a/q/c=3", ""},
      {"mark", ""},
      {"put n1 t=45 m=4 a/p/c=4 a/q/c=4", ""},
      {"track", ""},
      {"next", "~n1,4 ~a/p,4 ~a/q,4"}}},
    {"a container less may",
     {START, {"mark", ""}, {"put n1 t=45 m=4 a/p/c=4", ""}, {"track", ""}, {"next", "too old"}}},
    {"a container without its second point may",
     {START, {"mark", ""}, {"put n1 t=0 m=4 a/p/c=4 a/q/c=4", ""}, {"track", ""}, {"next", "too old"}}},
    {"a removed pod may", {START, {"mark", ""}, {"remove a/q", ""}, {"track", ""}, {"next", "too old"}}},
    {"other labels may", {START, {"mark", ""}, {"pod a/q@n1 b=c", ""}, {"track", ""}, {"next", "too old"}}},
    {"a dropped node may", {START, {"mark", ""}, {"drop n1", ""}, {"track", ""}, {"next", "too old"}}},
    {"and what was tracked is forgotten",
     {START,
      {"mark", ""},
      {"track", ""},
      {"remove a/q", "-a/q,2"},
      {"untrack", ""},
      {"track", ""},
      {"next", "too old"}}},
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct world *w = open_world();
        for (size_t k = 0; k < 16 && scripts[i].steps[k].order != NULL; k++) {
            buf_clear(&w->told);
            obey(w, str_of(scripts[i].steps[k].order));
            if (strcmp(buf_cstr(&w->told), scripts[i].steps[k].told) != 0)
                fail_msg("%s: %s: \"%s\" instead of \"%s\"", scripts[i].name, scripts[i].steps[k].order,
                         buf_cstr(&w->told), scripts[i].steps[k].told);
        }
        close_world(w);
    }
}

static void test_versions(void **state)
{
    struct world *w = open_world();
    uint64_t oldest, first = ledger_version(w->ledger);

    (void)state;
    assert_int_equal(first, (UINT64_C(1769860800) * 1000000 << LEDGER_TAG_BITS) + TAG);
    ledger_track(w->ledger, true);
    assert_true(ledger_knows(w->ledger, first, &oldest));
    assert_false(ledger_knows(w->ledger, first + 1, &oldest));           /* another replica's */
    assert_false(ledger_knows(w->ledger, first - LEDGER_STEP, &oldest)); /* from before the start */
    assert_false(ledger_knows(w->ledger, first + LEDGER_STEP, &oldest)); /* not yet: the clock was set back */
    assert_int_equal(oldest, first);

    w->now_ns -= 3600 * NS_PER_S;
    obey(w, STR("node n1"));
    assert_int_equal(ledger_version(w->ledger), first + LEDGER_STEP);
    w->now_ns += 7200 * NS_PER_S;
    obey(w, STR("node n2"));
    assert_int_equal(ledger_distance_ns(first, ledger_version(w->ledger)), 3600 * NS_PER_S);
    assert_int_equal(ledger_distance_ns(ledger_version(w->ledger), first), 0);
    close_world(w);
}

/* An answer to get or list says the version that a watch does. */
static void test_items_have_the_versions_that_were_told(void **state)
{
    struct world *w = open_world();
    struct usage node;
    struct pod_usage pod = {0};

    (void)state;
    obey(w, STR("node n1"));
    obey(w, STR("pod a/p@n1"));
    obey(w, STR("track"));
    obey(w, STR("put n1 t=0 m=1 a/other/c=1 a/p/c=1"));
    obey(w, STR("put n1 t=15 m=1 a/other/c=1 a/p/c=1"));
    const struct catalog_object *o = catalog_pod(w->catalog, STR("a"), STR("p"));
    assert_true(usage_store_pod(w->store, STR("n1"), STR("a"), STR("p"), &pod));
    assert_int_equal(ledger_item_version(o, pod.version), w->last);
    assert_int_equal(ledger_version(w->ledger), w->last);
    assert_true(usage_store_node(w->store, STR("n1"), &node));
    assert_int_equal(ledger_item_version(catalog_node(w->catalog, STR("n1")), node.version), w->last - 2 * LEDGER_STEP);
    obey(w, STR("pod a/p@n1 app=web"));
    o = catalog_pod(w->catalog, STR("a"), STR("p"));
    assert_int_equal(ledger_item_version(o, pod.version), w->last);
    assert_int_equal(ledger_version(w->ledger), w->last);
    pod_usage_free(&pod);
    close_world(w);
}

static void test_the_log_forgets_its_oldest(void **state)
{
    struct ledger_log log = {0};
    struct ledger_entry e = {
        .object = {.name = STR("x"), .namespace = STR("y"), .node = STR(""), .labels_json = STR("")}};

    (void)state;
    for (uint64_t v = 1; v <= LEDGER_LOG_MAX + 10; v++) {
        e.version = v * 2;
        ledger_log_add(&log, &e);
    }
    assert_int_equal(log.count, LEDGER_LOG_MAX);
    assert_int_equal(log.forgotten, 20);
    assert_int_equal(ledger_log_at(&log, ledger_log_find(&log, 20))->version, 22);
    assert_int_equal(ledger_log_at(&log, ledger_log_find(&log, 22))->version, 24);
    assert_int_equal(ledger_log_at(&log, ledger_log_find(&log, 23))->version, 24);
    assert_int_equal(ledger_log_find(&log, 2 * (LEDGER_LOG_MAX + 10)), log.count);
    ledger_log_clear(&log, 7);
    assert_int_equal(ledger_log_find(&log, 0), 0);
    assert_int_equal(log.forgotten, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_items_have_the_versions_that_were_told),
        cmocka_unit_test(test_the_log_forgets_its_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
