#include "apiserver/authz.h"

#include "apiserver/authz_delegated.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* An authorizer that says what it is told, and counts. */
struct says {
    enum authz_decision decision;
    const char *reason;
    unsigned asked;
};

static void say(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                authz_done *done, void *done_arg)
{
    struct says *s = arg;
    auto_error struct error err = {0};

    (void)r, (void)user, (void)what;
    s->asked++;
    error_set(&err, 0, "broken %s", s->reason);
    done(done_arg, &(struct authz_answer){.decision = s->decision,
                                          .reason = s->decision == AUTHZ_FAILED ? STR("") : str_of(s->reason),
                                          .err = s->decision == AUTHZ_FAILED ? &err : NULL});
}

struct heard {
    enum authz_decision decision;
    char text[64]; /* the reason, or the error */
    int times;
};

static void hear(void *arg, const struct authz_answer *answer)
{
    struct heard *h = arg;

    h->times++;
    h->decision = answer->decision;
    snprintf(h->text, sizeof(h->text), "%.*s",
             STR_ARG(answer->err != NULL ? str_of(error_text(answer->err)) : answer->reason));
}

static struct heard ask(struct authorizer a, const struct user *user, const struct api_attributes *what)
{
    auto_arena struct arena arena = {0};
    struct api_request r = {.arena = &arena};
    struct heard h = {0};

    a.authorize(a.arg, &r, user, what, hear, &h);
    assert_int_equal(h.times, 1);
    return h;
}

