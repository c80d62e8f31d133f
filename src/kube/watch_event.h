/*
 * One event of a watch: {"type":"ADDED","object":{...}}. A view into the line that it was read from, and into the
 * arena. Source: Kubernetes API concepts, "Efficient detection of changes"; metav1.WatchEvent.
 */
#ifndef KUBE_WATCH_EVENT_H
#define KUBE_WATCH_EVENT_H

#include "kube/meta.h"
#include "kube/status.h"

enum watch_event_type {
    WATCH_EVENT_ADDED,
    WATCH_EVENT_MODIFIED,
    WATCH_EVENT_DELETED,
    WATCH_EVENT_BOOKMARK, /* head has a resourceVersion, no name */
    WATCH_EVENT_ERROR,    /* status says what; head is empty */
};

struct watch_event {
    enum watch_event_type type;
    struct str object; /* its bytes */
    struct object_head head;
    struct status status;
};

/* False, with ERR, when LINE is no event or its object isn't valid JSON, or lacks the name or resourceVersion it needs.
 */
bool watch_event_parse(struct arena *arena, struct str line, struct watch_event *out, struct error *err);

#endif
