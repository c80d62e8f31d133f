#include "base/base64.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_known(void **state)
{
    static const struct {
        struct str bytes;
        const char *standard, *url;
    } cases[] = {
        {STR_INIT(""), "", ""}, /* RFC 4648, section 10 */
        {STR_INIT("f"), "Zg==", "Zg"},
        {STR_INIT("fo"), "Zm8=", "Zm8"},
        {STR_INIT("foo"), "Zm9v", "Zm9v"},
        {STR_INIT("foob"), "Zm9vYg==", "Zm9vYg"},
        {STR_INIT("fooba"), "Zm9vYmE=", "Zm9vYmE"},
        {STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
        {STR_INIT("\xfb\xff\xbf"), "+/+/", "-_-_"},
        {STR_INIT("\0\0\0"), "AAAA", "AAAA"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};
        base64_encode(&out, cases[i].bytes);
        assert_string_equal(buf_cstr(&out), cases[i].standard);
        buf_clear(&out);
        base64url_encode(&out, cases[i].bytes);
        assert_string_equal(buf_cstr(&out), cases[i].url);
        buf_clear(&out);
        buf_add_char(&out, '>');
        assert_true(base64_decode(&out, str_of(cases[i].standard)));
        assert_true(str_eq(str_skip(buf_str(&out), 1), cases[i].bytes));
        buf_clear(&out);
        assert_true(base64url_decode(&out, str_of(cases[i].url)));
        assert_true(str_eq(buf_str(&out), cases[i].bytes));
    }
}

static void test_all_bytes(void **state)
{
    unsigned char bytes[259];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        auto_buf struct buf text = {0}, back = {0};
        struct str want = str_from((const char *)bytes, len);
        base64_encode(&text, want);
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_true(base64_decode(&back, buf_str(&text)));
        assert_true(str_eq(buf_str(&back), want));
        buf_clear(&text);
        buf_clear(&back);
        base64url_encode(&text, want);
        assert_true(base64url_decode(&back, buf_str(&text)));
        assert_true(str_eq(buf_str(&back), want));
    }
}

static void test_malformed(void **state)
{
    static const struct {
        const char *text;
        bool standard, url;
    } cases[] = {
        {"Zg==", true, false},      {"Zg", false, true},        {"Zg=", false, false},  {"Zg===", false, false},
        {"Z", false, false},        {"=", false, false},        {"====", false, false}, {"Zm9v=", false, false},
        {"Zm9v====", false, false}, {"Zg==Zg==", false, false}, {"Zm=v", false, false}, {"Zm9v!", false, false},
        {"Zm9\xc3", false, false},  {"+/+/", true, false},      {"-_-_", false, true},  {" Z\ng=\t=\r\n", true, false},
        {"Zm 8", false, false},     {"Zh==", true, false},      {"Zh", false, false},   {"Zm9=", true, false},
        {"Zm9", false, false},      {" ", true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};
        buf_add_cstr(&out, "kept");
        if (base64_decode(&out, str_of(cases[i].text)) != cases[i].standard)
            fail_msg("\"%s\"", cases[i].text);
        if (!cases[i].standard)
            assert_string_equal(buf_cstr(&out), "kept");
        buf_clear(&out);
        buf_add_cstr(&out, "kept");
        if (base64url_decode(&out, str_of(cases[i].text)) != cases[i].url)
            fail_msg("url \"%s\"", cases[i].text);
        if (!cases[i].url)
            assert_string_equal(buf_cstr(&out), "kept");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_all_bytes),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
