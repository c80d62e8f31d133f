/*
 * The aggregation layer: group versions that other servers serve, by APIService objects.
 *
 *   - Each group version of our own has an APIService "Local", made at start.
 *   - Others are probed (cluster/api_service_probe.h): at once when the APIService, its Service or its Endpoints change
 *     or a request couldn't reach it, every 30 s while all is well, after 100 ms and then ever longer waits up to 5 s
 *     while it isn't. The outcome is condition Available:
 *
 *         True   Passed                "all checks passed"
 *         False  ServiceNotFound, ServicePortError, EndpointsNotFound, MissingEndpoints, FailedDiscoveryCheck
 *
 *   - Requests for an available one are passed on (cluster/aggregation_proxy.h). Requests for one that isn't get 503
 *     "service unavailable".
 *   - Discovery: /apis and /apis/GROUP are answered here, available or not; what the group version's resources are, for
 *     aggregated discovery, is the answer to the last good probe.
 *
 * Loop thread only. Source: Kubernetes docs, "Kubernetes API Aggregation Layer".
 */
#ifndef CLUSTER_AGGREGATION_H
#define CLUSTER_AGGREGATION_H

#include "apiserver/authn.h"
#include "cluster/api_discovery.h"
#include "cluster/registry.h"

struct aggregation;

struct aggregation_options {
    struct registry *registry;       /* borrowed */
    struct api_discovery *discovery; /* borrowed */
    const struct authn *authn;       /* borrowed: tells which headers carry credentials */
    struct str proxy_cert_pem;       /* --proxy-client-cert-file, --proxy-client-key-file; may be empty */
    struct str proxy_key_pem;
};

/* Copies OPTIONS. Starts at once. NULL when the proxy's certificate and key don't belong together. */
struct aggregation *aggregation_new(uv_loop_t *loop, const struct aggregation_options *options, struct error *err);

/* Requests must be gone by then. The loop's next turns give the memory back. */
void aggregation_free(struct aggregation *a);

/*
 * Takes R, whatever its method, when its path is /apis/GROUP/VERSION of a group version that another server serves, or
 * below it. False: R is untouched. Ask it before discovery_handle.
 */
bool aggregation_handle(struct aggregation *a, struct api_request *r);

#endif
