#include "access_world.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SAR "/apis/authorization.k8s.io/v1/subjectaccessreviews"
#define TOKEN_REVIEWS "/apis/authentication.k8s.io/v1/tokenreviews"
#define RBAC "/apis/rbac.authorization.k8s.io/v1"

static bool contains(const struct answer *a, const char *text)
{
    return str_find(buf_str(&a->body), str_of(text)) >= 0;
}

static void expect(const struct answer *a, const char *text)
{
    if (!contains(a, text))
        fail_msg("no %s in %d %s", text, a->status, buf_cstr(&a->body));
}

/* May USER, of GROUP, VERB the RESOURCE ("GROUP|NAMESPACE|RESOURCE|SUBRESOURCE" or a path)? The answer's "allowed". */
static bool may(struct world *w, const char *user, const char *group, const char *verb, const char *what, bool is_path)
{
    auto_answer struct answer a = {0};
    auto_buf struct buf body = {0};
    buf_printf(&body, "{'kind':'SubjectAccessReview','apiVersion':'authorization.k8s.io/v1','spec':{'user':'%s',",
               user);
    if (group != NULL)
        buf_printf(&body, "'groups':['%s','system:authenticated'],", group);
    if (is_path) {
        buf_printf(&body, "'nonResourceAttributes':{'verb':'%s','path':'%s'}}}", verb, what);
    } else {
        struct str rest = str_of(what), api, namespace, resource;
        str_cut(rest, '|', &api, &rest);
        str_cut(rest, '|', &namespace, &rest);
        str_cut(rest, '|', &resource, &rest);
        buf_printf(&body,
                   "'resourceAttributes':{'verb':'%s','group':'%.*s','namespace':'%.*s','resource':'%.*s',"
                   "'subresource':'%.*s'}}}",
                   verb, STR_ARG(api), STR_ARG(namespace), STR_ARG(resource), STR_ARG(rest));
    }
    world_admin(w, "POST", SAR, buf_cstr(&body), 201, &a);
    return contains(&a, "\"allowed\":true");
}

static void test_default_roles(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *user, *group, *verb, *what;
        bool is_path, is_allowed;
    } cases[] = {
        {"admin", "system:masters", "delete", "apps|x|deployments", false, true},
        {"admin", "system:masters", "delete", "/anything", true, true},
        {"system:node:n1", "system:nodes", "update", "||nodes|status", false, true},
        {"system:node:n1", "system:nodes", "create", "||nodes", false, true},
        {"system:node:n1", "system:nodes", "create", "authentication.k8s.io||tokenreviews", false, true},
        {"system:node:n1", "system:nodes", "update", "coordination.k8s.io|kube-node-lease|leases", false, true},
        {"system:node:n1", "system:nodes", "delete", "||nodes", false, false},
        {"system:node:n1", "system:nodes", "get", "rbac.authorization.k8s.io||clusterroles", false, false},
        {"jane", "devs", "list", "|default|pods", false, false},
        {"jane", "devs", "get", "/apis", true, true},
        {"jane", "devs", "get", "/apis/metrics.k8s.io", true, true},
        {"jane", "devs", "get", "/metrics", true, false},
        {"jane", "devs", "create", "authorization.k8s.io||selfsubjectaccessreviews", false, true},
        {"jane", "devs", "create", "authentication.k8s.io||selfsubjectreviews", false, true},
        {"jane", "devs", "create", "authorization.k8s.io||subjectaccessreviews", false, false},
        {"system:anonymous", NULL, "get", "/apis", true, false},
        {"watcher", "system:monitoring", "get", "/metrics", true, true},
        {"watcher", "system:monitoring", "get", "/readyz/ping", true, true},
        {"system:kube-proxy", NULL, "watch", "||endpoints", false, true},
        {"system:serviceaccount:x:y", "system:serviceaccounts", "get", "/openid/v1/jwks", true, true},
        {"system:kube-scheduler", NULL, "get", "|kube-system|configmaps", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (may(w, cases[i].user, cases[i].group, cases[i].verb, cases[i].what, cases[i].is_path) !=
            cases[i].is_allowed)
            fail_msg("%s %s %s", cases[i].user, cases[i].verb, cases[i].what);
    }
}

