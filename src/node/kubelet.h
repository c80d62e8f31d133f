/*
 * The node agent as a whole: follows the static pods, measures, serves, registers the node and keeps its status, lease,
 * pods and events in the API server current. Everything works from local knowledge while the API server is away.
 *
 * Every 10 s, besides all events: the folder of static pods is looked through, a sample taken, and the serving
 * certificate read again when its files changed.
 *
 * Owner: cli/kubelet.c. Loop thread only.
 */
#ifndef NODE_KUBELET_H
#define NODE_KUBELET_H

#include <uv.h>

#include "base/error.h"
#include "kube/client_config.h"

struct kubelet;

/* Strings are borrowed until kubelet_new returns; "" where a thing isn't given. */
struct kubelet_options {
    const struct client_config *config; /* the API server, and who we are there */
    const char *node_name;              /* "": the host's name */
    const char *node_ip;                /* "": the address of the default route, else of the loopback */
    const char *address;                /* to listen on */
    uint16_t port;                      /* 0: any */
    const char *tls_cert_file;          /* "" both: a self-signed pair in cert_dir */
    const char *tls_key_file;
    const char *cert_dir;
    const char *client_ca_file;  /* "": no client certificate is accepted */
    const char *manifest_folder; /* "": no static pods */
    const char *cgroup_root;     /* see node/pod_cgroups.h */
    const char *root_folder;
    int64_t max_pods;
};

/* NULL when something is wrong that waiting doesn't mend: files, addresses. The API server need not be there. */
struct kubelet *kubelet_new(uv_loop_t *loop, const struct kubelet_options *options, struct error *err);

uint16_t kubelet_port(const struct kubelet *k);

/* Lets requests end, frees everything. The loop runs empty then. */
void kubelet_close(struct kubelet *k);

#endif
