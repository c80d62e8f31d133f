/*
 * metrics-server's clients of the cluster's API server: one for everything, and others in its place for authentication
 * and authorization where flags name kubeconfigs of their own. Owner: main. Loop thread only.
 */
#ifndef CMD_API_CLIENTS_H
#define CMD_API_CLIENTS_H

#include "cmd/metrics_server_flags.h"
#include "kube/client_config.h"
#include "kube/rest_client.h"

#define METRICS_SERVER_USER_AGENT "metrics-server/v" TACHO_VERSION

struct api_clients {
    struct fetch_pool *pool;
    struct client_config config; /* the first one's, kept for the kubelets' credentials */
    struct rest_client *cluster; /* nodes and pods */
    struct rest_client *authn;   /* TokenReviews and the ConfigMap; may be CLUSTER */
    struct rest_client *authz;   /* SubjectAccessReviews; may be CLUSTER */
};

/* False when a kubeconfig can't be read, or there is none. The process ends then: nothing is given back. */
bool api_clients_open(struct api_clients *c, uv_loop_t *loop, const struct metrics_server_flags *flags,
                      struct error *err);

/* Closes them; whoever uses one must be gone. The configuration stays until api_clients_free. */
void api_clients_close(struct api_clients *c);
void api_clients_free(struct api_clients *c);

#endif
