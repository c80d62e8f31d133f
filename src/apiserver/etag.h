/*
 * Entity tags of documents that are the same for everybody: the SHA-512 of their bytes, as Kubernetes' servers make
 * them. Pure. Source: RFC 9110, "ETag", "If-None-Match".
 */
#ifndef APISERVER_ETAG_H
#define APISERVER_ETAG_H

#include "base/arena.h"

/* The hash in upper-case hex, between double quotes; in ARENA. */
struct str etag_of(struct arena *arena, struct str bytes);

/* The same without the quotes. */
struct str etag_hash(struct str etag);

/* Whether IF_NONE_MATCH, a header's value, names ETAG. */
bool etag_matches(struct str if_none_match, struct str etag);

#endif
