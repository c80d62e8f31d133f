#include "serve/metrics_api.h"

#include "../apiserver/world.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "kube/time.h"
#include "scrape/batch_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define API "/apis/metrics.k8s.io/v1beta1"
#define V1 "/apis/metrics.k8s.io/v1"
#define STATUS(message, reason, details, code)                                                                 \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"" message \
    "\",\"reason\":\"" reason "\"" details ",\"code\":" code "}\n"
#define DETAILS(details) ",\"details\":{" details "}"
#define GONE STATUS("the server could not find the requested resource", "NotFound", DETAILS(""), "404")
#define NOT_ALLOWED \
    STATUS("the server does not allow this method on the requested resource", "MethodNotAllowed", DETAILS(""), "405")
/* Where nothing fits, errors are indented JSON, whatever they are. */
#define NOT_ACCEPTABLE(message)                                                                                  \
    "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  " \
    "\"message\": \"" message "\",\n  \"reason\": \"NotAcceptable\",\n  \"code\": 406\n}"
/* NOW stands for the time of the request. */
#define META_N1 "{\"name\":\"n1\",\"creationTimestamp\":NOW,\"labels\":{\"a\\u003cb\":\"x\",\"os\":\"linux\"}}"
#define FIGURES_N1                                                                                            \
    "\"timestamp\":\"2026-01-31T12:00:15Z\",\"window\":\"15s\",\"usage\":{\"cpu\":\"166666666n\",\"memory\":" \
    "\"100Mi\"}"
#define N1 "{\"metadata\":" META_N1 "," FIGURES_N1 "}"
#define META_N2 "{\"name\":\"n2\",\"creationTimestamp\":NOW}"
#define N2                                                                                     \
    "{\"metadata\":" META_N2                                                                   \
    ",\"timestamp\":\"2026-01-31T12:00:05Z\",\"window\":\"14.985s\",\"usage\":{\"cpu\":\"2\"," \
    "\"memory\":\"1048577\"}}"
#define META_P1 "{\"name\":\"p1\",\"namespace\":\"default\",\"creationTimestamp\":NOW,\"labels\":{\"app\":\"web\"}}"
#define FIGURES_P1                                                                                                     \
    "\"timestamp\":\"2026-01-31T12:00:14Z\",\"window\":\"14.9s\",\"containers\":[{\"name\":\"c1\",\"usage\":{\"cpu\":" \
    "\"100m\",\"memory\":\"1Mi\"}},{\"name\":\"c2\",\"usage\":{\"cpu\":\"0\",\"memory\":\"1k\"}}]"
#define P1 "{\"metadata\":" META_P1 "," FIGURES_P1 "}"
#define META_P3 "{\"name\":\"p3\",\"namespace\":\"default\",\"creationTimestamp\":NOW}"
#define P3 "{\"metadata\":" META_P3 ",\"timestamp\":null,\"window\":\"0s\",\"containers\":[]}"
#define META_P4 "{\"name\":\"p1\",\"namespace\":\"other\",\"creationTimestamp\":NOW}"
#define P4                                                                                        \
    "{\"metadata\":" META_P4                                                                      \
    ",\"timestamp\":\"2026-01-31T12:00:15Z\",\"window\":\"15s\",\"containers\":[{\"name\":\"c\"," \
    "\"usage\":{\"cpu\":\"1n\",\"memory\":\"1Gi\"}}]}"
#define LIST_META "{\"resourceVersion\":\"2048005\"}"
#define NODES(items)                                                                                  \
    "{\"kind\":\"NodeMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":" LIST_META \
    ",\"items\":[" items "]}\n"
#define PODS(items)                                                                                  \
    "{\"kind\":\"PodMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":" LIST_META \
    ",\"items\":[" items "]}\n"

#define GROUP_VERSION(version) "{\"groupVersion\":\"metrics.k8s.io/" version "\",\"version\":\"" version "\"}"
#define GROUP_MEMBERS                                                                        \
    "\"name\":\"metrics.k8s.io\",\"versions\":[" GROUP_VERSION("v1beta1") "," GROUP_VERSION( \
        "v1") "],"                                                                           \
              "\"preferredVersion\":" GROUP_VERSION("v1beta1")
