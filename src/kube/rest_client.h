/*
 * Calls to a Kubernetes API server. A client is an address and an identity (kube/client_config.h) over a fetch pool; it
 * adds credentials, user agent and Accept, collects the answer up to a limit, decodes Status on failure, and repeats
 * what can be repeated:
 *
 *     outcome                                             repeated for
 *     429; 503 with Retry-After                           every method: the server says it did nothing
 *     500, 502, 503, 504; connection broken mid-way       GET, HEAD, PUT, DELETE
 *     401 after which the token file turns out changed    every method, once
 *     never connected (refused, no address, no TLS)       never: the caller hears at once
 *
 * after Retry-After seconds and a random time up to 100 ms, 200 ms, 400 ms ... 10 s; at most max_attempts times, all of
 * it within timeout_ms. Token and client certificate files are read again when they change: looked at once a minute at
 * most, and after a 401 once in 10 s.
 *
 * A call lives from rest_start until on_done has returned or rest_cancel. on_done comes from the loop, never from
 * inside rest_start. From inside on_done everything may be called, rest_client_free too. Owner: the loop's thread.
 * Source: Kubernetes API concepts; API conventions, "Response Status Kind"; RFC 9110 (Retry-After).
 */
#ifndef KUBE_REST_CLIENT_H
#define KUBE_REST_CLIENT_H

#include "base/buf.h"
#include "kube/client_config.h"
#include "net/fetch.h"

struct rest_client;
struct rest_call;

/* CONFIG is copied. USER_AGENT NULL: "tacho/VERSION". POOL must outlive the client. */
struct rest_client *rest_client_new(struct fetch_pool *pool, const struct client_config *config,
                                    const char *user_agent);

/* Cancels the client's calls; no callback comes after. Streams (rest_stream) are their starters' to cancel, before
 * this. */
void rest_client_free(struct rest_client *client);

/* The server's address, for messages. Borrowed. */
const char *rest_client_server(const struct rest_client *client);

/* The configuration; credentials are as last read. Borrowed; valid until the next call. */
const struct client_config *rest_client_config(const struct rest_client *client);

struct fetch_pool *rest_client_pool(const struct rest_client *client);

/* How a call ended; borrowed, valid during on_done. */
struct rest_result {
    bool ok;         /* a 2xx answer came whole */
    int status;      /* HTTP status; 0 when no answer came whole: then ERR says why (code: enum fetch_failure) */
    struct str body; /* of whatever status */
    struct str content_type;
    struct str
        reason; /* of the Status: "NotFound", "AlreadyExists", "Conflict", "Expired"...; empty when there was none */
    struct str
        message; /* of the Status, or else the beginning of the body, or the HTTP status in words; empty when ok */
    int64_t retry_after_s; /* from the header or the Status; -1: none */
    /*
     * NULL when ok. Otherwise the sentence for people: "POST https://h:6443/api/v1/nodes: nodes "a" already exists",
     * code = HTTP status or, when status is 0, enum fetch_failure.
     */
    const struct error *err;
};

typedef void (*rest_on_done)(void *owner, const struct rest_result *result);

/* Everything is copied by rest_start. Zero is a sensible default for each field but path and on_done. */
struct rest_request {
    struct str method;           /* empty: GET */
    struct str path;             /* "/api/v1/nodes/a": encoded; see rest_path */
    struct str query;            /* "limit=500&watch=1": encoded, without "?"; see rest_query_add */
    struct str body;             /* sent when ptr isn't NULL */
    struct str content_type;     /* of the body; empty: application/json */
    struct str accept;           /* empty: application/json */
    struct http_headers headers; /* more of them */
    size_t max_body_bytes;       /* of the answer; 0: 16 MiB. More is an error (FETCH_BROKEN) */
    int64_t timeout_ms;          /* for all attempts together; 0: 30 s */
    int max_attempts;            /* 0: 5; 1: never repeat */
    int64_t backoff_ms;          /* the first wait is at most this; 0: 100 */
    void *owner;
    rest_on_done on_done;
};

/* Never NULL. */
struct rest_call *rest_start(struct rest_client *client, const struct rest_request *request);

/* Ends the call without on_done. In its own on_done it does nothing. */
void rest_cancel(struct rest_call *call);

/* The usual ones. BODY is JSON. PATH as in the request; a query may follow after "?". */
struct rest_call *rest_get(struct rest_client *client, struct str path, rest_on_done on_done, void *owner);
struct rest_call *rest_create(struct rest_client *client, struct str path, struct str body, rest_on_done on_done,
                              void *owner);
struct rest_call *rest_update(struct rest_client *client, struct str path, struct str body, rest_on_done on_done,
                              void *owner);
struct rest_call *rest_delete(struct rest_client *client, struct str path, rest_on_done on_done, void *owner);

enum rest_patch_type {
    REST_PATCH_MERGE,     /* application/merge-patch+json */
    REST_PATCH_JSON,      /* application/json-patch+json */
    REST_PATCH_STRATEGIC, /* application/strategic-merge-patch+json */
};
struct rest_call *rest_patch(struct rest_client *client, struct str path, enum rest_patch_type type, struct str body,
                             rest_on_done on_done, void *owner);

/*
 * A request whose answer is used as it comes (a watch, a long list, a log): credentials are added, nothing is collected
 * or repeated. Of OPTIONS the callbacks, owner, timeouts and may_pause are used, of REQUEST all but those. Cancel with
 * fetch_cancel. After an answer 401, tell the client by rest_client_was_refused.
 */
struct fetch *rest_stream(struct rest_client *client, const struct rest_request *request,
                          const struct fetch_options *options);
void rest_client_was_refused(struct rest_client *client);

/*
 * Appends "/apis/GROUP/VERSION/namespaces/NS/RESOURCE/NAME/SUBRESOURCE" ("/api/v1" for the core group ""), leaving out
 * what is empty after VERSION; segments are percent-encoded.
 */
struct rest_path {
    struct str group, version, ns, resource, name, subresource;
};
void rest_path_add(struct buf *to, const struct rest_path *path);

/* Appends "&name=value" (without "&" when TO is empty), percent-encoded. */
void rest_query_add(struct buf *to, const char *name, struct str value);

#endif
