/* Merge patch (RFC 7386) and JSON patch (RFC 6902) on a jansson DOM. Pure. */
#ifndef CLUSTER_PATCH_H
#define CLUSTER_PATCH_H

#include "base/error.h"

#include <jansson.h>

/* Applies PATCH (borrowed) to OBJECT, in place. Both must be JSON objects. */
void merge_patch(json_t *object, const json_t *patch);

#define JSON_PATCH_MAX_OPERATIONS 10000

/* Values that "copy" and "move" may make in all: a short patch could otherwise double a document again and again. */
#define JSON_PATCH_MAX_COPIED 100000

/*
 * Applies PATCH, an array of operations (borrowed), and returns the new document; DOCUMENT (borrowed) is left as it
 * was. NULL with ERR: code 400 when the patch itself is malformed, 422 when it doesn't fit the document, 413 when it
 * has too many operations.
 */
json_t *json_patch(const json_t *document, const json_t *patch, struct error *err);

#endif
