#include "kube/selector.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PAIR(k, v)               \
    {                            \
        STR_INIT(k), STR_INIT(v) \
    }

static void test_label_matching(void **state)
{
    static const struct label items[] = {PAIR("app", "web"), PAIR("tier", "front"), PAIR("weight", "7"),
                                         PAIR("empty", "")};
    static const struct labels labels = {items, 4};
    static const struct {
        const char *text;
        bool with_labels;
        bool without;
    } cases[] = {
        {"", true, true},
        {"app", true, false},
        {"!app", false, true},
        {"nope", false, false},
        {"!nope", true, true},
        {"app=web", true, false},
        {"app==web", true, false},
        {"app=api", false, false},
        {"app!=web", false, true},
        {"app!=api", true, true},
        {"app=", false, false},
        {"empty=", true, false},
        {"empty", true, false},
        {"app in (api,web)", true, false},
        {"app in (api,db,front)", false, false},
        {"app in ()", false, false},
        {"empty in ()", true, false},
        {"app notin (api,web)", false, true},
        {"app notin (api)", true, true},
        {"weight>6", true, false},
        {"weight>7", false, false},
        {"weight<8", true, false},
        {"weight<7", false, false},
        {"app>1", false, false},
        {"app=web,tier=front", true, false},
        {"app=web,tier=back", false, false},
        {"app=web,app!=web", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct selector s;

        assert_true(label_selector_parse(&arena, str_of(cases[i].text), &s, NULL));
        if (label_selector_matches(&s, labels) != cases[i].with_labels ||
            label_selector_matches(&s, (struct labels){0}) != cases[i].without)
            fail_msg("%s", cases[i].text);
    }
}

static void test_requirements_are_readable(void **state)
{
    auto_arena struct arena arena = {0};
    struct selector s;

    (void)state;
    assert_true(label_selector_parse(&arena, STR("b notin (y,x),a=1,!c,d>5"), &s, NULL));
    assert_int_equal(s.count, 4);
    assert_string_equal(selector_operator_name(s.requirements[0].op), "=");
    assert_string_equal(selector_operator_name(s.requirements[1].op), "notin");
    assert_int_equal(s.requirements[1].value_count, 2);
    assert_true(str_eq_cstr(s.requirements[1].values[0], "x"));
    assert_string_equal(selector_operator_name(s.requirements[2].op), "!");
    assert_int_equal(s.requirements[2].value_count, 0);
    assert_string_equal(selector_operator_name(s.requirements[3].op), "gt");
}

static void test_exact(void **state)
{
    static const struct {
        bool is_field;
        const char *text;
        const char *value; /* that "k" must have; NULL: any */
    } cases[] = {
        {false, "k=v", "v"},      {false, "k==v", "v"}, {false, "k in (v)", "v"}, {false, "k in (v,w)", NULL},
        {false, "k!=v", NULL},    {false, "k", NULL},   {false, "j=v", NULL},     {false, "", NULL},
        {false, "a=b,k=", ""},    {true, "k=v", "v"},   {true, "k!=v", NULL},     {true, "j=x,k==v", "v"},
        {true, "k=a\\,b", "a,b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct selector s;
        const struct str *value;

        assert_true(
            (cases[i].is_field ? field_selector_parse : label_selector_parse)(&arena, str_of(cases[i].text), &s, NULL));
        value = selector_exact(&s, STR("k"));
        if ((value != NULL) != (cases[i].value != NULL) || (value != NULL && !str_eq_cstr(*value, cases[i].value)))
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_label_matching),
                                       cmocka_unit_test(test_requirements_are_readable), cmocka_unit_test(test_exact)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
