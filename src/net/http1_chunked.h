/*
 * Decodes a chunked body, as it arrives. Strict where http_parser, as Debian builds it, isn't: whatever two readers
 * could understand differently is malformed (a chunk's data not followed by CRLF, a bare LF, white space or a sign
 * around a size). Extensions and trailers are skipped, and bounded: besides 16 KiB, a chunk may cost 16 bytes and its
 * own length twice.
 *
 *     size [;extension] CRLF data CRLF ... 0 [;extension] CRLF [trailer CRLF]... CRLF
 *
 * A zeroed struct http1_chunked is ready. Source: RFC 9112, section 7.1.
 */
#ifndef NET_HTTP1_CHUNKED_H
#define NET_HTTP1_CHUNKED_H

#include "base/str.h"

enum http1_chunked_place {
    CHUNKED_SIZE_START,
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_LF,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER_START,
    CHUNKED_TRAILER,
    CHUNKED_TRAILER_LF,
    CHUNKED_LAST_LF,
    CHUNKED_ENDED,
};

struct http1_chunked {
    enum http1_chunked_place place;
    uint64_t left;        /* of the chunk's size, while reading it and its data */
    uint64_t data_bytes;  /* decoded so far */
    uint64_t other_bytes; /* everything else so far */
    uint64_t chunks;
};

enum http1_chunked_result {
    CHUNKED_MORE,      /* all of the input is used up */
    CHUNKED_PIECE,     /* DATA is a piece of the body, within the input */
    CHUNKED_END,       /* the body is whole; what is left of the input isn't part of it */
    CHUNKED_MALFORMED, /* and stays so */
    CHUNKED_EXCESSIVE, /* too much besides the data */
};

/* Reads from IN, moving it, up to the next result. */
enum http1_chunked_result http1_chunked_read(struct http1_chunked *c, struct str *in, struct str *data);

#endif
