#include "serve/metrics_openapi.h"

#include "apiserver/openapi_protobuf.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <jansson.h>

static const char *const v3_parts[] = {"apis", "apis/metrics.k8s.io", "apis/metrics.k8s.io/v1beta1",
                                       "apis/metrics.k8s.io/v1", "version"};

static json_t *load(const struct buf *text)
{
    json_error_t why;
    json_t *document = json_loadb(text->ptr, text->len, JSON_REJECT_DUPLICATES, &why);

    if (document == NULL)
        fail_msg("%s at %d", why.text, why.position);
    return document;
}

static json_t *print_v2(void)
{
    auto_buf struct buf text = {0};

    metrics_openapi_print_v2(&text, STR("v0.9.0-3-gabc"));
    return load(&text);
}

static json_t *print_v3(const char *part)
{
    auto_buf struct buf text = {0};

    metrics_openapi_print_v3(&text, STR("v0.9.0-3-gabc"), part);
    return load(&text);
}

/* Every $ref in VALUE begins with PREFIX and names one of TYPES; each that is named is marked in SEEN. */
static void check_refs(json_t *value, const char *prefix, json_t *types, json_t *seen, bool stands_alone)
{
    const char *key;
    json_t *member;

    for (size_t i = 0; i < json_array_size(value); i++)
        check_refs(json_array_get(value, i), prefix, types, seen, stands_alone);
    json_object_foreach (value, key, member) {
        if (strcmp(key, "$ref") != 0) {
            check_refs(member, prefix, types, seen, stands_alone);
            continue;
        }
        const char *ref = json_string_value(member);
        assert_non_null(ref);
        if (strncmp(ref, prefix, strlen(prefix)) != 0 || json_object_get(types, ref + strlen(prefix)) == NULL)
            fail_msg("%s leads nowhere", ref);
        json_object_set_new(seen, ref + strlen(prefix), json_true());
        if (stands_alone)
            assert_int_equal(json_object_size(value), 1);
    }
}

/* No type is there that nobody needs, and each has words. */
static void check_types(json_t *types, const json_t *seen)
{
    const char *name;
    json_t *type;

    json_object_foreach (types, name, type) {
        const json_t *required = json_object_get(type, "required");
        if (json_object_get(seen, name) == NULL)
            fail_msg("nobody needs %s", name);
        assert_true(json_is_string(json_object_get(type, "description")));
        assert_true(json_is_string(json_object_get(type, "type")));
        for (size_t i = 0; i < json_array_size(required); i++)
            assert_non_null(
                json_object_get(json_object_get(type, "properties"), json_string_value(json_array_get(required, i))));
    }
}

static void test_references(void **state)
{
    (void)state;
    json_t *v2 = print_v2(), *seen = json_object(), *types = json_object_get(v2, "definitions");
    check_refs(v2, "#/definitions/", types, seen, false);
    check_types(types, seen);
    json_decref(seen);
    json_decref(v2);
    for (size_t i = 0; i < sizeof(v3_parts) / sizeof(v3_parts[0]); i++) {
        json_t *v3 = print_v3(v3_parts[i]);
        seen = json_object();
        types = json_object_get(json_object_get(v3, "components"), "schemas");
        check_refs(v3, "#/components/schemas/", types, seen, true);
        check_types(types, seen);
        json_decref(seen);
        json_decref(v3);
    }
}

static void check_kind(const json_t *gvk, const char *group, const char *version, const char *kind)
{
    assert_string_equal(json_string_value(json_object_get(gvk, "group")), group);
    assert_string_equal(json_string_value(json_object_get(gvk, "version")), version);
    assert_string_equal(json_string_value(json_object_get(gvk, "kind")), kind);
}

