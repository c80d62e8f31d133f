/*
 * Log lines that a peer, or a fleet of them, could cause thousands of times: a limit lets a burst through, then so many
 * a second, and the next line that gets through says how many didn't. Each place that logs has its own limit, as a rule
 * a static one. One thread.
 *
 *     static struct log_limit limit = LOG_LIMIT(1, 10);
 *     log_limited(&limit, LOG_LEVEL_WARNING, "TLS handshake failed", LOG_CSTR("peer", peer), LOG_ERR(err));
 *
 *     W1123 20:34:59.123456   12345 http_server.c:42] "TLS handshake failed" peer="10.0.0.7:4711" err="..."
 * suppressed=1729
 */
#ifndef BASE_LOG_LIMIT_H
#define BASE_LOG_LIMIT_H

#include "base/log.h"
#include "base/token_bucket.h"

struct log_limit {
    struct token_bucket bucket;
    uint64_t suppressed; /* lines since the last one that got through */
};

/* clang-format off */
#define LOG_LIMIT(per_second, burst) {.bucket = TOKEN_BUCKET(per_second, burst)}
/* clang-format on */

/*
 * Whether a line may go out now. If so, SUPPRESSED gets the number of those that didn't before it, and the count starts
 * again.
 */
bool log_limit_allows(struct log_limit *limit, int64_t now_ns, uint64_t *suppressed);

/* As log_at. The arguments are evaluated only when the line goes out. */
#define log_limited(limit, level, message, ...)                                             \
    do {                                                                                    \
        uint64_t suppressed_;                                                               \
        if (log_limit_allows(limit, clock_mono_ns(), &suppressed_))                         \
            log_at(level, message, __VA_ARGS__ __VA_OPT__(, ) LOG_SUPPRESSED(suppressed_)); \
    } while (0)

/* A field without a key ends the list, so none is printed for 0. */
/* clang-format off */
#define LOG_SUPPRESSED(count) {.key = (count) > 0 ? "suppressed" : NULL, .number = (int64_t)(count), .is_number = true}
/* clang-format on */

#endif
