#include "serve/own_metrics.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"

static const double freshness_bounds[] = {1,
                                          1.364,
                                          1.8604960000000004,
                                          2.5377165440000007,
                                          3.4614453660160014,
                                          4.721411479245826,
                                          6.440005257691307,
                                          8.784167171490942,
                                          11.981604021913647,
                                          16.342907885890217,
                                          22.291726356354257,
                                          30.405914750067208,
                                          41.47366771909167,
                                          56.57008276884105,
                                          77.16159289669919,
                                          105.2484127110977,
                                          143.55883493793726,
                                          195.81425085534644,
                                          267.09063816669254,
                                          364.31163045936864};

static const struct metric_spec duration_spec = {.name = "metrics_server_kubelet_request_duration_seconds",
                                                 .help = "Duration of requests to Kubelet API in seconds",
                                                 .type = METRIC_HISTOGRAM,
                                                 .stability = METRIC_ALPHA,
                                                 .labels = {"node"},
                                                 METRIC_DEFAULT_BOUNDS};
static const struct metric_spec total_spec = {.name = "metrics_server_kubelet_request_total",
                                              .help = "Number of requests sent to Kubelet API",
                                              .type = METRIC_COUNTER,
                                              .stability = METRIC_ALPHA,
                                              .labels = {"success"}};
static const struct metric_spec last_spec = {.name = "metrics_server_kubelet_last_request_time_seconds",
                                             .help =
                                                 "Time of last request performed to Kubelet API since unix epoch in "
                                                 "seconds",
                                             .type = METRIC_GAUGE,
                                             .stability = METRIC_ALPHA,
                                             .labels = {"node"}};
static const struct metric_spec freshness_spec = {.name = "metrics_server_api_metric_freshness_seconds",
                                                  .help = "Freshness of metrics exported",
                                                  .type = METRIC_HISTOGRAM,
                                                  .stability = METRIC_ALPHA,
                                                  METRIC_BOUNDS(freshness_bounds)};
static const struct metric_spec points_spec = {.name = "metrics_server_storage_points",
                                               .help = "Number of metrics points stored.",
                                               .type = METRIC_GAUGE,
                                               .stability = METRIC_ALPHA,
                                               .labels = {"type"}};

/* A node's series. */
struct node_series {
    char *name; /* owned; the key */
    struct metric_histogram *duration;
    struct metric_value *last;
};

struct own_metrics {
    struct own_metrics_options options;
    struct metric_family *duration, *last;
    struct map nodes; /* by name; owned */
    struct metric_value *good, *bad, *node_points, *container_points;
    struct metric_histogram *freshness;

    double tick_bounds[METRIC_DEFAULT_BOUND_COUNT + 4];
    struct metric_spec tick_spec;
    struct metric_histogram *tick;
    int64_t tick_start_ns;
    int64_t longest_ns; /* scrape that ended in this tick */
    bool has_begun;     /* a scrape has ended */
};

/* The usual buckets, and some around the resolution. */
static size_t make_tick_bounds(double resolution_s, double *bounds)
{
    size_t count = METRIC_DEFAULT_BOUND_COUNT, at = 0;
    double last = metric_default_bounds[count - 1], near = metric_default_bounds[0];

    memcpy(bounds, metric_default_bounds, sizeof(metric_default_bounds));
    if (resolution_s > last) {
        bounds[count++] = last + (resolution_s - last) / 2;
        bounds[count++] = resolution_s;
        bounds[count++] = resolution_s * 1.5;
        bounds[count++] = resolution_s * 2;
        return count;
    }
    while (at < count && bounds[at] <= resolution_s)
        at++;
    if (at == count || bounds[at] - resolution_s < near || (at > 0 && resolution_s - bounds[at - 1] < near))
        return count;
    memmove(bounds + at + 1, bounds + at, (count - at) * sizeof(*bounds));
    bounds[at] = resolution_s;
    return count + 1;
}

static int64_t now_ns(const struct own_metrics *m)
{
    return m->options.now_ns != NULL ? m->options.now_ns() : clock_mono_ns();
}

