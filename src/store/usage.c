#include "store/usage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"

enum {
    PODS_LOOKED_AT = 8, /* when a clock is judged and the roster has changed */
};

/* PREV has LAST's roster; a point of PREV that isn't set means that there is only one. */
struct node_state {
    char *name;
    struct batch *last;
    struct batch *prev;
    struct batch *waiting;   /* came after the node's clock was set; NULL: it wasn't */
    int64_t came_ns;         /* the sample of LAST's node: the first batch that has it */
    int64_t waiting_came_ns; /* likewise */
    int64_t set_ns;          /* the first batch after the clock was set */
    struct usage_counts counts;
    uint64_t absent; /* of the containers without usage: differs when others have none */
    uint64_t version;
    uint64_t version_step;
    bool was_whole;         /* all its containers had usage, once */
    bool has_changed_shape; /* what has usage isn't what had with the batch before */
};

struct usage_store {
    int64_t resolution_ns;
    struct map nodes; /* by name */
    struct usage_counts counts;
};

struct usage_store *usage_store_new(int64_t resolution_ns)
{
    struct usage_store *s = mem_zalloc(sizeof(*s));

    s->resolution_ns = resolution_ns;
    return s;
}

static void free_node(struct node_state *n)
{
    batch_free(n->last);
    batch_free(n->prev);
    batch_free(n->waiting);
    free(n->name);
    free(n);
}

void usage_store_free(struct usage_store *s)
{
    size_t at = 0;
    void *value;

    if (s == NULL)
        return;
    while (map_next(&s->nodes, &at, NULL, &value))
        free_node(value);
    map_free(&s->nodes);
    free(s);
}

struct usage_counts usage_store_counts(const struct usage_store *s)
{
    return s->counts;
}

/* Seconds as Go's Duration.Seconds computes them, so that rates have the same last digit. */
static double seconds(int64_t ns)
{
    return (double)(ns / NS_PER_S) + (double)(ns % NS_PER_S) / 1e9;
}

static bool usage_between(const struct usage_point *prev, const struct usage_point *last, struct usage *out)
{
    int64_t window_ns;

    if (last->start_ns < prev->start_ns || last->cpu_ns < prev->cpu_ns ||
        __builtin_sub_overflow(last->time_ns, prev->time_ns, &window_ns))
        return false;
    double rate = (double)(last->cpu_ns - prev->cpu_ns) / seconds(window_ns);
    out->time_ns = last->time_ns;
    out->window_ns = window_ns;
    out->cpu_nanocores = rate < 0x1p64 ? (uint64_t)rate : UINT64_MAX;
    out->memory_bytes = last->memory_bytes;
    return true;
}

static void uncount(struct usage_store *s, const struct node_state *n)
{
    s->counts.nodes -= n->counts.nodes;
    s->counts.pods -= n->counts.pods;
    s->counts.containers -= n->counts.containers;
}

static void count(struct usage_store *s, struct node_state *n)
{
    const struct roster *r = n->last->roster;
    struct usage node;
    bool is_whole = true;

    n->counts = (struct usage_counts){0};
    n->counts.nodes = usage_point_is_set(&n->prev->node);
    n->absent = n->counts.nodes > 0 && usage_between(&n->prev->node, &n->last->node, &node);
    for (uint32_t i = 0; i < r->pod_count; i++) {
        size_t before = n->counts.containers;
        for (uint32_t c = r->pods[i].first; c < r->pods[i].first + r->pods[i].count; c++) {
            if (usage_point_is_set(&n->prev->points[c])) {
                n->counts.containers++;
            } else {
                n->absent = (n->absent ^ (c + 2)) * UINT64_C(0x100000001b3);
                is_whole = is_whole && !usage_point_is_set(&n->last->points[c]);
            }
        }
        n->counts.pods += n->counts.containers > before;
    }
    n->was_whole = n->was_whole || is_whole;
    s->counts.nodes += n->counts.nodes;
    s->counts.pods += n->counts.pods;
    s->counts.containers += n->counts.containers;
}

