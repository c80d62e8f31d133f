#include "base/lru.h"

#include "base/alloc.h"
#include "base/map.h"

#include <assert.h>

struct link {
    struct link *next, *previous;
};

struct entry {
    struct link link; /* the first member: a link is its entry */
    void *value;
    int64_t expires_ns;
    size_t key_len;
    char key[];
};

struct lru {
    struct link used; /* a ring; next: the most recently used entry, previous: the least */
    struct map entries;
    size_t max_entries;
    void (*free_value)(void *value);
};

static void link_first(struct lru *l, struct link *link)
{
    link->next = l->used.next;
    link->previous = &l->used;
    link->next->previous = link;
    l->used.next = link;
}

static void unlink_entry(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static void drop(struct lru *l, struct entry *entry)
{
    map_remove(&l->entries, str_from(entry->key, entry->key_len));
    unlink_entry(&entry->link);
    if (l->free_value != NULL)
        l->free_value(entry->value);
    free(entry);
}

struct lru *lru_new(size_t max_entries, void (*free_value)(void *value))
{
    struct lru *l = mem_zalloc(sizeof(*l));

    assert(max_entries > 0);
    l->used.next = l->used.previous = &l->used;
    l->max_entries = max_entries;
    l->free_value = free_value;
    return l;
}

void lru_clear(struct lru *l)
{
    while (l->used.next != &l->used)
        drop(l, (struct entry *)l->used.next);
}

void lru_free(struct lru *l)
{
    if (l == NULL)
        return;
    lru_clear(l);
    map_free(&l->entries);
    free(l);
}

void *lru_get(struct lru *l, struct str key, int64_t now_ns)
{
    struct entry *entry = map_get(&l->entries, key);

    if (entry == NULL)
        return NULL;
    if (now_ns >= entry->expires_ns) {
        drop(l, entry);
        return NULL;
    }
    unlink_entry(&entry->link);
    link_first(l, &entry->link);
    return entry->value;
}

void lru_put(struct lru *l, struct str key, void *value, int64_t expires_ns)
{
    struct entry *entry = mem_alloc(sizeof(*entry) + key.len);

    assert(value != NULL);
    *entry = (struct entry){.value = value, .expires_ns = expires_ns, .key_len = key.len};
    if (key.len > 0)
        memcpy(entry->key, key.ptr, key.len); /* before anything is dropped: KEY may be the old entry's */
    lru_remove(l, str_from(entry->key, entry->key_len));
    if (l->entries.count == l->max_entries)
        drop(l, (struct entry *)l->used.previous);
    map_put(&l->entries, str_from(entry->key, entry->key_len), entry);
    link_first(l, &entry->link);
}

bool lru_remove(struct lru *l, struct str key)
{
    struct entry *entry = map_get(&l->entries, key);

    if (entry == NULL)
        return false;
    drop(l, entry);
    return true;
}

size_t lru_count(const struct lru *l)
{
    return l->entries.count;
}