static void test_anonymous(void **state)
{
    struct world *w = *state;
    auto_answer struct answer forbidden = {0}, health = {0}, version = {0}, unauthorized = {0};
    world_ask(w, &(struct question){.path = "/apis/metrics.k8s.io/"}, &forbidden);
    assert_int_equal(forbidden.status, 403);
    expect(&forbidden, "forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/apis/metrics.k8s.io/\\\"");
    world_ask(w, &(struct question){.path = "/healthz"}, &health);
    assert_int_equal(health.status, 200);
    world_ask(w, &(struct question){.path = "/version"}, &version);
    assert_int_equal(version.status, 200);
    world_ask(w, &(struct question){.path = "/version", .token = "nonsense"}, &unauthorized);
    assert_int_equal(unauthorized.status, 401);
}

static void test_front_proxy(void **state)
{
    struct world *w = *state;
    auto_answer struct answer a = {0}, stranger = {0};
    struct certs_pair other = {0};
    static const char headers[] = "X-Remote-User: jane\nX-Remote-Group: devs\nX-Remote-Uid: 7\n";
    const char *path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    world_ask(w,
              &(struct question){
                  .method = "POST", .path = path, .certificate = &w->front_proxy, .headers = headers, .body = "{}"},
              &a);
    assert_int_equal(a.status, 201);
    expect(&a, "\"userInfo\":{\"username\":\"jane\",\"uid\":\"7\",\"groups\":[\"devs\",\"system:authenticated\"]}");
    world_issue(&w->proxy_ca, "somebody-else", NULL, &other);
    world_ask(
        w, &(struct question){.method = "POST", .path = path, .certificate = &other, .headers = headers, .body = "{}"},
        &stranger);
    assert_int_equal(stranger.status, 401);
    certs_pair_free(&other);
}

static void test_roles_count_at_once(void **state)
{
    struct world *w = *state;
    world_admin(w, "POST", RBAC "/namespaces/default/roles",
                "{'metadata':{'name':'r'},'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':['list']}]}", 201,
                NULL);
    assert_false(may(w, "joe", NULL, "list", "|default|pods", false));
    auto_answer struct answer binding = {0}, reason = {0};
    world_admin(w, "POST", RBAC "/namespaces/default/rolebindings",
                "{'metadata':{'name':'b'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'Role','name':'r'},"
                "'subjects':[{'kind':'User','name':'joe'},{'kind':'ServiceAccount','name':'sa','namespace':'other'}]}",
                201, &binding);
    assert_true(may(w, "joe", NULL, "list", "|default|pods", false));
    assert_true(may(w, "system:serviceaccount:other:sa", NULL, "list", "|default|pods", false));
    assert_false(may(w, "joe", NULL, "list", "|kube-system|pods", false));
    assert_false(may(w, "joe", NULL, "list", "||pods", false));
    world_admin(w, "POST", SAR,
                "{'spec':{'user':'joe','resourceAttributes':{'verb':'list','resource':'pods','namespace':'default'}}}",
                201, &reason);
    expect(&reason, "RBAC: allowed by RoleBinding \\\"default/b\\\" of Role \\\"r\\\" to User \\\"joe\\\"");
    world_admin(w, "DELETE", RBAC "/namespaces/default/rolebindings/b", NULL, 200, NULL);
    assert_false(may(w, "joe", NULL, "list", "|default|pods", false));
}

static void test_forbidden_words(void **state)
{
    struct world *w = *state;
    auto_answer struct answer list = {0}, get = {0};
    world_ask(w, &(struct question){.path = "/api/v1/namespaces/default/secrets", .user = "jane"}, &list);
    assert_int_equal(list.status, 403);
    expect(&list,
           "secrets is forbidden: User \\\"jane\\\" cannot list resource \\\"secrets\\\" in API group \\\"\\\" in the "
           "namespace \\\"default\\\"");
    world_ask(w,
              &(struct question){.path = "/api/v1/namespaces/default/configmaps/x",
                                 .user = "jane",
                                 .headers = "Impersonate-User: root\n"},
              &get);
    assert_int_equal(get.status, 403);
    expect(&get, "cannot impersonate resource \\\"users\\\"");
}

