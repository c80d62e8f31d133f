#include "cluster/service_account_tokens.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "certs/certificate.h"
#include "cluster/jwt.h"
#include "cluster/kinds/kinds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW_S INT64_C(1800000000)

static int64_t now_s;

static int64_t now(void)
{
    return now_s * NS_PER_S;
}

struct fixture {
    uv_loop_t loop;
    char folder[64], path[80];
    struct storage *storage;
    struct registry *registry;
    struct service_account_tokens *tokens;
    struct buf signing_pem, old_public_pem, stranger_pem;
    struct jwt_key *signing, *old, *stranger;
    bool is_done;
};

static void on_created(void *ctx, const struct object *result, const struct failure *failure)
{
    struct fixture *f = ctx;
    if (failure != NULL)
        fail_msg("%.*s", STR_ARG(failure->status.message));
    assert_non_null(result);
    f->is_done = true;
}

static void create(struct fixture *f, const struct resource *kind, const char *name)
{
    f->is_done = false;
    registry_create(f->registry, kind, STR("ns"), json_pack("{s:{s:s}}", "metadata", "name", name), NULL, on_created,
                    f);
    while (!f->is_done)
        uv_run(&f->loop, UV_RUN_ONCE);
}

static const struct object *account(struct fixture *f, const char *name)
{
    const struct object *o = registry_get(f->registry, &resource_serviceaccounts, STR("ns"), str_of(name));
    assert_non_null(o);
    return o;
}

static void make_keys(struct fixture *f)
{
    auto_buf struct buf old_pem = {0};
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &f->signing_pem, NULL, NULL));
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &old_pem, &f->old_public_pem, NULL));
    assert_true(certs_make_key(CERTS_KEY_RSA_2048, &f->stranger_pem, NULL, NULL));
    f->signing = jwt_key_new(buf_str(&f->signing_pem), NULL);
    f->old = jwt_key_new(buf_str(&old_pem), NULL);
    f->stranger = jwt_key_new(buf_str(&f->stranger_pem), NULL);
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    struct error err = {0};
    now_s = NOW_S;
    strcpy(f->folder, "/tmp/tokens-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/db", f->folder);
    uv_loop_init(&f->loop);
    struct storage_options storage = {.path = f->path};
    storage.kinds = registry_storage_kinds(&storage.kind_count);
    f->storage = storage_open(&f->loop, &storage, &err);
    assert_non_null(f->storage);
    f->registry = registry_new(f->storage);
    make_keys(f);
    struct str old = buf_str(&f->old_public_pem);
    const struct service_account_tokens_options options = {
        .registry = f->registry,
        .issuer = STR("https://us"),
        .signing_key_pem = buf_str(&f->signing_pem),
        .verifying_key_pems = &old,
        .verifying_key_count = 1,
        .now_unix_ns = now,
    };
    f->tokens = service_account_tokens_new(&options, &err);
    assert_non_null(f->tokens);
    create(f, &resource_namespaces, "ns");
    create(f, &resource_serviceaccounts, "bot");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    service_account_tokens_free(f->tokens);
    storage_close(f->storage, NULL, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    registry_free(f->registry);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        unlink(path);
    }
    rmdir(f->folder);
    jwt_key_free(f->signing);
    jwt_key_free(f->old);
    jwt_key_free(f->stranger);
    buf_free(&f->signing_pem);
    buf_free(&f->old_public_pem);
    buf_free(&f->stranger_pem);
    free(f);
    return 0;
}

/* Why TOKEN isn't accepted; "" when it is. */
static const char *verify(struct fixture *f, struct str token)
{
    static char why[256];
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct user user;
    why[0] = '\0';
    if (!service_account_tokens_verify(f->tokens, token, (struct str_list){0}, &arena, &user, NULL, &err))
        snprintf(why, sizeof(why), "%s", error_text(&err));
    else
        assert_true(str_eq(user.name, STR("system:serviceaccount:ns:bot")));
    return why;
}

