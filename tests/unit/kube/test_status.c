#include "kube/status.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":"

static void assert_status(struct status s, const char *json)
{
    auto_buf struct buf out = {0};

    status_print(&out, &s);
    assert_string_equal(buf_cstr(&out), json);
}

static const struct group_resource pods = {STR_INIT(""), STR_INIT("pods")};
static const struct group_resource podmetrics = {STR_INIT("metrics.k8s.io"), STR_INIT("podmetrics")};
static const struct group_resource metrics_pods = {STR_INIT("metrics.k8s.io"), STR_INIT("pods")};

static void test_not_found(void **state)
{
    auto_arena struct arena a = {0};

    (void)state;
    assert_status(status_not_found(&a, pods, STR("web-1")),
                  HEAD "\"pods \\\"web-1\\\" not found\",\"reason\":\"NotFound\",\"details\":{\"name\":\"web-1\","
                       "\"kind\":\"pods\"},\"code\":404}");
    assert_status(status_not_found(&a, podmetrics, STR("default/web-1")),
                  HEAD "\"podmetrics.metrics.k8s.io \\\"default/web-1\\\" not found\",\"reason\":\"NotFound\","
                       "\"details\":{\"name\":\"default/web-1\",\"group\":\"metrics.k8s.io\",\"kind\":\"podmetrics\"},"
                       "\"code\":404}");
    assert_status(status_no_such_path(), HEAD "\"the server could not find the requested resource\","
                                              "\"reason\":\"NotFound\",\"details\":{},\"code\":404}");
}

static void test_refused_requests(void **state)
{
    static const struct str types[] = {STR_INIT("application/json"), STR_INIT("application/yaml")};
    auto_arena struct arena a = {0};

    (void)state;
    assert_status(status_bad_request(STR("a < b")), HEAD "\"a \\u003c b\",\"reason\":\"BadRequest\",\"code\":400}");
    assert_status(status_failure(500, "", STR("failed reading pods metrics: x")),
                  HEAD "\"failed reading pods metrics: x\",\"code\":500}");
    assert_status(status_unauthorized(), HEAD "\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}");
    assert_status(status_method_not_allowed(), HEAD "\"the server does not allow this method on the requested "
                                                    "resource\",\"reason\":\"MethodNotAllowed\",\"details\":{},"
                                                    "\"code\":405}");
    assert_status(status_watch_not_supported(&a, metrics_pods),
                  HEAD "\"watch is not supported on resources of kind \\\"pods.metrics.k8s.io\\\"\","
                       "\"reason\":\"MethodNotAllowed\",\"details\":{\"group\":\"metrics.k8s.io\",\"kind\":\"pods\"},"
                       "\"code\":405}");
    assert_status(status_method_not_supported(&a, pods, STR("patch")),
                  HEAD "\"patch is not supported on resources of kind \\\"pods\\\"\",\"reason\":\"MethodNotAllowed\","
                       "\"details\":{\"kind\":\"pods\"},\"code\":405}");
    assert_status(status_not_acceptable(&a, types, 2),
                  HEAD "\"only the following media types are accepted: application/json, application/yaml\","
                       "\"reason\":\"NotAcceptable\",\"code\":406}");
    assert_status(status_unsupported_media_type(&a, types, 1),
                  HEAD "\"the body of the request was in an unknown format - accepted media types include: "
                       "application/json\",\"reason\":\"UnsupportedMediaType\",\"code\":415}");
    assert_status(status_request_too_large(&a, STR("limit is 3145728")),
                  HEAD "\"Request entity too large: limit is 3145728\",\"reason\":\"RequestEntityTooLarge\","
                       "\"code\":413}");
    assert_status(status_too_many_requests(STR("slow down"), 1),
                  HEAD "\"slow down\",\"reason\":\"TooManyRequests\",\"details\":{\"retryAfterSeconds\":1},"
                       "\"code\":429}");
}

