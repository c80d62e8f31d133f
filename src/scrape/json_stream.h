/*
 * A JSON parser that takes a document in pieces as they arrive and tells what it sees, without a tree: for bodies that
 * are read for a few of their values. Strict RFC 8259, UTF-8 only. Strings and numbers are bounded by
 * JSON_STREAM_MAX_TOKEN_BYTES, nesting by JSON_STREAM_MAX_DEPTH. (For documents that lie in memory there is
 * kube/json_scan.h.)
 *
 * Events come in the document's order: on_open and on_close around what an object or array holds, on_value for the
 * rest. KEY is the member's name, or empty within an array and for the document itself. Strings are valid during the
 * call. One owner, one thread.
 */
#ifndef SCRAPE_JSON_STREAM_H
#define SCRAPE_JSON_STREAM_H

#include "base/buf.h"
#include "base/error.h"

enum {
    JSON_STREAM_MAX_DEPTH = 64,
    JSON_STREAM_MAX_TOKEN_BYTES = 64 * 1024,
};

enum json_stream_type {
    JSON_STREAM_OBJECT,
    JSON_STREAM_ARRAY,
    JSON_STREAM_STRING, /* TEXT is unescaped */
    JSON_STREAM_NUMBER, /* TEXT as written */
    JSON_STREAM_WORD,   /* true, false, null */
};

/* Where in the document we are. */
enum json_stream_state {
    JSON_STREAM_AT_VALUE, /* the document itself, an element behind a comma, or a member behind its colon */
    JSON_STREAM_AT_FIRST_ELEMENT,
    JSON_STREAM_AT_FIRST_KEY,
    JSON_STREAM_AT_KEY,
    JSON_STREAM_AT_COLON,
    JSON_STREAM_AFTER_VALUE,
    JSON_STREAM_IN_STRING,
    JSON_STREAM_IN_ESCAPE,
    JSON_STREAM_IN_UNICODE,
    JSON_STREAM_IN_NUMBER,
    JSON_STREAM_IN_WORD,
    JSON_STREAM_AT_END,
};

struct json_stream_events {
    void (*on_open)(void *arg, struct str key, enum json_stream_type type);
    void (*on_close)(void *arg, enum json_stream_type type);
    void (*on_value)(void *arg, struct str key, enum json_stream_type type, struct str text);
};

/* Zero, then set EVENTS and ARG; json_stream_free at the end. */
struct json_stream {
    const struct json_stream_events *events; /* borrowed, static */
    void *arg;
    uint64_t offset; /* bytes taken */
    unsigned depth;  /* objects and arrays open */
    bool is_array[JSON_STREAM_MAX_DEPTH];
    enum json_stream_state state;
    int escape_digits; /* of \uXXXX that are still to come */
    uint32_t escape;   /* its value so far */
    uint32_t high;     /* a high surrogate that waits for its other half */
    bool is_key;       /* the string being read is a member's name */
    struct buf key;
    struct buf token; /* the value being read */
};

/* Takes the next bytes. False when they are no JSON: "byte 17: expected ':' ...". The stream is of no further use then.
 */
bool json_stream_feed(struct json_stream *j, struct str chunk, struct error *err);

/* The document is complete. False when it isn't. */
bool json_stream_finish(struct json_stream *j, struct error *err);

void json_stream_free(struct json_stream *j);

#endif