static const struct usage_point no_point;

/* The point before NEW, out of the LAST one and the one before that; NULL: there is none. */
static const struct usage_point *previous_point(const struct usage_point *new, const struct usage_point *last,
                                                const struct usage_point *prev)
{
    if (!usage_point_is_set(new) || !usage_point_is_set(last))
        return NULL;
    if (new->time_ns > last->time_ns)
        return last;
    return usage_point_is_set(prev) && prev->time_ns < new->time_ns ? prev : NULL;
}

static struct usage_point previous_node_point(const struct batch *new, const struct node_state *old)
{
    const struct usage_point *point = previous_point(&new->node, &old->last->node, &old->prev->node);

    return point != NULL ? *point : no_point;
}

static bool is_fresh(const struct usage_point *new, int64_t limit_ns)
{
    int64_t age_ns;

    return usage_point_is_set(new) && new->start_ns != 0 &&
           !__builtin_sub_overflow(new->time_ns, new->start_ns, &age_ns) &&
           age_ns >= USAGE_FRESH_MIN_NS &&age_ns < limit_ns;
}

static struct usage_point start_of(const struct usage_point *p)
{
    return (struct usage_point){.time_ns = p->start_ns, .start_ns = p->start_ns};
}

static struct usage_point previous_container_point(const struct usage_store *s, const struct usage_point *new,
                                                   const struct usage_point *last, const struct usage_point *prev)
{
    bool was_restarted = new->start_ns >= last->time_ns &&new->start_ns != last->start_ns;
    const struct usage_point *point;

    if (is_fresh(new, s->resolution_ns))
        return start_of(new);
    if (!was_restarted && (point = previous_point(new, last, prev)) != NULL)
        return *point;
    return is_fresh(new, USAGE_FRESH_LATE_NS) ? start_of(new) : no_point;
}

/* The points before those of BATCH, whose roster is that of the last batch: written over LAST's, which becomes PREV. */
static struct batch *exchange(const struct usage_store *s, const struct batch *batch, struct node_state *old)
{
    struct batch *before = old->last;

    before->node = previous_node_point(batch, old);
    for (uint32_t i = 0; i < batch->roster->container_count; i++)
        before->points[i] = previous_container_point(s, &batch->points[i], &before->points[i], &old->prev->points[i]);
    old->last = NULL;
    return before;
}

static int compare_pods(const struct roster_pod *a, const struct roster_pod *b)
{
    int order = str_cmp(a->namespace, b->namespace);

    return order != 0 ? order : str_cmp(a->name, b->name);
}

/* Moves *AT on to the container of pod POD of OLD that is called NAME; false when there is none. Names come in order.
 */
static bool find_container(const struct roster *old, const struct roster_pod *pod, struct str name, uint32_t *at)
{
    int order = -1;

    while (*at < pod->first + pod->count && (order = str_cmp(old->containers[*at].name, name)) < 0)
        ++*at;
    return *at < pod->first + pod->count && order == 0;
}

/* The same for another roster: both are in order, so one walk over each finds what belongs together. OLD may be NULL.
 */
static struct batch *match(const struct usage_store *s, const struct batch *batch, const struct node_state *old)
{
    const struct roster *now = batch->roster;
    const struct roster *was = old != NULL ? old->last->roster : NULL;
    struct batch *before = mem_zalloc(sizeof(*before) + now->container_count * sizeof(before->points[0]));
    uint32_t was_pod = 0;