static void test_life_of_a_token(void **state)
{
    struct fixture *f = *state;
    auto_buf struct buf token = {0};
    const struct service_account_token_request what = {.account = account(f, "bot"), .expiration_seconds = 600};
    assert_true(service_account_tokens_issue(f->tokens, &what, now(), &token, NULL));
    static const struct {
        int64_t after_s;
        const char *why;
    } cases[] = {
        {0, ""},
        {599, ""},
        {600, "the token has expired"},
        {100000, "the token has expired"},
        {-60, ""},
        {-61, "the token isn't valid yet"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        now_s = NOW_S + cases[i].after_s;
        assert_string_equal(verify(f, buf_str(&token)), cases[i].why);
    }
}

#define SA(uid) "\"kubernetes.io\":{\"namespace\":\"ns\",\"serviceaccount\":{\"name\":\"bot\",\"uid\":\"" uid "\"}}"
#define TIMES "\"exp\":1800000600,\"nbf\":1800000000,"

static void test_claims(void **state)
{
    struct fixture *f = *state;
    enum {
        SIGNING,
        OLD,
        STRANGER
    };
    static const struct {
        const char *name, *claims; /* UID stands for the account's */
        int key;
        const char *why;
    } cases[] = {
        {"right", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES SA("UID") "}", SIGNING, ""},
        {"audience as a string", "{\"iss\":\"https://us\",\"aud\":\"https://us\"," TIMES SA("UID") "}", SIGNING, ""},
        {"one audience of several", "{\"iss\":\"https://us\",\"aud\":[\"a\",\"https://us\"]," TIMES SA("UID") "}",
         SIGNING, ""},
        {"by the old key", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES SA("UID") "}", OLD, ""},
        {"by a stranger's key", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES SA("UID") "}", STRANGER,
         "the token isn't signed by any of our keys"},
        {"other issuer", "{\"iss\":\"https://them\",\"aud\":[\"https://us\"]," TIMES SA("UID") "}", SIGNING,
         "the token is from another issuer"},
        {"no issuer", "{\"aud\":[\"https://us\"]," TIMES SA("UID") "}", SIGNING, "the token is from another issuer"},
        {"other audience", "{\"iss\":\"https://us\",\"aud\":[\"vault\"]," TIMES SA("UID") "}", SIGNING,
         "the token is for another audience"},
        {"no audience", "{\"iss\":\"https://us\"," TIMES SA("UID") "}", SIGNING, "the token is for another audience"},
        {"no end", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," SA("UID") "}", SIGNING, "the token says no end"},
        {"end as text", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"],\"exp\":\"1900000000\"," SA("UID") "}",
         SIGNING, "the token says no end"},
        {"other account", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES SA("x") "}", SIGNING,
         "service account ns/bot has been deleted"},
        {"no account", "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES "\"sub\":\"x\"}", SIGNING,
         "service account / has been deleted"},
        {"pod that isn't there",
         "{\"iss\":\"https://us\",\"aud\":[\"https://us\"]," TIMES
         "\"kubernetes.io\":{\"namespace\":\"ns\",\"pod\":{\"name\":"
         "\"p\",\"uid\":\"1\"},\"serviceaccount\":{\"name\":\"bot\",\"uid\":\"UID\"}}}",
         SIGNING, "pod p, to which the token is bound, has been deleted"},
        {"legacy without its secret",
         "{\"iss\":\"kubernetes/serviceaccount\",\"kubernetes.io/serviceaccount/namespace\":\"ns\","
         "\"kubernetes.io/serviceaccount/service-account.name\":\"bot\","
         "\"kubernetes.io/serviceaccount/service-account.uid\":\"UID\"}",
         SIGNING, "secret , to which the token is bound, has been deleted"},
        {"no object", "[]", SIGNING, "the token's claims aren't a JSON object"},
        {"no JSON", "x", SIGNING, "the token's claims aren't a JSON object"},
    };
    struct jwt_key *const keys[] = {f->signing, f->old, f->stranger};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_buf struct buf claims = {0};
        auto_buf struct buf token = {0};
        struct str rest = str_of(cases[i].claims);
        for (ptrdiff_t at; (at = str_find(rest, STR("UID"))) >= 0; rest = str_skip(rest, (size_t)at + 3))
            buf_printf(&claims, "%.*s%.*s", (int)at, rest.ptr, STR_ARG(account(f, "bot")->uid));
        buf_add_str(&claims, rest);
        assert_true(jwt_sign(&token, keys[cases[i].key], buf_str(&claims), NULL));
        const char *why = verify(f, buf_str(&token));
        if (strcmp(why, cases[i].why) != 0)
            fail_msg("%s: \"%s\"", cases[i].name, why);
    }
}

static void test_audiences(void **state)
{
    struct fixture *f = *state;
    static const struct str vault[] = {STR_INIT("vault"), STR_INIT("safe")};
    static const struct str asked[] = {STR_INIT("x"), STR_INIT("safe")};
    auto_arena struct arena arena = {0};
    auto_buf struct buf token = {0};
    struct user user;
    struct str_list matched;
    const struct service_account_token_request what = {
        .account = account(f, "bot"), .audiences = {vault, 2}, .expiration_seconds = 600};
    assert_true(service_account_tokens_issue(f->tokens, &what, now(), &token, NULL));
    assert_string_equal(verify(f, buf_str(&token)), "the token is for another audience");
    assert_true(service_account_tokens_verify(f->tokens, buf_str(&token), (struct str_list){asked, 2}, &arena, &user,
                                              &matched, NULL));
    assert_int_equal(matched.count, 1);
    assert_true(str_eq(matched.items[0], STR("safe")));
}

static void test_keys_that_are_refused(void **state)
{
    struct fixture *f = *state;
    auto_error struct error err = {0};
    struct service_account_tokens_options options = {
        .registry = f->registry, .issuer = STR("x"), .signing_key_pem = buf_str(&f->old_public_pem)};
    assert_null(service_account_tokens_new(&options, &err));
    assert_string_equal(error_text(&err), "service account signing key: a private key is needed");
    options.signing_key_pem = STR("x");
    assert_null(service_account_tokens_new(&options, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life_of_a_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
        cmocka_unit_test_setup_teardown(test_audiences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_that_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
