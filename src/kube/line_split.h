/*
 * Lines out of bytes that arrive in pieces of any size: a watch's events are one JSON document a line. Lines are handed
 * over without their newline, empty ones are left out. Memory is the longest line. Owner: one; one thread.
 */
#ifndef KUBE_LINE_SPLIT_H
#define KUBE_LINE_SPLIT_H

#include "base/buf.h"

struct line_split {
    /* filled in by the owner */
    size_t max_line_bytes;
    void *owner;
    /* LINE is valid during the call. False: stop. */
    bool (*on_line)(void *owner, struct str line);
    /* A line was longer than max_line_bytes and is left out. Returns as on_line. */
    bool (*on_large_line)(void *owner);

    /* the splitter's own */
    struct buf begun; /* a line's beginning, from earlier pieces */
    bool is_large;    /* the line being read is too long */
};

/* Takes the next piece. False when a callback said stop: nothing may follow then. */
bool line_split_feed(struct line_split *s, struct str piece);

/* Forgets a line that was begun, to start over. */
void line_split_reset(struct line_split *s);

void line_split_free(struct line_split *s);

#endif
