#include "base/token_bucket.h"

bool token_bucket_take(struct token_bucket *b, int64_t now_ns)
{
    int64_t full_at_ns = (b->full_at_ns > now_ns ? b->full_at_ns : now_ns) + b->interval_ns;

    if (full_at_ns - now_ns > b->depth_ns)
        return false;
    b->full_at_ns = full_at_ns;
    return true;
}

int64_t token_bucket_reserve(struct token_bucket *b, int64_t now_ns)
{
    b->full_at_ns = (b->full_at_ns > now_ns ? b->full_at_ns : now_ns) + b->interval_ns;
    int64_t wait_ns = b->full_at_ns - now_ns - b->depth_ns;
    return wait_ns > 0 ? wait_ns : 0;
}
