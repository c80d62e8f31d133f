/*
 * Schema tables as OpenAPI definitions, and those as gnostic's protobuf. Pure. Only for openapi.c.
 */
#ifndef CLUSTER_OPENAPI_SCHEMA_H
#define CLUSTER_OPENAPI_SCHEMA_H

#include "base/buf.h"
#include "cluster/resource.h"

/*
 * Adds to DEFINITIONS (an object, borrowed) R's kind and all types that it needs; PREFIX is what references begin with
 * ("#/definitions/").
 */
void openapi_define(json_t *definitions, const struct resource *r, const char *prefix);

/* {"group":..,"version":..,"kind":..}; the caller owns it. */
json_t *openapi_gvk(const struct resource *r);

/* "/api/v1/namespaces/{namespace}/pods/{name}". Appends. */
void openapi_object_path(struct buf *to, const struct resource *r);

/* The query parameters of a PATCH that clients look for; NULL at the end. */
extern const char *const openapi_patch_parameters[];

/* An OpenAPI 2 document as we make them (swagger, info, paths, definitions) as a gnostic Document. Appends. */
void openapi_gnostic(struct buf *to, const json_t *document);

#endif
