#include "apiserver/attributes.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct wanted {
    const char *method;
    const char *path;
    const char *query;
    const char *verb;
    const char *prefix; /* NULL: not a resource */
    const char *group;
    const char *version;
    const char *namespace;
    const char *resource;
    const char *subresource;
    const char *name;
};

#define M "metrics.k8s.io"
static const struct wanted cases[] = {
    /* the core group */
    {"GET", "/api/v1/namespaces", "", "list", "api", "", "v1", "", "namespaces", "", ""},
    {"GET", "/api/v1/namespaces/other", "", "get", "api", "", "v1", "other", "namespaces", "", "other"},
    {"GET", "/api/v1/namespaces/other/pods", "", "list", "api", "", "v1", "other", "pods", "", ""},
    {"GET", "/api/v1/namespaces/other/pods/foo", "", "get", "api", "", "v1", "other", "pods", "", "foo"},
    {"HEAD", "/api/v1/namespaces/other/pods/foo", "", "get", "api", "", "v1", "other", "pods", "", "foo"},
    {"GET", "/api/v1/pods", "", "list", "api", "", "v1", "", "pods", "", ""},
    {"HEAD", "/api/v1/pods", "", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/nodes/n1", "", "get", "api", "", "v1", "", "nodes", "", "n1"},
    {"GET", "/api/v1/nodes/n1/", "", "get", "api", "", "v1", "", "nodes", "", "n1"},
    {"GET", "//api/v1/nodes/n1//", "", "get", "api", "", "v1", "", "nodes", "", "n1"},
    {"GET", "/api/v1/nodes/", "", "list", "api", "", "v1", "", "nodes", "", ""},
    /* subresources */
    {"GET", "/api/v1/namespaces/other/pods/foo/log", "", "get", "api", "", "v1", "other", "pods", "log", "foo"},
    {"PUT", "/api/v1/namespaces/other/status", "", "update", "api", "", "v1", "other", "namespaces", "status", "other"},
    {"PUT", "/api/v1/namespaces/other/finalize", "", "update", "api", "", "v1", "other", "namespaces", "finalize",
     "other"},
    {"GET", "/api/v1/namespaces/other/finalizer", "", "list", "api", "", "v1", "other", "finalizer", "", ""},
    {"GET", "/api/v1/nodes/n1/proxy/stats/summary", "", "get", "api", "", "v1", "", "nodes", "proxy", "n1"},
    {"POST", "/api/v1/namespaces/kube-system/serviceaccounts/a/token", "", "create", "api", "", "v1", "kube-system",
     "serviceaccounts", "token", "a"},
    /* groups */
    {"GET", "/apis/" M "/v1beta1/nodes", "", "list", "apis", M, "v1beta1", "", "nodes", "", ""},
    {"GET", "/apis/" M "/v1beta1/namespaces/default/pods/web-1", "", "get", "apis", M, "v1beta1", "default", "pods", "",
     "web-1"},
    {"POST", "/apis/apps/v1/namespaces/default/deployments", "", "create", "apis", "apps", "v1", "default",
     "deployments", "", ""},
    {"PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", "", "patch", "apis", "apps", "v1", "default",
     "deployments", "scale", "web"},
    /* verbs */
    {"PUT", "/api/v1/nodes/n1", "", "update", "api", "", "v1", "", "nodes", "", "n1"},
    {"DELETE", "/api/v1/nodes/n1", "", "delete", "api", "", "v1", "", "nodes", "", "n1"},
    {"DELETE", "/api/v1/nodes", "", "deletecollection", "api", "", "v1", "", "nodes", "", ""},
    {"DELETE", "/api/v1/namespaces/a/pods", "", "deletecollection", "api", "", "v1", "a", "pods", "", ""},
    {"OPTIONS", "/api/v1/nodes", "", "", "api", "", "v1", "", "nodes", "", ""},
    {"get", "/api/v1/nodes", "", "", "api", "", "v1", "", "nodes", "", ""},
    /* watch, by parameter and by path */
    {"GET", "/api/v1/pods", "watch=true", "watch", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch=1", "watch", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch", "watch", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch=yes", "watch", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch=false", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch=FALSE", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "watch=0", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/namespaces/a/pods/b", "watch=1", "get", "api", "", "v1", "a", "pods", "", "b"},
    {"GET", "/api/v1/watch/pods", "", "watch", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/watch/namespaces/a/pods/b", "", "watch", "api", "", "v1", "a", "pods", "", "b"},
    {"GET", "/api/v1/proxy/namespaces/a/pods/b/c", "", "proxy", "api", "", "v1", "a", "pods", "", "b"},
    {"GET", "/apis/" M "/v1beta1/watch/nodes", "", "watch", "apis", M, "v1beta1", "", "nodes", "", ""},
    /* the name out of a field selector */
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dx", "list", "api", "", "v1", "", "pods", "", "x"},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name==x&watch=1", "watch", "api", "", "v1", "", "pods", "", "x"},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name!=x", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.namespace=x", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=x,status.phase=Running", "list", "api", "", "v1", "", "pods",
     "", "x"},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=a%2Fb", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=..", "list", "api", "", "v1", "", "pods", "", ""},
    /* options that can't be decoded take the name away, but not the watch */
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=x&limit=many", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=x&timeoutSeconds=1s&watch=1", "watch", "api", "", "v1", "",
     "pods", "", ""},
    {"GET", "/api/v1/pods", "fieldSelector=metadata.name=x&labelSelector=%21%21", "list", "api", "", "v1", "", "pods",
     "", ""},
    {"DELETE", "/api/v1/pods", "fieldSelector=metadata.name=x", "deletecollection", "api", "", "v1", "", "pods", "",
     ""},
    /* empty segments are segments */
    {"GET", "/api/v1/namespaces//pods", "", "list", "api", "", "v1", "", "pods", "", ""},
    {"GET", "/api/v1//pods", "", "get", "api", "", "v1", "", "", "", "pods"},
    /* not resources */
    {"GET", "/", "", "get", NULL},
    {"GET", "/api", "", "get", NULL},
    {"GET", "/api/v1", "", "get", NULL},
    {"GET", "/api/v1/", "", "get", NULL},
    {"GET", "/apis", "", "get", NULL},
    {"GET", "/apis/" M, "", "get", NULL},
    {"GET", "/apis/" M "/", "", "get", NULL},
    {"GET", "/apis/" M "/v1beta1", "", "get", NULL},
    {"GET", "/apis/" M "/v1beta1/", "", "get", NULL},
    {"POST", "/healthz", "", "post", NULL},
    {"GET", "/healthz/ping", "", "get", NULL},
    {"HEAD", "/version", "", "head", NULL},
    {"GET", "/apiss/" M "/v1beta1/nodes", "", "get", NULL},
    {"GET", "/a/b/c/d/e/f", "", "get", NULL},
    {"GET", "/metrics/resource", "", "get", NULL},
};

