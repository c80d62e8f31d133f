#include "kube/rest_client.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/backoff.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/credentials.h"
#include "kube/status.h"

#include <assert.h>

enum {
    DEFAULT_MAX_BODY_BYTES = 16 << 20,
    DEFAULT_TIMEOUT_MS = 30000,
    DEFAULT_MAX_ATTEMPTS = 5,
    DEFAULT_BACKOFF_MS = 100,
};

struct rest_client {
    struct fetch_pool *pool;
    struct credentials credentials;
    char *user_agent;
    struct rest_call *calls; /* doubly linked */
};

struct rest_call {
    struct rest_client *client; /* NULL once on_done was called */
    struct rest_call *next, *previous;
    struct arena arena;          /* holds what REQUEST points to */
    struct rest_request request; /* defaults filled in */
    int64_t deadline_ns;
    int attempts;
    struct backoff backoff;
    struct fetch *fetch; /* NULL between attempts */
    uv_timer_t timer;    /* until the next attempt */
    bool has_timer;
    /* the answer of this attempt */
    int status;
    struct buf body;
    struct buf content_type;
    int64_t retry_after_s;
};

struct rest_client *rest_client_new(struct fetch_pool *pool, const struct client_config *config, const char *user_agent)
{
    struct rest_client *client = mem_zalloc(sizeof(*client));

    client->pool = pool;
    client->user_agent = mem_strdup(user_agent != NULL ? user_agent : "tacho/" TACHO_VERSION);
    credentials_init(&client->credentials, config, clock_mono_ns());
    return client;
}

const char *rest_client_server(const struct rest_client *client)
{
    return client->credentials.config.server;
}

const struct client_config *rest_client_config(const struct rest_client *client)
{
    return &client->credentials.config;
}

struct fetch_pool *rest_client_pool(const struct rest_client *client)
{
    return client->pool;
}

/* --- one request on the wire --- */

static void add_credentials(struct http_headers *headers, struct arena *arena, const struct client_config *config)
{
    auto_buf struct buf value = {0};

    if (http_headers_get(headers, STR("Authorization")).ptr == NULL) {
        if (config->token != NULL) {
            buf_printf(&value, "Bearer %s", config->token);
        } else if (config->username != NULL) {
            auto_buf struct buf pair = {0};
            buf_printf(&pair, "%s:%s", config->username, config->password != NULL ? config->password : "");
            buf_add_cstr(&value, "Basic ");
            base64_encode(&value, buf_str(&pair));
        }
        if (value.len > 0)
            http_headers_add(headers, arena, STR("Authorization"), buf_str(&value));
    }
    if (config->as_user == NULL)
        return;
    http_headers_add(headers, arena, STR("Impersonate-User"), str_of(config->as_user));
    for (size_t i = 0; i < config->as_groups.count; i++)
        http_headers_add(headers, arena, STR("Impersonate-Group"), str_of(config->as_groups.items[i]));
}

static struct str or_default(struct str s, struct str otherwise)
{
    return str_is_empty(s) ? otherwise : s;
}

struct fetch *rest_stream(struct rest_client *client, const struct rest_request *request,
                          const struct fetch_options *options)
{
    const struct client_config *config = &client->credentials.config;
    auto_arena struct arena arena = {0};
    auto_buf struct buf url = {0};
    struct fetch_options full = *options;

    credentials_refresh(&client->credentials, clock_mono_ns(), false);
    buf_printf(&url, "%s%.*s", config->server, STR_ARG(request->path));
    if (!str_is_empty(request->query))
        buf_printf(&url, "%c%.*s", str_index(request->path, '?') < 0 ? '?' : '&', STR_ARG(request->query));
    full.method = request->method;
    full.url = buf_str(&url);
    full.body = request->body;
    full.headers = (struct http_headers){0};
    for (size_t i = 0; i < request->headers.count; i++)
        http_headers_add(&full.headers, &arena, request->headers.items[i].name, request->headers.items[i].value);
    http_headers_add(&full.headers, &arena, STR("Accept"), or_default(request->accept, STR("application/json")));
    http_headers_add(&full.headers, &arena, STR("User-Agent"), str_of(client->user_agent));
    if (request->body.ptr != NULL)
        http_headers_add(&full.headers, &arena, STR("Content-Type"),
                         or_default(request->content_type, STR("application/json")));
    add_credentials(&full.headers, &arena, config);
    full.tls = (struct fetch_tls){.ca = str_of(config->ca),
                                  .cert = str_of(config->cert),
                                  .key = str_of(config->key),
                                  .server_name = str_of(config->tls_server_name),
                                  .insecure = config->insecure};
    full.proxy = str_of(config->proxy_url);
    full.proxy_from_env = true;
    return fetch_start(client->pool, &full);
}

