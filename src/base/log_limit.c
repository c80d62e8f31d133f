#include "base/log_limit.h"

bool log_limit_allows(struct log_limit *limit, int64_t now_ns, uint64_t *suppressed)
{
    if (!token_bucket_take(&limit->bucket, now_ns)) {
        limit->suppressed++;
        return false;
    }
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}
