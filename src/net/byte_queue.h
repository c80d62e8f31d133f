/*
 * Bytes on their way out: a queue of segments. Small pieces are gathered by copying, big buffers are taken over
 * without. A zeroed struct byte_queue is empty and ready. One owner, one thread.
 */
#ifndef NET_BYTE_QUEUE_H
#define NET_BYTE_QUEUE_H

#include "base/buf.h"

struct byte_segment;

struct byte_queue {
    struct byte_segment *first, *last; /* owned */
    size_t len;                        /* bytes in all segments */
};

/* Appends a copy of BYTES. */
void byte_queue_add(struct byte_queue *q, struct str bytes);

/* Appends what B holds, without copying when that pays; B is empty afterwards. */
void byte_queue_add_buf(struct byte_queue *q, struct buf *b);

/* The oldest bytes that lie in one piece; empty only when the queue is. Valid until the queue is changed. */
struct str byte_queue_head(const struct byte_queue *q);

/* Drops the first N bytes; N is at most the queue's length. */
void byte_queue_drop(struct byte_queue *q, size_t n);

void byte_queue_free(struct byte_queue *q);

#endif
