/*
 * Answers that are made while they are sent, piece by piece, so that a list of a whole cluster never stands in memory:
 * a new piece is asked for when the peer has taken enough of those before it, and only some per turn of the loop.
 *
 * Until the answer turns out longer than API_GZIP_MIN_BYTES it is held back. So short ones go out with a
 * Content-Length; longer ones chunked, and compressed where the client asks for it (Accept-Encoding with the bare token
 * gzip): Content-Encoding: gzip, Vary: Accept-Encoding. Source: behaviour of apiserver's response writers.
 */
#ifndef APISERVER_PIECES_H
#define APISERVER_PIECES_H

#include "apiserver/request.h"

/* Up to here answers aren't compressed. */
#define API_GZIP_MIN_BYTES ((size_t)128 * 1024)

struct api_pieces {
    /*
     * Appends the next piece, some tens of KiB, to TO, which is empty or holds what hasn't been sent. False: that was
     * the last one. Turns of the loop may lie between two calls: what they do to the data is the source's business.
     */
    bool (*next)(void *arg, struct buf *to);
    void (*free)(void *arg); /* once, when R closes; may be NULL */
    void *arg;               /* borrowed until then */
};

/*
 * The pieces are what CHOICE's media type needs: JSON, compact and without a newline at the end, or finished YAML or
 * protobuf. JSON leaves as by api_respond_chosen. HEADERS: as there. May close R.
 */
void api_respond_pieces(struct api_request *r, int code, const struct accept_choice *choice,
                        struct http_headers headers, struct api_pieces pieces);

/*
 * A finished body, whatever it is (emptied), compressed under the same conditions; HEADERS has its Content-Type. May
 * close R.
 */
void api_respond_finished(struct api_request *r, int code, struct http_headers headers, struct buf *body);

#endif
