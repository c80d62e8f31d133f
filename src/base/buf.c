#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>

enum {
    SMALLEST_CAP = 64
};

void buf_free(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){0};
}

const char *buf_cstr(const struct buf *b)
{
    return b->ptr != NULL ? b->ptr : "";
}

char *buf_reserve(struct buf *b, size_t extra)
{
    size_t needed;

    /* a sum that wraps is more than any machine has: let the allocation fail in its own words */
    if (__builtin_add_overflow(b->len, extra, &needed) || __builtin_add_overflow(needed, 1, &needed))
        needed = SIZE_MAX / 2;
    if (needed > b->cap) {
        size_t cap = b->cap > SIZE_MAX / 4 ? needed : b->cap * 2;
        if (cap < SMALLEST_CAP)
            cap = SMALLEST_CAP;
        if (cap < needed)
            cap = needed;
        b->ptr = mem_realloc(b->ptr, cap);
        b->cap = cap;
        b->ptr[b->len] = '\0';
    }
    return b->ptr + b->len;
}

void buf_grow_by(struct buf *b, size_t n)
{
    if (n == 0)
        return;
    assert(n < b->cap - b->len);
    b->len += n;
    b->ptr[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(b, len), bytes, len);
    buf_grow_by(b, len);
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_add_cstr(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    buf_grow_by(b, 1);
}

void buf_add_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_i64(struct buf *b, int64_t v)
{
    uint64_t magnitude = (uint64_t)v;

    if (v < 0) {
        buf_add_char(b, '-');
        magnitude = 0 - magnitude;
    }
    buf_add_u64(b, magnitude);
}

void buf_vprintf(struct buf *b, const char *format, va_list ap)
{
    va_list again;
    size_t room;

    va_copy(again, ap);
    buf_reserve(b, 0);
    room = b->cap - b->len;
    int n = vsnprintf(b->ptr + b->len, room, format, ap);
    assert(n >= 0);
    if ((size_t)n >= room) {
        char *to = buf_reserve(b, (size_t)n);
        n = vsnprintf(to, (size_t)n + 1, format, again);
        assert(n >= 0);
    }
    va_end(again);
    buf_grow_by(b, (size_t)n);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    buf_vprintf(b, format, ap);
    va_end(ap);
}

void buf_drop_front(struct buf *b, size_t n)
{
    if (n == 0)
        return;
    if (n >= b->len) {
        buf_clear(b);
        return;
    }
    b->len -= n;
    memmove(b->ptr, b->ptr + n, b->len + 1);
}

char *buf_take(struct buf *b)
{
    char *taken = b->ptr != NULL ? b->ptr : mem_zalloc(1);

    *b = (struct buf){0};
    return taken;
}
