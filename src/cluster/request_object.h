/*
 * The object in a request's body, JSON or protobuf, as a DOM. For the generic verbs and for virtual resources alike.
 */
#ifndef CLUSTER_REQUEST_OBJECT_H
#define CLUSTER_REQUEST_OBJECT_H

#include "apiserver/request.h"
#include "cluster/failure.h"
#include "cluster/schema.h"

/* A DOM takes up to a hundred times the bytes of its text: what has more values than this isn't parsed. */
#define REQUEST_MAX_VALUES 300000

/* What api_request_read_body is to accept. */
extern const struct api_body_rules request_object_rules;

/* The DOM, which the caller owns; NULL with a 400. JSON isn't checked against S (schema_decode does). */
json_t *request_object(const struct schema *s, struct str media_type, struct str body, struct failure *f);

/* BODY as JSON, whatever its media type. */
json_t *request_json(struct str body, struct failure *f);

#endif
