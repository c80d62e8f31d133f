/*
 * OpenAPI documents as gnostic's protobuf Documents, which kubectl 1.20 and others read: of a document its info, paths
 * with get operations and their parameters and responses, and the types; extensions (x-...) are kept as the YAML that
 * their JSON is. What else a document has is left out. Pure. Source: gnostic's openapi_v2.proto and openapi_v3.proto.
 */
#ifndef APISERVER_OPENAPI_PROTOBUF_H
#define APISERVER_OPENAPI_PROTOBUF_H

#include "base/buf.h"

/* Appends it. JSON is a document of our own, of version 2 or 3. */
void openapi_print_protobuf(struct buf *to, struct str json);
void openapi_print_protobuf_v3(struct buf *to, struct str json);

#endif
