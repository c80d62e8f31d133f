/*
 * Objects in Kubernetes' protobuf encoding, read into the DOM that their JSON would give: newer clients send it by
 * default. An object is the magic "k8s\0" and a message runtime.Unknown {typeMeta 1 {apiVersion 1, kind 2}, raw 2}; RAW
 * is the kind's own message, whose field numbers are in its schema table. Pure. Source: Kubernetes docs, "API concepts:
 * protobuf encoding idl"; protobuf's encoding guide.
 */
#ifndef CLUSTER_PROTOBUF_H
#define CLUSTER_PROTOBUF_H

#include "base/error.h"
#include "cluster/schema.h"

/* Values in one object; more aren't read. */
#define PROTOBUF_MAX_VALUES 300000

#define PROTOBUF_MEDIA_TYPE "application/vnd.kubernetes.protobuf"

/* NULL, with what is wrong, when BYTES aren't an object, or one that doesn't fit S. Unknown fields are skipped. The
 * caller owns the DOM. */
json_t *protobuf_decode(const struct schema *s, struct str bytes, struct error *err);

#endif