    before->roster = roster_ref(batch->roster);
    if (old != NULL)
        before->node = previous_node_point(batch, old);
    for (uint32_t i = 0; i < now->pod_count; i++) {
        const struct roster_pod *pod = &now->pods[i];
        while (was != NULL && was_pod < was->pod_count && compare_pods(&was->pods[was_pod], pod) < 0)
            was_pod++;
        bool is_known = was != NULL && was_pod < was->pod_count && compare_pods(&was->pods[was_pod], pod) == 0;
        uint32_t at = is_known ? was->pods[was_pod].first : 0;
        for (uint32_t c = pod->first; c < pod->first + pod->count; c++) {
            bool is_there = is_known && find_container(was, &was->pods[was_pod], now->containers[c].name, &at);
            const struct usage_point *last = is_there ? &old->last->points[at] : &no_point;
            const struct usage_point *prev = is_there ? &old->prev->points[at] : &no_point;
            before->points[c] = previous_container_point(s, &batch->points[c], last, prev);
        }
    }
    return before;
}

static bool has_containers(const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->roster->container_count; i++)
        if (usage_point_is_set(&batch->points[i]))
            return true;
    return false;
}

static struct node_state *add_node(struct usage_store *s, struct str node)
{
    struct node_state *n = mem_zalloc(sizeof(*n));

    n->name = str_dup(node);
    map_put(&s->nodes, str_of(n->name), n);
    return n;
}

void usage_store_put_before(struct usage_store *s, struct str node, struct batch *before)
{
    if (map_get(&s->nodes, node) != NULL) {
        batch_free(before);
        return;
    }
    struct node_state *n = add_node(s, node);
    n->last = before;
    n->prev = mem_zalloc(sizeof(*n->prev) + before->roster->container_count * sizeof(before->points[0]));
    n->prev->roster = roster_ref(before->roster);
}

/* --- clocks that are set --- */

/* Whether the samples' clock and that of their batches have moved on by as much, give or take SLACK_NS. Numbers that
 * are far out wrap around, which does no harm. */
static bool is_off(const struct usage_point *last, const struct usage_point *new, int64_t passed_ns, int64_t slack_ns)
{
    uint64_t off_ns = (uint64_t) new->time_ns - (uint64_t)last->time_ns - (uint64_t)passed_ns;

    return off_ns + (uint64_t)slack_ns > 2 * (uint64_t)slack_ns && usage_point_is_set(last) &&
           usage_point_is_set(new) && last->time_ns != new->time_ns;
}

/* LAST's point of the first container of POD. */
static const struct usage_point *first_container(const struct batch *last, const struct roster *r,
                                                 const struct roster_pod *pod)
{
    const struct roster_pod *was = roster_find_pod(last->roster, pod->namespace, pod->name);
    bool is_same = was != NULL && str_eq(last->roster->containers[was->first].name, r->containers[pod->first].name);

    return is_same ? &last->points[was->first] : &no_point;
}

/* LAST's sample of the node came first at CAME_NS. */
static bool was_clock_set(const struct batch *last, int64_t came_ns, const struct batch *batch)
{
    const struct roster *r = batch->roster;
    int64_t passed_ns = batch->came_ns - came_ns;

    if (came_ns == 0 || batch->came_ns == 0)
        return false;
    if (is_off(&last->node, &batch->node, passed_ns, USAGE_CLOCK_SLACK_NS))
        return true;
    if (last->roster == r) {
        for (uint32_t i = 0; i < r->container_count; i++)
            if (is_off(&last->points[i], &batch->points[i], passed_ns, 10 * USAGE_CLOCK_SLACK_NS))
                return true;
        return false;
    }
    /* some do: it is one clock, and finding them costs more */
    for (uint32_t i = 0; i < r->pod_count && i < PODS_LOOKED_AT; i++)
        if (is_off(first_container(last, r, &r->pods[i]), &batch->points[r->pods[i].first], passed_ns,
                   10 * USAGE_CLOCK_SLACK_NS))
            return true;
    return false;
}

/* When the sample of BATCH's node came first, given that that of LAST's did at CAME_NS. */
static int64_t first_came(const struct batch *last, int64_t came_ns, const struct batch *batch)
{
    bool is_same = usage_point_is_set(&batch->node) && batch->node.time_ns == last->node.time_ns;

    return is_same ? came_ns : batch->came_ns;
}

