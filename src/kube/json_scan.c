#include "kube/json_scan.h"

#include <endian.h>

#include "base/quote.h"

#define ONES (~UINT64_C(0) / 255) /* 0x0101...: a byte times ONES is that byte eight times */

struct json_scan json_scan_of(struct str bytes, struct arena *arena)
{
    const char *start = bytes.ptr != NULL ? bytes.ptr : "";

    return (struct json_scan){
        .at = start, .start = start, .end = start + bytes.len, .arena = arena, .has_pending = true};
}

bool json_scan_fail(struct json_scan *s, const char *fault)
{
    if (s->fault == NULL)
        s->fault = fault;
    s->has_pending = false;
    return false;
}

const char *json_scan_fault(const struct json_scan *s)
{
    return s->fault != NULL ? s->fault : "";
}

size_t json_scan_offset(const struct json_scan *s)
{
    return (size_t)(s->at - s->start);
}

static void skip_space(struct json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* The next byte behind white space, or 0 at the end. */
static char next_char(struct json_scan *s)
{
    skip_space(s);
    return s->at < s->end ? *s->at : '\0';
}

static bool take_char(struct json_scan *s, char c)
{
    if (next_char(s) != c || s->at == s->end)
        return false;
    s->at++;
    return true;
}

static bool get_bit(const uint8_t *bits, unsigned i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static void put_bit(uint8_t *bits, unsigned i, bool value)
{
    uint8_t mask = (uint8_t)(1u << (i % 8));

    bits[i / 8] = value ? bits[i / 8] | mask : bits[i / 8] & (uint8_t)~mask;
}

static bool push(struct json_scan *s, bool is_object, bool is_null)
{
    if (s->depth == JSON_SCAN_MAX_DEPTH)
        return json_scan_fail(s, "nested too deeply");
    put_bit(s->is_object, s->depth, is_object);
    put_bit(s->is_null, s->depth, is_null);
    s->depth++;
    return true;
}

/* How many bytes from AT on are plain characters of a string: ASCII, no quote, backslash or control character. */
static size_t plain_length(const char *at, const char *end)
{
    const char *start = at;

    for (; end - at >= 8; at += 8) {
        uint64_t v, quote, backslash, special;

        memcpy(&v, at, sizeof(v));
        v = le64toh(v);
        quote = v ^ (ONES * '"');
        backslash = v ^ (ONES * '\\');
        special = (v | ((v - ONES * 0x20) & ~v) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash)) &
                  (ONES * 0x80);
        if (special != 0)
            return (size_t)(at - start) + (size_t)__builtin_ctzll(special) / 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - start);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hex digits at AT, or -1. */
static int32_t hex_code(const char *at, const char *end)
{
    int32_t code = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);

        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* Checks the escape behind a backslash and steps over it. */
static bool skip_escape(struct json_scan *s)
{
    char c = s->at < s->end ? *s->at : '\0';

    if (c == 'u') {
        if (hex_code(s->at + 1, s->end) < 0)
            return json_scan_fail(s, "\\u without four hex digits");
        s->at += 5;
        return true;
    }
    if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
        return json_scan_fail(s, "unknown escape in a string");
    s->at++;
    return true;
}

/* Takes a string; RAW is what stands between its quotes. */
static bool take_raw_string(struct json_scan *s, struct str *raw, bool *has_escapes)
{
    const char *start;
    uint32_t rune;

    *has_escapes = false;
    if (!take_char(s, '"'))
        return json_scan_fail(s, "a string was expected");
    start = s->at;
    for (;;) {
        s->at += plain_length(s->at, s->end);
        if (s->at == s->end)
            return json_scan_fail(s, "the document ends within a string");
        if (*s->at == '"')
            break;
        if (*s->at == '\\') {
            *has_escapes = true;
            s->at++;
            if (!skip_escape(s))
                return false;
        } else if ((unsigned char)*s->at < 0x20) {
            return json_scan_fail(s, "control character in a string");
        } else {
            size_t len = utf8_decode(str_from(s->at, (size_t)(s->end - s->at)), &rune);

            if (len == 0)
                return json_scan_fail(s, "a string that is not UTF-8");
            s->at += len;
        }
    }
    *raw = str_from(start, (size_t)(s->at - start));
    s->at++;
    return true;
}

static char *put_utf8(char *to, uint32_t rune)
{
    if (rune < 0x80) {
        *to++ = (char)rune;
        return to;
    }
    if (rune < 0x800) {
        *to++ = (char)(0xc0 | rune >> 6);
    } else {
        if (rune < 0x10000) {
            *to++ = (char)(0xe0 | rune >> 12);
        } else {
            *to++ = (char)(0xf0 | rune >> 18);
            *to++ = (char)(0x80 | (rune >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (rune >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (rune & 0x3f));
    return to;
}

/* The character of the \u escape whose digits start at *AT, which moves behind it. Half a surrogate pair is U+FFFD. */
static uint32_t unescape_code(const char **at, const char *end)
{
    int32_t high = hex_code(*at, end);
    int32_t low;

    *at += 4;
    if (high < 0xd800 || high > 0xdfff)
        return (uint32_t)high;
    if (high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0xfffd;
    low = hex_code(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *at += 6;
    return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/* The text of a string that was already checked; never longer than RAW. */
static struct str unescape(struct arena *arena, struct str raw)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    char *start = arena_alloc(arena, raw.len);
    char *to = start;
    const char *end = raw.ptr + raw.len;

    for (const char *at = raw.ptr; at < end;) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] == 'u') {
            at += 2;
            to = put_utf8(to, unescape_code(&at, end));
        } else {
            *to++ = into[strchr(from, at[1]) - from];
            at += 2;
        }
    }
    return str_from(start, (size_t)(to - start));
}

static bool take_string(struct json_scan *s, struct str *out)
{
    struct str raw;
    bool has_escapes;

    if (!take_raw_string(s, &raw, &has_escapes))
        return false;
    *out = has_escapes ? unescape(s->arena, raw) : raw;
    return true;
}

static bool skip_digits(struct json_scan *s)
{
    const char *start = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > start || json_scan_fail(s, "a digit was expected");
}

static bool skip_number(struct json_scan *s)
{
    if (*s->at == '-')
        s->at++;
    if (s->at < s->end && *s->at == '0')
        s->at++;
    else if (!skip_digits(s))
        return false;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!skip_digits(s))
            return false;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        return skip_digits(s);
    }
    return true;
}

static bool take_word(struct json_scan *s, struct str word)
{
    if (!str_starts_with(str_from(s->at, (size_t)(s->end - s->at)), word))
        return json_scan_fail(s, "a value was expected");
    s->at += word.len;
    return true;
}

/* Anything but an object or an array. */
static bool skip_scalar(struct json_scan *s)
{
    struct str raw;
    bool has_escapes;

    switch (next_char(s)) {
    case '"':
        return take_raw_string(s, &raw, &has_escapes);
    case 't':
        return take_word(s, STR("true"));
    case 'f':
        return take_word(s, STR("false"));
    case 'n':
        return take_word(s, STR("null"));
    case '-':
    case '0' ... '9':
        return skip_number(s);
    default:
        return json_scan_fail(s, s->at == s->end ? "the document ends too early" : "a value was expected");
    }
}

static bool skip_key(struct json_scan *s)
{
    struct str raw;
    bool has_escapes;

    if (next_char(s) != '"')
        return json_scan_fail(s, "a member's name was expected");
    return take_raw_string(s, &raw, &has_escapes) && (take_char(s, ':') || json_scan_fail(s, "':' was expected"));
}

/* Behind a value: closes what ends here, down to BASE levels. True, with IS_DONE, when nothing more must follow. */
static bool close_levels(struct json_scan *s, unsigned base, bool *is_done)
{
    *is_done = false;
    while (s->depth > base) {
        bool is_object = get_bit(s->is_object, s->depth - 1);

        if (take_char(s, ','))
            return !is_object || skip_key(s);
        if (!take_char(s, is_object ? '}' : ']'))
            return json_scan_fail(s, is_object ? "',' or '}' was expected" : "',' or ']' was expected");
        s->depth--;
    }
    *is_done = true;
    return true;
}

/* Opens the object or array that stands next. IS_EMPTY: it closed at once, and the level is gone again. */
static bool open_level(struct json_scan *s, bool is_object, bool *is_empty)
{
    s->at++;
    if (!push(s, is_object, false))
        return false;
    *is_empty = take_char(s, is_object ? '}' : ']');
    s->depth -= *is_empty;
    return *is_empty || !is_object || skip_key(s);
}

/* Steps over the value that stands next, whatever it is, without recursion. */
static bool skip_value(struct json_scan *s)
{
    unsigned base = s->depth;
    bool is_done = false;

    while (!is_done) {
        char c = next_char(s);
        bool is_whole = true;

        if (!(c == '{' || c == '[' ? open_level(s, c == '{', &is_whole) : skip_scalar(s)))
            return false;
        if (is_whole && !close_levels(s, base, &is_done))
            return false;
    }
    return true;
}

/* Before taking a value: there has to be one. */
static bool begin_value(struct json_scan *s)
{
    if (s->fault != NULL)
        return false;
    if (!s->has_pending)
        return json_scan_fail(s, "a value was read twice");
    return true;
}

/* After taking a value whole. */
static bool end_value(struct json_scan *s)
{
    s->has_pending = false;
    s->is_first = false;
    return true;
}

enum json_scan_type json_scan_peek(struct json_scan *s)
{
    if (s->fault != NULL || !s->has_pending)
        return JSON_SCAN_NONE;
    switch (next_char(s)) {
    case '{':
        return JSON_SCAN_OBJECT;
    case '[':
        return JSON_SCAN_ARRAY;
    case '"':
        return JSON_SCAN_STRING;
    case 't':
    case 'f':
        return JSON_SCAN_BOOL;
    case 'n':
        return JSON_SCAN_NULL;
    case '-':
    case '0' ... '9':
        return JSON_SCAN_NUMBER;
    default:
        return JSON_SCAN_NONE;
    }
}

static bool enter(struct json_scan *s, char c, const char *fault)
{
    bool is_null = json_scan_peek(s) == JSON_SCAN_NULL;

    if (!begin_value(s))
        return false;
    if (is_null ? !take_word(s, STR("null")) : !take_char(s, c))
        return json_scan_fail(s, fault);
    if (!push(s, c == '{', is_null))
        return false;
    s->is_first = true;
    s->has_pending = false;
    return true;
}

bool json_scan_enter_object(struct json_scan *s)
{
    return enter(s, '{', "an object was expected");
}

bool json_scan_enter_array(struct json_scan *s)
{
    return enter(s, '[', "an array was expected");
}

/* Stands before the next member's key, or the next element. */
static bool next(struct json_scan *s, bool in_object)
{
    char closing = in_object ? '}' : ']';

    if (s->fault != NULL || (s->has_pending && !json_scan_skip(s)))
        return false;
    if (s->depth == 0 || get_bit(s->is_object, s->depth - 1) != in_object)
        return json_scan_fail(s, "read outside of an object or array");
    if (get_bit(s->is_null, s->depth - 1) || take_char(s, closing)) {
        s->depth--;
        s->is_first = false;
        return false;
    }
    if (!s->is_first && !take_char(s, ','))
        return json_scan_fail(s, in_object ? "',' or '}' was expected" : "',' or ']' was expected");
    s->is_first = false;
    return true;
}

bool json_scan_next_member(struct json_scan *s, struct str *key)
{
    if (!next(s, true))
        return false;
    if (next_char(s) != '"')
        return json_scan_fail(s, "a member's name was expected");
    if (!take_string(s, key))
        return false;
    if (!take_char(s, ':'))
        return json_scan_fail(s, "':' was expected");
    s->has_pending = true;
    return true;
}

bool json_scan_next_element(struct json_scan *s)
{
    if (!next(s, false))
        return false;
    s->has_pending = true;
    return true;
}

bool json_scan_skip(struct json_scan *s)
{
    return begin_value(s) && skip_value(s) && end_value(s);
}

bool json_scan_raw(struct json_scan *s, struct str *out)
{
    const char *start;

    if (!begin_value(s))
        return false;
    skip_space(s);
    start = s->at;
    if (!skip_value(s))
        return false;
    *out = str_from(start, (size_t)(s->at - start));
    return end_value(s);
}

/* Takes a null; false when something else stands next. */
static bool take_null(struct json_scan *s)
{
    return json_scan_peek(s) == JSON_SCAN_NULL && take_word(s, STR("null"));
}

bool json_scan_str(struct json_scan *s, struct str *out)
{
    if (!begin_value(s))
        return false;
    if (take_null(s))
        *out = STR("");
    else if (s->fault != NULL || !take_string(s, out))
        return false;
    return end_value(s);
}

bool json_scan_finish(struct json_scan *s)
{
    if (s->fault != NULL || (s->has_pending && !json_scan_skip(s)))
        return false;
    if (s->depth > 0)
        return json_scan_fail(s, "the document was not read to its end");
    skip_space(s);
    return s->at == s->end || json_scan_fail(s, "something follows the document");
}
