/*
 * A cache with a limit: byte strings to values, each good until a time of its own. When it is full, the entry that was
 * used least recently makes room, so that peers who ask for ever new keys can't fill the memory. For answers of others
 * that may be reused for a while (TokenReviews, SubjectAccessReviews). Keys are copied; values belong to the cache.
 * Time is a parameter. One owner, one thread.
 */
#ifndef BASE_LRU_H
#define BASE_LRU_H

#include "base/str.h"

struct lru;

/* At most MAX_ENTRIES (> 0). FREE_VALUE is called with each value that leaves; NULL when values are borrowed. */
struct lru *lru_new(size_t max_entries, void (*free_value)(void *value));
void lru_free(struct lru *l);

/* The value of KEY, or NULL when there is none or it has expired. Valid until the next call that takes L. */
void *lru_get(struct lru *l, struct str key, int64_t now_ns);

/* Sets KEY to VALUE (not NULL), good before EXPIRES_NS. What was there is freed. */
void lru_put(struct lru *l, struct str key, void *value, int64_t expires_ns);

/* True when KEY was there (expired or not). */
bool lru_remove(struct lru *l, struct str key);
void lru_clear(struct lru *l);

/* Entries held, those included that have expired but weren't asked for since. */
size_t lru_count(const struct lru *l);

#endif
