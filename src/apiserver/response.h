/*
 * Answers. Everything an API server of ours sends goes through here: common headers are added, objects are written as
 * the client wants them, and the server learns when the answer is complete. JSON that comes in is compact and without
 * newline; it leaves compact with a newline, or indented without one (is_pretty), or as YAML with sorted keys. Protobuf
 * leaves as it came in; a Status is written as such by itself. Objects of more than
 * 128 KiB are compressed where the client asks for it (apiserver/pieces.h). Source: Kubernetes docs, "API concepts";
 * behaviour of apiserver's response writers.
 */
#ifndef APISERVER_RESPONSE_H
#define APISERVER_RESPONSE_H

#include "apiserver/request.h"
#include "kube/status.h"

/*
 * Chooses how to write the answer; ALLOWED is of enum accept_allowed. False when the client accepts nothing that we
 * have: then a 406 was sent and the request must not be touched.
 */
bool api_negotiate(struct api_request *r, unsigned allowed, struct accept_choice *out);

/* An object, or list, in JSON, negotiated without conversions. */
void api_respond_object(struct api_request *r, int code, struct str json);

/*
 * The same as CHOICE says. BODY is JSON, or for ACCEPT_PROTOBUF the finished message in its envelope
 * (kube/proto_writer.h). It is emptied: its bytes are queued without copying where possible.
 */
void api_respond_chosen(struct api_request *r, int code, const struct accept_choice *choice, struct buf *body);

/* The same with further headers; a Content-Type among them takes the place of the usual one. */
void api_respond_chosen_headers(struct api_request *r, int code, const struct accept_choice *choice,
                                struct http_headers headers, struct buf *body);

/* A Status with its own code (200 when it has none). When the client accepts nothing that we have: indented JSON. */
void api_respond_status(struct api_request *r, const struct status *s);

/* The same with further headers. */
void api_respond_status_headers(struct api_request *r, const struct status *s, struct http_headers headers);

/* As api_respond_status for an error: its code when it is an HTTP error's, else 500; reason by the code. */
void api_respond_error(struct api_request *r, const struct error *err);

/* Plain text: Content-Type text/plain; charset=utf-8 and X-Content-Type-Options: nosniff. TEXT is sent as it is. */
void api_respond_text(struct api_request *r, int code, struct str text);

/* Any bytes. */
void api_respond_bytes(struct api_request *r, int code, struct str content_type, struct str bytes);

/* 500 `Internal Server Error: "URI": MESSAGE` in plain text, '&', '<', '>' escaped: when a filter broke. */
void api_respond_broken(struct api_request *r, struct str message);

/*
 * In pieces: start, then write, then end, over as many turns of the loop as wanted. HEADERS (may be NULL) are copied;
 * Audit-Id, and Cache-Control: no-cache, private unless given, are added. LENGTH -1: not known. Look at
 * http_exchange_queued_bytes(r->exchange) and wait for on_writable where much is written. api_end may close R.
 */
void api_start(struct api_request *r, int code, const struct http_headers *headers, int64_t length);
void api_write(struct api_request *r, struct str bytes);
void api_write_buf(struct api_request *r, struct buf *b); /* B is empty afterwards */
void api_end(struct api_request *r);
void api_abort(struct api_request *r); /* the answer can't be completed: the peer shall notice */

#endif
