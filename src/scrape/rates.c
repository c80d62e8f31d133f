#include "scrape/rates.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "scrape/summary.h"

struct rates {
    const struct batch *batch;
    struct batch *before; /* owned */
    struct summary *summary;
    size_t count; /* of points before */
};

/* The place of the container called NAMES in R; -1 when it isn't there. */
static int64_t find(const struct roster *r, const struct container_names *names)
{
    const struct roster_pod *pod = roster_find_pod(r, names->namespace, names->pod);

    for (uint32_t i = 0; pod != NULL && i < pod->count; i++)
        if (str_eq(r->containers[pod->first + i].name, names->container))
            return pod->first + i;
    return -1;
}

static bool is_near(int64_t sample_ns, int64_t rate_ns)
{
    int64_t apart_ns;

    return rate_ns != 0 && !__builtin_sub_overflow(sample_ns, rate_ns, &apart_ns) && apart_ns < RATES_MAX_APART_NS &&
           apart_ns > -RATES_MAX_APART_NS;
}

static void on_rate(void *arg, const struct summary_rate *rate)
{
    struct rates *r = arg;
    bool is_node = rate->names.container.len == 0;
    int64_t index = is_node ? 0 : find(r->batch->roster, &rate->names);
    uint64_t used_ns;

    if (index < 0)
        return;
    const struct usage_point *now = is_node ? &r->batch->node : &r->batch->points[index];
    struct usage_point *before = is_node ? &r->before->node : &r->before->points[index];
    if (!usage_point_is_set(now) || now->time_ns <= RATES_WINDOW_NS || !is_near(now->time_ns, rate->time_ns) ||
        __builtin_mul_overflow(rate->nanocores, (uint64_t)(RATES_WINDOW_NS / NS_PER_S), &used_ns) ||
        used_ns >= now->cpu_ns)
        return;
    r->count += !usage_point_is_set(before);
    *before = (struct usage_point){.time_ns = now->time_ns - RATES_WINDOW_NS,
                                   .start_ns = now->start_ns,
                                   .cpu_ns = now->cpu_ns - used_ns,
                                   .memory_bytes = now->memory_bytes};
}

struct rates *rates_new(const struct batch *batch)
{
    struct rates *r = mem_zalloc(sizeof(*r));

    r->batch = batch;
    r->before = mem_zalloc(sizeof(*r->before) + batch->roster->container_count * sizeof(r->before->points[0]));
    r->before->roster = roster_ref(batch->roster);
    r->summary = summary_new_rates(on_rate, r);
    return r;
}

void rates_free(struct rates *r)
{
    if (r == NULL)
        return;
    batch_free(r->before);
    summary_free(r->summary);
    free(r);
}

bool rates_feed(struct rates *r, struct str chunk, struct error *err)
{
    return summary_feed(r->summary, chunk, err);
}

struct batch *rates_finish(struct rates *r, struct error *err)
{
    struct batch *before = r->before;

    if (!summary_finish(r->summary, err))
        return NULL;
    if (r->count == 0) {
        error_set(err, 0, "the summary holds no rates");
        return NULL;
    }
    r->before = NULL;
    return before;
}
