#include "cluster/aggregation_proxy.h"

#include "apiserver/impersonation.h"
#include "apiserver/response.h"
#include "base/alloc.h"

/* Output that the client hasn't taken: above HIGH reading from the server stops. */
#define HIGH_WATER_BYTES ((size_t)256 * 1024)

/* A request on its way; in its request's arena. */
struct passage {
    struct aggregation_proxy proxy;
    struct api_request *request;
    struct fetch *fetch; /* NULL: not begun, or over */
    struct buf body;     /* what came in */
    bool has_started;    /* the answer */
    bool is_paused;
};

/* --- headers --- */

bool aggregation_proxy_is_hop_header(struct str name, struct str connection)
{
    static const struct str fixed[] = {
        STR_INIT("Connection"), STR_INIT("Keep-Alive"),          STR_INIT("Proxy-Authenticate"),
        STR_INIT("TE"),         STR_INIT("Proxy-Authorization"), STR_INIT("Proxy-Connection"),
        STR_INIT("Trailer"),    STR_INIT("Transfer-Encoding"),   STR_INIT("Upgrade"),
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (str_eq_ignore_case(name, fixed[i]))
            return true;
    }
    while (connection.len > 0) {
        struct str item;
        str_cut(connection, ',', &item, &connection);
        if (str_eq_ignore_case(str_trim(item), name))
            return true;
    }
    return false;
}

