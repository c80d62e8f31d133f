#include "net/http.h"

struct str http_headers_get(const struct http_headers *headers, struct str name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (str_eq_ignore_case(headers->items[i].name, name))
            return headers->items[i].value;
    }
    return (struct str){0};
}

void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value)
{
    if (headers->count >= headers->capacity) {
        size_t capacity = headers->count < 4 ? 8 : headers->count * 2;
        struct http_header *items = arena_alloc(arena, capacity * sizeof(*items));
        if (headers->count > 0)
            memcpy(items, headers->items, headers->count * sizeof(*items));
        headers->items = items;
        headers->capacity = capacity;
    }
    headers->items[headers->count++] = (struct http_header){arena_str(arena, name), arena_str(arena, value)};
}

static const struct {
    int status;
    const char *text;
} status_texts[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Requested Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < sizeof(status_texts) / sizeof(*status_texts); i++) {
        if (status_texts[i].status == status)
            return status_texts[i].text;
    }
    return "";
}

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

bool http_percent_decode(struct arena *arena, struct str s, bool is_form, struct str *out)
{
    char *to = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            bool is_whole = s.len - i > 2;
            int high = is_whole ? hex_digit(s.ptr[i + 1]) : -1;
            int low = is_whole ? hex_digit(s.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        to[len++] = c;
    }
    to[len] = '\0';
    *out = str_from(to, len);
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void http_percent_encode(struct buf *to, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (is_unreserved((char)c)) {
            buf_add_char(to, (char)c);
            continue;
        }
        buf_add_char(to, '%');
        buf_add_char(to, digits[c >> 4]);
        buf_add_char(to, digits[c & 15]);
    }
}

bool http_query_next(struct str *query, struct arena *arena, struct str *name, struct str *value)
{
    while (!str_is_empty(*query)) {
        struct str pair, raw_name, raw_value;
        str_cut(*query, '&', &pair, query);
        /* Go refuses semicolons, which some once took for separators. */
        if (str_is_empty(pair) || str_index(pair, ';') >= 0)
            continue;
        str_cut(pair, '=', &raw_name, &raw_value);
        if (http_percent_decode(arena, raw_name, true, name) && http_percent_decode(arena, raw_value, true, value))
            return true;
    }
    return false;
}
