/*
 * Serves OpenAPI documents that are the same for everybody:
 *
 *     /openapi/v2          as JSON or as protobuf (gnostic's Document), with an ETag and Last-Modified; compressed
 * above 1400 bytes where the client asks for it /openapi/v3          an index: which parts there are, each with an
 * address that changes with its content /openapi/v3/PATH     a part, as JSON or protobuf. With ?hash= of its content it
 * may be kept for a year; with another one the client is sent to the right address; a part that doesn't exist is empty,
 * as upstream
 *
 * If-None-Match is answered 304; an Accept header that fits nothing a 406 without a body. Loop thread only.
 * Source: Kubernetes docs, "The Kubernetes API: OpenAPI"; behaviour of kube-openapi's handlers.
 */
#ifndef APISERVER_OPENAPI_SERVER_H
#define APISERVER_OPENAPI_SERVER_H

#include "apiserver/server.h"

struct openapi_server;

/* NOW_UNIX_NS is what Last-Modified says. */
struct openapi_server *openapi_server_new(int64_t now_unix_ns);
void openapi_server_free(struct openapi_server *s);

/* The document of version 2, JSON (its bytes are taken over; emptied). */
void openapi_server_set_v2(struct openapi_server *s, struct buf *json);

/* A part of version 3: PATH is "apis/GROUP/VERSION", static. */
void openapi_server_add_v3(struct openapi_server *s, const char *path, struct buf *json);

/* Routes the paths above to S, which has all its documents and outlives SERVER. */
void openapi_server_install(struct openapi_server *s, struct api_server *server);

#endif
