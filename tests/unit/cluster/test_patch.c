#include "cluster/patch.h"

#include "cluster/json_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    char *json = strdup(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *dom = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(dom);
    free(json);
    return dom;
}

/* RFC 7386, appendix A, as far as both sides are objects. */
static void test_merge_patch(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{'a':'b'}", "{'a':'c'}", "{'a':'c'}"},
        {"{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}"},
        {"{'a':'b'}", "{'a':null}", "{}"},
        {"{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}"},
        {"{'a':['b']}", "{'a':'c'}", "{'a':'c'}"},
        {"{'a':'c'}", "{'a':['b']}", "{'a':['b']}"},
        {"{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}"},
        {"{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}"},
        {"{'e':null}", "{'a':1}", "{'e':null,'a':1}"},
        {"{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *object = parse(cases[i][0]), *patch = parse(cases[i][1]), *want = parse(cases[i][2]);
        merge_patch(object, patch);
        if (!json_equal(object, want))
            fail_msg("%s + %s", cases[i][0], cases[i][1]);
        json_decref(object);
        json_decref(patch);
        json_decref(want);
    }
}

static const struct {
    const char *document, *patch, *want;
    int code; /* when WANT is NULL */
} json_cases[] = {
    {"{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]", "{'baz':'qux','foo':'bar'}", 0},
    {"{'foo':['bar','baz']}", "[{'op':'add','path':'/foo/1','value':'qux'}]", "{'foo':['bar','qux','baz']}", 0},
    {"{'foo':['bar']}", "[{'op':'add','path':'/foo/-','value':['abc']}]", "{'foo':['bar',['abc']]}", 0},
    {"{'foo':['bar']}", "[{'op':'add','path':'/foo/2','value':'x'}]", NULL, 422},
    {"{'foo':['bar']}", "[{'op':'add','path':'/foo/01','value':'x'}]", NULL, 422},
    {"{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]", "{'foo':'bar'}", 0},
    {"{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]", "{'foo':['bar','baz']}", 0},
    {"{'a':1}", "[{'op':'remove','path':'/nothere'}]", NULL, 422},
    {"{'a':1}", "[{'op':'remove','path':''}]", NULL, 422},
    {"{'baz':'qux','foo':'bar'}", "[{'op':'replace','path':'/baz','value':'boo'}]", "{'baz':'boo','foo':'bar'}", 0},
    {"{'a':[1,2]}", "[{'op':'replace','path':'/a/1','value':3}]", "{'a':[1,3]}", 0},
    {"{'a':1}", "[{'op':'replace','path':'/b','value':3}]", NULL, 422},
    {"{'a':1}", "[{'op':'replace','path':'','value':{'b':2}}]", "{'b':2}", 0},
    {"{'foo':{'bar':'baz','waldo':'fred'},'qux':{}}", "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
     "{'foo':{'bar':'baz'},'qux':{'thud':'fred'}}", 0},
    {"{'foo':['a','b','c','d']}", "[{'op':'move','from':'/foo/1','path':'/foo/3'}]", "{'foo':['a','c','d','b']}", 0},
    {"{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]", "{'a':{'b':1},'c':{'b':1}}", 0},
    {"{'a':1}", "[{'op':'copy','from':'/x','path':'/c'}]", NULL, 422},
    {"{'baz':'qux','foo':['a',2,'c']}",
     "[{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/1','value':2}]",
     "{'baz':'qux','foo':['a',2,'c']}", 0},
    {"{'baz':'qux'}", "[{'op':'test','path':'/baz','value':'bar'}]", NULL, 422},
    {"{'a/b':1,'m~n':2}", "[{'op':'remove','path':'/a~1b'},{'op':'replace','path':'/m~0n','value':3}]", "{'m~n':3}", 0},
    {"{'a':1}", "[{'op':'add','path':'/x/y','value':1}]", NULL, 422},
    {"{'a':1}", "[{'op':'add','path':'/a/y','value':1}]", NULL, 422},
    {"{'a':1}", "[{'op':'add','path':'x','value':1}]", NULL, 400},
    {"{'a':1}", "[{'op':'add','path':'/~2','value':1}]", NULL, 400},
    {"{'a':1}", "[{'op':'add','path':'/b'}]", NULL, 400},
    {"{'a':1}", "[{'op':'move','path':'/b'}]", NULL, 400},
    {"{'a':1}", "[{'op':'frob','path':'/b'}]", NULL, 400},
    {"{'a':1}", "[1]", NULL, 400},
    {"{'a':1}", "{'op':'add'}", NULL, 400},
    {"{'a':1}", "[{'op':'add','path':'/b','value':null}]", "{'a':1,'b':null}", 0},
};

static void test_json_patch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++) {
        json_t *document = parse(json_cases[i].document), *patch = parse(json_cases[i].patch);
        json_t *before = json_deep_copy(document);
        struct error err = {0};
        json_t *got = json_patch(document, patch, &err);
        json_t *want = json_cases[i].want != NULL ? parse(json_cases[i].want) : NULL;
        if ((got == NULL) != (want == NULL) || (got != NULL && !json_equal(got, want)))
            fail_msg("%s + %s", json_cases[i].document, json_cases[i].patch);
        if (got == NULL)
            assert_int_equal(err.code, json_cases[i].code);
        assert_true(json_equal(document, before));
        error_clear(&err);
        json_decref(document);
        json_decref(before);
        json_decref(patch);
        json_decref(got);
        json_decref(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merge_patch), cmocka_unit_test(test_json_patch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
