/*
 * Events about this node and its pods, as `kubectl describe` shows them. One that says the same as an earlier one
 * counts that one up instead of making another. They are sent one after the other; while the API server is away they
 * wait, the oldest are dropped beyond a bound.
 *
 * Owner: node/kubelet.h. Loop thread only. Source: API reference, core/v1 Event; behaviour of client-go's recorder.
 */
#ifndef NODE_EVENT_RECORDER_H
#define NODE_EVENT_RECORDER_H

#include <uv.h>

#include "kube/rest_client.h"

struct event_recorder;

/* CLIENT is borrowed. NODE_NAME is copied: it is the events' source.host. */
struct event_recorder *event_recorder_new(uv_loop_t *loop, struct rest_client *client, struct str node_name);

/* What was not sent yet is dropped. The loop must turn once more. */
void event_recorder_free(struct event_recorder *r);

enum event_type {
    EVENT_NORMAL,
    EVENT_WARNING,
};

/* What an event is about. Copied where needed. */
struct event_subject {
    struct str kind;      /* "Node", "Pod" */
    struct str namespace; /* "": cluster-scoped; the event is then put into "default" */
    struct str name;
    struct str uid;        /* for a Node its name, as kubelets write; for a static pod the manifest's uid */
    struct str field_path; /* "spec.containers{NAME}", or "" */
};

/* REASON is static, MESSAGE is copied. */
void event_record(struct event_recorder *r, const struct event_subject *subject, enum event_type type,
                  const char *reason, struct str message);

#endif
