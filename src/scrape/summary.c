#include "scrape/summary.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "kube/time.h"
#include "scrape/decimal.h"
#include "scrape/json_stream.h"

/* Which object or array we are in. */
enum place {
    IN_NOTHING, /* one that doesn't matter */
    IN_DOCUMENT,
    IN_NODE,
    IN_PODS,
    IN_POD,
    IN_POD_REF,
    IN_CONTAINERS,
    IN_CONTAINER,
    IN_CPU,
    IN_MEMORY,
};

static const struct {
    enum place outer;
    const char *key; /* NULL: an element */
    enum json_stream_type type;
    enum place inner;
} places[] = {
    {IN_DOCUMENT, "node", JSON_STREAM_OBJECT, IN_NODE},
    {IN_DOCUMENT, "pods", JSON_STREAM_ARRAY, IN_PODS},
    {IN_PODS, NULL, JSON_STREAM_OBJECT, IN_POD},
    {IN_POD, "podRef", JSON_STREAM_OBJECT, IN_POD_REF},
    {IN_POD, "containers", JSON_STREAM_ARRAY, IN_CONTAINERS},
    {IN_CONTAINERS, NULL, JSON_STREAM_OBJECT, IN_CONTAINER},
    {IN_NODE, "cpu", JSON_STREAM_OBJECT, IN_CPU},
    {IN_NODE, "memory", JSON_STREAM_OBJECT, IN_MEMORY},
    {IN_CONTAINER, "cpu", JSON_STREAM_OBJECT, IN_CPU},
    {IN_CONTAINER, "memory", JSON_STREAM_OBJECT, IN_MEMORY},
};

/* The node, or a container of the pod being read: its names are complete only at the pod's end. */
struct figures {
    struct str name; /* in MEMORY */
    struct usage_point point;
    uint64_t nanocores;
    bool has_rate;
};

struct summary {
    struct batch_builder *to; /* NULL: rates are told instead */
    void (*on_rate)(void *arg, const struct summary_rate *rate);
    void *arg;
    int64_t sent_unix_ns;
    struct json_stream json;
    enum place places[JSON_STREAM_MAX_DEPTH];
    unsigned depth;
    struct figures node;
    struct figures *now; /* of the node, or of the last container */
    struct str pod;      /* in MEMORY */
    struct str namespace;
    struct figures *containers; /* owned */
    size_t count;
    size_t capacity;
    struct arena memory; /* of the pod being read */
    bool is_document;    /* the body is an object */
    bool is_too_large;
};

static void open_place(struct summary *d, enum place place)
{
    if (place == IN_NODE) {
        d->now = &d->node;
    } else if (place == IN_POD) {
        arena_reset(&d->memory);
        d->pod = d->namespace = (struct str){NULL, 0};
        d->count = 0;
    } else if (place == IN_CONTAINER) {
        if (d->count == d->capacity) {
            d->capacity = d->capacity < 8 ? 8 : d->capacity * 2;
            d->containers = mem_realloc_array(d->containers, d->capacity, sizeof(*d->containers));
        }
        d->containers[d->count] = (struct figures){0};
        d->now = &d->containers[d->count++];
    }
    d->is_document |= place == IN_DOCUMENT;
}

static void on_open(void *arg, struct str key, enum json_stream_type type)
{
    struct summary *d = arg;
    enum place outer = d->depth > 0 ? d->places[d->depth - 1] : IN_NOTHING;
    enum place inner = d->depth == 0 && type == JSON_STREAM_OBJECT ? IN_DOCUMENT : IN_NOTHING;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].outer == outer && places[i].type == type &&
            (places[i].key == NULL || str_eq_cstr(key, places[i].key)))
            inner = places[i].inner;
    d->places[d->depth++] = inner;
    open_place(d, inner);
}

static void tell_rate(const struct summary *d, const struct figures *f, struct container_names names)
{
    const struct summary_rate rate = {.names = names, .time_ns = f->point.time_ns, .nanocores = f->nanocores};

    if (f->has_rate)
        d->on_rate(d->arg, &rate);
}

static struct usage_point point_of(const struct summary *d, const struct figures *f)
{
    struct usage_point p = f->point;

    if (p.time_ns == 0 && (p.cpu_ns != 0 || p.memory_bytes != 0))
        p.time_ns = d->sent_unix_ns;
    return p;
}

