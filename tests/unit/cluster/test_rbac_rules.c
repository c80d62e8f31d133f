#include "cluster/rbac_rules.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A rule in JSON with single quotes. */
static struct rbac_rules rules_of(struct arena *arena, const char *rules)
{
    struct rbac_rules out = {0};
    auto_error struct error err = {0};
    struct str json =
        arena_printf(arena, "{'kind':'ClusterRole','metadata':{'name':'x','labels':null},'rules':%s}", rules);
    for (size_t i = 0; i < json.len; i++)
        ((char *)(uintptr_t)json.ptr)[i] = json.ptr[i] == '\'' ? '"' : json.ptr[i];
    if (!rbac_rules_parse(arena, json, &out, &err))
        fail_msg("%s: %s", rules, error_text(&err));
    return out;
}

#define PODS "[{'apiGroups':[''],'resources':['pods'],'verbs':['get','list']}]"
#define ALL "[{'apiGroups':['*'],'resources':['*'],'verbs':['*']}]"
#define LOGS "[{'apiGroups':[''],'resources':['pods/log'],'verbs':['get']}]"
#define SCALES "[{'apiGroups':['apps'],'resources':['*/scale'],'verbs':['update']}]"
#define NAMED "[{'apiGroups':[''],'resources':['configmaps'],'verbs':['get'],'resourceNames':['a','b']}]"
#define URLS "[{'nonResourceURLs':['/healthz','/apis/*'],'verbs':['get']}]"
#define ANY_URL "[{'nonResourceURLs':['*'],'verbs':['*']}]"
#define TWO \
    "[{'apiGroups':['x'],'resources':['y'],'verbs':['z']},{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]"

