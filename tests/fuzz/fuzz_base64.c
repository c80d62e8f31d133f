/* Decoding what was encoded gives the same bytes; decoding anything at all gives bytes or leaves the buffer alone. */
#include "base/alloc.h"
#include "base/base64.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_decoding(struct str text, bool (*decode)(struct buf *, struct str))
{
    auto_buf struct buf out = {0};

    buf_add_char(&out, '>');
    if (decode(&out, text))
        assert(out.len - 1 <= text.len / 4 * 3 + 3);
    else
        assert(str_eq(buf_str(&out), STR(">")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str input = str_from((const char *)bytes, len);
    auto_buf struct buf text = {0}, back = {0}, again = {0};

    base64_encode(&text, input);
    assert(base64_decode(&back, buf_str(&text)) && str_eq(buf_str(&back), input));
    buf_clear(&text);
    buf_clear(&back);
    base64url_encode(&text, input);
    assert(base64url_decode(&back, buf_str(&text)) && str_eq(buf_str(&back), input));
    check_decoding(input, base64_decode);
    check_decoding(input, base64url_decode);

    /* the URL form has one text for given bytes */
    buf_clear(&back);
    if (base64url_decode(&back, input)) {
        base64url_encode(&again, buf_str(&back));
        assert(str_eq(buf_str(&again), input));
    }
    return 0;
}
