#include "fetch_world.h"

#include "base/alloc.h"

#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* libcurl resolves names in a thread, by this: no test asks a real name server. */
static sem_t resolver_gate;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    (void)out;
    if (strcmp(name, "hangs.invalid") == 0)
        sem_wait(&resolver_gate);
    return EAI_NONAME;
}

/* --- servers that can't be reached --- */

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    (void)!connect(fd, (struct sockaddr *)&address, sizeof(address)); /* in progress */
    return fd;
}
static void test_unreachable(void **state)
{
    auto_buf struct buf url = {0};
    auto_buf struct buf want = {0};
    struct world w;
    unsigned port;
    int fds[3];

    (void)state;
    world_open(&w, false, &silent, NULL);
    fds[0] = listen_without_accepting(&port);
    close(fds[0]);
    buf_printf(&url, "http://127.0.0.1:%u/", port);
    buf_printf(&want, "connect to 127.0.0.1:%u: connection refused", port);
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url)}, FETCH_NO_CONNECTION, buf_cstr(&want));

    fail_as(&w, &(struct fetch_options){.url = STR("https://missing.invalid/")}, FETCH_NO_ADDRESS,
            "resolve missing.invalid:443: no such host");

    fds[0] = listen_without_accepting(&port);
    fds[1] = connect_to(port);
    fds[2] = connect_to(port); /* its queue is full: further SYNs get no answer */
    buf_clear(&url);
    buf_clear(&want);
    buf_printf(&url, "http://127.0.0.1:%u/", port);
    buf_printf(&want, "connect to 127.0.0.1:%u: timed out", port);
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 150}, FETCH_NO_CONNECTION,
            buf_cstr(&want));
    for (int i = 0; i < 3; i++)
        close(fds[i]);

    buf_clear(&want);
    buf_printf(&want, "TLS with 127.0.0.1:%u: handshake timed out", fake_peer_port(w.peer));
    buf_clear(&url);
    buf_printf(&url, "https://127.0.0.1:%u/", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 1000}, FETCH_NO_TLS,
            buf_cstr(&want));

    buf_clear(&want);
    buf_printf(&want, "127.0.0.1:%u: no whole answer within 0.15 s", fake_peer_port(w.peer));
    fail_as(&w, &(struct fetch_options){.url = url_of(&w, &url, "/"), .timeout_ms = 150}, FETCH_TIMED_OUT,
            buf_cstr(&want));
    world_close(&w);
}

/* Fetches that wait for another's connection, to be its streams, fail with it and not one after the other. */
static void test_many_wait_for_one(void **state)
{
    struct got got[6] = {0};
    auto_buf struct buf url = {0};
    struct world w;

    (void)state;
    world_open(&w, false, &silent, NULL);
    buf_printf(&url, "https://127.0.0.1:%u/", fake_peer_port(w.peer));
    uint64_t start = uv_hrtime();
    for (int i = 0; i < 6; i++)
        got_start(&got[i], &w, &(struct fetch_options){.url = buf_str(&url), .connect_timeout_ms = 1000});
    for (int i = 0; i < 6; i++) {
        got_wait(&got[i]);
        print_message("  %s\n", buf_cstr(&got[i].message));
        assert_true(got[i].code == FETCH_NO_TLS || got[i].code == FETCH_NO_CONNECTION);
        got_free(&got[i]);
    }
    assert_true(uv_hrtime() - start < UINT64_C(3000000000));
    world_close(&w);
}

/* A name server that doesn't answer must stop neither the loop nor the end of the fetch. */
static void test_hanging_resolver(void **state)
{
    struct world w;
    struct got g = {0};

    (void)state;
    world_open(&w, false, &silent, NULL);
    uint64_t start = uv_hrtime();
    fail_as(&w, &(struct fetch_options){.url = STR("https://hangs.invalid:1/"), .connect_timeout_ms = 100},
            FETCH_NO_ADDRESS, "resolve hangs.invalid:1: timed out");
    got_start(&g, &w, &(struct fetch_options){.url = STR("https://hangs.invalid:2/")});
    run_for(&w, 50);
    fetch_cancel(g.fetch);
    run_for(&w, 50);
    assert_int_equal(g.done, 0);
    world_close(&w);
    assert_true(uv_hrtime() - start < UINT64_C(3000000000));
    sem_post(&resolver_gate);
    sem_post(&resolver_gate);
    uv_sleep(50); /* for the resolver's threads to give their memory back before leaks are counted */
}
/* --- TLS --- */

