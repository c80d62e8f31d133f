#include "cluster/strategic_merge.h"

#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Single quotes stand for double ones. */
static json_t *parse(const char *text)
{
    char *json = strdup(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *dom = json_loads(json, 0, NULL);
    assert_non_null(dom);
    free(json);
    return dom;
}

#define POD &resource_pods
#define NODE &resource_nodes
#define CM &resource_configmaps
#define SVC &resource_services
#define SA &resource_serviceaccounts

static const struct {
    const char *name;
    const struct resource *kind;
    const char *object, *patch, *want; /* want NULL: refused */
} cases[] = {
    {"map keys are merged", CM, "{'data':{'a':'1','b':'2'}}", "{'data':{'b':'3','c':'4'}}",
     "{'data':{'a':'1','b':'3','c':'4'}}"},
    {"null deletes", CM, "{'data':{'a':'1','b':'2'}}", "{'data':{'b':null}}", "{'data':{'a':'1'}}"},
    {"null of what isn't there", CM, "{'data':{'a':'1'}}", "{'data':{'x':null},'binaryData':null}",
     "{'data':{'a':'1'}}"},
    {"nulls don't survive in new maps", CM, "{}", "{'data':{'x':null,'y':'1'}}", "{'data':{'y':'1'}}"},
    {"$patch replace of a map", CM, "{'data':{'a':'1','b':'2'}}", "{'data':{'$patch':'replace','c':'3'}}",
     "{'data':{'c':'3'}}"},
    {"$patch delete of a map", CM, "{'data':{'a':'1'}}", "{'data':{'$patch':'delete'}}", "{'data':{}}"},
    {"unknown directive", CM, "{'data':{}}", "{'data':{'$patch':'explode'}}", NULL},
    {"containers by name", POD, "{'spec':{'containers':[{'name':'a','image':'x'},{'name':'b','image':'y'}]}}",
     "{'spec':{'containers':[{'name':'b','image':'z'},{'name':'c','image':'w'}]}}",
     "{'spec':{'containers':[{'name':'a','image':'x'},{'name':'b','image':'z'},{'name':'c','image':'w'}]}}"},
    {"a container goes", POD, "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
     "{'spec':{'containers':[{'name':'a','$patch':'delete'}]}}", "{'spec':{'containers':[{'name':'b'}]}}"},
    {"a list is replaced", POD, "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
     "{'spec':{'containers':[{'$patch':'replace'},{'name':'c'}]}}", "{'spec':{'containers':[{'name':'c'}]}}"},
    {"a list item without its key", POD, "{'spec':{'containers':[{'name':'a'}]}}",
     "{'spec':{'containers':[{'image':'x'}]}}", NULL},
    {"ports by number", POD,
     "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80},{'containerPort':81}]}]}}",
     "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':81,'name':'m'}]}]}}",
     "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80},{'containerPort':81,'name':'m'}]}]}}"},
    {"env by name, nested", POD, "{'spec':{'containers':[{'name':'a','env':[{'name':'X','value':'1'}]}]}}",
     "{'spec':{'containers':[{'name':'a','env':[{'name':'Y','value':'2'}]}]}}",
     "{'spec':{'containers':[{'name':'a','env':[{'name':'X','value':'1'},{'name':'Y','value':'2'}]}]}}"},
    {"command is atomic", POD, "{'spec':{'containers':[{'name':'a','command':['x','y']}]}}",
     "{'spec':{'containers':[{'name':'a','command':['z']}]}}",
     "{'spec':{'containers':[{'name':'a','command':['z']}]}}"},
    {"tolerations are atomic", POD, "{'spec':{'tolerations':[{'key':'a'}]}}", "{'spec':{'tolerations':[{'key':'b'}]}}",
     "{'spec':{'tolerations':[{'key':'b'}]}}"},
    {"taints are atomic", NODE, "{'spec':{'taints':[{'key':'a','effect':'NoSchedule'}]}}",
     "{'spec':{'taints':[{'key':'b','effect':'NoExecute'}]}}",
     "{'spec':{'taints':[{'key':'b','effect':'NoExecute'}]}}"},
    {"taints go", NODE, "{'spec':{'taints':[{'key':'a'}],'podCIDR':'x'}}", "{'spec':{'taints':null}}",
     "{'spec':{'podCIDR':'x'}}"},
    {"conditions by type", NODE,
     "{'status':{'conditions':[{'type':'Ready','status':'False'},{'type':'X','status':'1'}]}}",
     "{'status':{'conditions':[{'type':'Ready','status':'True'}]}}",
     "{'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'X','status':'1'}]}}"},
    {"addresses by type", NODE, "{'status':{'addresses':[{'type':'Hostname','address':'a'}]}}",
     "{'status':{'addresses':[{'type':'InternalIP','address':'1'},{'type':'Hostname','address':'b'}]}}",
     "{'status':{'addresses':[{'type':'Hostname','address':'b'},{'type':'InternalIP','address':'1'}]}}"},
    {"images are atomic", NODE, "{'status':{'images':[{'names':['a']}]}}", "{'status':{'images':[{'names':['b']}]}}",
     "{'status':{'images':[{'names':['b']}]}}"},
    {"owners by uid", CM, "{'metadata':{'ownerReferences':[{'uid':'1','name':'a'}]}}",
     "{'metadata':{'ownerReferences':[{'uid':'2','name':'b'},{'uid':'1','name':'c'}]}}",
     "{'metadata':{'ownerReferences':[{'uid':'1','name':'c'},{'uid':'2','name':'b'}]}}"},
    {"finalizers are a set", CM, "{'metadata':{'finalizers':['a','b']}}", "{'metadata':{'finalizers':['b','c']}}",
     "{'metadata':{'finalizers':['a','b','c']}}"},
    {"a primitive goes", CM, "{'metadata':{'finalizers':['a','b']}}",
     "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a']}}", "{'metadata':{'finalizers':['b']}}"},
    {"a primitive goes, another comes", CM, "{'metadata':{'finalizers':['a','b']}}",
     "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a'],'finalizers':['c']}}",
     "{'metadata':{'finalizers':['b','c']}}"},
    {"secrets by name", SA, "{'secrets':[{'name':'a'}]}", "{'secrets':[{'name':'b'}]}",
     "{'secrets':[{'name':'a'},{'name':'b'}]}"},
    {"service ports by port", SVC, "{'spec':{'ports':[{'port':80,'name':'a'},{'port':81}]}}",
     "{'spec':{'ports':[{'port':80,'name':'b'}]}}", "{'spec':{'ports':[{'port':80,'name':'b'},{'port':81}]}}"},
    {"element order: as listed, then where they were", POD,
     "{'spec':{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}}",
     "{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'}],'containers':[{'name':'a','image':'x'}]}}",
     "{'spec':{'containers':[{'name':'b'},{'name':'c'},{'name':'a','image':'x'}]}}"},
    {"element order with a new item first", POD, "{'spec':{'containers':[{'name':'a'}]}}",
     "{'spec':{'$setElementOrder/containers':[{'name':'n'},{'name':'a'}],'containers':[{'name':'n','image':'x'}]}}",
     "{'spec':{'containers':[{'name':'n','image':'x'},{'name':'a'}]}}"},
    {"element order alone", POD, "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
     "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}",
     "{'spec':{'containers':[{'name':'b'},{'name':'a'}]}}"},
    {"element order of primitives", CM, "{'metadata':{'finalizers':['a','b']}}",
     "{'metadata':{'$setElementOrder/finalizers':['c','a','b'],'finalizers':['c']}}",
     "{'metadata':{'finalizers':['c','a','b']}}"},
    {"element order of a list that isn't there", POD, "{'spec':{}}",
     "{'spec':{'$setElementOrder/containers':[{'name':'b'}]}}", "{'spec':{}}"},
    {"retain keys: unions", POD, "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
     "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','hostPath'],'hostPath':{'path':'/x'}}]}}",
     "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}}"},
    {"an object where there was a value", CM, "{'data':'odd'}", "{'data':{'a':'1'}}", "{'data':{'a':'1'}}"},
    {"lists of unknown fields are replaced", CM, "{'zzz':[{'name':'a'}]}", "{'zzz':[{'name':'b'}]}",
     "{'zzz':[{'name':'b'}]}"},
    {"no object", CM, "{}", "['a']", NULL},
    {"keyed list with text in it", POD, "{'spec':{'containers':[]}}", "{'spec':{'containers':['x']}}", NULL},
    {"retain keys of another type", POD, "{'spec':{}}", "{'spec':{'$retainKeys':'x'}}", NULL},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *object = parse(cases[i].object), *patch = parse(cases[i].patch), *before = json_deep_copy(patch);
        struct error err = {0};
        bool is_ok = strategic_merge(cases[i].kind->schema, object, patch, &err);
        if (is_ok != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].name, is_ok ? "accepted" : error_text(&err));
        if (!json_equal(patch, before))
            fail_msg("%s: the patch was changed", cases[i].name);
        if (is_ok) {
            json_t *want = parse(cases[i].want);
            char *got = json_dumps(object, JSON_COMPACT);
            if (!json_equal(object, want))
                fail_msg("%s: %s", cases[i].name, got);
            free(got);
            json_decref(want);
        }
        error_clear(&err);
        json_decref(object);
        json_decref(patch);
        json_decref(before);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    json_t *patch = json_object(), *object = json_object();
    for (int i = 0; i < 1000; i++)
        patch = json_pack("{s:o}", "a", patch);
    struct error err = {0};
    assert_false(strategic_merge(resource_pods.schema, object, patch, &err));
    assert_int_equal(err.code, 400);
    error_clear(&err);
    json_decref(patch);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_depth_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
