#include "base/alloc.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct str allowed_names[] = {STR_INIT("front-proxy-client")};
static const struct str user_headers[] = {STR_INIT("X-Remote-User")};
static const struct str group_headers[] = {STR_INIT("X-Remote-Group")};
static const struct str extra_prefixes[] = {STR_INIT("X-Remote-Extra-")};

static struct front_proxy make_proxy(struct world *w)
{
    return (struct front_proxy){
        .ca_pem = buf_str(&w->proxy_ca.certificate),
        .allowed_names = {allowed_names, 1},
        .username_headers = {user_headers, 1},
        .group_headers = {group_headers, 1},
        .extra_prefixes = {extra_prefixes, 1},
    };
}

/* A world that lets everybody do everything, so that only authentication is seen. */
static struct world *make(bool has_proxy)
{
    struct world *w = world_new(&(struct world_options){.allows_all = true, .is_http1 = true});
    struct front_proxy proxy = make_proxy(w);

    assert_true(authn_set_client_ca(w->authn, buf_str(&w->client_ca.certificate), NULL));
    if (has_proxy)
        assert_true(authn_set_front_proxy(w->authn, &proxy, NULL));
    return w;
}

/* The user that the server saw, or the status when it isn't 200. */
static const char *whoami(struct world *w, struct question q)
{
    auto_answer struct answer a = {0};
    static char text[512];

    q.path = "/ok";
    world_ask(w, &q, &a);
    snprintf(text, sizeof(text), "%s", w->last_user_text);
    if (a.status != 200)
        snprintf(text, sizeof(text), "%d", a.status);
    return text;
}

static void test_client_certificate(void **state)
{
    static const char *const groups[] = {"dev", "ops", NULL};
    struct world *w = make(false);
    struct certs_pair jane = {0}, stranger = {0};

    (void)state;
    world_issue(&w->client_ca, "jane", groups, &jane);
    world_issue(&w->proxy_ca, "jane", groups, &stranger);
    const char *who = whoami(w, (struct question){.certificate = &jane});
    static const char wanted[] =
        "jane dev ops system:authenticated authentication.kubernetes.io/credential-id=X509SHA256=";
    assert_true(strncmp(who, wanted, strlen(wanted)) == 0 && strlen(who) == strlen(wanted) + 64);
    assert_string_equal(whoami(w, (struct question){.certificate = &stranger}), "401");
    assert_string_equal(whoami(w, (struct question){.certificate = &stranger, .token = "user-joe"}),
                        "joe dev system:authenticated a/b=c");
    assert_string_equal(whoami(w, (struct question){0}), "system:anonymous system:unauthenticated");
    /* headers of a proxy that doesn't exist */
    assert_string_equal(whoami(w, (struct question){.headers = {"X-Remote-User", "root"}}),
                        "system:anonymous system:unauthenticated");
    certs_pair_free(&jane);
    certs_pair_free(&stranger);
    world_free(w);
}

static void test_serving_certificate_is_no_clients(void **state)
{
    struct world *w = make(false);
    struct certs_pair server = {0};
    auto_error struct error err = {0};

    (void)state;
    assert_true(certs_issue(&w->client_ca, &(struct certs_subject){.common_name = "jane", .is_server = true}, 0,
                            INT64_C(5000000000), &server, &err));
    assert_string_equal(whoami(w, (struct question){.certificate = &server}), "401");
    certs_pair_free(&server);
    world_free(w);
}

