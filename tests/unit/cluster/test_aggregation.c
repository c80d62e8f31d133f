#include "../net/fake_peer.h"
#include "access_world.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"

#include <openssl/x509.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SERVICES "/api/v1/namespaces/default/services"
#define ENDPOINTS "/api/v1/namespaces/default/endpoints"
#define API_SERVICES "/apis/apiregistration.k8s.io/v1/apiservices"
#define OURS API_SERVICES "/v1.x.test"
#define ROOT "/apis/x.test/v1"
#define LIST                                                                                                       \
    "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"x.test/v1\",\"resources\":[{\"name\":" \
    "\"things\",\"singularName\":\"thing\",\"namespaced\":true,\"kind\":\"Thing\",\"verbs\":[\"get\",\"list\"]}]}"

/* What the aggregated server does with requests other than probes. */
enum behaviour {
    ANSWERS,
    HANGS,
    STOPS_HALF_WAY,
    STREAMS, /* the head; the test sends the rest */
};

struct backend {
    struct world *w;
    struct certs_pair ca, serving;
    struct tls_server *tls;
    struct fake_peer *peer;
    int probe_status;
    bool floods_probes;
    enum behaviour behaviour;
    unsigned probes, requests, closed;
    struct buf last; /* the last request that was no probe */
    struct buf last_probe;
    char client[64];        /* common name of the certificate that was shown */
    struct fake_conn *conn; /* of the last request */
    bool has_request, is_closed;
};

