#include "base/backoff.h"

int64_t backoff_next(struct backoff *b, double random)
{
    double wait_ns = b->last_ns == 0 ? (double)b->min_ns : (double)b->last_ns * b->factor;

    if (wait_ns > (double)b->max_ns)
        wait_ns = (double)b->max_ns;
    b->last_ns = (int64_t)wait_ns;
    return (int64_t)(wait_ns + wait_ns * b->jitter * random);
}
