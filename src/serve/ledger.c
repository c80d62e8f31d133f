#include "serve/ledger.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "serve/ledger_log.h"
#include "serve/ledger_view.h"

#include <assert.h>

/* Where ledger_next is: what comes after VERSION, as long as nothing has changed since. */
struct place {
    uint64_t version;
    uint64_t generation;
    const struct ledger_view *view;
    uint32_t slot; /* 0: the node, 1 + i: the pod at i */
    size_t log;
};

struct ledger {
    struct catalog *catalog;
    struct usage_store *store;
    uint64_t tag;
    uint64_t version;   /* the newest */
    uint64_t structure; /* of the last change that wasn't just one of figures */
    uint64_t generation;
    bool is_tracking;
    struct ledger_views views;
    struct ledger_log log;
    struct place place;
    struct pod_usage usage; /* what a change that is being told points to; borrowed from a view */
    void (*on_change)(void *arg, const struct ledger_change *change);
    void *arg;
};

/* An object as it was before it was replaced. */
struct former {
    bool is_there;
    struct catalog_object object;
    struct buf bytes;
};

/* --- versions --- */

static uint64_t next_version(struct ledger *l, int64_t now_unix_ns)
{
    uint64_t now = ((uint64_t)(now_unix_ns / NS_PER_US) << LEDGER_TAG_BITS) | l->tag;
    uint64_t next = l->version + LEDGER_STEP;

    l->version = now > next ? now : next;
    l->generation++;
    return l->version;
}

struct ledger *ledger_new(const struct ledger_options *options)
{
    struct ledger *l = mem_zalloc(sizeof(*l));

    l->catalog = options->catalog;
    l->store = options->store;
    l->tag = options->tag & (LEDGER_STEP - 1);
    l->version = l->tag;
    l->structure = next_version(l, options->now_unix_ns);
    return l;
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    ledger_track(l, false);
    free(l);
}

void ledger_listen(struct ledger *l, void (*on_change)(void *arg, const struct ledger_change *change), void *arg)
{
    l->on_change = on_change;
    l->arg = arg;
}

const struct catalog *ledger_catalog(const struct ledger *l)
{
    return l->catalog;
}

const struct usage_store *ledger_store(const struct ledger *l)
{
    return l->store;
}

uint64_t ledger_version(const struct ledger *l)
{
    return l->version;
}

int64_t ledger_distance_ns(uint64_t older, uint64_t newer)
{
    return newer > older ? (int64_t)((newer - older) >> LEDGER_TAG_BITS) * NS_PER_US : 0;
}

/* --- telling --- */

static void tell(const struct ledger *l, const struct ledger_change *change)
{
    if (l->on_change != NULL)
        l->on_change(l->arg, change);
}

static void keep_former(struct former *f, const struct catalog_object *o)
{
    struct str *strings[] = {&f->object.namespace, &f->object.name, &f->object.node, &f->object.labels_json};
    size_t at = 0;

    *f = (struct former){.is_there = o != NULL};
    if (o == NULL)
        return;
    f->object = *o;
    for (size_t i = 0; i < 4; i++)
        buf_add_str(&f->bytes, *strings[i]);
    for (size_t i = 0; i < 4; i++) {
        *strings[i] = str_from(f->bytes.ptr + at, strings[i]->len);
        at += strings[i]->len;
    }
}

/* An item whose state before was OBJECT, with V's figures, has changed: goes into the log and is told. */
static void log_change(struct ledger *l, enum ledger_entry_kind kind, const struct ledger_view *v, int64_t index,
                       const struct catalog_object *before, const struct catalog_object *now, uint64_t version)
{
    struct ledger_entry e = {.kind = kind,
                             .is_pod = index >= 0,
                             .version = version,
                             .created = index >= 0 ? v->pods[index].created : v->node_created,
                             .object = *(before != NULL ? before : now)};

    if (index >= 0)
        e.pod = ledger_view_usage(v, (uint32_t)index);
    else
        e.node = v->usage;
    const struct ledger_change change = {.is_pod = e.is_pod,
                                         .version = version,
                                         .created = e.created,
                                         .before = before,
                                         .now = now,
                                         .figures = {.pod = e.is_pod ? &e.pod : NULL, .node = e.node}};
    l->structure = version;
    ledger_log_add(&l->log, &e);
    tell(l, &change);
}