/* The first scrape is a tick of its own. */
static void end_first_tick(struct own_metrics *m)
{
    metric_observe_ns(m->tick, m->longest_ns);
    m->tick_start_ns = now_ns(m);
    m->longest_ns = 0;
    m->has_begun = true;
}

/* Counts the ticks that have ended. */
static void end_ticks(struct own_metrics *m)
{
    int64_t ended = (now_ns(m) - m->tick_start_ns) / m->options.resolution_ns;

    if (ended <= 0)
        return;
    metric_observe_ns(m->tick, m->longest_ns);
    metric_observe_many(m->tick, 0, (uint64_t)ended - 1);
    m->tick_start_ns += ended * m->options.resolution_ns;
    m->longest_ns = 0;
}

static void collect(void *arg)
{
    struct own_metrics *m = arg;
    struct usage_counts counts = usage_store_counts(m->options.store);

    end_ticks(m);
    metric_set(m->node_points, (double)counts.nodes);
    metric_set(m->container_points, (double)counts.containers);
}

struct own_metrics *own_metrics_new(const struct own_metrics_options *options)
{
    struct own_metrics *m = mem_zalloc(sizeof(*m));
    struct metrics *registry = options->registry;
    size_t count = make_tick_bounds((double)options->resolution_ns / 1e9, m->tick_bounds);

    m->options = *options;
    m->tick_spec = (struct metric_spec){.name = "metrics_server_manager_tick_duration_seconds",
                                        .help = "The total time spent collecting and storing metrics in seconds.",
                                        .type = METRIC_HISTOGRAM,
                                        .stability = METRIC_ALPHA,
                                        .bounds = m->tick_bounds,
                                        .bound_count = count};
    m->tick = metric_histogram(metrics_add(registry, &m->tick_spec), NULL);
    m->tick_start_ns = now_ns(m);
    m->duration = metrics_add(registry, &duration_spec);
    m->last = metrics_add(registry, &last_spec);
    struct metric_family *total = metrics_add(registry, &total_spec);
    m->good = metric_value(total, METRIC_LABELS(STR("true")));
    m->bad = metric_value(total, METRIC_LABELS(STR("false")));
    m->freshness = metric_histogram(metrics_add(registry, &freshness_spec), NULL);
    struct metric_family *points = metrics_add(registry, &points_spec);
    m->node_points = metric_value(points, METRIC_LABELS(STR("node")));
    m->container_points = metric_value(points, METRIC_LABELS(STR("container")));
    metrics_on_collect(registry, collect, m);
    return m;
}

static void free_node(struct node_series *n)
{
    if (n == NULL)
        return;
    free(n->name);
    free(n);
}

void own_metrics_free(struct own_metrics *m)
{
    size_t at = 0;
    void *value;

    if (m == NULL)
        return;
    while (map_next(&m->nodes, &at, NULL, &value))
        free_node(value);
    map_free(&m->nodes);
    free(m);
}

static struct node_series *node_series(struct own_metrics *m, struct str node)
{
    struct node_series *n = map_get(&m->nodes, node);

    if (n != NULL)
        return n;
    n = mem_zalloc(sizeof(*n));
    n->name = str_dup(node);
    n->duration = metric_histogram(m->duration, &node);
    n->last = metric_value(m->last, &node);
    map_put(&m->nodes, str_of(n->name), n);
    return n;
}

void own_metrics_scraped(struct own_metrics *m, struct str node, bool is_ok, int64_t took_ns, int64_t now_unix_ns)
{
    if (m == NULL)
        return;
    const struct node_series *n = node_series(m, node);

    end_ticks(m);
    if (took_ns > m->longest_ns)
        m->longest_ns = took_ns;
    if (!m->has_begun)
        end_first_tick(m);
    metric_observe_ns(n->duration, took_ns);
    metric_set(n->last, (double)(now_unix_ns / NS_PER_S));
    metric_inc(is_ok ? m->good : m->bad);
}

void own_metrics_node_gone(struct own_metrics *m, struct str node)
{
    if (m == NULL)
        return;
    free_node(map_remove(&m->nodes, node));
    metric_drop(m->duration, &node);
    metric_drop(m->last, &node);
}

struct metric_histogram *own_metrics_freshness(struct own_metrics *m)
{
    return m != NULL ? m->freshness : NULL;
}
