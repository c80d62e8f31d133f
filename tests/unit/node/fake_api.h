/*
 * An API server in memory, on 127.0.0.1 in the clear, as far as the node agent uses one: get, list, watch, create,
 * update, merge patch, delete, the status subresource, TokenReview and SubjectAccessReview. It can be told to fail, to
 * be away, and to let somebody else write. On the test's own loop.
 */
#ifndef TEST_FAKE_API_H
#define TEST_FAKE_API_H

#include <jansson.h>
#include <uv.h>

#include "kube/rest_client.h"

struct fake_api {
    /* For tests to set. */
    int fail_status; /* answers this instead, FAIL_COUNT times */
    int fail_count;
    bool is_away;        /* connections are reset */
    const char *allowed; /* SubjectAccessReview: the subresources that are allowed, "metrics stats" */

    /* For tests to look at. */
    size_t requests;
    struct buf log;     /* "POST /api/v1/nodes\n" per request that was answered; watches and lists left out */
    struct buf reviews; /* the same of reviews: "get nodes/metrics n by jane\n" */

    /* fake_api.c's own. */
    struct fake_peer *peer;
    json_t *objects; /* path -> object */
    int64_t revision;
    struct fake_watch *watches;
    size_t watch_count;
};

struct fake_api *fake_api_new(uv_loop_t *loop);
void fake_api_free(struct fake_api *api); /* the loop must turn once more */

/* A client of it. The caller frees it. */
struct rest_client *fake_api_client(struct fake_api *api, struct fetch_pool *pool);

/* The object at PATH; NULL: there is none. Borrowed. */
json_t *fake_api_object(const struct fake_api *api, const char *path);

/* The text at PATH's object, by names with dots: "status.phase", "status.containerStatuses.0.restartCount" (numbers in
 * decimal). "" when it isn't there. Valid until the next call. */
const char *fake_api_text(const struct fake_api *api, const char *path, const char *field);

/* Somebody else's writes; watchers hear of them. OBJECT is stolen. */
void fake_api_put(struct fake_api *api, const char *path, json_t *object);
void fake_api_delete(struct fake_api *api, const char *path);

/* How many requests of the log begin with TEXT. */
size_t fake_api_count(const struct fake_api *api, const char *text);

#endif
