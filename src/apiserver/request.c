#include "apiserver/request.h"

#include "apiserver/response.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"

#include <assert.h>

/* A body being collected. In the request's arena; the bytes are on the heap until the request closes. */
struct api_body {
    size_t max_bytes;
    struct str media_type;
    api_on_body *on_body;
    void *arg;
    struct buf bytes;
    bool is_over;
};

static void refuse_large_body(struct api_request *r, size_t max_bytes)
{
    r->body->is_over = true;
    struct status s = status_request_too_large(r->arena, arena_printf(r->arena, "limit is %zu", max_bytes));
    http_exchange_close_connection(r->exchange); /* rather than to read on */
    api_respond_status(r, &s);
}

static void collect(struct api_request *r, struct str chunk)
{
    struct api_body *b = r->body;

    if (b->is_over)
        return;
    if (chunk.len > b->max_bytes - b->bytes.len)
        refuse_large_body(r, b->max_bytes);
    else
        buf_add_str(&b->bytes, chunk);
}

static void on_body(void *arg, struct http_exchange *x, struct str chunk)
{
    struct api_request *r = arg;

    (void)x;
    if (r->is_closed || r->has_ended)
        return;
    if (r->body != NULL)
        collect(r, chunk);
    else if (r->events != NULL && r->events->on_body != NULL)
        r->events->on_body(r->events_arg, r, chunk);
}

static void on_body_end(void *arg, struct http_exchange *x)
{
    struct api_request *r = arg;

    (void)x;
    if (r->is_closed || r->has_ended)
        return;
    if (r->body == NULL) {
        if (r->events != NULL && r->events->on_body_end != NULL)
            r->events->on_body_end(r->events_arg, r);
        return;
    }
    if (r->body->is_over)
        return;
    r->body->is_over = true;
    r->body->on_body(r->body->arg, r, r->body->media_type, buf_str(&r->body->bytes));
}

static void on_writable(void *arg, struct http_exchange *x)
{
    struct api_request *r = arg;

    (void)x;
    if (!r->is_closed && !r->has_ended && r->events != NULL && r->events->on_writable != NULL)
        r->events->on_writable(r->events_arg, r);
}

static void on_closed(void *arg, struct http_exchange *x)
{
    (void)x;
    api_request_close(arg);
}

void api_request_abandon(struct api_request *r)
{
    const struct api_request_events *events = r->events;
    void (*cancel)(void *arg) = r->cancel;

    r->cancel = NULL;
    r->events = NULL;
    if (cancel != NULL)
        cancel(r->cancel_arg);
    if (events != NULL && events->on_closed != NULL)
        events->on_closed(r->events_arg, r);
    if (r->body != NULL) {
        r->body->is_over = true;
        buf_free(&r->body->bytes);
    }
}

void api_request_close(struct api_request *r)
{
    if (r->is_closed)
        return;
    r->is_closed = true;
    api_request_abandon(r);
    if (r->on_released != NULL)
        r->on_released(r);
}

void api_request_listen(struct api_request *r, const struct api_request_events *events, void *arg)
{
    r->events = events;
    r->events_arg = arg;
}

void api_request_await(struct api_request *r, void (*cancel)(void *arg), void *arg)
{
    r->cancel = cancel;
    r->cancel_arg = arg;
}

void api_request_resume(struct api_request *r)
{
    r->cancel = NULL;
}

static bool user_agent_is_for_people(struct str agent)
{
    return str_starts_with(agent, STR("curl")) || str_starts_with(agent, STR("Wget")) ||
           str_starts_with(agent, STR("Mozilla/5.0"));
}

/* ?pretty as Go's strconv.ParseBool reads it; without it, clients that people look at. */
static bool wants_pretty(const struct query *query, struct str user_agent)
{
    static const char *const truths[] = {"1", "t", "T", "true", "TRUE", "True"};
    struct str pretty = query_get(query, STR("pretty"));

    if (pretty.len == 0)
        return user_agent_is_for_people(user_agent);
    for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
        if (str_eq_cstr(pretty, truths[i]))
            return true;
    return false;
}

/* It is echoed and logged: longer ones are ignored. */
enum {
    AUDIT_ID_MAX_BYTES = 256
};

static struct str audit_id(struct api_request *r)
{
    struct str given = http_headers_get(&r->http->headers, STR("Audit-Id"));
    char uuid[UUID_SIZE];

    if (given.len > 0 && given.len <= AUDIT_ID_MAX_BYTES)
        return given;
    random_uuid(uuid);
    return arena_str(r->arena, str_of(uuid));
}

bool api_request_read(struct http_exchange *x, struct api_request **out, struct error *err)
{
    static const struct http_exchange_events events = {
        .on_body = on_body,
        .on_body_end = on_body_end,
        .on_writable = on_writable,
        .on_closed = on_closed,
    };
    struct arena *arena = http_exchange_arena(x);
    struct api_request *r = arena_zalloc(arena, sizeof(*r));
    struct str path;

    r->exchange = x;
    r->http = http_exchange_request(x);
    r->arena = arena;
    r->received_unix_ns = clock_unix_ns();
    r->received_mono_ns = clock_mono_ns();
    r->accept = http_headers_get(&r->http->headers, STR("Accept"));
    r->user_agent = http_headers_get(&r->http->headers, STR("User-Agent"));
    r->audit_id = audit_id(r);
    *out = r;
    http_exchange_listen(x, &events, r);
    r->query = query_parse(arena, r->http->query);
    r->is_pretty = wants_pretty(&r->query, r->user_agent);
    r->attributes.path = r->http->path;
    if (r->http->path.len == 0 || r->http->path.ptr[0] != '/' ||
        !http_percent_decode(arena, r->http->path, false, &path))
        return error_set(err, 400, "Bad Request");
    return attributes_parse(arena, r->http->method, path, &r->query, &r->attributes, err);
}

/* --- the body --- */

/* What Content-Type says, in lower case and without parameters. */
static struct str media_type_of(struct api_request *r)
{
    struct str type, rest;

    str_cut(http_headers_get(&r->http->headers, STR("Content-Type")), ';', &type, &rest);
    type = arena_str(r->arena, str_trim(type));
    char *text = (char *)(uintptr_t)type.ptr; /* our own copy */
    for (size_t i = 0; i < type.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    return type;
}

static bool is_among(struct str s, const struct str *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(items[i], s))
            return true;
    return false;
}

void api_request_read_body(struct api_request *r, const struct api_body_rules *rules, api_on_body *callback, void *arg)
{
    uint64_t length;
    struct str type = media_type_of(r);
    struct api_body *b = arena_zalloc(r->arena, sizeof(*b));

    b->max_bytes = rules->max_bytes > 0 ? rules->max_bytes : API_BODY_MAX_BYTES;
    b->on_body = callback;
    b->arg = arg;
    b->media_type = type;
    if (type.len == 0 && rules->media_type_count > 0)
        b->media_type = rules->media_types[0];
    assert(r->body == NULL); /* once a request */
    r->body = b;
    if (!r->http->has_body) {
        b->is_over = true;
        callback(arg, r, b->media_type, STR(""));
        return;
    }
    if (!is_among(b->media_type, rules->media_types, rules->media_type_count)) {
        b->is_over = true;
        struct status s = status_unsupported_media_type(r->arena, rules->media_types, rules->media_type_count);
        api_respond_status(r, &s);
        return;
    }
    if (str_to_u64(http_headers_get(&r->http->headers, STR("Content-Length")), &length) && length > b->max_bytes) {
        refuse_large_body(r, b->max_bytes);
        return;
    }
    http_exchange_read_body(r->exchange);
}
