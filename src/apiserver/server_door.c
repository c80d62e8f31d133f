#include "apiserver/cors.h"
#include "apiserver/server_state.h"
#include "base/random.h"

/* Who looks whether the server still lives shall hear it. */
static bool is_health(struct str path)
{
    static const struct str prefixes[] = {STR_INIT("/livez"), STR_INIT("/readyz"), STR_INIT("/healthz")};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_starts_with(path, prefixes[i]))
            return true;
    }
    return false;
}

static void respond_retry_after(struct api_request *r)
{
    static const struct str text = STR_INIT("The apiserver is shutting down, please try again later.\n");
    struct http_headers headers = {0};

    http_exchange_close_connection(r->exchange);
    http_headers_add(&headers, r->arena, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    http_headers_add(&headers, r->arena, STR("X-Content-Type-Options"), STR("nosniff"));
    http_headers_add(&headers, r->arena, STR("Retry-After"), STR("5"));
    api_start(r, 429, &headers, (int64_t)text.len);
    api_write(r, text);
    api_end(r);
}

bool api_server_answers_at_door(struct api_request *r)
{
    const struct api_server *s = r->server;
    struct str origin = http_headers_get(&r->http->headers, STR("Origin"));

    if (s->options.hsts.len > 0)
        http_headers_add(&r->headers, r->arena, STR("Strict-Transport-Security"), s->options.hsts);
    if (s->options.goaway_chance > 0 && r->http->http_major >= 2 && random_fraction() < s->options.goaway_chance)
        http_exchange_close_connection(r->exchange);
    if (s->is_closing && s->options.sends_retry_after && !is_health(r->attributes.path)) {
        respond_retry_after(r);
        return true;
    }
    if (s->options.cors == NULL || !cors_add_headers(s->options.cors, origin, r->arena, &r->headers) ||
        !str_eq(r->http->method, STR("OPTIONS")))
        return false;
    api_start(r, 204, NULL, 0);
    api_end(r);
    return true;
}
