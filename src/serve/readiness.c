#include "serve/readiness.h"

#include "base/clock.h"

#define NOTHING "no metrics to serve: "

bool readiness_explain(struct usage_counts counts, const struct fleet_status *fleet, struct error *err)
{
    if (counts.nodes > 0 && counts.pods > 0)
        return true;
    if (fleet->nodes == 0)
        return error_set(err, 0, NOTHING "no nodes are known");
    if (fleet->failed > 0)
        return error_set(err, 0, NOTHING "%zu of %zu nodes failed, first: node %s: %s", fleet->failed, fleet->nodes,
                         fleet->first_node, fleet->first_cause);
    if (fleet->pending > 0)
        return error_set(err, 0, NOTHING "%zu of %zu nodes have not answered yet", fleet->pending, fleet->nodes);
    return error_set(err, 0, NOTHING "waiting for second samples of %s", counts.nodes == 0 ? "nodes" : "pods");
}

bool readiness_is_complete(struct usage_counts counts, const struct fleet_status *fleet, int64_t now_ns,
                           struct error *err)
{
    if (counts.nodes + fleet->failed >= fleet->nodes ||
        (fleet->first_end_ns != 0 && now_ns - fleet->first_end_ns >= READINESS_PATIENCE_NS))
        return true;
    return error_set(err, 0, "the first metrics of %zu of %zu nodes are still to come",
                     fleet->nodes - fleet->failed - counts.nodes, fleet->nodes);
}

static bool check_storage(void *arg, struct error *err)
{
    struct readiness *r = arg;
    struct fleet_status fleet = fleet_status(r->fleet);
    struct usage_counts counts = usage_store_counts(r->store);

    if (!readiness_explain(counts, &fleet, err))
        return false;
    if (!r->was_complete)
        r->was_complete = readiness_is_complete(counts, &fleet, clock_mono_ns(), err);
    return r->was_complete;
}

static bool check_reflector(const struct reflector *r, const char *what, struct error *err)
{
    const char *trouble = reflector_trouble(r);

    if (reflector_has_synced(r))
        return true;
    return error_set(err, 0, "%s are not listed yet%s%s", what, trouble[0] != '\0' ? ": " : "", trouble);
}

static bool check_informers(void *arg, struct error *err)
{
    const struct readiness *r = arg;

    return check_reflector(r->nodes, "nodes", err) && check_reflector(r->pods, "pods", err);
}

static bool check_pods(void *arg, struct error *err)
{
    const struct readiness *r = arg;

    return check_reflector(r->pods, "pods", err);
}

static bool check_timely(void *arg, struct error *err)
{
    const struct readiness *r = arg;

    return fleet_is_timely(r->fleet) || error_set(err, 0, "metric collection didn't finish on time");
}

static bool check_authentication(void *arg, struct error *err)
{
    const struct readiness *r = arg;

    if (r->is_authentication_known || !r->needs_authentication)
        return true;
    if (error_is_set(&r->authentication_trouble))
        return error_set(err, 0, "%s", error_text(&r->authentication_trouble));
    return error_set(err, 0, "the authentication configuration hasn't been read yet");
}

static bool check_shutdown(void *arg, struct error *err)
{
    const struct readiness *r = arg;

    return !r->is_stopping || error_set(err, 0, "process is shutting down");
}

void readiness_add_checks(struct readiness *r, struct health *h)
{
    const struct health_check checks[] = {
        {.name = "ping", .endpoints = HEALTH_ALL},
        {.name = "log", .endpoints = HEALTH_ALL},
        {.name = "poststarthook/max-in-flight-filter", .endpoints = HEALTH_ALL},
        {.name = "poststarthook/storage-object-count-tracker-hook", .endpoints = HEALTH_ALL},
        {.name = "metric-storage-ready",
         .endpoints = HEALTH_READYZ,
         .is_public = true,
         .check = check_storage,
         .arg = r},
        {.name = "metric-informer-sync", .endpoints = HEALTH_READYZ, .check = check_informers, .arg = r},
        {.name = "metric-collection-timely", .endpoints = HEALTH_LIVEZ, .check = check_timely, .arg = r},
        {.name = "metadata-informer-sync", .endpoints = HEALTH_ALL, .check = check_pods, .arg = r},
        {.name = "authentication-lookup",
         .endpoints = HEALTH_READYZ,
         .is_public = true,
         .check = check_authentication,
         .arg = r},
        {.name = "shutdown", .endpoints = HEALTH_READYZ, .check = check_shutdown, .arg = r},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        health_add(h, &checks[i]);
}
