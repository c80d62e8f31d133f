/*
 * What HTTP/1.1 and HTTP/2 have in common: header lists, status lines, targets.
 * Source: RFC 9110.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/arena.h"
#include "base/buf.h"

struct http_header {
    struct str name;  /* as received; HTTP/2 sends lower case: compare with str_eq_ignore_case */
    struct str value; /* without surrounding white space */
};

/* A list of headers in the order received. The bytes live as long as whoever made the list says. */
struct http_headers {
    struct http_header *items;
    size_t count;
    size_t capacity; /* http_headers_add's; 0 for a list made otherwise */
};

/* The first header called NAME, or an empty str with ptr NULL. Case is ignored. */
struct str http_headers_get(const struct http_headers *headers, struct str name);

/* Appends a header; names and values are copied into ARENA, which also holds the list. */
void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value);

/* "OK" for 200, and so on; "" for an unknown code. */
const char *http_status_text(int status);

/*
 * Percent-decodes S into ARENA ('+' becomes a space when IS_FORM). False when an escape is malformed or decodes to NUL.
 */
bool http_percent_decode(struct arena *arena, struct str s, bool is_form, struct str *out);

/* Appends S percent-encoded as a query value or path segment (RFC 3986 unreserved characters stay). */
void http_percent_encode(struct buf *to, struct str s);

/*
 * Walks a query string: sets NAME and VALUE to the next pair, decoded into ARENA, and moves QUERY past it. False at the
 * end. Malformed escapes leave the pair out, as Go's net/url does.
 */
bool http_query_next(struct str *query, struct arena *arena, struct str *name, struct str *value);

#endif
