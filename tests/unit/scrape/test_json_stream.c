#include "scrape/json_stream.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void on_open(void *arg, struct str key, enum json_stream_type type)
{
    buf_printf(arg, "%.*s%c", STR_ARG(key), type == JSON_STREAM_OBJECT ? '{' : '[');
}

static void on_close(void *arg, enum json_stream_type type)
{
    buf_add_char(arg, type == JSON_STREAM_OBJECT ? '}' : ']');
}

static void on_value(void *arg, struct str key, enum json_stream_type type, struct str text)
{
    static const char *const names[] = {
        [JSON_STREAM_STRING] = "s", [JSON_STREAM_NUMBER] = "n", [JSON_STREAM_WORD] = "w"};

    buf_printf(arg, "%.*s=%s:%.*s;", STR_ARG(key), names[type], STR_ARG(text));
}

static const struct json_stream_events events = {.on_open = on_open, .on_close = on_close, .on_value = on_value};

/* What was seen, or the error. */
static void parse(struct buf *seen, struct str body, size_t step)
{
    auto_error struct error err = {0};
    struct json_stream j = {.events = &events, .arg = seen};
    bool is_good = true;

    for (; is_good && body.len > 0; body = str_skip(body, step))
        is_good = json_stream_feed(&j, str_head(body, step), &err);
    if (!is_good || !json_stream_finish(&j, &err)) {
        buf_clear(seen);
        buf_add_cstr(seen, error_text(&err));
    }
    json_stream_free(&j);
}

static const struct {
    const char *json;
    const char *seen;
} cases[] = {
    {"{}", "{}"},
    {" [ ] \n", "[]"},
    {"5", "=n:5;"},
    {"\"a\"", "=s:a;"},
    {"null", "=w:null;"},
    {"{\"a\":1,\"b\":[true,false,null,-0.5e+3],\"c\":{\"d\":\"e\"}}",
     "{a=n:1;b[=w:true;=w:false;=w:null;=n:-0.5e+3;]c{d=s:e;}}"},
    {"{\"a\":{\"b\":1},\"c\":2}", "{a{b=n:1;}c=n:2;}"},
    {"{\"\":{\"a b\\\"\":[[],{}]}}", "{{a b\"[[]{}]}}"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "=s:\"\\/\b\f\n\r\t;"},
    {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude42\"", "=s:A\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82;"},
    {"\"\\ud83dx\\ude42\\ud83d\\ud83d\\ude42\\ud83d\"",
     "=s:\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x99\x82\xef\xbf\xbd;"},
    {"[0,-0,10,1.5,1e5,1E-5,123456789012345678901234567890]",
     "[=n:0;=n:-0;=n:10;=n:1.5;=n:1e5;=n:1E-5;=n:123456789012345678901234567890;]"},

    {"", "byte 0: the document ends early"},
    {"{", "byte 1: the document ends early"},
    {"\"a", "byte 2: the document ends early"},
    {"{\"a\":1", "byte 6: the document ends early"},
    {"nul", "byte 3: expected a value"},
    {"nulls", "byte 5: expected a value"},
    {"[1,]", "byte 3: expected a value"},
    {"[,1]", "byte 1: expected a value"},
    {"{\"a\":1,}", "byte 7: expected a member's name"},
    {"{1:2}", "byte 1: expected a member's name"},
    {"{\"a\" 1}", "byte 5: expected ':' after a member's name"},
    {"{\"a\":}", "byte 5: expected a value"},
    {"{\"a\":1 \"b\":2}", "byte 7: expected ',' or the end of the object or array"},
    {"[1}", "byte 2: unexpected end of an object or array"},
    {"{\"a\":1]", "byte 6: unexpected end of an object or array"},
    {"]", "byte 0: expected a value"},
    {"{} x", "byte 3: unexpected text behind the document"},
    {"01", "byte 2: invalid number"},
    {"[1.]", "byte 3: invalid number"},
    {"[1e]", "byte 3: invalid number"},
    {"[-]", "byte 2: invalid number"},
    {"[1-2]", "byte 4: invalid number"},
    {"[.5]", "byte 1: expected a value"},
    {"\"a\nb\"", "byte 2: control character in a string"},
    {"\"\\x\"", "byte 2: invalid escape in a string"},
    {"\"\\u12g4\"", "byte 5: invalid \\u escape in a string"},
    {"\"\xff\"", "byte 2: a string isn't valid UTF-8"},
    {"<html>", "byte 0: expected a value"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str json = str_of(cases[i].json);
        for (size_t step = 1; step <= json.len + 1; step++) {
            auto_buf struct buf seen = {0};
            parse(&seen, json, step);
            if (strcmp(buf_cstr(&seen), cases[i].seen) != 0)
                fail_msg("%s, %zu bytes at a time:\n%s\ninstead of\n%s", cases[i].json, step, buf_cstr(&seen),
                         cases[i].seen);
        }
    }
}

static void test_limits(void **state)
{
    auto_buf struct buf json = {0}, seen = {0};

    (void)state;
    for (int i = 0; i < JSON_STREAM_MAX_DEPTH; i++)
        buf_add_char(&json, '[');
    for (int i = 0; i < JSON_STREAM_MAX_DEPTH; i++)
        buf_add_char(&json, ']');
    parse(&seen, buf_str(&json), 1000);
    assert_int_equal(seen.len, 2 * JSON_STREAM_MAX_DEPTH);
    buf_clear(&json);
    for (int i = 0; i <= JSON_STREAM_MAX_DEPTH; i++)
        buf_add_char(&json, '[');
    parse(&seen, buf_str(&json), 1000);
    assert_string_equal(buf_cstr(&seen), "byte 64: nested too deeply");

    for (int excess = 0; excess < 2; excess++) {
        buf_clear(&json);
        buf_clear(&seen);
        buf_add_char(&json, '"');
        for (int i = 0; i < JSON_STREAM_MAX_TOKEN_BYTES + excess; i++)
            buf_add_char(&json, 'x');
        buf_add_char(&json, '"');
        parse(&seen, buf_str(&json), 1000);
        if (excess == 0)
            assert_int_equal(seen.len, JSON_STREAM_MAX_TOKEN_BYTES + strlen("=s:;"));
        else
            assert_string_equal(buf_cstr(&seen), "byte 65538: a string or number is too long");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
