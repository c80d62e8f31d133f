#include "cmd/telemetry.h"

#include "apiserver/server.h"
#include "base/process_metrics.h"
#include "kube/rest_metrics.h"

static bool knows(void *arg, const struct api_attributes *what)
{
    (void)arg;
    return str_eq(what->group, STR("metrics.k8s.io")) && what->subresource.len == 0 &&
           (str_eq(what->version, STR("v1beta1")) || str_eq(what->version, STR("v1"))) &&
           (str_eq(what->resource, STR("nodes")) || str_eq(what->resource, STR("pods")));
}

void telemetry_open(struct telemetry *t, const struct build_version *version)
{
    const struct request_metrics_options options = {.knows = knows};
    const struct build_labels labels = {
        .major = version->major,
        .minor = version->minor,
        .git_version = version->git_version,
        .git_commit = version->git_commit,
        .build_date = version->build_date,
        .compiler = "cc",
        .platform = build_platform,
    };

    t->registry = metrics_new();
    process_metrics_add(t->registry, "/proc/self", "/proc/stat");
    build_info_metrics_add(t->registry, &labels);
    t->requests = request_metrics_new(t->registry, &options);
}

void telemetry_watch_calls(struct telemetry *t, struct fetch_pool *pool)
{
    rest_metrics_observe(t->registry, pool);
}

void telemetry_serve(struct telemetry *t, struct api_server *server)
{
    request_metrics_observe(t->requests, server);
    metrics_route(t->registry, server);
}

void telemetry_close(struct telemetry *t)
{
    metrics_free(t->registry);
    request_metrics_free(t->requests);
}