static void test_forbidden(void **state)
{
    auto_arena struct arena a = {0};
    struct forbidden_request r = {.user = STR("jane"),
                                  .verb = STR("list"),
                                  .group = STR("metrics.k8s.io"),
                                  .resource = STR("pods"),
                                  .namespace = STR("default")};

    (void)state;
    assert_status(status_forbidden_resource(&a, &r),
                  HEAD "\"pods.metrics.k8s.io is forbidden: User \\\"jane\\\" cannot list resource \\\"pods\\\" in API "
                       "group \\\"metrics.k8s.io\\\" in the namespace \\\"default\\\"\",\"reason\":\"Forbidden\","
                       "\"details\":{\"group\":\"metrics.k8s.io\",\"kind\":\"pods\"},\"code\":403}");
    r = (struct forbidden_request){.user = STR("jane"),
                                   .verb = STR("get"),
                                   .resource = STR("nodes"),
                                   .subresource = STR("proxy"),
                                   .name = STR("n1"),
                                   .reason = STR("no binding")};
    assert_status(status_forbidden_resource(&a, &r), HEAD
                  "\"nodes \\\"n1\\\" is forbidden: User \\\"jane\\\" cannot get resource \\\"nodes/proxy\\\" in API "
                  "group \\\"\\\" at the cluster scope: no binding\",\"reason\":\"Forbidden\","
                  "\"details\":{\"name\":\"n1\",\"kind\":\"nodes\"},\"code\":403}");
    assert_status(status_forbidden_path(&a, STR("system:anonymous"), STR("get"), STR("/metrics"), STR("")),
                  HEAD "\"forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/metrics\\\"\","
                       "\"reason\":\"Forbidden\",\"details\":{},\"code\":403}");
    /* who is refused may be anybody; the reason is the authorizer's */
    assert_status(status_forbidden_path(&a, STR("<x>&"), STR("get"), STR("/"), STR("why>")),
                  HEAD "\"forbidden: User \\\"\\u0026lt;x\\u0026gt;\\u0026amp;\\\" cannot get path \\\"/\\\": "
                       "why\\u003e\",\"reason\":\"Forbidden\","
                       "\"details\":{},\"code\":403}");
}

static void test_conflicts(void **state)
{
    auto_arena struct arena a = {0};

    (void)state;
    assert_status(status_already_exists(&a, pods, STR("x")),
                  HEAD "\"pods \\\"x\\\" already exists\",\"reason\":\"AlreadyExists\",\"details\":{\"name\":\"x\","
                       "\"kind\":\"pods\"},\"code\":409}");
    assert_status(status_modified(&a, pods, STR("x")),
                  HEAD "\"Operation cannot be fulfilled on pods \\\"x\\\": the object has been modified; please apply "
                       "your changes to the latest version and try again\",\"reason\":\"Conflict\","
                       "\"details\":{\"name\":\"x\",\"kind\":\"pods\"},\"code\":409}");
    assert_status(status_too_old(&a, 5, 17),
                  HEAD "\"too old resource version: 5 (17)\",\"reason\":\"Expired\",\"code\":410}");
    assert_status(status_gone(STR("gone")), HEAD "\"gone\",\"reason\":\"Gone\",\"code\":410}");
}

