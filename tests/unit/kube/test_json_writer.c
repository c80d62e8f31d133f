#include "kube/json_writer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "kube/time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_quote(void **state)
{
    static const struct {
        struct str text;
        const char *json;
    } cases[] = {
        {STR_INIT(""), "\"\""},
        {STR_INIT("web-1"), "\"web-1\""},
        {STR_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {STR_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {STR_INIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\""},
        {STR_INIT("<a&b>"), "\"\\u003ca\\u0026b\\u003e\""},
        {STR_INIT("\xc3\xa9 \xf0\x9f\x98\x80"), "\"\xc3\xa9 \xf0\x9f\x98\x80\""},
        {STR_INIT("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\""},
        {STR_INIT("a\xffz"), "\"a\\ufffdz\""},
        {STR_INIT("\xc3"), "\"\\ufffd\""},
        {STR_INIT("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {STR_INIT("\xc0\x80"), "\"\\ufffd\\ufffd\""},            /* an overlong form */
        {STR_INIT("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};

        json_quote(&out, cases[i].text);
        assert_string_equal(buf_cstr(&out), cases[i].json);
    }
}

static void test_everything(void **state)
{
    static const struct label items[] = {{STR_INIT("b"), STR_INIT("1")}, {STR_INIT("a"), STR_INIT("<")}};
    auto_buf struct buf out = {0};
    struct json_writer w = json_writer_to(&out);

    (void)state;
    json_open_object(&w);
    json_member_str(&w, STR("s"), STR("x"));
    json_member_nonempty(&w, STR("left"), STR(""));
    json_member_nonempty(&w, STR("kept"), STR("y"));
    json_member_cstr(&w, STR("c"), NULL);
    json_member_i64(&w, STR("i"), INT64_MIN);
    json_member_u64(&w, STR("u"), UINT64_MAX);
    json_member_bool(&w, STR("t"), true);
    json_member_raw(&w, STR("raw"), STR("{\"a\":[1]}"));
    json_member_quantity(&w, STR("q"), quantity_from_nanocores(250000000));
    json_member_time(&w, STR("at"), 1769860805 * NS_PER_S);
    json_member_time(&w, STR("never"), KUBE_TIME_ZERO);
    json_write_key(&w, STR("k\""));
    json_open_array(&w);
    json_open_object(&w);
    json_close_object(&w);
    json_open_array(&w);
    json_close_array(&w);
    json_write_null(&w);
    json_write_bool(&w, false);
    json_write_i64(&w, -1);
    json_write_cstr(&w, "z");
    json_write_micro_time(&w, 5);
    json_write_micro_time(&w, 1769860805 * NS_PER_S + 123456789);
    json_write_micro_time(&w, KUBE_TIME_ZERO);
    json_write_duration(&w, 15020 * NS_PER_MS);
    json_write_labels(&w, (struct labels){items, 2});
    json_write_labels(&w, (struct labels){0});
    json_close_array(&w);
    json_member_str(&w, STR("last"), STR(""));
    json_close_object(&w);
    assert_string_equal(buf_cstr(&out),
                        "{\"s\":\"x\",\"kept\":\"y\",\"c\":\"\",\"i\":-9223372036854775808,"
                        "\"u\":18446744073709551615,\"t\":true,\"raw\":{\"a\":[1]},\"q\":\"250m\","
                        "\"at\":\"2026-01-31T12:00:05Z\",\"never\":null,\"k\\\"\":[{},[],null,false,-1,\"z\","
                        "\"1970-01-01T00:00:00.000000Z\",\"2026-01-31T12:00:05.123456Z\",null,\"15.02s\","
                        "{\"b\":\"1\",\"a\":\"\\u003c\"},{}],\"last\":\"\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quote), cmocka_unit_test(test_everything)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
