/* Compares bytes with what they shall be in hex. Include after cmocka.h. */
#ifndef TEST_HEX_H
#define TEST_HEX_H

#include "base/alloc.h"

static inline void assert_hex(struct str bytes, const char *hex)
{
    auto_buf struct buf out = {0};

    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(&out, "%02x", (unsigned char)bytes.ptr[i]);
    assert_string_equal(buf_cstr(&out), hex);
}

#endif
