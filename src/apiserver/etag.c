#include "apiserver/etag.h"

#include <openssl/sha.h>

struct str etag_of(struct arena *arena, struct str bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char digest[SHA512_DIGEST_LENGTH];
    size_t length = 2 + 2 * sizeof(digest);
    char *text = arena_alloc(arena, length), *at = text;

    SHA512((const unsigned char *)bytes.ptr, bytes.len, digest);
    *at++ = '"';
    for (size_t i = 0; i < sizeof(digest); i++) {
        *at++ = digits[digest[i] >> 4];
        *at++ = digits[digest[i] & 15];
    }
    *at = '"';
    return str_from(text, length);
}

struct str etag_hash(struct str etag)
{
    return str_head(str_skip(etag, 1), etag.len - 2);
}

bool etag_matches(struct str if_none_match, struct str etag)
{
    struct str one;

    while (if_none_match.len > 0) {
        str_cut(if_none_match, ',', &one, &if_none_match);
        one = str_trim(one);
        if (str_starts_with(one, STR("W/"))) /* compared weakly, as RFC 9110 says */
            one = str_skip(one, 2);
        if (str_eq(one, etag) || str_eq(one, STR("*")))
            return true;
    }
    return false;
}