#define RESOURCES(version)                                                                                             \
    "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"metrics.k8s.io/" version                   \
    "\",\"resources\":[{\"name\":\"nodes\",\"singularName\":\"\",\"namespaced\":false,\"kind\":\"NodeMetrics\"," VERBS \
    "},{\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"PodMetrics\"," VERBS "}]}\n"
#define VERBS "\"verbs\":[\"get\",\"list\",\"watch\"]"
#define AGGREGATED(version)                                                                      \
    "{\"version\":\"" version                                                                    \
    "\",\"resources\":[" AGGREGATED_KIND("nodes", "NodeMetrics", "Cluster") "," AGGREGATED_KIND( \
        "pods", "PodMetrics", "Namespaced") "],\"freshness\":\"Current\"}"
#define AGGREGATED_KIND(name, kind, scope)                                                          \
    "{\"resource\":\"" name "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind \
    "\"},\"scope\":\"" scope "\",\"singularResource\":\"\"," VERBS "}"

#define COLUMN(name, format, description)                                                                 \
    "{\"name\":\"" name "\",\"type\":\"string\",\"format\":\"" format "\",\"description\":\"" description \
    "\",\"priority\":0}"
#define TABLE_OF(meta, rows)                                                                         \
    "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":" meta                       \
    ",\"columnDefinitions\":[" COLUMN("Name", "name", "Name of the resource") "," COLUMN(            \
        "cpu", "quantity", "") "," COLUMN("memory", "quantity", "") "," COLUMN("Window", "duration", \
                                                                               "") "],\"rows\":[" rows "]}\n"
#define TABLE(rows) TABLE_OF(LIST_META, rows)
#define PARTIAL(meta) "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":" meta "}"
#define AS_TABLE                                                                                                    \
    {                                                                                                               \
        "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io," \
                  "application/json"                                                                                \
    }
#define AS(kind)                                                    \
    {                                                               \
        "Accept", "application/json;as=" kind ";v=v1;g=meta.k8s.io" \
    }

