#include "kube/json_scan.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_validity(void **state)
{
    static const struct {
        const char *json;
        const char *fault; /* NULL: valid */
    } cases[] = {
        {"null", NULL},
        {" true ", NULL},
        {"false", NULL},
        {"0", NULL},
        {"-0.5e+10", NULL},
        {"1E400", NULL},
        {"\"\"", NULL},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud800\"", NULL},
        {"\"abcdefgh\xc3\xa9ijklmnop\xf0\x9f\x98\x80\"", NULL},
        {"{}", NULL},
        {"[]", NULL},
        {"\t{ \"a\" : [ 1 , { } , [ ] ] , \"b\" : \"x\" }\r\n", NULL},
        {"[[[[[[]]]]],1]", NULL},
        {"", "the document ends too early"},
        {"  ", "the document ends too early"},
        {"nul", "a value was expected"},
        {"True", "a value was expected"},
        {"truex", "something follows the document"},
        {"1 2", "something follows the document"},
        {"{}}", "something follows the document"},
        {"01", "something follows the document"},
        {"-", "a digit was expected"},
        {"1.", "a digit was expected"},
        {".5", "a value was expected"},
        {"+1", "a value was expected"},
        {"1e", "a digit was expected"},
        {"1e+", "a digit was expected"},
        {"NaN", "a value was expected"},
        {"\"", "the document ends within a string"},
        {"\"abc", "the document ends within a string"},
        {"\"abcdefgh\\", "unknown escape in a string"},
        {"\"\\x\"", "unknown escape in a string"},
        {"\"\\u12\"", "\\u without four hex digits"},
        {"\"\\u123g\"", "\\u without four hex digits"},
        {"\"a\nb\"", "control character in a string"},
        {"\"abcdefgh\x01\"", "control character in a string"},
        {"\"\xff\"", "a string that is not UTF-8"},
        {"\"\xc3\"", "a string that is not UTF-8"},
        {"\"\xed\xa0\x80\"", "a string that is not UTF-8"},
        {"'a'", "a value was expected"},
        {"{", "a member's name was expected"},
        {"{a:1}", "a member's name was expected"},
        {"{\"a\"}", "':' was expected"},
        {"{\"a\":}", "a value was expected"},
        {"{\"a\":1", "',' or '}' was expected"},
        {"{\"a\":1 \"b\":2}", "',' or '}' was expected"},
        {"{\"a\":1,}", "a member's name was expected"},
        {"{\"a\":1]", "',' or '}' was expected"},
        {"{,}", "a member's name was expected"},
        {"[", "the document ends too early"},
        {"[1", "',' or ']' was expected"},
        {"[1,]", "a value was expected"},
        {"[1}", "',' or ']' was expected"},
        {"[,1]", "a value was expected"},
        {"[1 2]", "',' or ']' was expected"},
        {"]", "a value was expected"},
        {"// comment\n1", "a value was expected"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].json);
        auto_free char *exact = mem_alloc(len + 1); /* moved to its end: a byte too far is noticed */
        const char *fault;
        bool is_valid;

        memcpy(exact + 1, cases[i].json, len);
        is_valid = json_is_valid(str_from(exact + 1, len), &fault);

        if (is_valid != (cases[i].fault == NULL) || strcmp(fault, is_valid ? "" : cases[i].fault) != 0)
            fail_msg("%s: %s", cases[i].json, fault);
    }
    assert_false(json_is_valid(str_from("1\0", 2), NULL));
    assert_false(json_is_valid((struct str){0}, NULL));
}

/* Walking through all members and elements sees what skipping sees. */
static void walk(struct json_scan *s)
{
    struct str key;

    switch (json_scan_peek(s)) {
    case JSON_SCAN_OBJECT:
        json_scan_enter_object(s);
        while (json_scan_next_member(s, &key))
            walk(s);
        break;
    case JSON_SCAN_ARRAY:
        json_scan_enter_array(s);
        while (json_scan_next_element(s))
            walk(s);
        break;
    default:
        json_scan_skip(s);
    }
}

static void test_walking_is_as_strict(void **state)
{
    static const char *const cases[] = {
        "{\"a\":[1,{\"b\":null},[]],\"c\":\"x\"}",
        "[]",
        "[ ]",
        "{ }",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "[[1],[2]",
        "{\"a\":{\"b\":[}}",
        "",
        "1",
        "nul",
        "[1]]",
        "{1:2}",
        "[\"\\x\"]",
        "{\"\\x\":1}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct json_scan s = json_scan_of(str_of(cases[i]), &arena);

        walk(&s);
        if (json_scan_finish(&s) != json_is_valid(str_of(cases[i]), NULL))
            fail_msg("%s: %s", cases[i], json_scan_fault(&s));
    }
}

