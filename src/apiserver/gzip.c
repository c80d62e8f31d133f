#include "apiserver/gzip.h"

#include "base/alloc.h"

#include <assert.h>
#include <limits.h>
#include <zlib.h>

enum {
    LEVEL = 1,
    GZIP_WINDOW_BITS = 15 + 16, /* 16: with gzip's head and tail */
    MEMORY_LEVEL = 8,
    STEP_BYTES = 16 * 1024,
};

struct gzip {
    z_stream stream;
};

struct gzip *gzip_new(void)
{
    struct gzip *g = mem_zalloc(sizeof(*g));
    int result = deflateInit2(&g->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);

    assert(result == Z_OK); /* all that can fail is memory */
    return g;
}

void gzip_free(struct gzip *g)
{
    if (g == NULL)
        return;
    deflateEnd(&g->stream);
    free(g);
}

static void deflate_all(struct gzip *g, struct buf *to, int flush)
{
    int result;

    do {
        g->stream.next_out = (unsigned char *)buf_reserve(to, STEP_BYTES);
        g->stream.avail_out = STEP_BYTES;
        result = deflate(&g->stream, flush);
        assert(result != Z_STREAM_ERROR);
        buf_grow_by(to, STEP_BYTES - g->stream.avail_out);
    } while (flush == Z_FINISH ? result != Z_STREAM_END : g->stream.avail_out == 0);
}

void gzip_add(struct gzip *g, struct buf *to, struct str bytes)
{
    while (bytes.len > 0) {
        struct str part = str_head(bytes, INT_MAX);
        g->stream.next_in = (unsigned char *)(uintptr_t)part.ptr;
        g->stream.avail_in = (unsigned)part.len;
        deflate_all(g, to, Z_NO_FLUSH);
        bytes = str_skip(bytes, part.len);
    }
}

void gzip_finish(struct gzip *g, struct buf *to)
{
    g->stream.avail_in = 0;
    deflate_all(g, to, Z_FINISH);
}

bool gzip_is_accepted(struct str accept_encoding)
{
    struct str one;

    while (accept_encoding.len > 0) {
        str_cut(accept_encoding, ',', &one, &accept_encoding);
        if (str_eq(str_trim(one), STR("gzip")))
            return true;
    }
    return false;
}
