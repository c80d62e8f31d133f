/*
 * What all kinds have in common about metadata: the fields that the server decides, and the rules for those that
 * clients decide. Source: Kubernetes API conventions, "Metadata"; behaviour of apimachinery's ValidateObjectMeta.
 */
#ifndef CLUSTER_OBJECT_META_H
#define CLUSTER_OBJECT_META_H

#include "cluster/failure.h"
#include "cluster/field_errors.h"
#include "cluster/resource.h"

/* Makes OBJECT one of kind R, in NAMESPACE: checks and sets apiVersion, kind, metadata.namespace. */
bool object_identify(json_t *object, const struct resource *r, struct str namespace, struct failure *f);

/* A new object: name (out of generateName), uid, creationTimestamp; nothing that only the server sets. */
bool object_begin(json_t *object, const struct resource *r, int64_t now_unix_ns, struct failure *f);

/* A changed object keeps what the server has set; fails when it says it is another one, or older than OLD. */
bool object_continue(json_t *object, const json_t *old, const struct resource *r, struct failure *f);

/* Marks OBJECT as being deleted, to go in GRACE_SECONDS. */
void object_mark_deleted(json_t *object, int64_t now_unix_ns, int64_t grace_seconds);

/* The rules for metadata. OLD is NULL for a new object. */
void object_meta_validate(const json_t *object, const json_t *old, const struct resource *r, struct field_errors *e);

/* Sets a field to now, in whole seconds. */
void json_set_time(json_t *object, const char *key, int64_t unix_ns);

#endif
