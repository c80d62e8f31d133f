#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field lease_spec_fields[] = {
    ONE("holderIdentity", STRING, 1, POINTER),    ONE("leaseDurationSeconds", INTEGER, 2, POINTER),
    ONE("acquireTime", MICRO_TIME, 3, POINTER),   ONE("renewTime", MICRO_TIME, 4, POINTER),
    ONE("leaseTransitions", INTEGER, 5, POINTER), ONE("strategy", STRING, 6, POINTER),
    ONE("preferredHolder", STRING, 7, POINTER),   END,
};
const struct schema schema_lease_spec = {"io.k8s.api.coordination.v1.LeaseSpec", lease_spec_fields};

static const struct schema_field lease_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", lease_spec, 2),
    END,
};
const struct schema schema_lease = {"io.k8s.api.coordination.v1.Lease", lease_fields};

static const struct schema_field policy_rule_fields[] = {
    LIST("verbs", STRING, 1, REQUIRED), LIST("apiGroups", STRING, 2),       LIST("resources", STRING, 3),
    LIST("resourceNames", STRING, 4),   LIST("nonResourceURLs", STRING, 5), END,
};
const struct schema schema_policy_rule = {"io.k8s.api.rbac.v1.PolicyRule", policy_rule_fields};

static const struct schema_field role_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("rules", policy_rule, 2),
    END,
};
const struct schema schema_role = {"io.k8s.api.rbac.v1.Role", role_fields};

static const struct schema_field subject_fields[] = {
    ONE("kind", STRING, 1, REQUIRED),
    ONE("apiGroup", STRING, 2),
    ONE("name", STRING, 3, REQUIRED),
    ONE("namespace", STRING, 4),
    END,
};
const struct schema schema_subject = {"io.k8s.api.rbac.v1.Subject", subject_fields};

static const struct schema_field role_ref_fields[] = {
    ONE("apiGroup", STRING, 1),
    ONE("kind", STRING, 2, REQUIRED),
    ONE("name", STRING, 3, REQUIRED),
    END,
};
const struct schema schema_role_ref = {"io.k8s.api.rbac.v1.RoleRef", role_ref_fields};

static const struct schema_field role_binding_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("subjects", subject, 2),
    OBJECT("roleRef", role_ref, 3, REQUIRED),
    END,
};
const struct schema schema_role_binding = {"io.k8s.api.rbac.v1.RoleBinding", role_binding_fields};

static const struct schema_field aggregation_rule_fields[] = {
    OBJECTS("clusterRoleSelectors", label_selector, 1),
    END,
};
const struct schema schema_aggregation_rule = {"io.k8s.api.rbac.v1.AggregationRule", aggregation_rule_fields};

static const struct schema_field cluster_role_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("rules", policy_rule, 2),
    OBJECT("aggregationRule", aggregation_rule, 3),
    END,
};
const struct schema schema_cluster_role = {"io.k8s.api.rbac.v1.ClusterRole", cluster_role_fields};

static const struct schema_field cluster_role_binding_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("subjects", subject, 2),
    OBJECT("roleRef", role_ref, 3, REQUIRED),
    END,
};
const struct schema schema_cluster_role_binding = {"io.k8s.api.rbac.v1.ClusterRoleBinding",
                                                   cluster_role_binding_fields};

static const struct schema_field api_service_service_reference_fields[] = {
    ONE("namespace", STRING, 1),
    ONE("name", STRING, 2),
    ONE("port", INTEGER, 3, POINTER),
    END,
};
const struct schema schema_api_service_service_reference = {
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference", api_service_service_reference_fields};

static const struct schema_field api_service_spec_fields[] = {
    OBJECT("service", api_service_service_reference, 1),
    ONE("group", STRING, 2),
    ONE("version", STRING, 3),
    ONE("insecureSkipTLSVerify", BOOLEAN, 4),
    ONE("caBundle", BYTES, 5),
    ONE("groupPriorityMinimum", INTEGER, 7, REQUIRED),
    ONE("versionPriority", INTEGER, 8, REQUIRED),
    END,
};
const struct schema schema_api_service_spec = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec",
                                               api_service_spec_fields};

static const struct schema_field api_service_condition_fields[] = {
    ONE("type", STRING, 1, REQUIRED), ONE("status", STRING, 2, REQUIRED), ONE("lastTransitionTime", TIME, 3),
    ONE("reason", STRING, 4),         ONE("message", STRING, 5),          END,
};
const struct schema schema_api_service_condition = {
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition", api_service_condition_fields};

static const struct schema_field api_service_status_fields[] = {
    OBJECTS("conditions", api_service_condition, 1, MERGE("type")),
    END,
};
const struct schema schema_api_service_status = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus",
                                                 api_service_status_fields};

static const struct schema_field api_service_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", api_service_spec, 2),
    OBJECT("status", api_service_status, 3),
    END,
};
const struct schema schema_api_service = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
                                          api_service_fields};
