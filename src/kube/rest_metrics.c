#include "kube/rest_metrics.h"

#include "base/alloc.h"

struct rest_metrics {
    struct metric_family *requests;
    struct metric_family *durations;
};

static const double bounds[] = {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};

static const struct metric_spec requests_spec = {
    .name = "rest_client_requests_total",
    .help = "Number of HTTP requests, partitioned by status code, method, and host.",
    .type = METRIC_COUNTER,
    .stability = METRIC_ALPHA,
    .labels = {"code", "host", "method"},
};
static const struct metric_spec durations_spec = {
    .name = "rest_client_request_duration_seconds",
    .help = "Request latency in seconds. Broken down by verb, and host.",
    .type = METRIC_HISTOGRAM,
    .stability = METRIC_ALPHA,
    .labels = {"host", "verb"},
    METRIC_BOUNDS(bounds),
};

/* A call crosses the network: looking its series up doesn't matter. */
static void on_answered(void *arg, struct str method, struct str where, int status)
{
    const struct rest_metrics *m = arg;
    auto_buf struct buf code = {0};

    if (status > 0)
        buf_printf(&code, "%d", status);
    else
        buf_add_cstr(&code, "<error>");
    metric_inc(metric_value(m->requests, METRIC_LABELS(buf_str(&code), where, method)));
}

static void on_took(void *arg, struct str method, struct str where, int64_t took_ns)
{
    const struct rest_metrics *m = arg;

    metric_observe_ns(metric_histogram(m->durations, METRIC_LABELS(where, method)), took_ns);
}

void rest_metrics_observe(struct metrics *registry, struct fetch_pool *pool)
{
    struct rest_metrics *m = mem_alloc(sizeof(*m));

    *m = (struct rest_metrics){.requests = metrics_add(registry, &requests_spec),
                               .durations = metrics_add(registry, &durations_spec)};
    metrics_keep(registry, m);
    fetch_pool_observe(pool, &(struct fetch_observer){.on_answered = on_answered, .on_took = on_took, .arg = m});
}