/* What is at INDEX (the node: -1) of V, and was OBJECT, is no item any more. */
static void log_gone(struct ledger *l, struct ledger_view *v, int64_t index, const struct catalog_object *object,
                     int64_t now_unix_ns)
{
    log_change(l, LEDGER_GONE, v, index, object, NULL, next_version(l, now_unix_ns));
    if (index >= 0)
        v->pods[index].created = 0;
    else
        v->node_created = 0;
}

/* --- batches --- */

static void tell_node(struct ledger *l, const struct ledger_view *v, const struct ledger_view *old)
{
    bool was_there = old != NULL && old->node_created != 0;
    const struct catalog_object *o = catalog_node(l->catalog, str_of(v->node));
    const struct ledger_change change = {.version = v->version,
                                         .created = v->node_created,
                                         .before = was_there ? o : NULL,
                                         .now = o,
                                         .figures = {.node = v->usage}};

    if (!was_there || old->usage.time_ns != v->usage.time_ns || old->usage.window_ns != v->usage.window_ns)
        tell(l, &change);
}

static void tell_pod(struct ledger *l, const struct ledger_view *v, uint32_t index, bool was_there)
{
    const struct roster_pod *pod = &v->roster->pods[index];
    const struct catalog_object *o = catalog_pod(l->catalog, pod->namespace, pod->name);
    struct pod_usage usage = ledger_view_usage(v, index);
    const struct ledger_change change = {.is_pod = true,
                                         .version = v->version + (1 + (uint64_t)index) * LEDGER_STEP,
                                         .created = v->pods[index].created,
                                         .before = was_there ? o : NULL,
                                         .now = o,
                                         .figures = {.pod = &usage}};

    tell(l, &change);
}

/* The place in IN of the pod at INDEX of V's roster; -1 when there is none. */
static int64_t find_in(const struct ledger_view *in, const struct ledger_view *v, uint32_t index)
{
    const struct roster_pod *pod = &v->roster->pods[index];

    if (in == NULL)
        return -1;
    if (in->roster == v->roster)
        return index;
    pod = roster_find_pod(in->roster, pod->namespace, pod->name);
    return pod != NULL ? pod - in->roster->pods : -1;
}

static void compare_pods(struct ledger *l, struct ledger_view *v, const struct ledger_view *old)
{
    for (uint32_t i = 0; i < v->roster->pod_count; i++) {
        if (v->pods[i].created == 0)
            continue;
        int64_t at = find_in(old, v, i);
        bool was_there = at >= 0 && old->pods[at].created != 0;
        v->pods[i].created = was_there ? old->pods[at].created : v->version + (1 + (uint64_t)i) * LEDGER_STEP;
        if (l->on_change != NULL && !(was_there && ledger_view_equal(v, i, old, (uint32_t)at)))
            tell_pod(l, v, i, was_there);
    }
}

static void tell_gone(struct ledger *l, const struct ledger_view *v, struct ledger_view *old, int64_t now_unix_ns)
{
    const struct catalog_object *o = catalog_node(l->catalog, str_of(old->node));

    if (old->node_created != 0 && (v == NULL || v->node_created == 0))
        log_gone(l, old, -1, o, now_unix_ns);
    for (uint32_t i = 0; i < old->roster->pod_count; i++) {
        const struct roster_pod *pod = &old->roster->pods[i];
        int64_t at = old->pods[i].created != 0 ? find_in(v, old, i) : -1;
        if (old->pods[i].created == 0 || (at >= 0 && v->pods[at].created != 0))
            continue;
        log_gone(l, old, i, catalog_pod(l->catalog, pod->namespace, pod->name), now_unix_ns);
    }
}

/* NODE's new batch has VERSION and those that follow. */
static void compare(struct ledger *l, struct str node, uint64_t version, int64_t now_unix_ns)
{
    struct ledger_view *old = ledger_view_of(&l->views, node);
    struct ledger_view *v = ledger_view_new(l->catalog, l->store, node, version);

    if (old != NULL)
        ledger_views_remove(&l->views, old);
    ledger_views_add(&l->views, v);
    if (v->node_created != 0) {
        v->node_created = old != NULL && old->node_created != 0 ? old->node_created : version;
        tell_node(l, v, old);
    }
    compare_pods(l, v, old);
    if (old != NULL)
        tell_gone(l, v, old, now_unix_ns);
    ledger_view_free(old);
}

