#include "scrape/schedule.h"

struct schedule schedule_of(struct str node, int64_t interval_ns)
{
    uint64_t hash = str_hash(node);

    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9); /* names that differ in the last letter lie apart too */
    hash ^= hash >> 32;
    return (struct schedule){.interval_ns = interval_ns, .phase_ns = (int64_t)(hash % (uint64_t)interval_ns)};
}

int64_t schedule_next(struct schedule *s, bool is_settled, int64_t now_ns, int64_t took_ns)
{
    if (!is_settled) {
        s->gap_ns = s->gap_ns == 0 ? SCHEDULE_FIRST_GAP_NS : s->gap_ns + s->gap_ns / 2;
        if (s->gap_ns < s->interval_ns)
            return s->gap_ns;
        s->gap_ns = s->interval_ns;
    } else {
        s->gap_ns = 0;
    }
    int64_t until_half_ns = s->interval_ns / 2 - took_ns;
    int64_t earliest_ns = now_ns + (until_half_ns > 0 ? until_half_ns : 0);
    int64_t late_ns = (earliest_ns - s->phase_ns) % s->interval_ns; /* since the node's last moment */
    int64_t wait_ns = late_ns > 0 ? s->interval_ns - late_ns : -late_ns;
    return earliest_ns - now_ns + wait_ns;
}
