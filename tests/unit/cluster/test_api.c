#include "api_world.h"

#include "base/alloc.h"
#include "cluster/json_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CM "/api/v1/namespaces/default/configmaps"
#define JSON_TYPE "Content-Type: application/json\n"
#define AS_TABLE "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\n"

/* One after the other: a step is a request and what must be in its answer. */
struct step {
    const char *method, *path, *headers, *body;
    int status;
    const char *want; /* in the body, single quotes for double ones; NULL: anything */
    const char *want_header;
};

static void check_step(struct world *w, const struct step *s)
{
    struct exchange e = world_ask(w, s->method, s->path, s->headers, s->body);
    char *want = mem_strdup(s->want != NULL ? s->want : "");
    for (char *c = want; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    if (e.status != s->status || strstr(buf_cstr(&e.body), want) == NULL)
        fail_msg("%s %s %s: %d %s\nwanted %d %s", s->method, s->path, s->body != NULL ? s->body : "", e.status,
                 buf_cstr(&e.body), s->status, want);
    if (s->want_header != NULL && strstr(buf_cstr(&e.headers), s->want_header) == NULL)
        fail_msg("%s %s: headers\n%s\nlack %s", s->method, s->path, buf_cstr(&e.headers), s->want_header);
    free(want);
    exchange_free(&e);
}

static void check_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_step(w, &steps[i]);
}
#define CHECK(w, steps) check_steps(w, steps, sizeof(steps) / sizeof(steps[0]))

