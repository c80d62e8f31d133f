#include "apiserver/audit_policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"

#define HEAD "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *text;
    const char *error; /* NULL: all is well */
} texts[] = {
    {HEAD "rules:\n- level: Metadata\n", NULL},
    {"{\"apiVersion\":\"audit.k8s.io/v1\",\"kind\":\"Policy\",\"rules\":[{\"level\":\"None\"}]}", NULL},
    {HEAD "metadata: {name: x}\nomitManagedFields: true\nrules:\n- {level: Request, omitManagedFields: false}\n", NULL},
    {HEAD, "loaded illegal policy with 0 rules"},
    {HEAD "rules: []\n", "loaded illegal policy with 0 rules"},
    {"apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: None\n",
     "must be apiVersion audit.k8s.io/v1, kind Policy"},
    {"kind: Policy\nrules:\n- level: None\n", "must be apiVersion audit.k8s.io/v1, kind Policy"},
    {"[]", "must be apiVersion audit.k8s.io/v1, kind Policy"},
    {"", "empty"},
    {HEAD "rules:\n- level: metadata\n", "rules[0].level: must be one of None, Metadata, Request, RequestResponse"},
    {HEAD "rules:\n- users: [a]\n", "rules[0].level: must be one of None, Metadata, Request, RequestResponse"},
    {HEAD "rules:\n- level: None\n  user: [a]\n", "rules[0]: unknown field \"user\""},
    {HEAD "rules:\n- level: None\nrule: 1\n", "policy: unknown field \"rule\""},
    {HEAD "rules:\n- level: None\n  verbs: get\n", "rules[0].verbs: must be a list of strings"},
    {HEAD "rules:\n- level: None\n- level: None\n  verbs: [get, 1]\n", "rules[1].verbs[1]: must be a string"},
    {HEAD "rules:\n- level: None\n  omitStages: [Never]\n",
     "rules[0].omitStages[0]: Invalid value: \"Never\": allowed stages are RequestReceived, ResponseStarted, "
     "ResponseComplete, Panic"},
    {HEAD "rules:\n- level: None\n  nonResourceURLs: [metrics]\n",
     "rules[0].nonResourceURLs[0]: Invalid value: \"metrics\": must begin with '/'"},
    {HEAD "rules:\n- level: None\n  nonResourceURLs: ['/a*b']\n",
     "rules[0].nonResourceURLs[0]: Invalid value: \"/a*b\": '*' only at the end"},
    {HEAD "rules:\n- level: None\n  nonResourceURLs: [/a]\n  namespaces: [b]\n",
     "rules[0].nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs"},
    {HEAD "rules:\n- level: None\n  resources: [{group: a/v1}]\n",
     "rules[0].resources[0].group: Invalid value: \"a/v1\": a group has no version"},
    {HEAD "rules:\n- level: None\n  resources: [{group: a, resourceNames: [b]}]\n",
     "rules[0].resources[0].resourceNames: using resourceNames requires at least one resource"},
    {HEAD "rules:\n- level: None\n  resources: [{group: a, version: v1}]\n",
     "rules[0].resources[0]: unknown field \"version\""},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        auto_error struct error err = {0};
        struct audit_policy *p = audit_policy_parse(str_of(texts[i].text), &err);
        if ((p != NULL) != (texts[i].error == NULL) ||
            strcmp(error_text(&err), texts[i].error != NULL ? texts[i].error : "") != 0)
            fail_msg("%s: %s", texts[i].text, error_text(&err));
        audit_policy_free(p);
    }
}

static const char policy[] = HEAD "omitStages: [Panic]\n"
                                  "rules:\n"
                                  "- {level: None, users: [system:kube-scheduler, probe]}\n"
                                  "- {level: Request, userGroups: [auditors], omitStages: [RequestReceived]}\n"
                                  "- {level: None, nonResourceURLs: [/healthz, '/livez*']}\n"
                                  "- {level: RequestResponse, verbs: [get], namespaces: [kube-system]}\n"
                                  "- level: Request\n"
                                  "  resources:\n"
                                  "  - {group: metrics.k8s.io, resources: [pods], resourceNames: [web-1]}\n"
                                  "  - {group: apps, resources: [deployments/scale, '*/status', 'jobs/*']}\n"
                                  "  - {group: whole}\n"
                                  "- {level: Metadata, resources: [{group: metrics.k8s.io, resources: ['*']}]}\n";

