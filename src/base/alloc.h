/*
 * Memory that is always there, and cleanup attributes. Small allocations of a daemon either succeed or the machine is
 * in a state that no error path improves: the process says "out of memory" in one line and aborts, so that its
 * supervisor starts it afresh. Anything whose size a peer controls is checked against a named limit before it is
 * allocated.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* As malloc, calloc, realloc, strdup; never NULL. The caller frees. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *ptr, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));

/* As mem_realloc for COUNT elements of SIZE bytes, checked for overflow. */
void *mem_realloc_array(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));

/* auto_free char *name = ...; and its relatives give the thing back at the end of the scope. */
static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f != NULL)
        fclose(*f);
}

#define auto_free __attribute__((cleanup(cleanup_free)))
#define auto_close __attribute__((cleanup(cleanup_close)))
#define auto_fclose __attribute__((cleanup(cleanup_fclose)))
#define auto_buf __attribute__((cleanup(buf_free)))
#define auto_error __attribute__((cleanup(error_clear)))
#define auto_arena __attribute__((cleanup(arena_free)))

#endif
