#include "base/log_json.h"

#include "base/clock.h"

/* The length of the UTF-8 sequence that S begins with; 0 when it begins with none. */
static size_t sequence_length(struct str s)
{
    unsigned char first = (unsigned char)s.ptr[0];
    size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

    if (length == 0 || length > s.len || (length > 1 && first < 0xc2))
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

static void add_string(struct buf *to, struct str s)
{
    buf_add_char(to, '"');
    while (s.len > 0) {
        size_t length = sequence_length(s);
        char c = s.ptr[0];
        if (length == 0)
            buf_add_cstr(to, "\\ufffd");
        else if (c == '"' || c == '\\')
            buf_printf(to, "\\%c", c);
        else if (c == '\n')
            buf_add_cstr(to, "\\n");
        else if (length == 1 && (unsigned char)c < 0x20)
            buf_printf(to, "\\u%04x", (unsigned)c);
        else
            buf_add_str(to, str_head(s, length));
        s = str_skip(s, length > 0 ? length : 1);
    }
    buf_add_char(to, '"');
}

static void add_field(struct buf *to, const struct log_field *field)
{
    buf_add_char(to, ',');
    add_string(to, str_of(field->key));
    buf_add_char(to, ':');
    if (field->is_number)
        buf_add_i64(to, field->number);
    else if (field->is_bare)
        buf_add_str(to, field->text);
    else
        add_string(to, field->text);
}

void log_json_add(struct buf *to, enum log_level level, const char *file, int line, struct str message,
                  const struct log_field *fields)
{
    int64_t us = clock_unix_ns() / NS_PER_US;
    const char *slash = strrchr(file, '/');

    buf_printf(to, "{\"ts\":%lld.%03lld,\"caller\":\"%s:%d\",\"msg\":", (long long)(us / 1000), (long long)(us % 1000),
               slash != NULL ? slash + 1 : file, line);
    add_string(to, message);
    if (level == LOG_LEVEL_INFO || level == LOG_LEVEL_WARNING)
        buf_add_cstr(to, ",\"v\":0");
    for (; fields->key != NULL; fields++)
        add_field(to, fields);
    buf_add_char(to, '}');
}
