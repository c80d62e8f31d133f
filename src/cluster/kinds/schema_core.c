#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field service_port_fields[] = {
    ONE("name", STRING),
    ONE("protocol", STRING),
    ONE("appProtocol", STRING),
    ONE("port", INTEGER, REQUIRED),
    ONE("targetPort", INT_OR_STRING),
    ONE("nodePort", INTEGER),
    END,
};
const struct schema schema_service_port = {"io.k8s.api.core.v1.ServicePort", service_port_fields};

static const struct schema_field client_ip_config_fields[] = {
    ONE("timeoutSeconds", INTEGER),
    END,
};
const struct schema schema_client_ip_config = {"io.k8s.api.core.v1.ClientIPConfig", client_ip_config_fields};

static const struct schema_field session_affinity_config_fields[] = {
    OBJECT("clientIP", client_ip_config),
    END,
};
const struct schema schema_session_affinity_config = {"io.k8s.api.core.v1.SessionAffinityConfig",
                                                      session_affinity_config_fields};

static const struct schema_field service_spec_fields[] = {
    OBJECTS("ports", service_port, MERGE("port")),
    MAP("selector", STRING),
    ONE("clusterIP", STRING),
    LIST("clusterIPs", STRING),
    ONE("type", STRING),
    LIST("externalIPs", STRING),
    ONE("sessionAffinity", STRING),
    ONE("loadBalancerIP", STRING),
    LIST("loadBalancerSourceRanges", STRING),
    ONE("externalName", STRING),
    ONE("externalTrafficPolicy", STRING),
    ONE("healthCheckNodePort", INTEGER),
    ONE("publishNotReadyAddresses", BOOLEAN),
    OBJECT("sessionAffinityConfig", session_affinity_config),
    LIST("ipFamilies", STRING),
    ONE("ipFamilyPolicy", STRING),
    ONE("allocateLoadBalancerNodePorts", BOOLEAN),
    ONE("loadBalancerClass", STRING),
    ONE("internalTrafficPolicy", STRING),
    ONE("trafficDistribution", STRING),
    END,
};
const struct schema schema_service_spec = {"io.k8s.api.core.v1.ServiceSpec", service_spec_fields};

static const struct schema_field port_status_fields[] = {
    ONE("port", INTEGER, REQUIRED),
    ONE("protocol", STRING, REQUIRED),
    ONE("error", STRING),
    END,
};
const struct schema schema_port_status = {"io.k8s.api.core.v1.PortStatus", port_status_fields};

static const struct schema_field load_balancer_ingress_fields[] = {
    ONE("ip", STRING), ONE("hostname", STRING), ONE("ipMode", STRING), OBJECTS("ports", port_status), END,
};
const struct schema schema_load_balancer_ingress = {"io.k8s.api.core.v1.LoadBalancerIngress",
                                                    load_balancer_ingress_fields};

static const struct schema_field load_balancer_status_fields[] = {
    OBJECTS("ingress", load_balancer_ingress),
    END,
};
const struct schema schema_load_balancer_status = {"io.k8s.api.core.v1.LoadBalancerStatus",
                                                   load_balancer_status_fields};

static const struct schema_field service_status_fields[] = {
    OBJECT("loadBalancer", load_balancer_status),
    OBJECTS("conditions", condition, MERGE("type")),
    END,
};
const struct schema schema_service_status = {"io.k8s.api.core.v1.ServiceStatus", service_status_fields};

static const struct schema_field service_fields[] = {
    ONE("kind", STRING),          ONE("apiVersion", STRING),        OBJECT("metadata", object_meta),
    OBJECT("spec", service_spec), OBJECT("status", service_status), END,
};
const struct schema schema_service = {"io.k8s.api.core.v1.Service", service_fields};

static const struct schema_field object_reference_fields[] = {
    ONE("kind", STRING),       ONE("namespace", STRING),       ONE("name", STRING),      ONE("uid", STRING),
    ONE("apiVersion", STRING), ONE("resourceVersion", STRING), ONE("fieldPath", STRING), END,
};
const struct schema schema_object_reference = {"io.k8s.api.core.v1.ObjectReference", object_reference_fields};

static const struct schema_field endpoint_address_fields[] = {
    ONE("ip", STRING, REQUIRED),
    ONE("hostname", STRING),
    ONE("nodeName", STRING),
    OBJECT("targetRef", object_reference),
    END,
};
const struct schema schema_endpoint_address = {"io.k8s.api.core.v1.EndpointAddress", endpoint_address_fields};

