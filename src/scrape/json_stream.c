#include "scrape/json_stream.h"

#include "base/quote.h"

void json_stream_free(struct json_stream *j)
{
    buf_free(&j->key);
    buf_free(&j->token);
}

static bool fail(const struct json_stream *j, struct error *err, const char *cause)
{
    return error_set(err, 0, "byte %llu: %s", (unsigned long long)j->offset, cause);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str key_of_value(const struct json_stream *j)
{
    bool is_member = j->depth > 0 && !j->is_array[j->depth - 1];

    return is_member ? buf_str(&j->key) : (struct str){NULL, 0};
}

static void end_value(struct json_stream *j)
{
    j->state = j->depth > 0 ? JSON_STREAM_AFTER_VALUE : JSON_STREAM_AT_END;
}

static bool open_container(struct json_stream *j, bool is_array, struct error *err)
{
    if (j->depth == JSON_STREAM_MAX_DEPTH)
        return fail(j, err, "nested too deeply");
    j->events->on_open(j->arg, key_of_value(j), is_array ? JSON_STREAM_ARRAY : JSON_STREAM_OBJECT);
    j->is_array[j->depth++] = is_array;
    j->state = is_array ? JSON_STREAM_AT_FIRST_ELEMENT : JSON_STREAM_AT_FIRST_KEY;
    return true;
}

static bool close_container(struct json_stream *j, char c, struct error *err)
{
    bool is_array = c == ']';

    if (j->depth == 0 || j->is_array[j->depth - 1] != is_array)
        return fail(j, err, "unexpected end of an object or array");
    j->depth--;
    j->events->on_close(j->arg, is_array ? JSON_STREAM_ARRAY : JSON_STREAM_OBJECT);
    end_value(j);
    return true;
}

static void begin_token(struct json_stream *j, enum json_stream_state state)
{
    buf_clear(&j->token);
    j->state = state;
    j->is_key = false;
}

static bool begin_value(struct json_stream *j, char c, struct error *err)
{
    if (c == '{' || c == '[')
        return open_container(j, c == '[', err);
    if (c == ']' && j->state == JSON_STREAM_AT_FIRST_ELEMENT)
        return close_container(j, c, err);
    if (c == '"') {
        begin_token(j, JSON_STREAM_IN_STRING);
        return true;
    }
    if (c == '-' || is_digit(c))
        begin_token(j, JSON_STREAM_IN_NUMBER);
    else if (c == 't' || c == 'f' || c == 'n')
        begin_token(j, JSON_STREAM_IN_WORD);
    else
        return fail(j, err, "expected a value");
    buf_add_char(&j->token, c);
    return true;
}

/* What is not inside a string, number or word. */
static bool take_structure(struct json_stream *j, char c, struct error *err)
{
    if (is_space(c))
        return true;
    switch (j->state) {
    case JSON_STREAM_AT_VALUE:
    case JSON_STREAM_AT_FIRST_ELEMENT:
        return begin_value(j, c, err);
    case JSON_STREAM_AT_FIRST_KEY:
        if (c == '}')
            return close_container(j, c, err);
        /* fallthrough */
    case JSON_STREAM_AT_KEY:
        if (c != '"')
            return fail(j, err, "expected a member's name");
        begin_token(j, JSON_STREAM_IN_STRING);
        j->is_key = true;
        return true;
    case JSON_STREAM_AT_COLON:
        if (c != ':')
            return fail(j, err, "expected ':' after a member's name");
        j->state = JSON_STREAM_AT_VALUE;
        return true;
    case JSON_STREAM_AFTER_VALUE:
        if (c == '}' || c == ']')
            return close_container(j, c, err);
        if (c != ',')
            return fail(j, err, "expected ',' or the end of the object or array");
        j->state = j->is_array[j->depth - 1] ? JSON_STREAM_AT_VALUE : JSON_STREAM_AT_KEY;
        return true;
    default:
        return fail(j, err, "unexpected text behind the document");
    }
}

static void add_rune(struct buf *to, uint32_t rune)
{
    if (rune < 0x80) {
        buf_add_char(to, (char)rune);
    } else if (rune < 0x800) {
        buf_add_char(to, (char)(0xc0 | rune >> 6));
        buf_add_char(to, (char)(0x80 | (rune & 0x3f)));
    } else if (rune < 0x10000) {
        buf_add_char(to, (char)(0xe0 | rune >> 12));
        buf_add_char(to, (char)(0x80 | (rune >> 6 & 0x3f)));
        buf_add_char(to, (char)(0x80 | (rune & 0x3f)));
    } else {
        buf_add_char(to, (char)(0xf0 | rune >> 18));
        buf_add_char(to, (char)(0x80 | (rune >> 12 & 0x3f)));
        buf_add_char(to, (char)(0x80 | (rune >> 6 & 0x3f)));
        buf_add_char(to, (char)(0x80 | (rune & 0x3f)));
    }
}

/* A surrogate without its other half stands for U+FFFD, as in Go. */
static void flush_surrogate(struct json_stream *j)
{
    if (j->high != 0)
        add_rune(&j->token, 0xfffd);
    j->high = 0;
}

static bool end_string(struct json_stream *j, struct error *err)
{
    flush_surrogate(j);
    if (!utf8_is_valid(buf_str(&j->token)))
        return fail(j, err, "a string isn't valid UTF-8");
    if (j->is_key) {
        buf_clear(&j->key);
        buf_add_str(&j->key, buf_str(&j->token));
        j->state = JSON_STREAM_AT_COLON;
        return true;
    }
    j->events->on_value(j->arg, key_of_value(j), JSON_STREAM_STRING, buf_str(&j->token));
    end_value(j);
    return true;
}

static bool take_string(struct json_stream *j, char c, struct error *err)
{
    if (c == '"')
        return end_string(j, err);
    if ((unsigned char)c < 0x20)
        return fail(j, err, "control character in a string");
    if (c == '\\') {
        j->state = JSON_STREAM_IN_ESCAPE;
        return true;
    }
    flush_surrogate(j);
    buf_add_char(&j->token, c);
    return true;
}

static bool take_escape(struct json_stream *j, char c, struct error *err)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *name = c != '\0' ? strchr(names, c) : NULL;

    if (c == 'u') {
        j->state = JSON_STREAM_IN_UNICODE;
        j->escape_digits = 4;
        j->escape = 0;
        return true;
    }
    if (name == NULL)
        return fail(j, err, "invalid escape in a string");
    flush_surrogate(j);
    buf_add_char(&j->token, values[name - names]);
    j->state = JSON_STREAM_IN_STRING;
    return true;
}

