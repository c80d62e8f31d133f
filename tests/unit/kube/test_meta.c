#include "kube/meta.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char pod[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-1\",\"generateName\":\"web-\","
    "\"namespace\":\"default\",\"uid\":\"u-1\",\"resourceVersion\":\"42\",\"generation\":3,"
    "\"creationTimestamp\":\"2026-01-31T12:00:05Z\",\"deletionTimestamp\":\"2026-01-31T12:00:06Z\","
    "\"labels\":{\"app\":\"web\",\"tier\":\"front\"},"
    "\"annotations\":{\"a\":\"1\",\"last\":\"{\\\"x\\\":1}\\n\",\"null\":null},"
    "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"u-0\"},"
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"web\",\"uid\":\"u-2\",\"controller\":true,"
    "\"blockOwnerDeletion\":true}],\"finalizers\":[\"x/y\"],"
    "\"managedFields\":[{\"fieldsV1\":{\"f:a\":{}}}]},\"spec\":{\"metadata\":{\"name\":\"inner\"}}}";

static void test_whole_object(void **state)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct object_head head;
    const struct object_meta *m = &head.meta;
    struct owner_reference owner;
    struct str value;
    size_t at = 0;

    (void)state;
    assert_true(object_head_read(&arena, str_of(pod), &head, &err));
    assert_true(str_eq_cstr(head.kind, "Pod") && str_eq_cstr(head.api_version, "v1"));
    assert_true(str_eq_cstr(m->name, "web-1") && str_eq_cstr(m->generate_name, "web-"));
    assert_true(str_eq_cstr(m->namespace, "default") && str_eq_cstr(m->uid, "u-1"));
    assert_true(str_eq_cstr(m->resource_version, "42"));
    assert_int_equal(m->generation, 3);
    assert_int_equal(m->creation_ns, 1769860805 * NS_PER_S);
    assert_int_equal(m->deletion_ns, 1769860806 * NS_PER_S);
    assert_int_equal(m->labels.count, 2);
    assert_true(str_eq_cstr(*labels_get(m->labels, STR("tier")), "front"));
    assert_true(str_eq_cstr(m->finalizers, "[\"x/y\"]"));
    assert_true(str_starts_with(head.meta_raw, STR("{\"name\":\"web-1\"")));
    assert_true(str_ends_with(head.meta_raw, STR("{\"f:a\":{}}}]}")));
    assert_true(str_eq_cstr(head.raw, pod));

    assert_true(object_meta_annotation(m, &arena, STR("last"), &value));
    assert_true(str_eq_cstr(value, "{\"x\":1}\n"));
    assert_true(object_meta_annotation(m, &arena, STR("null"), &value) && value.len == 0);
    assert_false(object_meta_annotation(m, &arena, STR("b"), &value));

    assert_true(object_meta_controller(m, &arena, &owner));
    assert_true(str_eq_cstr(owner.kind, "ReplicaSet") && str_eq_cstr(owner.uid, "u-2"));
    assert_true(owner.is_controller && owner.blocks_owner_deletion);
    assert_true(object_meta_next_owner(m, &arena, &at, &owner) && str_eq_cstr(owner.kind, "Node"));
    assert_false(owner.is_controller);
    assert_true(object_meta_next_owner(m, &arena, &at, &owner) && str_eq_cstr(owner.api_version, "apps/v1"));
    assert_false(object_meta_next_owner(m, &arena, &at, &owner));
}

static void test_absent_fields(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"metadata\":null}",
        "{\"metadata\":{}}",
        ("{\"metadata\":{\"name\":null,\"labels\":null,\"creationTimestamp\":null,\"annotations\":{},"
         "\"ownerReferences\":[ ],\"finalizers\":null,\"generation\":null}}"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        struct object_head head;
        struct owner_reference owner;
        struct str value;

        assert_true(object_head_read(&arena, str_of(cases[i]), &head, NULL));
        assert_int_equal(head.meta.name.len + head.meta.labels.count + head.kind.len, 0);
        assert_int_equal(head.meta.annotations.len + head.meta.owner_references.len + head.meta.finalizers.len, 0);
        assert_true(head.meta.creation_ns == KUBE_TIME_ZERO && head.meta.deletion_ns == KUBE_TIME_ZERO);
        assert_false(object_meta_annotation(&head.meta, &arena, STR("a"), &value));
        assert_false(object_meta_controller(&head.meta, &arena, &owner));
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *json;
        const char *message;
    } cases[] = {
        {"", "invalid JSON: an object was expected at byte 0"},
        {"[]", "invalid JSON: an object was expected at byte 0"},
        {"null", "invalid JSON: an object was expected at byte 0"},
        {"{\"metadata\":[]}", "invalid JSON: an object was expected at byte 12"},
        {"{\"metadata\":{\"name\":1}}", "invalid JSON: a string was expected at byte 20"},
        {"{\"kind\":{}}", "invalid JSON: a string was expected at byte 8"},
        {"{\"metadata\":{\"labels\":{\"a\":true}}}", "invalid JSON: a string was expected at byte 27"},
        {"{\"metadata\":{\"creationTimestamp\":\"now\"}}", "invalid JSON: metadata has a time that is none at byte 38"},
        {"{\"metadata\":{\"ownerReferences\":{\"a\":1}}}", "invalid JSON: an array was expected at byte 38"},
        {"{\"metadata\":{\"finalizers\":{}}}", "invalid JSON: an array was expected at byte 28"},
        {"{\"spec\":{\"a\":tru}}", "invalid JSON: a value was expected at byte 13"},
        {"{} x", "invalid JSON: something follows the document at byte 3"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_error struct error err = {0};
        struct object_head head;

        assert_false(object_head_read(&arena, str_of(cases[i].json), &head, &err));
        assert_string_equal(error_text(&err), cases[i].message);
        assert_int_equal(err.code, 400);
    }
}

static void test_metadata_alone(void **state)
{
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(STR("{\"name\":\"a\"}"), &arena);
    struct object_meta m;

    (void)state;
    assert_true(object_meta_scan(&s, &m) && json_scan_finish(&s));
    assert_true(str_eq_cstr(m.name, "a"));
    s = json_scan_of(STR("{\"name\":\"b\","), &arena);
    assert_false(object_meta_scan(&s, &m));
    assert_true(str_eq_cstr(m.name, "a"));
}

/* The items of a list are read in one pass over its bytes. */
static void test_items_of_a_list(void **state)
{
    static const char list[] = "{\"kind\":\"List\",\"items\":[ {\"metadata\":{\"name\":\"a\"}} ,"
                               "{\"kind\":\"X\",\"metadata\":{\"name\":\"b\"}}]}";
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(str_of(list), &arena);
    struct object_head heads[3];
    struct str key;
    size_t count = 0;

    (void)state;
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (!str_eq_cstr(key, "items"))
            continue;
        json_scan_enter_array(&s);
        while (json_scan_next_element(&s))
            assert_true(object_head_scan(&s, &heads[count++]));
    }
    assert_true(json_scan_finish(&s));
    assert_int_equal(count, 2);
    assert_true(str_eq_cstr(heads[0].raw, "{\"metadata\":{\"name\":\"a\"}}"));
    assert_true(str_eq_cstr(heads[1].meta.name, "b") && str_eq_cstr(heads[1].kind, "X"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_object), cmocka_unit_test(test_absent_fields),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_metadata_alone),
                                       cmocka_unit_test(test_items_of_a_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
