#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field taint_fields[] = {
    ONE("key", STRING, REQUIRED), ONE("value", STRING), ONE("effect", STRING, REQUIRED), ONE("timeAdded", TIME), END,
};
const struct schema schema_taint = {"io.k8s.api.core.v1.Taint", taint_fields};

static const struct schema_field config_map_node_config_source_fields[] = {
    ONE("namespace", STRING, REQUIRED),
    ONE("name", STRING, REQUIRED),
    ONE("uid", STRING),
    ONE("resourceVersion", STRING),
    ONE("kubeletConfigKey", STRING, REQUIRED),
    END,
};
const struct schema schema_config_map_node_config_source = {"io.k8s.api.core.v1.ConfigMapNodeConfigSource",
                                                            config_map_node_config_source_fields};

static const struct schema_field node_config_source_fields[] = {
    OBJECT("configMap", config_map_node_config_source),
    END,
};
const struct schema schema_node_config_source = {"io.k8s.api.core.v1.NodeConfigSource", node_config_source_fields};

static const struct schema_field node_pod_preemption_policy_fields[] = {
    LIST("disableResizePreemption", STRING),
    END,
};
const struct schema schema_node_pod_preemption_policy = {"io.k8s.api.core.v1.NodePodPreemptionPolicy",
                                                         node_pod_preemption_policy_fields};

static const struct schema_field node_spec_fields[] = {
    ONE("podCIDR", STRING),
    LIST("podCIDRs", STRING, MERGE_SET),
    ONE("providerID", STRING),
    ONE("unschedulable", BOOLEAN),
    OBJECTS("taints", taint),
    OBJECT("configSource", node_config_source),
    ONE("externalID", STRING),
    OBJECT("podPreemptionPolicy", node_pod_preemption_policy),
    END,
};
const struct schema schema_node_spec = {"io.k8s.api.core.v1.NodeSpec", node_spec_fields};

static const struct schema_field node_condition_fields[] = {
    ONE("type", STRING, REQUIRED),
    ONE("status", STRING, REQUIRED),
    ONE("lastHeartbeatTime", TIME),
    ONE("lastTransitionTime", TIME),
    ONE("reason", STRING),
    ONE("message", STRING),
    END,
};
const struct schema schema_node_condition = {"io.k8s.api.core.v1.NodeCondition", node_condition_fields};

static const struct schema_field node_address_fields[] = {
    ONE("type", STRING, REQUIRED),
    ONE("address", STRING, REQUIRED),
    END,
};
const struct schema schema_node_address = {"io.k8s.api.core.v1.NodeAddress", node_address_fields};

static const struct schema_field daemon_endpoint_fields[] = {
    ONE("Port", INTEGER, REQUIRED),
    END,
};
const struct schema schema_daemon_endpoint = {"io.k8s.api.core.v1.DaemonEndpoint", daemon_endpoint_fields};

static const struct schema_field node_daemon_endpoints_fields[] = {
    OBJECT("kubeletEndpoint", daemon_endpoint),
    END,
};
const struct schema schema_node_daemon_endpoints = {"io.k8s.api.core.v1.NodeDaemonEndpoints",
                                                    node_daemon_endpoints_fields};

static const struct schema_field node_swap_status_fields[] = {
    ONE("capacity", INTEGER64),
    END,
};
const struct schema schema_node_swap_status = {"io.k8s.api.core.v1.NodeSwapStatus", node_swap_status_fields};

static const struct schema_field node_system_info_fields[] = {
    ONE("machineID", STRING, REQUIRED),       ONE("systemUUID", STRING, REQUIRED),
    ONE("bootID", STRING, REQUIRED),          ONE("kernelVersion", STRING, REQUIRED),
    ONE("osImage", STRING, REQUIRED),         ONE("containerRuntimeVersion", STRING, REQUIRED),
    ONE("kubeletVersion", STRING, REQUIRED),  ONE("kubeProxyVersion", STRING, REQUIRED),
    ONE("operatingSystem", STRING, REQUIRED), ONE("architecture", STRING, REQUIRED),
    OBJECT("swap", node_swap_status),         END,
};
const struct schema schema_node_system_info = {"io.k8s.api.core.v1.NodeSystemInfo", node_system_info_fields};

static const struct schema_field container_image_fields[] = {
    LIST("names", STRING),
    ONE("sizeBytes", INTEGER64),
    END,
};
const struct schema schema_container_image = {"io.k8s.api.core.v1.ContainerImage", container_image_fields};

static const struct schema_field attached_volume_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("devicePath", STRING, REQUIRED),
    END,
};
const struct schema schema_attached_volume = {"io.k8s.api.core.v1.AttachedVolume", attached_volume_fields};

static const struct schema_field node_config_status_fields[] = {
    OBJECT("assigned", node_config_source),
    OBJECT("active", node_config_source),
    OBJECT("lastKnownGood", node_config_source),
    ONE("error", STRING),
    END,
};
const struct schema schema_node_config_status = {"io.k8s.api.core.v1.NodeConfigStatus", node_config_status_fields};

static const struct schema_field node_runtime_handler_features_fields[] = {
    ONE("recursiveReadOnlyMounts", BOOLEAN),
    ONE("userNamespaces", BOOLEAN),
    END,
};
const struct schema schema_node_runtime_handler_features = {"io.k8s.api.core.v1.NodeRuntimeHandlerFeatures",
                                                            node_runtime_handler_features_fields};

static const struct schema_field node_runtime_handler_fields[] = {
    ONE("name", STRING),
    OBJECT("features", node_runtime_handler_features),
    END,
};
const struct schema schema_node_runtime_handler = {"io.k8s.api.core.v1.NodeRuntimeHandler",
                                                   node_runtime_handler_fields};

static const struct schema_field node_features_fields[] = {
    ONE("supplementalGroupsPolicy", BOOLEAN),
    END,
};
const struct schema schema_node_features = {"io.k8s.api.core.v1.NodeFeatures", node_features_fields};

static const struct schema_field node_status_fields[] = {
    MAP("capacity", QUANTITY),
    MAP("allocatable", QUANTITY),
    ONE("phase", STRING),
    OBJECTS("conditions", node_condition, MERGE("type")),
    OBJECTS("addresses", node_address, MERGE("type")),
    OBJECT("daemonEndpoints", node_daemon_endpoints),
    OBJECT("nodeInfo", node_system_info),
    OBJECTS("images", container_image),
    LIST("volumesInUse", STRING),
    OBJECTS("volumesAttached", attached_volume),
    OBJECT("config", node_config_status),
    OBJECTS("runtimeHandlers", node_runtime_handler),
    OBJECT("features", node_features),
    LIST("declaredFeatures", STRING),
    END,
};
const struct schema schema_node_status = {"io.k8s.api.core.v1.NodeStatus", node_status_fields};

static const struct schema_field node_fields[] = {
    ONE("kind", STRING),       ONE("apiVersion", STRING),     OBJECT("metadata", object_meta),
    OBJECT("spec", node_spec), OBJECT("status", node_status), END,
};
const struct schema schema_node = {"io.k8s.api.core.v1.Node", node_fields};
