#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now); /* can't fail for these clocks */
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_unix_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
