#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world *make(const struct authn_delegated_options *options, const char *kube_url)
{
    return world_new(
        &(struct world_options){.allows_all = true, .is_http1 = true, .delegated = options, .kube_url = kube_url});
}

/* The name of the user that the server saw, or the status when it isn't 200. */
static const char *whoami(struct world *w, const struct certs_pair *certificate, const char *claims)
{
    auto_answer struct answer a = {0};
    static char text[512];

    world_ask(w,
              &(struct question){
                  .path = "/ok", .certificate = certificate, .headers = {claims ? "X-Remote-User" : NULL, claims}},
              &a);
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(w->last_user_text, " "), w->last_user_text);
    if (a.status != 200)
        snprintf(text, sizeof(text), "%d", a.status);
    return text;
}

static void wait_for_watch(struct world *w)
{
    while (w->config_watch == NULL)
        uv_run(&w->loop, UV_RUN_ONCE);
}

/* Until the server says WANTED of CERTIFICATE: the news are on their way. */
static void wait_until(struct world *w, const struct certs_pair *certificate, const char *wanted)
{
    while (strcmp(whoami(w, certificate, NULL), wanted) != 0)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void test_followed(void **state)
{
    struct world *w = make(&(struct authn_delegated_options){0}, NULL);
    struct certs_pair jane = {0}, proxy = {0};
    struct str client_ca = buf_str(&w->client_ca.certificate), proxy_ca = buf_str(&w->proxy_ca.certificate);

    (void)state;
    world_issue(&w->client_ca, "jane", NULL, &jane);
    world_issue(&w->proxy_ca, "proxy", NULL, &proxy);
    world_publish(w, "", client_ca, proxy_ca);
    world_wait_for(w, &w->loads, 1);
    assert_int_equal(w->load_failures, 0);
    assert_string_equal(whoami(w, &jane, NULL), "jane");
    assert_string_equal(whoami(w, &proxy, "joe"), "joe");
    assert_string_equal(whoami(w, &proxy, NULL), "401");
    auto_buf struct buf cas = {0};
    authn_delegated_ca_pem(w->delegated, &cas);
    assert_true(str_find(buf_str(&cas), client_ca) >= 0 && str_find(buf_str(&cas), proxy_ca) >= 0);

    wait_for_watch(w);
    assert_string_equal(authn_delegated_trouble(w->delegated), "");
    world_publish(w, "MODIFIED", proxy_ca, client_ca); /* the CAs change places */
    wait_until(w, &proxy, "proxy");
    assert_string_equal(whoami(w, &jane, "joe"), "joe");
    assert_string_equal(whoami(w, &jane, NULL), "401");

    world_publish(w, "MODIFIED", STR("damaged"), proxy_ca); /* one half is good */
    wait_until(w, &jane, "401");
    assert_string_equal(whoami(w, &proxy, "joe"), "joe");
    assert_string_equal(whoami(w, &proxy, NULL), "proxy"); /* the old client CA stays */

    world_publish(w, "DELETED", STR(""), STR(""));
    fake_conn_reset(w->config_watch);
    while (w->config_watch != NULL)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_string_equal(whoami(w, &proxy, "joe"), "joe"); /* what it said stays */
    assert_int_equal(w->loads, 1);
    certs_pair_free(&jane);
    certs_pair_free(&proxy);
    world_free(w);
}

static void test_missing_at_first(void **state)
{
    struct world *w = make(&(struct authn_delegated_options){.is_anonymous_refused = true}, NULL);
    struct certs_pair jane = {0};

    (void)state;
    world_issue(&w->client_ca, "jane", NULL, &jane);
    world_wait_for(w, &w->load_failures, 1);
    assert_true(strncmp(w->load_failure, "404 GET https://", 16) == 0);
    assert_non_null(strstr(w->load_failure, "configmaps is away"));
    assert_string_equal(whoami(w, &jane, NULL), "401");
    wait_for_watch(w);
    world_publish(w, "ADDED", buf_str(&w->client_ca.certificate), STR(""));
    world_wait_for(w, &w->loads, 1);
    assert_string_equal(whoami(w, &jane, NULL), "jane");
    assert_int_equal(w->load_failures, 1);
    certs_pair_free(&jane);
    world_free(w);
}

static void test_overrides(void **state)
{
    struct certs_pair own_ca = {0}, jane = {0}, joe = {0};
    int64_t now_s = clock_unix_ns() / NS_PER_S;
    auto_error struct error err = {0};

    (void)state;
    assert_true(certs_make_authority("own", now_s - 60, 3600, &own_ca, &err));
    struct world *w = make(&(struct authn_delegated_options){.client_ca_pem = buf_str(&own_ca.certificate)}, NULL);
    world_issue(&own_ca, "jane", NULL, &jane);
    world_issue(&w->client_ca, "joe", NULL, &joe);
    world_publish(w, "", buf_str(&w->client_ca.certificate), buf_str(&w->proxy_ca.certificate));
    world_wait_for(w, &w->loads, 1);
    assert_string_equal(whoami(w, &jane, NULL), "jane");
    assert_string_equal(whoami(w, &joe, NULL), "401");
    certs_pair_free(&jane);
    certs_pair_free(&joe);
    certs_pair_free(&own_ca);
    world_free(w);
}

/* Files that are given in the place of the ConfigMap are read again; what is no good changes nothing. */
static void test_overrides_replaced(void **state)
{
    struct world *first = world_new(&(struct world_options){.allows_all = true}); /* for its certificates */
    struct certs_pair jane = {0}, proxy = {0};
    world_issue(&first->client_ca, "jane", NULL, &jane);
    world_issue(&first->proxy_ca, "proxy", NULL, &proxy);
    struct str client_ca = buf_str(&first->client_ca.certificate), proxy_ca = buf_str(&first->proxy_ca.certificate);
    const struct str name = STR("X-Remote-User");
    const struct authn_delegated_options options = {
        .client_ca_pem = proxy_ca, .proxy = {.ca_pem = client_ca, .username_headers = {.items = &name, .count = 1}}};
    struct world *w = make(&options, NULL);

    (void)state;
    world_wait_for(w, &w->loads, 1);
    assert_string_equal(whoami(w, &jane, NULL), "401");
    assert_string_equal(whoami(w, &jane, "joe"), "joe");
    assert_true(authn_delegated_set_client_ca(w->delegated, client_ca, NULL));
    assert_true(authn_delegated_set_proxy_ca(w->delegated, proxy_ca, NULL));
    assert_string_equal(whoami(w, &jane, NULL), "jane");
    assert_string_equal(whoami(w, &proxy, "joe"), "joe");
    assert_false(authn_delegated_set_client_ca(w->delegated, STR("damaged"), NULL));
    assert_false(authn_delegated_set_proxy_ca(w->delegated, STR("damaged"), NULL));
    assert_string_equal(whoami(w, &jane, NULL), "jane");
    assert_string_equal(whoami(w, &proxy, "joe"), "joe");
    world_free(w);
    certs_pair_free(&jane);
    certs_pair_free(&proxy);
    world_free(first);
}

static void test_skipped(void **state)
{
    struct world *w = make(&(struct authn_delegated_options){.is_lookup_skipped = true}, NULL);

    (void)state;
    assert_int_equal(w->loads, 0); /* not during the call */
    world_wait_for(w, &w->loads, 1);
    assert_string_equal(whoami(w, NULL, NULL), "system:anonymous");
    assert_int_equal(w->config_reads, 0);
    assert_string_equal(authn_delegated_trouble(w->delegated), "");
    world_free(w);
}

static void test_nobody_there(void **state)
{
    struct world *w = make(&(struct authn_delegated_options){0}, "https://127.0.0.1:1");

    (void)state;
    world_wait_for(w, &w->load_failures, 1);
    assert_true(strncmp(w->load_failure, "0 GET https://", 14) == 0);
    while (strlen(authn_delegated_trouble(w->delegated)) == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    world_free(w); /* with the next try outstanding */
}

static void test_malformed_override(void **state)
{
    auto_error struct error err = {0};
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    assert_null(authn_delegated_new(&loop, &(struct authn_delegated_options){.client_ca_pem = STR("x")}, &err));
    assert_true(strncmp(error_text(&err), "client CA: ", 11) == 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_followed),           cmocka_unit_test(test_missing_at_first),
        cmocka_unit_test(test_overrides),          cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_overrides_replaced), cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_malformed_override),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
