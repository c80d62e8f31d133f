#include "kube/pod_qos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define BOTH "{\"cpu\":\"1\",\"memory\":\"1Gi\"}"

static const struct {
    const char *name;
    const char *spec;
    const char *class;
} cases[] = {
    {"no containers", "{}", "BestEffort"},
    {"nothing asked", "{\"containers\":[{\"name\":\"a\",\"resources\":{}}]}", "BestEffort"},
    {"zero is nothing", "{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"0\"}}}]}", "BestEffort"},
    {"limits alone are requests too", "{\"containers\":[{\"resources\":{\"limits\":" BOTH "}}]}", "Guaranteed"},
    {"equal in other words",
     "{\"containers\":[{\"resources\":{\"limits\":" BOTH ",\"requests\":{\"cpu\":\"1000m\",\"memory\":\"1024Mi\"}}}]}",
     "Guaranteed"},
    {"a number is a quantity", "{\"containers\":[{\"resources\":{\"limits\":" BOTH ",\"requests\":{\"cpu\":1}}}]}",
     "Guaranteed"},
    {"request below limit", "{\"containers\":[{\"resources\":{\"limits\":" BOTH ",\"requests\":{\"cpu\":\"1m\"}}}]}",
     "Burstable"},
    {"one resource only", "{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]}", "Burstable"},
    {"one container of two", "{\"containers\":[{\"resources\":{\"limits\":" BOTH "}},{\"name\":\"b\"}]}", "Burstable"},
    {"an init container counts",
     "{\"containers\":[{\"resources\":{\"limits\":" BOTH "}}],\"initContainers\":[{\"name\":\"b\"}]}", "Burstable"},
};

static void classes_follow_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_error_t where;
        json_t *spec = json_loads(cases[i].spec, 0, &where);
        assert_non_null(spec);
        print_message("%s\n", cases[i].name);
        assert_string_equal(pod_qos_class(spec), cases[i].class);
        json_decref(spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes_follow_the_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
