#include "world.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 20 s");
}

/* --- the kube-apiserver --- */

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

/* Tokens say what they are good for: user-NAME, masters, refused (plainly), error. */
static void answer_token(struct fake_conn *conn, struct str body)
{
    ptrdiff_t at = str_find(body, STR("\"token\":\"user-"));
    auto_buf struct buf json = {0};

    buf_add_cstr(&json, "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\",\"status\":{");
    if (at >= 0) {
        struct str name = str_skip(body, (size_t)at + 14), rest;
        str_cut(name, '"', &name, &rest);
        buf_printf(&json,
                   "\"authenticated\":true,\"user\":{\"username\":\"%.*s\",\"uid\":\"1\",\"groups\":[\"dev\"],"
                   "\"extra\":{\"a/b\":[\"c\"]}}}}",
                   STR_ARG(name));
    } else if (has(body, "\"token\":\"masters\"")) {
        buf_add_cstr(&json,
                     "\"authenticated\":true,\"user\":{\"username\":\"root\",\"groups\":[\"system:masters\"]}}}");
    } else if (has(body, "\"token\":\"refused\"")) {
        buf_add_cstr(&json, "\"user\":{}}}");
    } else {
        buf_add_cstr(&json, "\"user\":{},\"error\":\"token is <odd>\"}}");
    }
    fake_conn_answer(conn, 201, buf_str(&json));
}

/* jane may do everything, "denied" is denied with a reason, the others may not. */
static void answer_access(struct fake_conn *conn, struct str body)
{
    if (has(body, "\"user\":\"jane\""))
        fake_conn_answer(conn, 201, STR("{\"kind\":\"SubjectAccessReview\",\"status\":{\"allowed\":true}}"));
    else if (has(body, "\"user\":\"denied\""))
        fake_conn_answer(conn, 201, STR("{\"status\":{\"allowed\":false,\"denied\":true,\"reason\":\"because\"}}"));
    else
        fake_conn_answer(conn, 201, STR("{\"status\":{\"allowed\":false}}"));
}

static void answer_review(struct fake_conn *conn, struct str request)
{
    struct str body = str_skip(request, (size_t)str_find(request, STR("\r\n\r\n")) + 4);

    if (str_starts_with(request, STR("POST /apis/authentication.k8s.io/v1/tokenreviews ")))
        answer_token(conn, body);
    else if (str_starts_with(request, STR("POST /apis/authorization.k8s.io/v1/subjectaccessreviews ")))
        answer_access(conn, body);
    else
        fake_conn_answer(conn, 404, STR("{}"));
}

