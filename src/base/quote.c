#include "base/quote.h"

size_t utf8_decode(struct str s, uint32_t *rune)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)s.ptr[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t value;

    if (len == 1) {
        *rune = first;
        return 1;
    }
    if (first < 0xc2 || first > 0xf4 || s.len < len)
        return 0;
    value = first & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)s.ptr[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    if (value < smallest[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *rune = value;
    return len;
}

bool utf8_is_valid(struct str s)
{
    uint32_t rune;

    while (s.len > 0) {
        size_t len = utf8_decode(s, &rune);
        if (len == 0)
            return false;
        s = str_skip(s, len);
    }
    return true;
}

/* Spaces other than ' ', invisible and direction-changing characters, private use, and what is no character. */
static bool prints(uint32_t rune)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1f},       {0x7f, 0xa0},        {0xad, 0xad},       {0x0600, 0x0605},   {0x061c, 0x061c},
        {0x06dd, 0x06dd},   {0x070f, 0x070f},    {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x1680, 0x1680},
        {0x180e, 0x180e},   {0x2000, 0x200f},    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},
        {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},    {0xfeff, 0xfeff},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},
        {0x110bd, 0x110bd}, {0x110cd, 0x110cd},  {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff},
    };

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (rune >= hidden[i].first && rune <= hidden[i].last)
            return false;
    }
    return true;
}

static void add_escape(struct buf *to, uint32_t rune)
{
    static const char short_forms[] = "abtnvfr"; /* 7..13 */

    if (rune >= 7 && rune <= 13)
        buf_printf(to, "\\%c", short_forms[rune - 7]);
    else if (rune < ' ' || rune == 0x7f)
        buf_printf(to, "\\x%02x", rune);
    else
        buf_printf(to, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
}

static void add_escaped(struct buf *to, struct str s, bool with_quotes)
{
    uint32_t rune;

    while (s.len > 0) {
        size_t len = utf8_decode(s, &rune);
        if (len == 0) {
            buf_printf(to, "\\x%02x", (unsigned char)s.ptr[0]);
            s = str_skip(s, 1);
            continue;
        }
        if (with_quotes && (rune == '"' || rune == '\\'))
            buf_add_char(to, '\\');
        if (prints(rune))
            buf_add(to, s.ptr, len);
        else
            add_escape(to, rune);
        s = str_skip(s, len);
    }
}

void quote_add(struct buf *to, struct str s)
{
    buf_add_char(to, '"');
    add_escaped(to, s, true);
    buf_add_char(to, '"');
}

void quote_add_bare(struct buf *to, struct str s)
{
    add_escaped(to, s, false);
}

void html_escape_add(struct buf *to, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '&')
            buf_add_cstr(to, "&amp;");
        else if (c == '<')
            buf_add_cstr(to, "&lt;");
        else if (c == '>')
            buf_add_cstr(to, "&gt;");
        else
            buf_add_char(to, c);
    }
}
