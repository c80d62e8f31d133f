/*
 * Strings to look at: a pointer and a length, not NUL-terminated, never owned. A struct str is a value; it is valid as
 * long as the bytes that it points into. Safe from any thread.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* A literal as a struct str, usable in initialisers too. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* clang-format off */
#define STR_INIT(literal) {"" literal, sizeof(literal) - 1}
/* clang-format on */

/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) ((int)(s).len), ((s).ptr != NULL ? (s).ptr : "")

/* The bytes of CSTR, which may be NULL (empty). */
static inline struct str str_of(const char *cstr)
{
    return (struct str){cstr, cstr != NULL ? strlen(cstr) : 0};
}

static inline struct str str_from(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_eq_cstr(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

/* S without its first N bytes (empty when it is shorter). */
static inline struct str str_skip(struct str s, size_t n)
{
    return n >= s.len ? (struct str){s.ptr != NULL ? s.ptr + s.len : NULL, 0} : (struct str){s.ptr + n, s.len - n};
}

/* The first N bytes of S (all of it when it is shorter). */
static inline struct str str_head(struct str s, size_t n)
{
    return (struct str){s.ptr, n < s.len ? n : s.len};
}

/* ASCII case is ignored. */
bool str_eq_ignore_case(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* Byte order, shorter first among equals; <0, 0, >0 as strcmp. */
int str_cmp(struct str a, struct str b);

/* Index of the first C in S, or -1. */
ptrdiff_t str_index(struct str s, char c);

/* Index of the first NEEDLE in S, or -1. An empty needle is found at 0. */
ptrdiff_t str_find(struct str s, struct str needle);

/*
 * Splits S at the first SEPARATOR. When there is one, BEFORE and AFTER get the two sides and true is returned;
 * otherwise BEFORE gets all of S, AFTER nothing. BEFORE or AFTER may be S's own variable.
 */
bool str_cut(struct str s, char separator, struct str *before, struct str *after);

/* S without ASCII white space at its ends. */
struct str str_trim(struct str s);

/* All of S as a decimal number. False, with OUT untouched, when it is none or doesn't fit. No sign for u64. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);

/* A NUL-terminated copy on the heap; the caller frees it. */
char *str_dup(struct str s);

/* FNV-1a, 64 bits. Not for tables that a peer can fill: base/map.h seeds its own. */
uint64_t str_hash(struct str s);

#endif