static void test_invalid(void **state)
{
    auto_arena struct arena a = {0};
    struct group_resource kind = {STR("apps"), STR("Deployment")};
    struct status_cause causes[] = {
        cause_required(&a, STR("spec.selector"), STR("")),
        cause_invalid(&a, STR("metadata.name"), STR("X"), STR("no")),
        cause_required(&a, STR("spec.selector"), STR("")),
    };

    (void)state;
    assert_status(status_invalid(&a, kind, STR("X"), causes, 0),
                  HEAD "\"Deployment.apps \\\"X\\\" is invalid\",\"reason\":\"Invalid\",\"details\":{\"name\":\"X\","
                       "\"group\":\"apps\",\"kind\":\"Deployment\"},\"code\":422}");
    causes[1] = cause_forbidden(&a, STR("resourceVersionMatch"),
                                STR("resourceVersionMatch is forbidden unless resourceVersion is provided"));
    assert_status(
        status_invalid(&a, (struct group_resource){STR("meta.k8s.io"), STR("ListOptions")}, STR(""), &causes[1], 1),
        HEAD "\"ListOptions.meta.k8s.io \\\"\\\" is invalid: resourceVersionMatch: Forbidden: "
             "resourceVersionMatch is forbidden unless resourceVersion is provided\",\"reason\":\"Invalid\","
             "\"details\":{\"group\":\"meta.k8s.io\",\"kind\":\"ListOptions\",\"causes\":[{\"reason\":"
             "\"FieldValueForbidden\",\"message\":\"Forbidden: resourceVersionMatch is forbidden unless "
             "resourceVersion is provided\",\"field\":\"resourceVersionMatch\"}]},\"code\":422}");
    causes[1] = cause_invalid(&a, STR("metadata.name"), STR("X"), STR("no"));
    assert_status(status_invalid(&a, kind, STR("X"), causes, 1),
                  HEAD "\"Deployment.apps \\\"X\\\" is invalid: spec.selector: Required value\",\"reason\":\"Invalid\","
                       "\"details\":{\"name\":\"X\",\"group\":\"apps\",\"kind\":\"Deployment\",\"causes\":[{"
                       "\"reason\":\"FieldValueRequired\",\"message\":\"Required value\","
                       "\"field\":\"spec.selector\"}]},\"code\":422}");
    /* what is said twice is a cause twice, but is said once */
    assert_status(status_invalid(&a, (struct group_resource){STR(""), STR("Pod")}, STR(""), causes, 3),
                  HEAD "\"Pod \\\"\\\" is invalid: [spec.selector: Required value, metadata.name: Invalid value: "
                       "\\\"X\\\": no]\",\"reason\":\"Invalid\",\"details\":{\"kind\":\"Pod\",\"causes\":[{"
                       "\"reason\":\"FieldValueRequired\",\"message\":\"Required value\",\"field\":\"spec.selector\"},"
                       "{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid value: \\\"X\\\": no\","
                       "\"field\":\"metadata.name\"},{\"reason\":\"FieldValueRequired\","
                       "\"message\":\"Required value\",\"field\":\"spec.selector\"}]},\"code\":422}");
}

static void test_server_faults(void **state)
{
    auto_arena struct arena a = {0};

    (void)state;
    assert_status(status_internal(&a, STR("disk full")),
                  HEAD "\"Internal error occurred: disk full\",\"reason\":\"InternalError\",\"details\":{\"causes\":[{"
                       "\"message\":\"disk full\"}]},\"code\":500}");
    assert_status(status_server_timeout(&a, pods, STR("list"), 2),
                  HEAD "\"The list operation against pods could not be completed at this time, please try again.\","
                       "\"reason\":\"ServerTimeout\",\"details\":{\"name\":\"list\",\"kind\":\"pods\","
                       "\"retryAfterSeconds\":2},\"code\":500}");
    assert_status(status_service_unavailable(STR("apiserver is shutting down")),
                  HEAD "\"apiserver is shutting down\",\"reason\":\"ServiceUnavailable\",\"code\":503}");
    assert_status(status_timeout(&a, STR("request did not complete within the allotted timeout"), 0),
                  HEAD "\"Timeout: request did not complete within the allotted timeout\",\"reason\":\"Timeout\","
                       "\"details\":{},\"code\":504}");
}

static void test_success(void **state)
{
    (void)state;
    assert_status(status_success(pods, STR("web-1"), STR("u-1")),
                  "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\","
                  "\"details\":{\"name\":\"web-1\",\"kind\":\"pods\",\"uid\":\"u-1\"}}");
}

static void test_as_error(void **state)
{
    auto_arena struct arena a = {0};
    auto_error struct error err = {0};
    struct status s = status_not_found(&a, pods, STR("x"));

    (void)state;
    assert_true(status_has_reason(&s, "NotFound"));
    assert_false(status_has_reason(&s, "Conflict"));
    assert_false(status_to_error(&s, &err));
    assert_int_equal(err.code, 404);
    assert_string_equal(error_text(&err), "pods \"x\" not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_found), cmocka_unit_test(test_refused_requests), cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_conflicts), cmocka_unit_test(test_invalid),          cmocka_unit_test(test_server_faults),
        cmocka_unit_test(test_success),   cmocka_unit_test(test_as_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
