/*
 * metav1.Status: what an API server answers when it has no object to show, and what clients make of it. Constructors
 * give Kubernetes' own code, reason, message and details; text that has to be put together lives in the arena passed
 * in, everything else is borrowed from the arguments. Field order on the wire: kind, apiVersion, metadata, status,
 * message, reason, details, code. Safe from any thread. Source: Kubernetes API conventions, "Response Status Kind".
 */
#ifndef KUBE_STATUS_H
#define KUBE_STATUS_H

#include "base/error.h"
#include "kube/cause.h"
#include "kube/json_writer.h"

struct status {
    int code;         /* HTTP; 0: not written (a successful delete) */
    bool is_success;  /* "status": Success or Failure */
    bool has_details; /* details is written, if only as {} */
    struct str message;
    struct str reason; /* NotFound, Conflict, ...: machines decide by it */
    struct {
        struct str name;
        struct str group;
        struct str kind; /* the resource ("pods"), for Invalid the kind ("Pod") */
        struct str uid;
        const struct status_cause *causes; /* borrowed */
        size_t cause_count;
        int64_t retry_after_seconds; /* 0: none; servers also send it as Retry-After */
    } details;
};

/* A resource (or, for Invalid, a kind) in its group; the core group is "". */
struct group_resource {
    struct str group;
    struct str resource;
};

/* Appends "pods" or "pods.metrics.k8s.io". */
void group_resource_print(struct buf *to, struct group_resource r);

/* One JSON object, compact, without newline. */
void status_write(struct json_writer *w, const struct status *s);
void status_print(struct buf *to, const struct status *s);

/* The same as protobuf, in its envelope. */
void status_print_protobuf(struct buf *to, const struct status *s);

/* Reads a Status, text borrowed from JSON or the arena. False when JSON is none: another kind, or no JSON. */
bool status_parse(struct arena *arena, struct str json, struct status *out);

/* What a client makes of an HTTP answer with CODE >= 400 whose body may or may not be a Status. Always a failure. */
struct status status_of_response(struct arena *arena, int code, struct str body);

struct status status_success(struct group_resource r, struct str name, struct str uid); /* deleted: no code */

/* Any failure without details. REASON is static text; "" leaves it out, as upstream does for errors it can't explain.
 */
struct status status_failure(int code, const char *reason, struct str message);

struct status status_bad_request(struct str message);                                                      /* 400 */
struct status status_unauthorized(void);                                                                   /* 401 */
struct status status_forbidden(struct arena *a, struct group_resource r, struct str name, struct str why); /* 403 */
struct status status_not_found(struct arena *a, struct group_resource r, struct str name);                 /* 404 */
struct status status_no_such_path(void);                                                                   /* 404 */
struct status status_method_not_allowed(void);                                                             /* 405 */
struct status status_method_not_supported(struct arena *a, struct group_resource r, struct str action);    /* 405 */
struct status status_watch_not_supported(struct arena *a, struct group_resource r);                        /* 405 */
struct status status_not_acceptable(struct arena *a, const struct str *media_types, size_t count);         /* 406 */
struct status status_already_exists(struct arena *a, struct group_resource r, struct str name);            /* 409 */
struct status status_conflict(struct arena *a, struct group_resource r, struct str name, struct str why);  /* 409 */
struct status status_modified(struct arena *a, struct group_resource r, struct str name);                  /* 409 */
struct status status_gone(struct str message);                                                             /* 410 */
struct status status_expired(struct str message);                                                          /* 410 */
struct status status_too_old(struct arena *a, uint64_t asked, uint64_t oldest);                            /* 410 */
struct status status_request_too_large(struct arena *a, struct str message);                               /* 413 */
struct status status_unsupported_media_type(struct arena *a, const struct str *media_types, size_t count); /* 415 */
struct status status_invalid(struct arena *a, struct group_resource kind, struct str name,
                             const struct status_cause *causes, size_t count);           /* 422; causes are borrowed */
struct status status_too_many_requests(struct str message, int64_t retry_after_seconds); /* 429 */
struct status status_internal(struct arena *a, struct str cause);                        /* 500 */
struct status status_service_unavailable(struct str message);                            /* 503 */
struct status status_timeout(struct arena *a, struct str message, int64_t retry_after_seconds); /* 504 */
struct status status_server_timeout(struct arena *a, struct group_resource r, struct str operation,
                                    int64_t retry_after_seconds); /* 500, reason ServerTimeout */

/*
 * 403 as the authorization filter writes it: User "jane" cannot list resource "pods/log" in API group "" in the
 * namespace "x". SUBRESOURCE, NAME, NAMESPACE and REASON may be empty.
 */
struct forbidden_request {
    struct str user;
    struct str verb;
    struct str group;
    struct str resource;
    struct str subresource;
    struct str namespace; /* "": at the cluster scope */
    struct str name;
    struct str reason; /* of the authorizer, appended */
};
struct status status_forbidden_resource(struct arena *a, const struct forbidden_request *r);
struct status status_forbidden_path(struct arena *a, struct str user, struct str verb, struct str path,
                                    struct str reason);

bool status_has_reason(const struct status *s, const char *reason);

/* Puts S into ERR: its message, and its HTTP code as the error's code. Returns false. */
bool status_to_error(const struct status *s, struct error *err);

#endif
