/* What gzip bytes were. Include after cmocka.h. */
#ifndef TEST_INFLATE_H
#define TEST_INFLATE_H

#include <zlib.h>

#include "base/buf.h"

/* Appends to TO what PACKED, one whole gzip stream, holds. */
static inline void assert_inflate(struct buf *to, struct str packed)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)packed.ptr, .avail_in = (unsigned)packed.len};
    int result;

    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    do {
        z.next_out = (unsigned char *)buf_reserve(to, 65536);
        z.avail_out = 65536;
        result = inflate(&z, Z_NO_FLUSH);
        buf_grow_by(to, 65536 - z.avail_out);
    } while (result == Z_OK);
    assert_int_equal(result, Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    inflateEnd(&z);
}

#endif
