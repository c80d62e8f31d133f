#include "access_world.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flags.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DEADLINE_NS (10 * NS_PER_S)

static void write_pem(struct world *w, const char *name, struct str pem)
{
    char path[160];
    struct error err = {0};
    snprintf(path, sizeof(path), "%s/%s", w->folder, name);
    if (!file_write_atomically(path, pem, 0600, &err))
        fail_msg("%s", error_text(&err));
}

void world_issue(const struct certs_pair *ca, const char *common_name, const char *organization, struct certs_pair *out)
{
    const char *organizations[] = {organization, NULL};
    const struct certs_subject subject = {
        .common_name = common_name, .organizations = organizations, .is_client = true};
    struct error err = {0};
    if (!certs_issue(ca, &subject, clock_unix_ns() / NS_PER_S - 60, 3600, out, &err))
        fail_msg("%s", error_text(&err));
}

static void make_files(struct world *w)
{
    int64_t now = clock_unix_ns() / NS_PER_S;
    const struct certs_subject server = {
        .common_name = "apiserver", .ip_addresses = (const char *const[]){"127.0.0.1", NULL}, .is_server = true};
    struct error err = {0};
    assert_true(certs_make_authority("ca", now - 60, 3600, &w->ca, &err));
    assert_true(certs_make_authority("front-proxy-ca", now - 60, 3600, &w->proxy_ca, &err));
    assert_true(certs_issue(&w->ca, &server, now - 60, 3600, &w->serving, &err));
    world_issue(&w->proxy_ca, "front-proxy-client", NULL, &w->front_proxy);
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &w->signing_key, NULL, &err));
    write_pem(w, "ca.crt", buf_str(&w->ca.certificate));
    write_pem(w, "proxy-ca.crt", buf_str(&w->proxy_ca.certificate));
    write_pem(w, "server.crt", buf_str(&w->serving.certificate));
    write_pem(w, "server.key", buf_str(&w->serving.key));
    write_pem(w, "proxy.crt", buf_str(&w->front_proxy.certificate));
    write_pem(w, "proxy.key", buf_str(&w->front_proxy.key));
    write_pem(w, "sa.key", buf_str(&w->signing_key));
}

