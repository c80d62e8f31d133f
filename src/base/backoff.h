/*
 * How long to wait before trying again: MIN, then FACTOR times longer each time, up to MAX, each wait stretched by a
 * random part of itself up to JITTER, so that clients that failed together don't come back together. Pure: randomness
 * is a parameter. A value; one owner, one thread.
 *
 *     struct backoff backoff = {.min_ns = 800 * NS_PER_MS, .max_ns = 30 * NS_PER_S, .factor = 2, .jitter = 1};
 *     uv_timer_start(timer, on_retry, (uint64_t)(backoff_next(&backoff, random_fraction()) / NS_PER_MS), 0);
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t min_ns;
    int64_t max_ns;  /* before the jitter */
    double factor;   /* >= 1 */
    double jitter;   /* 0: none; 0.2: up to a fifth longer */
    int64_t last_ns; /* the last wait without its jitter; 0: none yet, or all is well again */
};

/* The next wait. RANDOM in [0, 1): random_fraction(). */
int64_t backoff_next(struct backoff *b, double random);

/* All is well: the next wait is MIN again. */
static inline void backoff_reset(struct backoff *b)
{
    b->last_ns = 0;
}

#endif
