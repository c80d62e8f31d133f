#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field service_port_fields[] = {
    ONE("name", STRING, 1),
    ONE("protocol", STRING, 2),
    ONE("appProtocol", STRING, 6, POINTER),
    ONE("port", INTEGER, 3, REQUIRED),
    ONE("targetPort", INT_OR_STRING, 4),
    ONE("nodePort", INTEGER, 5),
    END,
};
const struct schema schema_service_port = {"io.k8s.api.core.v1.ServicePort", service_port_fields};

static const struct schema_field client_ip_config_fields[] = {
    ONE("timeoutSeconds", INTEGER, 1, POINTER),
    END,
};
const struct schema schema_client_ip_config = {"io.k8s.api.core.v1.ClientIPConfig", client_ip_config_fields};

static const struct schema_field session_affinity_config_fields[] = {
    OBJECT("clientIP", client_ip_config, 1),
    END,
};
const struct schema schema_session_affinity_config = {"io.k8s.api.core.v1.SessionAffinityConfig",
                                                      session_affinity_config_fields};

static const struct schema_field service_spec_fields[] = {
    OBJECTS("ports", service_port, 1, MERGE("port")),
    MAP("selector", STRING, 2),
    ONE("clusterIP", STRING, 3),
    LIST("clusterIPs", STRING, 18),
    ONE("type", STRING, 4),
    LIST("externalIPs", STRING, 5),
    ONE("sessionAffinity", STRING, 7),
    ONE("loadBalancerIP", STRING, 8),
    LIST("loadBalancerSourceRanges", STRING, 9),
    ONE("externalName", STRING, 10),
    ONE("externalTrafficPolicy", STRING, 11),
    ONE("healthCheckNodePort", INTEGER, 12),
    ONE("publishNotReadyAddresses", BOOLEAN, 13),
    OBJECT("sessionAffinityConfig", session_affinity_config, 14),
    LIST("ipFamilies", STRING, 19),
    ONE("ipFamilyPolicy", STRING, 17, POINTER),
    ONE("allocateLoadBalancerNodePorts", BOOLEAN, 20, POINTER),
    ONE("loadBalancerClass", STRING, 21, POINTER),
    ONE("internalTrafficPolicy", STRING, 22, POINTER),
    ONE("trafficDistribution", STRING, 23, POINTER),
    END,
};
const struct schema schema_service_spec = {"io.k8s.api.core.v1.ServiceSpec", service_spec_fields};

static const struct schema_field port_status_fields[] = {
    ONE("port", INTEGER, 1, REQUIRED),
    ONE("protocol", STRING, 2, REQUIRED),
    ONE("error", STRING, 3, POINTER),
    END,
};
const struct schema schema_port_status = {"io.k8s.api.core.v1.PortStatus", port_status_fields};

static const struct schema_field load_balancer_ingress_fields[] = {
    ONE("ip", STRING, 1),
    ONE("hostname", STRING, 2),
    ONE("ipMode", STRING, 3, POINTER),
    OBJECTS("ports", port_status, 4),
    END,
};
const struct schema schema_load_balancer_ingress = {"io.k8s.api.core.v1.LoadBalancerIngress",
                                                    load_balancer_ingress_fields};

static const struct schema_field load_balancer_status_fields[] = {
    OBJECTS("ingress", load_balancer_ingress, 1),
    END,
};
const struct schema schema_load_balancer_status = {"io.k8s.api.core.v1.LoadBalancerStatus",
                                                   load_balancer_status_fields};

static const struct schema_field service_status_fields[] = {
    OBJECT("loadBalancer", load_balancer_status, 1),
    OBJECTS("conditions", condition, 2, MERGE("type")),
    END,
};
const struct schema schema_service_status = {"io.k8s.api.core.v1.ServiceStatus", service_status_fields};

static const struct schema_field service_fields[] = {
    ONE("kind", STRING, 0),          ONE("apiVersion", STRING, 0),        OBJECT("metadata", object_meta, 1),
    OBJECT("spec", service_spec, 2), OBJECT("status", service_status, 3), END,
};
const struct schema schema_service = {"io.k8s.api.core.v1.Service", service_fields};

static const struct schema_field object_reference_fields[] = {
    ONE("kind", STRING, 1),       ONE("namespace", STRING, 2),       ONE("name", STRING, 3),      ONE("uid", STRING, 4),
    ONE("apiVersion", STRING, 5), ONE("resourceVersion", STRING, 6), ONE("fieldPath", STRING, 7), END,
};
const struct schema schema_object_reference = {"io.k8s.api.core.v1.ObjectReference", object_reference_fields};

