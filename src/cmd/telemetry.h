/*
 * metrics-server's own metrics: the registry behind /metrics, and who counts into it. Owner: main. Loop thread only.
 */
#ifndef CMD_TELEMETRY_H
#define CMD_TELEMETRY_H

#include "apiserver/request_metrics.h"
#include "base/metrics.h"
#include "net/fetch.h"

struct build_version;

struct telemetry {
    struct metrics *registry;
    struct request_metrics *requests;
};

/* Before everything that counts. VERSION is borrowed. */
void telemetry_open(struct telemetry *t, const struct build_version *version);

/* What goes over POOL is counted. */
void telemetry_watch_calls(struct telemetry *t, struct fetch_pool *pool);

/* SERVER's requests are counted, and /metrics is routed. */
void telemetry_serve(struct telemetry *t, struct api_server *server);

/* After the server and the loop; before those who made families in the registry. */
void telemetry_close(struct telemetry *t);

#endif