static void finish_node(struct summary *d)
{
    if (d->to == NULL)
        tell_rate(d, &d->node, (struct container_names){0});
    else
        d->to->node = point_of(d, &d->node);
}

static void finish_pod(struct summary *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct figures *f = &d->containers[i];
        struct container_names names = {.container = f->name, .pod = d->pod, .namespace = d->namespace};
        if (names.container.len == 0 || names.pod.len == 0 || names.namespace.len == 0)
            continue;
        if (d->to == NULL) {
            tell_rate(d, f, names);
            continue;
        }
        struct usage_point *point = batch_builder_take(d->to, names);
        if (point == NULL) {
            d->is_too_large = true;
            return;
        }
        *point = point_of(d, f);
    }
}

static void on_close(void *arg, enum json_stream_type type)
{
    struct summary *d = arg;
    enum place place = d->places[--d->depth];

    (void)type;
    if (place == IN_POD)
        finish_pod(d);
    else if (place == IN_NODE)
        finish_node(d);
}

static uint64_t to_count(struct str number)
{
    uint64_t value;
    double approximate;

    if (str_to_u64(number, &value))
        return value;
    if (decimal_parse(number, &approximate) == number.len && approximate >= 0 && approximate < 0x1p64)
        return (uint64_t)approximate;
    return 0;
}

static int64_t to_time(struct str text)
{
    int64_t ns;

    return kube_time_parse(text, &ns) && ns != KUBE_TIME_ZERO ? ns : 0;
}

static void on_string(struct summary *d, enum place place, struct str key, struct str text)
{
    bool is_name = str_eq(key, STR("name"));

    if (place == IN_CPU && str_eq(key, STR("time")))
        d->now->point.time_ns = to_time(text);
    else if (place == IN_CONTAINER && is_name)
        d->containers[d->count - 1].name = arena_str(&d->memory, text);
    else if (place == IN_CONTAINER && str_eq(key, STR("startTime")))
        d->now->point.start_ns = to_time(text);
    else if (place == IN_POD_REF && is_name)
        d->pod = arena_str(&d->memory, text);
    else if (place == IN_POD_REF && str_eq(key, STR("namespace")))
        d->namespace = arena_str(&d->memory, text);
}

static void on_number(struct figures *f, enum place place, struct str key, struct str text)
{
    if (place == IN_CPU && str_eq(key, STR("usageCoreNanoSeconds"))) {
        f->point.cpu_ns = to_count(text);
    } else if (place == IN_CPU && str_eq(key, STR("usageNanoCores"))) {
        f->nanocores = to_count(text);
        f->has_rate = true;
    } else if (place == IN_MEMORY && str_eq(key, STR("workingSetBytes"))) {
        f->point.memory_bytes = to_count(text);
    }
}

static void on_value(void *arg, struct str key, enum json_stream_type type, struct str text)
{
    struct summary *d = arg;
    enum place place = d->depth > 0 ? d->places[d->depth - 1] : IN_NOTHING;

    if (type == JSON_STREAM_STRING)
        on_string(d, place, key, text);
    else if (type == JSON_STREAM_NUMBER && (place == IN_CPU || place == IN_MEMORY))
        on_number(d->now, place, key, text);
}

static const struct json_stream_events events = {.on_open = on_open, .on_close = on_close, .on_value = on_value};

struct summary *summary_new(struct batch_builder *to, int64_t sent_unix_ns)
{
    struct summary *d = mem_zalloc(sizeof(*d));

    d->to = to;
    d->sent_unix_ns = sent_unix_ns;
    d->json.events = &events;
    d->json.arg = d;
    return d;
}

struct summary *summary_new_rates(void (*on_rate)(void *arg, const struct summary_rate *rate), void *arg)
{
    struct summary *d = summary_new(NULL, 0);

    d->on_rate = on_rate;
    d->arg = arg;
    return d;
}

void summary_free(struct summary *d)
{
    if (d == NULL)
        return;
    json_stream_free(&d->json);
    arena_free(&d->memory);
    free(d->containers);
    free(d);
}

bool summary_feed(struct summary *d, struct str chunk, struct error *err)
{
    if (!json_stream_feed(&d->json, chunk, err))
        return false;
    return !d->is_too_large || error_set(err, 0, "too many containers on one node");
}

bool summary_finish(struct summary *d, struct error *err)
{
    if (!json_stream_finish(&d->json, err))
        return false;
    return d->is_document || error_set(err, 0, "the document is no object");
}
