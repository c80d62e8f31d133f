/*
 * The Node object in the API server: made when it isn't there, kept up to date while it is.
 *
 *     UNKNOWN --GET--> 404: POST --+
 *        ^               200 ------+--> KNOWN
 *        +---- the Node was deleted ------+
 *
 * Every 10 s facts are gathered. They are written (GET, then PUT .../status) when anything but heartbeats would change,
 * or five minutes after the last time. Failures are tried again after 0.1 s, doubling to 7 s.
 *
 * What others write into the Node (labels, taints, conditions of controllers) is kept: each write starts from a fresh
 * read, and a conflict starts over. A deletion is seen by a watch and answered by a new Node.
 *
 * Owner: node/kubelet.h. Loop thread only. Source: Kubernetes docs, "Nodes", "Self-registration".
 */
#ifndef NODE_REGISTRATION_H
#define NODE_REGISTRATION_H

#include <uv.h>

#include "kube/rest_client.h"
#include "node/node_object.h"

struct registration;

struct registration_options {
    uv_loop_t *loop;
    struct rest_client *client; /* borrowed */
    struct str node_name;       /* copied */
    int64_t interval_ms;        /* how often facts are gathered; 0: 10 s */
    int64_t report_ms;          /* how often they are written without a change; 0: 5 min */
    /* All required. */
    void (*gather)(void *arg, struct node_facts *out); /* what OUT points to lives until the next */
    void (*on_known)(void *arg, struct str uid);       /* registered, perhaps anew */
    void (*on_event)(void *arg, bool is_warning, const char *reason, struct str message); /* REASON is static */
    void *arg;
};

/* Copies OPTIONS. Starts at once. */
struct registration *registration_new(const struct registration_options *options);

/* The loop must turn once more. */
void registration_free(struct registration *r);

bool registration_is_known(const struct registration *r);

#endif