static void test_verified_once(void **state)
{
    struct world *w = make(true);
    struct certs_pair jane = {0}, stranger = {0}, unknown_ca = {0};

    (void)state;
    assert_true(certs_make_authority("unknown", 0, INT64_C(5000000000), &unknown_ca, NULL));
    world_issue(&w->client_ca, "jane", NULL, &jane);
    world_issue(&unknown_ca, "jane", NULL, &stranger);
    for (int i = 0; i < 5; i++) {
        assert_true(strncmp(whoami(w, (struct question){.certificate = &jane}), "jane ", 5) == 0);
        assert_string_equal(whoami(w, (struct question){.certificate = &stranger}), "401");
    }
    assert_int_equal(authn_verifications(w->authn), 2);

    /* another CA: what was true isn't any more */
    assert_true(authn_set_client_ca(w->authn, buf_str(&w->proxy_ca.certificate), NULL));
    assert_string_equal(whoami(w, (struct question){.certificate = &jane}), "401");
    assert_false(authn_set_client_ca(w->authn, STR("no PEM"), NULL));
    assert_string_equal(whoami(w, (struct question){.certificate = &jane}), "401");
    assert_true(authn_set_client_ca(w->authn, buf_str(&w->client_ca.certificate), NULL));
    assert_true(strncmp(whoami(w, (struct question){.certificate = &jane}), "jane ", 5) == 0);
    assert_true(authn_set_client_ca(w->authn, STR(""), NULL)); /* nobody's; but the proxy's CA refuses it */
    assert_string_equal(whoami(w, (struct question){.certificate = &jane}), "401");
    certs_pair_free(&jane);
    certs_pair_free(&stranger);
    certs_pair_free(&unknown_ca);
    world_free(w);
}

static void test_front_proxy(void **state)
{
    struct world *w = make(true);
    struct certs_pair proxy = {0}, impostor = {0}, jane = {0}, namesake = {0};
    const struct question through = {
        .headers = {"X-Remote-User", "joe", "X-Remote-Group", "a", "x-remote-group", "b", "X-Remote-Extra-K", "v"}};
    struct question q;

    (void)state;
    world_issue(&w->proxy_ca, "front-proxy-client", NULL, &proxy);
    world_issue(&w->proxy_ca, "somebody", NULL, &impostor);
    world_issue(&w->client_ca, "jane", NULL, &jane);
    world_issue(&w->client_ca, "front-proxy-client", NULL, &namesake);
    q = through;
    q.certificate = &namesake; /* the right name, a wrong CA */
    assert_true(strncmp(whoami(w, q), "front-proxy-client system:authenticated ", 40) == 0);
    q.certificate = &proxy;
    assert_string_equal(whoami(w, q), "joe a b system:authenticated k=v");
    q.certificate = &impostor; /* the right CA, a wrong name */
    assert_string_equal(whoami(w, q), "401");
    q.certificate = &jane; /* a client's own word, whatever the headers say */
    assert_true(strncmp(whoami(w, q), "jane system:authenticated ", 26) == 0);
    q.certificate = NULL;
    assert_string_equal(whoami(w, q), "system:anonymous system:unauthenticated");
    /* the proxy without a user is a client whom nobody knows */
    assert_string_equal(whoami(w, (struct question){.certificate = &proxy}), "401");
    assert_string_equal(whoami(w, (struct question){.certificate = &proxy, .headers = {"X-Remote-User", ""}}), "401");
    /* the anonymous user gets no group of the authenticated */
    assert_string_equal(whoami(w, (struct question){.certificate = &proxy,
                                                    .headers = {"X-Remote-User", "system:anonymous", "X-Remote-Group",
                                                                "system:unauthenticated"}}),
                        "system:anonymous system:unauthenticated");
    assert_true(authn_is_identity_header(w->authn, STR("x-remote-extra-k")));
    assert_true(authn_is_identity_header(w->authn, STR("authorization")));
    assert_false(authn_is_identity_header(w->authn, STR("x-remote")));
    certs_pair_free(&proxy);
    certs_pair_free(&impostor);
    certs_pair_free(&namesake);
    certs_pair_free(&jane);
    world_free(w);
}

