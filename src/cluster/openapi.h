/*
 * OpenAPI, derived from the schema tables (cluster/schema.h): what clients need to check and to explain objects.
 *
 *     /openapi/v2                   the definitions as OpenAPI 2: JSON, or gnostic's protobuf, which kubectl asks for
 *     /openapi/v3                   which group versions there are
 *     /openapi/v3/apis/GROUP/VERSION, /openapi/v3/api/v1   their definitions as OpenAPI 3, and the PATCH operations
 * with the query parameters by which kubectl learns that the server validates fields
 *
 * Documents are made when first asked for and kept; they have an ETag. Source: OpenAPI 2.0, 3.0; gnostic's
 * OpenAPIv2.proto; Kubernetes docs, "OpenAPI".
 */
#ifndef CLUSTER_OPENAPI_H
#define CLUSTER_OPENAPI_H

#include "apiserver/response.h"

struct openapi;

struct openapi *openapi_new(void);
void openapi_free(struct openapi *o);

/* Answers R, whose path begins with /openapi/v2 or /openapi/v3. */
void openapi_handle(struct openapi *o, struct api_request *r);

#endif
