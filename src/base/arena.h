/*
 * An arena: many small allocations, freed at once. One per request, scrape batch or sync. A zeroed struct arena is
 * empty and ready. What comes out is aligned for any type and lives until arena_reset or arena_free. One owner, one
 * thread.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; owned */
    size_t used;                /* bytes used in the newest block */
    size_t total_bytes;         /* bytes held by all blocks */
};

void *arena_alloc(struct arena *a, size_t size);  /* not zeroed */
void *arena_zalloc(struct arena *a, size_t size); /* zeroed */

/* A copy of S in the arena, followed by a NUL. */
struct str arena_str(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
__attribute__((format(printf, 2, 3))) struct str arena_printf(struct arena *a, const char *format, ...);

/* Forgets everything allocated; keeps one block for the next round. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
