/*
 * The folder that holds one embedded cluster, and what `up`, `down`, `status` and the supervisor agree on in it:
 *
 *     settings.json      addresses, ports and the node's name, written by `up`
 *     lock               flock'ed by the running supervisor, which writes its process id into it
 *     pki/               CAs, certificates and keys (0600)
 *     kubeconfig         for people: the cluster's administrator (0600)
 *     *.kubeconfig       for the components
 *     cluster.db         the API server's storage
 *     static-pods/       one pod manifest per process of the cluster: the node agent shows them as mirror pods
 *     run/NAME.pid       process ids; run/NAME.log what the process said
 *
 * Default: /var/lib/tacho for root, otherwise $XDG_DATA_HOME/tacho or ~/.local/share/tacho.
 */
#ifndef CLI_CLUSTER_FOLDER_H
#define CLI_CLUSTER_FOLDER_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

struct cluster_settings {
    char *address;   /* that the servers listen on, "127.0.0.1" */
    char *node_name; /* lower-case host name */
    uint16_t port;   /* of the API server */
    uint16_t kubelet_port;
    uint16_t metrics_port;
};
void cluster_settings_free(struct cluster_settings *s);

/* The absolute path of the folder: GIVEN when it isn't empty, else the default. The caller frees it. */
char *cluster_folder_path(const char *given, struct error *err);

/* FOLDER/NAME on the heap; the caller frees it. */
char *cluster_folder_file(const char *folder, const char *name);

/* Writes and reads settings.json. Reading fails with ENOENT as code when there is no cluster in FOLDER. */
bool cluster_settings_save(const char *folder, const struct cluster_settings *s, struct error *err);
bool cluster_settings_load(const char *folder, struct cluster_settings *out, struct error *err);

/*
 * Takes the lock for this process, to be held until it ends. Returns the descriptor, or -1: EWOULDBLOCK as code when a
 * supervisor runs already.
 */
int cluster_folder_lock(const char *folder, struct error *err);

/* The process that holds the lock, or 0 when none does. */
pid_t cluster_folder_supervisor(const char *folder);

#endif
