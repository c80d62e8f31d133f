/*
 * Text made safe to show, as Go's strconv.Quote (printf's %q) writes it: "in double quotes", with \n, \t, \" and their
 * like, \x1f for other control bytes and for bytes that are no UTF-8, \u00a0 for characters that don't print. Log
 * fields and the messages of Kubernetes quote this way. Safe from any thread. Source: Go's strconv package, Quote.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/buf.h"

/* Appends S in double quotes. */
void quote_add(struct buf *to, struct str s);

/* Appends S with control characters, bad UTF-8 and what doesn't print escaped as above, without quotes; '"' and '\'
 * stay. */
void quote_add_bare(struct buf *to, struct str s);

/*
 * Decodes the first character of S (not empty) into RUNE and returns its length in bytes, or 0 when S doesn't begin
 * with well-formed UTF-8 (overlong forms, surrogates and what lies above U+10FFFF are not).
 */
size_t utf8_decode(struct str s, uint32_t *rune);

/* Whether all of S is well-formed UTF-8. */
bool utf8_is_valid(struct str s);

/* Appends TEXT with & < > as HTML writes them, for answers that a browser may take for a page. */
void html_escape_add(struct buf *to, struct str text);

#endif
