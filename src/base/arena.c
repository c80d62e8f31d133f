#include "base/arena.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdalign.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_WITH_ASAN 1
#endif

/* Under ASan what wasn't handed out is poisoned and a gap follows each piece, so that overruns and uses after a reset
 * show. */
#ifdef ARENA_WITH_ASAN
#include <sanitizer/asan_interface.h>
enum {
    GAP = 16
};
#define HIDE(ptr, size) __asan_poison_memory_region(ptr, size)
#define SHOW(ptr, size) __asan_unpoison_memory_region(ptr, size)
#else
enum {
    GAP = 0
};
#define HIDE(ptr, size) ((void)(ptr), (void)(size))
#define SHOW(ptr, size) ((void)(ptr), (void)(size))
#endif

enum {
    ALIGNMENT = alignof(max_align_t),
    FIRST_BLOCK = 4096 - 64, /* a block and malloc's own bytes fit a page */
    LARGEST_STEP = 1 << 20,
};

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static void add_block(struct arena *a, size_t at_least)
{
    size_t size = a->blocks != NULL ? a->blocks->size * 2 : FIRST_BLOCK;

    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    if (size < at_least)
        size = at_least;
    struct arena_block *block = mem_alloc(sizeof(*block) + size);
    block->older = a->blocks;
    block->size = size;
    HIDE(block->bytes, size);
    a->blocks = block;
    a->used = 0;
    a->total_bytes += size;
}

static void free_block(struct arena_block *block)
{
    SHOW(block->bytes, block->size);
    free(block);
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t rounded;

    if (__builtin_add_overflow(size, (size_t)ALIGNMENT - 1 + GAP, &rounded))
        rounded = SIZE_MAX / 2; /* fails in mem_alloc's words */
    rounded &= ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT; /* each piece has its own address */
    if (a->blocks == NULL || a->blocks->size - a->used < rounded)
        add_block(a, rounded);
    char *piece = a->blocks->bytes + a->used;
    a->used += rounded;
    SHOW(piece, size);
    return piece;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_cstr(a, s), s.len};
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);

    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    auto_buf struct buf text = {0};
    va_list ap;

    va_start(ap, format);
    buf_vprintf(&text, format, ap);
    va_end(ap);
    return arena_str(a, buf_str(&text));
}

void arena_reset(struct arena *a)
{
    if (a->blocks == NULL)
        return;
    /* the newest block is as a rule the largest: rounds of equal size soon fit into it alone */
    struct arena_block *block = a->blocks->older;
    while (block != NULL) {
        struct arena_block *older = block->older;
        free_block(block);
        block = older;
    }
    a->blocks->older = NULL;
    a->used = 0;
    a->total_bytes = a->blocks->size;
    HIDE(a->blocks->bytes, a->blocks->size);
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    if (a->blocks != NULL)
        free_block(a->blocks);
    *a = (struct arena){0};
}
