#include "kube/rest_client.h"

#include "../net/fake_peer.h"

#include "base/alloc.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct fake_peer *peer;
    struct fetch_pool *pool;
    struct rest_client *client;
    const char *const *answers; /* what the server sends, in turn; the last one for ever; "" closes, NULL hangs */
    size_t requests;
    struct buf last; /* request */
    /* the result */
    int done;
    bool ok;
    int status, code;
    int64_t retry_after_s;
    struct buf body, reason, message, err;
    struct rest_call *call;
    void (*at_done)(struct world *w);
    const char *token_path; /* written anew when a request comes in */
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop waited for 10 s");
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct world *w = owner;
    const char *answer = *w->answers;

    w->requests++;
    buf_clear(&w->last);
    buf_add_str(&w->last, request);
    if (w->token_path != NULL)
        assert_true(file_write_atomically(w->token_path, STR("new\n"), 0600, NULL));
    if (answer != NULL) {
        if (w->answers[1] != NULL || strcmp(answer, "") == 0)
            w->answers++;
        if (strcmp(answer, "") == 0)
            fake_conn_close(conn);
        else
            fake_conn_send(conn, str_of(answer));
    }
    uv_stop(&w->loop);
}

static const struct fake_peer_events peer_events = {.on_request = on_request};

static void on_done(void *owner, const struct rest_result *result)
{
    struct world *w = owner;

    w->done++;
    w->ok = result->ok;
    w->status = result->status;
    w->retry_after_s = result->retry_after_s;
    w->code = result->err != NULL ? result->err->code : 0;
    assert_int_equal(result->ok, result->err == NULL);
    buf_clear(&w->body);
    buf_add_str(&w->body, result->body);
    buf_add_str(&w->reason, result->reason);
    buf_add_str(&w->message, result->message);
    buf_add_cstr(&w->err, error_text(result->err));
    uv_stop(&w->loop);
    if (w->at_done != NULL)
        w->at_done(w);
}

static void world_open(struct world *w, const char *const *answers, const struct client_config *config)
{
    struct client_config full = {0};
    auto_buf struct buf server = {0};

    *w = (struct world){.answers = answers};
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->watchdog);
    uv_timer_start(&w->watchdog, on_watchdog, 10000, 0);
    w->pool = fetch_pool_new(&w->loop);
    w->peer = fake_peer_new(&w->loop, NULL, &peer_events, w);
    client_config_copy(&full, config);
    buf_printf(&server, "http://127.0.0.1:%u", fake_peer_port(w->peer));
    full.server = buf_take(&server);
    w->client = rest_client_new(w->pool, &full, NULL);
    assert_string_equal(rest_client_server(w->client), full.server);
    client_config_free(&full);
}

static void world_close(struct world *w)
{
    rest_client_free(w->client);
    fetch_pool_free(w->pool);
    fake_peer_free(w->peer);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    struct buf *const bufs[] = {&w->last, &w->body, &w->reason, &w->message, &w->err};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_free(bufs[i]);
}

static void run_for(struct world *w, uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < until)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void start(struct world *w, const struct rest_request *request)
{
    struct rest_request r = *request;

    r.owner = w;
    r.on_done = on_done;
    r.backoff_ms = 4;
    if (str_is_empty(r.path))
        r.path = STR("/api/v1/nodes/a");
    w->call = rest_start(w->client, &r);
    assert_int_equal(w->done, 0);
}