static void test_create_and_read(void **state)
{
    static const struct step steps[] = {
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'a','labels':{'x':'1'}},'data':{'k':'v'}}", 201,
         "'apiVersion':'v1','kind':'ConfigMap'", NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'a'}}", 409, "configmaps \\'a\\' already exists", NULL},
        {"GET", CM "/a", NULL, NULL, 200, "'data':{'k':'v'}", NULL},
        {"GET", CM "/b", NULL, NULL, 404, "configmaps \\'b\\' not found", NULL},
        {"GET", CM "?labelSelector=x%3D1&fieldSelector=metadata.name%3Da", NULL, NULL, 200, "'name':'a'", NULL},
        {"GET", CM "?labelSelector=x%3D2", NULL, NULL, 200, "'items':[]", NULL},
        {"GET", CM "?labelSelector=x%3D%3D%3D", NULL, NULL, 400, "'reason':'BadRequest'", NULL},
        {"GET", CM "?fieldSelector=data.k%3Dv", NULL, NULL, 400, "is not a known field selector", NULL},
        {"GET", CM "/a", AS_TABLE, NULL, 200, "'cells':['a','1','", NULL},
        {"GET", CM, AS_TABLE, NULL, 200, "'columnDefinitions':[{'name':'Name','type':'string','format':'name'", NULL},
        {"GET", CM, "Accept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io\n", NULL, 200,
         "{'kind':'PartialObjectMetadataList','apiVersion':'meta.k8s.io/v1'", NULL},
        {"GET", CM "/a", "Accept: application/xml\n", NULL, 406, "'reason': 'NotAcceptable'", NULL},
        {"GET", CM "?resourceVersion=99999", NULL, NULL, 504, "Too large resource version", NULL},
        {"GET", CM "?limit=x", NULL, NULL, 400, "limit", NULL},
        {"GET", CM "?continue=xyz", NULL, NULL, 400, "continue key is not valid", NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'generateName':'gen-'}}", 201, "'name':'gen-", NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'Bad_Name'}}", 422,
         "ConfigMap \\'Bad_Name\\' is invalid: metadata.name: Invalid value: \\'Bad_Name\\'", NULL},
        {"POST", CM, JSON_TYPE, "{'data':{}}", 422, "metadata.name: Required value: name or generateName is required",
         NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'x','labels':{'a b':'c'}}}", 422, "metadata.labels: Invalid value",
         NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'x','namespace':'other'}}", 400, "does not match the namespace",
         NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'x','resourceVersion':'3'}}", 400,
         "resourceVersion should not be set", NULL},
        {"POST", CM, JSON_TYPE, "{'kind':'Secret','metadata':{'name':'x'}}", 400, "kind in the data", NULL},
        {"POST", CM, JSON_TYPE, "{'apiVersion':'v2','metadata':{'name':'x'}}", 400, "the API version in the data (v2)",
         NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'x'},'data':{'a':1}}", 400,
         "cannot unmarshal number into Go struct field ConfigMap.data of type string", NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':", 400, "unexpected EOF", NULL},
        {"POST", CM, JSON_TYPE, "[]", 400, "cannot unmarshal array", NULL},
        {"POST", CM, "Content-Type: text/plain\n", "x", 415, "'reason':'UnsupportedMediaType'", NULL},
        {"POST", "/api/v1/namespaces/nowhere/configmaps", JSON_TYPE, "{'metadata':{'name':'x'}}", 404,
         "namespaces \\'nowhere\\' not found", NULL},
        {"POST", "/api/v1/configmaps", JSON_TYPE, "{'metadata':{'name':'x'}}", 405, "'reason':'MethodNotAllowed'",
         NULL},
        {"PUT", CM, JSON_TYPE, "{}", 405, NULL, NULL},
        {"DELETE", "/api/v1/namespaces", NULL, NULL, 405, NULL, NULL},
        {"GET", "/api/v1/namespaces/default/nodes", NULL, NULL, 404, NULL, NULL},
        {"GET", "/api/v1/widgets", NULL, NULL, 404, "'message':'the server could not find the requested resource'",
         NULL},
        {"GET", "/apis/none.example/v1/x", NULL, NULL, 404, NULL, NULL},
        {"GET", CM "/a/status", NULL, NULL, 404, NULL, NULL},
        {"POST", CM "?dryRun=All", JSON_TYPE, "{'metadata':{'name':'dry'}}", 201, "'name':'dry'", NULL},
        {"GET", CM "/dry", NULL, NULL, 404, NULL, NULL},
        {"POST", CM "?dryRun=Some", JSON_TYPE, "{'metadata':{'name':'dry'}}", 400, "dryRun", NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'w1'},'dada':{}}", 201, NULL,
         "299 - \"unknown field \\\"dada\\\"\""},
        {"POST", CM "?fieldValidation=Strict", JSON_TYPE, "{'metadata':{'name':'w2'},'dada':{}}", 400,
         "strict decoding error: unknown field \\'dada\\'", NULL},
        {"POST", CM "?fieldValidation=Strict", JSON_TYPE, "{'metadata':{'name':'w2'},'data':{'a':'1','a':'2'}}", 400,
         "duplicate", NULL},
        {"POST", CM "?fieldValidation=Ignore", JSON_TYPE, "{'metadata':{'name':'w2'},'dada':{}}", 201, NULL, NULL},
        {"POST", CM "?fieldValidation=Maybe", JSON_TYPE, "{'metadata':{'name':'w3'}}", 400, NULL, NULL},
    };
    CHECK(*state, steps);
}

#define SM "Content-Type: application/strategic-merge-patch+json\n"
#define MP "Content-Type: application/merge-patch+json\n"
#define JP "Content-Type: application/json-patch+json\n"