void rest_client_was_refused(struct rest_client *client)
{
    credentials_refresh(&client->credentials, clock_mono_ns(), true);
}

/* --- calls --- */

static void unlink_call(struct rest_call *call)
{
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        call->client->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    call->client = NULL;
}

static void free_call(struct rest_call *call)
{
    arena_free(&call->arena);
    buf_free(&call->body);
    buf_free(&call->content_type);
    free(call);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free_call(handle->data);
}

static void release(struct rest_call *call)
{
    if (call->has_timer)
        uv_close((uv_handle_t *)&call->timer, on_timer_closed);
    else
        free_call(call);
}

/* "GET https://h:6443/api/v1/nodes", for messages: without the query. */
static void add_subject(struct buf *to, const struct rest_call *call)
{
    struct str path, query;

    str_cut(call->request.path, '?', &path, &query);
    buf_printf(to, "%.*s %s%.*s", STR_ARG(call->request.method), rest_client_server(call->client), STR_ARG(path));
}

/* Hands the result over and ends the call. FAILURE: why no answer came whole; NULL when one did. */
static void finish(struct rest_call *call, const struct error *failure)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf subject = {0};
    struct rest_result result = {.status = failure == NULL ? call->status : 0,
                                 .body = buf_str(&call->body),
                                 .content_type = buf_str(&call->content_type),
                                 .retry_after_s = call->retry_after_s};

    result.ok = result.status >= 200 && result.status < 300;
    add_subject(&subject, call);
    if (failure != NULL) {
        error_set(&err, failure->code, "%s: %s", buf_cstr(&subject), error_text(failure));
        result.message = str_of(error_text(failure));
    } else if (!result.ok) {
        struct status status = status_of_response(&arena, call->status, result.body);
        error_set(&err, call->status, "%s: %.*s", buf_cstr(&subject), STR_ARG(status.message));
        result.reason = status.reason;
        result.message = status.message;
        if (result.retry_after_s < 0 && status.details.retry_after_seconds > 0)
            result.retry_after_s = status.details.retry_after_seconds;
    }
    result.err = error_is_set(&err) ? &err : NULL;
    unlink_call(call); /* before: the owner may free the client */
    call->request.on_done(call->request.owner, &result);
    release(call);
}

static bool is_idempotent(struct str method)
{
    return str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")) || str_eq(method, STR("PUT")) ||
           str_eq(method, STR("DELETE"));
}

static bool is_worth_repeating(struct rest_call *call, const struct error *failure)
{
    if (failure != NULL)
        return failure->code == FETCH_BROKEN && is_idempotent(call->request.method);
    switch (call->status) {
    case 401:
        return credentials_refresh(&call->client->credentials, clock_mono_ns(), true);
    case 429:
        return true;
    case 503:
        return call->retry_after_s >= 0 || is_idempotent(call->request.method);
    case 500:
    case 502:
    case 504:
        return is_idempotent(call->request.method);
    default:
        return false;
    }
}

static void attempt(struct rest_call *call);

static void on_time_to_repeat(uv_timer_t *timer)
{
    attempt(timer->data);
}

