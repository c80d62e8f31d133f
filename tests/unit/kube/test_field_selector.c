#include "kube/selector.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_canonical_form(void **state)
{
    static const struct {
        const char *text;
        const char *canonical;
    } cases[] = {
        {"", ""},
        {"a=b", "a=b"},
        {"a==b", "a=b"},
        {"a!=b", "a!=b"},
        {"metadata.name=x,status.phase!=Failed", "metadata.name=x,status.phase!=Failed"},
        {"b=1,a=2", "a=2,b=1"},
        {"a=x\\,y", "a=x\\,y"},
        {"a=x\\=y\\\\", "a=x\\=y\\\\"},
        {"=", ""},
        {",,a=b,", "a=b"},
        {"a=", "a="},
        {"!=x", "!=x"},
        {"a=\xc3\xa9", "a=\xc3\xa9"},
        {"a = b", "a = b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        auto_buf struct buf out = {0};
        struct selector s;

        if (!field_selector_parse(&arena, str_of(cases[i].text), &s, &err))
            fail_msg("%s: %s", cases[i].text, error_text(&err));
        field_selector_print(&out, &s);
        assert_string_equal(buf_cstr(&out), cases[i].canonical);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"a", "invalid selector: 'a'; can't understand 'a'"},
        {"a!b", "invalid selector: 'a!b'; can't understand 'a!b'"},
        {"b=c,a", "invalid selector: 'b=c,a'; can't understand 'a'"},
        {"a=b=c", "invalid field selector: unescaped character in value: 61"},
        {"a!==b", "invalid field selector: unescaped character in value: 61"},
        {"a\\=b=c", "invalid field selector: unescaped character in value: 61"},
        {"a=\\x", "invalid field selector: invalid escape sequence: \\x"},
        {"a=\\", "invalid field selector: invalid escape sequence: \\"},
        {"a=\\\xc3\xa9", "invalid field selector: invalid escape sequence: \\\xc3\xa9"},
        {"a=\\\xff", "invalid field selector: invalid escape sequence: \\\xef\xbf\xbd"},
    };
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf text = {0};
    struct selector s;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        error_clear(&err);
        if (field_selector_parse(&arena, str_of(cases[i].text), &s, &err))
            fail_msg("%s: taken", cases[i].text);
        assert_string_equal(error_text(&err), cases[i].message);
        assert_int_equal(err.code, 400);
    }
    while (text.len <= SELECTOR_MAX_BYTES)
        buf_add_cstr(&text, "a=b,");
    assert_false(field_selector_parse(&arena, buf_str(&text), &s, &err));
    assert_string_equal(error_text(&err), "the field selector is longer than 262144 bytes");
}

static void test_known_keys(void **state)
{
    static const struct str keys[] = {STR_INIT("metadata.name"), STR_INIT("metadata.namespace")};
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct selector s;

    (void)state;
    assert_true(field_selector_parse(&arena, STR("metadata.namespace=a,metadata.name!=b"), &s, &err));
    assert_true(field_selector_check(&s, keys, 2, &err));
    assert_true(field_selector_parse(&arena, STR("metadata.name=a,status.phase=b"), &s, &err));
    assert_false(field_selector_check(&s, keys, 2, &err));
    assert_int_equal(err.code, 400);
    assert_string_equal(error_text(&err), "\"status.phase\" is not a known field selector: only \"metadata.name\", "
                                          "\"metadata.namespace\"");
}

struct object {
    const char *name;
    const char *phase;
};

static struct str field_of(const void *object, struct str key)
{
    const struct object *o = object;

    if (str_eq_cstr(key, "metadata.name"))
        return str_of(o->name);
    if (str_eq_cstr(key, "status.phase"))
        return str_of(o->phase);
    return STR("");
}

static void test_matching(void **state)
{
    static const struct object object = {"a,b", "Running"};
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        {"", true},
        {"metadata.name=a\\,b", true},
        {"metadata.name=a", false},
        {"metadata.name!=a", true},
        {"status.phase!=Running", false},
        {"status.phase=Running,metadata.name!=x", true},
        {"status.phase=Running,metadata.name=x", false},
        {"spec.nodeName=", true},
        {"spec.nodeName!=", false},
        {"spec.nodeName!=n1", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct selector s;

        assert_true(field_selector_parse(&arena, str_of(cases[i].text), &s, NULL));
        if (field_selector_matches(&s, field_of, &object) != cases[i].matches)
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical_form), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_known_keys), cmocka_unit_test(test_matching)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
