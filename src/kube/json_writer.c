#include "kube/json_writer.h"

#include "base/duration.h"
#include "base/quote.h"
#include "kube/time.h"

/* Before a value or a key: the comma, when something stands before it. */
static void begin(struct json_writer *w)
{
    if (w->needs_comma)
        buf_add_char(w->to, ',');
    w->needs_comma = true;
}

static void open_with(struct json_writer *w, char c)
{
    begin(w);
    buf_add_char(w->to, c);
    w->needs_comma = false;
}

static void close_with(struct json_writer *w, char c)
{
    buf_add_char(w->to, c);
    w->needs_comma = true;
}

void json_open_object(struct json_writer *w)
{
    open_with(w, '{');
}

void json_close_object(struct json_writer *w)
{
    close_with(w, '}');
}

void json_open_array(struct json_writer *w)
{
    open_with(w, '[');
}

void json_close_array(struct json_writer *w)
{
    close_with(w, ']');
}

/* Appends the escape of the byte that S begins with; returns how many bytes of S it stands for. */
static size_t add_escape(struct buf *to, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_from[] = "\"\\\b\f\n\r\t";
    static const char short_to[] = "\"\\bfnrt";
    unsigned char c = (unsigned char)s.ptr[0];
    const char *at = c != '\0' ? strchr(short_from, c) : NULL;
    uint32_t rune;
    size_t len;

    if (at != NULL) {
        char pair[2] = {'\\', short_to[at - short_from]};

        buf_add(to, pair, 2);
        return 1;
    }
    if (c < 0x80) {
        char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

        buf_add(to, code, 6);
        return 1;
    }
    len = utf8_decode(s, &rune);
    if (len == 0) {
        buf_add_str(to, STR("\\ufffd"));
        return 1;
    }
    if (rune == 0x2028 || rune == 0x2029)
        buf_add_str(to, rune == 0x2028 ? STR("\\u2028") : STR("\\u2029"));
    else
        buf_add(to, s.ptr, len);
    return len;
}

/* ASCII that stands for itself; what lies above needs a look at the whole character. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void json_quote(struct buf *to, struct str s)
{
    buf_add_char(to, '"');
    while (s.len > 0) {
        size_t plain = 0;

        while (plain < s.len && is_plain((unsigned char)s.ptr[plain]))
            plain++;
        if (plain > 0)
            buf_add(to, s.ptr, plain);
        s = str_skip(s, plain);
        if (s.len > 0)
            s = str_skip(s, add_escape(to, s));
    }
    buf_add_char(to, '"');
}

void json_write_key(struct json_writer *w, struct str key)
{
    begin(w);
    json_quote(w->to, key);
    buf_add_char(w->to, ':');
    w->needs_comma = false;
}

void json_write_str(struct json_writer *w, struct str value)
{
    begin(w);
    json_quote(w->to, value);
}

void json_write_cstr(struct json_writer *w, const char *value)
{
    json_write_str(w, str_of(value));
}

void json_write_i64(struct json_writer *w, int64_t value)
{
    begin(w);
    buf_add_i64(w->to, value);
}

void json_write_u64(struct json_writer *w, uint64_t value)
{
    begin(w);
    buf_add_u64(w->to, value);
}

void json_write_bool(struct json_writer *w, bool value)
{
    json_write_raw(w, value ? STR("true") : STR("false"));
}

void json_write_null(struct json_writer *w)
{
    json_write_raw(w, STR("null"));
}

void json_write_raw(struct json_writer *w, struct str json)
{
    begin(w);
    buf_add_str(w->to, json);
}

void json_write_quantity(struct json_writer *w, struct quantity q)
{
    begin(w);
    buf_add_char(w->to, '"');
    quantity_print(w->to, q);
    buf_add_char(w->to, '"');
}

void json_write_time(struct json_writer *w, int64_t unix_ns)
{
    if (unix_ns == KUBE_TIME_ZERO) {
        json_write_null(w);
        return;
    }
    begin(w);
    buf_add_char(w->to, '"');
    kube_time_print(w->to, unix_ns);
    buf_add_char(w->to, '"');
}

void json_write_micro_time(struct json_writer *w, int64_t unix_ns)
{
    if (unix_ns == KUBE_TIME_ZERO) {
        json_write_null(w);
        return;
    }
    begin(w);
    buf_add_char(w->to, '"');
    kube_time_print_micro(w->to, unix_ns);
    buf_add_char(w->to, '"');
}

void json_write_duration(struct json_writer *w, int64_t duration_ns)
{
    begin(w);
    buf_add_char(w->to, '"');
    duration_print(w->to, duration_ns);
    buf_add_char(w->to, '"');
}

void json_write_labels(struct json_writer *w, struct labels labels)
{
    json_open_object(w);
    for (size_t i = 0; i < labels.count; i++)
        json_member_str(w, labels.items[i].key, labels.items[i].value);
    json_close_object(w);
}

void json_member_str(struct json_writer *w, struct str key, struct str value)
{
    json_write_key(w, key);
    json_write_str(w, value);
}

void json_member_cstr(struct json_writer *w, struct str key, const char *value)
{
    json_member_str(w, key, str_of(value));
}

void json_member_nonempty(struct json_writer *w, struct str key, struct str value)
{
    if (value.len > 0)
        json_member_str(w, key, value);
}

void json_member_i64(struct json_writer *w, struct str key, int64_t value)
{
    json_write_key(w, key);
    json_write_i64(w, value);
}

void json_member_u64(struct json_writer *w, struct str key, uint64_t value)
{
    json_write_key(w, key);
    json_write_u64(w, value);
}

void json_member_bool(struct json_writer *w, struct str key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

void json_member_raw(struct json_writer *w, struct str key, struct str json)
{
    json_write_key(w, key);
    json_write_raw(w, json);
}

void json_member_quantity(struct json_writer *w, struct str key, struct quantity q)
{
    json_write_key(w, key);
    json_write_quantity(w, q);
}

void json_member_time(struct json_writer *w, struct str key, int64_t unix_ns)
{
    json_write_key(w, key);
    json_write_time(w, unix_ns);
}
