/*
 * The node agent's HTTPS server:
 *
 *     /metrics/resource                     figures for metrics-server          nodes/metrics
 *     /stats/summary                        the same and more, as JSON          nodes/stats
 *       ?only_cpu_and_memory=true
 *     /pods, /runningpods/                  the pods of this node               nodes/pods, else nodes/proxy
 *     /healthz, /healthz/NAME               checks ping, log, syncloop          nodes/healthz, else nodes/proxy
 *
 * Nobody is anonymous: client certificates of the cluster's CA, or bearer tokens by TokenReview. What a request may do
 * is asked by SubjectAccessReview with the resource at the right, this node's name and the verb of the method.
 *
 * Owner: node/kubelet.h. Loop thread only. Source: Kubernetes docs, "Kubelet authentication/authorization".
 */
#ifndef NODE_NODE_SERVER_H
#define NODE_NODE_SERVER_H

#include "apiserver/server.h"
#include "kube/rest_client.h"
#include "node/mirror_pods.h"
#include "node/sampler.h"

struct node_server;

struct node_server_options {
    struct str node_name; /* copied */
    struct str node_ip;   /* copied */
    struct tls_server *tls;
    struct str client_ca_pem;
    struct rest_client *client;
    struct sampler *sampler;
    struct static_pods *pods;
    struct mirror_pods *mirrors;
    bool (*is_in_sync)(void *arg, struct error *err); /* the check syncloop */
    void *arg;
};

/* Everything but what says "copied" is borrowed. NULL when the CA is malformed. Not listening yet. */
struct node_server *node_server_new(uv_loop_t *loop, const struct node_server_options *options, struct error *err);

bool node_server_listen(struct node_server *s, const char *address, uint16_t port, struct error *err);
uint16_t node_server_port(const struct node_server *s);
void node_server_set_tls(struct node_server *s, struct tls_server *tls); /* for new connections */

/* Ends within GRACE_NS and calls ON_CLOSED; the server frees itself. */
void node_server_close(struct node_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

/*
 * Which subresource of nodes a path stands for: "metrics", "stats", "log", "checkpoint", "proxy". FINE gets a narrower
 * one that is enough by itself, or "".
 */
struct str node_server_subresource(struct str path, struct str *fine);

#endif
