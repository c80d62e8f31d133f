/*
 * kubeconfig files, parsed: what client_config_find and client_config_read resolve a context in. Several files act as
 * one: the first to name a cluster, user or context, or to set current-context, wins. Relative paths are relative to
 * the file that holds them. Source: Kubernetes docs, "Organizing Cluster Access Using kubeconfig Files" (merge rules).
 */
#ifndef KUBE_KUBECONFIG_H
#define KUBE_KUBECONFIG_H

#include "kube/client_config.h"

struct kubeconfig_file;

/* A zeroed struct holds no file. */
struct kubeconfig {
    struct kubeconfig_file **files; /* owned, in order */
    size_t count;
};

/* Adds PATH (at most 4 MiB). The error's code is an errno, 0 when it isn't YAML. */
bool kubeconfig_add(struct kubeconfig *k, const char *path, struct error *err);

/* Fills OUT (empty before; partly filled on failure) with CONTEXT, or with the current context when that is NULL or "".
 */
bool kubeconfig_resolve(const struct kubeconfig *k, const char *context, struct client_config *out, struct error *err);

void kubeconfig_free(struct kubeconfig *k);

#endif