enum usage_progress ledger_put(struct ledger *l, struct str node, struct batch *batch, int64_t now_unix_ns)
{
    uint64_t version = next_version(l, now_unix_ns);
    enum usage_progress progress = usage_store_put(l->store, node, batch);
    bool is_same_shape = usage_store_set_version(l->store, node, version, LEDGER_STEP);

    l->version += usage_store_roster(l->store, node)->pod_count * LEDGER_STEP;
    if (l->is_tracking)
        compare(l, node, version, now_unix_ns);
    else if (!is_same_shape)
        l->structure = l->version;
    return progress;
}

void ledger_drop(struct ledger *l, struct str node, int64_t now_unix_ns)
{
    struct ledger_view *v = ledger_view_of(&l->views, node);

    if (usage_store_roster(l->store, node) == NULL)
        return;
    l->structure = next_version(l, now_unix_ns);
    if (v == NULL) {
        usage_store_drop(l->store, node);
        return;
    }
    ledger_views_remove(&l->views, v);
    usage_store_drop(l->store, node);
    tell_gone(l, NULL, v, now_unix_ns);
    ledger_view_free(v);
}

/* --- objects --- */

/* O was set in the place of FORMER; V and INDEX say where its usage is, if there is any. */
static void compare_object(struct ledger *l, const struct former *former, const struct catalog_object *o,
                           struct ledger_view *v, int64_t index, bool is_item)
{
    uint64_t *created = index >= 0 ? &v->pods[index].created : &v->node_created;

    if (former->is_there && *created != 0) {
        log_change(l, LEDGER_RELABELLED, v, index, &former->object, o, o->version);
    } else if (is_item) {
        *created = o->version;
        log_change(l, LEDGER_APPEARED, v, index, NULL, o, o->version);
    }
}

const struct catalog_object *ledger_set_pod(struct ledger *l, struct str namespace, struct str name, struct str object,
                                            int64_t now_unix_ns, struct error *err)
{
    struct former former;

    keep_former(&former, catalog_pod(l->catalog, namespace, name));
    const struct catalog_object *o = catalog_set_pod(l->catalog, object, err);
    bool has_moved = o != NULL && former.is_there && !str_eq(former.object.node, o->node);

    if (o == NULL) {
        buf_free(&former.bytes);
        return NULL;
    }
    if (former.is_there && !has_moved && str_eq(former.object.labels_json, o->labels_json)) {
        catalog_set_version(l->catalog, o, former.object.version);
        buf_free(&former.bytes);
        return o;
    }
    if (has_moved) {
        struct ledger_view *from = ledger_view_of(&l->views, former.object.node);
        int64_t at = ledger_view_find(from, &former.object);
        if (at >= 0 && from->pods[at].created != 0)
            log_gone(l, from, at, &former.object, now_unix_ns);
    }
    l->structure = next_version(l, now_unix_ns);
    catalog_set_version(l->catalog, o, l->version);
    struct ledger_view *v = ledger_view_of(&l->views, o->node);
    int64_t index = ledger_view_find(v, o);
    if (index >= 0) {
        bool was_there = v->pods[index].created != 0;
        bool is_item = !was_there && ledger_view_read_pod(v, l->catalog, l->store, (uint32_t)index);
        if (is_item)
            v->pods[index].created = 0; /* not before it is told */
        compare_object(l, &former, o, v, index, is_item);
    }
    buf_free(&former.bytes);
    return o;
}

void ledger_remove_pod(struct ledger *l, struct str namespace, struct str name, int64_t now_unix_ns)
{
    const struct catalog_object *o = catalog_pod(l->catalog, namespace, name);
    struct former former;

    if (o == NULL)
        return;
    keep_former(&former, o);
    catalog_remove_pod(l->catalog, namespace, name);
    struct ledger_view *v = ledger_view_of(&l->views, former.object.node);
    int64_t index = ledger_view_find(v, &former.object);
    if (index >= 0 && v->pods[index].created != 0)
        log_gone(l, v, index, &former.object, now_unix_ns);
    else
        l->structure = next_version(l, now_unix_ns);
    buf_free(&former.bytes);
}

