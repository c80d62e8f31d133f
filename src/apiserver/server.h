/*
 * An API server: listens (net/http_server.h) and leads every request through the same filters to its handler:
 *
 *     head -> read (audit id, attributes) -> draining? 503 -> authenticate 401 -> impersonate 403 -> in-flight limit
 * 429
 *          -> authorize 403, 500 -> route 404 -> handler
 *
 * with a deadline (504) over all of it, except for long-running requests. Each step may take several turns of the loop;
 * a request that closes meanwhile is dropped where it is (apiserver/request.h).
 *
 * Shutdown: api_server_drain makes api_server_is_draining true (readiness looks at it) and nothing else;
 * api_server_close stops listening, answers 503 to new requests on open connections, and lets those in flight end.
 * Long-running ones (watches) are ended: their answers end in good order. With sends_retry_after it stops listening
 * only when all others have been answered, and answers new ones, but for the health endpoints, 429 with Retry-After.
 *
 * Loop thread only. Source: Kubernetes docs, "Controlling access to the Kubernetes API".
 */
#ifndef APISERVER_SERVER_H
#define APISERVER_SERVER_H

#include "apiserver/authn.h"
#include "apiserver/authz.h"
#include "apiserver/response.h"

/* A request that doesn't reach a handler, or whose handler is too slow. */
enum api_failure_kind {
    API_FAILURE_MALFORMED,     /* 400, 500: the path or ?timeout can't be understood; err */
    API_FAILURE_DRAINING,      /* 503 */
    API_FAILURE_UNAUTHORIZED,  /* 401; err (may be NULL) says why, for the log */
    API_FAILURE_IMPERSONATION, /* 400, 500: headers that make no sense; err */
    API_FAILURE_FORBIDDEN,     /* 403; user, what, reason */
    API_FAILURE_AUTHORIZER,    /* 500; err */
    API_FAILURE_BUSY,          /* 429 */
    API_FAILURE_NO_ROUTE,      /* 404 */
    API_FAILURE_DEADLINE,      /* 504 */
};

/* Borrowed for the call. */
struct api_failure {
    enum api_failure_kind kind;
    const struct user *user;
    const struct api_attributes *what;
    struct str reason;
    const struct error *err;
};

struct path_list;
struct cors;

struct api_server_options {
    struct tls_server *tls;           /* borrowed */
    const struct http_limits *limits; /* copied; NULL: defaults */
    struct authenticator authn;       /* required */
    struct authorizer authz;          /* required */

    unsigned max_in_flight;          /* reading requests; 0: 400 */
    unsigned max_mutating_in_flight; /* 0: 200 */
    int64_t deadline_ns;             /* 0: 60 s */

    struct str hsts;         /* Strict-Transport-Security of every answer; "": none. Borrowed */
    const struct cors *cors; /* cross-origin requests (apiserver/cors.h); NULL: as any other. Borrowed */
    double goaway_chance;    /* the part of HTTP/2 requests after which the connection is ended in good order */

    bool sends_retry_after;        /* closing, it listens until the requests in flight are answered: see above */
    int64_t long_running_grace_ns; /* closing, long-running requests may go on for so long */

    void *arg; /* of the functions below; borrowed. Each may be NULL */

    /*
     * Changes what the authorizer is asked about (a copy of R's attributes), for servers whose paths aren't the API's:
     * the kubelet's nodes/metrics and so on.
     */
    void (*resolve)(void *arg, const struct api_request *r, struct api_attributes *what);

    /* Whether R is long-running beyond watches (verb watch) and subresources proxy, exec, attach, log, portforward. */
    bool (*is_long_running)(void *arg, const struct api_request *r);

    /* Adds the paths that "/" and 404s show beyond the routes: those of discovery (path_list_add). */
    void (*list_paths)(void *arg, struct path_list *to);

    /* Answers R in the place of the default texts (api_fail). Must answer at once. */
    void (*fail)(void *arg, struct api_request *r, const struct api_failure *failure);
};

/* Adds PATH (copied). */
void path_list_add(struct path_list *to, struct str path);

/* Copies OPTIONS. Not listening yet. */
struct api_server *api_server_new(uv_loop_t *loop, const struct api_server_options *options);

/* Answers R with response.h, at once or later. R is authenticated and authorized. */
typedef void api_handler(void *arg, struct api_request *r);

/*
 * Requests for PATH go to HANDLER. PATH is borrowed, static. A path that ends in "/" takes all that is below it
 * ("/apis/" takes "/apis/x" but neither "/apis" nor "/apisx"); the longest wins. A second route for the same path
 * replaces the first. Methods are the handler's business.
 */
void api_server_route(struct api_server *s, const char *path, api_handler *handler, void *arg);

/* The same, but the path isn't shown in "/" and in 404s ({"paths":[...]}). */
void api_server_route_unlisted(struct api_server *s, const char *path, api_handler *handler, void *arg);

/* Shows PATH (copied) in "/" and 404s too, when a route for something longer or shorter takes it. */
void api_server_list_path(struct api_server *s, struct str path);

/* As http_server_listen, http_server_adopt, http_server_port, http_server_set_tls. */
bool api_server_listen(struct api_server *s, const char *address, uint16_t port, struct error *err);
bool api_server_adopt(struct api_server *s, int fd, struct error *err);
uint16_t api_server_port(const struct api_server *s);
void api_server_set_tls(struct api_server *s, struct tls_server *tls);

void api_server_drain(struct api_server *s);
bool api_server_is_draining(const struct api_server *s);

/* Drains, closes within GRACE_NS, frees everything and calls ON_CLOSED (may be NULL). */
void api_server_close(struct api_server *s, int64_t grace_ns, void (*on_closed)(void *arg), void *arg);

/* Requests under way now, long-running ones included. */
unsigned api_server_in_flight(const struct api_server *s);

/* Of those, the ones that are counted against max_in_flight and max_mutating_in_flight. */
void api_server_load(const struct api_server *s, unsigned *reading, unsigned *mutating);

/* As http_server_handshake_failures. */
uint64_t api_server_handshake_failures(const struct api_server *s);

/* The default answer to a failure: a Status, or the text of Kubernetes' API servers. */
void api_fail(struct api_request *r, const struct api_failure *failure);

/* A route's handler that answers as an unknown path does: 404 {"paths":[...]}; "/" is answered with the same, 200. */
void api_respond_paths(struct api_request *r, int code);

/*
 * A handler for /version and, since it looks the same there, "/version/". ARG is a struct build_version (borrowed,
 * constant).
 */
struct build_version {
    const char *major;
    const char *minor;
    const char *git_version; /* "v1.30.0-tacho" */
    const char *git_commit;
    const char *build_date; /* RFC 3339 */
};
api_handler build_version_handle;

/* Routes /version and /version/ to it; what is below is a 404. V is borrowed, constant. */
void build_version_install(const struct build_version *v, struct api_server *server);

/* "linux/amd64": what this was built for. */
extern const char build_platform[];

#endif
