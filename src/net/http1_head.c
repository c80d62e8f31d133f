#include "net/http1_head.h"

#include <http_parser.h>

/* What the callbacks fill. */
struct collector {
    struct arena *arena;
    struct http_headers *headers;
    struct str target;
    struct str name, value; /* of the header being read */
    bool has_value;
};

ptrdiff_t http1_head_find_end(struct str bytes, size_t *scanned)
{
    size_t at = *scanned;
    const char *newline;
    while (at < bytes.len && (newline = memchr(bytes.ptr + at, '\n', bytes.len - at)) != NULL) {
        size_t i = (size_t)(newline - bytes.ptr);
        if (i == 0 || bytes.ptr[i - 1] != '\r')
            return -1;
        at = i + 1;
        if (i >= 3 && bytes.ptr[i - 2] == '\n') {
            *scanned = 0;
            return (ptrdiff_t)at;
        }
    }
    *scanned = bytes.len;
    return 0;
}

/* The head lies in one piece, so pieces of one element adjoin. */
static void extend(struct str *s, const char *at, size_t len)
{
    if (s->ptr == NULL)
        s->ptr = at;
    s->len = (size_t)(at - s->ptr) + len;
}

static void finish_header(struct collector *c)
{
    if (c->name.ptr == NULL)
        return;
    struct http_headers *headers = c->headers;
    if (headers->count >= headers->capacity) {
        size_t capacity = headers->count < 8 ? 16 : headers->count * 2;
        struct http_header *items = arena_alloc(c->arena, capacity * sizeof(*items));
        if (headers->count > 0)
            memcpy(items, headers->items, headers->count * sizeof(*items));
        headers->items = items;
        headers->capacity = capacity;
    }
    headers->items[headers->count++] = (struct http_header){c->name, str_trim(c->value)};
    c->name = (struct str){0};
    c->value = (struct str){0};
    c->has_value = false;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
    struct collector *c = p->data;
    extend(&c->target, at, len);
    return 0;
}

static int on_header_field(http_parser *p, const char *at, size_t len)
{
    struct collector *c = p->data;
    if (c->has_value)
        finish_header(c);
    extend(&c->name, at, len);
    return 0;
}

static int on_header_value(http_parser *p, const char *at, size_t len)
{
    struct collector *c = p->data;
    c->has_value = true;
    extend(&c->value, at, len);
    return 0;
}

static int on_headers_complete(http_parser *p)
{
    finish_header(p->data);
    p->upgrade = 0; /* not offered: what follows is a body like any other (RFC 9110, 7.8) */
    return 0;
}

static bool refuse(struct http1_refusal *refusal, int status, const char *reason)
{
    *refusal = (struct http1_refusal){status, reason};
    return false;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* "GET /path HTTP/1.1": exactly two spaces, and nothing but visible ASCII between. */
static bool check_request_line(struct str line, struct str *method, struct http1_refusal *refusal)
{
    struct str target, version;
    if (!str_cut(line, ' ', method, &target) || !str_cut(target, ' ', &target, &version) || str_is_empty(*method) ||
        str_is_empty(target))
        return refuse(refusal, 400, "malformed request line");
    for (size_t i = 0; i < method->len; i++) {
        if (!is_token_char(method->ptr[i]))
            return refuse(refusal, 400, "malformed method");
    }
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= 0x20 || target.ptr[i] >= 0x7f || target.ptr[i] == '#')
            return refuse(refusal, 400, "invalid character in the request target");
    }
    if (str_eq(version, STR("HTTP/1.1")) || str_eq(version, STR("HTTP/1.0")))
        return true;
    if (version.len == 8 && str_starts_with(version, STR("HTTP/")))
        return refuse(refusal, 505, "unsupported protocol version");
    return refuse(refusal, 400, "malformed HTTP version");
}

/* "Name: value": a token right before the colon, no control characters behind it, no folding. */
static bool check_header_line(struct str line, struct http1_refusal *refusal)
{
    ptrdiff_t colon = str_index(line, ':');
    if (colon <= 0)
        return refuse(refusal, 400,
                      line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t') ? "folded header line"
                                                                                  : "malformed header line");
    for (size_t i = 0; i < (size_t)colon; i++) {
        if (!is_token_char(line.ptr[i]))
            return refuse(refusal, 400,
                          i == 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t') ? "folded header line"
                                                                                : "invalid character in a header name");
    }
    for (size_t i = (size_t)colon + 1; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return refuse(refusal, 400, "invalid character in a header value");
    }
    return true;
}

static bool check_lines(struct str bytes, struct str *method, struct http1_refusal *refusal)
{
    bool is_first = true;
    while (bytes.len > 2) {
        ptrdiff_t end = str_index(bytes, '\n'); /* there is one, behind a CR: http1_head_find_end saw to it */
        struct str line = str_head(bytes, (size_t)end - 1);
        bytes = str_skip(bytes, (size_t)end + 1);
        if (is_first ? !check_request_line(line, method, refusal) : !check_header_line(line, refusal))
            return false;
        is_first = false;
    }
    return true;
}

static size_t count_headers(const struct http_headers *headers, struct str name)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        count += str_eq_ignore_case(headers->items[i].name, name) ? 1 : 0;
    return count;
}