static void test_tokens(void **state)
{
    struct world *w = make(false);
    static const struct {
        const char *authorization;
        const char *who;
    } cases[] = {
        {"Bearer user-joe", "joe dev system:authenticated a/b=c"},
        {"bearer user-joe", "joe dev system:authenticated a/b=c"},
        {"Bearer user-joe and more", "joe dev system:authenticated a/b=c"},
        {"Bearer", "system:anonymous system:unauthenticated"},
        {"Bearer  user-joe", "system:anonymous system:unauthenticated"},
        {"Basic dXNlcjpqb2U=", "system:anonymous system:unauthenticated"},
        {"Bearer refused", "401"},
        {"Bearer error", "401"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(whoami(w, (struct question){.headers = {"Authorization", cases[i].authorization}}),
                            cases[i].who);
    /* "user-joe" in base64url */
    static const char protocols[] = "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.dXNlci1qb2U";
    assert_string_equal(whoami(w, (struct question){.headers = {"Sec-WebSocket-Protocol", protocols}}),
                        "system:anonymous system:unauthenticated");
    assert_int_equal(w->token_reviews, 3);
    world_free(w);
}

static void test_token_cache(void **state)
{
    struct world *w = make(false);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(whoami(w, (struct question){.token = "user-joe"}), "joe dev system:authenticated a/b=c");
        assert_string_equal(whoami(w, (struct question){.token = "refused"}), "401");
    }
    assert_int_equal(w->token_reviews, 2);
    assert_string_equal(whoami(w, (struct question){.token = "error"}), "401");
    assert_string_equal(whoami(w, (struct question){.token = "error"}), "401");
    assert_int_equal(w->token_reviews, 4);
    world_free(w);
}

static void test_access_cache(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    static const struct question allowed = {.path = "/apis/a/v1/b", .token = "user-jane"},
                                 refused = {.path = "/apis/a/v1/b", .token = "user-joe"},
                                 other = {.path = "/apis/a/v1/b?labelSelector=x", .token = "user-jane"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        auto_answer struct answer a = {0}, b = {0}, c = {0};
        world_ask(w, &allowed, &a);
        world_ask(w, &refused, &b);
        world_ask(w, &other, &c);
        assert_int_equal(a.status, 200);
        assert_int_equal(b.status, 403);
        assert_int_equal(c.status, 200);
    }
    assert_int_equal(w->access_reviews, 3);

    /* questions too long to be remembered */
    auto_buf struct buf path = {0};
    buf_add_cstr(&path, "/apis/a/v1/b?labelSelector=");
    for (int i = 0; i < 400; i++)
        buf_printf(&path, "%slabel-number-%d=some-value", i > 0 ? "," : "", i);
    for (int i = 0; i < 2; i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &(struct question){.path = buf_cstr(&path), .token = "user-jane"}, &a);
        assert_int_equal(a.status, 200);
    }
    assert_int_equal(w->access_reviews, 5);
    world_free(w);
}

static void test_kube_is_away(void **state)
{
    struct world *w = world_new(&(struct world_options){.kube_url = "http://127.0.0.1:1"});
    struct certs_pair jane = {0};
    auto_answer struct answer token = {0}, access = {0}, healthy = {0};

    (void)state;
    assert_true(authn_set_client_ca(w->authn, buf_str(&w->client_ca.certificate), NULL));
    world_issue(&w->client_ca, "jane", NULL, &jane);
    world_ask(w, &(struct question){.path = "/ok", .token = "user-jane"}, &token);
    assert_int_equal(token.status, 401);
    world_ask(w, &(struct question){.path = "/ok?a<b", .certificate = &jane}, &access);
    assert_int_equal(access.status, 500);
    assert_true(strncmp(buf_cstr(&access.body), "Internal Server Error: \"/ok?a", 29) == 0);
    assert_null(strchr(buf_cstr(&access.body), '<'));
    assert_non_null(strstr(buf_cstr(&access.body), "127.0.0.1:1"));
    assert_string_equal(answer_header(&access, "content-type"), "text/plain; charset=utf-8");
    world_ask(w, &(struct question){.path = "/readyz"}, &healthy); /* needs nobody's word */
    assert_int_equal(healthy.status, 404);
    certs_pair_free(&jane);
    world_free(w);
}

static void test_kube_refuses(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    auto_answer struct answer first = {0}, second = {0};

    (void)state;
    w->kube_fault = kube_answers_forbidden;
    w->kube_faults = 1;
    world_ask(w, &(struct question){.path = "/ok"}, &first);
    assert_int_equal(first.status, 500);
    assert_non_null(strstr(buf_cstr(&first.body), "reviews are &lt;not&gt; yours"));
    world_ask(w, &(struct question){.path = "/ok"}, &second);
    assert_int_equal(second.status, 403);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_serving_certificate_is_no_clients),
        cmocka_unit_test(test_verified_once),
        cmocka_unit_test(test_front_proxy),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_token_cache),
        cmocka_unit_test(test_access_cache),
        cmocka_unit_test(test_kube_is_away),
        cmocka_unit_test(test_kube_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
