#include "net/http1_chunked.h"

#define FREE_BYTES ((uint64_t)16 * 1024)
#define FREE_BYTES_PER_CHUNK 16
/* Larger sizes than this are nobody's honest intent, and can't overflow. */
#define SIZE_MAX_BYTES ((uint64_t)1 << 56)

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_line_char(char c)
{
    return ((unsigned char)c >= 0x20 && c != 0x7f) || c == '\t';
}

/* Goes to PLACE when C is WANTED. */
static bool expect(struct http1_chunked *c, char got, char wanted, enum http1_chunked_place place)
{
    c->place = place;
    return got == wanted;
}

static bool read_size(struct http1_chunked *c, char got)
{
    int digit = hex_digit(got);
    if (digit >= 0) {
        c->left = c->left * 16 + (uint64_t)digit;
        c->place = CHUNKED_SIZE;
        return c->left <= SIZE_MAX_BYTES;
    }
    if (c->place == CHUNKED_SIZE_START)
        return false;
    c->place = got == ';' ? CHUNKED_EXTENSION : CHUNKED_SIZE_LF;
    return got == ';' || got == '\r';
}

/* One byte that isn't data. False: malformed. */
static bool read_byte(struct http1_chunked *c, char got)
{
    switch (c->place) {
    case CHUNKED_SIZE_START:
    case CHUNKED_SIZE:
        return read_size(c, got);
    case CHUNKED_EXTENSION:
        return is_line_char(got) || expect(c, got, '\r', CHUNKED_SIZE_LF);
    case CHUNKED_SIZE_LF:
        c->chunks++;
        return expect(c, got, '\n', c->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER_START);
    case CHUNKED_DATA_CR:
        return expect(c, got, '\r', CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF:
        return expect(c, got, '\n', CHUNKED_SIZE_START);
    case CHUNKED_TRAILER_START:
        c->place = got == '\r' ? CHUNKED_LAST_LF : CHUNKED_TRAILER;
        return got == '\r' || is_line_char(got);
    case CHUNKED_TRAILER:
        return is_line_char(got) || expect(c, got, '\r', CHUNKED_TRAILER_LF);
    case CHUNKED_TRAILER_LF:
        return expect(c, got, '\n', CHUNKED_TRAILER_START);
    case CHUNKED_LAST_LF:
        return expect(c, got, '\n', CHUNKED_ENDED);
    case CHUNKED_DATA:
    case CHUNKED_ENDED:
        break;
    }
    return false;
}

enum http1_chunked_result http1_chunked_read(struct http1_chunked *c, struct str *in, struct str *data)
{
    while (c->place != CHUNKED_ENDED && in->len > 0) {
        if (c->place == CHUNKED_DATA) {
            *data = str_head(*in, c->left < in->len ? (size_t)c->left : in->len);
            *in = str_skip(*in, data->len);
            c->left -= data->len;
            c->data_bytes += data->len;
            if (c->left == 0)
                c->place = CHUNKED_DATA_CR;
            return CHUNKED_PIECE;
        }
        if (!read_byte(c, in->ptr[0]))
            return CHUNKED_MALFORMED;
        *in = str_skip(*in, 1);
        if (++c->other_bytes > FREE_BYTES + c->chunks * FREE_BYTES_PER_CHUNK + c->data_bytes * 2)
            return CHUNKED_EXCESSIVE;
    }
    return c->place == CHUNKED_ENDED ? CHUNKED_END : CHUNKED_MORE;
}
