/* Runs LOOP until CONDITION holds, without spinning; fails the test after ten seconds. */
#ifndef TEST_RUN_UNTIL_H
#define TEST_RUN_UNTIL_H

#include <poll.h>
#include <uv.h>

#include "base/clock.h"

/* One turn that waits at most TIMEOUT_MS for something to happen. */
static inline void run_turn(uv_loop_t *loop, int timeout_ms)
{
    struct pollfd fd = {.fd = uv_backend_fd(loop), .events = POLLIN};
    uv_run(loop, UV_RUN_NOWAIT); /* also registers new descriptors with the kernel */
    int wait_ms = uv_backend_timeout(loop);
    if (wait_ms != 0)
        poll(&fd, 1, wait_ms < 0 || wait_ms > timeout_ms ? timeout_ms : wait_ms);
    uv_run(loop, UV_RUN_NOWAIT);
}

#define run_until(loop, condition)                             \
    do {                                                       \
        int64_t give_up_ns_ = clock_mono_ns() + 10 * NS_PER_S; \
        while (!(condition)) {                                 \
            if (clock_mono_ns() > give_up_ns_)                 \
                fail_msg("timed out waiting for " #condition); \
            run_turn(loop, 20);                                \
        }                                                      \
    } while (0)

#endif