static void answer_config(struct world *w, struct fake_conn *conn, struct str request)
{
    auto_buf struct buf list = {0};

    w->config_reads++;
    if (has(request, "watch=true")) {
        w->config_watch = conn;
        fake_conn_send(conn, STR("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                                 "chunked\r\n\r\n"));
    } else if (has(request, "fieldSelector=metadata.name")) {
        buf_printf(&list, "{\"kind\":\"ConfigMapList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[%s]}",
                   buf_cstr(&w->config_map));
        fake_conn_answer(conn, 200, buf_str(&list));
    } else if (w->config_map.len > 0) {
        fake_conn_answer(conn, 200, buf_str(&w->config_map));
    } else {
        fake_conn_answer(conn, 404,
                         STR("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
                             "\"configmaps is away\",\"reason\":\"NotFound\",\"code\":404}"));
    }
}

static void print_config(struct buf *to, unsigned version, struct str client_ca, struct str proxy_ca)
{
    struct json_writer w = json_writer_to(to);

    buf_clear(to);
    json_open_object(&w);
    json_write_key(&w, STR("metadata"));
    json_open_object(&w);
    json_member_str(&w, STR("name"), STR("extension-apiserver-authentication"));
    json_member_str(&w, STR("namespace"), STR("kube-system"));
    json_write_key(&w, STR("resourceVersion"));
    buf_printf(to, "\"%u\"", version);
    json_close_object(&w);
    json_write_key(&w, STR("data"));
    json_open_object(&w);
    json_member_str(&w, STR("client-ca-file"), client_ca);
    json_member_str(&w, STR("requestheader-client-ca-file"), proxy_ca);
    json_member_str(&w, STR("requestheader-username-headers"), STR("[\"X-Remote-User\"]"));
    json_member_str(&w, STR("requestheader-allowed-names"), STR("[]"));
    json_close_object(&w);
    json_close_object(&w);
}

void world_publish(struct world *w, const char *type, struct str client_ca, struct str proxy_ca)
{
    static unsigned version = 10;
    auto_buf struct buf event = {0};

    print_config(&w->config_map, ++version, client_ca, proxy_ca);
    if (w->config_watch == NULL)
        return;
    buf_printf(&event, "{\"type\":\"%s\",\"object\":%s}\n", type, buf_cstr(&w->config_map));
    fake_conn_chunk(w->config_watch, buf_str(&event));
}

static void on_kube_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct world *w = owner;
    struct str body = str_skip(request, (size_t)str_find(request, STR("\r\n\r\n")) + 4);

    if (has(request, "/configmaps")) {
        answer_config(w, conn, request);
        return;
    }
    if (has(request, "/tokenreviews"))
        w->token_reviews++;
    else
        w->access_reviews++;
    snprintf(w->last_review, sizeof(w->last_review), "%.*s", STR_ARG(body));
    if (w->kube_faults > 0) {
        w->kube_faults--;
        w->kube_fault(w, conn);
    } else if (w->is_kube_silent) {
        assert_true(w->held_count < 64);
        *fake_conn_note(conn) = str_dup(request);
        w->held[w->held_count++] = conn;
    } else {
        answer_review(conn, request);
    }
}

static void on_kube_closed(void *owner, struct fake_conn *conn)
{
    struct world *w = owner;

    for (size_t i = 0; i < w->held_count; i++)
        if (w->held[i] == conn)
            w->held[i] = w->held[--w->held_count];
    if (w->config_watch == conn)
        w->config_watch = NULL;
    free(*fake_conn_note(conn));
}

void world_wake_kube(struct world *w)
{
    w->is_kube_silent = false;
    while (w->held_count > 0) {
        struct fake_conn *conn = w->held[--w->held_count];
        auto_free char *request = *fake_conn_note(conn);
        *fake_conn_note(conn) = NULL;
        answer_review(conn, str_of(request));
    }
}

void kube_resets(struct world *w, struct fake_conn *conn)
{
    (void)w;
    fake_conn_reset(conn);
}

void kube_answers_internal_error(struct world *w, struct fake_conn *conn)
{
    (void)w;
    fake_conn_answer(conn, 500,
                     STR("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"etcd is "
                         "away\",\"reason\":\"InternalError\",\"code\":500}"));
}

void kube_answers_forbidden(struct world *w, struct fake_conn *conn)
{
    (void)w;
    fake_conn_answer(conn, 403,
                     STR("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"reviews are "
                         "<not> yours\",\"reason\":\"Forbidden\",\"code\":403}"));
}

void kube_answers_garbage(struct world *w, struct fake_conn *conn)
{
    (void)w;
    fake_conn_answer(conn, 200, STR("<html>"));
}

/* --- our server --- */

static void handle_ok(void *arg, struct api_request *r)
{
    struct world *w = arg;
    auto_buf struct buf text = {0};

    buf_add_str(&text, r->user.name);
    for (size_t i = 0; i < r->user.group_count; i++)
        buf_printf(&text, " %.*s", STR_ARG(r->user.groups[i]));
    for (size_t i = 0; i < r->user.extra_count; i++)
        buf_printf(&text, " %.*s=%.*s", STR_ARG(r->user.extra[i].key), STR_ARG(r->user.extra[i].values[0]));
    snprintf(w->last_user_text, sizeof(w->last_user_text), "%s", buf_cstr(&text));
    w->handled++;
    w->is_http2 = r->http->http_major == 2;
    api_respond_object(r, 200, STR("{\"kind\":\"Ok\",\"a<b\":[]}"));
}

static void on_slow_closed(void *arg, struct api_request *r)
{
    (void)r;
    ((struct world *)arg)->slow_closed++;
}

static void handle_slow(void *arg, struct api_request *r)
{
    static const struct api_request_events events = {.on_closed = on_slow_closed};
    struct world *w = arg;

    w->handled++;
    api_request_listen(r, &events, w);
    if (query_has(&r->query, STR("begin"))) {
        api_start(r, 200, NULL, -1);
        api_write(r, STR("half"));
    }
}

static void issue(const struct certs_pair *ca, const struct certs_subject *subject, struct certs_pair *out)
{
    auto_error struct error err = {0};

    if (!certs_issue(ca, subject, clock_unix_ns() / NS_PER_S - 60, 3600, out, &err))
        fail_msg("%s", error_text(&err));
}

void world_issue(const struct certs_pair *ca, const char *common_name, const char *const *organizations,
                 struct certs_pair *out)
{
    issue(ca, &(struct certs_subject){.common_name = common_name, .organizations = organizations, .is_client = true},
          out);
}

static void make_certificates(struct world *w)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    int64_t now_s = clock_unix_ns() / NS_PER_S;
    auto_error struct error err = {0};

    assert_true(certs_make_authority("client-ca", now_s - 60, 3600, &w->client_ca, &err));
    assert_true(certs_make_authority("proxy-ca", now_s - 60, 3600, &w->proxy_ca, &err));
    issue(NULL, &(struct certs_subject){.common_name = "server", .ip_addresses = addresses, .is_server = true},
          &w->serving);
}

