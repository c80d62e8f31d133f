#include "cli/metrics_addon.h"

#include "base/alloc.h"
#include "base/base64.h"

#define RBAC "/apis/rbac.authorization.k8s.io/v1"
#define RBAC_KIND(kind) "\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"" kind "\""
#define LABELS "\"labels\":{\"k8s-app\":\"metrics-server\"}"
#define SUBJECTS \
    "\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"metrics-server\",\"namespace\":\"kube-system\"}]"
#define ROLE_REF(kind, name) \
    "\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"" kind "\",\"name\":\"" name "\"}"

static const struct {
    const char *collection;
    const char *name;
    const char *body;
} fixed[] = {
    {"/api/v1/namespaces/kube-system/serviceaccounts", "metrics-server",
     "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"metrics-server\"," LABELS "}}"},
    {RBAC "/clusterroles", "system:aggregated-metrics-reader",
     "{" RBAC_KIND("ClusterRole") ",\"metadata\":{\"name\":\"system:aggregated-metrics-reader\",\"labels\":{"
                                  "\"k8s-app\":\"metrics-server\","
                                  "\"rbac.authorization.k8s.io/aggregate-to-view\":\"true\","
                                  "\"rbac.authorization.k8s.io/aggregate-to-edit\":\"true\","
                                  "\"rbac.authorization.k8s.io/aggregate-to-admin\":\"true\"}},"
                                  "\"rules\":[{\"apiGroups\":[\"metrics.k8s.io\"],\"resources\":[\"pods\",\"nodes\"],"
                                  "\"verbs\":[\"get\",\"list\",\"watch\"]}]}"},
    {RBAC "/clusterroles", "system:metrics-server",
     "{" RBAC_KIND("ClusterRole") ",\"metadata\":{\"name\":\"system:metrics-server\"," LABELS "},"
                                  "\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"nodes/metrics\",\"nodes/stats\"],"
                                  "\"verbs\":[\"get\"]},{\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"nodes\"],"
                                  "\"verbs\":[\"get\",\"list\",\"watch\"]}]}"},
    {RBAC "/clusterrolebindings", "system:metrics-server",
     "{" RBAC_KIND("ClusterRoleBinding") ",\"metadata\":{\"name\":\"system:metrics-server\"," LABELS
                                         "}," ROLE_REF("ClusterRole", "system:metrics-server") "," SUBJECTS "}"},
    {RBAC "/clusterrolebindings", "metrics-server:system:auth-delegator",
     "{" RBAC_KIND("ClusterRoleBinding") ",\"metadata\":{\"name\":\"metrics-server:system:auth-delegator\"," LABELS
                                         "}," ROLE_REF("ClusterRole", "system:auth-delegator") "," SUBJECTS "}"},
    {RBAC "/namespaces/kube-system/rolebindings", "metrics-server-auth-reader",
     "{" RBAC_KIND("RoleBinding") ",\"metadata\":{\"name\":\"metrics-server-auth-reader\"," LABELS
                                  "}," ROLE_REF("Role", "extension-apiserver-authentication-reader") "," SUBJECTS "}"},
};
#define FIXED (sizeof fixed / sizeof fixed[0])

static void set(struct addon_object *out, const char *collection, const char *name, struct str body)
{
    *out = (struct addon_object){str_of(collection), str_of(name), body};
}

void metrics_addon_objects(const struct cluster_settings *s, struct str ca_pem, struct arena *arena,
                           struct addon_object out[METRICS_ADDON_OBJECTS])
{
    for (size_t i = 0; i < FIXED; i++)
        set(&out[i], fixed[i].collection, fixed[i].name, str_of(fixed[i].body));
    auto_buf struct buf ca = {0};
    base64_encode(&ca, ca_pem);
    set(&out[FIXED], "/api/v1/namespaces/kube-system/services", "metrics-server",
        arena_printf(arena,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"metrics-server\"," LABELS
                     "},\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"localhost\",\"ports\":[{\"name\":"
                     "\"https\",\"protocol\":\"TCP\",\"port\":%u,\"targetPort\":%u}]}}",
                     (unsigned)s->metrics_port, (unsigned)s->metrics_port));
    set(&out[FIXED + 1], "/apis/apiregistration.k8s.io/v1/apiservices", "v1beta1.metrics.k8s.io",
        arena_printf(arena,
                     "{\"apiVersion\":\"apiregistration.k8s.io/v1\",\"kind\":\"APIService\",\"metadata\":{\"name\":"
                     "\"v1beta1.metrics.k8s.io\"," LABELS
                     "},\"spec\":{\"group\":\"metrics.k8s.io\",\"version\":\"v1beta1\",\"groupPriorityMinimum\":100,"
                     "\"versionPriority\":100,\"caBundle\":\"%s\",\"service\":{\"name\":\"metrics-server\","
                     "\"namespace\":\"kube-system\",\"port\":%u}}}",
                     ca.ptr, (unsigned)s->metrics_port));
    _Static_assert(FIXED + 2 == METRICS_ADDON_OBJECTS, "as many as the header says");
}