/* How long the body is: the rules whose breach is how requests are smuggled. */
static bool read_framing(const struct http_headers *headers, struct http1_head *head, struct http1_refusal *refusal)
{
    size_t lengths = count_headers(headers, STR("content-length"));
    size_t encodings = count_headers(headers, STR("transfer-encoding"));
    if (lengths > 0 && encodings > 0)
        return refuse(refusal, 400, "both Content-Length and Transfer-Encoding");
    if (lengths > 1)
        return refuse(refusal, 400, "more than one Content-Length");
    if (lengths == 1) {
        struct str value = http_headers_get(headers, STR("content-length"));
        head->has_length = str_to_u64(value, &head->content_length) && head->content_length <= INT64_MAX;
        return head->has_length || refuse(refusal, 400, "malformed Content-Length");
    }
    if (encodings == 0)
        return true;
    if (head->minor == 0)
        return refuse(refusal, 400, "Transfer-Encoding in an HTTP/1.0 request");
    if (encodings > 1 || !str_eq_ignore_case(http_headers_get(headers, STR("transfer-encoding")), STR("chunked")))
        return refuse(refusal, 501, "unsupported transfer encoding");
    head->is_chunked = true;
    return true;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~%!$&'()*+,;=:[]", c) != NULL);
}

static bool read_host(struct http_request *request, int minor, struct http1_refusal *refusal)
{
    size_t hosts = count_headers(&request->headers, STR("host"));
    if (hosts == 0 && minor >= 1)
        return refuse(refusal, 400, "missing required Host header");
    if (hosts > 1)
        return refuse(refusal, 400, "more than one Host header");
    request->host = http_headers_get(&request->headers, STR("host"));
    for (size_t i = 0; i < request->host.len; i++) {
        if (!is_host_char(request->host.ptr[i]))
            return refuse(refusal, 400, "malformed Host header");
    }
    return true;
}

/* Origin form, absolute form (whose authority takes the place of Host), or "*" for OPTIONS. */
static bool read_target(struct http_request *request, struct arena *arena, struct http1_refusal *refusal)
{
    struct str target = request->target;
    if (target.ptr[0] != '/' && !(str_eq(target, STR("*")) && str_eq(request->method, STR("OPTIONS")))) {
        ptrdiff_t scheme_end = str_find(target, STR("://"));
        struct str scheme = str_head(target, scheme_end > 0 ? (size_t)scheme_end : 0);
        if (!str_eq_ignore_case(scheme, STR("http")) && !str_eq_ignore_case(scheme, STR("https")))
            return refuse(refusal, 400, "malformed request target");
        struct str rest = str_skip(target, (size_t)scheme_end + 3);
        size_t authority = 0;
        while (authority < rest.len && is_host_char(rest.ptr[authority]))
            authority++;
        request->host = str_head(rest, authority);
        rest = str_skip(rest, authority);
        if (authority == 0 || (rest.len > 0 && rest.ptr[0] != '/' && rest.ptr[0] != '?'))
            return refuse(refusal, 400, "malformed authority in the request target");
        bool has_path = rest.len > 0 && rest.ptr[0] == '/';
        request->target = has_path ? rest : arena_printf(arena, "/%.*s", STR_ARG(rest));
    }
    str_cut(request->target, '?', &request->path, &request->query);
    return true;
}

static bool read_expectation(const struct http_headers *headers, struct http1_head *head, struct http1_refusal *refusal)
{
    struct str expect = http_headers_get(headers, STR("expect"));
    if (expect.ptr == NULL || head->minor == 0) /* HTTP/1.0 clients can't mean it (RFC 9110, 10.1.1) */
        return true;
    head->expects_continue = str_eq_ignore_case(expect, STR("100-continue"));
    return head->expects_continue || refuse(refusal, 417, "unknown expectation");
}

bool http1_head_parse(struct str bytes, struct arena *arena, struct http_request *request, struct http1_head *head,
                      struct http1_refusal *refusal)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_header_field,
                                                  .on_header_value = on_header_value,
                                                  .on_headers_complete = on_headers_complete};
    struct str copy = arena_str(arena, bytes);
    *head = (struct http1_head){0};
    if (!check_lines(copy, &request->method, refusal))
        return false;
    if (str_eq(request->method, STR("CONNECT")))
        return refuse(refusal, 501, "CONNECT isn't served here");
    struct collector collector = {.arena = arena, .headers = &request->headers};
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &collector;
    http_parser_execute(&parser, &settings, copy.ptr, copy.len);
    switch (HTTP_PARSER_ERRNO(&parser)) {
    case HPE_OK:
        break;
    case HPE_INVALID_METHOD:
        return refuse(refusal, 501, "unknown method");
    case HPE_INVALID_TRANSFER_ENCODING:
        return refuse(refusal, 501, "unsupported transfer encoding");
    default:
        return refuse(refusal, 400, http_errno_description(HTTP_PARSER_ERRNO(&parser)));
    }
    request->target = collector.target;
    request->http_major = 1;
    head->minor = parser.http_minor;
    head->is_keep_alive = http_should_keep_alive(&parser) != 0;
    return read_framing(&request->headers, head, refusal) && read_host(request, head->minor, refusal) &&
           read_target(request, arena, refusal) && read_expectation(&request->headers, head, refusal);
}
