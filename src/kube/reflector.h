/*
 * One resource's list and watch, for ever: what the API server has, as a sequence of events.
 *
 *         start
 *           |
 *           v   page after page            last page: on_gone for what vanished, on_synced
 *     +-> LISTING ------------------------------+
 *     |     | failed                            v
 *     |     v                  ended, dropped, failed
 *     +- WAITING <---------------------------- WATCHING <--+
 *     |     |      (backoff; none after a healthy watch)   |
 *     |     +----------------------------------------------+ from the last resourceVersion
 *     +-- 410 Gone, an ERROR event: list again, consistent read
 *
 * Each object's bytes are handed over once and not kept: here lives only an index of namespace/name -> resourceVersion,
 * so that a second list yields only what changed and on_gone for what vanished. Lists are split into their items while
 * they arrive (kube/list_split.h): memory is the largest object, not the list.
 * An idle watch costs some 35 KiB as one of many HTTP/2 streams, with a connection of its own some 200 KiB.
 *
 * The watch resumes with bookmarks from the last resourceVersion; asks the server to end it after a random 5 to 10
 * minutes; is dropped when the server doesn't. Dropped connections, half events, 401, 429, 5xx, garbage: try again
 * after up to 0.8 s, 1.6 s ... 30 s (random, at least an eighth of it), counted afresh after a minute of health. Each
 * cause is logged once, not once per retry, and its end once.
 *
 * Events of one reflector are in the order that the server had them in. From inside any callback everything here may be
 * called; after reflector_free no callback comes, not even for the rest of the bytes at hand. Owner: loop's
 * thread. Source: Kubernetes API concepts, "Efficient detection of changes", "Watch bookmarks", "Retrieving large
 * results in chunks".
 */
#ifndef KUBE_REFLECTOR_H
#define KUBE_REFLECTOR_H

#include "kube/rest_client.h"

struct reflector;

/* What happened to; borrowed, valid during the callback. */
struct reflector_object {
    struct str ns; /* empty: cluster-scoped */
    struct str name;
    struct str resource_version;
    /*
     * The object as JSON: a syntactically whole value between its braces. Objects of a list carry no kind and
     * apiVersion. Empty in on_gone when the object was missing in a list; else the last state before it was deleted.
     */
    struct str bytes;
};

/* Any may be NULL. An object that was deleted and made again under its name between two lists shows as changed. */
struct reflector_events {
    void (*on_added)(void *owner, const struct reflector_object *object);
    void (*on_changed)(void *owner, const struct reflector_object *object);
    void (*on_gone)(void *owner, const struct reflector_object *object);
    /* Once, after the first whole list: everything that was there has been handed over. */
    void (*on_synced)(void *owner);
};

/* Everything but the client is copied. Zero is the default of each field but path. */
struct reflector_options {
    struct str path; /* the collection: "/api/v1/pods", "/apis/apps/v1/namespaces/a/deployments" (rest_path_add) */
    struct str label_selector; /* not encoded */
    struct str field_selector;
    struct reflector_events events;
    void *owner;

    size_t page_size;        /* objects asked for at once; 0: 500 */
    size_t max_object_bytes; /* a larger object is left out, with a log line; 0: 8 MiB */
    int64_t backoff_min_ms;  /* 0: 800 */
    int64_t backoff_max_ms;  /* 0: 30,000 */
    int64_t healthy_ms;      /* a watch that lived longer clears the backoff; 0: 60,000 */
    int64_t watch_min_s;     /* timeoutSeconds is random between this and twice this; 0: 300 */
    int64_t watch_grace_ms;  /* the server gets that much longer before the watch is dropped; 0: 30,000 */
    int64_t stall_ms;        /* a list of which nothing arrived for so long is dropped; 0: 60,000 */
    uint64_t (*random_below)(uint64_t bound); /* NULL: base/random.h */
};

/* Starts at once (first callback from the loop). CLIENT is borrowed and must outlive the reflector. */
struct reflector *reflector_new(uv_loop_t *loop, struct rest_client *client, const struct reflector_options *options);

/* Ends everything; no callback comes after. Memory is given back by the loop's next round. */
void reflector_free(struct reflector *r);

/* Whether on_synced was (or would have been) called. */
bool reflector_has_synced(const struct reflector *r);

/* Objects known now. */
size_t reflector_count(const struct reflector *r);

/* The resourceVersion last seen, of an object, a list or a bookmark; empty before the first list is whole. Borrowed. */
struct str reflector_resource_version(const struct reflector *r);

/* Why it isn't listing or watching right now, for readiness answers; "" while all is well. Borrowed. */
const char *reflector_trouble(const struct reflector *r);

#endif