static void expect(const char *what, const char *path, struct str got, const char *wanted)
{
    if (!str_eq_cstr(got, wanted))
        fail_msg("%s: %s is \"%.*s\", not \"%s\"", path, what, STR_ARG(got), wanted);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct wanted *c = &cases[i];
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct query query = query_parse(&arena, str_of(c->query));
        struct api_attributes a;

        if (!attributes_parse(&arena, str_of(c->method), str_of(c->path), &query, &a, &err))
            fail_msg("%s: %s", c->path, error_text(&err));
        expect("path", c->path, a.path, c->path);
        expect("verb", c->path, a.verb, c->verb);
        if (a.is_resource != (c->prefix != NULL))
            fail_msg("%s: is_resource", c->path);
        if (c->prefix == NULL)
            continue;
        expect("prefix", c->path, a.api_prefix, c->prefix);
        expect("group", c->path, a.group, c->group);
        expect("version", c->path, a.version, c->version);
        expect("namespace", c->path, a.namespace, c->namespace);
        expect("resource", c->path, a.resource, c->resource);
        expect("subresource", c->path, a.subresource, c->subresource);
        expect("name", c->path, a.name, c->name);
    }
}

static void test_no_meaning(void **state)
{
    static const char *const paths[] = {"/api/v1/watch", "/api/v1/proxy/", "/apis/apps/v1/watch"};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct query query = {0};
        struct api_attributes a;

        assert_false(attributes_parse(&arena, STR("GET"), str_of(paths[i]), &query, &a, &err));
        assert_int_equal(err.code, 500);
    }
}

static struct api_attributes parse(struct arena *arena, const char *method, const char *path, const char *text)
{
    struct query query = query_parse(arena, str_of(text));
    struct api_attributes a;

    assert_true(attributes_parse(arena, str_of(method), str_of(path), &query, &a, NULL));
    return a;
}

static void test_selectors(void **state)
{
    auto_arena struct arena arena = {0};
    static const char text[] = "labelSelector=a%3Db&fieldSelector=spec.nodeName%3Dn1&labelSelector=c";

    (void)state;
    struct api_attributes a = parse(&arena, "GET", "/api/v1/pods", text);
    expect("labels", "list", a.label_selector, "a=b");
    expect("fields", "list", a.field_selector, "spec.nodeName=n1");
    a = parse(&arena, "DELETE", "/api/v1/pods", text);
    expect("labels", "deletecollection", a.label_selector, "a=b");
    a = parse(&arena, "GET", "/api/v1/namespaces/x/pods/y", text);
    assert_int_equal(a.label_selector.len + a.field_selector.len, 0);
    a = parse(&arena, "GET", "/api/v1/watch/pods", text);
    assert_int_equal(a.label_selector.len + a.field_selector.len, 0);
}

static void test_parts(void **state)
{
    auto_arena struct arena arena = {0};

    (void)state;
    expect("parts", "proxy", parse(&arena, "GET", "/api/v1/nodes/n/proxy/a/b", "").parts, "nodes/n/proxy/a/b");
    expect("parts", "namespaced", parse(&arena, "GET", "/api/v1/namespaces/x/pods/y/", "").parts, "pods/y");
    expect("parts", "a namespace", parse(&arena, "GET", "/api/v1/namespaces/x/", "").parts, "namespaces/x");
}

static void test_read_only(void **state)
{
    auto_arena struct arena arena = {0};

    (void)state;
    struct api_attributes a = parse(&arena, "GET", "/api/v1/pods", "watch=1");
    assert_true(attributes_is_read_only(&a));
    a = parse(&arena, "GET", "/metrics", "");
    assert_true(attributes_is_read_only(&a));
    a = parse(&arena, "DELETE", "/api/v1/pods", "");
    assert_false(attributes_is_read_only(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_no_meaning), cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_read_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