static const struct {
    struct question q;
    int status;
    const char *body;
} cases[] = {
    /* discovery */
    {{.path = "/apis"},
     200,
     "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{" GROUP_MEMBERS
     ",\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"10.0.0.9:443\"}]}]}\n"},
    {{.path = "/apis/metrics.k8s.io/"}, 200, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\"," GROUP_MEMBERS "}\n"},
    {{.path = API}, 200, RESOURCES("v1beta1")},
    {{.path = V1 "/"}, 200, RESOURCES("v1")},
    {{.path = "/apis/metrics.k8s.io/v2"}, 404, GONE},
    {{.path = "/apis", .headers = {"Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}},
     200,
     "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},\"items\":[{"
     "\"metadata\":{\"name\":\"metrics.k8s.io\"},\"versions\":[" AGGREGATED("v1beta1") "," AGGREGATED("v1") "]}]}\n"},
    {{.path = "/apis/apps"},
     404,
     "{\n  \"paths\": [\n    \"/apis\",\n    \"/apis/metrics.k8s.io\",\n    "
     "\"/apis/metrics.k8s.io/v1\",\n    \"/apis/metrics.k8s.io/v1beta1\",\n    \"/ok\",\n    \"/slow\"\n  ]\n}"},

    /* objects */
    {{.path = API "/nodes"}, 200, NODES(N1 "," N2)},
    {{.path = API "/nodes/n1"},
     200,
     "{\"kind\":\"NodeMetrics\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":" META_N1 "," FIGURES_N1 "}\n"},
    {{.path = API "/pods"}, 200, PODS(P1 "," P3 "," P4)},
    {{.path = API "/namespaces/default/pods"}, 200, PODS(P1 "," P3)},
    {{.path = API "/namespaces/nowhere/pods"}, 200, PODS("")},
    {{.path = API "/namespaces/default/pods/p1"},
     200,
     "{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":" META_P1 "," FIGURES_P1 "}\n"},
    {{.path = API "/pods?limit=1&continue=x&resourceVersion=5&timeoutSeconds=3"}, 200, PODS(P1 "," P3 "," P4)},
    {{.path = API "/nodes/n2", .headers = {"Accept", "application/yaml"}},
     200,
     "apiVersion: metrics.k8s.io/v1beta1\nkind: NodeMetrics\nmetadata:\n  creationTimestamp: NOW\n  name: n2\n"
     "timestamp: \"2026-01-31T12:00:05Z\"\nusage:\n  cpu: \"2\"\n  memory: \"1048577\"\nwindow: 14.985s\n"},

    /* v1: another name */
    {{.path = V1 "/nodes"},
     200,
     "{\"kind\":\"NodeMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1\",\"metadata\":" LIST_META ",\"items\":[" N1
     "," N2 "]}\n"},
    {{.path = V1 "/namespaces/default/pods/p1"},
     200,
     "{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics.k8s.io/v1\",\"metadata\":" META_P1 "," FIGURES_P1 "}\n"},
    {{.path = V1 "/nodes/n2", .headers = AS("PartialObjectMetadata")}, 200, PARTIAL(META_N2) "\n"},

    /* what there is none of */
    {{.path = API "/nodes/n9"},
     404,
     STATUS("node \\\"n9\\\" not found", "NotFound", DETAILS("\"name\":\"n9\",\"kind\":\"node\""), "404")},
    {{.path = API "/nodes/new"},
     404,
     STATUS("nodemetrics.metrics.k8s.io \\\"new\\\" not found", "NotFound",
            DETAILS("\"name\":\"new\",\"group\":\"metrics.k8s.io\",\"kind\":\"nodemetrics\""), "404")},
    {{.path = API "/namespaces/default/pods/web-1"},
     404,
     STATUS("pods \\\"web-1\\\" not found", "NotFound", DETAILS("\"name\":\"web-1\",\"kind\":\"pods\""), "404")},
    {{.path = API "/namespaces/default/pods/p2"},
     404,
     STATUS("podmetrics.metrics.k8s.io \\\"default/p2\\\" not found", "NotFound",
            DETAILS("\"name\":\"default/p2\",\"group\":\"metrics.k8s.io\",\"kind\":\"podmetrics\""), "404")},

    /* paths and methods */
    {{.path = API "/services"}, 404, GONE},
    {{.path = API "/nodes/n1/status"}, 404, GONE},
    {{.path = API "/pods/p1"}, 404, GONE},
    {{.path = API "/namespaces/default"}, 404, GONE},
    {{.path = API "/namespaces/default/nodes"}, 404, GONE},
    {{.path = API "/watch/pods"}, 404, GONE},
    {{.path = V1 "/watch/pods"}, 404, GONE},
    {{.path = "/apis/metrics.k8s.io/v2/nodes"}, 404, GONE},
    {{.path = API "/nodes", .method = "POST"}, 405, NOT_ALLOWED},
    {{.path = API "/nodes/n1", .method = "DELETE"}, 405, NOT_ALLOWED},
    {{.path = API "/namespaces/default/pods/p1", .method = "PUT"}, 405, NOT_ALLOWED},

    /* selectors */
    {{.path = API "/nodes?labelSelector=os%3Dlinux"}, 200, NODES(N1)},
    {{.path = API "/nodes?labelSelector=os!%3Dlinux"}, 200, NODES(N2)},
    {{.path = API "/namespaces/default/pods?labelSelector=app%20in%20(web,db)"}, 200, PODS(P1)},
    {{.path = API "/nodes?labelSelector=a%3Db%3Dc"}, 400, NULL},
    {{.path = API "/nodes?fieldSelector=metadata.name%3Dn2"}, 200, NODES(N2)},
    {{.path = API "/nodes?fieldSelector=metadata.namespace%3Dx"}, 200, NODES("")},
    {{.path = API "/nodes?fieldSelector=metadata.namespace!%3Dx"}, 200, NODES(N1 "," N2)},
    {{.path = API "/pods?fieldSelector=metadata.name%3Dp1,metadata.namespace!%3Dother"}, 200, PODS(P1)},
    {{.path = API "/pods?fieldSelector=status.phase%3DRunning"},
     400,
     STATUS(
         "\\\"status.phase\\\" is not a known field selector: only \\\"metadata.name\\\", \\\"metadata.namespace\\\"",
         "BadRequest", "", "400")},
    {{.path = API "/pods?limit=x"},
     400,
     STATUS("strconv.ParseInt: parsing \\\"x\\\": invalid syntax", "BadRequest", "", "400")},
    {{.path = API "/pods?resourceVersionMatch=Exact"},
     422,
     STATUS(
         "ListOptions.meta.k8s.io \\\"\\\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is "
         "forbidden "
         "unless resourceVersion is provided",
         "Invalid",
         DETAILS("\"group\":\"meta.k8s.io\",\"kind\":\"ListOptions\",\"causes\":[{\"reason\":\"FieldValueForbidden\","
                 "\"message\":\"Forbidden: resourceVersionMatch is forbidden unless resourceVersion is "
                 "provided\",\"field\":"
                 "\"resourceVersionMatch\"}]"),
         "422")},
    {{.path = API "/pods?sendInitialEvents=true"}, 422, NULL},
    {{.path = API "/namespaces/default/pods/p1?export=1"},
     400,
     STATUS("the export parameter, deprecated since v1.14, is no longer supported", "BadRequest", "", "400")},

    /* Tables */
    {{.path = API "/nodes", .headers = AS_TABLE},
     200,
     TABLE("{\"cells\":[\"n1\",\"166666666n\",\"100Mi\",\"15s\"],\"object\":" PARTIAL(
         META_N1) "},"
                  "{\"cells\":[\"n2\",\"2\",\"1048577\",\"14.985s\"],\"object\":" PARTIAL(META_N2) "}")},
    {{.path = API "/nodes/n2?includeObject=None", .headers = AS_TABLE},
     200,
     TABLE_OF("{}", "{\"cells\":[\"n2\",\"2\",\"1048577\",\"14.985s\"],\"object\":null}")},
    {{.path = API "/namespaces/default/pods", .headers = AS_TABLE},
     200,
     TABLE("{\"cells\":[\"p1\",\"100m\",\"1049576\",\"14.9s\"],\"object\":" PARTIAL(
         META_P1) "},"
                  "{\"cells\":[\"p3\",\"0\",\"0\",\"0s\"],\"object\":" PARTIAL(META_P3) "}")},
    {{.path = API "/namespaces/other/pods?includeObject=Object", .headers = AS_TABLE},
     200,
     TABLE("{\"cells\":[\"p1\",\"1n\",\"1Gi\",\"15s\"],\"object\":{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics."
           "k8s.io/v1beta1\","
           "\"metadata\":" META_P4
           ",\"timestamp\":\"2026-01-31T12:00:15Z\",\"window\":\"15s\",\"containers\":[{\"name\":\"c\","
           "\"usage\":{\"cpu\":\"1n\",\"memory\":\"1Gi\"}}]}}")},
    {{.path = API "/namespaces/nowhere/pods", .headers = AS_TABLE},
     200,
     "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/"
     "v1\",\"metadata\":" LIST_META ",\"columnDefinitions\":null,\"rows\":null}\n"},
    {{.path = API "/pods?includeObject=x", .headers = AS_TABLE},
     400,
     STATUS("Unable to convert to Table as requested: includeObject: Invalid value: \\\"x\\\": must be 'Metadata', "
            "'Object', "
            "'None', or empty",
            "BadRequest", "", "400")},
    {{.path = API "/pods?fieldSelector=metadata.name%3Dp3", .headers = AS_TABLE},
     200,
     "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":" LIST_META
     ",\"columnDefinitions\":[" COLUMN("Name", "name", "Name of the resource") "," COLUMN(
         "Window", "duration", "") "],\"rows\":[{\"cells\":[\"p3\",\"0s\"],"
                                   "\"object\":" PARTIAL(META_P3) "}]}\n"},

    /* metadata only */
    {{.path = API "/nodes/n2", .headers = AS("PartialObjectMetadata")}, 200, PARTIAL(META_N2) "\n"},
    {{.path = API "/nodes", .headers = AS("PartialObjectMetadataList")},
     200,
     "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":" LIST_META
     ",\"items\":[" PARTIAL(META_N1) "," PARTIAL(META_N2) "]}\n"},
    {{.path = API "/pods", .headers = AS("PartialObjectMetadata")},
     406,
     NOT_ACCEPTABLE(
         "you requested PartialObjectMetadata, but the requested object is a list (*metrics.PodMetricsList)")},
    {{.path = API "/nodes/n1", .headers = AS("PartialObjectMetadataList")}, 406, NULL},
    {{.path = API "/nodes", .headers = {"Accept", "text/html"}},
     406,
     NOT_ACCEPTABLE("only the following media types are accepted: application/json, application/yaml, "
                    "application/vnd.kubernetes.protobuf")},
};

/* --- what is known --- */

#define NOON_NS (INT64_C(1769860800) * NS_PER_S)

struct container_point {
    const char *namespace, *pod, *container;
    int64_t time_ms;
    uint64_t cpu_ns, memory_bytes;
};

static void put_batch(struct usage_store *s, const char *node, int64_t time_ms, uint64_t cpu_ns, uint64_t memory_bytes,
                      const struct container_point *points, size_t count)
{
    struct batch_builder b;

    batch_builder_init(&b, NULL);
    b.node =
        (struct usage_point){.time_ns = NOON_NS + time_ms * NS_PER_MS, .cpu_ns = cpu_ns, .memory_bytes = memory_bytes};
    for (size_t i = 0; i < count; i++) {
        const struct container_point *p = &points[i];
        struct container_names names = {str_of(p->container), str_of(p->pod), str_of(p->namespace)};
        *batch_builder_take(&b, names) = (struct usage_point){
            .time_ns = NOON_NS + p->time_ms * NS_PER_MS, .cpu_ns = p->cpu_ns, .memory_bytes = p->memory_bytes};
    }
    usage_store_put(s, str_of(node), batch_builder_finish(&b));
}

static struct usage_store *make_store(void)
{
    static const struct container_point first[] = {
        {"default", "p1", "c1", 0, 1000000000, 5}, {"default", "p1", "c2", -100, 7, 5},
        {"default", "p3", "c", 0, 9, 5},           {"other", "p1", "c", 0, 100, 5},
        {"default", "unknown", "c", 0, 1, 5},
    };
    static const struct container_point second[] = {
        {"default", "p1", "c1", 14900, 2490000000, 1048576},
        {"default", "p1", "c2", 15100, 7, 1000},
        {"default", "p2", "c", 15000, 5, 5},
        {"default", "p3", "c", 15000, 8, 5},
        {"other", "p1", "c", 15000, 115, 1073741824},
        {"default", "unknown", "c", 15000, 1, 5},
    };
    struct usage_store *s = usage_store_new(15 * NS_PER_S);

    put_batch(s, "n1", 0, 10000000000, 5, first, 5);
    put_batch(s, "n1", 15000, 12500000001, 104857600, second, 6);
    put_batch(s, "n2", -9485, 1, 5, NULL, 0);
    put_batch(s, "n2", 5500, 29970000001, 1048577, NULL, 0);
    put_batch(s, "new", 15000, 1, 5, NULL, 0);
    put_batch(s, "unselected", 0, 1, 5, NULL, 0);
    put_batch(s, "unselected", 15000, 2, 5, NULL, 0);
    return s;
}

#define POD_P1                                                                                                       \
    "{\"metadata\":{\"name\":\"p1\",\"namespace\":\"default\",\"labels\":{\"app\":\"web\"}},\"spec\":{\"nodeName\":" \
    "\"n1\"}}"

static struct catalog *make_catalog(void)
{
    static const char *const nodes[] = {
        "{\"metadata\":{\"name\":\"n2\"}}",
        "{\"metadata\":{\"name\":\"n1\",\"labels\":{\"os\":\"linux\",\"a<b\":\"x\"}}}",
        "{\"metadata\":{\"name\":\"new\"}}",
        "{\"metadata\":{\"name\":\"unselected\",\"labels\":{\"skip\":\"\"}}}",
    };
    static const char *const pods[] = {
        "{\"metadata\":{\"name\":\"p1\",\"namespace\":\"other\"},\"spec\":{\"nodeName\":\"n1\"}}",
        "{\"metadata\":{\"name\":\"p3\",\"namespace\":\"default\"},\"spec\":{\"nodeName\":\"n1\"}}",
        "{\"metadata\":{\"name\":\"p2\",\"namespace\":\"default\"},\"spec\":{\"nodeName\":\"n1\"}}",
        POD_P1,
        "{\"metadata\":{\"name\":\"elsewhere\",\"namespace\":\"default\"},\"spec\":{\"nodeName\":\"n2\"}}",
    };
    struct catalog *c = catalog_new(STR("!skip"), NULL);

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        assert_non_null(catalog_set_node(c, str_of(nodes[i]), NULL));
    for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++)
        assert_non_null(catalog_set_pod(c, str_of(pods[i]), NULL));
    return c;
}

static struct metrics_api *the_api;

static struct usage_store *the_store;
static struct catalog *the_catalog;
static struct ledger *the_ledger;

static void route(struct world *w)
{
    the_api = metrics_api_new(&w->loop, the_ledger, STR("10.0.0.9:443"));
    metrics_api_install(the_api, w->server);
}

/* Puts NOW in the place of each creationTimestamp, and says whether all were near the present. */
static void hide_now(struct buf *out, struct str body)
{
    static const char *const names[] = {"\"creationTimestamp\":", "creationTimestamp: "};
    ptrdiff_t at;

    for (size_t i = 0; i < 2; i++) {
        while ((at = str_find(body, str_of(names[i]))) >= 0) {
            size_t before = (size_t)at + strlen(names[i]);
            int64_t ns = 0;
            assert_true(kube_time_parse(str_head(str_skip(body, before + 1), 20), &ns));
            assert_in_range(ns, clock_unix_ns() - 60 * NS_PER_S, clock_unix_ns());
            buf_add_str(out, str_head(body, before));
            buf_add_cstr(out, "NOW");
            body = str_skip(body, before + 22);
        }
    }
    buf_add_str(out, body);
}

static struct world *start(void)
{
    the_store = make_store();
    the_catalog = make_catalog();
    the_ledger = ledger_new(&(struct ledger_options){
        .catalog = the_catalog, .store = the_store, .tag = 5, .now_unix_ns = NS_PER_MS}); /* 1000 << 11 | 5 */
    return world_new(&(struct world_options){.route = route, .allows_all = true});
}

static void stop(struct world *w)
{
    metrics_api_free(the_api);
    world_free(w);
    ledger_free(the_ledger);
    catalog_free(the_catalog);
    usage_store_free(the_store);
}

static void test_answers(void **state)
{
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        auto_buf struct buf body = {0};
        world_ask(w, &cases[i].q, &a);
        hide_now(&body, buf_str(&a.body));
        bool is_right = cases[i].body == NULL || strcmp(buf_cstr(&body), cases[i].body) == 0;
        if (a.status != cases[i].status || !is_right)
            fail_msg("%s %s: %d\n%s\ninstead of %d\n%s", cases[i].q.method != NULL ? cases[i].q.method : "GET",
                     cases[i].q.path, a.status, buf_cstr(&body), cases[i].status,
                     cases[i].body != NULL ? cases[i].body : "");
    }
    stop(w);
}