static const struct {
    const char *name;
    const char *user; /* NULL: nobody knows */
    const char *group;
    const char *verb;
    const char *path; /* of a request that is not for a resource */
    const char *resource_group, *resource, *subresource, *namespace, *object;
    enum audit_level level;
    unsigned omitted;
} choices[] = {
    {"a user", "probe", "", "get", "/x", .level = AUDIT_NONE, .omitted = AUDIT_STAGE_PANIC},
    {"a group", "jane", "auditors", "get", "/x", .level = AUDIT_REQUEST,
     .omitted = AUDIT_STAGE_PANIC | AUDIT_STAGE_RECEIVED},
    {"a path", "jane", "", "get", "/healthz", .level = AUDIT_NONE, .omitted = AUDIT_STAGE_PANIC},
    {"below a path", "jane", "", "get", "/livez/ping", .level = AUDIT_NONE, .omitted = AUDIT_STAGE_PANIC},
    {"no rule", "jane", "", "get", "/healthz/ping", .level = AUDIT_NONE, .omitted = AUDIT_STAGE_PANIC},
    {"verb and namespace", "jane", "", "get", NULL, "metrics.k8s.io", "pods", "", "kube-system", "a",
     AUDIT_REQUEST_RESPONSE, AUDIT_STAGE_PANIC},
    {"another verb", "jane", "", "list", NULL, "metrics.k8s.io", "pods", "", "kube-system", "", AUDIT_METADATA,
     AUDIT_STAGE_PANIC},
    {"a name", "jane", "", "get", NULL, "metrics.k8s.io", "pods", "", "default", "web-1", AUDIT_REQUEST,
     AUDIT_STAGE_PANIC},
    {"another name", "jane", "", "get", NULL, "metrics.k8s.io", "pods", "", "default", "web-2", AUDIT_METADATA,
     AUDIT_STAGE_PANIC},
    {"any resource of a group", "jane", "", "list", NULL, "metrics.k8s.io", "nodes", "", "", "", AUDIT_METADATA,
     AUDIT_STAGE_PANIC},
    {"a subresource", "jane", "", "get", NULL, "apps", "deployments", "scale", "default", "a", AUDIT_REQUEST,
     AUDIT_STAGE_PANIC},
    {"not its resource", "jane", "", "get", NULL, "apps", "deployments", "", "default", "a", AUDIT_NONE,
     AUDIT_STAGE_PANIC},
    {"a subresource of any", "jane", "", "get", NULL, "apps", "statefulsets", "status", "default", "a", AUDIT_REQUEST,
     AUDIT_STAGE_PANIC},
    {"any subresource", "jane", "", "get", NULL, "apps", "jobs", "log", "default", "a", AUDIT_REQUEST,
     AUDIT_STAGE_PANIC},
    {"a whole group", "jane", "", "get", NULL, "whole", "x", "", "default", "a", AUDIT_REQUEST, AUDIT_STAGE_PANIC},
    {"another group", "jane", "", "get", NULL, "other", "pods", "", "default", "web-1", AUDIT_NONE, AUDIT_STAGE_PANIC},
    {"rules for users and groups aren't nobody's", NULL, "", "list", NULL, "metrics.k8s.io", "nodes", "", "", "",
     AUDIT_METADATA, AUDIT_STAGE_PANIC},
};

static void test_choices(void **state)
{
    auto_error struct error err = {0};
    struct audit_policy *p = audit_policy_parse(str_of(policy), &err);

    (void)state;
    assert_string_equal(error_text(&err), "");
    for (size_t i = 0; i < COUNT(choices); i++) {
        const struct str group = str_of(choices[i].group);
        const struct user user = {.name = str_of(choices[i].user), .groups = &group, .group_count = 1};
        const struct api_attributes what = {.is_resource = choices[i].path == NULL,
                                            .verb = str_of(choices[i].verb),
                                            .path = str_of(choices[i].path),
                                            .group = str_of(choices[i].resource_group),
                                            .resource = str_of(choices[i].resource),
                                            .subresource = str_of(choices[i].subresource),
                                            .namespace = str_of(choices[i].namespace),
                                            .name = str_of(choices[i].object)};
        struct audit_choice c = audit_policy_choose(p, choices[i].user != NULL ? &user : NULL, &what);
        if (c.level != choices[i].level || c.omitted_stages != choices[i].omitted)
            fail_msg("%s: %s, %x", choices[i].name, audit_level_name(c.level), c.omitted_stages);
    }
    audit_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_choices)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