/* BATCH waits for the sample after it. */
static void wait_for_next(struct node_state *n, struct batch *batch)
{
    if (n->waiting == NULL)
        n->set_ns = batch->came_ns;
    n->waiting_came_ns = n->waiting != NULL ? first_came(n->waiting, n->waiting_came_ns, batch) : batch->came_ns;
    batch_free(n->waiting);
    n->waiting = batch;
    n->has_changed_shape = false;
}

static bool is_newer_than(const struct batch *a, const struct batch *b)
{
    if (usage_point_is_set(&a->node) && usage_point_is_set(&b->node))
        return a->node.time_ns > b->node.time_ns;
    return a->came_ns > b->came_ns;
}

/* From now on FIRST is all that is known of N. */
static void begin_again(const struct usage_store *s, struct node_state *n, struct batch *first)
{
    struct batch *prev = match(s, first, NULL);

    batch_free(n->last);
    batch_free(n->prev);
    n->last = first;
    n->prev = prev;
}

enum clock_state {
    CLOCK_GOES_ON, /* BATCH is to be compared with LAST */
    CLOCK_BEGINS,  /* BATCH is all there is */
    CLOCK_WAITS,   /* BATCH is waiting */
};

static enum clock_state judge_clock(const struct usage_store *s, struct node_state *n, struct batch *batch)
{
    int64_t hold_ns = 2 * s->resolution_ns > USAGE_HOLD_NS ? 2 * s->resolution_ns : USAGE_HOLD_NS;
    const struct batch *last = n->waiting != NULL ? n->waiting : n->last;
    bool was_set = was_clock_set(last, n->waiting != NULL ? n->waiting_came_ns : n->came_ns, batch);

    if (!was_set && n->waiting == NULL)
        return CLOCK_GOES_ON;
    if (!was_set && is_newer_than(batch, n->waiting)) {
        n->came_ns = n->waiting_came_ns;
        begin_again(s, n, n->waiting);
        n->waiting = NULL;
        return CLOCK_GOES_ON;
    }
    bool is_too_long = n->waiting != NULL && batch->came_ns - n->set_ns > hold_ns;
    if (is_too_long || (n->counts.nodes == 0 && n->counts.containers == 0))
        return CLOCK_BEGINS;
    wait_for_next(n, batch);
    return CLOCK_WAITS;
}

/* BATCH becomes N's last; what was the last, or is known of it, the one before. */
static void take_over(const struct usage_store *s, struct node_state *n, struct batch *batch, bool goes_on)
{
    int64_t came_ns = goes_on ? first_came(n->last, n->came_ns, batch) : batch->came_ns;
    struct batch *before;

    if (!goes_on)
        before = match(s, batch, NULL);
    else if (n->last->roster == batch->roster)
        before = exchange(s, batch, n);
    else
        before = match(s, batch, n);
    batch_free(n->last);
    batch_free(n->prev);
    batch_free(n->waiting);
    n->waiting = NULL;
    n->last = batch;
    n->prev = before;
    n->came_ns = came_ns;
}

enum usage_progress usage_store_put(struct usage_store *s, struct str node, struct batch *batch)
{
    struct node_state *n = map_get(&s->nodes, node);
    bool is_new = n == NULL;

    if (is_new)
        n = add_node(s, node);
    bool has_waited = n->waiting != NULL;
    enum clock_state clock = is_new ? CLOCK_BEGINS : judge_clock(s, n, batch);
    if (clock == CLOCK_WAITS)
        return has_waited ? USAGE_FIRST : USAGE_CLOCK_SET;
    bool goes_on = clock == CLOCK_GOES_ON;
    bool is_newer = goes_on && batch->node.time_ns > n->last->node.time_ns;
    bool has_same_roster = !has_waited && !is_new && n->last->roster == batch->roster;
    uint64_t absent = n->absent;
    take_over(s, n, batch, goes_on);
    uncount(s, n);
    count(s, n);
    n->has_changed_shape = !has_same_roster || n->absent != absent;
    if (n->counts.nodes == 0 || !n->was_whole || (n->counts.containers == 0 && has_containers(batch)))
        return USAGE_FIRST;
    return is_newer ? USAGE_NEW : USAGE_SAME;
}