/* What kubectl finds a kind's fields by. */
static void test_kinds(void **state)
{
    static const char *const kinds[] = {"NodeMetrics", "NodeMetricsList", "PodMetrics", "PodMetricsList"};
    static const char *const versions[] = {"v1beta1", "v1"};
    json_t *v2 = print_v2(), *types = json_object_get(v2, "definitions");

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        char name[128];
        snprintf(name, sizeof(name), "io.k8s.metrics.pkg.apis.metrics.%s.%s", versions[i / 4], kinds[i % 4]);
        const json_t *gvk = json_object_get(json_object_get(types, name), "x-kubernetes-group-version-kind");
        assert_int_equal(json_array_size(gvk), 1);
        check_kind(json_array_get(gvk, 0), "metrics.k8s.io", versions[i / 4], kinds[i % 4]);
    }
    assert_non_null(json_object_get(types, "io.k8s.metrics.pkg.apis.metrics.v1.ContainerMetrics"));
    assert_non_null(json_object_get(types, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
    assert_non_null(json_object_get(types, "io.k8s.apimachinery.pkg.api.resource.Quantity"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(v2, "info"), "version")), "v0.9.0");
    json_decref(v2);
}

/* Each path of the API is there, with an operation of its own, and its parameters are those of the path. */
static void test_paths(void **state)
{
    static const struct {
        const char *path, *kind, *action;
        unsigned in_path;
    } want[] = {
        {"nodes", "NodeMetrics", "list", 0},
        {"nodes/{name}", "NodeMetrics", "get", 1},
        {"pods", "PodMetrics", "list", 0},
        {"namespaces/{namespace}/pods", "PodMetrics", "list", 1},
        {"namespaces/{namespace}/pods/{name}", "PodMetrics", "get", 2},
    };
    static const char *const versions[] = {"v1beta1", "v1"};
    json_t *v2 = print_v2(), *ids = json_object(), *paths = json_object_get(v2, "paths"), *item;
    const char *path;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        char name[128];
        unsigned in_path = 0;
        snprintf(name, sizeof(name), "/apis/metrics.k8s.io/%s/%s", versions[i / 5], want[i % 5].path);
        const json_t *get = json_object_get(json_object_get(paths, name), "get");
        check_kind(json_object_get(get, "x-kubernetes-group-version-kind"), "metrics.k8s.io", versions[i / 5],
                   want[i % 5].kind);
        assert_string_equal(json_string_value(json_object_get(get, "x-kubernetes-action")), want[i % 5].action);
        const json_t *parameters = json_object_get(get, "parameters");
        for (size_t p = 0; p < json_array_size(parameters); p++) {
            const json_t *in = json_object_get(json_array_get(parameters, p), "in");
            in_path += strcmp(json_string_value(in), "path") == 0;
        }
        assert_int_equal(in_path, want[i % 5].in_path);
    }
    json_object_foreach (paths, path, item) {
        json_t *id = json_object_get(json_object_get(item, "get"), "operationId");
        assert_null(json_object_get(ids, json_string_value(id)));
        json_object_set(ids, json_string_value(id), json_true());
    }
    assert_int_equal(json_object_size(ids), 15);
    json_decref(ids);
    json_decref(v2);
}

/* The parts together have what the whole has. */
static void test_parts(void **state)
{
    json_t *v2 = print_v2();
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(v3_parts) / sizeof(v3_parts[0]); i++) {
        json_t *v3 = print_v3(v3_parts[i]);
        count += json_object_size(json_object_get(v3, "paths"));
        assert_string_equal(json_string_value(json_object_get(v3, "openapi")), "3.0.0");
        json_decref(v3);
    }
    assert_int_equal(count, json_object_size(json_object_get(v2, "paths")));
    json_decref(v2);
}

/* The fields TAG of a message: how many, and the last one. Everything here is length-delimited or a bool. */
static size_t count_fields(struct str message, unsigned tag, struct str *last)
{
    size_t count = 0;

    while (message.len > 0) {
        uint64_t key = 0, length = 0;
        size_t at = 0;
        for (unsigned shift = 0, more = 1; more; shift += 7, at++) {
            assert_true(at < message.len);
            key |= (uint64_t)(message.ptr[at] & 0x7f) << shift;
            more = (message.ptr[at] & 0x80) != 0;
        }
        for (unsigned shift = 0, more = 1; more; shift += 7, at++) {
            assert_true(at < message.len);
            length |= (uint64_t)(message.ptr[at] & 0x7f) << shift;
            more = (message.ptr[at] & 0x80) != 0;
        }
        message = str_skip(message, at);
        if ((key & 7) == 0)
            continue;
        assert_int_equal(key & 7, 2);
        assert_true(length <= message.len);
        if (key >> 3 == tag) {
            *last = str_head(message, length);
            count++;
        }
        message = str_skip(message, length);
    }
    return count;
}