static const struct schema_field endpoint_port_fields[] = {
    ONE("name", STRING), ONE("port", INTEGER, REQUIRED), ONE("protocol", STRING), ONE("appProtocol", STRING), END,
};
const struct schema schema_endpoint_port = {"io.k8s.api.core.v1.EndpointPort", endpoint_port_fields};

static const struct schema_field endpoint_subset_fields[] = {
    OBJECTS("addresses", endpoint_address),
    OBJECTS("notReadyAddresses", endpoint_address),
    OBJECTS("ports", endpoint_port),
    END,
};
const struct schema schema_endpoint_subset = {"io.k8s.api.core.v1.EndpointSubset", endpoint_subset_fields};

static const struct schema_field endpoints_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECTS("subsets", endpoint_subset),
    END,
};
const struct schema schema_endpoints = {"io.k8s.api.core.v1.Endpoints", endpoints_fields};

static const struct schema_field config_map_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    ONE("immutable", BOOLEAN),
    MAP("data", STRING),
    MAP("binaryData", BYTES),
    END,
};
const struct schema schema_config_map = {"io.k8s.api.core.v1.ConfigMap", config_map_fields};

static const struct schema_field secret_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    ONE("immutable", BOOLEAN),
    MAP("data", BYTES),
    MAP("stringData", STRING),
    ONE("type", STRING),
    END,
};
const struct schema schema_secret = {"io.k8s.api.core.v1.Secret", secret_fields};

static const struct schema_field service_account_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECTS("secrets", object_reference, MERGE("name")),
    OBJECTS("imagePullSecrets", local_object_reference),
    ONE("automountServiceAccountToken", BOOLEAN),
    END,
};
const struct schema schema_service_account = {"io.k8s.api.core.v1.ServiceAccount", service_account_fields};

static const struct schema_field namespace_spec_fields[] = {
    LIST("finalizers", STRING),
    END,
};
const struct schema schema_namespace_spec = {"io.k8s.api.core.v1.NamespaceSpec", namespace_spec_fields};

static const struct schema_field namespace_condition_fields[] = {
    ONE("type", STRING, REQUIRED), ONE("status", STRING, REQUIRED), ONE("lastTransitionTime", TIME),
    ONE("reason", STRING),         ONE("message", STRING),          END,
};
const struct schema schema_namespace_condition = {"io.k8s.api.core.v1.NamespaceCondition", namespace_condition_fields};

static const struct schema_field namespace_status_fields[] = {
    ONE("phase", STRING),
    OBJECTS("conditions", namespace_condition, MERGE("type")),
    END,
};
const struct schema schema_namespace_status = {"io.k8s.api.core.v1.NamespaceStatus", namespace_status_fields};

static const struct schema_field namespace_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta),
    OBJECT("spec", namespace_spec),
    OBJECT("status", namespace_status),
    END,
};
const struct schema schema_namespace = {"io.k8s.api.core.v1.Namespace", namespace_fields};

static const struct schema_field event_source_fields[] = {
    ONE("component", STRING),
    ONE("host", STRING),
    END,
};
const struct schema schema_event_source = {"io.k8s.api.core.v1.EventSource", event_source_fields};

static const struct schema_field event_series_fields[] = {
    ONE("count", INTEGER),
    ONE("lastObservedTime", MICRO_TIME),
    END,
};
const struct schema schema_event_series = {"io.k8s.api.core.v1.EventSeries", event_series_fields};

static const struct schema_field event_fields[] = {
    ONE("kind", STRING),
    ONE("apiVersion", STRING),
    OBJECT("metadata", object_meta, REQUIRED),
    OBJECT("involvedObject", object_reference, REQUIRED),
    ONE("reason", STRING),
    ONE("message", STRING),
    OBJECT("source", event_source),
    ONE("firstTimestamp", TIME),
    ONE("lastTimestamp", TIME),
    ONE("count", INTEGER),
    ONE("type", STRING),
    ONE("eventTime", MICRO_TIME),
    OBJECT("series", event_series),
    ONE("action", STRING),
    OBJECT("related", object_reference),
    ONE("reportingComponent", STRING),
    ONE("reportingInstance", STRING),
    END,
};
const struct schema schema_event = {"io.k8s.api.core.v1.Event", event_fields};