/* False when it may not be repeated, or not within its time. */
static bool repeat_later(struct rest_call *call, const struct error *failure)
{
    int64_t wait_ns;

    if (call->attempts >= call->request.max_attempts || !is_worth_repeating(call, failure))
        return false;
    wait_ns = (int64_t)((double)backoff_next(&call->backoff, 0) * random_fraction());
    if (failure == NULL && call->status == 401)
        wait_ns = 0;
    else if (failure == NULL && call->retry_after_s >= 0)
        wait_ns += call->retry_after_s * NS_PER_S;
    if (clock_mono_ns() + wait_ns >= call->deadline_ns)
        return false;
    if (!call->has_timer) {
        uv_timer_init(fetch_pool_loop(call->client->pool), &call->timer);
        call->timer.data = call;
        call->has_timer = true;
    }
    log_verbose(3, "Repeating a request", LOG_STR("method", call->request.method), LOG_STR("path", call->request.path),
                LOG_NUM("status", failure == NULL ? call->status : 0), LOG_NUM("attempt", call->attempts + 1));
    uv_timer_start(&call->timer, on_time_to_repeat, (uint64_t)((wait_ns + NS_PER_MS - 1) / NS_PER_MS), 0);
    return true;
}

static void on_answer_head(void *owner, const struct fetch_head *head)
{
    struct rest_call *call = owner;
    uint64_t seconds;

    call->status = head->status;
    buf_add_str(&call->content_type, http_headers_get(&head->headers, STR("Content-Type")));
    /* the other form, a date, isn't used by API servers */
    if (str_to_u64(http_headers_get(&head->headers, STR("Retry-After")), &seconds) && seconds < 86400)
        call->retry_after_s = (int64_t)seconds;
}

static void on_answer_data(void *owner, struct str chunk)
{
    struct rest_call *call = owner;
    auto_error struct error err = {0};

    if (chunk.len <= call->request.max_body_bytes - call->body.len) {
        buf_add_str(&call->body, chunk);
        return;
    }
    fetch_cancel(call->fetch);
    call->fetch = NULL;
    error_set(&err, FETCH_BROKEN, "the answer is larger than %zu bytes", call->request.max_body_bytes);
    finish(call, &err);
}

static void on_answer_done(void *owner, const struct error *err)
{
    struct rest_call *call = owner;

    call->fetch = NULL;
    if (!repeat_later(call, err))
        finish(call, err);
}

static void attempt(struct rest_call *call)
{
    int64_t left_ms = (call->deadline_ns - clock_mono_ns()) / NS_PER_MS;
    struct fetch_options options = {.timeout_ms = left_ms > 1 ? left_ms : 1,
                                    .owner = call,
                                    .on_head = on_answer_head,
                                    .on_data = on_answer_data,
                                    .on_done = on_answer_done};

    call->attempts++;
    call->status = 0;
    call->retry_after_s = -1;
    buf_clear(&call->body);
    buf_clear(&call->content_type);
    call->fetch = rest_stream(call->client, &call->request, &options);
}

/* What REQUEST says, with the defaults, all of it in the call's arena. */
static void keep_request(struct rest_call *call, const struct rest_request *request)
{
    struct arena *arena = &call->arena;
    struct rest_request *r = &call->request;

    *r = *request;
    r->method = arena_str(arena, or_default(request->method, STR("GET")));
    r->path = arena_str(arena, request->path);
    r->query = arena_str(arena, request->query);
    if (request->body.ptr != NULL)
        r->body = arena_str(arena, request->body);
    r->content_type = arena_str(arena, request->content_type);
    r->accept = arena_str(arena, request->accept);
    r->headers = (struct http_headers){0};
    for (size_t i = 0; i < request->headers.count; i++)
        http_headers_add(&r->headers, arena, request->headers.items[i].name, request->headers.items[i].value);
    if (r->max_body_bytes == 0)
        r->max_body_bytes = DEFAULT_MAX_BODY_BYTES;
    if (r->timeout_ms <= 0)
        r->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (r->max_attempts <= 0)
        r->max_attempts = DEFAULT_MAX_ATTEMPTS;
    if (r->backoff_ms <= 0)
        r->backoff_ms = DEFAULT_BACKOFF_MS;
}