static struct tls_server *make_tls(struct world *w, bool is_http2_enabled)
{
    auto_error struct error err = {0};
    struct tls_server *tls =
        tls_server_new(&(struct tls_server_options){.certificate_pem = buf_str(&w->serving.certificate),
                                                    .key_pem = buf_str(&w->serving.key),
                                                    .client_ca_pem = buf_str(&w->client_ca.certificate),
                                                    .is_http2_enabled = is_http2_enabled},
                       &err);

    if (tls == NULL)
        fail_msg("%s", error_text(&err));
    return tls;
}

static void make_client(struct world *w, const char *url)
{
    static const struct fake_peer_events events = {on_kube_request, on_kube_closed};
    struct client_config config = {0};
    auto_buf struct buf address = {0};

    w->kube = fake_peer_new(&w->loop, w->kube_tls, &events, w);
    buf_printf(&address, "https://127.0.0.1:%u", fake_peer_port(w->kube));
    config.server = mem_strdup(url != NULL ? url : buf_cstr(&address));
    config.ca = str_dup(buf_str(&w->serving.certificate));
    config.ns = mem_strdup("default");
    w->client = rest_client_new(w->pool, &config, NULL);
    client_config_free(&config);
}

static void on_loaded(void *arg, const struct error *err)
{
    struct world *w = arg;

    if (err == NULL) {
        w->loads++;
        return;
    }
    w->load_failures++;
    snprintf(w->load_failure, sizeof(w->load_failure), "%d %s", err->code, error_text(err));
}

static struct authenticator make_delegated(struct world *w, const struct authn_delegated_options *options)
{
    struct authn_delegated_options all = *options;
    auto_error struct error err = {0};

    all.client = w->client;
    all.on_loaded = on_loaded;
    all.arg = w;
    w->delegated = authn_delegated_new(&w->loop, &all, &err);
    if (w->delegated == NULL)
        fail_msg("%s", error_text(&err));
    return authn_delegated_authenticator(w->delegated);
}

static void make_server(struct world *w, const struct world_options *options)
{
    struct api_server_options server = options->server;
    auto_error struct error err = {0};

    w->tokens = token_review_new(&w->loop, &(struct token_review_options){.client = w->client});
    w->authn = authn_new(token_review_lookup(w->tokens), !options->is_anonymous_refused);
    w->authz = authz_delegated_new(&w->loop, &(struct authz_delegated_options){.client = w->client});
    w->pairs[1] =
        (struct authz_pair){authz_paths_authorizer(&authz_health_paths), authz_delegated_authorizer(w->authz)};
    w->pairs[0] = (struct authz_pair){authz_masters, authz_pair_authorizer(&w->pairs[1])};
    server.tls = w->tls;
    server.authn = options->delegated != NULL ? make_delegated(w, options->delegated) : authn_authenticator(w->authn);
    server.authz = options->allows_all ? authz_always : authz_pair_authorizer(&w->pairs[0]);
    w->server = api_server_new(&w->loop, &server);
    api_server_route(w->server, "/ok", handle_ok, w);
    api_server_route_unlisted(w->server, "/apis/", handle_ok, w);
    api_server_route(w->server, "/slow", handle_slow, w);
    if (options->route != NULL)
        options->route(w);
    if (!api_server_listen(w->server, "127.0.0.1", 0, &err))
        fail_msg("%s", error_text(&err));
}

struct world *world_new(const struct world_options *options)
{
    struct world *w = mem_zalloc(sizeof(*w));

    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 20000, 0);
    w->pool = fetch_pool_new(&w->loop);
    make_certificates(w);
    w->tls = make_tls(w, !options->is_http1);
    w->kube_tls = make_tls(w, false);
    make_client(w, options->kube_url);
    make_server(w, options);
    return w;
}