static void test_change_and_delete(void **state)
{
    static const struct step steps[] = {
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'a'},'data':{'k':'v'}}", 201, NULL, NULL},
        {"PATCH", CM "/a", MP, "{'data':{'k':null,'l':'w'}}", 200, "'data':{'l':'w'}", NULL},
        {"PATCH", CM "/a", SM, "{'metadata':{'annotations':{'n':'m'}}}", 200, "'annotations':{'n':'m'}", NULL},
        {"PATCH", CM "/a", JP, "[{'op':'add','path':'/data/x','value':'y'}]", 200, "'x':'y'", NULL},
        {"PATCH", CM "/a", JP, "[{'op':'remove','path':'/data/none'}]", 422,
         "'message':'the server rejected our request due to an error in our request','reason':'Invalid','details':{}",
         NULL},
        {"PATCH", CM "/a", JP, "{'op':'x'}", 400, NULL, NULL},
        {"PATCH", CM "/a", MP, "{'data':{'x':", 400, "unexpected EOF", NULL},
        {"PATCH", CM "/a", MP, "[]", 400, NULL, NULL},
        {"PATCH", CM "/a", MP, "{'metadata':{'name':'b'}}", 400, "does not match the name on the URL", NULL},
        {"PATCH", CM "/a", MP, "{'metadata':{'resourceVersion':'1'}}", 409, "the object has been modified", NULL},
        {"PATCH", CM "/a", MP, "{'metadata':{'uid':'1'}}", 409, "Precondition failed: UID in precondition: 1", NULL},
        {"PATCH", CM "/a", "Content-Type: application/apply-patch+yaml\n", "{}", 415,
         "accepted media types include: application/json-patch+json, application/merge-patch+json, "
         "application/strategic-merge-patch+json",
         NULL},
        {"PATCH", CM "/none", MP, "{}", 404, NULL, NULL},
        {"PUT", CM "/a", JSON_TYPE, "{'metadata':{'name':'a'},'data':{'new':'1'}}", 200, "'data':{'new':'1'}", NULL},
        {"PUT", CM "/a", JSON_TYPE, "{'metadata':{'name':'a','resourceVersion':'1'}}", 409, "'reason':'Conflict'",
         NULL},
        {"PUT", CM "/none", JSON_TYPE, "{'metadata':{'name':'none'}}", 404, NULL, NULL},
        {"PUT", CM "/a", JSON_TYPE, "{'metadata':{'name':'a'},'immutable':true,'data':{'new':'1'}}", 200, NULL, NULL},
        {"PUT", CM "/a", JSON_TYPE, "{'metadata':{'name':'a'},'immutable':true,'data':{'new':'2'}}", 422,
         "data: Forbidden: field is immutable when `immutable` is set", NULL},
        {"DELETE", CM "/a", JSON_TYPE, "{'preconditions':{'uid':'wrong'}}", 409, "Precondition failed", NULL},
        {"DELETE", CM "/a?propagationPolicy=Sideways", NULL, NULL, 400, "propagationPolicy", NULL},
        {"DELETE", CM "/a?dryRun=All", NULL, NULL, 200, NULL, NULL},
        {"DELETE", CM "/a", JSON_TYPE, "{'kind':'DeleteOptions','apiVersion':'v1','propagationPolicy':'Background'}",
         200, "'status':'Success','details':{'name':'a','kind':'configmaps','uid':'", NULL},
        {"DELETE", CM "/a", NULL, NULL, 404, NULL, NULL},
        /* finalizers hold an object until the last is gone */
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'f','finalizers':['example.org/x']}}", 201, NULL, NULL},
        {"DELETE", CM "/f", NULL, NULL, 200, "'deletionTimestamp':'", NULL},
        {"GET", CM "/f", NULL, NULL, 200, "'deletionGracePeriodSeconds':0", NULL},
        {"PATCH", CM "/f", MP, "{'metadata':{'finalizers':['example.org/x','example.org/y']}}", 422,
         "no new finalizers can be added if the object is being deleted", NULL},
        {"PATCH", CM "/f", MP, "{'metadata':{'finalizers':null}}", 200, NULL, NULL},
        {"GET", CM "/f", NULL, NULL, 404, NULL, NULL},
        /* a collection */
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'c1','labels':{'c':''}}}", 201, NULL, NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'c2','labels':{'c':''}}}", 201, NULL, NULL},
        {"POST", CM, JSON_TYPE, "{'metadata':{'name':'d'}}", 201, NULL, NULL},
        {"DELETE", CM "?labelSelector=c", NULL, NULL, 200, "'kind':'ConfigMapList'", NULL},
        {"GET", CM "?labelSelector=c", NULL, NULL, 200, "'items':[]", NULL},
        {"GET", CM "/d", NULL, NULL, 200, NULL, NULL},
    };
    CHECK(*state, steps);
}