struct tls_seen {
    struct buf host;
    struct buf sni;
    bool has_client_cert;
};

static void look_at_tls(void *owner, struct fake_conn *conn, struct str request)
{
    struct tls_seen *seen = owner;
    struct str line, rest = request;
    X509 *cert = SSL_get1_peer_certificate(fake_conn_ssl(conn));

    buf_clear(&seen->host);
    buf_clear(&seen->sni);
    while (str_cut(rest, '\n', &line, &rest))
        if (str_starts_with(line, STR("Host: ")))
            buf_add_str(&seen->host, str_trim(str_skip(line, 6)));
    buf_add_str(&seen->sni, str_of(SSL_get_servername(fake_conn_ssl(conn), TLSEXT_NAMETYPE_host_name)));
    seen->has_client_cert = cert != NULL;
    X509_free(cert);
    fake_conn_answer(conn, 200, STR("secret"));
}

static void test_tls(void **state)
{
    static const struct fake_peer_events events = {.on_request = look_at_tls};
    static const struct {
        const char *name, *server_name;
        bool has_ca, is_insecure, has_cert;
        int code;
        const char *message; /* after "TLS with HOST:PORT: " */
        const char *sni;
    } cases[] = {
        {"by address", NULL, true, false, false, 0, NULL, ""},
        {"by another name", "peer.ns.svc", true, false, false, 0, NULL, "peer.ns.svc"},
        {"client certificate", NULL, true, false, true, 0, NULL, ""},
        {"insecure", NULL, false, true, false, 0, NULL, ""},
        {"unknown CA", NULL, false, false, false, FETCH_NO_TLS,
         "the server's certificate is not accepted: unable to get local issuer certificate", NULL},
        {"wrong name", "other.ns.svc", true, false, false, FETCH_NO_TLS,
         "the server's certificate is for other names (no alternative certificate subject name matches target host "
         "name 'other.ns.svc')",
         NULL},
    };
    struct tls_seen seen = {0};
    struct world w;

    (void)state;
    world_open(&w, true, &events, &seen);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = {0};
        auto_buf struct buf url = {0};
        auto_buf struct buf where = {0};
        struct fetch_options options = {.url = url_of(&w, &url, "/x")};
        print_message("  %s\n", cases[i].name);
        options.tls.server_name = str_of(cases[i].server_name);
        options.tls.insecure = cases[i].is_insecure;
        options.tls.ca = cases[i].has_ca ? buf_str(&w.ca) : str_of(NULL);
        options.tls.cert = cases[i].has_cert ? buf_str(&w.cert) : str_of(NULL);
        options.tls.key = cases[i].has_cert ? buf_str(&w.key) : str_of(NULL);
        got_start(&g, &w, &options);
        got_wait(&g);
        buf_printf(&where, "127.0.0.1:%u", fake_peer_port(w.peer));
        if (cases[i].message != NULL) {
            auto_buf struct buf want = {0};
            buf_printf(&want, "TLS with %s: %s", buf_cstr(&where), cases[i].message);
            assert_string_equal(buf_cstr(&g.message), buf_cstr(&want));
        } else {
            assert_string_equal(buf_cstr(&g.message), "");
            assert_string_equal(buf_cstr(&g.body), "secret");
            assert_string_equal(buf_cstr(&seen.host), buf_cstr(&where)); /* the URL's, whatever was verified */
            assert_string_equal(buf_cstr(&seen.sni), cases[i].sni);
            assert_int_equal(seen.has_client_cert, cases[i].has_cert);
        }
        assert_int_equal(g.code, cases[i].code);
        got_free(&g);
    }
    /* connections are shared only by those who mean the same server as the same client: each case has its own */
    assert_int_equal(fake_peer_accepted(w.peer), sizeof(cases) / sizeof(cases[0]));
    buf_free(&seen.host);
    buf_free(&seen.sni);
    world_close(&w);
}

