/*
 * How to reach an API server, and as whom: from kubeconfig files or from the pod that we run in.
 * Files are read once; what may change while we run (a token file, client certificate files) keeps its path here and
 * is read again by the REST client. Blocking: for start-up. Everything in the struct is owned by it
 * (client_config_free). Source: Kubernetes docs, "Organizing Cluster Access Using kubeconfig Files", "Accessing the API
 * from a Pod".
 */
#ifndef KUBE_CLIENT_CONFIG_H
#define KUBE_CLIENT_CONFIG_H

#include "base/error.h"
#include "base/flags.h"

/* Strings are NULL when not set. A zeroed struct is empty. */
struct client_config {
    char *server;    /* "https://10.96.0.1:443", perhaps with a path; no slash at the end */
    char *ca;        /* PEM */
    char *cert;      /* PEM; comes with key */
    char *key;       /* PEM */
    char *cert_file; /* where cert and key were read from, when it was from files */
    char *key_file;
    char *token; /* bearer token; when token_file is set, what was read from it */
    char *token_file;
    char *username; /* HTTP basic; comes with password */
    char *password;
    char *as_user; /* impersonation, with as_groups */
    struct string_list as_groups;
    char *tls_server_name; /* verified, and sent as SNI, instead of the server's host name */
    char *proxy_url;       /* NULL: HTTPS_PROXY and NO_PROXY of the environment */
    char *ns;              /* the namespace to use when none is named; never NULL once loaded ("default") */
    bool insecure;         /* don't verify the server's certificate */
    char *source;          /* for messages: the kubeconfig file(s), or "the pod's service account" */
};

/* What the command line says; zeroed: nothing. Borrowed. */
struct client_config_choice {
    const char *kubeconfig; /* --kubeconfig; NULL or "": see client_config_find */
    const char *context;    /* --context; NULL or "": current-context */
    const char *server;     /* --server / --master: replaces the cluster's server; NULL or "": don't */
};

/*
 * As kubectl does: --kubeconfig, else the files of $KUBECONFIG (colon-separated; merged, the first to name a thing
 * wins, missing ones skipped), else ~/.kube/config, else the pod's service account. Relative paths in a file are
 * relative to it. On failure CONFIG is empty and ERR says in one line what is missing, where, and what to do.
 * Authentication by exec plugins and auth providers is refused with an error that says so.
 */
bool client_config_find(struct client_config *config, const struct client_config_choice *choice, struct error *err);

/* One kubeconfig file. CONTEXT as in the choice above. */
bool client_config_read(struct client_config *config, const char *path, const char *context, struct error *err);

/*
 * The pod's service account: token, ca.crt and namespace in FOLDER (NULL:
 * /var/run/secrets/kubernetes.io/serviceaccount) and $KUBERNETES_SERVICE_HOST, $KUBERNETES_SERVICE_PORT.
 */
bool client_config_in_cluster(struct client_config *config, const char *folder, struct error *err);

void client_config_copy(struct client_config *to, const struct client_config *from);
void client_config_free(struct client_config *config);

#endif
