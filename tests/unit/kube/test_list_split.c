#include "kube/list_split.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX_ITEM_BYTES 42

static bool add_item(void *owner, struct str item)
{
    struct buf *got = owner;

    buf_add_str(got, item);
    buf_add_char(got, '\n');
    return true;
}

static bool add_large(void *owner)
{
    buf_add_cstr(owner, "LARGE\n");
    return true;
}

struct split_case {
    const char *name;
    const char *list;
    const char *items;    /* a line each */
    const char *envelope; /* NULL: it isn't whole */
    const char *error;
};

static const struct split_case cases[] = {
    {"no items", "{\"kind\":\"L\",\"items\":[]}", "", "{\"kind\":\"L\",\"items\":[]}", ""},
    {"null", "{\"items\":null}", "", "{\"items\":null}", ""},
    {"none at all", "{}", "", "{}", ""},
    {"two", "{\"items\":[{\"a\":1},{\"b\":2}],\"metadata\":{\"x\":[1]}}", "{\"a\":1}\n{\"b\":2}\n",
     "{\"items\":[],\"metadata\":{\"x\":[1]}}", ""},
    {"spaces", " {\n \"items\" : [ \t{ \"a\" : 1 } ,\r\n {}\n ] } \n ", "{ \"a\" : 1 }\n{}\n", " {\n \"items\" : [] }",
     ""},
    {"brackets in strings", "{\"items\":[{\"a\":\"]}{[\\\"}\",\"b\\\\\":\"\"}]}",
     "{\"a\":\"]}{[\\\"}\",\"b\\\\\":\"\"}\n", "{\"items\":[]}", ""},
    {"nested", "{\"items\":[{\"a\":{\"items\":[{},{}]}}]}", "{\"a\":{\"items\":[{},{}]}}\n", "{\"items\":[]}", ""},
    {"items elsewhere", "{\"metadata\":{\"items\":[{\"x\":1}]},\"x\":[{\"items\":[{}]}]}", "",
     "{\"metadata\":{\"items\":[{\"x\":1}]},\"x\":[{\"items\":[{}]}]}", ""},
    {"items as a value", "{\"a\":\"items\",\"b\":[{}]}", "", "{\"a\":\"items\",\"b\":[{}]}", ""},
    {"item of the largest size", "{\"items\":[{\"a\":\"0123456789012345678901234567890123\"}]}",
     "{\"a\":\"0123456789012345678901234567890123\"}\n", "{\"items\":[]}", ""},
    {"item a byte too large", "{\"items\":[{\"a\":\"01234567890123456789012345678901234\"},{}]}", "LARGE\n{}\n",
     "{\"items\":[]}", ""},
    {"item much too large",
     "{\"items\":[{\"a\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"},{}]}",
     "LARGE\n{}\n", "{\"items\":[]}", ""},

    {"nothing", "", "", NULL, "malformed list: it ends in the middle"},
    {"half an item", "{\"items\":[{\"a\":1},{\"b\":", "{\"a\":1}\n", NULL, "malformed list: it ends in the middle"},
    {"no end", "{\"items\":[{}]", "{}\n", NULL, "malformed list: it ends in the middle"},
    {"array", "[{}]", "", NULL, "malformed list: it is no object"},
    {"text", "<html>", "", NULL, "malformed list: it is no object"},
    {"two lists", "{}{}", "", NULL, "malformed list: something follows it"},
    {"number as item", "{\"items\":[1]}", "", NULL, "malformed list: an item that is no object"},
    {"array as item", "{\"items\":[[]]}", "", NULL, "malformed list: an item that is no object"},
    {"no comma", "{\"items\":[{}{}]}", "{}\n", NULL, "malformed list: no comma between two items"},
    {"comma first", "{\"items\":[,{}]}", "", NULL, "malformed list: a comma without an item before it"},
    {"two commas", "{\"items\":[{},,{}]}", "{}\n", NULL, "malformed list: a comma without an item before it"},
    {"comma last", "{\"items\":[{},]}", "{}\n", NULL, "malformed list: a comma without an item behind it"},
    {"crossed in an item", "{\"items\":[{\"a\":[}]]}", "", NULL, "malformed list: brackets don't match"},
    {"crossed around", "{\"a\":[}]", "", NULL, "malformed list: brackets don't match"},
};

