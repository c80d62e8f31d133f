#include "kube/watch_event.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct event_case {
    const char *line;
    int type; /* -1: no event */
    const char *ns, *name, *version;
    const char *error; /* of the parser, or of the event's status */
};

static const struct event_case cases[] = {
    {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"resourceVersion\":\"7\"}}}",
     WATCH_EVENT_ADDED, "n", "a", "7", ""},
    {"{\"object\":{\"metadata\":{\"resourceVersion\":\"8\",\"name\":\"a\"},\"spec\":{}},\"type\":\"MODIFIED\"}",
     WATCH_EVENT_MODIFIED, "", "a", "8", ""},
    {" { \"type\" : \"DELETED\" , \"object\" : {\"metadata\":{\"name\":\"\\u0061\",\"resourceVersion\":\"9\"}} } \r",
     WATCH_EVENT_DELETED, "", "a", "9", ""},
    {"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"10\","
     "\"creationTimestamp\":null},\"spec\":{\"containers\":null}}}",
     WATCH_EVENT_BOOKMARK, "", "", "10", ""},
    {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":410,"
     "\"reason\":\"Expired\",\"message\":\"too old\"}}",
     WATCH_EVENT_ERROR, "", "", "", "too old"},
    {"{\"type\":\"ERROR\",\"object\":\"what\"}", WATCH_EVENT_ERROR, "", "", "", "unknown error"},

    {"", -1, "", "", "", NULL},
    {"null", -1, "", "", "", NULL},
    {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"na", -1, "", "", "", NULL},
    {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"},}}", -1, "", "", "",
     NULL},
    {"{\"type\":\"ADDED\"}", -1, "", "", "", NULL},
    {"{\"type\":\"ADDED\",\"object\":[]}", -1, "", "", "", NULL},
    {"{\"type\":\"GROWN\",\"object\":{}}", -1, "", "", "", "malformed watch event: its type is \"GROWN\""},
    {"{\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}}}", -1, "", "", "",
     "malformed watch event: its type is \"\""},
    {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}", -1, "", "", "",
     "malformed watch event: its object has no resourceVersion"},
    {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}", -1, "", "", "",
     "malformed watch event: its object has no name"},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct event_case *c = &cases[i];
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct watch_event event;
        bool ok = watch_event_parse(&arena, str_of(c->line), &event, &err);
        print_message("  %s\n", error_text(&err));
        assert_int_equal(ok, c->type >= 0);
        if (!ok) {
            assert_true(error_is_set(&err));
            if (c->error != NULL)
                assert_string_equal(error_text(&err), c->error);
            continue;
        }
        assert_int_equal((int)event.type, c->type);
        assert_true(str_eq_cstr(event.head.meta.namespace, c->ns));
        assert_true(str_eq_cstr(event.head.meta.name, c->name));
        assert_true(str_eq_cstr(event.head.meta.resource_version, c->version));
        assert_true(str_eq_cstr(event.status.message, c->error));
        if (event.type != WATCH_EVENT_ERROR)
            assert_true(str_starts_with(event.object, STR("{")) && str_ends_with(event.object, STR("}")));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