static void test_reading(void **state)
{
    static const char json[] = " {\"name\":\"web\",\"skipped\":{\"x\":[1,2]},\"n\":-7,\"big\":9223372036854775807,"
                               "\"yes\":true,\"no\":null,\"list\":[\"a\",null,\"b\"],\"none\":null,"
                               "\"raw\": { \"k\" : 1 } ,\"es\\u0063aped\":\"q\\\"\\n\\u00e9\\ud83d\\ude00\\ud800x\"} ";
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(str_of(json), &arena);
    struct str key, name = {0}, raw = {0}, escaped = {0}, elements[3];
    int64_t n = 0, big = 0, none = 5;
    bool yes = false, no = true;
    size_t count = 0, members = 0;

    (void)state;
    assert_int_equal(json_scan_peek(&s), JSON_SCAN_OBJECT);
    assert_true(json_scan_enter_object(&s));
    for (; json_scan_next_member(&s, &key); members++) {
        if (str_eq_cstr(key, "name")) {
            assert_int_equal(json_scan_peek(&s), JSON_SCAN_STRING);
            assert_true(json_scan_str(&s, &name));
        } else if (str_eq_cstr(key, "n")) {
            assert_true(json_scan_i64(&s, &n));
        } else if (str_eq_cstr(key, "big")) {
            assert_true(json_scan_i64(&s, &big));
        } else if (str_eq_cstr(key, "yes")) {
            assert_true(json_scan_bool(&s, &yes));
        } else if (str_eq_cstr(key, "no")) {
            assert_true(json_scan_bool(&s, &no));
        } else if (str_eq_cstr(key, "list")) {
            assert_true(json_scan_enter_array(&s));
            while (json_scan_next_element(&s))
                assert_true(json_scan_str(&s, &elements[count++]));
        } else if (str_eq_cstr(key, "none")) {
            assert_true(json_scan_i64(&s, &none));
        } else if (str_eq_cstr(key, "raw")) {
            assert_true(json_scan_raw(&s, &raw));
        } else if (str_eq_cstr(key, "escaped")) {
            assert_true(json_scan_str(&s, &escaped));
        }
    }
    assert_true(json_scan_finish(&s));
    assert_int_equal(members, 10);
    assert_true(str_eq_cstr(name, "web"));
    assert_true(name.ptr > json && name.ptr < json + sizeof(json)); /* not copied */
    assert_int_equal(n, -7);
    assert_int_equal(big, INT64_MAX);
    assert_int_equal(none, 0);
    assert_true(yes);
    assert_false(no);
    assert_int_equal(count, 3);
    assert_true(str_eq_cstr(elements[0], "a") && elements[1].len == 0 && str_eq_cstr(elements[2], "b"));
    assert_true(str_eq_cstr(raw, "{ \"k\" : 1 }"));
    assert_true(str_eq_cstr(escaped, "q\"\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx"));
}

