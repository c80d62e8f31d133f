#include "net/http1_answer.h"

#include <http_parser.h>

#include "base/alloc.h"

static int on_status(http_parser *parser, const char *at, size_t len)
{
    struct http1_answer *a = parser->data;

    buf_add(&a->reason, at, len);
    return 0;
}

static void take_header(struct http1_answer *a)
{
    struct str name = buf_str(&a->name);
    struct buf *to = NULL;

    if (str_eq_ignore_case(name, STR("content-type")))
        to = &a->content_type;
    else if (str_eq_ignore_case(name, STR("content-encoding")))
        to = &a->content_encoding;
    if (to != NULL) {
        buf_clear(to);
        buf_add_str(to, str_trim(buf_str(&a->value)));
    }
    buf_clear(&a->name);
    buf_clear(&a->value);
    a->is_name_whole = false;
}

static int on_header_name(http_parser *parser, const char *at, size_t len)
{
    struct http1_answer *a = parser->data;

    if (a->is_name_whole)
        take_header(a);
    buf_add(&a->name, at, len);
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct http1_answer *a = parser->data;

    a->is_name_whole = true;
    buf_add(&a->value, at, len);
    return 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct http1_answer *a = parser->data;

    take_header(a);
    if (parser->status_code == 101) {
        error_set(&a->error, HTTP1_BROKEN, "the server switched protocols unasked");
        return -1;
    }
    if (parser->status_code < 200)
        return 0;
    if (parser->content_length != UINT64_MAX && parser->content_length > a->max_body_bytes) {
        error_set(&a->error, HTTP1_TOO_LARGE, "the answer of %llu bytes is larger than the limit of %zu bytes",
                  (unsigned long long)parser->content_length, a->max_body_bytes);
        return -1;
    }
    struct http1_answer_head head = {.status = (int)parser->status_code,
                                     .reason = buf_str(&a->reason),
                                     .content_type = buf_str(&a->content_type),
                                     .content_encoding = buf_str(&a->content_encoding)};
    if (a->events.on_head(a->arg, &head, &a->error))
        return 0;
    a->error.code = HTTP1_STOPPED;
    return -1;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    struct http1_answer *a = parser->data;

    if (parser->status_code < 200)
        return 0;
    if (len > a->max_body_bytes - a->body_bytes) {
        error_set(&a->error, HTTP1_TOO_LARGE, "the answer is larger than the limit of %zu bytes", a->max_body_bytes);
        return -1;
    }
    a->body_bytes += len;
    if (a->events.on_body(a->arg, str_from(at, len), &a->error))
        return 0;
    a->error.code = HTTP1_STOPPED;
    return -1;
}

static int on_message_complete(http_parser *parser)
{
    struct http1_answer *a = parser->data;

    if (parser->status_code < 200) { /* "100 Continue": the answer is yet to come */
        buf_clear(&a->reason);
        buf_clear(&a->content_type);
        buf_clear(&a->content_encoding);
        return 0;
    }
    a->is_whole = true;
    http_parser_pause(parser, 1); /* nothing may follow */
    return 0;
}

static const http_parser_settings settings = {
    .on_status = on_status,
    .on_header_field = on_header_name,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void http1_answer_init(struct http1_answer *a, const struct http1_answer_events *events, void *arg,
                       size_t max_body_bytes)
{
    *a = (struct http1_answer){.events = *events, .arg = arg, .max_body_bytes = max_body_bytes};
    a->parser = mem_alloc(sizeof(*a->parser));
    http_parser_init(a->parser, HTTP_RESPONSE);
}

void http1_answer_free(struct http1_answer *a)
{
    free(a->parser);
    a->parser = NULL;
    buf_free(&a->name);
    buf_free(&a->value);
    buf_free(&a->reason);
    buf_free(&a->content_type);
    buf_free(&a->content_encoding);
    error_clear(&a->error);
}

enum http1_answer_state http1_answer_feed(struct http1_answer *a, struct str bytes, struct error *err)
{
    a->has_begun = true;
    a->parser->data = a;
    size_t taken = http_parser_execute(a->parser, &settings, bytes.ptr, bytes.len);
    enum http_errno fault = HTTP_PARSER_ERRNO(a->parser);

    if (error_is_set(&a->error)) {
        error_move(err, &a->error);
        return HTTP1_ANSWER_FAILED;
    }
    if (a->is_whole) {
        a->is_spent = taken < bytes.len;
        return HTTP1_ANSWER_WHOLE;
    }
    if (fault == HPE_OK)
        return HTTP1_ANSWER_PARTIAL;
    error_set(err, HTTP1_BROKEN, "the answer isn't HTTP/1.1: %s", http_errno_description(fault));
    return HTTP1_ANSWER_FAILED;
}

enum http1_answer_state http1_answer_end(struct http1_answer *a, struct error *err)
{
    a->parser->data = a;
    http_parser_execute(a->parser, &settings, NULL, 0);
    if (a->is_whole) {
        a->is_spent = true;
        return HTTP1_ANSWER_WHOLE;
    }
    error_set(err, HTTP1_BROKEN,
              a->has_begun ? "the connection was closed within the answer"
                           : "the connection was closed before the answer came");
    return HTTP1_ANSWER_FAILED;
}

bool http1_answer_keeps_connection(const struct http1_answer *a)
{
    return !a->is_spent && http_should_keep_alive(a->parser) != 0;
}
