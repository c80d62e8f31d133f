#include "cluster/storage.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "cluster/storage_db.h"
#include "cluster/storage_history.h"

#include <assert.h>
#include <inttypes.h>

struct storage_subscription {
    struct storage_subscription *next;
    struct storage_kind *kind;
    storage_on_event *fn; /* NULL: unsubscribed, to be swept */
    void *ctx;
};

struct storage_watch {
    struct storage_watch *next, **link;             /* of the kind's watches */
    struct storage_watch *next_ready, **ready_link; /* of the storage's ready ones; NULL when it isn't */
    struct storage_kind *kind;
    uint64_t place; /* sequence number of the next event */
    bool is_dry;
    void (*on_ready)(void *ctx);
    void *ctx;
};

struct storage_kind {
    struct storage *storage;
    const char *name;
    const char *const *field_paths;
    struct object **objects; /* sorted by namespace, name; owned */
    size_t count, capacity;
    struct storage_history history;
    struct storage_subscription *subscriptions;
    unsigned delivering; /* subscriptions are being called */
    struct storage_watch *watches;
};

struct waiter {
    struct waiter *next;
    void (*fn)(void *ctx);
    void *ctx;
};

/* A key with a write on its way. */
struct pending {
    char *key; /* owned */
    size_t key_len;
    struct waiter *waiters, **last;
};

struct write {
    struct db_write db; /* first: what comes back from the writer is this */
    struct storage_kind *kind;
    struct object *object; /* one reference */
    struct pending *pending;
    storage_done *on_done;
    void (*on_barrier)(void *ctx);
    void *ctx;
};

