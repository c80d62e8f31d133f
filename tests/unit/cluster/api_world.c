#include "api_world.h"

#include "apiserver/authz.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "certs/certificate.h"
#include "cluster/bootstrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DEADLINE_NS (10 * NS_PER_S)

static void authenticate(void *arg, struct api_request *r, authn_done *done, void *done_arg)
{
    (void)arg;
    (void)r;
    static const struct str groups[] = {STR_INIT("system:authenticated")};
    const struct authn_result result = {.verdict = AUTHN_USER,
                                        .user = {.name = STR("tester"), .groups = groups, .group_count = 1}};
    done(done_arg, &result);
}

static void start_tls(struct world *w)
{
    struct certs_pair authority = {0}, pair = {0};
    struct error err = {0};
    int64_t now = clock_unix_ns() / NS_PER_S;
    const struct certs_subject subject = {
        .common_name = "server", .ip_addresses = (const char *const[]){"127.0.0.1", NULL}, .is_server = true};
    assert_true(certs_make_authority("ca", now - 60, 3600, &authority, &err));
    assert_true(certs_issue(&authority, &subject, now - 60, 3600, &pair, &err));
    const struct tls_server_options options = {
        .certificate_pem = buf_str(&pair.certificate), .key_pem = buf_str(&pair.key), .is_http2_enabled = true};
    w->tls = tls_server_new(&options, &err);
    assert_non_null(w->tls);
    buf_add_str(&w->ca_pem, buf_str(&authority.certificate));
    certs_pair_free(&authority);
    certs_pair_free(&pair);
}

static void open_storage(struct world *w)
{
    struct error err = {0};
    struct storage_options options = {.path = w->path};
    options.kinds = registry_storage_kinds(&options.kind_count);
    w->storage = storage_open(&w->loop, &options, &err);
    if (w->storage == NULL)
        fail_msg("%s", error_text(&err));
    w->registry = registry_new(w->storage);
}

static void open_server(struct world *w)
{
    struct error err = {0};
    const struct api_server_options options = {
        .tls = w->tls, .authn = {.authenticate = authenticate}, .authz = authz_always};
    w->server = api_server_new(&w->loop, &options);
    w->discovery = api_discovery_new(STR("127.0.0.1:1"));
    w->options.registry = w->registry;
    w->options.discovery = w->discovery;
    w->options.loop = &w->loop;
    w->api = api_new(&w->options);
    api_install(w->api, w->server);
    assert_true(api_server_listen(w->server, "127.0.0.1", 0, &err));
}

static void on_bootstrapped(void *arg, const struct failure *failure)
{
    assert_null(failure);
    *(bool *)arg = true;
}