static void test_unescaping(void **state)
{
    static const struct {
        const char *json;
        struct str text;
    } cases[] = {
        {"\"\\u0000\"", STR_INIT("\0")},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", STR_INIT("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")},
        {"\"\\uD834\\uDD1E\"", STR_INIT("\xf0\x9d\x84\x9e")},
        {"\"\\udbff\\udfff\"", STR_INIT("\xf4\x8f\xbf\xbf")},
        {"\"\\ud800\"", STR_INIT("\xef\xbf\xbd")},
        {"\"\\udc00\\ud800\"", STR_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
        {"\"\\ud800\\u0041\"", STR_INIT("\xef\xbf\xbd\x41")},
        {"\"\\ud800\\n\"", STR_INIT("\xef\xbf\xbd\n")},
        {"\"\\/\\b\\f\\r\\t\"", STR_INIT("/\b\f\r\t")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct json_scan s = json_scan_of(str_of(cases[i].json), &arena);
        struct str text;

        assert_true(json_scan_str(&s, &text) && json_scan_finish(&s));
        if (!str_eq(text, cases[i].text))
            fail_msg("%s", cases[i].json);
    }
}

static void test_wrong_types(void **state)
{
    auto_arena struct arena arena = {0};
    struct json_scan s;
    struct str text = STR("kept");
    int64_t n = 7;
    bool b = true;

    (void)state;
    s = json_scan_of(STR("1"), &arena);
    assert_false(json_scan_str(&s, &text));
    assert_string_equal(json_scan_fault(&s), "a string was expected");
    s = json_scan_of(STR("1.0"), &arena);
    assert_false(json_scan_i64(&s, &n));
    s = json_scan_of(STR("9223372036854775808"), &arena);
    assert_false(json_scan_i64(&s, &n));
    s = json_scan_of(STR("\"1\""), &arena);
    assert_false(json_scan_i64(&s, &n));
    s = json_scan_of(STR("0"), &arena);
    assert_false(json_scan_bool(&s, &b));
    s = json_scan_of(STR("[]"), &arena);
    assert_false(json_scan_enter_object(&s));
    assert_false(json_scan_finish(&s));
    s = json_scan_of(STR("{}"), &arena);
    assert_false(json_scan_enter_array(&s));
    assert_int_equal(n, 7);
    assert_true(b && str_eq_cstr(text, "kept"));
    /* the first fault sticks, and nothing moves */
    assert_false(json_scan_skip(&s) || json_scan_raw(&s, &text) || json_scan_bool(&s, &b) || json_scan_i64(&s, &n));
    assert_int_equal(json_scan_peek(&s), JSON_SCAN_NONE);
    assert_string_equal(json_scan_fault(&s), "an array was expected");
    /* null is an empty object and an empty array */
    s = json_scan_of(STR("null"), &arena);
    assert_true(json_scan_enter_object(&s));
    assert_false(json_scan_next_member(&s, &text));
    assert_true(json_scan_finish(&s));
    s = json_scan_of(STR("null"), &arena);
    assert_true(json_scan_enter_array(&s));
    assert_false(json_scan_next_element(&s));
    assert_true(json_scan_finish(&s));
}

static void test_misuse_is_a_fault(void **state)
{
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(STR("[1]"), &arena);
    struct str text;

    (void)state;
    assert_true(json_scan_enter_array(&s));
    assert_false(json_scan_next_member(&s, &text));
    assert_string_equal(json_scan_fault(&s), "read outside of an object or array");
    s = json_scan_of(STR("1"), &arena);
    assert_true(json_scan_skip(&s));
    assert_false(json_scan_skip(&s));
    assert_string_equal(json_scan_fault(&s), "a value was read twice");
    s = json_scan_of(STR("[1]"), &arena);
    assert_true(json_scan_enter_array(&s));
    assert_false(json_scan_finish(&s));
    assert_string_equal(json_scan_fault(&s), "the document was not read to its end");
    s = json_scan_of(STR("[1, 2]"), &arena);
    json_scan_enter_array(&s);
    json_scan_next_element(&s);
    assert_false(json_scan_fail(&s, "mine"));
    assert_false(json_scan_fail(&s, "later"));
    assert_string_equal(json_scan_fault(&s), "mine");
    assert_int_equal(json_scan_offset(&s), 1);
}

static void test_depth(void **state)
{
    auto_buf struct buf json = {0};
    const char *fault;

    (void)state;
    for (int i = 0; i < JSON_SCAN_MAX_DEPTH; i++)
        buf_add_char(&json, '[');
    for (int i = 0; i < JSON_SCAN_MAX_DEPTH; i++)
        buf_add_char(&json, ']');
    assert_true(json_is_valid(buf_str(&json), NULL));
    buf_clear(&json);
    for (int i = 0; i < 100000; i++)
        buf_add_cstr(&json, "{\"a\":[");
    assert_false(json_is_valid(buf_str(&json), &fault));
    assert_string_equal(fault, "nested too deeply");
}

static void test_labels(void **state)
{
    auto_arena struct arena arena = {0};
    auto_buf struct buf json = {0};
    struct json_scan s = json_scan_of(STR("{\"app\":\"web\",\"e\":null}"), &arena);
    struct labels labels;

    (void)state;
    assert_true(json_scan_labels(&s, &labels) && json_scan_finish(&s));
    assert_int_equal(labels.count, 2);
    assert_true(str_eq_cstr(*labels_get(labels, STR("app")), "web"));
    assert_true(str_eq_cstr(*labels_get(labels, STR("e")), ""));
    s = json_scan_of(STR("{\"app\":1}"), &arena);
    assert_false(json_scan_labels(&s, &labels));
    assert_int_equal(labels.count, 2);
    for (int i = 0; i < 100; i++)
        buf_printf(&json, "%s\"k%d\":\"v%d\"", i > 0 ? "," : "{", i, i);
    buf_add_char(&json, '}');
    s = json_scan_of(buf_str(&json), &arena);
    assert_true(json_scan_labels(&s, &labels) && json_scan_finish(&s));
    assert_int_equal(labels.count, 100);
    assert_true(str_eq_cstr(*labels_get(labels, STR("k99")), "v99"));
}

static void test_path(void **state)
{
    static const struct str node_name[] = {STR_INIT("spec"), STR_INIT("nodeName")};
    static const struct {
        const char *json;
        const char *raw;
    } cases[] = {
        {"{\"kind\":\"Pod\",\"spec\":{\"x\":[1],\"nodeName\":\"n1\"}}", "\"n1\""},
        {"{\"spec\":{\"nodeName\": {\"a\":1} }}", "{\"a\":1}"},
        {"{\"spec\":{}}", ""},
        {"{\"spec\":\"nodeName\"}", ""},
        {"{}", ""},
        {"[]", ""},
        {"", ""},
        {"{\"spec\":{\"nodeName\":", ""},
        {"{\"spec\":{\"nodeName\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (!str_eq_cstr(json_scan_path(str_of(cases[i].json), node_name, 2), cases[i].raw))
            fail_msg("%s", cases[i].json);
    assert_true(str_eq_cstr(json_scan_path(STR(" [1] "), NULL, 0), "[1]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),    cmocka_unit_test(test_walking_is_as_strict),
        cmocka_unit_test(test_reading),     cmocka_unit_test(test_unescaping),
        cmocka_unit_test(test_wrong_types), cmocka_unit_test(test_misuse_is_a_fault),
        cmocka_unit_test(test_depth),       cmocka_unit_test(test_labels),
        cmocka_unit_test(test_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