static bool take_unicode(struct json_stream *j, char c, struct error *err)
{
    uint32_t digit;

    if (is_digit(c))
        digit = (uint32_t)(c - '0');
    else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        digit = (uint32_t)((c | 0x20) - 'a') + 10;
    else
        return fail(j, err, "invalid \\u escape in a string");
    j->escape = j->escape << 4 | digit;
    if (--j->escape_digits > 0)
        return true;
    j->state = JSON_STREAM_IN_STRING;
    if (j->high != 0 && j->escape >= 0xdc00 && j->escape <= 0xdfff) {
        add_rune(&j->token, 0x10000 + ((j->high - 0xd800) << 10) + (j->escape - 0xdc00));
        j->high = 0;
        return true;
    }
    flush_surrogate(j);
    if (j->escape >= 0xd800 && j->escape <= 0xdbff)
        j->high = j->escape;
    else
        add_rune(&j->token, j->escape >= 0xdc00 && j->escape <= 0xdfff ? 0xfffd : j->escape);
    return true;
}

/* [-] (0 | digits) [. digits] [e [sign] digits] */
static bool is_number(struct str s)
{
    size_t at = s.len > 0 && s.ptr[0] == '-';
    size_t start = at;

    while (at < s.len && is_digit(s.ptr[at]))
        at++;
    if (at == start || (s.ptr[start] == '0' && at > start + 1))
        return false;
    if (at < s.len && s.ptr[at] == '.') {
        start = ++at;
        while (at < s.len && is_digit(s.ptr[at]))
            at++;
        if (at == start)
            return false;
    }
    if (at < s.len && (s.ptr[at] == 'e' || s.ptr[at] == 'E')) {
        at++;
        at += at < s.len && (s.ptr[at] == '+' || s.ptr[at] == '-');
        start = at;
        while (at < s.len && is_digit(s.ptr[at]))
            at++;
        if (at == start)
            return false;
    }
    return at == s.len;
}

static bool end_token(struct json_stream *j, struct error *err)
{
    struct str token = buf_str(&j->token);
    bool is_word = j->state == JSON_STREAM_IN_WORD;

    if (is_word && !str_eq(token, STR("true")) && !str_eq(token, STR("false")) && !str_eq(token, STR("null")))
        return fail(j, err, "expected a value");
    if (!is_word && !is_number(token))
        return fail(j, err, "invalid number");
    j->events->on_value(j->arg, key_of_value(j), is_word ? JSON_STREAM_WORD : JSON_STREAM_NUMBER, token);
    end_value(j);
    return true;
}

static bool take_token(struct json_stream *j, char c, struct error *err)
{
    bool is_part = (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' || c == '.' || is_digit(c);

    if (!is_part)
        return end_token(j, err) && take_structure(j, c, err);
    buf_add_char(&j->token, c);
    return true;
}

bool json_stream_feed(struct json_stream *j, struct str chunk, struct error *err)
{
    for (size_t i = 0; i < chunk.len; i++, j->offset++) {
        char c = chunk.ptr[i];
        bool is_good;
        if (j->token.len > JSON_STREAM_MAX_TOKEN_BYTES)
            return fail(j, err, "a string or number is too long");
        switch (j->state) {
        case JSON_STREAM_IN_STRING:
            is_good = take_string(j, c, err);
            break;
        case JSON_STREAM_IN_ESCAPE:
            is_good = take_escape(j, c, err);
            break;
        case JSON_STREAM_IN_UNICODE:
            is_good = take_unicode(j, c, err);
            break;
        case JSON_STREAM_IN_NUMBER:
        case JSON_STREAM_IN_WORD:
            is_good = take_token(j, c, err);
            break;
        default:
            is_good = take_structure(j, c, err);
            break;
        }
        if (!is_good)
            return false;
    }
    return true;
}

bool json_stream_finish(struct json_stream *j, struct error *err)
{
    if (j->depth == 0 && (j->state == JSON_STREAM_IN_NUMBER || j->state == JSON_STREAM_IN_WORD) && !end_token(j, err))
        return false;
    return j->state == JSON_STREAM_AT_END || fail(j, err, "the document ends early");
}
