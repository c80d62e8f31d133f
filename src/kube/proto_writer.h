/*
 * Protobuf, written straight into a struct buf, and the envelope in which Kubernetes sends objects as
 * application/vnd.kubernetes.protobuf: the bytes "k8s\0", then
 *
 *     message Unknown {
 *         TypeMeta typeMeta = 1;        apiVersion = 1, kind = 2
 *         bytes raw = 2;                the object's own message, which says neither
 *         string contentEncoding = 3;   "", but there
 *         string contentType = 4;       "", but there
 *     }
 *
 * Fields go out in ascending order and strings also when they are empty: the bytes equal those of Kubernetes' own
 * servers as long as callers do the same. A nested message is written in place; its length goes in front of it when it
 * is closed:
 *
 *     size_t at = proto_open(&b, 1);
 *     proto_add_str(&b, 1, name);
 *     proto_close(&b, at);
 *
 * Nothing allocates beyond growing the buf. One owner, one thread.
 * Source: protobuf documentation, "Encoding"; Kubernetes docs, "API concepts: Kubernetes Protobuf encoding".
 */
#ifndef KUBE_PROTO_WRITER_H
#define KUBE_PROTO_WRITER_H

#include "base/buf.h"

/* FIELD is the field's number. Negative numbers take ten bytes, as protobuf's int32 and int64 do. */
void proto_add_str(struct buf *to, unsigned field, struct str bytes); /* also of a whole message and of bytes */
void proto_add_strs(struct buf *to, unsigned field, const struct str *items, size_t count);
void proto_add_i64(struct buf *to, unsigned field, int64_t value);
void proto_add_bool(struct buf *to, unsigned field, bool value);

/* A nested message: what is added until proto_close, which gets what proto_open returned, is inside it. */
size_t proto_open(struct buf *to, unsigned field);
void proto_close(struct buf *to, size_t opened);

/* The field's tag and LENGTH, which must be the length of what is added next: for what is too large to be moved. */
void proto_add_head(struct buf *to, unsigned field, size_t length);

/* A ListMeta, empty but for its resourceVersion, which may be empty too. */
void proto_add_list_meta(struct buf *to, unsigned field, struct str resource_version);

/* An ObjectMeta, empty but for its name. */
void proto_add_named_meta(struct buf *to, unsigned field, struct str name);

/* Everything of the envelope up to the object's message, and behind it. */
size_t proto_open_object(struct buf *to, struct str api_version, struct str kind);
void proto_close_object(struct buf *to, size_t opened);

/* The same around a message of LENGTH bytes: all that stands before it; behind it comes proto_object_tail. */
void proto_add_object_head(struct buf *to, struct str api_version, struct str kind, size_t length);
extern const struct str proto_object_tail;

#endif
