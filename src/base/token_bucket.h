/*
 * A token bucket: at most BURST things at once and PER_SECOND of them in the long run. Pure: the time is a parameter,
 * and any clock that doesn't go back will do (clock_mono_ns). A value; one owner, one thread.
 *
 *     struct token_bucket resets = TOKEN_BUCKET(10, 100);
 *     if (!token_bucket_take(&resets, now_ns)) ... that was one too many
 *
 * It is kept as the moment at which the bucket will be full again: a token costs INTERVAL, and a bucket that takes
 * longer than DEPTH to fill up is empty. Source: the generic cell rate algorithm (ITU-T I.371), which is a token bucket
 * without a counter.
 */
#ifndef BASE_TOKEN_BUCKET_H
#define BASE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct token_bucket {
    int64_t interval_ns; /* between two tokens; > 0 */
    int64_t depth_ns;    /* the time from empty to full */
    int64_t full_at_ns;  /* in the past: it is full; 0 at the start */
};

/* A full bucket. PER_SECOND > 0 (fractions are fine), BURST >= 1. An initialiser. */
/* clang-format off */
#define TOKEN_BUCKET(per_second, burst)                                                                                \
    {.interval_ns = (int64_t)((double)NS_PER_S / (per_second)),                                                        \
     .depth_ns = (int64_t)((double)NS_PER_S / (per_second)) * (burst)}
/* clang-format on */

/* Takes a token, if there is one. */
bool token_bucket_take(struct token_bucket *b, int64_t now_ns);

/* Takes a token in any case and returns how long to wait until it is there: for callers that queue. */
int64_t token_bucket_reserve(struct token_bucket *b, int64_t now_ns);

#endif