static void test_protobuf(void **state)
{
    auto_buf struct buf text = {0}, out = {0};
    struct str part = {0}, named = {0}, value = {0}, operation = {0};

    (void)state;
    metrics_openapi_print_v2(&text, STR("v0.9.0"));
    openapi_print_protobuf(&out, buf_str(&text));
    json_t *v2 = load(&text);
    assert_int_equal(count_fields(buf_str(&out), 1, &part), 1);
    assert_true(str_eq_cstr(part, "2.0"));
    assert_int_equal(count_fields(buf_str(&out), 8, &part), 1);
    assert_int_equal(count_fields(part, 2, &named), json_object_size(json_object_get(v2, "paths")));
    assert_int_equal(count_fields(named, 1, &value), 1);
    assert_true(str_eq_cstr(value, "/version/"));
    assert_int_equal(count_fields(named, 2, &value), 1);
    assert_int_equal(count_fields(value, 2, &operation), 1);
    assert_int_equal(count_fields(operation, 5, &value), 1);
    assert_true(str_eq_cstr(value, "getCodeVersion"));
    assert_int_equal(count_fields(buf_str(&out), 9, &part), 1);
    assert_int_equal(count_fields(part, 1, &named), json_object_size(json_object_get(v2, "definitions")));
    json_decref(v2);
}

static void test_protobuf_v3(void **state)
{
    auto_buf struct buf text = {0}, out = {0};
    struct str part = {0}, named = {0}, value = {0}, operation = {0}, schema = {0};

    (void)state;
    metrics_openapi_print_v3(&text, STR("v0.9.0"), "apis/metrics.k8s.io/v1");
    openapi_print_protobuf_v3(&out, buf_str(&text));
    json_t *v3 = load(&text);
    assert_int_equal(count_fields(buf_str(&out), 1, &part), 1);
    assert_true(str_eq_cstr(part, "3.0.0"));
    assert_int_equal(count_fields(buf_str(&out), 2, &part), 1);
    assert_int_equal(count_fields(part, 6, &value), 1);
    assert_true(str_eq_cstr(value, "v0.9.0"));
    assert_int_equal(count_fields(buf_str(&out), 4, &part), 1);
    assert_int_equal(count_fields(part, 1, &named), 6);
    assert_int_equal(count_fields(named, 2, &value), 1);
    assert_int_equal(count_fields(value, 4, &operation), 1);
    assert_int_equal(count_fields(operation, 6, &value), 3); /* name, namespace, pretty */
    assert_int_equal(count_fields(operation, 8, &value), 1);
    assert_int_equal(count_fields(value, 2, &named), 2); /* 200 and 401 */
    assert_int_equal(count_fields(buf_str(&out), 5, &part), 1);
    assert_int_equal(count_fields(part, 1, &value), 1);
    assert_int_equal(count_fields(value, 1, &named),
                     json_object_size(json_object_get(json_object_get(v3, "components"), "schemas")));
    assert_int_equal(count_fields(named, 1, &value), 1);
    assert_true(str_eq_cstr(value, "io.k8s.metrics.pkg.apis.metrics.v1.PodMetricsList"));
    assert_int_equal(count_fields(named, 2, &value), 1);
    assert_int_equal(count_fields(value, 1, &schema), 1);
    assert_int_equal(count_fields(schema, 31, &value), 1);
    assert_int_equal(count_fields(value, 1, &named), 4); /* apiVersion, items, kind, metadata */
    json_decref(v3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references), cmocka_unit_test(test_kinds),    cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parts),      cmocka_unit_test(test_protobuf), cmocka_unit_test(test_protobuf_v3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