int world_setup(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    strcpy(w->folder, "/tmp/api-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof(w->path), "%s/db", w->folder);
    uv_loop_init(&w->loop);
    start_tls(w);
    open_storage(w);
    open_server(w);
    w->pool = fetch_pool_new(&w->loop);
    w->namespaces = namespaces_controller_new(w->registry, STR("the CA"));
    bool is_done = false;
    bootstrap_namespaces(w->registry, on_bootstrapped, &is_done);
    const struct resource *furniture = resource_find(STR(""), STR("v1"), STR("configmaps"));
    while (!is_done || storage_list(registry_kind(w->registry, furniture), STR("")).count < 4)
        uv_run(&w->loop, UV_RUN_ONCE);
    *state = w;
    return 0;
}

static void on_storage_closed(void *arg)
{
    struct world *w = arg;
    namespaces_controller_free(w->namespaces);
    registry_free(w->registry);
}

static void on_server_closed(void *arg)
{
    struct world *w = arg;
    api_free(w->api);
    api_discovery_free(w->discovery);
    tls_server_free(w->tls);
    namespaces_controller_stop(w->namespaces);
    storage_close(w->storage, on_storage_closed, w);
}

int world_teardown(void **state)
{
    struct world *w = *state;
    fetch_pool_free(w->pool);
    api_server_close(w->server, 0, on_server_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    static const char *const suffixes[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char path[100];
        snprintf(path, sizeof(path), "%s%s", w->path, suffixes[i]);
        unlink(path);
    }
    rmdir(w->folder);
    buf_free(&w->ca_pem);
    free(w);
    return 0;
}

/* --- the client --- */

static void on_head(void *owner, const struct fetch_head *head)
{
    struct exchange *e = owner;
    e->status = head->status;
    for (size_t i = 0; i < head->headers.count; i++)
        buf_printf(&e->headers, "%.*s: %.*s\n", STR_ARG(head->headers.items[i].name),
                   STR_ARG(head->headers.items[i].value));
}

static void on_data(void *owner, struct str chunk)
{
    buf_add_str(&((struct exchange *)owner)->body, chunk);
}

static void on_done(void *owner, const struct error *err)
{
    struct exchange *e = owner;
    e->is_done = true;
    e->fetch = NULL;
    if (err != NULL && e->status == 0)
        e->status = -1;
}

void world_start(struct world *w, struct exchange *e, const char *method, const char *path, const char *headers,
                 const char *body, size_t body_len)
{
    auto_buf struct buf url = {0};
    auto_arena struct arena arena = {0};
    *e = (struct exchange){0};
    buf_printf(&url, "https://127.0.0.1:%u%s", api_server_port(w->server), path);
    struct fetch_options options = {.method = str_of(method),
                                    .url = buf_str(&url),
                                    .tls = {.ca = buf_str(&w->ca_pem)},
                                    .owner = e,
                                    .on_head = on_head,
                                    .on_data = on_data,
                                    .on_done = on_done};
    struct str rest = str_of(headers), line, name, value;
    while (rest.len > 0) {
        str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &name, &value))
            http_headers_add(&options.headers, &arena, name, str_trim(value));
    }
    if (body != NULL)
        options.body = str_from(body, body_len);
    e->fetch = fetch_start(w->pool, &options);
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for ten seconds");
}

static void run_until(struct world *w, bool (*condition)(void *arg), void *arg)
{
    uv_timer_t timer;
    uv_timer_init(&w->loop, &timer);
    uv_timer_start(&timer, on_deadline, (uint64_t)(DEADLINE_NS / NS_PER_MS), 0);
    while (!condition(arg))
        uv_run(&w->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static bool is_done(void *arg)
{
    return ((struct exchange *)arg)->is_done;
}

void world_wait(struct world *w, struct exchange *e)
{
    run_until(w, is_done, e);
}

struct text_wait {
    struct exchange *exchange;
    const char *text;
};

static bool has_text(void *arg)
{
    const struct text_wait *t = arg;
    return strstr(buf_cstr(&t->exchange->body), t->text) != NULL;
}

void world_wait_text(struct world *w, struct exchange *e, const char *text)
{
    struct text_wait wait = {e, text};
    run_until(w, has_text, &wait);
}

struct condition_wait {
    struct world *world;
    bool (*condition)(struct world *w);
};

static bool holds(void *arg)
{
    const struct condition_wait *c = arg;
    return c->condition(c->world);
}

void world_wait_until(struct world *w, bool (*condition)(struct world *w))
{
    struct condition_wait wait = {w, condition};
    run_until(w, holds, &wait);
}

void exchange_free(struct exchange *e)
{
    if (e->fetch != NULL)
        fetch_cancel(e->fetch);
    buf_free(&e->body);
    buf_free(&e->headers);
    *e = (struct exchange){0};
}

struct exchange world_ask(struct world *w, const char *method, const char *path, const char *headers, const char *body)
{
    struct exchange *e = mem_zalloc(sizeof(*e));
    char *text = body != NULL ? mem_strdup(body) : NULL;
    for (char *c = text; c != NULL && *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    world_start(w, e, method, path, headers, text, text != NULL ? strlen(text) : 0);
    world_wait(w, e);
    free(text);
    struct exchange copy = *e;
    free(e);
    return copy;
}