#define PODS "/api/v1/namespaces/default/pods"
#define POD(name, more) \
    "{'metadata':{'name':'" name "'},'spec':{" more "'containers':[{'name':'c','image':'busybox:1'}]}}"

static void test_pods(void **state)
{
    static const struct step steps[] = {
        {"POST", PODS, JSON_TYPE, "{'metadata':{'name':'p'},'spec':{'containers':[]}}", 422,
         "spec.containers: Required value", NULL},
        {"POST", PODS, JSON_TYPE, "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'C'}]}}", 422,
         "spec.containers[0].image: Required value", NULL},
        {"POST", PODS, JSON_TYPE, POD("p", "'restartPolicy':'Often',"), 422,
         "spec.restartPolicy: Unsupported value: \\'Often\\'", NULL},
        {"POST", PODS, JSON_TYPE, POD("p", "'nodeName':'n',"), 201, "'imagePullPolicy':'IfNotPresent'", NULL},
        {"GET", PODS "/p", NULL, NULL, 200, "'status':{'phase':'Pending','qosClass':'BestEffort'}", NULL},
        {"GET", PODS "?fieldSelector=spec.nodeName%3Dn,status.phase%21%3DRunning", NULL, NULL, 200, "'name':'p'", NULL},
        {"PATCH", PODS "/p", SM, "{'spec':{'containers':[{'name':'c','image':'busybox:2'}]}}", 200, "busybox:2", NULL},
        {"PATCH", PODS "/p", SM, "{'spec':{'nodeName':'other'}}", 422, "pod updates may not change fields", NULL},
        {"PATCH", PODS "/p", SM, "{'status':{'phase':'Running'}}", 200, "'phase':'Pending'", NULL},
        {"PATCH", PODS "/p/status", SM,
         "{'spec':{'nodeName':'zzz'},'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}],"
         "'containerStatuses':[{'name':'c','ready':true,'restartCount':2,'image':'x','imageID':'','state':{'running':{}"
         "}}]}}",
         200, "'phase':'Running'", NULL},
        {"GET", PODS "/p", AS_TABLE, NULL, 200, "'cells':['p','1/1','Running','2','", NULL},
        {"GET", PODS "/p", NULL, NULL, 200, "'nodeName':'n'", NULL},
        /* grace: the first delete marks, a shorter one shortens, zero removes */
        {"DELETE", PODS "/p", NULL, NULL, 200, "'deletionGracePeriodSeconds':30", NULL},
        {"DELETE", PODS "/p", JSON_TYPE, "{'gracePeriodSeconds':60}", 200, "'deletionGracePeriodSeconds':30", NULL},
        {"GET", PODS "/p", AS_TABLE, NULL, 200, "'Terminating'", NULL},
        {"DELETE", PODS "/p?gracePeriodSeconds=5", NULL, NULL, 200, "'deletionGracePeriodSeconds':5", NULL},
        {"DELETE", PODS "/p", JSON_TYPE, "{'gracePeriodSeconds':0}", 200, "'kind':'Pod'", NULL},
        {"GET", PODS "/p", NULL, NULL, 404, NULL, NULL},
        {"POST", PODS, JSON_TYPE, POD("q", ""), 201, NULL, NULL},
        {"DELETE", PODS "/q", NULL, NULL, 200, NULL, NULL},
        {"GET", PODS "/q", NULL, NULL, 404, NULL, NULL},
    };
    CHECK(*state, steps);
}

#define RBAC "/apis/rbac.authorization.k8s.io/v1"

