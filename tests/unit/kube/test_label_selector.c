#include "kube/selector.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define KEY_RULE                                                                                                       \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " \
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "                                      \
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define VALUE_RULE                                                                                                    \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "   \
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation " \
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

static void test_canonical_form(void **state)
{
    static const struct {
        const char *text;
        const char *canonical;
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {"!a", "!a"},
        {"! a", "!a"},
        {"a=b", "a=b"},
        {"a==b", "a==b"},
        {"a!=b", "a!=b"},
        {"a in (b)", "a in (b)"},
        {"a in (c,b,b)", "a in (b,c)"},
        {"a notin (b,)", "a notin (,b)"},
        {"a in ()", "a in ()"},
        {"a in (,)", "a in ()"},
        {"a in (x,,y)", "a in (,x,y)"},
        {"a=", "a="},
        {"a=,b", "a=,b"},
        {"a>5", "a>5"},
        {"a<7", "a<7"},
        {"x.y/z=1", "x.y/z=1"},
        {"in", "in"},
        {"in in (in)", "in in (in)"},
        {"notin notin (notin)", "notin notin (notin)"},
        {" a , !b ", "a,!b"},
        {"\ta\r\n=\tb\n", "a=b"},
        {"b,a", "a,b"},
        {"a=1,a=0", "a=1,a=0"},
        {"tier in (web,api),!legacy,app!=x", "app!=x,!legacy,tier in (api,web)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        auto_buf struct buf out = {0}, again = {0};
        struct selector s;

        if (!label_selector_parse(&arena, str_of(cases[i].text), &s, &err))
            fail_msg("%s: %s", cases[i].text, error_text(&err));
        label_selector_print(&out, &s);
        assert_string_equal(buf_cstr(&out), cases[i].canonical);
        assert_int_equal(selector_is_everything(&s), cases[i].canonical[0] == '\0');
        assert_true(label_selector_parse(&arena, buf_str(&out), &s, &err));
        label_selector_print(&again, &s);
        assert_string_equal(buf_cstr(&again), cases[i].canonical);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"!", "unable to parse requirement: found '', expected: identifier"},
        {"!a=b", "found '=', expected: ',' or 'end of string'"},
        {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
        {"a = b c", "found 'c', expected: ',' or 'end of string'"},
        {"a in b", "unable to parse requirement: found 'b' expected: '('"},
        {"a in in (b)", "unable to parse requirement: found 'in' expected: '('"},
        {"a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
        {"a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"},
        {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
        {"a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"},
        {"a in (,!)", "unable to parse requirement: found '!', expected: ',', or identifier"},
        {"a in (b)c", "found 'c', expected: ',' or 'end of string'"},
        {",", "found ',', expected: !, identifier, or 'end of string'"},
        {"(", "found '(', expected: !, identifier, or 'end of string'"},
        {"a,", "found '', expected: identifier after ','"},
        {"a,,b", "found ',', expected: identifier after ','"},
        {"a=(", "unable to parse requirement: found '(', expected: identifier"},
        {"a==!", "unable to parse requirement: found '!', expected: identifier"},
        {"a>=1", "unable to parse requirement: found '=', expected: identifier"},
        {"a>b", "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value "
                "must be an integer"},
        {"a>-3", "unable to parse requirement: values[0][a]: Invalid value: \"-3\": " VALUE_RULE},
        {"a>_", "unable to parse requirement: [values[0]: Invalid value: \"_\": for 'Gt', 'Lt' operators, the value "
                "must be an integer, values[0][a]: Invalid value: \"_\": " VALUE_RULE "]"},
        {"a in (-x,_y)", "unable to parse requirement: [values[0][a]: Invalid value: \"-x\": " VALUE_RULE
                         ", values[1][a]: Invalid value: \"_y\": " VALUE_RULE "]"},
        {"-a", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part " KEY_RULE},
        {"\xc3\xa9=1", "unable to parse requirement: <nil>: Invalid value: \"\xc3\xa9\": name part " KEY_RULE},
        {"a//b", "unable to parse requirement: <nil>: Invalid value: \"a//b\": a valid label key " KEY_RULE
                 " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct selector s = {.count = 4711};

        if (label_selector_parse(&arena, str_of(cases[i].text), &s, &err))
            fail_msg("%s: taken", cases[i].text);
        assert_string_equal(error_text(&err), cases[i].message);
        assert_int_equal(err.code, 400);
        assert_int_equal(s.count, 4711);
        assert_false(label_selector_parse(&arena, str_of(cases[i].text), &s, NULL));
    }
}

static void test_nul_is_no_end(void **state)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct selector s;

    (void)state;
    assert_false(label_selector_parse(&arena, str_from("a\0,b=c", 6), &s, &err));
    assert_true(str_starts_with(str_of(error_text(&err)),
                                STR("unable to parse requirement: <nil>: Invalid value: \"a\\x00\": name part")));
}

static void test_large_input(void **state)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf text = {0};
    struct label label = {STR("a"), STR("v19999")};
    struct selector s;

    (void)state;
    buf_add_cstr(&text, "a in (");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%sv%d", i > 0 ? "," : "", i * 7919 % 20000);
    buf_add_char(&text, ')');
    assert_true(label_selector_parse(&arena, buf_str(&text), &s, &err));
    assert_int_equal(s.requirements[0].value_count, 20000);
    assert_true(label_selector_matches(&s, (struct labels){&label, 1}));
    label.value = STR("v20000");
    assert_false(label_selector_matches(&s, (struct labels){&label, 1}));
    /* a message about all that is wrong stays short */
    buf_clear(&text);
    buf_add_cstr(&text, "a in (");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%s-%d", i > 0 ? "," : "", i);
    buf_add_char(&text, ')');
    assert_false(label_selector_parse(&arena, buf_str(&text), &s, &err));
    assert_in_range(strlen(error_text(&err)), 1000, 10000);
    while (text.len <= SELECTOR_MAX_BYTES)
        buf_add_char(&text, ' ');
    assert_false(label_selector_parse(&arena, buf_str(&text), &s, &err));
    assert_string_equal(error_text(&err), "the label selector is longer than 262144 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical_form), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_nul_is_no_end), cmocka_unit_test(test_large_input)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
