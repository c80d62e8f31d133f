#include "base/base64.h"

static const char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct buf *to, struct str bytes, const char *alphabet, bool is_padded)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t group = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        char out[4];
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < group ? (unsigned char)bytes.ptr[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            out[j] = j <= group ? alphabet[bits >> (18 - 6 * j) & 63] : '=';
        buf_add(to, out, is_padded ? 4 : group + 1);
    }
}

static int digit_of(char c, char c62, char c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == c62 ? 62 : c == c63 ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What the two alphabets' users expect: Secrets and PEM come from people and Go's encoder, tokens are compared and
 * signed. */
struct dialect {
    const char *alphabet;
    bool is_padded;
    bool is_strict; /* no white space, and exactly one text for given bytes: bits that belong to no byte are zero */
};

static const struct dialect standard = {.alphabet = standard_alphabet, .is_padded = true};
static const struct dialect url = {.alphabet = url_alphabet, .is_strict = true};

/* Whether a text of that many characters and '=' signs is whole; BITS holds the last group. */
static bool is_complete(const struct dialect *dialect, size_t digits, size_t padding, uint32_t bits)
{
    static const uint32_t spare_bits[] = {0, 0, 0x0f, 0x03};
    size_t rest = digits % 4;

    if (rest == 1)
        return false; /* six bits are no byte */
    if (dialect->is_strict && (bits & spare_bits[rest]) != 0)
        return false;
    return padding == (dialect->is_padded && rest != 0 ? 4 - rest : 0);
}

static bool add_decoded(struct buf *to, struct str text, const struct dialect *dialect)
{
    size_t digits = 0, padding = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i], dialect->alphabet[62], dialect->alphabet[63]);
        if (!dialect->is_strict && is_space(text.ptr[i]))
            continue;
        if (text.ptr[i] == '=') {
            padding++;
            continue;
        }
        if (digit < 0 || padding > 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        digits++;
        if (digits % 4 != 1)
            buf_add_char(to, (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff));
    }
    return is_complete(dialect, digits, padding, bits);
}

static bool decode(struct buf *to, struct str text, const struct dialect *dialect)
{
    size_t len = to->len;

    buf_reserve(to, text.len / 4 * 3 + 3);
    if (add_decoded(to, text, dialect))
        return true;
    to->len = len;
    to->ptr[len] = '\0';
    return false;
}

void base64_encode(struct buf *to, struct str bytes)
{
    encode(to, bytes, standard_alphabet, true);
}

void base64url_encode(struct buf *to, struct str bytes)
{
    encode(to, bytes, url_alphabet, false);
}

bool base64_decode(struct buf *to, struct str text)
{
    return decode(to, text, &standard);
}

bool base64url_decode(struct buf *to, struct str text)
{
    return decode(to, text, &url);
}
