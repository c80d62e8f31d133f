/*
 * OpenAPI 2 documents as gnostic's protobuf Document, which kubectl 1.20 and kube-apiserver read: of a document its
 * info, paths with get operations and their parameters and responses, and definitions; extensions (x-...) are kept as
 * the YAML that their JSON is. What else a document has is left out. Pure. Source: gnostic's openapi_v2.proto.
 */
#ifndef APISERVER_OPENAPI_PROTOBUF_H
#define APISERVER_OPENAPI_PROTOBUF_H

#include "base/buf.h"

/* Appends it. JSON is a document of our own. */
void openapi_print_protobuf(struct buf *to, struct str json);

#endif
