#include "base/map.h"

#include "base/alloc.h"
#include "base/random.h"

#include <assert.h>

enum {
    SMALLEST_CAPACITY = 8
};

/*
 * Both multiplicands of every step hold a secret, so that no choice of keys makes them collide for all seeds.
 * Set before main and never again, hence readable from any thread.
 */
static uint64_t secrets[3];

__attribute__((constructor)) static void draw_secrets(void)
{
    random_bytes(secrets, sizeof(secrets));
    secrets[1] |= 1;
    secrets[2] |= 1;
}

/* The two halves of the 128-bit product, folded. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(struct str key)
{
    uint64_t hash = secrets[0] ^ key.len;
    uint64_t word;

    for (; key.len >= sizeof(word); key = str_skip(key, sizeof(word))) {
        memcpy(&word, key.ptr, sizeof(word));
        hash = mix(hash ^ word, secrets[1]);
    }
    word = 0;
    if (key.len > 0)
        memcpy(&word, key.ptr, key.len);
    return mix(hash ^ word, secrets[2]);
}

/* The slot of KEY, or the free one where it belongs. There always is a free one. */
static struct map_slot *slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->capacity - 1;

    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct map_slot *slot = &m->slots[i];
        if (slot->value == NULL || (slot->hash == hash && str_eq(slot->key, key)))
            return slot;
    }
}

static void grow(struct map *m)
{
    struct map bigger = {.capacity = m->capacity > 0 ? m->capacity * 2 : SMALLEST_CAPACITY, .count = m->count};
    size_t bytes;

    bigger.slots = NULL;
    if (__builtin_mul_overflow(bigger.capacity, sizeof(struct map_slot), &bytes))
        bytes = SIZE_MAX / 2; /* fails in mem_zalloc's words */
    bigger.slots = mem_zalloc(bytes);
    for (size_t i = 0; i < m->capacity; i++) {
        const struct map_slot *slot = &m->slots[i];
        if (slot->value != NULL)
            *slot_of(&bigger, slot->key, slot->hash) = *slot;
    }
    free(m->slots);
    *m = bigger;
}

void *map_get(const struct map *m, struct str key)
{
    return m->count > 0 ? slot_of(m, key, hash_of(key))->value : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = hash_of(key);

    assert(value != NULL);
    if (m->capacity > 0) {
        struct map_slot *slot = slot_of(m, key, hash);
        if (slot->value != NULL) {
            void *old = slot->value;
            slot->key = key;
            slot->value = value;
            return old;
        }
    }
    if (m->count >= m->capacity / 4 * 3)
        grow(m);
    *slot_of(m, key, hash) = (struct map_slot){.key = key, .value = value, .hash = hash};
    m->count++;
    return NULL;
}

/* Moves what comes after the freed slot AT back, as far as each entry's home allows, so that every run stays unbroken.
 */
static void close_gap(struct map *m, size_t at)
{
    size_t mask = m->capacity - 1;

    for (size_t i = (at + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - at) & mask)) {
            m->slots[at] = m->slots[i];
            at = i;
        }
    }
    m->slots[at] = (struct map_slot){0};
}

void *map_remove(struct map *m, struct str key)
{
    if (m->count == 0)
        return NULL;
    struct map_slot *slot = slot_of(m, key, hash_of(key));
    void *value = slot->value;
    if (value == NULL)
        return NULL;
    close_gap(m, (size_t)(slot - m->slots));
    m->count--;
    return value;
}

bool map_next(const struct map *m, size_t *at, struct str *key, void **value)
{
    for (; *at < m->capacity; (*at)++) {
        const struct map_slot *slot = &m->slots[*at];
        if (slot->value == NULL)
            continue;
        if (key != NULL)
            *key = slot->key;
        if (value != NULL)
            *value = slot->value;
        (*at)++;
        return true;
    }
    return false;
}

void map_free(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}