const struct catalog_object *ledger_set_node(struct ledger *l, struct str name, struct str object, int64_t now_unix_ns,
                                             struct error *err)
{
    struct former former;

    keep_former(&former, catalog_node(l->catalog, name));
    const struct catalog_object *o = catalog_set_node(l->catalog, object, err);
    struct ledger_view *v = ledger_view_of(&l->views, name);

    if (o == NULL) {
        buf_free(&former.bytes);
        return NULL;
    }
    if (former.is_there && former.object.is_selected == o->is_selected &&
        str_eq(former.object.labels_json, o->labels_json)) {
        catalog_set_version(l->catalog, o, former.object.version);
    } else if (v != NULL && v->node_created != 0 && !o->is_selected) {
        log_gone(l, v, -1, &former.object, now_unix_ns);
        catalog_set_version(l->catalog, o, l->version);
    } else {
        l->structure = next_version(l, now_unix_ns);
        catalog_set_version(l->catalog, o, l->version);
        if (v != NULL)
            compare_object(l, &former, o, v, -1, o->is_selected && usage_store_node(l->store, name, &v->usage));
    }
    buf_free(&former.bytes);
    return o;
}

void ledger_remove_node(struct ledger *l, struct str name, int64_t now_unix_ns)
{
    const struct catalog_object *o = catalog_node(l->catalog, name);
    struct ledger_view *v = ledger_view_of(&l->views, name);
    struct former former;

    if (o == NULL)
        return;
    keep_former(&former, o);
    catalog_remove_node(l->catalog, name);
    if (v != NULL && v->node_created != 0)
        log_gone(l, v, -1, &former.object, now_unix_ns);
    else
        l->structure = next_version(l, now_unix_ns);
    buf_free(&former.bytes);
}

/* --- tracking --- */

struct known_node {
    struct str name;
    uint64_t version;
};

static int compare_known(const void *a, const void *b)
{
    const struct known_node *one = a, *two = b;

    return one->version < two->version ? -1 : one->version > two->version;
}

static void start_tracking(struct ledger *l)
{
    struct known_node *nodes = NULL;
    struct known_node n;
    size_t count = 0, capacity = 0;

    for (size_t at = 0; usage_store_next_node(l->store, &at, &n.name, &n.version);) {
        if (count == capacity) {
            capacity = capacity < 64 ? 64 : capacity * 2;
            nodes = mem_realloc_array(nodes, capacity, sizeof(*nodes));
        }
        nodes[count++] = n;
    }
    if (count > 0)
        qsort(nodes, count, sizeof(*nodes), compare_known);
    for (size_t i = 0; i < count; i++)
        ledger_views_add(&l->views, ledger_view_new(l->catalog, l->store, nodes[i].name, nodes[i].version));
    free(nodes);
    ledger_log_clear(&l->log, l->structure);
}

void ledger_track(struct ledger *l, bool is_wanted)
{
    if (l->is_tracking == is_wanted)
        return;
    l->is_tracking = is_wanted;
    l->generation++;
    if (is_wanted) {
        start_tracking(l);
        return;
    }
    ledger_views_clear(&l->views);
    ledger_log_clear(&l->log, 0);
}

bool ledger_is_tracking(const struct ledger *l)
{
    return l->is_tracking;
}

bool ledger_knows(const struct ledger *l, uint64_t version, uint64_t *oldest)
{
    *oldest = l->log.forgotten;
    return version >= l->log.forgotten && version <= l->version && (version & (LEDGER_STEP - 1)) == l->tag;
}

/* --- catching up --- */

static uint64_t version_at(const struct ledger_view *v, uint32_t slot)
{
    return v->version + slot * LEDGER_STEP;
}

static void find_place(const struct ledger *l, uint64_t version, struct place *p)
{
    const struct ledger_view *v = l->views.oldest;

    while (v != NULL && version_at(v, v->roster->pod_count) <= version)
        v = v->next;
    *p = (struct place){.version = version, .generation = l->generation, .view = v};
    if (v != NULL && version >= v->version)
        p->slot = (uint32_t)((version - v->version) / LEDGER_STEP) + 1;
    p->log = ledger_log_find(&l->log, version);
}