static void test_resources(void **state)
{
    static const struct {
        const char *rules, *verb, *group, *resource, *subresource, *name;
        bool is_allowed;
    } cases[] = {
        {PODS, "get", "", "pods", "", "a", true},
        {PODS, "list", "", "pods", "", "", true},
        {PODS, "delete", "", "pods", "", "a", false},
        {PODS, "get", "apps", "pods", "", "a", false},
        {PODS, "get", "", "pod", "", "a", false},
        {PODS, "get", "", "pods", "log", "a", false},
        {PODS, "*", "", "pods", "", "", false},
        {ALL, "delete", "apps", "deployments", "scale", "x", true},
        {ALL, "*", "*", "*", "", "", true},
        {LOGS, "get", "", "pods", "log", "a", true},
        {LOGS, "get", "", "pods", "", "a", false},
        {LOGS, "get", "", "pods", "logs", "a", false},
        {SCALES, "update", "apps", "deployments", "scale", "d", true},
        {SCALES, "update", "apps", "deployments", "status", "d", false},
        {SCALES, "update", "apps", "deployments", "", "d", false},
        {SCALES, "update", "", "replicationcontrollers", "scale", "d", false},
        {NAMED, "get", "", "configmaps", "", "b", true},
        {NAMED, "get", "", "configmaps", "", "c", false},
        {NAMED, "get", "", "configmaps", "", "", false},
        {URLS, "get", "", "pods", "", "", false},
        {TWO, "get", "", "pods", "", "a", true},
        {TWO, "z", "", "pods", "", "a", false},
        {"null", "get", "", "pods", "", "a", false},
        {"[{'verbs':['get'],'apiGroups':[''],'resources':[]}]", "get", "", "pods", "", "a", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        struct rbac_rules rules = rules_of(&arena, cases[i].rules);
        const struct api_attributes what = {
            .is_resource = true,
            .verb = str_of(cases[i].verb),
            .group = str_of(cases[i].group),
            .resource = str_of(cases[i].resource),
            .subresource = str_of(cases[i].subresource),
            .name = str_of(cases[i].name),
        };
        if (rbac_rules_allow(&rules, &what) != cases[i].is_allowed)
            fail_msg("case %zu: %s %s/%s of %s", i, cases[i].verb, cases[i].resource, cases[i].subresource,
                     cases[i].rules);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *rules, *verb, *path;
        bool is_allowed;
    } cases[] = {
        {URLS, "get", "/healthz", true},   {URLS, "get", "/healthz/ping", false},
        {URLS, "post", "/healthz", false}, {URLS, "get", "/apis/x/v1", true},
        {URLS, "get", "/apis/", true},     {URLS, "get", "/apis", false},
        {URLS, "get", "/healthzz", false}, {ANY_URL, "put", "/x", true},
        {ALL, "get", "/healthz", false},   {PODS, "get", "/api/v1/pods", false},
        {URLS, "get", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        struct rbac_rules rules = rules_of(&arena, cases[i].rules);
        const struct api_attributes what = {.verb = str_of(cases[i].verb), .path = str_of(cases[i].path)};
        if (rbac_rules_allow(&rules, &what) != cases[i].is_allowed)
            fail_msg("case %zu: %s %s", i, cases[i].verb, cases[i].path);
    }
}

static void test_cover(void **state)
{
    static const struct {
        const char *held, *wanted, *missing;
    } cases[] = {
        {PODS, PODS, ""},
        {ALL, PODS, ""},
        {ALL, SCALES, ""},
        {PODS, ALL, "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}"},
        {PODS, "[{'apiGroups':[''],'resources':['pods','secrets'],'verbs':['get','list','watch']}]",
         "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"watch\"]}"
         "{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\", \"list\", \"watch\"]}"},
        /* pieces may be covered by different rules */
        {"[{'apiGroups':[''],'resources':['pods'],'verbs':['get']},{'apiGroups':[''],'resources':['pods'],'verbs':['"
         "list']}]",
         PODS, ""},
        {NAMED, "[{'apiGroups':[''],'resources':['configmaps'],'verbs':['get']}]",
         "{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"get\"]}"},
        {"[{'apiGroups':[''],'resources':['configmaps'],'verbs':['get']}]", NAMED, ""},
        {NAMED, "[{'apiGroups':[''],'resources':['configmaps'],'verbs':['get'],'resourceNames':['b','c']}]",
         "{APIGroups:[\"\"], Resources:[\"configmaps\"], ResourceNames:[\"c\"], Verbs:[\"get\"]}"},
        {SCALES, "[{'apiGroups':['apps'],'resources':['deployments/scale'],'verbs':['update']}]", ""},
        {ANY_URL, URLS, ""},
        {URLS, "[{'nonResourceURLs':['/apis/x','/apis/*','/metrics'],'verbs':['get']}]",
         "{NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}"},
        {ALL, URLS,
         "{NonResourceURLs:[\"/healthz\"], Verbs:[\"get\"]}{NonResourceURLs:[\"/apis/*\"], Verbs:[\"get\"]}"},
        {"[]", "[]", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf text = {0};
        struct rbac_rules held = rules_of(&arena, cases[i].held), wanted = rules_of(&arena, cases[i].wanted);
        struct rbac_rules missing = {0};
        bool is_covered = true;
        for (size_t r = 0; r < wanted.count; r++)
            is_covered &= rbac_rules_cover(&held, &wanted.items[r], &arena, &missing);
        for (size_t r = 0; r < missing.count; r++)
            rbac_rule_print(&text, &missing.items[r]);
        assert_string_equal(buf_cstr(&text), cases[i].missing);
        assert_int_equal(is_covered, missing.count == 0);
    }
}

static void test_bindings(void **state)
{
    static const char json[] =
        "{\"metadata\":{\"name\":\"b\"},\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":"
        "\"ClusterRole\","
        "\"name\":\"view\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"jane\"},{\"kind\":\"Group\",\"name\":\"devs\"},"
        "{\"kind\":\"ServiceAccount\",\"name\":\"sa\"},{\"kind\":\"ServiceAccount\",\"name\":\"sb\",\"namespace\":"
        "\"other\"},"
        "{\"kind\":\"Robot\",\"name\":\"r\"}]}";
    static const struct str devs[] = {STR_INIT("system:authenticated"), STR_INIT("devs")};
    static const struct {
        struct user user;
        int subject; /* -1: none */
    } cases[] = {
        {{.name = STR_INIT("jane")}, 0},
        {{.name = STR_INIT("devs")}, -1},
        {{.name = STR_INIT("x"), .groups = devs, .group_count = 2}, 1},
        {{.name = STR_INIT("system:serviceaccount:ns:sa")}, 2},
        {{.name = STR_INIT("system:serviceaccount:other:sa")}, -1},
        {{.name = STR_INIT("system:serviceaccount:other:sb")}, 3},
        {{.name = STR_INIT("r")}, -1},
        {{.name = STR_INIT("")}, -1},
    };
    auto_arena struct arena arena = {0};
    struct rbac_binding b;
    (void)state;
    assert_true(rbac_binding_parse(&arena, str_of(json), STR("ns"), &b, NULL));
    assert_true(b.is_cluster_role && str_eq(b.role, STR("view")));
    assert_int_equal(b.subject_count, 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int found = -1;
        for (size_t s = 0; s < b.subject_count; s++)
            found = rbac_subject_is(&b.subjects[s], &cases[i].user) ? (int)s : found;
        assert_int_equal(found, cases[i].subject);
    }
    /* in a ClusterRoleBinding an account without namespace means nobody */
    assert_true(rbac_binding_parse(&arena, str_of(json), STR(""), &b, NULL));
    assert_int_equal(b.subject_count, 3);
}

static void test_malformed(void **state)
{
    static const char *const cases[] = {
        "", "[]", "{", "{\"rules\":{}}", "{\"rules\":[{\"verbs\":\"get\"}]}", "{\"rules\":[{\"verbs\":[1]}]}"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct rbac_rules rules;
        assert_false(rbac_rules_parse(&arena, str_of(cases[i]), &rules, &err));
        assert_true(error_is_set(&err));
    }
}

static void test_written_rules_read_back(void **state)
{
    static const char *const cases[] = {PODS, ALL, NAMED, URLS};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf json = {0};
        struct rbac_rules rules = rules_of(&arena, cases[i]), again;
        buf_add_cstr(&json, "{\"rules\":[");
        struct json_writer w = json_writer_to(&json);
        rbac_rule_write(&w, &rules.items[0]);
        buf_add_cstr(&json, "]}");
        assert_true(rbac_rules_parse(&arena, buf_str(&json), &again, NULL));
        assert_int_equal(again.count, 1);
        struct rbac_rules missing = {0};
        assert_true(rbac_rules_cover(&rules, &again.items[0], &arena, &missing));
        assert_true(rbac_rules_cover(&again, &rules.items[0], &arena, &missing));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resources), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_cover),     cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_written_rules_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
