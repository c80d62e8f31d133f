/* Clocks, in nanoseconds. Pure code takes times as parameters instead. Safe from any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Wall clock since 1970-01-01 UTC. */
int64_t clock_unix_ns(void);

/* A clock that never goes back, from an arbitrary start. */
int64_t clock_mono_ns(void);

#endif