static const struct schema_field endpoint_address_fields[] = {
    ONE("ip", STRING, 1, REQUIRED),
    ONE("hostname", STRING, 3),
    ONE("nodeName", STRING, 4, POINTER),
    OBJECT("targetRef", object_reference, 2),
    END,
};
const struct schema schema_endpoint_address = {"io.k8s.api.core.v1.EndpointAddress", endpoint_address_fields};

static const struct schema_field endpoint_port_fields[] = {
    ONE("name", STRING, 1),
    ONE("port", INTEGER, 2, REQUIRED),
    ONE("protocol", STRING, 3),
    ONE("appProtocol", STRING, 4, POINTER),
    END,
};
const struct schema schema_endpoint_port = {"io.k8s.api.core.v1.EndpointPort", endpoint_port_fields};

static const struct schema_field endpoint_subset_fields[] = {
    OBJECTS("addresses", endpoint_address, 1),
    OBJECTS("notReadyAddresses", endpoint_address, 2),
    OBJECTS("ports", endpoint_port, 3),
    END,
};
const struct schema schema_endpoint_subset = {"io.k8s.api.core.v1.EndpointSubset", endpoint_subset_fields};

static const struct schema_field endpoints_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("subsets", endpoint_subset, 2),
    END,
};
const struct schema schema_endpoints = {"io.k8s.api.core.v1.Endpoints", endpoints_fields};

static const struct schema_field config_map_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    ONE("immutable", BOOLEAN, 4, POINTER),
    MAP("data", STRING, 2),
    MAP("binaryData", BYTES, 3),
    END,
};
const struct schema schema_config_map = {"io.k8s.api.core.v1.ConfigMap", config_map_fields};

static const struct schema_field secret_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    ONE("immutable", BOOLEAN, 5, POINTER),
    MAP("data", BYTES, 2),
    MAP("stringData", STRING, 4),
    ONE("type", STRING, 3),
    END,
};
const struct schema schema_secret = {"io.k8s.api.core.v1.Secret", secret_fields};

static const struct schema_field service_account_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECTS("secrets", object_reference, 2, MERGE("name")),
    OBJECTS("imagePullSecrets", local_object_reference, 3),
    ONE("automountServiceAccountToken", BOOLEAN, 4, POINTER),
    END,
};
const struct schema schema_service_account = {"io.k8s.api.core.v1.ServiceAccount", service_account_fields};

static const struct schema_field namespace_spec_fields[] = {
    LIST("finalizers", STRING, 1),
    END,
};
const struct schema schema_namespace_spec = {"io.k8s.api.core.v1.NamespaceSpec", namespace_spec_fields};

static const struct schema_field namespace_condition_fields[] = {
    ONE("type", STRING, 1, REQUIRED), ONE("status", STRING, 2, REQUIRED), ONE("lastTransitionTime", TIME, 4),
    ONE("reason", STRING, 5),         ONE("message", STRING, 6),          END,
};
const struct schema schema_namespace_condition = {"io.k8s.api.core.v1.NamespaceCondition", namespace_condition_fields};

static const struct schema_field namespace_status_fields[] = {
    ONE("phase", STRING, 1),
    OBJECTS("conditions", namespace_condition, 2, MERGE("type")),
    END,
};
const struct schema schema_namespace_status = {"io.k8s.api.core.v1.NamespaceStatus", namespace_status_fields};

static const struct schema_field namespace_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", namespace_spec, 2),
    OBJECT("status", namespace_status, 3),
    END,
};
const struct schema schema_namespace = {"io.k8s.api.core.v1.Namespace", namespace_fields};

static const struct schema_field event_source_fields[] = {
    ONE("component", STRING, 1),
    ONE("host", STRING, 2),
    END,
};
const struct schema schema_event_source = {"io.k8s.api.core.v1.EventSource", event_source_fields};

static const struct schema_field event_series_fields[] = {
    ONE("count", INTEGER, 1),
    ONE("lastObservedTime", MICRO_TIME, 2),
    END,
};
const struct schema schema_event_series = {"io.k8s.api.core.v1.EventSeries", event_series_fields};

static const struct schema_field event_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1, REQUIRED),
    OBJECT("involvedObject", object_reference, 2, REQUIRED),
    ONE("reason", STRING, 3),
    ONE("message", STRING, 4),
    OBJECT("source", event_source, 5),
    ONE("firstTimestamp", TIME, 6),
    ONE("lastTimestamp", TIME, 7),
    ONE("count", INTEGER, 8),
    ONE("type", STRING, 9),
    ONE("eventTime", MICRO_TIME, 10),
    OBJECT("series", event_series, 11),
    ONE("action", STRING, 12),
    OBJECT("related", object_reference, 13),
    ONE("reportingComponent", STRING, 14),
    ONE("reportingInstance", STRING, 15),
    END,
};
const struct schema schema_event = {"io.k8s.api.core.v1.Event", event_fields};
