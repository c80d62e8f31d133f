#include "serve/ledger_log.h"

#include "base/alloc.h"
#include "serve/ledger.h"

#include <assert.h>

static struct str put(char **to, struct str s)
{
    char *at = *to;

    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    *to += s.len;
    return str_from(at, s.len);
}

/* One allocation: the entry, its containers, the bytes of all strings. */
static struct ledger_entry *copy(const struct ledger_entry *e)
{
    const struct catalog_object *o = &e->object;
    size_t bytes = o->namespace.len + o->name.len + o->node.len + o->labels_json.len;

    for (size_t i = 0; i < e->pod.count; i++)
        bytes += e->pod.containers[i].name.len;
    struct ledger_entry *new = mem_alloc(sizeof(*new) + e->pod.count * sizeof(e->pod.containers[0]) + bytes);
    struct container_usage *containers = (struct container_usage *)(new + 1);
    char *to = (char *)(containers + e->pod.count);
    *new = *e;
    new->object.namespace = put(&to, o->namespace);
    new->object.name = put(&to, o->name);
    new->object.node = put(&to, o->node);
    new->object.labels_json = put(&to, o->labels_json);
    new->pod.containers = containers;
    new->pod.capacity = 0; /* not its own */
    for (size_t i = 0; i < e->pod.count; i++) {
        containers[i] = e->pod.containers[i];
        containers[i].name = put(&to, containers[i].name);
    }
    return new;
}

static void make_room(struct ledger_log *log)
{
    size_t capacity = log->capacity < 16 ? 16 : log->capacity * 2;
    struct ledger_entry **ring;

    if (log->count < log->capacity)
        return;
    if (log->capacity == LEDGER_LOG_MAX) {
        log->forgotten = log->ring[log->first]->version;
        free(log->ring[log->first]);
        log->first = (log->first + 1) % log->capacity;
        log->count--;
        return;
    }
    ring = mem_realloc_array(NULL, capacity, sizeof(struct ledger_entry *));
    for (size_t i = 0; i < log->count; i++)
        ring[i] = log->ring[(log->first + i) % log->capacity];
    free(log->ring);
    log->ring = ring;
    log->first = 0;
    log->capacity = capacity;
}

const struct ledger_entry *ledger_log_add(struct ledger_log *log, const struct ledger_entry *entry)
{
    struct ledger_entry *new = copy(entry);

    assert(log->count == 0 || ledger_log_at(log, log->count - 1)->version < entry->version);
    make_room(log);
    log->ring[(log->first + log->count++) % log->capacity] = new;
    return new;
}

const struct ledger_entry *ledger_log_at(const struct ledger_log *log, size_t place)
{
    return log->ring[(log->first + place) % log->capacity];
}

size_t ledger_log_find(const struct ledger_log *log, uint64_t version)
{
    size_t low = 0;
    size_t high = log->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ledger_log_at(log, middle)->version > version)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void ledger_log_clear(struct ledger_log *log, uint64_t forgotten)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->ring[(log->first + i) % log->capacity]);
    free(log->ring);
    *log = (struct ledger_log){.forgotten = forgotten};
}