/* --- protobuf --- */

#define PROTOBUF "application/vnd.kubernetes.protobuf"

/* The fields TAG of MESSAGE, all of whose fields are length-delimited here; the last one's bytes go to LAST. */
static size_t count_fields(struct str message, unsigned tag, struct str *last)
{
    size_t count = 0;

    while (message.len > 0) {
        unsigned char key = (unsigned char)message.ptr[0];
        size_t length = 0, at = 1;
        assert_int_equal(key & 7, 2);
        for (unsigned shift = 0;; shift += 7, at++) {
            assert_true(at < message.len);
            length |= (size_t)(message.ptr[at] & 0x7f) << shift;
            if ((message.ptr[at] & 0x80) == 0)
                break;
        }
        message = str_skip(message, at + 1);
        assert_true(length <= message.len);
        if (key >> 3 == tag) {
            *last = str_head(message, length);
            count++;
        }
        message = str_skip(message, length);
    }
    return count;
}

/* What an object alone looks like, byte by byte, is test_metrics_object's business. */
static void test_protobuf(void **state)
{
    static const struct {
        const char *path, *accept;
        int status;
        const char *api_version, *kind;
        unsigned items_tag; /* of a list */
        size_t items;
    } objects[] = {
        {API "/nodes", PROTOBUF ", */*", 200, "metrics.k8s.io/v1beta1", "NodeMetricsList", 2, 2},
        {API "/pods", PROTOBUF ", */*", 200, "metrics.k8s.io/v1beta1", "PodMetricsList", 2, 3},
        {V1 "/namespaces/nowhere/pods", PROTOBUF, 200, "metrics.k8s.io/v1", "PodMetricsList", 2, 0},
        {API "/nodes/n1", PROTOBUF, 200, "metrics.k8s.io/v1beta1", "NodeMetrics", 0, 0},
        {API "/nodes/n9", PROTOBUF ", */*", 404, "v1", "Status", 0, 0},
        {API "/pods", PROTOBUF ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", 200, "meta.k8s.io/v1",
         "PartialObjectMetadataList", 2, 3},
        {API "/pods", PROTOBUF ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1", 200, "meta.k8s.io/v1beta1",
         "PartialObjectMetadataList", 1, 3},
    };
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        auto_answer struct answer a = {0};
        struct str type_meta = {0}, raw = {0}, text = {0};
        print_message("%s %s\n", objects[i].path, objects[i].accept);
        world_ask(w, &(struct question){.path = objects[i].path, .headers = {"Accept", objects[i].accept}}, &a);
        assert_int_equal(a.status, objects[i].status);
        assert_string_equal(answer_header(&a, "content-type"), PROTOBUF);
        assert_true(str_starts_with(buf_str(&a.body), STR("k8s\0")));
        struct str envelope = str_skip(buf_str(&a.body), 4);
        assert_int_equal(count_fields(envelope, 1, &type_meta), 1);
        assert_int_equal(count_fields(envelope, 2, &raw), 1);
        assert_int_equal(count_fields(type_meta, 1, &text), 1);
        assert_true(str_eq_cstr(text, objects[i].api_version));
        assert_int_equal(count_fields(type_meta, 2, &text), 1);
        assert_true(str_eq_cstr(text, objects[i].kind));
        if (objects[i].items_tag != 0)
            assert_int_equal(count_fields(raw, objects[i].items_tag, &text), objects[i].items);
    }
    stop(w);
}

