/*
 * What can be measured of the node, a pod or a container at one moment. A value; every field that wasn't measured is
 * NOT_MEASURED, and whoever prints it leaves it out: a zero always means that zero was read.
 */
#ifndef NODE_USAGE_H
#define NODE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#define NOT_MEASURED INT64_C(-1)

struct usage {
    int64_t time_unix_ns;      /* when it was read */
    int64_t cpu_ns;            /* CPU time used since the start, cumulative */
    int64_t memory_bytes;      /* charged memory, page cache included */
    int64_t working_set_bytes; /* memory_bytes without inactive file pages: what can't be had back at once */
    int64_t rss_bytes;         /* anonymous memory */
    int64_t page_faults;       /* cumulative */
    int64_t major_page_faults; /* those that waited for a disk */
    int64_t process_count;
};

#define USAGE_INIT                                                                                 \
    {                                                                                              \
        .time_unix_ns = NOT_MEASURED, .cpu_ns = NOT_MEASURED, .memory_bytes = NOT_MEASURED,        \
        .working_set_bytes = NOT_MEASURED, .rss_bytes = NOT_MEASURED, .page_faults = NOT_MEASURED, \
        .major_page_faults = NOT_MEASURED, .process_count = NOT_MEASURED                           \
    }

static inline bool is_measured(int64_t figure)
{
    return figure >= 0;
}

/* A sum that is known only when both sides are. */
static inline int64_t usage_sum(int64_t a, int64_t b)
{
    return is_measured(a) && is_measured(b) ? a + b : NOT_MEASURED;
}

/* The first figure, or the second where the first wasn't measured. */
static inline int64_t usage_or(int64_t a, int64_t b)
{
    return is_measured(a) ? a : b;
}

#endif
