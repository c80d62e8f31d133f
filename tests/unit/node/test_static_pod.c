#include "node/static_pod.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"

#define NODE STR("Lab-1")
#define NOW (INT64_C(1795445765) * NS_PER_S)

static const char *text_at(const json_t *object, const char *a, const char *b, const char *c)
{
    object = json_object_get(object, a);
    if (b != NULL)
        object = json_object_get(object, b);
    if (c != NULL)
        object = json_object_get(object, c);
    return json_string_value(object) != NULL ? json_string_value(object) : "(none)";
}

static void test_good(void **state)
{
    static const char manifest[] = "apiVersion: v1\n"
                                   "kind: Pod\n"
                                   "metadata:\n"
                                   "  name: kube-apiserver\n"
                                   "  namespace: kube-system\n"
                                   "  labels: {component: kube-apiserver, tier: control-plane}\n"
                                   "  annotations:\n"
                                   "    tacho.dev/pid-file: /run/a.pid\n"
                                   "    cgroup.tacho.dev/side: /system.slice/side.service\n"
                                   "spec:\n"
                                   "  hostNetwork: true\n"
                                   "  priorityClassName: system-node-critical\n"
                                   "  containers:\n"
                                   "  - {name: main, image: tacho, imagePullPolicy: Never}\n"
                                   "  - {name: side, image: 'x:1'}\n"
                                   "status: {phase: Failed}\n";
    struct static_pod *p = static_pod_read(STR("/m/a.yaml"), str_of(manifest), NODE, NOW, NULL), *other;
    const json_t *spec, *containers;

    (void)state;
    assert_non_null(p);
    assert_true(str_eq_cstr(p->name, "kube-apiserver-lab-1"));
    assert_true(str_eq_cstr(p->namespace, "kube-system"));
    assert_int_equal(p->uid.len, 32);
    assert_true(str_eq(p->uid, p->hash));
    assert_int_equal(p->container_count, 2);
    assert_true(str_eq_cstr(p->containers[0].pid_file, "/run/a.pid"));
    assert_int_equal(p->containers[0].cgroup.len, 0);
    assert_int_equal(p->containers[1].pid_file.len, 0); /* the short form is the first container's */
    assert_true(str_eq_cstr(p->containers[1].cgroup, "/system.slice/side.service"));

    assert_string_equal(text_at(p->object, "metadata", "name", NULL), "kube-apiserver-lab-1");
    assert_string_equal(text_at(p->object, "metadata", "labels", "tier"), "control-plane");
    assert_string_equal(text_at(p->object, "metadata", "annotations", "kubernetes.io/config.source"), "file");
    assert_string_equal(text_at(p->object, "metadata", "annotations", "kubernetes.io/config.seen"),
                        "2026-11-23T14:56:05.000000Z");
    assert_memory_equal(text_at(p->object, "metadata", "annotations", "kubernetes.io/config.hash"), p->hash.ptr, 32);
    spec = json_object_get(p->object, "spec");
    assert_string_equal(text_at(spec, "nodeName", NULL, NULL), "Lab-1");
    assert_string_equal(text_at(spec, "restartPolicy", NULL, NULL), "Always");
    assert_int_equal(json_integer_value(json_object_get(spec, "priority")), 2000001000);
    assert_int_equal(json_array_size(json_object_get(spec, "tolerations")), 1);
    containers = json_object_get(spec, "containers");
    assert_string_equal(text_at(json_array_get(containers, 0), "imagePullPolicy", NULL, NULL), "Never");
    assert_string_equal(text_at(json_array_get(containers, 1), "imagePullPolicy", NULL, NULL), "IfNotPresent");
    assert_null(json_object_get(p->object, "status"));

    other = static_pod_read(STR("/m/b.yaml"), str_of(manifest), NODE, NOW, NULL);
    assert_false(str_eq(p->hash, other->hash)); /* another file is another pod */
    static_pod_free(other);
    static_pod_free(p);
}

static void test_given_uid(void **state)
{
    static const char manifest[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"uid\":\"1234-5\",\"annotations\":"
        "{\"tacho.dev/cgroup\":\"/x\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
    struct static_pod *p = static_pod_read(STR("/m/a.json"), str_of(manifest), NODE, NOW, NULL);

    (void)state;
    assert_non_null(p);
    assert_true(str_eq_cstr(p->uid, "1234-5"));
    assert_int_equal(p->hash.len, 32);
    assert_true(str_eq_cstr(p->namespace, "default"));
    static_pod_free(p);
}

#define POD(metadata, spec) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{" metadata "},\"spec\":{" spec "}}"
#define PID "\"annotations\":{\"tacho.dev/pid-file\":\"/p\"}"
#define ONE "\"containers\":[{\"name\":\"c\"}]"

static void test_bad(void **state)
{
    static const struct {
        const char *name, *manifest, *expected;
    } cases[] = {
        {"broken", "{", "static pod /m/a.json: line 1: "},
        {"a list", "- a", "not a Pod"},
        {"a text", "hello", "not a Pod"},
        {"nothing", "", "empty"},
        {"another kind", "{\"apiVersion\":\"v1\",\"kind\":\"Node\"}", "not a Pod"},
        {"no name", POD(PID, ONE), "metadata.name is missing"},
        {"bad name", POD("\"name\":\"A_b\"," PID, ONE), "RFC 1123"},
        {"bad namespace", POD("\"name\":\"a\",\"namespace\":\"x.y\"," PID, ONE), "metadata.namespace"},
        {"bad uid", POD("\"name\":\"a\",\"uid\":\"../x\"," PID, ONE), "metadata.uid"},
        {"no containers", POD("\"name\":\"a\"," PID, "\"containers\":[]"), "spec.containers"},
        {"containers no list", POD("\"name\":\"a\"," PID, "\"containers\":{}"), "spec.containers"},
        {"container without name", POD("\"name\":\"a\"," PID, "\"containers\":[{}]"), "container name is missing"},
        {"container name with a quote", POD("\"name\":\"a\"," PID, "\"containers\":[{\"name\":\"c\\\"\"}]"),
         "RFC 1123"},
        {"same name twice",
         POD("\"name\":\"a\",\"annotations\":{\"pid-file.tacho.dev/c\":\"/p\"}",
             "\"containers\":[{\"name\":\"c\"},{\"name\":\"c\"}]"),
         "two containers"},
        {"no process", POD("\"name\":\"a\"", ONE), "neither an annotation"},
        {"second without process", POD("\"name\":\"a\"," PID, "\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"}]"),
         "\"d\" has neither"},
        {"relative pid file", POD("\"name\":\"a\",\"annotations\":{\"tacho.dev/pid-file\":\"p\"}", ONE), "absolute"},
        {"cgroup upwards", POD("\"name\":\"a\",\"annotations\":{\"tacho.dev/cgroup\":\"/a/../b\"}", ONE), "no .."},
        {"annotations no object", POD("\"name\":\"a\",\"annotations\":[]", ONE), "no object"},
        {"container no object", POD("\"name\":\"a\"," PID, "\"containers\":[7]"), "container name is missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        print_message("%s\n", cases[i].name);
        assert_null(static_pod_read(STR("/m/a.json"), str_of(cases[i].manifest), NODE, NOW, &err));
        if (strstr(error_text(&err), cases[i].expected) == NULL)
            fail_msg("\"%s\" doesn't say \"%s\"", error_text(&err), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_given_uid),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
