#include "apiserver/accept.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ALL (ACCEPT_ALLOW_TABLE | ACCEPT_ALLOW_PARTIAL | ACCEPT_ALLOW_DISCOVERY)
#define NOTHING 99
#define PROTOBUF "application/vnd.kubernetes.protobuf"

static const struct {
    const char *header;
    unsigned allowed;
    unsigned media; /* NOTHING: 406 */
    enum accept_as as;
    const char *version;
    bool is_pretty;
} cases[] = {
    {"", ALL, ACCEPT_JSON},
    {"*/*", ALL, ACCEPT_JSON},
    {"*", ALL, ACCEPT_JSON},
    {"application/*", ALL, ACCEPT_JSON},
    {"application/json", ALL, ACCEPT_JSON},
    {"application/json, */*", ALL, ACCEPT_JSON},
    {"application/yaml", ALL, ACCEPT_YAML},
    {"application/yaml, application/json", ALL, ACCEPT_YAML},
    {"application/json;q=0.5, application/yaml", ALL, ACCEPT_YAML},
    {"application/json;q=0.5,application/yaml;q=0.8", ALL, ACCEPT_YAML},
    {"*/*,application/yaml", ALL, ACCEPT_YAML},
    {"application/*,application/yaml", ALL, ACCEPT_YAML},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", ALL, ACCEPT_JSON},
    {"application/vnd.kubernetes.protobuf, */*", ALL, ACCEPT_JSON},
    {"application/vnd.kubernetes.protobuf,application/json", ALL, ACCEPT_JSON},
    {"application/json;charset=utf-8", ALL, ACCEPT_JSON},
    {"application/json;pretty=1", ALL, ACCEPT_JSON, .is_pretty = true},
    {"application/json; pretty=0", ALL, ACCEPT_JSON},
    {" application/json ; pretty=1 ", ALL, ACCEPT_JSON, .is_pretty = true},
    /* protobuf, where it is offered */
    {PROTOBUF, ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_PROTOBUF},
    {PROTOBUF ", */*", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_PROTOBUF},
    {PROTOBUF ",application/json", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_PROTOBUF},
    {"application/json, " PROTOBUF, ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_JSON},
    {PROTOBUF ";q=0.5, application/yaml", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_YAML},
    {"*/*", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_JSON},
    {"application/*", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_JSON},
    {"application/vnd.kubernetes.*", ALL | ACCEPT_ALLOW_PROTOBUF, NOTHING},
    {PROTOBUF ";as=Table;g=meta.k8s.io;v=v1", ALL | ACCEPT_ALLOW_PROTOBUF, NOTHING},
    {PROTOBUF ";as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1", ALL | ACCEPT_ALLOW_PROTOBUF,
     ACCEPT_JSON, ACCEPT_AS_TABLE, "v1"},
    {PROTOBUF ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_PROTOBUF,
     ACCEPT_AS_PARTIAL, "v1"},
    {PROTOBUF ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", ALL | ACCEPT_ALLOW_PROTOBUF, ACCEPT_PROTOBUF,
     ACCEPT_AS_DISCOVERY, "v2"},
    /* nothing fits */
    {"application/vnd.kubernetes.protobuf", ALL, NOTHING},
    {"text/html", ALL, NOTHING},
    {"text/*", ALL, NOTHING},
    {"*/json", ALL, NOTHING},
    {"application", ALL, NOTHING},
    {"application/", ALL, NOTHING},
    {"application/json/x", ALL, NOTHING},
    {"application/json;sv=v1", ALL, NOTHING},
    {"application/json;stream=foo", ALL, NOTHING},
    {",;,", ALL, NOTHING},
    /* conversions */
    {"application/json;as=Table;g=meta.k8s.io;v=v1", ALL, ACCEPT_JSON, ACCEPT_AS_TABLE, "v1"},
    {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
     ALL, ACCEPT_JSON, ACCEPT_AS_TABLE, "v1"},
    {"application/json;as=Table;v=v1beta1;g=meta.k8s.io", ALL, ACCEPT_JSON, ACCEPT_AS_TABLE, "v1beta1"},
    {"application/json;as=Table;v=v2;g=meta.k8s.io,application/json", ALL, ACCEPT_JSON},
    {"application/json;as=Table;g=meta.k8s.io;v=v1,application/json", ACCEPT_ALLOW_NONE, ACCEPT_JSON},
    {"application/json;as=Table;g=meta.k8s.io;v=v1", ACCEPT_ALLOW_NONE, NOTHING},
    {"application/json;as=Table", ALL, NOTHING},
    {"application/json;g=meta.k8s.io", ALL, NOTHING},
    {"application/json;as=Frobnicate;g=meta.k8s.io;v=v1", ALL, NOTHING},
    {"application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1,application/yaml;as=Table;g=meta.k8s.io;v=v1",
     ALL, ACCEPT_YAML, ACCEPT_AS_TABLE, "v1"},
    {"*/*;as=Table;g=meta.k8s.io;v=v1", ALL, ACCEPT_JSON, ACCEPT_AS_TABLE, "v1"},
    {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ALL, ACCEPT_JSON, ACCEPT_AS_PARTIAL, "v1"},
    {"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1", ALL, ACCEPT_JSON, ACCEPT_AS_PARTIAL_LIST,
     "v1beta1"},
    {"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json", ALL, ACCEPT_JSON,
     ACCEPT_AS_DISCOVERY, "v2"},
    {"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json", ALL, ACCEPT_JSON},
};

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct accept_choice choice = {.media = NOTHING};
        bool is_fit = accept_choose(str_of(cases[i].header), cases[i].allowed, &choice);

        if (is_fit != (cases[i].media != NOTHING) || (unsigned)choice.media != cases[i].media)
            fail_msg("%s: media %u", cases[i].header, (unsigned)choice.media);
        if (!is_fit)
            continue;
        if (choice.as != cases[i].as || choice.is_pretty != cases[i].is_pretty)
            fail_msg("%s: as %u, pretty %d", cases[i].header, (unsigned)choice.as, choice.is_pretty);
        if (cases[i].version != NULL)
            assert_string_equal(choice.as_version, cases[i].version);
    }
}

static void test_watch_stream(void **state)
{
    struct accept_choice choice;

    (void)state;
    assert_true(accept_choose(STR("application/json;stream=watch"), 0, &choice));
    assert_true(choice.is_watch_stream);
    assert_true(accept_choose(STR("application/json"), 0, &choice));
    assert_false(choice.is_watch_stream);
}

static void test_pick(void **state)
{
    static const struct str types[] = {STR_INIT("application/json"), STR_INIT("application/x+protobuf"),
                                       STR_INIT("text/plain")};
    static const struct {
        const char *header;
        int index;
    } picks[] = {
        {"", 0},
        {"*/*", 0},
        {"text/*", 2},
        {"application/x+protobuf", 1},
        {"application/x+protobuf;q=0.2,application/json;q=0.3", 0},
        {"application/json;as=Table;g=x", 0},
        {"image/png, text/plain;q=0.1", 2},
        {"image/png", -1},
        {"*/json", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(picks); i++)
        if (accept_pick(str_of(picks[i].header), types, COUNT(types)) != picks[i].index)
            fail_msg("%s", picks[i].header);
}

/* Thousands of clauses cost no more than those that are looked at. */
static void test_many_clauses(void **state)
{
    static char header[100000];
    struct accept_choice choice;

    (void)state;
    for (size_t i = 0; i + 4 < sizeof(header); i += 4)
        memcpy(header + i, "a/b,", 4);
    assert_false(accept_choose(str_of(header), 0, &choice));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_watch_stream),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_many_clauses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