static bool is_header_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (((unsigned char)value.ptr[i] < ' ' && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

static bool add(struct http_headers *to, struct arena *arena, struct str name, struct str value)
{
    if (!is_header_value(value))
        return false;
    http_headers_add(to, arena, name, value);
    return true;
}

bool aggregation_proxy_identity(const struct user *user, struct arena *arena, struct http_headers *to)
{
    bool is_fine = add(to, arena, STR("X-Remote-User"), user->name);

    if (user->uid.len > 0)
        is_fine &= add(to, arena, STR("X-Remote-Uid"), user->uid);
    for (size_t i = 0; i < user->group_count; i++)
        is_fine &= add(to, arena, STR("X-Remote-Group"), user->groups[i]);
    for (size_t i = 0; i < user->extra_count; i++) {
        auto_buf struct buf name = {0};
        buf_add_cstr(&name, "X-Remote-Extra-");
        http_percent_encode(&name, user->extra[i].key);
        for (size_t v = 0; v < user->extra[i].value_count; v++)
            is_fine &= add(to, arena, buf_str(&name), user->extra[i].values[v]);
    }
    return is_fine;
}

/* What the connection, not the request, is about, and what is said anew. */
static bool is_dropped(const struct passage *p, struct str name, struct str connection)
{
    static const struct str own[] = {
        STR_INIT("Host"),
        STR_INIT("Content-Length"),
        STR_INIT("Expect"),
        STR_INIT("X-Forwarded-For"),
        STR_INIT("Audit-ID"),
        STR_INIT("X-Forwarded-Host"),
        STR_INIT("X-Forwarded-Proto"),
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (str_eq_ignore_case(name, own[i]))
            return true;
    }
    return aggregation_proxy_is_hop_header(name, connection) || authn_is_identity_header(p->proxy.authn, name) ||
           impersonation_is_header(name);
}

static bool make_headers(const struct passage *p, struct http_headers *to)
{
    const struct http_request *http = p->request->http;
    struct arena *arena = p->request->arena;
    struct str connection = http_headers_get(&http->headers, STR("Connection"));
    struct str forwarded = http_headers_get(&http->headers, STR("X-Forwarded-For"));
    bool is_fine = true;

    for (size_t i = 0; i < http->headers.count; i++) {
        const struct http_header *h = &http->headers.items[i];
        if (h->name.len > 0 && h->name.ptr[0] != ':' && !is_dropped(p, h->name, connection))
            is_fine &= add(to, arena, h->name, h->value);
    }
    is_fine &= add(to, arena, STR("X-Forwarded-For"),
                   forwarded.len > 0 ? arena_printf(arena, "%.*s, %.*s", STR_ARG(forwarded), STR_ARG(http->peer_host))
                                     : http->peer_host);
    is_fine &= add(to, arena, STR("X-Forwarded-Host"), http->host);
    is_fine &= add(to, arena, STR("X-Forwarded-Proto"), STR("https"));
    is_fine &= add(to, arena, STR("Audit-ID"), p->request->audit_id);
    return aggregation_proxy_identity(&p->request->user, arena, to) && is_fine;
}

/* --- the answer --- */

static void on_head(void *owner, const struct fetch_head *head)
{
    static const struct str own[] = {STR_INIT("Date"), STR_INIT("Audit-Id"), STR_INIT("Content-Length")};
    struct passage *p = owner;
    struct api_request *r = p->request;
    struct http_headers headers = {0};
    struct str connection = http_headers_get(&head->headers, STR("Connection"));
    uint64_t length;

    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_header *h = &head->headers.items[i];
        bool is_own = aggregation_proxy_is_hop_header(h->name, connection);
        for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
            is_own = is_own || str_eq_ignore_case(h->name, own[k]);
        if (!is_own)
            http_headers_add(&headers, r->arena, h->name, h->value);
    }
    bool has_length =
        str_to_u64(http_headers_get(&head->headers, STR("Content-Length")), &length) && length <= INT64_MAX;
    p->has_started = true;
    api_start(r, head->status, &headers, has_length ? (int64_t)length : -1);
}

static void on_data(void *owner, struct str chunk)
{
    struct passage *p = owner;
    struct api_request *r = p->request;

    api_write(r, chunk);
    if (!r->is_closed && http_exchange_queued_bytes(r->exchange) > HIGH_WATER_BYTES) {
        p->is_paused = true;
        fetch_pause(p->fetch);
    }
}

static void on_writable(void *arg, struct api_request *r)
{
    struct passage *p = arg;

    (void)r;
    if (!p->is_paused || p->fetch == NULL)
        return;
    p->is_paused = false;
    fetch_resume(p->fetch);
}

static void on_done(void *owner, const struct error *err)
{
    struct passage *p = owner;
    struct api_request *r = p->request;

    p->fetch = NULL;
    if (err == NULL) {
        api_end(r);
        return;
    }
    bool is_unreachable =
        err->code == FETCH_NO_ADDRESS || err->code == FETCH_NO_CONNECTION || err->code == FETCH_NO_TLS;
    if (is_unreachable && p->proxy.on_unreachable != NULL)
        p->proxy.on_unreachable(p->proxy.arg, p->proxy.name);
    if (p->has_started)
        api_abort(r);
    else
        api_respond_text(r, 503, arena_printf(r->arena, "error trying to reach service: %s\n", error_text(err)));
}

/* --- the request --- */

static void pass_on(struct passage *p)
{
    struct api_request *r = p->request;
    struct http_headers headers = {0};

    if (!make_headers(p, &headers)) {
        api_respond_text(r, 503, STR("error trying to reach service: a header has control characters in it\n"));
        return;
    }
    const struct fetch_options options = {
        .method = r->http->method,
        .url = arena_printf(r->arena, "%.*s%.*s%s%.*s", STR_ARG(p->proxy.url), STR_ARG(r->http->path),
                            r->http->query.len > 0 ? "?" : "", STR_ARG(r->http->query)),
        .headers = headers,
        .body = r->http->has_body ? str_from(buf_cstr(&p->body), p->body.len) : (struct str){0},
        .tls = p->proxy.tls,
        .may_pause = true,
        .timeout_ms = p->proxy.timeout_ms,
        .owner = p,
        .on_head = on_head,
        .on_data = on_data,
        .on_done = on_done,
    };
    p->fetch = fetch_start(p->proxy.pool, &options);
    buf_free(&p->body);
}

static void on_body(void *arg, struct api_request *r, struct str chunk)
{
    struct passage *p = arg;

    (void)r;
    buf_add_str(&p->body, chunk);
}

static void on_body_end(void *arg, struct api_request *r)
{
    (void)r;
    pass_on(arg);
}

static void on_closed(void *arg, struct api_request *r)
{
    struct passage *p = arg;

    (void)r;
    if (p->fetch != NULL)
        fetch_cancel(p->fetch);
    p->fetch = NULL;
    buf_free(&p->body);
}

static const struct api_request_events events = {
    .on_body = on_body,
    .on_body_end = on_body_end,
    .on_writable = on_writable,
    .on_closed = on_closed,
};

void aggregation_proxy_request(const struct aggregation_proxy *proxy, struct api_request *r)
{
    struct passage *p = arena_zalloc(r->arena, sizeof(*p));

    p->request = r;
    p->proxy = *proxy;
    p->proxy.url = arena_str(r->arena, proxy->url);
    p->proxy.name = arena_str(r->arena, proxy->name);
    p->proxy.tls.ca = arena_str(r->arena, proxy->tls.ca);
    p->proxy.tls.server_name = arena_str(r->arena, proxy->tls.server_name);
    api_request_listen(r, &events, p);
    if (r->http->has_body)
        http_exchange_read_body(r->exchange);
    else
        pass_on(p);
}
