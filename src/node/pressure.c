#include "node/pressure.h"

#include "base/clock.h"
#include "node/usage.h"

#define MIN_INODES_PERCENT 5
#define MIN_TASKS_PERCENT 10
#define TRANSITION_NS (300 * NS_PER_S)

static bool is_below_percent(int64_t left, int64_t all, int64_t percent)
{
    return is_measured(left) && is_measured(all) && left < all / 100 * percent + all % 100 * percent / 100;
}

static void update_one(bool *is_on, int64_t *seen_ns, bool is_short, int64_t now_ns)
{
    if (is_short) {
        *is_on = true;
        *seen_ns = now_ns;
    } else if (*is_on && now_ns - *seen_ns >= TRANSITION_NS) {
        *is_on = false;
    }
}

void pressure_update(struct pressure *p, const struct pressure_signals *s, int64_t now_mono_ns)
{
    bool is_memory_short =
        is_measured(s->memory_available_bytes) && s->memory_available_bytes < PRESSURE_MIN_MEMORY_BYTES;
    bool is_disk_short = is_below_percent(s->disk_available_bytes, s->disk_capacity_bytes, PRESSURE_MIN_DISK_PERCENT) ||
                         is_below_percent(s->inodes_free, s->inodes, MIN_INODES_PERCENT);
    bool are_pids_short =
        is_measured(s->max_tasks) && is_measured(s->tasks) &&
        is_below_percent(s->max_tasks > s->tasks ? s->max_tasks - s->tasks : 0, s->max_tasks, MIN_TASKS_PERCENT);

    update_one(&p->memory, &p->memory_seen_ns, is_memory_short, now_mono_ns);
    update_one(&p->disk, &p->disk_seen_ns, is_disk_short, now_mono_ns);
    update_one(&p->pids, &p->pids_seen_ns, are_pids_short, now_mono_ns);
}
