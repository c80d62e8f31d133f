/*
 * An APIService, read: which group version, who serves it; and where that server is now, by its Service and Endpoints:
 *
 *     type ExternalName   https://EXTERNALNAME:PORT
 *     otherwise           the first ready address of the Service's Endpoints, on the port that the Service's port leads
 *                         to (there is no service network to send it through)
 *
 * Pure but for the look-ups in the registry. Source: Kubernetes API reference, APIService; docs, "Configure the
 * aggregation layer".
 */
#ifndef CLUSTER_API_SERVICE_H
#define CLUSTER_API_SERVICE_H

#include "cluster/registry.h"

struct api_service {
    struct str name;    /* "v1beta1.metrics.k8s.io" */
    struct str group;   /* "metrics.k8s.io" */
    struct str version; /* "v1beta1" */
    bool is_local;      /* spec.service is absent: this server serves it */
    struct str service_namespace;
    struct str service_name;
    int64_t port;
    bool is_insecure;  /* insecureSkipTLSVerify */
    struct str ca_pem; /* caBundle, decoded; empty: the system's roots */
};

/* Strings in ARENA. False when JSON isn't an APIService or its caBundle isn't base64. */
bool api_service_parse(struct arena *arena, struct str json, struct api_service *out, struct error *err);

bool api_service_equal(const struct api_service *a, const struct api_service *b);

/* Why an APIService isn't available, as its condition says. */
struct api_service_fault {
    const char *reason; /* static; NULL: none */
    struct str message; /* in the arena */
};

/*
 * Where SERVICE is now: appends "https://HOST:PORT" to URL. False, with the condition's reason (ServiceNotFound,
 * ServicePortError, EndpointsNotFound, MissingEndpoints) in FAULT, when it is nowhere.
 */
bool api_service_resolve(const struct api_service *service, const struct registry *registry, struct arena *arena,
                         struct buf *url, struct api_service_fault *fault);

/* "NAME.NAMESPACE.svc": what the server's certificate must be valid for. In ARENA. */
struct str api_service_host(const struct api_service *service, struct arena *arena);

#endif