bool usage_store_set_version(struct usage_store *s, struct str node, uint64_t version, uint64_t step)
{
    struct node_state *n = map_get(&s->nodes, node);

    if (n == NULL)
        return true;
    n->version = version;
    n->version_step = step;
    return !n->has_changed_shape;
}

void usage_store_drop(struct usage_store *s, struct str node)
{
    struct node_state *n = map_remove(&s->nodes, node);

    if (n == NULL)
        return;
    uncount(s, n);
    free_node(n);
}

bool usage_store_node(const struct usage_store *s, struct str node, struct usage *out)
{
    const struct node_state *n = map_get(&s->nodes, node);

    if (n == NULL || !usage_point_is_set(&n->prev->node) || !usage_between(&n->prev->node, &n->last->node, out))
        return false;
    out->version = n->version;
    return true;
}

void pod_usage_free(struct pod_usage *p)
{
    free(p->containers);
    *p = (struct pod_usage){0};
}

static void add_container(struct pod_usage *to, struct str name, const struct usage *usage)
{
    if (to->count == to->capacity) {
        to->capacity = to->capacity < 4 ? 4 : to->capacity * 2;
        to->containers = mem_realloc_array(to->containers, to->capacity, sizeof(*to->containers));
    }
    to->containers[to->count++] = (struct container_usage){
        .name = name, .cpu_nanocores = usage->cpu_nanocores, .memory_bytes = usage->memory_bytes};
    if (to->count == 1 || usage->time_ns < to->time_ns) {
        to->time_ns = usage->time_ns;
        to->window_ns = usage->window_ns;
    }
}

static bool pod_of(const struct node_state *n, const struct roster_pod *pod, struct pod_usage *out)
{
    struct usage usage;

    for (uint32_t i = pod->first; i < pod->first + pod->count; i++)
        if (!usage_point_is_set(&n->prev->points[i]))
            return false;
    out->time_ns = out->window_ns = 0;
    out->count = 0;
    out->version = n->version + n->version_step * (1 + (uint64_t)(pod - n->last->roster->pods));
    for (uint32_t i = pod->first; i < pod->first + pod->count; i++)
        if (usage_between(&n->prev->points[i], &n->last->points[i], &usage))
            add_container(out, n->last->roster->containers[i].name, &usage);
    return true;
}

bool usage_store_pod(const struct usage_store *s, struct str node, struct str namespace, struct str name,
                     struct pod_usage *out)
{
    const struct node_state *n = map_get(&s->nodes, node);
    const struct roster_pod *pod = n != NULL ? roster_find_pod(n->last->roster, namespace, name) : NULL;

    return pod != NULL && pod_of(n, pod, out);
}

bool usage_store_next_node(const struct usage_store *s, size_t *at, struct str *name, uint64_t *version)
{
    void *value;

    if (!map_next(&s->nodes, at, name, &value))
        return false;
    *version = ((const struct node_state *)value)->version;
    return true;
}

struct roster *usage_store_roster(const struct usage_store *s, struct str node)
{
    const struct node_state *n = map_get(&s->nodes, node);

    return n != NULL ? n->last->roster : NULL;
}

bool usage_store_pod_at(const struct usage_store *s, struct str node, uint32_t index, struct pod_usage *out)
{
    const struct node_state *n = map_get(&s->nodes, node);

    return n != NULL && pod_of(n, &n->last->roster->pods[index], out);
}
