#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field lease_spec_fields[] = {
    ONE("holderIdentity", STRING),    ONE("leaseDurationSeconds", INTEGER),
    ONE("acquireTime", MICRO_TIME),   ONE("renewTime", MICRO_TIME),
    ONE("leaseTransitions", INTEGER), ONE("strategy", STRING),
    ONE("preferredHolder", STRING),   END,
};
const struct schema schema_lease_spec = {"io.k8s.api.coordination.v1.LeaseSpec", lease_spec_fields};

static const struct schema_field lease_fields[] = {
    ONE("kind", STRING), ONE("apiVersion", STRING), OBJECT("metadata", object_meta), OBJECT("spec", lease_spec), END,
};
const struct schema schema_lease = {"io.k8s.api.coordination.v1.Lease", lease_fields};

static const struct schema_field policy_rule_fields[] = {
    LIST("verbs", STRING, REQUIRED), LIST("apiGroups", STRING),       LIST("resources", STRING),
    LIST("resourceNames", STRING),   LIST("nonResourceURLs", STRING), END,
};
const struct schema schema_policy_rule = {"io.k8s.api.rbac.v1.PolicyRule", policy_rule_fields};

static const struct schema_field role_fields[] = {
    ONE("kind", STRING), ONE("apiVersion", STRING), OBJECT("metadata", object_meta), OBJECTS("rules", policy_rule), END,
};
const struct schema schema_role = {"io.k8s.api.rbac.v1.Role", role_fields};

static const struct schema_field subject_fields[] = {
    ONE("kind", STRING, REQUIRED),
    ONE("apiGroup", STRING),
    ONE("name", STRING, REQUIRED),
    ONE("namespace", STRING),
    END,
};
const struct schema schema_subject = {"io.k8s.api.rbac.v1.Subject", subject_fields};

static const struct schema_field role_ref_fields[] = {
    ONE("apiGroup", STRING),
    ONE("kind", STRING, REQUIRED),
    ONE("name", STRING, REQUIRED),
    END,
};
const struct schema schema_role_ref = {"io.k8s.api.rbac.v1.RoleRef", role_ref_fields};

static const struct schema_field role_binding_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECTS("subjects", subject),
    OBJECT("roleRef", role_ref, REQUIRED),
    END,
};
const struct schema schema_role_binding = {"io.k8s.api.rbac.v1.RoleBinding", role_binding_fields};

static const struct schema_field aggregation_rule_fields[] = {
    OBJECTS("clusterRoleSelectors", label_selector),
    END,
};
const struct schema schema_aggregation_rule = {"io.k8s.api.rbac.v1.AggregationRule", aggregation_rule_fields};

static const struct schema_field cluster_role_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECTS("rules", policy_rule),
    OBJECT("aggregationRule", aggregation_rule),
    END,
};
const struct schema schema_cluster_role = {"io.k8s.api.rbac.v1.ClusterRole", cluster_role_fields};

static const struct schema_field cluster_role_binding_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECTS("subjects", subject),
    OBJECT("roleRef", role_ref, REQUIRED),
    END,
};
const struct schema schema_cluster_role_binding = {"io.k8s.api.rbac.v1.ClusterRoleBinding",
                                                   cluster_role_binding_fields};

static const struct schema_field api_service_service_reference_fields[] = {
    ONE("namespace", STRING),
    ONE("name", STRING),
    ONE("port", INTEGER),
    END,
};
const struct schema schema_api_service_service_reference = {
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference", api_service_service_reference_fields};

static const struct schema_field api_service_spec_fields[] = {
    OBJECT("service", api_service_service_reference),
    ONE("group", STRING),
    ONE("version", STRING),
    ONE("insecureSkipTLSVerify", BOOLEAN),
    ONE("caBundle", BYTES),
    ONE("groupPriorityMinimum", INTEGER, REQUIRED),
    ONE("versionPriority", INTEGER, REQUIRED),
    END,
};
const struct schema schema_api_service_spec = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec",
                                               api_service_spec_fields};

static const struct schema_field api_service_condition_fields[] = {
    ONE("type", STRING, REQUIRED), ONE("status", STRING, REQUIRED), ONE("lastTransitionTime", TIME),
    ONE("reason", STRING),         ONE("message", STRING),          END,
};
const struct schema schema_api_service_condition = {
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition", api_service_condition_fields};

static const struct schema_field api_service_status_fields[] = {
    OBJECTS("conditions", api_service_condition, MERGE("type")),
    END,
};
const struct schema schema_api_service_status = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus",
                                                 api_service_status_fields};

static const struct schema_field api_service_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECT("spec", api_service_spec),
    OBJECT("status", api_service_status),
    END,
};
const struct schema schema_api_service = {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
                                          api_service_fields};