static void test_other_kinds(void **state)
{
    static const struct step steps[] = {
        {"POST", "/api/v1/namespaces/default/secrets", JSON_TYPE,
         "{'metadata':{'name':'s'},'stringData':{'a':'hello'}}", 201, "'data':{'a':'aGVsbG8='}", NULL},
        {"GET", "/api/v1/namespaces/default/secrets/s", AS_TABLE, NULL, 200, "'cells':['s','Opaque','1',", NULL},
        {"PATCH", "/api/v1/namespaces/default/secrets/s", MP, "{'type':'other'}", 422, "type: Invalid value", NULL},
        {"POST", "/api/v1/namespaces/default/services", JSON_TYPE,
         "{'metadata':{'name':'v'},'spec':{'ports':[{'port':80}]}}", 201, "'targetPort':80", NULL},
        {"GET", "/api/v1/namespaces/default/services/v", AS_TABLE, NULL, 200,
         "'cells':['v','ClusterIP','\\u003cnone\\u003e','\\u003cnone\\u003e','80/TCP',", NULL},
        {"POST", "/api/v1/namespaces/default/services", JSON_TYPE,
         "{'metadata':{'name':'1v'},'spec':{'ports':[{'port':0}]}}", 422, "must be between 1 and 65535, inclusive",
         NULL},
        {"POST", "/api/v1/nodes", JSON_TYPE,
         "{'metadata':{'name':'n','labels':{'node-role.kubernetes.io/b':'','node-role.kubernetes.io/a':''}},"
         "'spec':{'unschedulable':true},'status':{'conditions':[{'type':'Ready','status':'True'}],"
         "'nodeInfo':{'kubeletVersion':'v1'}}}",
         201, NULL, NULL},
        {"GET", "/api/v1/nodes/n", AS_TABLE, NULL, 200, "'cells':['n','Ready,SchedulingDisabled','a,b','", NULL},
        {"PATCH", "/api/v1/nodes/n", SM, "{'spec':{'taints':[{'key':'a','effect':'Never'}]}}", 422,
         "spec.taints[0].effect: Unsupported value: \\'Never\\'", NULL},
        {"GET", "/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue", NULL, NULL, 200, "'name':'n'", NULL},
        {"POST", RBAC "/namespaces/default/roles", JSON_TYPE,
         "{'metadata':{'name':'r:x'},'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]}", 201, NULL,
         NULL},
        {"POST", RBAC "/namespaces/default/roles", JSON_TYPE,
         "{'metadata':{'name':'r2'},'rules':[{'resources':['pods']}]}", 422,
         "rules[0].verbs: Required value: verbs must contain at least one value", NULL},
        {"POST", RBAC "/namespaces/default/rolebindings", JSON_TYPE,
         "{'metadata':{'name':'b'},'roleRef':{'kind':'Role','name':'r'},'subjects':[{'kind':'User','name':'u'},"
         "{'kind':'ServiceAccount','name':'s','namespace':'default'}]}",
         201, "'apiGroup':'rbac.authorization.k8s.io'", NULL},
        {"GET", RBAC "/namespaces/default/rolebindings/b", AS_TABLE, NULL, 200, "'cells':['b','Role/r','", NULL},
        {"PATCH", RBAC "/namespaces/default/rolebindings/b", MP, "{'roleRef':{'name':'other'}}", 422,
         "cannot change roleRef", NULL},
        {"POST", "/apis/apiregistration.k8s.io/v1/apiservices", JSON_TYPE,
         "{'metadata':{'name':'v1.x'},'spec':{'group':'y','version':'v1','groupPriorityMinimum':1,'versionPriority':1}"
         "}",
         422, "must be `spec.version+", NULL},
        {"POST", "/apis/apiregistration.k8s.io/v1/apiservices", JSON_TYPE,
         "{'metadata':{'name':'v1.y'},'spec':{'group':'y','version':'v1','groupPriorityMinimum':1,'versionPriority':1,"
         "'service':{'name':'a','namespace':'b'}}}",
         201, "'port':443", NULL},
        {"GET", "/apis/apiregistration.k8s.io/v1/apiservices", AS_TABLE, NULL, 200, "'cells':['v1.y','b/a','Unknown',",
         NULL},
        {"POST", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", JSON_TYPE,
         "{'metadata':{'name':'n'},'spec':{'holderIdentity':'n','leaseDurationSeconds':40,"
         "'renewTime':'2026-01-01T00:00:00.123456Z'}}",
         201, "'renewTime':'2026-01-01T00:00:00.123456Z'", NULL},
        {"POST", "/api/v1/namespaces/default/events", JSON_TYPE,
         "{'metadata':{'name':'e'},'involvedObject':{'kind':'Node','name':'n'},'reason':'Starting','type':'Normal',"
         "'message':'hello'}",
         201, NULL, NULL},
        {"GET", "/api/v1/events?fieldSelector=involvedObject.name%3Dn", AS_TABLE, NULL, 200,
         "'Normal','Starting','node/n'", NULL},
        {"GET", "/api", NULL, NULL, 200, "'versions':['v1']", NULL},
        {"GET", "/apis", NULL, NULL, 200, "rbac.authorization.k8s.io/v1", NULL},
        {"GET", "/api/v1", NULL, NULL, 200, "'name':'pods/status'", NULL},
        {"GET", "/version", NULL, NULL, 200, "v1.36.0", NULL},
        {"GET", "/openapi/v2", NULL, NULL, 200, "'x-kubernetes-patch-merge-key':'containerPort'", NULL},
        {"GET", "/openapi/v3", NULL, NULL, 200, "/openapi/v3/apis/coordination.k8s.io/v1?hash=", NULL},
        {"GET", "/openapi/v3/apis/coordination.k8s.io/v1", NULL, NULL, 200, "'name':'fieldValidation'", NULL},
        {"GET", "/openapi/v3/apis/none/v1", NULL, NULL, 404, NULL, NULL},
    };
    CHECK(*state, steps);
}

