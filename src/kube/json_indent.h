/*
 * Compact JSON to the indented form that Kubernetes answers to ?pretty and to browsers: two spaces a level, "key":
 * value, empty objects and arrays as {} and []. A stream: chunks may end anywhere, also inside a string. It trusts its
 * input to be JSON (it is our own); of anything else it makes something, without harm. White space outside strings is
 * dropped, so there is no newline at the end, as upstream. Nothing allocates beyond growing the buf.
 */
#ifndef KUBE_JSON_INDENT_H
#define KUBE_JSON_INDENT_H

#include "base/buf.h"

/* Deeper levels are indented like this one: a flood of brackets can't make the output grow by its square. */
#define JSON_INDENT_MAX_DEPTH 512

/* A zeroed struct is ready for the start of a document. */
struct json_indent {
    unsigned depth;   /* open objects and arrays */
    bool in_string;   /* between quotes */
    bool is_escaped;  /* the next byte belongs to a backslash */
    bool just_opened; /* after { or [, before we know whether it is empty */
};

/* Appends the indented form of CHUNK to TO. */
void json_indent_add(struct json_indent *state, struct buf *to, struct str chunk);

/* A whole document at once. */
void json_indent(struct buf *to, struct str json);

#endif
