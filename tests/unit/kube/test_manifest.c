#include "kube/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

static void test_values(void **state)
{
    static const struct {
        const char *name, *text, *json;
    } cases[] = {
        {"json", " {\"a\":[1,2.5,true,null,\"x\"]}\n", "{\"a\": [1, 2.5, true, null, \"x\"]}"},
        {"block mapping", "a: 1\nb:\n  c: x\n", "{\"a\": 1, \"b\": {\"c\": \"x\"}}"},
        {"sequence", "a:\n- 1\n- x: y\n", "{\"a\": [1, {\"x\": \"y\"}]}"},
        {"flow", "{a: [1, two]}", NULL}, /* begins like JSON and isn't */
        {"flow inside", "a: [1, two]", "{\"a\": [1, \"two\"]}"},
        {"nulls", "a: ~\nb:\nc: null", "{\"a\": null, \"b\": null, \"c\": null}"},
        {"booleans", "a: true\nb: False\nc: yes\nd: off",
         "{\"a\": true, \"b\": false, \"c\": \"yes\", \"d\": \"off\"}"},
        {"quoted", "a: \"1\"\nb: 'true'\nc: !!str 7", "{\"a\": \"1\", \"b\": \"true\", \"c\": \"7\"}"},
        {"numbers", "a: -5\nb: 1.5\nc: 1e3\nd: 9223372036854775808",
         "{\"a\": -5, \"b\": 1.5, \"c\": 1000.0, \"d\": 9.2233720368547758e18}"},
        {"no numbers", "a: 250m\nb: 1.2.3\nc: \"-\"\nd: 10.0.0.1\ne: -", NULL},
        {"like numbers", "a: 250m\nb: 1.2.3\nc: 10.0.0.1\nd: e5\ne: 1e",
         "{\"a\": \"250m\", \"b\": \"1.2.3\", \"c\": \"10.0.0.1\", \"d\": \"e5\", \"e\": \"1e\"}"},
        {"literal block", "a: |\n  x\n  y\n", "{\"a\": \"x\\ny\\n\"}"},
        {"comment and marker", "# hi\n---\na: 1 # there\n", "{\"a\": 1}"},
        {"deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL},
        {"twice", "a: 1\na: 2\n", NULL},
        {"twice in json", "{\"a\":1,\"a\":2}", NULL},
        {"two documents", "a: 1\n---\nb: 2\n", NULL},
        {"alias", "a: &x 1\nb: *x\n", NULL},
        {"key no string", "? [a]\n: 1\n", NULL},
        {"empty", "", NULL},
        {"only a comment", "# nothing\n", NULL},
        {"broken", "a: [1\nb: 2", NULL},
        {"tab", "a:\n\tb: 1\n", NULL},
        {"half json", "{\"a\":", NULL},
        {"not utf-8", "a: \xff\xfe\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        json_t *found = manifest_parse(str_of(cases[i].text), &err);
        print_message("%s%s%s\n", cases[i].name, found == NULL ? ": " : "", error_text(&err));
        assert_int_equal(found != NULL, cases[i].json != NULL);
        assert_int_equal(error_is_set(&err), cases[i].json == NULL);
        if (found != NULL) {
            json_t *expected = json_loads(cases[i].json, 0, NULL);
            assert_non_null(expected);
            assert_true(json_equal(found, expected));
            json_decref(expected);
        }
        json_decref(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