static void wait_done(struct world *w)
{
    while (w->done == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    run_for(w, 5);
    assert_int_equal(w->done, 1);
}

static const struct client_config no_config;

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define FAILED(status) "HTTP/1.1 " status " X\r\nContent-Length: 3\r\n\r\nno!"
#define LATER(status, after) "HTTP/1.1 " status " X\r\nRetry-After: " after "\r\nContent-Length: 3\r\n\r\nno!"
#define CLOSED ""

static void test_repeating(void **state)
{
    static const struct {
        const char *name, *method;
        const char *answers[5];
        size_t requests;
        int status;
    } cases[] = {
        {"all is well", "GET", {OK}, 1, 200},
        {"get, 500s", "GET", {FAILED("500"), FAILED("502"), FAILED("504"), OK}, 4, 200},
        {"get, unavailable", "GET", {FAILED("503"), OK}, 2, 200},
        {"put", "PUT", {FAILED("500"), OK}, 2, 200},
        {"delete", "DELETE", {FAILED("500"), OK}, 2, 200},
        {"post may have been done", "POST", {FAILED("500"), OK}, 1, 500},
        {"patch may have been done", "PATCH", {FAILED("504"), OK}, 1, 504},
        {"post, unavailable", "POST", {FAILED("503"), OK}, 1, 503},
        {"post, come back later", "POST", {LATER("503", "0"), OK}, 2, 200},
        {"post, too many requests", "POST", {FAILED("429"), LATER("429", "0"), OK}, 3, 200},
        {"get, broken", "GET", {CLOSED, OK}, 2, 200},
        {"post, broken", "POST", {CLOSED, OK}, 1, 0},
        {"for ever", "GET", {FAILED("500")}, 5, 500},
        {"later than we wait", "GET", {LATER("503", "3600"), OK}, 1, 503},
        {"a date as Retry-After", "GET", {LATER("503", "Fri, 31 Dec 1999 23:59:59 GMT"), OK}, 2, 200},
        {"not found", "GET", {FAILED("404"), OK}, 1, 404},
        {"conflict", "PUT", {FAILED("409"), OK}, 1, 409},
        {"unauthorized", "GET", {FAILED("401"), OK}, 1, 401},
        {"not implemented", "GET", {FAILED("501"), OK}, 1, 501},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        print_message("  %s\n", cases[i].name);
        world_open(&w, cases[i].answers, &no_config);
        start(&w, &(struct rest_request){.method = str_of(cases[i].method)});
        wait_done(&w);
        assert_int_equal(w.requests, cases[i].requests);
        assert_int_equal(w.status, cases[i].status);
        assert_int_equal(w.ok, cases[i].status == 200);
        assert_string_equal(buf_cstr(&w.body), cases[i].status == 200 ? "{}" : cases[i].status != 0 ? "no!" : "");
        world_close(&w);
    }
}

#define STATUS_BODY(reason, message, details)                                                                  \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"" message \
    "\",\"reason\":\"" reason "\",\"details\":{" details "},\"code\":404}"

static void test_results(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *reason, *message;
        int64_t retry_after_s;
    } cases[] = {
        {"{\"kind\":\"Node\"}", 201, "", "", -1},
        {STATUS_BODY("NotFound", "nodes \\\"a\\\" not found", ""), 404, "NotFound", "nodes \"a\" not found", -1},
        {STATUS_BODY("Busy", "no", "\"retryAfterSeconds\":7"), 404, "Busy", "no", 7},
        {"404 page not found\n", 404, "NotFound", "the server could not find the requested resource", -1},
        {"", 418, "", "the server responded with the status code 418 but did not return more information", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        auto_buf struct buf answer = {0};
        auto_buf struct buf want = {0};
        const char *answers[2] = {0};
        buf_printf(&answer, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", cases[i].status, strlen(cases[i].body),
                   cases[i].body);
        answers[0] = buf_cstr(&answer);
        world_open(&w, answers, &no_config);
        start(&w, &(struct rest_request){.path = STR("/api/v1/nodes/a?x=1"), .query = STR("y=2")});
        wait_done(&w);
        assert_true(str_starts_with(buf_str(&w.last), STR("GET /api/v1/nodes/a?x=1&y=2 HTTP/1.1\r\n")));
        assert_int_equal(w.status, cases[i].status);
        assert_int_equal(w.ok, cases[i].status < 300);
        assert_int_equal(w.code, w.ok ? 0 : cases[i].status);
        assert_string_equal(buf_cstr(&w.body), cases[i].body);
        assert_string_equal(buf_cstr(&w.reason), cases[i].reason);
        assert_string_equal(buf_cstr(&w.message), cases[i].message);
        assert_int_equal(w.retry_after_s, cases[i].retry_after_s);
        if (!w.ok)
            buf_printf(&want, "GET http://127.0.0.1:%u/api/v1/nodes/a: %s", fake_peer_port(w.peer), cases[i].message);
        assert_string_equal(buf_cstr(&w.err), buf_cstr(&want));
        world_close(&w);
    }
}

/* --- what is sent --- */

static bool has_line(const struct world *w, const char *line)
{
    auto_buf struct buf whole = {0};

    buf_printf(&whole, "\r\n%s\r\n", line);
    return strstr(buf_cstr(&w->last), buf_cstr(&whole)) != NULL;
}

static void test_headers(void **state)
{
    static const char *const answers[] = {OK, NULL};
    struct client_config config = {
        .token = mem_strdup("abc"), .username = mem_strdup("u"), .as_user = mem_strdup("joe")};
    struct http_header extra = {STR_INIT("X-Extra"), STR_INIT("1")};
    struct world w;

    (void)state;
    string_list_add(&config.as_groups, STR("g1"));
    string_list_add(&config.as_groups, STR("g2"));
    world_open(&w, answers, &config);
    start(&w, &(struct rest_request){.method = STR("POST"), .body = STR("{\"a\":1}"), .headers = {&extra, 1}});
    wait_done(&w);
    assert_true(has_line(&w, "Authorization: Bearer abc"));
    assert_true(has_line(&w, "Impersonate-User: joe"));
    assert_true(has_line(&w, "Impersonate-Group: g1"));
    assert_true(has_line(&w, "Impersonate-Group: g2"));
    assert_true(has_line(&w, "User-Agent: tacho/" TACHO_VERSION));
    assert_true(has_line(&w, "Accept: application/json"));
    assert_true(has_line(&w, "Content-Type: application/json"));
    assert_true(has_line(&w, "X-Extra: 1"));
    assert_true(str_ends_with(buf_str(&w.last), STR("\r\n\r\n{\"a\":1}")));
    world_close(&w);
    client_config_free(&config);

    config = (struct client_config){.username = mem_strdup("jane"), .password = mem_strdup("pw")};
    world_open(&w, answers, &config);
    start(&w, &(struct rest_request){.accept = STR("text/plain")});
    wait_done(&w);
    assert_true(has_line(&w, "Authorization: Basic amFuZTpwdw=="));
    assert_true(has_line(&w, "Accept: text/plain"));
    assert_null(strstr(buf_cstr(&w.last), "Content-Type"));
    world_close(&w);
    client_config_free(&config);
}

static void test_usual_ones(void **state)
{
    static const char *const answers[] = {OK, NULL};
    struct world w;
    struct str path = STR("/api/v1/nodes/a");

    (void)state;
    for (int i = 0; i < 6; i++) {
        world_open(&w, answers, &no_config);
        switch (i) {
        case 0:
            rest_get(w.client, path, on_done, &w);
            break;
        case 1:
            rest_create(w.client, path, STR("{}"), on_done, &w);
            break;
        case 2:
            rest_update(w.client, path, STR("{}"), on_done, &w);
            break;
        case 3:
            rest_delete(w.client, path, on_done, &w);
            break;
        case 4:
            rest_patch(w.client, path, REST_PATCH_MERGE, STR("{}"), on_done, &w);
            break;
        default:
            rest_patch(w.client, path, REST_PATCH_STRATEGIC, STR("{}"), on_done, &w);
            break;
        }
        wait_done(&w);
        static const char *const methods[] = {"GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "PATCH "};
        assert_true(str_starts_with(buf_str(&w.last), str_of(methods[i])));
        if (i >= 4)
            assert_true(has_line(&w, i == 4 ? "Content-Type: application/merge-patch+json"
                                            : "Content-Type: application/strategic-merge-patch+json"));
        world_close(&w);
    }
}

/* --- answers that don't come --- */

static void test_no_answer(void **state)
{
    static const char *const hangs[] = {NULL};
    static const char *const large[] = {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", NULL};
    struct world w;

    (void)state;
    world_open(&w, hangs, &no_config);
    start(&w, &(struct rest_request){.timeout_ms = 50});
    wait_done(&w);
    assert_int_equal(w.code, FETCH_TIMED_OUT);
    assert_int_equal(w.status, 0);
    world_close(&w);

    world_open(&w, large, &no_config);
    start(&w, &(struct rest_request){.max_body_bytes = 10});
    wait_done(&w);
    assert_int_equal(w.code, FETCH_BROKEN);
    assert_string_equal(buf_cstr(&w.message), "the answer is larger than 10 bytes");
    world_close(&w);

    world_open(&w, large, &no_config);
    start(&w, &(struct rest_request){.max_body_bytes = 11});
    wait_done(&w);
    assert_true(w.ok);
    world_close(&w);

    world_open(&w, large, &no_config);
    unsigned port = fake_peer_port(w.peer);
    struct client_config nowhere = {.server = mem_strdup("http://127.0.0.1:1")};
    struct rest_client *client = rest_client_new(w.pool, &nowhere, NULL);
    uint64_t before = uv_hrtime();
    rest_start(client, &(struct rest_request){.path = STR("/x"), .backoff_ms = 3000, .owner = &w, .on_done = on_done});
    wait_done(&w);
    assert_true(uv_hrtime() - before < UINT64_C(500000000)); /* at once: nobody is there to ask again */
    assert_int_equal(w.code, FETCH_NO_CONNECTION);
    assert_string_equal(buf_cstr(&w.err), "GET http://127.0.0.1:1/x: connect to 127.0.0.1:1: connection refused");
    assert_true(port != 1);
    rest_client_free(client);
    client_config_free(&nowhere);
    world_close(&w);
}

/* --- ends --- */

static void cancel(struct world *w)
{
    rest_cancel(w->call);
}

static void free_client(struct world *w)
{
    rest_client_free(w->client);
    w->client = NULL;
}

static void start_next(struct world *w)
{
    w->at_done = NULL;
    rest_get(w->client, STR("/next"), on_done, w);
}

static void test_ends(void **state)
{
    static const char *const ok[] = {OK, NULL};
    static const char *const later[] = {LATER("503", "2"), OK, NULL};
    static const char *const hangs[] = {NULL};
    struct world w;

    (void)state;
    for (int i = 0; i < 2; i++) { /* before anything went out */
        world_open(&w, ok, &no_config);
        start(&w, &(struct rest_request){0});
        (i == 0 ? cancel : free_client)(&w);
        run_for(&w, 20);
        assert_int_equal(w.done + (int)w.requests, 0);
        world_close(&w);
    }
    for (int i = 0; i < 4; i++) { /* while it waits for the answer, or to repeat */
        world_open(&w, i < 2 ? hangs : later, &no_config);
        start(&w, &(struct rest_request){0});
        while (w.requests == 0)
            uv_run(&w.loop, UV_RUN_ONCE);
        run_for(&w, 20);
        (i % 2 == 0 ? cancel : free_client)(&w);
        run_for(&w, 20);
        assert_int_equal(w.done, 0);
        assert_int_equal(w.requests, 1);
        world_close(&w);
    }
    for (int i = 0; i < 2; i++) { /* in its own on_done */
        world_open(&w, ok, &no_config);
        w.at_done = i == 0 ? cancel : free_client;
        start(&w, &(struct rest_request){0});
        wait_done(&w);
        world_close(&w);
    }
    world_open(&w, ok, &no_config);
    w.at_done = start_next;
    start(&w, &(struct rest_request){0});
    while (w.done < 2)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(str_starts_with(buf_str(&w.last), STR("GET /next ")));
    world_close(&w);
}

/* A token that was rotated: the refused call reads it again and is repeated. */
static void test_rotated_token(void **state)
{
    static const char *const answers[] = {FAILED("401"), OK, NULL};
    char path[] = "/tmp/token-XXXXXX";
    auto_close int fd = mkstemp(path);
    struct client_config config = {.token = mem_strdup("old"), .token_file = mem_strdup(path)};
    struct world w;

    (void)state;
    assert_int_equal(write(fd, "old", 3), 3);
    world_open(&w, answers, &config);
    w.token_path = path;
    start(&w, &(struct rest_request){.method = STR("POST"), .body = STR("{}")});
    while (w.requests == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(has_line(&w, "Authorization: Bearer old"));
    wait_done(&w);
    assert_true(w.ok);
    assert_int_equal(w.requests, 2);
    assert_true(has_line(&w, "Authorization: Bearer new"));
    assert_string_equal(rest_client_config(w.client)->token, "new");
    world_close(&w);
    client_config_free(&config);
    unlink(path);
}

static void test_paths(void **state)
{
    static const struct {
        struct rest_path path;
        const char *wanted;
    } cases[] = {
        {{.version = STR_INIT("v1"), .resource = STR_INIT("nodes")}, "/api/v1/nodes"},
        {{.version = STR_INIT("v1"),
          .ns = STR_INIT("n"),
          .resource = STR_INIT("pods"),
          .name = STR_INIT("a"),
          .subresource = STR_INIT("log")},
         "/api/v1/namespaces/n/pods/a/log"},
        {{.group = STR_INIT("apps"),
          .version = STR_INIT("v1"),
          .ns = STR_INIT("n"),
          .resource = STR_INIT("deployments")},
         "/apis/apps/v1/namespaces/n/deployments"},
        {{.group = STR_INIT("rbac.authorization.k8s.io"),
          .version = STR_INIT("v1"),
          .resource = STR_INIT("clusterroles"),
          .name = STR_INIT("system:a/b c?")},
         "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb%20c%3F"},
    };
    auto_buf struct buf query = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf got = {0};
        rest_path_add(&got, &cases[i].path);
        assert_string_equal(buf_cstr(&got), cases[i].wanted);
    }
    rest_query_add(&query, "labelSelector", STR("a=b,c in (d)"));
    rest_query_add(&query, "limit", STR("5"));
    assert_string_equal(buf_cstr(&query), "labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=5");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeating),     cmocka_unit_test(test_results),   cmocka_unit_test(test_headers),
        cmocka_unit_test(test_usual_ones),    cmocka_unit_test(test_no_answer), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_rotated_token), cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
