/* What the handlers of the API share. Only for the api_*.c files. */
#ifndef CLUSTER_API_CALL_H
#define CLUSTER_API_CALL_H

#include "cluster/api.h"
#include "cluster/present.h"
#include "cluster/selection.h"

struct api {
    struct api_options options;
    struct openapi *openapi;
    unsigned watches; /* under way */
};

/* One request for a kind; lives in the request's arena. */
struct api_call {
    struct api *api;
    struct api_request *request;
    const struct resource *kind;
};

/* Answers with F and clears it. */
void api_call_fail(struct api_request *r, struct failure *f);

/* Reads how the client wants objects. False: a 406 or 400 was sent. IS_LIST: several of them. */
bool api_call_present(struct api_call *c, bool is_list, struct present *out);

/*
 * Sends JSON (emptied) with WARNINGS (array of strings, may be NULL) as Warning headers.
 * Source: RFC 7234 5.5, KEP-1693.
 */
void api_call_respond(struct api_request *r, int code, const struct accept_choice *choice, struct buf *json,
                      const json_t *warnings);

/*
 * A write under way, on the heap: the request may be gone when it is done. Freed by its on_..._done.
 */
struct api_write {
    struct api_call call; /* request NULL: gone */
    struct present present;
    int code;              /* of success */
    json_t *body;          /* owned: the object or patch that came in */
    json_t *warnings;      /* owned */
    struct str patch_type; /* static */
};

/* BODY is owned from here on. The request awaits. */
struct api_write *api_write_new(const struct api_call *c, const struct present *p, int code, json_t *body);
void api_write_free(struct api_write *w);

/* Handlers, one verb or a few each. They answer C's request, at once or later. */
void api_get(struct api_call *c);
void api_list(struct api_call *c);
void api_watch(struct api_call *c);
void api_create(struct api_call *c);
void api_update(struct api_call *c);
void api_patch(struct api_call *c);
void api_delete(struct api_call *c);
void api_delete_collection(struct api_call *c);

/* dryRun and fieldValidation of the query. False with a 400. */
bool api_read_write_options(const struct api_request *r, struct write_options *out, struct failure *f);
bool api_read_dry_run(const struct api_request *r, bool *out, struct failure *f);

#endif