static void on_server_closed(void *arg)
{
    *(bool *)arg = true;
}

void world_free(struct world *w)
{
    bool is_closed = false;

    if (w->server != NULL) {
        api_server_close(w->server, 0, on_server_closed, &is_closed);
        while (!is_closed)
            uv_run(&w->loop, UV_RUN_ONCE);
    }
    authn_delegated_free(w->delegated);
    authn_free(w->authn);
    token_review_free(w->tokens);
    authz_delegated_free(w->authz);
    rest_client_free(w->client);
    fetch_pool_free(w->pool);
    for (size_t i = 0; i < w->held_count; i++)
        free(*fake_conn_note(w->held[i]));
    fake_peer_free(w->kube);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    tls_server_free(w->tls);
    tls_server_free(w->kube_tls);
    buf_free(&w->config_map);
    certs_pair_free(&w->client_ca);
    certs_pair_free(&w->proxy_ca);
    certs_pair_free(&w->serving);
    free(w);
}

/* --- the client --- */

static void on_head(void *owner, const struct fetch_head *head)
{
    struct answer *a = owner;

    a->status = head->status;
    for (size_t i = 0; i < head->headers.count; i++) {
        struct str name = head->headers.items[i].name;
        for (size_t c = 0; c < name.len; c++)
            buf_add_char(&a->head, name.ptr[c] >= 'A' && name.ptr[c] <= 'Z' ? (char)(name.ptr[c] + 32) : name.ptr[c]);
        buf_printf(&a->head, ": %.*s\n", STR_ARG(head->headers.items[i].value));
    }
}

static void on_data(void *owner, struct str chunk)
{
    buf_add_str(&((struct answer *)owner)->body, chunk);
}

static void on_done(void *owner, const struct error *err)
{
    struct answer *a = owner;

    a->is_done = true;
    a->is_broken = err != NULL;
    a->fetch = NULL;
}

void world_send(struct world *w, const struct question *q, struct answer *a)
{
    auto_arena struct arena arena = {0};
    auto_buf struct buf url = {0};
    struct fetch_options options = {.owner = a, .on_head = on_head, .on_data = on_data, .on_done = on_done};

    a->w = w;
    buf_printf(&url, "https://127.0.0.1:%u%s", api_server_port(w->server), q->path);
    options.url = buf_str(&url);
    options.method = str_of(q->method);
    options.tls.ca = buf_str(&w->serving.certificate);
    if (q->certificate != NULL) {
        options.tls.cert = buf_str(&q->certificate->certificate);
        options.tls.key = buf_str(&q->certificate->key);
    }
    if (q->body != NULL)
        options.body = str_of(q->body);
    if (q->token != NULL)
        http_headers_add(&options.headers, &arena, STR("Authorization"), arena_printf(&arena, "Bearer %s", q->token));
    for (size_t i = 0; q->headers[i] != NULL; i += 2)
        http_headers_add(&options.headers, &arena, str_of(q->headers[i]), str_of(q->headers[i + 1]));
    a->fetch = fetch_start(w->pool, &options);
}

void world_wait(struct answer *a)
{
    while (!a->is_done)
        uv_run(&a->w->loop, UV_RUN_ONCE);
}

void world_ask(struct world *w, const struct question *q, struct answer *a)
{
    world_send(w, q, a);
    world_wait(a);
}

void world_wait_for(struct world *w, const unsigned *what, unsigned count)
{
    uv_run(&w->loop, UV_RUN_NOWAIT); /* timers that are due: after those alone, the other kind would go on waiting */
    while (*what < count)
        uv_run(&w->loop, UV_RUN_ONCE);
}

const char *answer_header(const struct answer *a, const char *name)
{
    static char value[512];
    struct str rest = buf_str(&a->head), line;

    value[0] = '\0';
    while (rest.len > 0) {
        str_cut(rest, '\n', &line, &rest);
        if (str_starts_with(line, str_of(name)) && line.len > strlen(name) && line.ptr[strlen(name)] == ':')
            snprintf(value, sizeof(value), "%.*s", STR_ARG(str_trim(str_skip(line, strlen(name) + 1))));
    }
    return value;
}

void answer_free(struct answer *a)
{
    if (a->fetch != NULL)
        fetch_cancel(a->fetch);
    buf_free(&a->head);
    buf_free(&a->body);
    *a = (struct answer){0};
}