static void start_server(struct world *w)
{
    static const char *const names[] = {"cluster.db", "server.crt",   "server.key", "ca.crt",
                                        "sa.key",     "proxy-ca.crt", "proxy.crt",  "proxy.key"};
    char paths[8][160];
    struct error err = {0};
    struct string_list allowed = {0};
    for (size_t i = 0; i < 8; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", w->folder, names[i]);
    string_list_add(&allowed, STR("front-proxy-client"));
    const struct cluster_server_options options = {
        .bind_address = "127.0.0.1",
        .storage_file = paths[0],
        .tls_cert_file = paths[1],
        .tls_key_file = paths[2],
        .client_ca_file = paths[3],
        .service_account_issuer = "https://issuer.test",
        .service_account_signing_key_file = paths[4],
        .requestheader_client_ca_file = paths[5],
        .requestheader_allowed_names = &allowed,
        .proxy_client_cert_file = paths[6],
        .proxy_client_key_file = paths[7],
    };
    w->server = cluster_server_new(&w->loop, &options, &err);
    if (w->server == NULL)
        fail_msg("%s", error_text(&err));
    string_list_free(&allowed);
    world_until_text(w, "/readyz", "ok");
}

static void on_closed(void *arg)
{
    *(bool *)arg = true;
}

static void stop_server(struct world *w)
{
    bool is_closed = false;
    cluster_server_close(w->server, 0, on_closed, &is_closed);
    world_until(w, &is_closed);
    w->server = NULL;
}

void world_restart(struct world *w)
{
    stop_server(w);
    start_server(w);
}

int world_setup(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    *state = w;
    strcpy(w->folder, "/tmp/access-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    uv_loop_init(&w->loop);
    w->pool = fetch_pool_new(&w->loop);
    make_files(w);
    start_server(w);
    return 0;
}

static int remove_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

int world_teardown(void **state)
{
    struct world *w = *state;
    if (w->server != NULL)
        stop_server(w);
    fetch_pool_free(w->pool);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    nftw(w->folder, remove_file, 8, FTW_DEPTH | FTW_PHYS);
    certs_pair_free(&w->ca);
    certs_pair_free(&w->proxy_ca);
    certs_pair_free(&w->serving);
    certs_pair_free(&w->front_proxy);
    buf_free(&w->signing_key);
    free(w);
    return 0;
}

/* --- asking --- */

static void on_head(void *owner, const struct fetch_head *head)
{
    struct answer *a = owner;
    a->status = head->status;
    for (size_t i = 0; i < head->headers.count; i++)
        buf_printf(&a->headers, "%.*s: %.*s\n", STR_ARG(head->headers.items[i].name),
                   STR_ARG(head->headers.items[i].value));
}

static void on_data(void *owner, struct str chunk)
{
    struct answer *a = owner;
    buf_add_str(&a->body, chunk);
}

static void on_done(void *owner, const struct error *err)
{
    struct answer *a = owner;
    a->fetch = NULL;
    a->is_done = true;
    a->is_broken = err != NULL;
}

static void add_headers(struct http_headers *to, struct arena *arena, const char *lines)
{
    struct str rest = str_of(lines), line, name, value;
    while (rest.len > 0) {
        str_cut(rest, '\n', &line, &rest);
        str_cut(line, ':', &name, &value);
        http_headers_add(to, arena, name, str_trim(value));
    }
}

void world_send(struct world *w, const struct question *q, struct answer *a)
{
    auto_arena struct arena arena = {0};
    struct certs_pair own = {0};
    struct http_headers headers = {0};
    struct str body = {0};
    if (q->user != NULL)
        world_issue(&w->ca, q->user, q->organization, &own);
    if (q->token != NULL)
        http_headers_add(&headers, &arena, STR("Authorization"), arena_printf(&arena, "Bearer %s", q->token));
    if (q->headers != NULL)
        add_headers(&headers, &arena, q->headers);
    if (q->body != NULL) {
        body = arena_str(&arena, str_of(q->body));
        for (size_t i = 0; i < body.len; i++)
            ((char *)(uintptr_t)body.ptr)[i] = body.ptr[i] == '\'' ? '"' : body.ptr[i];
        if (q->headers == NULL || strstr(q->headers, "Content-Type") == NULL)
            http_headers_add(&headers, &arena, STR("Content-Type"), STR("application/json"));
    }
    const struct certs_pair *pair = q->certificate != NULL ? q->certificate : &own;
    const struct fetch_options options = {
        .method = str_of(q->method != NULL ? q->method : "GET"),
        .url = arena_printf(&arena, "https://127.0.0.1:%u%s", cluster_server_port(w->server), q->path),
        .headers = headers,
        .body = body,
        .tls = {.ca = buf_str(&w->ca.certificate), .cert = buf_str(&pair->certificate), .key = buf_str(&pair->key)},
        .may_pause = q->may_pause,
        .owner = a,
        .on_head = on_head,
        .on_data = on_data,
        .on_done = on_done,
    };
    a->fetch = fetch_start(w->pool, &options);
    certs_pair_free(&own);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Runs the loop until *WHAT; a timer wakes it so that the deadline is seen. */
void world_until(struct world *w, const bool *what)
{
    int64_t deadline = clock_mono_ns() + DEADLINE_NS;
    uv_timer_t timer;
    uv_timer_init(&w->loop, &timer);
    uv_timer_start(&timer, on_tick, 50, 50);
    while (!*what && clock_mono_ns() < deadline)
        uv_run(&w->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    if (!*what)
        fail_msg("deadline");
}

void world_wait(struct world *w, const struct answer *a)
{
    world_until(w, &a->is_done);
}

void world_ask(struct world *w, const struct question *q, struct answer *a)
{
    world_send(w, q, a);
    world_wait(w, a);
}

void world_admin(struct world *w, const char *method, const char *path, const char *body, int status, struct answer *a)
{
    auto_answer struct answer own = {0};
    struct answer *to = a != NULL ? a : &own;
    const struct question q = {
        .method = method,
        .path = path,
        .user = "admin",
        .organization = "system:masters",
        .body = body,
        .headers = strcmp(method, "PATCH") == 0 ? "Content-Type: application/merge-patch+json\n" : NULL,
    };
    world_ask(w, &q, to);
    if (to->status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, path, to->status, status, buf_cstr(&to->body));
}

void world_until_text(struct world *w, const char *path, const char *text)
{
    int64_t deadline = clock_mono_ns() + DEADLINE_NS;
    for (;;) {
        auto_answer struct answer a = {0};
        const struct question q = {.path = path, .user = "admin", .organization = "system:masters"};
        world_ask(w, &q, &a);
        if (a.body.len > 0 && strstr(a.body.ptr, text) != NULL && a.status == 200)
            return;
        if (clock_mono_ns() > deadline)
            fail_msg("%s never said %s, but: %s", path, text, buf_cstr(&a.body));
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

const char *answer_text(const struct answer *a, const char *key)
{
    static char text[8192];
    char needle[64];
    snprintf(needle, sizeof(needle), "\"%s\":\"", key);
    ptrdiff_t at = str_find(buf_str(&a->body), str_of(needle));
    if (at < 0)
        fail_msg("no %s in %s", key, buf_cstr(&a->body));
    struct str value = str_skip(buf_str(&a->body), (size_t)at + strlen(needle));
    str_cut(value, '"', &value, &(struct str){0});
    snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    return text;
}

void answer_free(struct answer *a)
{
    if (a->fetch != NULL)
        fetch_cancel(a->fetch);
    a->fetch = NULL;
    buf_free(&a->body);
    buf_free(&a->headers);
}