struct storage {
    struct storage_db *db;
    struct storage_kind *kinds;
    size_t kind_count;
    size_t history_bytes;
    uint64_t version;  /* of the last visible write */
    uint64_t reserved; /* handed out last */
    struct map pending;
    struct storage_watch *ready;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* --- the objects of a kind --- */

/* The index of the first object that isn't before NAMESPACE/NAME; FOUND tells whether it is that one. */
static size_t find(const struct storage_kind *k, struct str namespace, struct str name, bool *found)
{
    size_t low = 0, high = k->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct object *o = k->objects[middle];
        int order = str_cmp(o->namespace, namespace);
        if (order == 0)
            order = str_cmp(o->name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static void insert_at(struct storage_kind *k, size_t at, struct object *o)
{
    if (k->count == k->capacity) {
        k->capacity = k->capacity == 0 ? 16 : k->capacity * 2;
        k->objects = mem_realloc_array(k->objects, k->capacity, sizeof(*k->objects));
    }
    memmove(k->objects + at + 1, k->objects + at, (k->count - at) * sizeof(*k->objects));
    k->objects[at] = o;
    k->count++;
}

static void remove_at(struct storage_kind *k, size_t at)
{
    k->count--;
    memmove(k->objects + at, k->objects + at + 1, (k->count - at) * sizeof(*k->objects));
}

const struct object *storage_get(const struct storage_kind *k, struct str namespace, struct str name)
{
    bool found;
    size_t at = find(k, namespace, name, &found);
    return found ? k->objects[at] : NULL;
}

/* The end of NAMESPACE's objects, given an index at or after its first one. */
static size_t namespace_end(const struct storage_kind *k, struct str namespace, size_t low)
{
    size_t high = k->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(k->objects[middle]->namespace, namespace) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct storage_range range_from(const struct storage_kind *k, struct str namespace, size_t first)
{
    size_t end = namespace.len == 0 ? k->count : namespace_end(k, namespace, first);
    return (struct storage_range){k->objects + first, end - first};
}

struct storage_range storage_list(const struct storage_kind *k, struct str namespace)
{
    bool found;
    if (k->count == 0)
        return (struct storage_range){NULL, 0};
    return range_from(k, namespace, find(k, namespace, STR(""), &found));
}

struct storage_range storage_list_after(const struct storage_kind *k, struct str namespace, struct str namespace_key,
                                        struct str name_key)
{
    bool found;
    if (k->count == 0)
        return (struct storage_range){NULL, 0};
    size_t first = find(k, namespace_key, name_key, &found);
    first += found;
    size_t start = find(k, namespace, STR(""), &found);
    return range_from(k, namespace, first > start ? first : start);
}

/* --- subscriptions and watches --- */

static struct storage_event event_shown(const struct past_event *e)
{
    return (struct storage_event){
        .type = e->type, .version = e->object->version, .object = e->object, .previous = e->previous};
}

struct storage_subscription *storage_subscribe(struct storage_kind *k, storage_on_event *fn, void *ctx)
{
    struct storage_subscription *sub = mem_alloc(sizeof(*sub));
    *sub = (struct storage_subscription){.kind = k, .fn = fn, .ctx = ctx};
    struct storage_subscription **end = &k->subscriptions;
    while (*end != NULL)
        end = &(*end)->next;
    *end = sub;
    return sub;
}

static void sweep_subscriptions(struct storage_kind *k)
{
    for (struct storage_subscription **at = &k->subscriptions; *at != NULL;) {
        struct storage_subscription *sub = *at;
        if (sub->fn != NULL) {
            at = &sub->next;
            continue;
        }
        *at = sub->next;
        free(sub);
    }
}

void storage_unsubscribe(struct storage_subscription *sub)
{
    struct storage_kind *k = sub->kind;
    sub->fn = NULL;
    if (k->delivering == 0)
        sweep_subscriptions(k);
}

static void set_ready(struct storage_watch *w)
{
    struct storage *s = w->kind->storage;
    if (w->ready_link != NULL)
        return;
    w->next_ready = s->ready;
    if (s->ready != NULL)
        s->ready->ready_link = &w->next_ready;
    s->ready = w;
    w->ready_link = &s->ready;
}

static void unset_ready(struct storage_watch *w)
{
    if (w->ready_link == NULL)
        return;
    *w->ready_link = w->next_ready;
    if (w->next_ready != NULL)
        w->next_ready->ready_link = w->ready_link;
    w->ready_link = NULL;
}

static void call_ready(struct storage *s)
{
    while (s->ready != NULL) {
        struct storage_watch *w = s->ready;
        unset_ready(w);
        w->is_dry = false;
        w->on_ready(w->ctx);
    }
}

struct storage_watch *storage_watch_new(struct storage_kind *k, uint64_t since, void (*on_ready)(void *ctx), void *ctx,
                                        struct error *err)
{
    const struct storage_history *h = &k->history;
    /* A version that was never handed out is of another database: the client has to start afresh as well. */
    if (since < h->floor_version || since > k->storage->reserved) {
        error_set(err, 410, "too old resource version: %" PRIu64 " (%" PRIu64 ")", since, h->floor_version);
        return NULL;
    }
    struct storage_watch *w = mem_alloc(sizeof(*w));
    *w = (struct storage_watch){.kind = k, .place = storage_history_place(h, since), .on_ready = on_ready, .ctx = ctx};
    w->next = k->watches;
    if (w->next != NULL)
        w->next->link = &w->next;
    k->watches = w;
    w->link = &k->watches;
    return w;
}

enum storage_watch_result storage_watch_next(struct storage_watch *w, struct storage_event *out)
{
    const struct storage_history *h = &w->kind->history;
    if (w->place < h->first)
        return STORAGE_WATCH_GONE;
    if (w->place == h->end) {
        w->is_dry = true;
        return STORAGE_WATCH_DRY;
    }
    *out = event_shown(storage_history_event(h, w->place++));
    return STORAGE_WATCH_EVENT;
}

void storage_watch_free(struct storage_watch *w)
{
    if (w == NULL)
        return;
    unset_ready(w);
    *w->link = w->next;
    if (w->next != NULL)
        w->next->link = w->link;
    free(w);
}

/* Makes what has been committed visible. */
static void apply(struct storage *s, struct write *w)
{
    struct storage_kind *k = w->kind;
    struct object *o = w->object;
    bool found;
    size_t at = find(k, o->namespace, o->name, &found);
    struct past_event e = {.object = object_ref(o)};
    assert(found || w->db.change == STORAGE_PUT);
    e.previous = found ? k->objects[at] : NULL;
    if (w->db.change == STORAGE_REMOVE) {
        e.type = STORAGE_DELETED;
        remove_at(k, at);
    } else if (found) {
        e.type = STORAGE_MODIFIED;
        k->objects[at] = object_ref(o);
    } else {
        e.type = STORAGE_ADDED;
        insert_at(k, at, object_ref(o));
    }
    assert(o->version > s->version);
    s->version = o->version;
    storage_history_add(&k->history, e, s->history_bytes);
    for (struct storage_watch *watch = k->watches; watch != NULL; watch = watch->next) {
        if (watch->is_dry)
            set_ready(watch);
    }
    struct storage_event event = event_shown(&e);
    k->delivering++;
    for (struct storage_subscription *sub = k->subscriptions; sub != NULL; sub = sub->next) {
        if (sub->fn != NULL)
            sub->fn(sub->ctx, &event);
    }
    if (--k->delivering == 0)
        sweep_subscriptions(k);
}

/* --- writes --- */

static struct buf key_of(const struct storage_kind *k, struct str namespace, struct str name)
{
    struct buf key = {0};
    buf_add(&key, k->name, strlen(k->name) + 1);
    buf_add_str(&key, namespace);
    buf_add_char(&key, '/');
    buf_add_str(&key, name);
    return key;
}

void storage_when_settled(struct storage_kind *k, struct str namespace, struct str name, void (*fn)(void *ctx),
                          void *ctx)
{
    auto_buf struct buf key = key_of(k, namespace, name);
    struct pending *p = map_get(&k->storage->pending, buf_str(&key));
    if (p == NULL) {
        fn(ctx);
        return;
    }
    struct waiter *w = mem_alloc(sizeof(*w));
    *w = (struct waiter){.fn = fn, .ctx = ctx};
    *p->last = w;
    p->last = &w->next;
}

uint64_t storage_reserve_version(struct storage *s)
{
    return ++s->reserved;
}

void storage_write(struct storage_kind *k, enum storage_change change, const struct object *object,
                   storage_done *on_done, void *ctx)
{
    struct storage *s = k->storage;
    assert(object->version == s->reserved);
    struct buf key = key_of(k, object->namespace, object->name);
    struct pending *p = mem_zalloc(sizeof(*p));
    p->key_len = key.len;
    p->key = buf_take(&key);
    p->last = &p->waiters;
    struct pending *other = map_put(&s->pending, str_from(p->key, p->key_len), p);
    assert(other == NULL);
    (void)other;

    struct write *w = mem_zalloc(sizeof(*w));
    w->kind = k;
    w->object = object_ref(object);
    w->pending = p;
    w->on_done = on_done;
    w->ctx = ctx;
    w->db.kind = k->name;
    w->db.change = change;
    w->db.object = w->object;
    storage_db_submit(s->db, &w->db);
}

void storage_barrier(struct storage *s, void (*fn)(void *ctx), void *ctx)
{
    struct write *w = mem_zalloc(sizeof(*w));
    w->on_barrier = fn;
    w->ctx = ctx;
    storage_db_submit(s->db, &w->db);
}

/* The key is free. Whoever waited goes on, one after the other, until one of them writes it again. */
static void settle(struct storage *s, struct pending *p)
{
    struct str key = str_from(p->key, p->key_len);
    map_remove(&s->pending, key);
    while (p->waiters != NULL) {
        struct waiter *w = p->waiters;
        p->waiters = w->next;
        w->fn(w->ctx);
        free(w);
        struct pending *again = p->waiters != NULL ? map_get(&s->pending, key) : NULL;
        if (again == NULL)
            continue;
        /* The rest waits for that write, before those who came to wait for it since. */
        if (again->waiters == NULL)
            again->last = p->last;
        *p->last = again->waiters;
        again->waiters = p->waiters;
        p->waiters = NULL;
    }
    free(p->key);
    free(p);
}

static void finish(struct storage *s, struct write *w)
{
    if (w->on_barrier != NULL) {
        w->on_barrier(w->ctx);
        free(w);
        return;
    }
    struct error err = {0};
    if (w->db.code == 0)
        apply(s, w);
    else
        error_set(&err, w->db.code, "%s", w->db.why);
    if (w->on_done != NULL)
        w->on_done(w->ctx, w->db.code == 0 ? NULL : &err);
    settle(s, w->pending);
    error_clear(&err);
    object_unref(w->object);
    free(w);
}

static void on_committed(void *ctx, struct db_write *writes)
{
    struct storage *s = ctx;
    for (struct db_write *next; writes != NULL; writes = next) {
        next = writes->next;
        finish(s, (struct write *)writes);
    }
    call_ready(s);
}

/* --- life --- */

static bool on_row(void *ctx, const char *kind, struct str json, struct error *err)
{
    struct storage *s = ctx;
    struct storage_kind *k = storage_kind(s, kind);
    if (k == NULL)
        return true;
    struct object *o = object_parse(json, k->field_paths, err);
    if (o == NULL)
        return false;
    if (o->version == 0 || o->version > s->version) {
        object_unref(o);
        return error_set(err, 0, "its version is none that the database has had");
    }
    bool found;
    size_t at = find(k, o->namespace, o->name, &found);
    if (found) {
        object_unref(o);
        return error_set(err, 0, "an object is there twice");
    }
    insert_at(k, at, o);
    return true;
}

static void storage_free(struct storage *s)
{
    for (size_t i = 0; i < s->kind_count; i++) {
        struct storage_kind *k = &s->kinds[i];
        assert(k->watches == NULL && k->subscriptions == NULL);
        for (size_t n = 0; n < k->count; n++)
            object_unref(k->objects[n]);
        storage_history_free(&k->history);
        free(k->objects);
    }
    map_free(&s->pending);
    free(s->kinds);
    free(s);
}

struct storage *storage_open(uv_loop_t *loop, const struct storage_options *options, struct error *err)
{
    struct storage_db *db = storage_db_open(options->path, options->max_bytes, err);
    if (db == NULL)
        return NULL;
    struct storage *s = mem_zalloc(sizeof(*s));
    s->db = db;
    s->history_bytes = options->history_bytes != 0 ? options->history_bytes : STORAGE_HISTORY_BYTES;
    s->kind_count = options->kind_count;
    s->kinds = mem_zalloc(options->kind_count * sizeof(*s->kinds));
    for (size_t i = 0; i < s->kind_count; i++) {
        s->kinds[i].storage = s;
        s->kinds[i].name = options->kinds[i].name;
        s->kinds[i].field_paths = options->kinds[i].field_paths;
    }
    bool is_ok = storage_db_load(db, &s->version, on_row, s, err);
    s->reserved = s->version;
    for (size_t i = 0; i < s->kind_count; i++)
        s->kinds[i].history.floor_version = s->version;
    if (!is_ok) {
        storage_db_discard(db);
        storage_free(s);
        return NULL;
    }
    storage_db_start(db, loop, on_committed, s);
    return s;
}

static void on_db_closed(void *ctx)
{
    struct storage *s = ctx;
    void (*on_closed)(void *) = s->on_closed;
    void *closed_ctx = s->closed_ctx;
    storage_free(s);
    if (on_closed != NULL)
        on_closed(closed_ctx);
}

void storage_close(struct storage *s, void (*on_closed)(void *ctx), void *ctx)
{
    s->on_closed = on_closed;
    s->closed_ctx = ctx;
    storage_db_close(s->db, on_db_closed, s);
}

struct storage_kind *storage_kind(const struct storage *s, const char *name)
{
    for (size_t i = 0; i < s->kind_count; i++) {
        if (strcmp(s->kinds[i].name, name) == 0)
            return &s->kinds[i];
    }
    return NULL;
}

uint64_t storage_version(const struct storage *s)
{
    return s->version;
}