static void test_bad_certificates(void **state)
{
    auto_buf struct buf url = {0};
    auto_buf struct buf other_cert = {0};
    auto_buf struct buf other_key = {0};
    struct world w;
    struct got g[2] = {0};

    (void)state;
    world_open(&w, true, &silent, NULL);
    fake_pki_issue(w.pki, "other", NULL, &other_cert, &other_key);
    struct fetch_options options = {.url = url_of(&w, &url, "/")};
    options.tls = (struct fetch_tls){.ca = buf_str(&w.ca), .cert = buf_str(&other_cert), .key = buf_str(&w.key)};
    got_start(&g[0], &w, &options);
    got_wait(&g[0]);
    print_message("  %s\n", buf_cstr(&g[0].message));
    assert_int_equal(g[0].code, FETCH_BAD_OPTIONS);
    options.tls = (struct fetch_tls){.ca = STR("no PEM at all")};
    got_start(&g[1], &w, &options);
    got_wait(&g[1]);
    print_message("  %s\n", buf_cstr(&g[1].message));
    assert_int_equal(g[1].code, FETCH_BAD_OPTIONS);
    got_free(&g[0]);
    got_free(&g[1]);
    world_close(&w);
}
/* --- proxies --- */

static void test_proxy(void **state)
{
    static const struct fake_peer_events events = {.on_request = keep_request};
    auto_buf struct buf request = {0};
    auto_buf struct buf proxy = {0};
    auto_buf struct buf url = {0};
    struct world w;
    struct got g[3] = {0};

    (void)state;
    world_open(&w, false, &events, &request);
    url_of(&w, &proxy, "");
    got_start(&g[0], &w, &(struct fetch_options){.url = STR("http://api.invalid/x"), .proxy = buf_str(&proxy)});
    got_wait(&g[0]);
    assert_string_equal(buf_cstr(&g[0].message), "");
    assert_non_null(strstr(buf_cstr(&request), "GET http://api.invalid/x HTTP/1.1\r\n"));

    setenv("http_proxy", buf_cstr(&proxy), 1);
    got_start(&g[1], &w, &(struct fetch_options){.url = STR("http://api.invalid/y"), .proxy_from_env = true});
    got_wait(&g[1]);
    assert_non_null(strstr(buf_cstr(&request), "GET http://api.invalid/y HTTP/1.1\r\n"));

    got_start(&g[2], &w, &(struct fetch_options){.url = url_of(&w, &url, "/z"), .proxy_from_env = true});
    got_wait(&g[2]); /* never for this machine */
    assert_non_null(strstr(buf_cstr(&request), "GET /z HTTP/1.1\r\n"));

    auto_buf struct buf nowhere = {0};
    auto_buf struct buf want = {0};
    unsigned port;
    close(listen_without_accepting(&port));
    buf_printf(&nowhere, "http://127.0.0.1:%u", port);
    buf_printf(&want, "connect to 127.0.0.1:%u, the proxy to api.invalid:443: connection refused", port);
    fail_as(&w, &(struct fetch_options){.url = STR("https://api.invalid/x"), .proxy = buf_str(&nowhere)},
            FETCH_NO_CONNECTION, buf_cstr(&want));
    fail_as(&w, &(struct fetch_options){.url = STR("http://missing.invalid/")}, FETCH_NO_ADDRESS,
            "resolve missing.invalid:80: no such host"); /* not asked for: not taken from the environment */
    setenv("no_proxy", "missing.invalid,10.0.0.0/8", 1);
    fail_as(&w, &(struct fetch_options){.url = STR("http://missing.invalid/"), .proxy_from_env = true},
            FETCH_NO_ADDRESS, "resolve missing.invalid:80: no such host");
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    for (int i = 0; i < 3; i++)
        got_free(&g[i]);
    world_close(&w);
}
int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreachable),      cmocka_unit_test(test_many_wait_for_one),
        cmocka_unit_test(test_hanging_resolver), cmocka_unit_test(test_tls),
        cmocka_unit_test(test_bad_certificates), cmocka_unit_test(test_proxy),
    };

    sem_init(&resolver_gate, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
