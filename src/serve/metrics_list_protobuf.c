#include "serve/metrics_list.h"

#include "apiserver/pieces.h"
#include "base/alloc.h"
#include "kube/proto_writer.h"

enum {
    CHUNK_BYTES = 128 * 1024,
};

struct chunk {
    struct chunk *next;
    struct buf bytes; /* owned */
};

/* A list that is encoded, on its way. In the request's arena. */
struct parts {
    struct chunk *first; /* owned */
};

/* Ends the chunk that is being filled when it is full. */
static struct chunk *next_chunk(struct chunk *last)
{
    if (last->bytes.len < CHUNK_BYTES)
        return last;
    last->next = mem_zalloc(sizeof(*last->next));
    return last->next;
}

/* Of the lists only meta.k8s.io/v1beta1's PartialObjectMetadataList has its items before its metadata. */
static struct chunk *encode(const struct metrics_question *q)
{
    bool is_partial = q->choice.as == ACCEPT_AS_PARTIAL_LIST;
    bool is_turned = is_partial && strcmp(q->choice.as_version, "v1beta1") == 0;
    struct metrics_walk walk = {.question = *q};
    struct metrics_object m;
    struct chunk *head = mem_zalloc(sizeof(*head));
    struct chunk *last = head->next = mem_zalloc(sizeof(*last));
    size_t length = 0;

    if (!is_turned)
        proto_add_list_meta(&last->bytes, 1, q->resource_version);
    while (metrics_walk_next(&walk, &m)) {
        metrics_question_note(q, &m);
        last = next_chunk(last);
        size_t item = proto_open(&last->bytes, is_turned ? 1 : 2);
        if (is_partial)
            metrics_object_add_partial_protobuf(&last->bytes, &m);
        else
            metrics_object_add_protobuf(&last->bytes, &m);
        proto_close(&last->bytes, item);
    }
    if (is_turned)
        proto_add_list_meta(&last->bytes, 2, q->resource_version);
    metrics_walk_free(&walk);
    for (const struct chunk *c = head->next; c != NULL; c = c->next)
        length += c->bytes.len;
    proto_add_object_head(&head->bytes, metrics_list_api_version(q), metrics_list_kind(q), length);
    buf_add_str(&last->bytes, proto_object_tail);
    return head;
}

static void drop_first(struct parts *p)
{
    struct chunk *c = p->first;

    p->first = c->next;
    buf_free(&c->bytes);
    free(c);
}

static bool next_piece(void *arg, struct buf *to)
{
    struct parts *p = arg;

    if (to->len == 0) { /* handed over as it is */
        struct buf empty = *to;
        *to = p->first->bytes;
        p->first->bytes = empty;
    } else {
        buf_add_str(to, buf_str(&p->first->bytes));
    }
    drop_first(p);
    return p->first != NULL;
}

static void free_parts(void *arg)
{
    struct parts *p = arg;

    while (p->first != NULL)
        drop_first(p);
}

void metrics_list_respond_protobuf(const struct metrics_question *q)
{
    struct parts *p = arena_zalloc(q->request->arena, sizeof(*p));

    p->first = encode(q);
    api_respond_pieces(q->request, 200, &q->choice, (struct http_headers){0},
                       (struct api_pieces){.next = next_piece, .free = free_parts, .arg = p});
}
