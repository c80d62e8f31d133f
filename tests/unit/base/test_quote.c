#include "base/quote.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What Go's strconv.Quote answers. */
static void test_quotes(void **state)
{
    static const struct {
        struct str text;
        const char *quoted, *bare;
    } cases[] = {
        {STR_INIT(""), "\"\"", ""},
        {STR_INIT("plain text"), "\"plain text\"", "plain text"},
        {STR_INIT("say \"hi\""), "\"say \\\"hi\\\"\"", "say \"hi\""},
        {STR_INIT("back\\slash"), "\"back\\\\slash\"", "back\\slash"},
        {STR_INIT("\a\b\f\n\r\t\v"), "\"\\a\\b\\f\\n\\r\\t\\v\"", "\\a\\b\\f\\n\\r\\t\\v"},
        {STR_INIT("\0\x01\x1f\x7f"), "\"\\x00\\x01\\x1f\\x7f\"", "\\x00\\x01\\x1f\\x7f"},
        {STR_INIT("\x1b[31m"), "\"\\x1b[31m\"", "\\x1b[31m"},
        {STR_INIT("'single'"), "\"'single'\"", "'single'"},
        {STR_INIT("\xc2\xb5s"), "\"\xc2\xb5s\"", "\xc2\xb5s"},
        {STR_INIT("\xe2\x98\xba"), "\"\xe2\x98\xba\"", "\xe2\x98\xba"},
        {STR_INIT("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
        {STR_INIT("\xc2\xa0"), "\"\\u00a0\"", "\\u00a0"},     /* no-break space */
        {STR_INIT("\xc2\x85"), "\"\\u0085\"", "\\u0085"},     /* C1 control */
        {STR_INIT("\xe2\x80\xa8"), "\"\\u2028\"", "\\u2028"}, /* line separator */
        {STR_INIT("\xe2\x80\xae"), "\"\\u202e\"", "\\u202e"}, /* right-to-left override */
        {STR_INIT("\xef\xbb\xbf"), "\"\\ufeff\"", "\\ufeff"}, /* byte order mark */
        {STR_INIT("\xf4\x8f\xbf\xbf"), "\"\\U0010ffff\"", "\\U0010ffff"},
        {STR_INIT("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"", "\xef\xbf\xbd"}, /* a real replacement character */
        {STR_INIT("a\xff"
                  "b"),
         "\"a\\xffb\"", "a\\xffb"},
        {STR_INIT("\x80"), "\"\\x80\"", "\\x80"},
        {STR_INIT("\xc3"), "\"\\xc3\"", "\\xc3"},
        {STR_INIT("\xc3("), "\"\\xc3(\"", "\\xc3("},
        {STR_INIT("\xe2\x98"), "\"\\xe2\\x98\"", "\\xe2\\x98"},
        {STR_INIT("\xc0\xaf"), "\"\\xc0\\xaf\"", "\\xc0\\xaf"},               /* overlong */
        {STR_INIT("\xe0\x80\xaf"), "\"\\xe0\\x80\\xaf\"", "\\xe0\\x80\\xaf"}, /* overlong */
        {STR_INIT("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"", "\\xed\\xa0\\x80"}, /* a surrogate */
        {STR_INIT("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"", "\\xf4\\x90\\x80\\x80"},
        {STR_INIT("\xf8\x88\x80\x80\x80"), "\"\\xf8\\x88\\x80\\x80\\x80\"", "\\xf8\\x88\\x80\\x80\\x80"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf quoted = {0}, bare = {0};
        quote_add(&quoted, cases[i].text);
        quote_add_bare(&bare, cases[i].text);
        assert_string_equal(buf_cstr(&quoted), cases[i].quoted);
        assert_string_equal(buf_cstr(&bare), cases[i].bare);
    }
}

static void test_html(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    html_escape_add(&text, STR("a<b>&\"c"));
    assert_string_equal(buf_cstr(&text), "a&lt;b&gt;&amp;\"c");
}

/* Every character there is decodes to itself, and no surrogate does. */
static void test_all_characters(void **state)
{
    (void)state;
    for (uint32_t rune = 0; rune <= 0x110000; rune++) {
        char bytes[4];
        size_t len = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
        uint32_t left = rune, decoded = 0;
        for (size_t i = len; i-- > 1; left >>= 6)
            bytes[i] = (char)(0x80 | (left & 0x3f));
        bytes[0] = (char)(len == 1 ? left : ((0xf00U >> len) & 0xff) | left);
        bool is_character = rune <= 0x10ffff && !(rune >= 0xd800 && rune <= 0xdfff);
        size_t got = utf8_decode(str_from(bytes, len), &decoded);
        if (got != (is_character ? len : 0) || (is_character && decoded != rune))
            fail_msg("U+%04X: %zu bytes, U+%04X", rune, got, decoded);
        if (len > 1 && utf8_decode(str_from(bytes, len - 1), &decoded) != 0)
            fail_msg("U+%04X, cut short", rune);
    }
}

static void test_whole_texts(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(STR("")));
    assert_true(utf8_is_valid(STR("a\xc3\xa9\xe2\x98\xba\xf0\x9f\x98\x80z")));
    assert_false(utf8_is_valid(STR("a\xc3")));
    assert_false(utf8_is_valid(STR("\xff"
                                   "a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quotes), cmocka_unit_test(test_whole_texts),
                                       cmocka_unit_test(test_html), cmocka_unit_test(test_all_characters)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