/* The item's object at P, or NULL when there is none or it has changed by itself since: then it is in the log. */
static const struct catalog_object *object_at(const struct ledger *l, const struct place *p)
{
    const struct ledger_view *v = p->view;
    const struct catalog_object *o;

    if ((p->slot == 0 ? v->node_created : v->pods[p->slot - 1].created) == 0)
        return NULL;
    if (p->slot == 0) {
        o = catalog_node(l->catalog, str_of(v->node));
    } else {
        const struct roster_pod *pod = &v->roster->pods[p->slot - 1];
        o = catalog_pod(l->catalog, pod->namespace, pod->name);
    }
    return o->version <= version_at(v, p->slot) ? o : NULL;
}

/* Moves P on to the next slot that has an item whose last change was its batch. */
static const struct catalog_object *next_in_views(const struct ledger *l, struct place *p)
{
    while (p->view != NULL) {
        const struct catalog_object *o = p->slot <= p->view->roster->pod_count ? object_at(l, p) : NULL;
        if (o != NULL)
            return o;
        if (p->slot++ < p->view->roster->pod_count)
            continue;
        p->view = p->view->next;
        p->slot = 0;
    }
    return NULL;
}

/* O is an item: the one in the view V at INDEX (the node: -1). */
static void tell_item(struct ledger *l, const struct catalog_object *o, const struct ledger_view *v, int64_t index,
                      struct ledger_change *out)
{
    *out = (struct ledger_change){.is_pod = index >= 0, .now = o};
    if (index >= 0) {
        l->usage = ledger_view_usage(v, (uint32_t)index);
        out->figures.pod = &l->usage;
        out->created = v->pods[index].created;
        out->version = ledger_item_version(o, version_at(v, (uint32_t)index + 1));
    } else {
        out->figures.node = v->usage;
        out->created = v->node_created;
        out->version = ledger_item_version(o, v->version);
    }
}

bool ledger_item(struct ledger *l, bool is_pod, const struct catalog_object *object, uint64_t version,
                 struct ledger_change *out)
{
    const struct ledger_view *v = ledger_view_of(&l->views, is_pod ? object->node : object->name);
    int64_t index = is_pod ? ledger_view_find(v, object) : -1;

    if (v == NULL || (is_pod && index < 0))
        return false;
    uint64_t created = is_pod ? v->pods[index].created : v->node_created;
    if (created == 0 || created > version)
        return false;
    tell_item(l, object, v, index, out);
    return true;
}

/* What E says; false when something later says it. */
static bool tell_entry(struct ledger *l, const struct ledger_entry *e, uint64_t since, struct ledger_change *out)
{
    const struct catalog_object *o = e->is_pod ? catalog_pod(l->catalog, e->object.namespace, e->object.name)
                                               : catalog_node(l->catalog, e->object.name);
    bool is_there = e->kind != LEDGER_GONE && o != NULL && ledger_item(l, e->is_pod, o, UINT64_MAX, out);

    if (is_there && e->kind == LEDGER_APPEARED && out->version != e->version)
        return false;
    if (!is_there && e->kind == LEDGER_APPEARED)
        return false;
    if (!is_there)
        *out = (struct ledger_change){.is_pod = e->is_pod,
                                      .created = e->created,
                                      .figures = {.pod = e->is_pod ? &e->pod : NULL, .node = e->node}};
    out->version = e->version;
    if (e->kind != LEDGER_APPEARED && e->created <= since)
        out->before = &e->object;
    else if (e->kind == LEDGER_GONE)
        out->before = &e->object;
    return true;
}

bool ledger_next(struct ledger *l, uint64_t *version, uint64_t since, struct ledger_change *out)
{
    struct place *p = &l->place;

    assert(l->is_tracking);
    if (p->version != *version || p->generation != l->generation)
        find_place(l, *version, p);
    for (;;) {
        const struct catalog_object *o = next_in_views(l, p);
        const struct ledger_entry *e = p->log < l->log.count ? ledger_log_at(&l->log, p->log) : NULL;
        if (o == NULL && e == NULL)
            break;
        if (e != NULL && (o == NULL || e->version < version_at(p->view, p->slot))) {
            p->log++;
            if (!tell_entry(l, e, since, out))
                continue;
        } else {
            tell_item(l, o, p->view, (int64_t)p->slot - 1, out);
            out->before = out->created <= since ? o : NULL;
            p->slot++;
        }
        *version = p->version = out->version;
        return true;
    }
    *version = p->version = l->version;
    return false;
}