static void test_aggregated_roles(void **state)
{
    struct world *w = *state;
    /* the edit role has what view has, by aggregation over aggregation */
    world_until_text(w, RBAC "/clusterroles/admin", "\"localsubjectaccessreviews\"");
    world_until_text(w, RBAC "/clusterroles/admin", "\"limitranges\"");
    world_admin(w, "POST", RBAC "/clusterroles",
                "{'metadata':{'name':'metrics','labels':{'rbac.authorization.k8s.io/aggregate-to-view':'true'}},"
                "'rules':[{'apiGroups':['metrics.k8s.io'],'resources':['pods'],'verbs':['list']}]}",
                201, NULL);
    world_until_text(w, RBAC "/clusterroles/view", "metrics.k8s.io");
    world_until_text(w, RBAC "/clusterroles/edit", "metrics.k8s.io");
    world_until_text(w, RBAC "/clusterroles/admin", "metrics.k8s.io");
    world_admin(w, "PATCH", RBAC "/clusterroles/view", "{'rules':[]}", 200, NULL);
    world_until_text(w, RBAC "/clusterroles/view", "metrics.k8s.io");
}

static void test_escalation(void **state)
{
    struct world *w = *state;
    auto_answer struct answer refused = {0}, granted = {0}, bound = {0}, same = {0};
    world_admin(w, "POST", RBAC "/clusterroles",
                "{'metadata':{'name':'roler'},'rules':[{'apiGroups':['rbac.authorization.k8s.io'],'resources':"
                "['clusterroles','clusterrolebindings'],'verbs':['create','update','patch','get']},"
                "{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]}",
                201, NULL);
    world_admin(w, "POST", RBAC "/clusterrolebindings",
                "{'metadata':{'name':'roler'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole',"
                "'name':'roler'},'subjects':[{'kind':'User','name':'eve'}]}",
                201, NULL);
    world_ask(w,
              &(struct question){.method = "POST",
                                 .path = RBAC "/clusterroles",
                                 .user = "eve",
                                 .body = "{'metadata':{'name':'more'},'rules':[{'apiGroups':[''],'resources':["
                                         "'secrets','pods'],'verbs':['get']}]}"},
              &refused);
    assert_int_equal(refused.status, 403);
    expect(&refused,
           "user \\\"eve\\\" (groups=[\\\"system:authenticated\\\"]) is attempting to grant RBAC permissions not "
           "currently held:\\n{APIGroups:[\\\"\\\"], Resources:[\\\"secrets\\\"], Verbs:[\\\"get\\\"]}");
    world_ask(w,
              &(struct question){.method = "POST",
                                 .path = RBAC "/clusterroles",
                                 .user = "eve",
                                 .body = "{'metadata':{'name':'same'},'rules':[{'apiGroups':[''],'resources':['pods'],"
                                         "'verbs':['get']}]}"},
              &granted);
    assert_int_equal(granted.status, 201);
    world_ask(w,
              &(struct question){.method = "POST",
                                 .path = RBAC "/clusterrolebindings",
                                 .user = "eve",
                                 .body =
                                     "{'metadata':{'name':'root'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io',"
                                     "'kind':'ClusterRole','name':'cluster-admin'},'subjects':[{'kind':'User',"
                                     "'name':'eve'}]}"},
              &bound);
    assert_int_equal(bound.status, 403);
    world_ask(w,
              &(struct question){.method = "PATCH",
                                 .path = RBAC "/clusterroles/roler",
                                 .user = "eve",
                                 .headers = "Content-Type: application/merge-patch+json\n",
                                 .body = "{'metadata':{'labels':{'a':'b'}}}"},
              &same);
    assert_int_equal(same.status, 200);
    assert_false(may(w, "eve", NULL, "get", "||secrets", false));
}

