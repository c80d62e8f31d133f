#include "serve/ledger_view.h"

#include "base/alloc.h"

struct ledger_view *ledger_view_of(const struct ledger_views *views, struct str node)
{
    return map_get(&views->by_node, node);
}

int64_t ledger_view_find(const struct ledger_view *v, const struct catalog_object *object)
{
    const struct roster_pod *pod = v != NULL ? roster_find_pod(v->roster, object->namespace, object->name) : NULL;

    return pod != NULL ? pod - v->roster->pods : -1;
}

struct pod_usage ledger_view_usage(const struct ledger_view *v, uint32_t index)
{
    const struct ledger_pod *pod = &v->pods[index];

    return (struct pod_usage){.time_ns = pod->time_ns,
                              .window_ns = pod->window_ns,
                              .containers = v->containers + v->roster->pods[index].first,
                              .count = pod->count};
}

static void keep_pod(struct ledger_view *v, uint32_t index, const struct pod_usage *usage)
{
    struct container_usage *to = v->containers + v->roster->pods[index].first;

    v->pods[index] = (struct ledger_pod){
        .created = 1, .time_ns = usage->time_ns, .window_ns = usage->window_ns, .count = (uint32_t)usage->count};
    for (size_t i = 0; i < usage->count; i++)
        to[i] = usage->containers[i];
}

static bool read_pod(struct ledger_view *v, const struct catalog *catalog, const struct usage_store *store,
                     uint32_t index, struct pod_usage *scratch)
{
    const struct roster_pod *pod = &v->roster->pods[index];
    struct str node = str_of(v->node);

    v->pods[index].created = 0;
    if (!usage_store_pod_at(store, node, index, scratch))
        return false;
    const struct catalog_object *object = catalog_pod(catalog, pod->namespace, pod->name);
    if (object == NULL || !str_eq(object->node, node))
        return false;
    keep_pod(v, index, scratch);
    return true;
}

bool ledger_view_read_pod(struct ledger_view *v, const struct catalog *catalog, const struct usage_store *store,
                          uint32_t index)
{
    struct pod_usage usage = {0};
    bool is_item = read_pod(v, catalog, store, index, &usage);

    pod_usage_free(&usage);
    return is_item;
}

struct ledger_view *ledger_view_new(const struct catalog *catalog, const struct usage_store *store, struct str node,
                                    uint64_t version)
{
    struct roster *roster = usage_store_roster(store, node);
    struct ledger_view *v = mem_zalloc(sizeof(*v) + roster->pod_count * sizeof(struct ledger_pod) +
                                       roster->container_count * sizeof(struct container_usage));
    const struct catalog_object *object = catalog_node(catalog, node);
    struct pod_usage usage = {0};

    v->version = version;
    v->node = str_dup(node);
    v->roster = roster_ref(roster);
    v->pods = (struct ledger_pod *)(v + 1);
    v->containers = (struct container_usage *)(v->pods + roster->pod_count);
    v->node_created = object != NULL && object->is_selected && usage_store_node(store, node, &v->usage);
    for (uint32_t i = 0; i < roster->pod_count; i++)
        read_pod(v, catalog, store, i, &usage);
    pod_usage_free(&usage);
    return v;
}

void ledger_view_free(struct ledger_view *v)
{
    if (v == NULL)
        return;
    roster_unref(v->roster);
    free(v->node);
    free(v);
}

void ledger_views_add(struct ledger_views *views, struct ledger_view *v)
{
    v->previous = views->newest;
    v->next = NULL;
    *(v->previous != NULL ? &v->previous->next : &views->oldest) = v;
    views->newest = v;
    map_put(&views->by_node, str_of(v->node), v);
}

void ledger_views_remove(struct ledger_views *views, struct ledger_view *v)
{
    *(v->previous != NULL ? &v->previous->next : &views->oldest) = v->next;
    *(v->next != NULL ? &v->next->previous : &views->newest) = v->previous;
    map_remove(&views->by_node, str_of(v->node));
}

void ledger_views_clear(struct ledger_views *views)
{
    while (views->oldest != NULL) {
        struct ledger_view *v = views->oldest;
        ledger_views_remove(views, v);
        ledger_view_free(v);
    }
    map_free(&views->by_node);
    *views = (struct ledger_views){0};
}

bool ledger_view_equal(const struct ledger_view *a, uint32_t at_a, const struct ledger_view *b, uint32_t at_b)
{
    struct pod_usage one = ledger_view_usage(a, at_a), two = ledger_view_usage(b, at_b);

    if (one.time_ns != two.time_ns || one.window_ns != two.window_ns || one.count != two.count)
        return false;
    for (size_t i = 0; i < one.count; i++) {
        const struct container_usage *c = &one.containers[i], *d = &two.containers[i];
        if (c->cpu_nanocores != d->cpu_nanocores || c->memory_bytes != d->memory_bytes || !str_eq(c->name, d->name))
            return false;
    }
    return true;
}
