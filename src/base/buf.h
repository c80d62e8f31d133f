/*
 * Bytes being built. A zeroed struct buf is empty and ready; buf_free gives the memory back. One owner, one thread.
 * The bytes are always followed by a NUL that doesn't count, once anything was appended. Running out of memory ends
 * the process with a line that says so (base/alloc.h); sizes that a peer controls are checked before they come here.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *ptr;  /* owned; NULL until something was appended */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated, the NUL included */
};

void buf_free(struct buf *b);

/* Empties B and keeps its memory. */
static inline void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->ptr != NULL)
        b->ptr[0] = '\0';
}

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->ptr, b->len};
}

/* The bytes as a C string: never NULL, valid until the next append. */
const char *buf_cstr(const struct buf *b);

/* Makes room for EXTRA more bytes and returns where they go; buf_grow_by makes them count. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_grow_by(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, struct str s);
void buf_add_cstr(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);
__attribute__((format(printf, 2, 0))) void buf_vprintf(struct buf *b, const char *format, va_list ap);

/* Drops the first N bytes (at most all). */
void buf_drop_front(struct buf *b, size_t n);

/* Hands the bytes over as a NUL-terminated heap string (never NULL); B is empty afterwards. The caller frees it. */
char *buf_take(struct buf *b);

#endif
