/*
 * The API objects that make metrics-server a part of an embedded cluster: those of its well-known manifests but the
 * Deployment, with a Service of type ExternalName that leads the aggregation layer to the process on this machine.
 */
#ifndef CLI_METRICS_ADDON_H
#define CLI_METRICS_ADDON_H

#include "base/arena.h"
#include "cli/cluster_folder.h"

#define METRICS_ADDON_OBJECTS 8

struct addon_object {
    struct str collection; /* "/api/v1/namespaces/kube-system/services" */
    struct str name;
    struct str body; /* JSON; also right as a merge patch on what is there */
};

/* Fills OUT; everything is in ARENA. CA_PEM signed metrics-server's serving certificate. */
void metrics_addon_objects(const struct cluster_settings *s, struct str ca_pem, struct arena *arena,
                           struct addon_object out[METRICS_ADDON_OBJECTS]);

#endif
