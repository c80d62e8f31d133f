/*
 * gzip of what goes out, as a stream, at the level at which upstream compresses: 1, fast. One stream holds about
 * 270 KiB from gzip_new until gzip_free. One owner, one thread. Source: RFC 1952.
 */
#ifndef APISERVER_GZIP_H
#define APISERVER_GZIP_H

#include "base/buf.h"

struct gzip;

struct gzip *gzip_new(void);
void gzip_free(struct gzip *g);

/* Compresses BYTES; what is ready so far is appended to TO. */
void gzip_add(struct gzip *g, struct buf *to, struct str bytes);

/* Appends the rest; nothing can be added after it. */
void gzip_finish(struct gzip *g, struct buf *to);

/* Whether ACCEPT_ENCODING asks for gzip as upstream reads it: by the bare token, without a q. */
bool gzip_is_accepted(struct str accept_encoding);

#endif