/* Feeds LIST with cuts after the bytes A and B. */
static void split(struct list_split *s, struct str list, size_t a, size_t b, struct error *err)
{
    struct str pieces[3] = {str_head(list, a), str_head(str_skip(list, a), b - a), str_skip(list, b)};

    for (size_t i = 0; i < 3; i++) {
        /* a copy of exactly its size, so that ASan sees who reads past it */
        auto_free char *piece = mem_alloc(pieces[i].len + 1);
        if (pieces[i].len > 0)
            memcpy(piece, pieces[i].ptr, pieces[i].len);
        piece = mem_realloc(piece, pieces[i].len > 0 ? pieces[i].len : 1);
        if (!list_split_feed(s, str_from(piece, pieces[i].len), err))
            return;
    }
    list_split_finish(s, err);
}

static void check(const struct split_case *c, size_t a, size_t b)
{
    auto_buf struct buf got = {0};
    auto_error struct error err = {0};
    struct list_split s = {
        .max_item_bytes = MAX_ITEM_BYTES, .owner = &got, .on_item = add_item, .on_large_item = add_large};

    split(&s, str_of(c->list), a, b, &err);
    if (strcmp(error_text(&err), c->error) != 0 || strcmp(buf_cstr(&got), c->items) != 0)
        print_message("%s, cut at %zu and %zu\n", c->name, a, b);
    assert_string_equal(error_text(&err), c->error);
    assert_string_equal(buf_cstr(&got), c->items);
    if (c->envelope != NULL)
        assert_string_equal(buf_cstr(&s.envelope), c->envelope);
    list_split_free(&s);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = strlen(cases[i].list);
        print_message("  %s\n", cases[i].name);
        for (size_t a = 0; a <= len; a++)
            for (size_t b = a; b <= len; b++)
                check(&cases[i], a, b);
    }
}

static void test_limits(void **state)
{
    auto_buf struct buf got = {0};
    auto_buf struct buf deep = {0};
    auto_error struct error err = {0};
    struct list_split s = {.max_item_bytes = 4096, .owner = &got, .on_item = add_item, .on_large_item = add_large};

    (void)state;
    buf_add_cstr(&deep, "{\"items\":[{\"a\":");
    for (int i = 0; i < LIST_SPLIT_MAX_DEPTH; i++)
        buf_add_char(&deep, '[');
    assert_false(list_split_feed(&s, buf_str(&deep), &err));
    assert_string_equal(error_text(&err), "malformed list: nested too deeply");
    assert_false(list_split_feed(&s, STR("]"), NULL)); /* once failed, for ever */
    assert_false(list_split_finish(&s, NULL));
    list_split_free(&s);

    s = (struct list_split){.max_item_bytes = 4096, .owner = &got, .on_item = add_item, .on_large_item = add_large};
    assert_true(list_split_feed(&s, STR("{\"a\":\""), &err));
    size_t fed = 6;
    while (list_split_feed(&s, STR("0123456789abcdef"), &err))
        fed += 16;
    assert_true(fed <= LIST_SPLIT_MAX_ENVELOPE_BYTES && fed > LIST_SPLIT_MAX_ENVELOPE_BYTES - 16);
    assert_string_equal(error_text(&err), "malformed list: too much around its items");
    list_split_free(&s);
}

static bool stop(void *owner, struct str item)
{
    add_item(owner, item);
    return false;
}

static void test_stop(void **state)
{
    auto_buf struct buf got = {0};
    auto_error struct error err = {0};
    struct list_split s = {.max_item_bytes = 4096, .owner = &got, .on_item = stop};

    (void)state;
    assert_false(list_split_feed(&s, STR("{\"items\":[{\"a\":1},{\"b\":1}]}"), &err));
    assert_false(error_is_set(&err));
    assert_string_equal(buf_cstr(&got), "{\"a\":1}\n");
    assert_false(list_split_feed(&s, STR("{"), &err));
    list_split_free(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
