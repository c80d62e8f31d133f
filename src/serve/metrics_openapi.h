/*
 * The OpenAPI documents of the Metrics API: version 2 in one, version 3 by group version, printed from tables of paths
 * (here) and types (serve/openapi_types.h). Source: OpenAPI 2.0 and 3.0; Kubernetes docs, "The Kubernetes API: OpenAPI
 * V3".
 */
#ifndef SERVE_METRICS_OPENAPI_H
#define SERVE_METRICS_OPENAPI_H

#include "apiserver/openapi_server.h"

/* A server of the documents; SERVER_VERSION ("v0.9.0-x", constant) is cut at the first '-'. The caller owns it. */
struct openapi_server *metrics_openapi_new(const char *server_version, int64_t now_unix_ns);

/* Appends the document: version 2, or of version 3 the part at PATH ("apis/metrics.k8s.io/v1"). Pure. */
void metrics_openapi_print_v2(struct buf *to, struct str server_version);
void metrics_openapi_print_v3(struct buf *to, struct str server_version, const char *path);

#endif
