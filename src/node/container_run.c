#include "node/container_run.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

static void digest(char out[RUN_ID_SIZE], struct str text)
{
    unsigned char bytes[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)text.ptr, text.len, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void run_id_of_process(char out[RUN_ID_SIZE], struct str boot_id, int64_t pid, int64_t start_ticks)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, "process %.*s %lld %lld", STR_ARG(boot_id), (long long)pid, (long long)start_ticks);
    digest(out, buf_str(&text));
}

void run_id_of_cgroup(char out[RUN_ID_SIZE], struct str boot_id, struct str path, int64_t created_unix_ns)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, "cgroup %.*s %.*s %lld", STR_ARG(boot_id), STR_ARG(path), (long long)created_unix_ns);
    digest(out, buf_str(&text));
}

static bool is_same(const struct container_incarnation *a, const char *id)
{
    return strncmp(a->id, id, RUN_ID_SIZE) == 0;
}

bool container_run_started(struct container_run *r, const char *id, int64_t started_unix_ns, int64_t now_unix_ns)
{
    if (r->phase == RUN_RUNNING && is_same(&r->now, id))
        return false;
    container_run_ended(r, now_unix_ns);
    if (r->phase == RUN_ENDED) {
        r->last = r->now;
        r->has_last = true;
        r->restart_count++;
    }
    r->phase = RUN_RUNNING;
    r->now = (struct container_incarnation){.started_unix_ns = started_unix_ns};
    snprintf(r->now.id, sizeof(r->now.id), "%s", id);
    return true;
}

bool container_run_ended(struct container_run *r, int64_t now_unix_ns)
{
    if (r->phase != RUN_RUNNING)
        return false;
    r->phase = RUN_ENDED;
    r->now.ended_unix_ns = now_unix_ns;
    return true;
}

void container_run_resume(struct container_run *r, const struct container_incarnation *before,
                          const struct container_incarnation *last, int64_t restarts, int64_t now_unix_ns)
{
    bool is_known = r->phase != RUN_WAITING && is_same(&r->now, before->id);

    if (is_known || r->phase == RUN_WAITING) {
        r->restart_count += restarts;
        if (r->phase == RUN_WAITING) {
            r->now = *before;
            r->phase = RUN_ENDED;
            if (r->now.ended_unix_ns == 0)
                r->now.ended_unix_ns = now_unix_ns;
        }
        if (last != NULL && !r->has_last) {
            r->last = *last;
            r->has_last = true;
        }
        return;
    }
    r->restart_count += restarts + 1; /* it was started again while nobody looked */
    if (r->has_last)
        return;
    r->last = *before;
    r->has_last = true;
    if (r->last.ended_unix_ns == 0)
        r->last.ended_unix_ns = r->now.started_unix_ns < now_unix_ns ? r->now.started_unix_ns : now_unix_ns;
}
