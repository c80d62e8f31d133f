#include "cluster/event_expiry.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "cluster/json_path.h"
#include "kube/time.h"

#define DEFAULT_INTERVAL_MS 60000

struct event_expiry {
    uv_timer_t timer;
    struct registry *registry;
    const struct resource *events;
    int64_t ttl_ns;
};

int64_t event_last_observed_ns(const struct object *o)
{
    static const char *const paths[] = {"series.lastObservedTime", "lastTimestamp", "eventTime",
                                        "metadata.creationTimestamp"};
    auto_dom json_t *dom = object_dom(o);
    int64_t last = 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int64_t at;
        if (kube_time_parse(json_text_at(dom, paths[i]), &at) && at > last)
            last = at;
    }
    return last;
}

static void on_timer(uv_timer_t *timer)
{
    struct event_expiry *e = timer->data;
    int64_t oldest = clock_unix_ns() - e->ttl_ns;
    struct storage_range all = storage_list(registry_kind(e->registry, e->events), STR(""));
    for (size_t i = 0; i < all.count; i++) {
        const struct object *o = all.items[i];
        if (event_last_observed_ns(o) < oldest)
            registry_delete(e->registry, e->events, o->namespace, o->name, NULL, NULL, NULL);
    }
}

struct event_expiry *event_expiry_new(uv_loop_t *loop, struct registry *r, int64_t ttl_ns, uint64_t interval_ms)
{
    struct event_expiry *e = mem_zalloc(sizeof(*e));
    e->registry = r;
    e->events = resource_find(STR(""), STR("v1"), STR("events"));
    e->ttl_ns = ttl_ns > 0 ? ttl_ns : EVENT_TTL_NS;
    uint64_t interval = interval_ms > 0 ? interval_ms : DEFAULT_INTERVAL_MS;
    uv_timer_init(loop, &e->timer);
    e->timer.data = e;
    uv_timer_start(&e->timer, on_timer, interval, interval);
    return e;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void event_expiry_free(struct event_expiry *e)
{
    if (e != NULL)
        uv_close((uv_handle_t *)&e->timer, on_closed);
}