static uint64_t observations(const struct metric_histogram *h)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= h->bound_count; i++)
        sum += h->counts[i];
    return sum;
}

/* One observation for each object that leaves, whatever its form. */
static void test_freshness(void **state)
{
    static const struct {
        const char *path, *accept;
        uint64_t objects;
    } asked[] = {
        {API "/nodes", "*/*", 2},    {API "/pods", "*/*", 2}, /* the third has no figures, and so no age */
        {API "/pods", PROTOBUF, 2},  {API "/nodes/n1", "*/*", 1},
        {API "/nodes/n9", "*/*", 0}, {API "/nodes", "application/json;as=Table;g=meta.k8s.io;v=v1", 2},
    };
    static const struct metric_spec spec = {.name = "x", .help = "x", .type = METRIC_HISTOGRAM, METRIC_DEFAULT_BOUNDS};
    struct metrics *registry = metrics_new();
    struct metric_histogram *h = metric_histogram(metrics_add(registry, &spec), NULL);
    struct world *w = start();

    (void)state;
    metrics_api_set_freshness(the_api, h);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        auto_answer struct answer a = {0};
        uint64_t before = observations(h);
        world_ask(w, &(struct question){.path = asked[i].path, .headers = {"Accept", asked[i].accept}}, &a);
        if (observations(h) != before + asked[i].objects)
            fail_msg("%s %s: %d", asked[i].path, asked[i].accept, (int)(observations(h) - before));
    }
    stop(w);
    metrics_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_freshness),
        cmocka_unit_test(test_protobuf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