static void test_reviews(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *path, *body;
        int status;
        const char *text;
    } cases[] = {
        {SAR, "{'spec':{'user':'x'}}", 422, "exactly one of nonResourceAttributes or resourceAttributes"},
        {SAR, "{'spec':{'resourceAttributes':{},'nonResourceAttributes':{}}}", 422,
         "cannot be specified in combination"},
        {SAR, "{'spec':{'nonResourceAttributes':{'path':'/'}}}", 422,
         "at least one of user or group must be specified"},
        {SAR, "{'kind':'Pod','apiVersion':'v1'}", 400, "unrecognized"},
        {SAR, "{'spec':{'groups':'x'}}", 400, "groups"},
        {SAR, "nonsense", 400, "invalid"},
        {SAR, "{'spec':{'groups':['system:masters'],'resourceAttributes':{'verb':'get','resource':'x'}}}", 201,
         "\"allowed\":true"},
        {"/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
         "{'spec':{'user':'x','resourceAttributes':{'verb':'get','resource':'x','namespace':'other'}}}", 422,
         "must match the namespace"},
        {"/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
         "{'spec':{'user':'x','resourceAttributes':{'verb':'get','resource':'x','namespace':'default'}}}", 201,
         "\"allowed\":false"},
        {"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
         "{'spec':{'resourceAttributes':{'verb':'*','resource':'*','group':'*'}}}", 201, "\"allowed\":true"},
        {"/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "{'spec':{}}", 400, "no namespace on request"},
        {"/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "{'spec':{'namespace':'default'}}", 201,
         "\"incomplete\":false"},
        {TOKEN_REVIEWS, "{'spec':{}}", 400, "token is required"},
        {TOKEN_REVIEWS, "{'spec':{'token':'a.b.c'}}", 201, "invalid bearer token"},
        {"/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", 201, "\"username\":\"admin\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        world_admin(w, "POST", cases[i].path, cases[i].body, cases[i].status, &a);
        expect(&a, cases[i].text);
    }
    world_admin(w, "GET", SAR, NULL, 405, NULL);
    world_admin(w, "DELETE", TOKEN_REVIEWS "/x", NULL, 405, NULL);
}

#define ACCOUNTS "/api/v1/namespaces/default/serviceaccounts"

static void test_tokens(void **state)
{
    struct world *w = *state;
    auto_answer struct answer request = {0}, review = {0}, other = {0}, gone = {0}, used = {0};
    auto_buf struct buf body = {0};
    world_admin(w, "POST", ACCOUNTS, "{'metadata':{'name':'bot'}}", 201, NULL);
    world_admin(w, "POST", ACCOUNTS "/bot/token", "{'spec':{'expirationSeconds':600}}", 201, &request);
    expect(&request, "\"kind\":\"TokenRequest\"");
    expect(&request, "\"audiences\":[\"https://issuer.test\"],\"expirationSeconds\":600");
    char *token = mem_strdup(answer_text(&request, "token"));

    world_ask(w, &(struct question){.path = "/api/v1/namespaces/default/pods", .token = token}, &used);
    assert_int_equal(used.status, 403); /* known, but may not */
    expect(&used, "system:serviceaccount:default:bot");
    buf_printf(&body, "{'spec':{'token':'%s'}}", token);
    world_admin(w, "POST", TOKEN_REVIEWS, buf_cstr(&body), 201, &review);
    expect(&review, "\"authenticated\":true");
    expect(&review,
           "\"groups\":[\"system:serviceaccounts\",\"system:serviceaccounts:default\",\"system:authenticated\"]");
    buf_clear(&body);
    buf_printf(&body, "{'spec':{'token':'%s','audiences':['vault']}}", token);
    world_admin(w, "POST", TOKEN_REVIEWS, buf_cstr(&body), 201, &other);
    expect(&other, "another audience");

    /* a new account of the same name is another one */
    world_admin(w, "DELETE", ACCOUNTS "/bot", NULL, 200, NULL);
    world_admin(w, "POST", ACCOUNTS, "{'metadata':{'name':'bot'}}", 201, NULL);
    world_ask(w, &(struct question){.path = "/version", .token = token}, &gone);
    assert_int_equal(gone.status, 401);
    free(token);
}

static void test_token_requests_that_are_refused(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *account, *body;
        int status;
        const char *text;
    } cases[] = {
        {"bob", "{}", 404, "serviceaccounts \\\"bob\\\" not found"},
        {"default", "{'spec':{'expirationSeconds':599}}", 422, "may not specify a duration less than 10 minutes"},
        {"default", "{'spec':{'expirationSeconds':4294967297}}", 422, "larger than 2^32 seconds"},
        {"default", "{'spec':{'expirationSeconds':'x'}}", 400, "expirationSeconds"},
        {"default", "{'spec':{'audiences':'x'}}", 400, "audiences"},
        {"default", "{'metadata':{'name':'other'}}", 400, "does not match the name on the URL"},
        {"default", "{'metadata':{'namespace':'other'}}", 400, "does not match the namespace"},
        {"default", "{'kind':'TokenReview'}", 400, "is not a TokenRequest"},
        {"default", "[]", 400, ""},
        {"default", "{'spec':{'boundObjectRef':{'kind':'ConfigMap','name':'x'}}}", 400,
         "cannot bind token to object of type ConfigMap"},
        {"default", "{'spec':{'boundObjectRef':{'kind':'Pod','name':'x'}}}", 404, "pods \\\"x\\\" not found"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        char path[128];
        snprintf(path, sizeof(path), ACCOUNTS "/%s/token", cases[i].account);
        world_admin(w, "POST", path, cases[i].body, cases[i].status, &a);
        expect(&a, cases[i].text);
    }
    world_admin(w, "GET", ACCOUNTS "/default/token", NULL, 405, NULL);
}

static void test_bound_tokens(void **state)
{
    struct world *w = *state;
    auto_answer struct answer request = {0}, good = {0}, bad = {0};
    world_admin(w, "POST", "/api/v1/namespaces/default/secrets", "{'metadata':{'name':'anchor'}}", 201, NULL);
    world_admin(w, "POST", ACCOUNTS "/default/token",
                "{'spec':{'boundObjectRef':{'kind':'Secret','apiVersion':'v1','name':'anchor'}}}", 201, &request);
    char *token = mem_strdup(answer_text(&request, "token"));
    world_ask(w, &(struct question){.path = "/version", .token = token}, &good);
    assert_int_equal(good.status, 200);
    world_admin(w, "DELETE", "/api/v1/namespaces/default/secrets/anchor", NULL, 200, NULL);
    world_ask(w, &(struct question){.path = "/version", .token = token}, &bad);
    assert_int_equal(bad.status, 401);
    free(token);
}

static void test_token_secrets(void **state)
{
    struct world *w = *state;
    auto_answer struct answer secret = {0}, used = {0}, gone = {0};
    auto_buf struct buf token = {0}, ca = {0};
    world_admin(w, "POST", ACCOUNTS, "{'metadata':{'name':'old'}}", 201, NULL);
    world_admin(w, "POST", "/api/v1/namespaces/default/secrets",
                "{'metadata':{'name':'old-token','annotations':{'kubernetes.io/service-account.name':'old'}},"
                "'type':'kubernetes.io/service-account-token'}",
                201, NULL);
    world_until_text(w, "/api/v1/namespaces/default/secrets/old-token", "\"token\":\"");
    world_admin(w, "GET", "/api/v1/namespaces/default/secrets/old-token", NULL, 200, &secret);
    assert_true(base64_decode(&token, str_of(answer_text(&secret, "token"))));
    assert_true(base64_decode(&ca, str_of(answer_text(&secret, "ca.crt"))));
    assert_true(str_eq(buf_str(&ca), buf_str(&w->ca.certificate)));
    expect(&secret, "\"kubernetes.io/service-account.uid\":\"");
    world_ask(w, &(struct question){.path = "/version", .token = buf_cstr(&token)}, &used);
    assert_int_equal(used.status, 200);
    world_admin(w, "DELETE", ACCOUNTS "/old", NULL, 200, NULL);
    for (int i = 0; i < 100 && gone.status != 404; i++) {
        answer_free(&gone);
        gone = (struct answer){0};
        world_ask(w,
                  &(struct question){.path = "/api/v1/namespaces/default/secrets/old-token",
                                     .user = "admin",
                                     .organization = "system:masters"},
                  &gone);
    }
    assert_int_equal(gone.status, 404);
}

static void test_restart_repairs(void **state)
{
    struct world *w = *state;
    auto_answer struct answer role = {0}, config = {0}, kept = {0}, before = {0}, after = {0};
    world_admin(w, "PATCH", RBAC "/clusterroles/system:basic-user",
                "{'metadata':{'labels':{'mine':'yes'}},'rules':[{'apiGroups':['x'],'resources':['y'],'verbs':['z']}]}",
                200, NULL);
    world_admin(w, "PATCH", RBAC "/clusterroles/system:monitoring",
                "{'metadata':{'annotations':{'rbac.authorization.kubernetes.io/autoupdate':'false'}},'rules':null}",
                200, NULL);
    world_admin(w, "DELETE", RBAC "/clusterroles/system:discovery", NULL, 200, NULL);
    world_admin(w, "DELETE", RBAC "/clusterrolebindings/system:node", NULL, 200, NULL);
    world_admin(
        w, "POST", RBAC "/clusterrolebindings",
        "{'metadata':{'name':'system:node'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole',"
        "'name':'view'},'subjects':[]}",
        201, NULL);
    world_admin(w, "PATCH", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
                "{'data':{'client-ca-file':'x','mine':'y'}}", 200, NULL);
    world_admin(w, "GET", RBAC "/clusterrolebindings/cluster-admin", NULL, 200, &before);
    world_restart(w);
    world_admin(w, "GET", RBAC "/clusterroles/system:basic-user", NULL, 200, &role);
    expect(&role, "\"mine\":\"yes\"");
    expect(&role, "\"resources\":[\"y\"]");
    expect(&role, "selfsubjectreviews");
    world_admin(w, "GET", RBAC "/clusterroles/system:monitoring", NULL, 200, &kept);
    expect(&kept, "\"rules\":null");
    world_admin(w, "GET", RBAC "/clusterroles/system:discovery", NULL, 200, NULL);
    assert_true(may(w, "system:node:n1", "system:nodes", "create", "||nodes", false));
    world_admin(w, "GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication", NULL, 200,
                &config);
    expect(&config, "\"client-ca-file\":\"-----BEGIN");
    expect(&config, "\"mine\":\"y\"");
    expect(&config, "\"requestheader-allowed-names\":\"[\\\"front-proxy-client\\\"]\"");
    expect(&config, "\"requestheader-username-headers\":\"[\\\"X-Remote-User\\\"]\"");
    /* what is right isn't written again */
    world_admin(w, "GET", RBAC "/clusterrolebindings/cluster-admin", NULL, 200, &after);
    assert_string_equal(buf_cstr(&before.body), buf_cstr(&after.body));
}

static void test_token_documents(void **state)
{
    struct world *w = *state;
    auto_answer struct answer keys = {0}, configuration = {0};
    world_admin(w, "GET", "/openid/v1/jwks", NULL, 200, &keys);
    expect(&keys, "\"kty\":\"RSA\"");
    world_admin(w, "GET", "/.well-known/openid-configuration", NULL, 200, &configuration);
    expect(&configuration, "\"issuer\":\"https://issuer.test\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_default_roles, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_anonymous, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_front_proxy, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_roles_count_at_once, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_forbidden_words, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_aggregated_roles, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_escalation, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reviews, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_tokens, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_token_requests_that_are_refused, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_bound_tokens, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_token_secrets, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_restart_repairs, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_token_documents, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
