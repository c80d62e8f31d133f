/*
 * A hash map from byte strings to pointers: open addressing, seeded per process (SipHash-grade keys are not needed: the
 * seed keeps peers from choosing collisions). Keys are borrowed: the bytes must live as long as their entry, and mostly
 * live in the value. A zeroed struct map is empty and ready. One owner, one thread.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_slot {
    struct str key; /* borrowed */
    void *value;    /* NULL: the slot is free */
    uint64_t hash;
};

struct map {
    struct map_slot *slots; /* owned; capacity is a power of two */
    size_t capacity;
    size_t count; /* live entries */
};

/* The value of KEY, or NULL. */
void *map_get(const struct map *m, struct str key);

/* Sets KEY to VALUE (not NULL) and returns the value that was there, or NULL. The old entry's key is replaced too. */
void *map_put(struct map *m, struct str key, void *value);

/* Removes KEY; returns its value, or NULL. */
void *map_remove(struct map *m, struct str key);

/*
 * Iterates in no particular order: start with *AT = 0; false at the end. KEY may be NULL. Nothing may be put or removed
 * meanwhile.
 */
bool map_next(const struct map *m, size_t *at, struct str *key, void **value);

/* Frees the table, not the values. */
void map_free(struct map *m);

#endif