static void note_client(struct backend *b, struct fake_conn *conn)
{
    X509 *certificate = SSL_get0_peer_certificate(fake_conn_ssl(conn));
    b->client[0] = '\0';
    if (certificate != NULL)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, b->client, sizeof(b->client));
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct backend *b = owner;
    note_client(b, conn);
    if (str_find(request, STR("system:kube-aggregator")) >= 0) {
        buf_clear(&b->last_probe);
        buf_add_str(&b->last_probe, request);
        b->probes++;
        if (b->floods_probes) {
            static char bytes[1024 * 1024];
            fake_conn_printf(conn, "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 6; i++)
                fake_conn_chunk(conn, str_from(bytes, sizeof(bytes)));
            return; /* and goes on for ever */
        }
        fake_conn_answer(conn, b->probe_status, STR(LIST));
        return;
    }
    buf_clear(&b->last);
    buf_add_str(&b->last, request);
    b->requests++;
    b->conn = conn;
    b->has_request = true;
    switch (b->behaviour) {
    case ANSWERS:
        fake_conn_printf(conn, "HTTP/1.1 201 X\r\nContent-Type: text/x\r\nX-Custom: yes\r\nConnection: keep-alive, "
                               "X-Hop\r\nX-Hop: no\r\nContent-Length: 5\r\n\r\nhello");
        break;
    case HANGS:
        break;
    case STOPS_HALF_WAY:
        fake_conn_printf(conn, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
        break;
    case STREAMS:
        fake_conn_printf(conn, "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n");
        break;
    }
}

static void on_backend_closed(void *owner, struct fake_conn *conn)
{
    struct backend *b = owner;
    b->closed++;
    if (b->conn == conn) {
        b->conn = NULL;
        b->is_closed = true;
    }
}

static const struct fake_peer_events backend_events = {.on_request = on_request, .on_closed = on_backend_closed};

static void start_backend(struct backend *b)
{
    int64_t now = clock_unix_ns() / NS_PER_S;
    struct error err = {0};
    const struct certs_subject subject = {
        .common_name = "x", .dns_names = (const char *const[]){"x.default.svc", NULL}, .is_server = true};
    assert_true(certs_make_authority("backend-ca", now - 60, 3600, &b->ca, &err));
    assert_true(certs_issue(&b->ca, &subject, now - 60, 3600, &b->serving, &err));
    const struct tls_server_options options = {.certificate_pem = buf_str(&b->serving.certificate),
                                               .key_pem = buf_str(&b->serving.key),
                                               .client_ca_pem = buf_str(&b->w->proxy_ca.certificate)};
    b->tls = tls_server_new(&options, &err);
    assert_non_null(b->tls);
    b->probe_status = 200;
    b->peer = fake_peer_new(&b->w->loop, b->tls, &backend_events, b);
}

static int setup(void **state)
{
    struct backend *b = mem_zalloc(sizeof(*b));
    void *world = NULL;
    world_setup(&world);
    b->w = world;
    start_backend(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct backend *b = *state;
    void *world = b->w;
    if (b->peer != NULL)
        fake_peer_free(b->peer);
    world_teardown(&world);
    tls_server_free(b->tls);
    certs_pair_free(&b->ca);
    certs_pair_free(&b->serving);
    buf_free(&b->last);
    buf_free(&b->last_probe);
    free(b);
    return 0;
}

static void add_service(struct backend *b)
{
    auto_buf struct buf body = {0};
    buf_printf(
        &body,
        "{'metadata':{'name':'x'},'spec':{'type':'ExternalName','externalName':'127.0.0.1','ports':[{'port':%u}]}}",
        fake_peer_port(b->peer));
    world_admin(b->w, "POST", SERVICES, buf_cstr(&body), 201, NULL);
}

/* CA NULL: the server's certificate isn't verified. */
static void add_api_service(struct backend *b, const struct certs_pair *ca, unsigned port)
{
    auto_buf struct buf body = {0};
    buf_printf(&body,
               "{'metadata':{'name':'v1.x.test'},'spec':{'group':'x.test','version':'v1','groupPriorityMinimum':100,"
               "'versionPriority':100,'service':{'name':'x','namespace':'default','port':%u},",
               port);
    if (ca != NULL) {
        buf_add_cstr(&body, "'caBundle':'");
        base64_encode(&body, buf_str(&ca->certificate));
        buf_add_cstr(&body, "'}}");
    } else {
        buf_add_cstr(&body, "'insecureSkipTLSVerify':true}}");
    }
    world_admin(b->w, "POST", API_SERVICES, buf_cstr(&body), 201, NULL);
}

static void make_available(struct backend *b)
{
    add_service(b);
    add_api_service(b, &b->ca, fake_peer_port(b->peer));
    world_until_text(b->w, OURS, "\"reason\":\"Passed\"");
}

static void expect(struct str in, const char *text)
{
    if (str_find(in, str_of(text)) < 0)
        fail_msg("no %s in %.*s", text, STR_ARG(in));
}

static void expect_not(struct str in, const char *text)
{
    if (str_find(in, str_of(text)) >= 0)
        fail_msg("%s in %.*s", text, STR_ARG(in));
}

static const struct question as_admin = {
    .path = ROOT "/things?b=2&a=1", .user = "admin", .organization = "system:masters"};

static void test_local_ones(void **state)
{
    struct backend *b = *state;
    world_until_text(b->w, API_SERVICES "/v1.", "\"reason\":\"Local\"");
    world_until_text(b->w, API_SERVICES "/v1.rbac.authorization.k8s.io", "Local APIServices are always available");
    world_admin(b->w, "DELETE", API_SERVICES "/v1.", NULL, 200, NULL);
    world_until_text(b->w, API_SERVICES "/v1.", "\"reason\":\"Local\"");
}

static void test_passed_on(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    make_available(b);
    expect(buf_str(&b->last_probe), "GET " ROOT " HTTP/1.1\r\n");
    expect(buf_str(&b->last_probe), "X-Remote-Group: system:masters\r\n");
    struct question q = as_admin;
    q.may_pause = true; /* over HTTP/1.1, which has a Connection header */
    q.headers = "X-Remote-User: root\nX-Remote-Extra-a: b\nX-Mine: 1\nConnection: X-Gone\nX-Gone: 1\n"
                "X-Forwarded-For: 10.1.1.1\nAudit-ID: 4711\n";
    world_ask(b->w, &q, &a);
    assert_int_equal(a.status, 201);
    assert_string_equal(buf_cstr(&a.body), "hello");
    assert_string_equal(b->client, "front-proxy-client");
    struct str request = buf_str(&b->last), headers = buf_str(&a.headers);
    expect(request, "GET " ROOT "/things?b=2&a=1 HTTP/1.1\r\n");
    expect(request, "X-Remote-User: admin\r\n");
    expect(request, "X-Remote-Group: system:masters\r\n");
    expect(request, "X-Remote-Group: system:authenticated\r\n");
    expect(request, "X-Remote-Extra-authentication.kubernetes.io%2Fcredential-id: X509SHA256=");
    expect(request, "X-Forwarded-For: 10.1.1.1, 127.0.0.1\r\n");
    expect(request, "Audit-ID: 4711\r\n");
    expect(request, ": 1\r\n"); /* X-Mine, in whatever case */
    expect_not(request, "root");
    expect_not(request, "-a: b");
    expect_not(request, "gone: 1");
    expect_not(request, "Gone: 1");
    expect(headers, "ustom: yes\n");
    expect_not(headers, "op: no");
    expect(headers, "text/x");
}

static void test_credentials_stay_here(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer request = {0}, a = {0};
    make_available(b);
    world_admin(b->w, "POST", "/api/v1/namespaces/default/serviceaccounts/default/token", "{}", 201, &request);
    world_admin(
        b->w, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "{'metadata':{'name':'t'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole','name':"
        "'cluster-admin'},'subjects':[{'kind':'ServiceAccount','name':'default','namespace':'default'},"
        "{'kind':'Group','name':'devs'}]}",
        201, NULL);
    world_ask(b->w,
              &(struct question){.method = "POST",
                                 .path = ROOT "/things",
                                 .token = answer_text(&request, "token"),
                                 .headers = "Impersonate-User: jane\nImpersonate-Group: devs\n",
                                 .body = "{'a':'b'}"},
              &a);
    assert_int_equal(a.status, 201);
    struct str seen = buf_str(&b->last);
    expect(seen, "POST " ROOT "/things HTTP/1.1\r\n");
    expect(seen, "X-Remote-User: jane\r\n");
    expect(seen, "X-Remote-Group: devs\r\n");
    expect(seen, "\r\n\r\n{\"a\":\"b\"}");
    expect_not(seen, "earer");
    expect_not(seen, "mpersonate");
}

static void test_forbidden_stays_here(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    make_available(b);
    world_ask(b->w, &(struct question){.path = ROOT "/things", .user = "jane"}, &a);
    assert_int_equal(a.status, 403);
    assert_int_equal(b->requests, 0);
}

static void test_discovery(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer group = {0}, all = {0}, own = {0}, stale = {0};
    struct question q = {.path = "/apis", .user = "jane"};
    make_available(b);
    world_admin(b->w, "GET", "/apis/x.test", NULL, 200, &group);
    expect(buf_str(&group.body), "\"preferredVersion\":{\"groupVersion\":\"x.test/v1\",\"version\":\"v1\"}");
    q.headers = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList\n";
    world_ask(b->w, &q, &all);
    expect(buf_str(&all.body), "\"resource\":\"things\"");
    b->behaviour = ANSWERS;
    world_ask(b->w, &(struct question){.path = ROOT, .user = "jane"}, &own); /* the server's own document */
    assert_int_equal(own.status, 201);
    /* gone: still in the list, with what it served */
    fake_peer_free(b->peer);
    b->peer = NULL;
    world_admin(b->w, "GET", ROOT "/things", NULL, 503, NULL);
    world_until_text(b->w, OURS, "FailedDiscoveryCheck");
    world_ask(b->w, &q, &stale);
    expect(buf_str(&stale.body), "\"resource\":\"things\"");
    expect(buf_str(&stale.body), "\"freshness\":\"Stale\"");
    world_admin(b->w, "DELETE", OURS, NULL, 200, NULL);
    world_admin(b->w, "GET", "/apis/x.test", NULL, 404, NULL);
}

static void test_why_not_available(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer unavailable = {0};
    unsigned port = fake_peer_port(b->peer);
    auto_buf struct buf body = {0};
    add_api_service(b, &b->ca, port);
    world_until_text(b->w, OURS,
                     "\"reason\":\"ServiceNotFound\",\"message\":\"service/x in \\\"default\\\" is not present\"");
    world_ask(b->w, &as_admin, &unavailable);
    assert_int_equal(unavailable.status, 503);
    expect(buf_str(&unavailable.body), "service unavailable");
    world_admin(b->w, "POST", SERVICES, "{'metadata':{'name':'x'},'spec':{'ports':[{'name':'a','port':1}]}}", 201,
                NULL);
    world_until_text(b->w, OURS, "ServicePortError");
    world_admin(b->w, "DELETE", SERVICES "/x", NULL, 200, NULL);
    world_until_text(b->w, OURS, "ServiceNotFound");
    buf_printf(&body, "{'metadata':{'name':'x'},'spec':{'ports':[{'name':'a','port':%u,'targetPort':1}]}}", port);
    world_admin(b->w, "POST", SERVICES, buf_cstr(&body), 201, NULL);
    world_until_text(b->w, OURS, "EndpointsNotFound");
    world_admin(b->w, "POST", ENDPOINTS, "{'metadata':{'name':'x'}}", 201, NULL);
    world_until_text(b->w, OURS, "MissingEndpoints");
    buf_clear(&body);
    buf_printf(&body, "{'subsets':[{'addresses':[{'ip':'127.0.0.1'}],'ports':[{'name':'a','port':%u}]}]}", port);
    world_admin(b->w, "PATCH", ENDPOINTS "/x", buf_cstr(&body), 200, NULL);
    world_until_text(b->w, OURS, "\"status\":\"True\"");
    world_admin(b->w, "GET", ROOT "/things", NULL, 201, NULL);
}

static void test_bad_probes(void **state)
{
    struct backend *b = *state;
    struct certs_pair other = {0};
    int64_t now = clock_unix_ns() / NS_PER_S;
    b->probe_status = 403;
    add_service(b);
    add_api_service(b, &b->ca, fake_peer_port(b->peer));
    world_until_text(b->w, OURS, "bad status from https://127.0.0.1:");
    b->probe_status = 200; /* found by the next try, unasked */
    world_until_text(b->w, OURS, "all checks passed");
    b->floods_probes = true;
    world_admin(b->w, "DELETE", OURS, NULL, 200, NULL);
    add_api_service(b, &b->ca, fake_peer_port(b->peer));
    world_until_text(b->w, OURS, "the answer is too long");
    b->floods_probes = false;
    /* a certificate that somebody else signed */
    assert_true(certs_make_authority("other", now - 60, 3600, &other, NULL));
    world_admin(b->w, "DELETE", OURS, NULL, 200, NULL);
    add_api_service(b, &other, fake_peer_port(b->peer));
    world_until_text(b->w, OURS, "FailedDiscoveryCheck");
    certs_pair_free(&other);
    world_admin(b->w, "DELETE", OURS, NULL, 200, NULL);
    add_api_service(b, NULL, fake_peer_port(b->peer));
    world_until_text(b->w, OURS, "all checks passed");
}

static void test_client_that_goes(void **state)
{
    struct backend *b = *state;
    struct answer a = {0};
    make_available(b);
    b->behaviour = HANGS;
    world_send(b->w, &as_admin, &a);
    world_until(b->w, &b->has_request);
    assert_false(b->is_closed);
    answer_free(&a);
    world_until(b->w, &b->is_closed);
}

static void run_until_bytes(struct backend *b, const struct answer *a, size_t bytes)
{
    int64_t deadline = clock_mono_ns() + 10 * NS_PER_S;
    while (a->body.len < bytes && clock_mono_ns() < deadline)
        uv_run(&b->w->loop, UV_RUN_ONCE);
    assert_int_equal(a->body.len, bytes);
}

static void test_half_an_answer(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    make_available(b);
    b->behaviour = STOPS_HALF_WAY;
    world_send(b->w, &as_admin, &a);
    run_until_bytes(b, &a, 4);
    fake_conn_close(b->conn);
    world_wait(b->w, &a);
    assert_int_equal(a.status, 200);
    assert_true(a.is_broken);
}

static void test_no_answer_at_all(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    make_available(b);
    b->behaviour = HANGS;
    world_send(b->w, &as_admin, &a);
    world_until(b->w, &b->has_request);
    fake_conn_reset(b->conn);
    world_wait(b->w, &a);
    assert_int_equal(a.status, 503);
    expect(buf_str(&a.body), "error trying to reach service: ");
}

static void test_slow_stream(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    make_available(b);
    b->behaviour = STREAMS;
    struct question q = as_admin;
    q.path = ROOT "/things?watch=true";
    world_send(b->w, &q, &a);
    world_until(b->w, &b->has_request);
    for (size_t i = 1; i <= 5; i++) {
        fake_conn_chunk(b->conn, STR("event\n"));
        run_until_bytes(b, &a, 6 * i); /* each before the next one is sent */
    }
    fake_conn_chunk(b->conn, STR(""));
    world_wait(b->w, &a);
    assert_false(a.is_broken);
}

#define FLOOD_CHUNK ((size_t)256 * 1024)
#define FLOOD_CHUNKS 128 /* 32 MiB: far above what sockets and queues hold */

static void test_slow_client(void **state)
{
    struct backend *b = *state;
    auto_answer struct answer a = {0};
    auto_free char *bytes = mem_zalloc(FLOOD_CHUNK);
    make_available(b);
    b->behaviour = STREAMS;
    struct question q = as_admin;
    q.may_pause = true;
    world_send(b->w, &q, &a);
    world_until(b->w, &b->has_request);
    fake_conn_chunk(b->conn, STR("x"));
    run_until_bytes(b, &a, 1);
    fetch_pause(a.fetch);
    for (size_t i = 0; i < FLOOD_CHUNKS; i++)
        fake_conn_chunk(b->conn, str_from(bytes, FLOOD_CHUNK));
    fake_conn_chunk(b->conn, STR(""));
    /* until nothing moves any more */
    for (size_t before = SIZE_MAX, idle = 0; idle < 20;) {
        size_t now = fake_conn_queued(b->conn);
        idle = now == before ? idle + 1 : 0;
        before = now;
        uv_run(&b->w->loop, UV_RUN_NOWAIT);
        usleep(2000);
    }
    assert_true(fake_conn_queued(b->conn) > FLOOD_CHUNK * FLOOD_CHUNKS / 2);
    fetch_resume(a.fetch);
    world_wait(b->w, &a);
    assert_false(a.is_broken);
    assert_int_equal(a.body.len, 1 + FLOOD_CHUNK * FLOOD_CHUNKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_local_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_passed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credentials_stay_here, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forbidden_stays_here, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discovery, setup, teardown),
        cmocka_unit_test_setup_teardown(test_why_not_available, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_probes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_client_that_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_client, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