static void test_lists_in_pieces(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++) {
        char body[64];
        snprintf(body, sizeof(body), "{'metadata':{'name':'p%d','labels':{'p':''}}}", i);
        struct exchange e = world_ask(w, "POST", CM, JSON_TYPE, body);
        assert_int_equal(e.status, 201);
        exchange_free(&e);
    }
    struct buf seen = {0}, path = {0};
    buf_add_cstr(&path, CM "?limit=2&labelSelector=p");
    for (int round = 0; round < 3; round++) {
        struct exchange e = world_ask(w, "GET", buf_cstr(&path), NULL, NULL);
        assert_int_equal(e.status, 200);
        json_t *list = json_loads(buf_cstr(&e.body), 0, NULL), *item;
        size_t i;
        json_array_foreach (json_object_get(list, "items"), i, item)
            buf_printf(&seen, "%s ", json_text_at(item, "metadata.name").ptr);
        struct str token = json_text_at(list, "metadata.continue");
        assert_int_equal(token.len > 0, round < 2);
        buf_clear(&path);
        buf_printf(&path, CM "?limit=2&labelSelector=p&continue=%.*s", STR_ARG(token));
        json_decref(list);
        exchange_free(&e);
    }
    assert_string_equal(buf_cstr(&seen), "p0 p1 p2 p3 p4 ");
    buf_free(&seen);
    buf_free(&path);
}

/* What a ConfigMap holds is bounded, not only what a request may bring. */
static void test_size_limit(void **state)
{
    struct world *w = *state;
    static const struct {
        size_t size;
        int status;
    } cases[] = {{900 * 1024, 201}, {1200 * 1024, 422}};
    for (size_t i = 0; i < 2; i++) {
        struct buf body = {0};
        buf_printf(&body, "{\"metadata\":{\"name\":\"big%zu\"},\"data\":{\"x\":\"", i);
        memset(buf_reserve(&body, cases[i].size), 'x', cases[i].size);
        buf_grow_by(&body, cases[i].size);
        buf_add_cstr(&body, "\"}}");
        struct exchange e;
        world_start(w, &e, "POST", CM, JSON_TYPE, body.ptr, body.len);
        world_wait(w, &e);
        assert_int_equal(e.status, cases[i].status);
        exchange_free(&e);
        buf_free(&body);
    }
}

