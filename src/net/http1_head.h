/*
 * The head of an HTTP/1.1 request: request line and headers up to the empty line. http_parser splits it; on top come
 * the rules that keep two readers of the same bytes from seeing different requests (request smuggling), where
 * http_parser is lenient: every line ends with CRLF, no folded lines, no white space before a colon, at most one Host,
 * no Content-Length beside Transfer-Encoding, no encoding but "chunked" and that only in HTTP/1.1. Source: RFC 9112,
 * sections 2.2, 3, 5 and 6.
 */
#ifndef NET_HTTP1_HEAD_H
#define NET_HTTP1_HEAD_H

#include "net/http_server.h"

struct http1_head {
    int minor; /* of HTTP/1.x */
    bool is_keep_alive;
    bool is_chunked;
    bool has_length;
    uint64_t content_length; /* when has_length */
    bool expects_continue;
};

/* What is wrong with a head. */
struct http1_refusal {
    int status;         /* 400, 417, 501 or 505 */
    const char *reason; /* for people, static */
};

/*
 * Looks for a head's end in BYTES, of which the first *SCANNED were looked at before; sets *SCANNED for the next time.
 * Returns the head's length with its empty line, 0 when it isn't whole yet, -1 when a line ends without CR.
 */
ptrdiff_t http1_head_find_end(struct str bytes, size_t *scanned);

/*
 * Parses BYTES, one whole head, into REQUEST (all but the peer; in ARENA, which gets a copy of the bytes) and HEAD.
 * False, with REFUSAL set, when the request is to be refused; REQUEST's method may be set then.
 */
bool http1_head_parse(struct str bytes, struct arena *arena, struct http_request *request, struct http1_head *head,
                      struct http1_refusal *refusal);

#endif