static void test_pair(void **state)
{
    static const struct {
        struct says first, second;
        enum authz_decision decision;
        const char *text;
        unsigned second_asked;
    } cases[] = {
        {{AUTHZ_ALLOW, "a"}, {AUTHZ_DENY, "b"}, AUTHZ_ALLOW, "a", 0},
        {{AUTHZ_DENY, "a"}, {AUTHZ_ALLOW, "b"}, AUTHZ_DENY, "a", 0},
        {{AUTHZ_NO_OPINION, ""}, {AUTHZ_ALLOW, "b"}, AUTHZ_ALLOW, "b", 1},
        {{AUTHZ_NO_OPINION, "a"}, {AUTHZ_DENY, ""}, AUTHZ_DENY, "a", 1},
        {{AUTHZ_NO_OPINION, "a"}, {AUTHZ_NO_OPINION, "b"}, AUTHZ_NO_OPINION, "a\nb", 1},
        {{AUTHZ_NO_OPINION, ""}, {AUTHZ_NO_OPINION, "b"}, AUTHZ_NO_OPINION, "b", 1},
        {{AUTHZ_FAILED, "a"}, {AUTHZ_ALLOW, "b"}, AUTHZ_ALLOW, "b", 1},
        {{AUTHZ_FAILED, "a"}, {AUTHZ_NO_OPINION, "b"}, AUTHZ_FAILED, "broken a", 1},
        {{AUTHZ_FAILED, "a"}, {AUTHZ_DENY, "b"}, AUTHZ_DENY, "b", 1},
        {{AUTHZ_NO_OPINION, "a"}, {AUTHZ_FAILED, "b"}, AUTHZ_FAILED, "broken b", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct says first = cases[i].first, second = cases[i].second;
        struct authz_pair pair = {{say, &first}, {say, &second}};
        struct heard h = ask(authz_pair_authorizer(&pair), NULL, NULL);

        if (h.decision != cases[i].decision || strcmp(h.text, cases[i].text) != 0 ||
            second.asked != cases[i].second_asked)
            fail_msg("case %zu: %d \"%s\", second asked %u times", i, (int)h.decision, h.text, second.asked);
    }
}

static void test_masters(void **state)
{
    const struct str groups[] = {STR("dev"), STR("system:masters")};
    struct user master = {.name = STR("a"), .groups = groups, .group_count = 2};
    struct user other = {.name = STR("system:masters"), .groups = groups, .group_count = 1};

    (void)state;
    assert_int_equal(ask(authz_masters, &master, NULL).decision, AUTHZ_ALLOW);
    assert_int_equal(ask(authz_masters, &other, NULL).decision, AUTHZ_NO_OPINION);
}

static void test_paths(void **state)
{
    const struct str items[] = {STR("/healthz"), STR("/open/*")};
    const struct authz_paths paths = {items, 2};
    static const struct {
        const char *path;
        bool is_resource;
        enum authz_decision decision;
    } cases[] = {
        {"/healthz", false, AUTHZ_ALLOW},       {"/healthz", true, AUTHZ_NO_OPINION},
        {"/healthz/", false, AUTHZ_NO_OPINION}, {"/healthz/ping", false, AUTHZ_NO_OPINION},
        {"/open/", false, AUTHZ_ALLOW},         {"/open/a/b", false, AUTHZ_ALLOW},
        {"/open", false, AUTHZ_NO_OPINION},     {"/", false, AUTHZ_NO_OPINION},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct api_attributes what = {.is_resource = cases[i].is_resource, .path = str_of(cases[i].path)};
        if (ask(authz_paths_authorizer(&paths), NULL, &what).decision != cases[i].decision)
            fail_msg("%s", cases[i].path);
    }
    assert_true(authz_paths_match(&authz_health_paths, STR("/readyz")));
    assert_false(authz_paths_match(&authz_health_paths, STR("/readyz/ping")));
}

#define HEAD "{\"kind\":\"SubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":{"

static void test_review_print(void **state)
{
    const struct str groups[] = {STR("g")};
    const struct user user = {.name = STR("jane"), .uid = STR("7"), .groups = groups, .group_count = 1};
    const struct {
        struct api_attributes what;
        const char *json;
    } cases[] = {
        {{.path = STR("/metrics"), .verb = STR("get")},
         HEAD "\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"},"},
        {{.is_resource = true,
          .verb = STR("get"),
          .group = STR("metrics.k8s.io"),
          .version = STR("v1beta1"),
          .namespace = STR("default"),
          .resource = STR("pods"),
          .subresource = STR("x"),
          .name = STR("web")},
         HEAD "\"resourceAttributes\":{\"namespace\":\"default\",\"verb\":\"get\",\"group\":\"metrics.k8s.io\","
              "\"version\":\"v1beta1\",\"resource\":\"pods\",\"subresource\":\"x\",\"name\":\"web\"},"},
        {{.is_resource = true,
          .verb = STR("list"),
          .version = STR("v1"),
          .resource = STR("pods"),
          .field_selector = STR("spec.nodeName=n1,status.phase!=Failed"),
          .label_selector = STR("!d,a in (y,x),b,c notin (z),e>1")},
         HEAD "\"resourceAttributes\":{\"verb\":\"list\",\"version\":\"v1\",\"resource\":\"pods\",\"fieldSelector\":{"
              "\"requirements\":[{\"key\":\"spec.nodeName\",\"operator\":\"In\",\"values\":[\"n1\"]},{\"key\":\"status."
              "phase\",\"operator\":\"NotIn\",\"values\":[\"Failed\"]}]},\"labelSelector\":{\"requirements\":[{\"key\":"
              "\"a\","
              "\"operator\":\"In\",\"values\":[\"x\",\"y\"]},{\"key\":\"b\",\"operator\":\"Exists\"},{\"key\":\"c\","
              "\"operator\":\"NotIn\",\"values\":[\"z\"]},{\"key\":\"d\",\"operator\":\"DoesNotExist\"}]}},"},
        {{.is_resource = true,
          .verb = STR("list"),
          .version = STR("v1"),
          .resource = STR("pods"),
          .field_selector = STR("a"),
          .label_selector = STR("a<5")},
         HEAD "\"resourceAttributes\":{\"verb\":\"list\",\"version\":\"v1\",\"resource\":\"pods\"},"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf got = {0}, wanted = {0};
        subject_access_review_print(&got, &user, &cases[i].what);
        buf_printf(&wanted, "%s\"user\":\"jane\",\"uid\":\"7\",\"groups\":[\"g\"]}}", cases[i].json);
        assert_string_equal(buf_cstr(&got), buf_cstr(&wanted));
    }
}

static void test_review_parse(void **state)
{
    static const struct {
        const char *json;
        int decision; /* -1: none */
        const char *reason;
    } cases[] = {
        {"{\"status\":{\"allowed\":true,\"reason\":\"RBAC: x\"}}", AUTHZ_ALLOW, "RBAC: x"},
        {"{\"kind\":\"SubjectAccessReview\",\"spec\":{\"allowed\":true},\"status\":{\"allowed\":false}}",
         AUTHZ_NO_OPINION, ""},
        {"{\"status\":{}}", AUTHZ_NO_OPINION, ""},
        {"{\"status\":{\"allowed\":false,\"denied\":true,\"reason\":\"no\"}}", AUTHZ_DENY, "no"},
        {"{\"status\":{\"allowed\":true,\"denied\":true}}", -1, ""},
        {"{\"status\":{\"allowed\":\"true\"}}", -1, ""},
        {"{\"status\":{\"allowed\":true}", -1, ""},
        {"{}", -1, ""},
        {"", -1, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct authz_answer a = {0};
        bool ok = subject_access_review_parse(&arena, str_of(cases[i].json), &a, NULL);
        if (ok != (cases[i].decision >= 0) || (ok && (int)a.decision != cases[i].decision) ||
            (ok && !str_eq_cstr(a.reason, cases[i].reason)))
            fail_msg("%s", cases[i].json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair),         cmocka_unit_test(test_masters),      cmocka_unit_test(test_paths),
        cmocka_unit_test(test_review_print), cmocka_unit_test(test_review_parse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
