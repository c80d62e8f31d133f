#include "net/byte_queue.h"

#include <assert.h>

#include "base/alloc.h"

/* Pieces are gathered up to this size: a TLS record, an HTTP/2 frame. */
#define SEGMENT_BYTES ((size_t)16 * 1024)
/* Below this, copying a buffer is cheaper than a segment of its own. */
#define COPIED_BYTES ((size_t)1024)

struct byte_segment {
    struct byte_segment *next;
    size_t taken; /* bytes dropped from the front */
    struct buf bytes;
};

static void add_segment(struct byte_queue *q, struct buf bytes)
{
    struct byte_segment *segment = mem_zalloc(sizeof(*segment));
    segment->bytes = bytes;
    if (q->last != NULL)
        q->last->next = segment;
    else
        q->first = segment;
    q->last = segment;
    q->len += bytes.len;
}

void byte_queue_add(struct byte_queue *q, struct str bytes)
{
    if (str_is_empty(bytes))
        return;
    if (q->last != NULL && q->last->bytes.len < SEGMENT_BYTES) {
        struct str part = str_head(bytes, SEGMENT_BYTES - q->last->bytes.len);
        buf_add_str(&q->last->bytes, part);
        q->len += part.len;
        bytes = str_skip(bytes, part.len);
    }
    if (str_is_empty(bytes))
        return;
    struct buf copy = {0};
    buf_add_str(&copy, bytes);
    add_segment(q, copy);
}

void byte_queue_add_buf(struct byte_queue *q, struct buf *b)
{
    if (b->len < COPIED_BYTES) {
        byte_queue_add(q, buf_str(b));
        buf_free(b);
        return;
    }
    add_segment(q, *b);
    *b = (struct buf){0};
}

struct str byte_queue_head(const struct byte_queue *q)
{
    return q->first != NULL ? str_skip(buf_str(&q->first->bytes), q->first->taken) : (struct str){0};
}

static void drop_segment(struct byte_queue *q)
{
    struct byte_segment *segment = q->first;
    q->first = segment->next;
    if (q->first == NULL)
        q->last = NULL;
    buf_free(&segment->bytes);
    free(segment);
}

void byte_queue_drop(struct byte_queue *q, size_t n)
{
    assert(n <= q->len);
    q->len -= n;
    while (n > 0) {
        size_t rest = q->first->bytes.len - q->first->taken;
        if (n < rest) {
            q->first->taken += n;
            return;
        }
        n -= rest;
        drop_segment(q);
    }
}

void byte_queue_free(struct byte_queue *q)
{
    while (q->first != NULL)
        drop_segment(q);
    q->len = 0;
}
