/* Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without (JWT). Safe from any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

void base64_encode(struct buf *to, struct str bytes);
void base64url_encode(struct buf *to, struct str bytes);

/* Append the decoded bytes. False, with TO as it was, when TEXT is malformed. */

/* White space is skipped, and bits of the last character that belong to no byte are ignored, as Go does. */
bool base64_decode(struct buf *to, struct str text);

/* Strict: no white space, no padding, and no second text for the same bytes. */
bool base64url_decode(struct buf *to, struct str text);

#endif