struct rest_call *rest_start(struct rest_client *client, const struct rest_request *request)
{
    struct rest_call *call = mem_zalloc(sizeof(*call));

    assert(request->on_done != NULL);
    call->client = client;
    call->next = client->calls;
    if (call->next != NULL)
        call->next->previous = call;
    client->calls = call;
    keep_request(call, request);
    call->backoff =
        (struct backoff){.min_ns = call->request.backoff_ms * NS_PER_MS, .max_ns = 10 * NS_PER_S, .factor = 2};
    call->deadline_ns = clock_mono_ns() + call->request.timeout_ms * NS_PER_MS;
    attempt(call);
    return call;
}

void rest_cancel(struct rest_call *call)
{
    if (call->client == NULL)
        return; /* in its own on_done */
    if (call->fetch != NULL)
        fetch_cancel(call->fetch);
    unlink_call(call);
    release(call);
}

void rest_client_free(struct rest_client *client)
{
    struct rest_call *next;

    if (client == NULL)
        return;
    for (struct rest_call *call = client->calls; call != NULL; call = next) {
        next = call->next;
        if (call->fetch != NULL)
            fetch_cancel(call->fetch);
        release(call);
    }
    credentials_free(&client->credentials);
    free(client->user_agent);
    free(client);
}

/* --- the usual ones --- */

static struct rest_call *start(struct rest_client *client, const char *method, struct str path, struct str body,
                               rest_on_done on_done, void *owner)
{
    return rest_start(client,
                      &(struct rest_request){
                          .method = str_of(method), .path = path, .body = body, .on_done = on_done, .owner = owner});
}

struct rest_call *rest_get(struct rest_client *client, struct str path, rest_on_done on_done, void *owner)
{
    return start(client, "GET", path, (struct str){0}, on_done, owner);
}

struct rest_call *rest_create(struct rest_client *client, struct str path, struct str body, rest_on_done on_done,
                              void *owner)
{
    return start(client, "POST", path, body, on_done, owner);
}

struct rest_call *rest_update(struct rest_client *client, struct str path, struct str body, rest_on_done on_done,
                              void *owner)
{
    return start(client, "PUT", path, body, on_done, owner);
}

struct rest_call *rest_delete(struct rest_client *client, struct str path, rest_on_done on_done, void *owner)
{
    return start(client, "DELETE", path, (struct str){0}, on_done, owner);
}

struct rest_call *rest_patch(struct rest_client *client, struct str path, enum rest_patch_type type, struct str body,
                             rest_on_done on_done, void *owner)
{
    static const char *const types[] = {
        [REST_PATCH_MERGE] = "application/merge-patch+json",
        [REST_PATCH_JSON] = "application/json-patch+json",
        [REST_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };

    return rest_start(client, &(struct rest_request){.method = STR("PATCH"),
                                                     .path = path,
                                                     .body = body,
                                                     .content_type = str_of(types[type]),
                                                     .on_done = on_done,
                                                     .owner = owner});
}

/* --- paths and queries --- */

static void add_segment(struct buf *to, struct str segment)
{
    if (str_is_empty(segment))
        return;
    buf_add_char(to, '/');
    http_percent_encode(to, segment);
}

void rest_path_add(struct buf *to, const struct rest_path *path)
{
    buf_add_cstr(to, str_is_empty(path->group) ? "/api" : "/apis");
    add_segment(to, path->group);
    add_segment(to, path->version);
    if (!str_is_empty(path->ns)) {
        buf_add_cstr(to, "/namespaces");
        add_segment(to, path->ns);
    }
    add_segment(to, path->resource);
    add_segment(to, path->name);
    if (str_is_empty(path->subresource))
        return;
    buf_add_char(to, '/');
    buf_add_str(to, path->subresource); /* may have slashes of its own: "proxy/healthz" */
}

void rest_query_add(struct buf *to, const char *name, struct str value)
{
    if (to->len > 0)
        buf_add_char(to, '&');
    buf_add_cstr(to, name);
    buf_add_char(to, '=');
    http_percent_encode(to, value);
}
