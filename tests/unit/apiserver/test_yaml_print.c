#include "apiserver/yaml_print.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *json;
    const char *yaml;
} cases[] = {
    {"{}", "{}\n"},
    {"[]", "[]\n"},
    {"null", "null\n"},
    {"{\"b\":1,\"a\":[true,false,null],\"c\":{}}", "a:\n- true\n- false\n- null\nb: 1\nc: {}\n"},
    {"{\"kind\":\"NodeMetrics\",\"metadata\":{\"name\":\"n1\",\"creationTimestamp\":\"2026-01-31T12:00:20Z\"},"
     "\"usage\":{\"cpu\":\"137250213n\",\"memory\":\"1563452Ki\"},\"window\":\"15.02s\"}",
     "kind: NodeMetrics\nmetadata:\n  creationTimestamp: \"2026-01-31T12:00:20Z\"\n  name: n1\nusage:\n  cpu: "
     "137250213n\n  memory: 1563452Ki\nwindow: 15.02s\n"},
    /* strings that would read as something else */
    {"[\"true\",\"No\",\"on\",\"y\",\"null\",\"~\",\"\",\"<<\"]",
     "- \"true\"\n- \"No\"\n- \"on\"\n- \"y\"\n- \"null\"\n- \"~\"\n- \"\"\n- \"<<\"\n"},
    {"[\"1\",\"-1.5\",\"1e3\",\"0x1F\",\"1_000\",\"1:30\",\".5\",\".inf\",\"0o17\"]",
     "- \"1\"\n- \"-1.5\"\n- \"1e3\"\n- \"0x1F\"\n- \"1_000\"\n- \"1:30\"\n- \".5\"\n- \".inf\"\n- \"0o17\"\n"},
    {"[\"2026-01-31\",\"2026-1-3 10:00\"]", "- \"2026-01-31\"\n- \"2026-1-3 10:00\"\n"},
    /* and some that don't */
    {"[\"10.0.0.1\",\"250m\",\"v1\",\"1.2.3\",\"e\",\"truely\",\"2026-01-31x\",\"0xZZ\"]",
     "- 10.0.0.1\n- 250m\n- v1\n- 1.2.3\n- e\n- truely\n- 2026-01-31x\n- 0xZZ\n"},
    {"[\"a\\nb\\n\"]", "- |\n  a\n  b\n"},
    {"[\"a: b\",\"# no\",\"- x\"]", "- 'a: b'\n- '# no'\n- '- x'\n"},
    {"[9007199254740993,1.5,-0.1]", "- 9007199254740993\n- 1.5\n- -0.1\n"},
    {"{\"1\":\"a\",\"true\":\"b\"}", "\"1\": a\n\"true\": b\n"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf got = {0};
        auto_error struct error err = {0};
        if (!yaml_print_json(&got, str_of(cases[i].json), &err))
            fail_msg("%s: %s", cases[i].json, error_text(&err));
        assert_string_equal(buf_cstr(&got), cases[i].yaml);
    }
}

static void test_malformed(void **state)
{
    auto_buf struct buf got = {0};
    auto_error struct error err = {0};

    (void)state;
    buf_add_cstr(&got, "before");
    assert_false(yaml_print_json(&got, STR("{\"a\":"), &err));
    assert_true(error_is_set(&err));
    assert_string_equal(buf_cstr(&got), "before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_malformed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
