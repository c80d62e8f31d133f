#include "apiserver/delegated_metrics.h"

#include "base/alloc.h"

static const double call_bounds[] = {0.25, 0.5, 0.7, 1, 1.5, 3, 5, 10};

static const struct metric_spec authn_requests = {
    .name = "apiserver_delegated_authn_request_total",
    .help = "Number of HTTP requests partitioned by status code.",
    .type = METRIC_COUNTER,
    .stability = METRIC_ALPHA,
    .labels = {"code"},
};
static const struct metric_spec authn_durations = {
    .name = "apiserver_delegated_authn_request_duration_seconds",
    .help = "Request latency in seconds. Broken down by status code.",
    .type = METRIC_HISTOGRAM,
    .stability = METRIC_ALPHA,
    .labels = {"code"},
    METRIC_BOUNDS(call_bounds),
};
static const struct metric_spec authz_requests = {
    .name = "apiserver_delegated_authz_request_total",
    .help = "Number of HTTP requests partitioned by status code.",
    .type = METRIC_COUNTER,
    .stability = METRIC_ALPHA,
    .labels = {"code"},
};
static const struct metric_spec authz_durations = {
    .name = "apiserver_delegated_authz_request_duration_seconds",
    .help = "Request latency in seconds. Broken down by status code.",
    .type = METRIC_HISTOGRAM,
    .stability = METRIC_ALPHA,
    .labels = {"code"},
    METRIC_BOUNDS(call_bounds),
};

static const struct metric_spec cache_requests = {
    .name = "authentication_token_cache_request_total",
    .help = "Bearer tokens looked up, by whether what is known of them was kept (hit) or had to be asked for (miss).",
    .type = METRIC_COUNTER,
    .stability = METRIC_ALPHA,
    .labels = {"status"},
};
static const struct metric_spec cache_durations = {
    .name = "authentication_token_cache_request_duration_seconds",
    .help = "Time to look a bearer token up, by hit and miss.",
    .type = METRIC_HISTOGRAM,
    .stability = METRIC_ALPHA,
    .labels = {"status"},
    METRIC_DEFAULT_BOUNDS,
};
static const struct metric_spec cache_fetches = {
    .name = "authentication_token_cache_fetch_total",
    .help = "Bearer tokens asked for, by whether there was an answer (ok) or not (error).",
    .type = METRIC_COUNTER,
    .stability = METRIC_ALPHA,
    .labels = {"status"},
};
static const struct metric_spec cache_active = {
    .name = "authentication_token_cache_active_fetch_count",
    .help = "Bearer tokens being asked for (in_flight), and requests that wait for them (blocked).",
    .type = METRIC_GAUGE,
    .stability = METRIC_ALPHA,
    .labels = {"status"},
};

struct review_metrics access_review_metrics(struct metrics *registry)
{
    return (struct review_metrics){.requests = metrics_add(registry, &authz_requests),
                                   .durations = metrics_add(registry, &authz_durations)};
}

struct review_metrics token_review_metrics(struct metrics *registry)
{
    struct metric_family *requests = metrics_add(registry, &cache_requests);
    struct metric_family *durations = metrics_add(registry, &cache_durations);
    struct metric_family *fetches = metrics_add(registry, &cache_fetches);
    struct metric_family *active = metrics_add(registry, &cache_active);

    return (struct review_metrics){
        .requests = metrics_add(registry, &authn_requests),
        .durations = metrics_add(registry, &authn_durations),
        .hits = metric_value(requests, METRIC_LABELS(STR("hit"))),
        .misses = metric_value(requests, METRIC_LABELS(STR("miss"))),
        .hit_duration = metric_histogram(durations, METRIC_LABELS(STR("hit"))),
        .miss_duration = metric_histogram(durations, METRIC_LABELS(STR("miss"))),
        .fetched = metric_value(fetches, METRIC_LABELS(STR("ok"))),
        .failed = metric_value(fetches, METRIC_LABELS(STR("error"))),
        .in_flight = metric_value(active, METRIC_LABELS(STR("in_flight"))),
        .blocked = metric_value(active, METRIC_LABELS(STR("blocked"))),
    };
}

void review_metrics_called(const struct review_metrics *m, int status, int64_t took_ns)
{
    auto_buf struct buf code = {0};

    if (m->requests == NULL)
        return;
    if (status > 0)
        buf_printf(&code, "%d", status);
    else
        buf_add_cstr(&code, "<error>");
    metric_inc(metric_value(m->requests, METRIC_LABELS(buf_str(&code))));
    metric_observe_ns(metric_histogram(m->durations, METRIC_LABELS(buf_str(&code))), took_ns);
}
