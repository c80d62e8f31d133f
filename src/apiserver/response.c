#include "apiserver/response.h"

#include "apiserver/pieces.h"
#include "apiserver/server_state.h"
#include "apiserver/yaml_print.h"
#include "base/alloc.h"
#include "base/quote.h"
#include "kube/json_indent.h"

#include <assert.h>

void api_start(struct api_request *r, int code, const struct http_headers *headers, int64_t length)
{
    struct http_headers all = {0};

    assert(!r->is_closed && !r->has_ended);
    for (size_t i = 0; headers != NULL && i < headers->count; i++)
        http_headers_add(&all, r->arena, headers->items[i].name, headers->items[i].value);
    for (size_t i = 0; i < r->headers.count; i++)
        http_headers_add(&all, r->arena, r->headers.items[i].name, r->headers.items[i].value);
    if (http_headers_get(&all, STR("Audit-Id")).ptr == NULL)
        http_headers_add(&all, r->arena, STR("Audit-Id"), r->audit_id);
    if (http_headers_get(&all, STR("Cache-Control")).ptr == NULL)
        http_headers_add(&all, r->arena, STR("Cache-Control"), STR("no-cache, private"));
    r->code = code;
    api_observe_started(r);
    http_exchange_start(r->exchange, code, &all, length);
}

void api_write(struct api_request *r, struct str bytes)
{
    r->body_bytes += bytes.len;
    http_exchange_write(r->exchange, bytes);
}

void api_write_buf(struct api_request *r, struct buf *b)
{
    r->body_bytes += b->len;
    http_exchange_write_buf(r->exchange, b);
}

void api_end(struct api_request *r)
{
    r->has_ended = true;
    api_observe_ended(r, false);
    http_exchange_end(r->exchange);
}

void api_abort(struct api_request *r)
{
    r->has_ended = true;
    api_observe_ended(r, true);
    http_exchange_abort(r->exchange);
}

void api_respond_bytes(struct api_request *r, int code, struct str content_type, struct str bytes)
{
    struct http_headers headers = {0};

    http_headers_add(&headers, r->arena, STR("Content-Type"), content_type);
    api_start(r, code, &headers, (int64_t)bytes.len);
    api_write(r, bytes);
    api_end(r);
}

void api_respond_text(struct api_request *r, int code, struct str text)
{
    struct http_headers headers = {0};

    http_headers_add(&headers, r->arena, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    http_headers_add(&headers, r->arena, STR("X-Content-Type-Options"), STR("nosniff"));
    api_start(r, code, &headers, (int64_t)text.len);
    api_write(r, text);
    api_end(r);
}

/* BODY (emptied), JSON or finished protobuf, as the client wants it, with HEADERS. */
static void respond_as(struct api_request *r, int code, struct http_headers headers, enum accept_media media,
                       bool is_pretty, struct buf *body)
{
    auto_buf struct buf text = {0};
    auto_error struct error err = {0};

    if (media == ACCEPT_YAML && !yaml_print_json(&text, buf_str(body), &err)) {
        api_respond_broken(r, str_of(error_text(&err)));
        return;
    }
    if (http_headers_get(&headers, STR("Content-Type")).ptr == NULL)
        http_headers_add(&headers, r->arena, STR("Content-Type"), accept_media_type(media));
    if (media == ACCEPT_JSON && is_pretty)
        json_indent(&text, buf_str(body));
    if (media == ACCEPT_YAML || (media == ACCEPT_JSON && is_pretty)) {
        buf_free(body);
        api_respond_finished(r, code, headers, &text);
        return;
    }
    if (media == ACCEPT_JSON)
        buf_add_char(body, '\n');
    api_respond_finished(r, code, headers, body);
}

void api_respond_status_headers(struct api_request *r, const struct status *s, struct http_headers headers)
{
    auto_buf struct buf body = {0};
    /* An error isn't hidden behind another one: what can't be negotiated is indented JSON. */
    struct accept_choice choice = {.is_pretty = true};

    r->status = s;
    accept_choose(r->accept, ACCEPT_ALLOW_PROTOBUF, &choice);
    if (choice.media == ACCEPT_PROTOBUF)
        status_print_protobuf(&body, s);
    else
        status_print(&body, s);
    if (s->details.retry_after_seconds > 0)
        http_headers_add(&headers, r->arena, STR("Retry-After"),
                         arena_printf(r->arena, "%lld", (long long)s->details.retry_after_seconds));
    respond_as(r, s->code != 0 ? s->code : 200, headers, choice.media, choice.is_pretty || r->is_pretty, &body);
}

void api_respond_status(struct api_request *r, const struct status *s)
{
    api_respond_status_headers(r, s, (struct http_headers){0});
}

bool api_negotiate(struct api_request *r, unsigned allowed, struct accept_choice *out)
{
    if (accept_choose(r->accept, allowed, out)) {
        out->is_pretty = out->is_pretty || r->is_pretty;
        return true;
    }
    struct status s = status_not_acceptable(r->arena, accept_media_types, accept_media_type_count(allowed));
    api_respond_status(r, &s); /* which nobody can negotiate either: indented JSON */
    return false;
}

void api_respond_chosen(struct api_request *r, int code, const struct accept_choice *choice, struct buf *body)
{
    respond_as(r, code, (struct http_headers){0}, choice->media, choice->is_pretty, body);
}

void api_respond_chosen_headers(struct api_request *r, int code, const struct accept_choice *choice,
                                struct http_headers headers, struct buf *body)
{
    respond_as(r, code, headers, choice->media, choice->is_pretty, body);
}

void api_respond_object(struct api_request *r, int code, struct str json)
{
    auto_buf struct buf copy = {0};
    struct accept_choice choice;

    if (!api_negotiate(r, ACCEPT_ALLOW_NONE, &choice))
        return;
    buf_add_str(&copy, json);
    api_respond_chosen(r, code, &choice, &copy);
}

void api_respond_error(struct api_request *r, const struct error *err)
{
    static const struct {
        int code;
        struct str reason;
    } reasons[] = {
        {400, STR_INIT("BadRequest")},
        {401, STR_INIT("Unauthorized")},
        {403, STR_INIT("Forbidden")},
        {404, STR_INIT("NotFound")},
        {405, STR_INIT("MethodNotAllowed")},
        {406, STR_INIT("NotAcceptable")},
        {409, STR_INIT("Conflict")},
        {410, STR_INIT("Expired")},
        {413, STR_INIT("RequestEntityTooLarge")},
        {415, STR_INIT("UnsupportedMediaType")},
        {422, STR_INIT("Invalid")},
        {429, STR_INIT("TooManyRequests")},
        {503, STR_INIT("ServiceUnavailable")},
        {504, STR_INIT("Timeout")},
    };
    struct status s = {.code = 500, .message = str_of(error_text(err))};

    if (err->code >= 400 && err->code < 600)
        s.code = err->code;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].code == s.code)
            s.reason = reasons[i].reason;
    api_respond_status(r, &s);
}

void api_respond_broken(struct api_request *r, struct str message)
{
    auto_buf struct buf text = {0}, safe = {0};

    buf_add_cstr(&text, "Internal Server Error: ");
    quote_add(&text, r->http->target);
    buf_printf(&text, ": %.*s\n", STR_ARG(message));
    html_escape_add(&safe, buf_str(&text));
    api_respond_text(r, 500, buf_str(&safe));
}
