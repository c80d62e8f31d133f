#include "cluster/schema.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"

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

static const struct {
    const struct resource *kind;
    const char *object;
    const char *want;    /* what it becomes; NULL: refused */
    const char *unknown; /* or the error's text */
} cases[] = {
    {&resource_configmaps, "{'data':{'a':'1'},'kind':'ConfigMap'}", "{'data':{'a':'1'},'kind':'ConfigMap'}", "[]"},
    {&resource_configmaps, "{'data':{},'metadata':{'creationTimestamp':null,'labels':null}}", "{'metadata':{}}", "[]"},
    {&resource_configmaps, "{'data':{'a':null}}", "{'data':{'a':''}}", "[]"},
    {&resource_configmaps, "{'data':{'a':1}}", NULL,
     "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"},
    {&resource_configmaps, "{'data':[]}", NULL,
     "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string"},
    {&resource_configmaps, "{'binaryData':{'a':'%%'}}", NULL, "illegal base64 data in field \"binaryData\""},
    {&resource_configmaps, "{'metadata':{'creationTimestamp':'yesterday'}}", NULL,
     "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\""},
    {&resource_services, "{'spec':{'prots':[{'port':80}],'ports':[{'port':80,'targetPort':'http','x':1}]}}",
     "{'spec':{'ports':[{'port':80,'targetPort':'http'}]}}", "['spec.prots','spec.ports[0].x']"},
    {&resource_services, "{'spec':{'ports':[{'port':80.5}]}}", NULL,
     "json: cannot unmarshal number into Go struct field ServicePort.spec.ports.port of type int32"},
    {&resource_services, "{'spec':{'ports':[{'port':4294967296}]}}", NULL,
     "json: cannot unmarshal number into Go struct field ServicePort.spec.ports.port of type int32"},
    {&resource_services, "{'spec':'x'}", NULL,
     "json: cannot unmarshal string into Go struct field Service.spec of type v1.ServiceSpec"},
    {&resource_pods,
     "{'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':1,'memory':'1Gi'}},'command':[]}],"
     "'volumes':[{'name':'v','emptyDir':{}}]}}",
     "{'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':1,'memory':'1Gi'}}}],"
     "'volumes':[{'name':'v','emptyDir':{}}]}}",
     "[]"},
    {&resource_pods, "{'spec':{'containers':[{'resources':{'limits':{'cpu':'one'}}}]}}", NULL,
     "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
    {&resource_pods, "{'spec':{'hostNetwork':'yes'}}", NULL,
     "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool"},
    {&resource_pods, "{'metadata':{'managedFields':[{'fieldsV1':{'f:x':{'anything':[1]}}}]}}",
     "{'metadata':{'managedFields':[{'fieldsV1':{'f:x':{'anything':[1]}}}]}}", "[]"},
    {&resource_pods, "'text'", NULL, "json: cannot unmarshal string into Go value of type v1.Pod"},
};

static void test_decode(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *object = parse(cases[i].object), *unknown = json_array();
        struct error err = {0};
        bool is_ok = schema_decode(cases[i].kind->schema, object, unknown, &err);
        if (is_ok != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].object, is_ok ? "accepted" : error_text(&err));
        if (is_ok) {
            json_t *want = parse(cases[i].want), *want_unknown = parse(cases[i].unknown);
            char *got = json_dumps(object, JSON_COMPACT), *got_unknown = json_dumps(unknown, JSON_COMPACT);
            if (!json_equal(object, want) || !json_equal(unknown, want_unknown))
                fail_msg("%s: %s %s", cases[i].object, got, got_unknown);
            free(got);
            free(got_unknown);
            json_decref(want);
            json_decref(want_unknown);
        } else {
            assert_string_equal(error_text(&err), cases[i].unknown);
            assert_int_equal(err.code, 400);
        }
        error_clear(&err);
        json_decref(object);
        json_decref(unknown);
    }
}

/* Every kind has what all kinds have, and no table has a field twice. */
static void walk(const struct schema *s, unsigned depth)
{
    assert_true(depth < 32);
    for (const struct schema_field *f = s->fields; f->name != NULL; f++) {
        assert_ptr_equal(schema_find(s, str_of(f->name)), f);
        assert_int_equal(f->type == SCHEMA_OBJECT, f->of != NULL);
        if (f->merge_key != NULL)
            assert_non_null(schema_find(f->of, str_of(f->merge_key)));
        if (f->of != NULL)
            walk(f->of, depth + 1);
    }
}

static void test_tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; resources[i] != NULL; i++) {
        static const char *const common[] = {"kind", "apiVersion", "metadata"};
        for (size_t k = 0; k < 3; k++)
            assert_non_null(schema_find(resources[i]->schema, str_of(common[k])));
        assert_int_equal(schema_find(resources[i]->schema, STR("status")) != NULL, resources[i]->has_status);
        walk(resources[i]->schema, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decode), cmocka_unit_test(test_tables_are_sound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
