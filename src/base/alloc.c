#include "base/alloc.h"

#include <string.h>

/* Nothing here may allocate: not stdio, not the log. */
static _Noreturn void die_out_of_memory(void)
{
    static const char message[] = "out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

    (void)ignored; /* nobody left to tell */
    abort();
}

void *mem_alloc(size_t size)
{
    void *ptr = malloc(size > 0 ? size : 1);

    if (ptr == NULL)
        die_out_of_memory();
    return ptr;
}

void *mem_zalloc(size_t size)
{
    void *ptr = calloc(1, size > 0 ? size : 1);

    if (ptr == NULL)
        die_out_of_memory();
    return ptr;
}

void *mem_realloc(void *old, size_t size)
{
    void *ptr = realloc(old, size > 0 ? size : 1);

    if (ptr == NULL)
        die_out_of_memory();
    return ptr;
}

void *mem_realloc_array(void *old, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        die_out_of_memory();
    return mem_realloc(old, bytes);
}

char *mem_strdup(const char *s)
{
    size_t size = strlen(s) + 1;

    return memcpy(mem_alloc(size), s, size);
}