static void test_protobuf_body(void **state)
{
    struct world *w = *state;
    /* What kubectl 1.35 sends for: create configmap x --from-literal=a=b */
    static const unsigned char body[] = {
        0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, 0x43, 0x6f, 0x6e, 0x66, 0x69, 0x67,
        0x4d, 0x61, 0x70, 0x12, 0x1b, 0x0a, 0x11, 0x0a, 0x01, 0x78, 0x12, 0x00, 0x1a, 0x00, 0x22, 0x00, 0x2a, 0x00,
        0x32, 0x00, 0x38, 0x00, 0x42, 0x00, 0x12, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x62, 0x1a, 0x00, 0x22, 0x00};
    struct exchange e;
    const char *type = "Content-Type: application/vnd.kubernetes.protobuf\n";
    world_start(w, &e, "POST", CM "?fieldValidation=Strict", type, (const char *)body, sizeof(body));
    world_wait(w, &e);
    assert_int_equal(e.status, 201);
    assert_non_null(strstr(buf_cstr(&e.body), "\"data\":{\"a\":\"b\"}"));
    exchange_free(&e);
    for (size_t cut = 5; cut < sizeof(body); cut += 7) {
        world_start(w, &e, "POST", CM "?dryRun=All", type, (const char *)body, cut);
        world_wait(w, &e);
        assert_true(e.status == 400 || e.status == 422 || e.status == 409 || e.status == 201);
        exchange_free(&e);
    }
}

static bool has_no_namespace(struct world *w)
{
    return registry_get(w->registry, resource_find(STR(""), STR("v1"), STR("namespaces")), STR(""), STR("lab")) == NULL;
}

static void test_namespace_life(void **state)
{
    struct world *w = *state;
    static const struct step begin[] = {
        {"POST", "/api/v1/namespaces", JSON_TYPE, "{'metadata':{'name':'lab'}}", 201,
         "'kubernetes.io/metadata.name':'lab'", NULL},
        {"POST", "/api/v1/namespaces/lab/configmaps", JSON_TYPE, "{'metadata':{'name':'mine'}}", 201, NULL, NULL},
        {"GET", "/api/v1/namespaces/lab/serviceaccounts/default", NULL, NULL, 200, NULL, NULL},
        {"GET", "/api/v1/namespaces/lab/configmaps/kube-root-ca.crt", NULL, NULL, 200, "'ca.crt':'the CA'", NULL},
        {"DELETE", "/api/v1/namespaces/lab/configmaps/kube-root-ca.crt", NULL, NULL, 200, NULL, NULL},
        {"POST", "/api/v1/namespaces/lab/configmaps", JSON_TYPE, "{'metadata':{'name':'after'}}", 201, NULL, NULL},
        {"GET", "/api/v1/namespaces/lab/configmaps/kube-root-ca.crt", NULL, NULL, 200, "'ca.crt':'the CA'", NULL},
        {"DELETE", "/api/v1/namespaces/default", NULL, NULL, 403,
         "namespaces \\'default\\' is forbidden: this namespace may not be deleted", NULL},
        /* something in it holds on */
        {"PATCH", "/api/v1/namespaces/lab/configmaps/mine", MP, "{'metadata':{'finalizers':['example.org/x']}}", 200,
         NULL, NULL},
        {"DELETE", "/api/v1/namespaces/lab", NULL, NULL, 200, "'phase':'Terminating'", NULL},
        {"POST", "/api/v1/namespaces/lab/configmaps", JSON_TYPE, "{'metadata':{'name':'late'}}", 403,
         "unable to create new content in namespace lab because it is being terminated", NULL},
        {"GET", "/api/v1/namespaces/lab", NULL, NULL, 200, "'phase':'Terminating'", NULL},
        {"PATCH", "/api/v1/namespaces/lab/configmaps/mine", MP, "{'metadata':{'finalizers':null}}", 200, NULL, NULL},
    };
    CHECK(w, begin);
    world_wait_until(w, has_no_namespace);
    assert_int_equal(
        storage_list(registry_kind(w->registry, resource_find(STR(""), STR("v1"), STR("configmaps"))), STR("lab"))
            .count,
        0);
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        WORLD(test_create_and_read), WORLD(test_change_and_delete), WORLD(test_pods),
        WORLD(test_other_kinds),     WORLD(test_lists_in_pieces),   WORLD(test_size_limit),
        WORLD(test_protobuf_body),   WORLD(test_namespace_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
