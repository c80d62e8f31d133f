#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field taint_fields[] = {
    ONE("key", STRING, 1, REQUIRED),
    ONE("value", STRING, 2),
    ONE("effect", STRING, 3, REQUIRED),
    ONE("timeAdded", TIME, 4, POINTER),
    END,
};
const struct schema schema_taint = {"io.k8s.api.core.v1.Taint", taint_fields};

static const struct schema_field config_map_node_config_source_fields[] = {
    ONE("namespace", STRING, 1, REQUIRED),
    ONE("name", STRING, 2, REQUIRED),
    ONE("uid", STRING, 3),
    ONE("resourceVersion", STRING, 4),
    ONE("kubeletConfigKey", STRING, 5, REQUIRED),
    END,
};
const struct schema schema_config_map_node_config_source = {"io.k8s.api.core.v1.ConfigMapNodeConfigSource",
                                                            config_map_node_config_source_fields};

static const struct schema_field node_config_source_fields[] = {
    OBJECT("configMap", config_map_node_config_source, 2),
    END,
};
const struct schema schema_node_config_source = {"io.k8s.api.core.v1.NodeConfigSource", node_config_source_fields};

static const struct schema_field node_pod_preemption_policy_fields[] = {
    LIST("disableResizePreemption", STRING, 1),
    END,
};
const struct schema schema_node_pod_preemption_policy = {"io.k8s.api.core.v1.NodePodPreemptionPolicy",
                                                         node_pod_preemption_policy_fields};

static const struct schema_field node_spec_fields[] = {
    ONE("podCIDR", STRING, 1),
    LIST("podCIDRs", STRING, 7, MERGE_SET),
    ONE("providerID", STRING, 3),
    ONE("unschedulable", BOOLEAN, 4),
    OBJECTS("taints", taint, 5),
    OBJECT("configSource", node_config_source, 6),
    ONE("externalID", STRING, 2),
    OBJECT("podPreemptionPolicy", node_pod_preemption_policy, 8),
    END,
};
const struct schema schema_node_spec = {"io.k8s.api.core.v1.NodeSpec", node_spec_fields};

static const struct schema_field node_condition_fields[] = {
    ONE("type", STRING, 1, REQUIRED),
    ONE("status", STRING, 2, REQUIRED),
    ONE("lastHeartbeatTime", TIME, 3),
    ONE("lastTransitionTime", TIME, 4),
    ONE("reason", STRING, 5),
    ONE("message", STRING, 6),
    END,
};
const struct schema schema_node_condition = {"io.k8s.api.core.v1.NodeCondition", node_condition_fields};

static const struct schema_field node_address_fields[] = {
    ONE("type", STRING, 1, REQUIRED),
    ONE("address", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_node_address = {"io.k8s.api.core.v1.NodeAddress", node_address_fields};

static const struct schema_field daemon_endpoint_fields[] = {
    ONE("Port", INTEGER, 1, REQUIRED),
    END,
};
const struct schema schema_daemon_endpoint = {"io.k8s.api.core.v1.DaemonEndpoint", daemon_endpoint_fields};

static const struct schema_field node_daemon_endpoints_fields[] = {
    OBJECT("kubeletEndpoint", daemon_endpoint, 1),
    END,
};
const struct schema schema_node_daemon_endpoints = {"io.k8s.api.core.v1.NodeDaemonEndpoints",
                                                    node_daemon_endpoints_fields};

static const struct schema_field node_swap_status_fields[] = {
    ONE("capacity", INTEGER64, 1, POINTER),
    END,
};
const struct schema schema_node_swap_status = {"io.k8s.api.core.v1.NodeSwapStatus", node_swap_status_fields};

static const struct schema_field node_system_info_fields[] = {
    ONE("machineID", STRING, 1, REQUIRED),       ONE("systemUUID", STRING, 2, REQUIRED),
    ONE("bootID", STRING, 3, REQUIRED),          ONE("kernelVersion", STRING, 4, REQUIRED),
    ONE("osImage", STRING, 5, REQUIRED),         ONE("containerRuntimeVersion", STRING, 6, REQUIRED),
    ONE("kubeletVersion", STRING, 7, REQUIRED),  ONE("kubeProxyVersion", STRING, 8, REQUIRED),
    ONE("operatingSystem", STRING, 9, REQUIRED), ONE("architecture", STRING, 10, REQUIRED),
    OBJECT("swap", node_swap_status, 11),        END,
};
const struct schema schema_node_system_info = {"io.k8s.api.core.v1.NodeSystemInfo", node_system_info_fields};

static const struct schema_field container_image_fields[] = {
    LIST("names", STRING, 1),
    ONE("sizeBytes", INTEGER64, 2),
    END,
};
const struct schema schema_container_image = {"io.k8s.api.core.v1.ContainerImage", container_image_fields};

static const struct schema_field attached_volume_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("devicePath", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_attached_volume = {"io.k8s.api.core.v1.AttachedVolume", attached_volume_fields};

static const struct schema_field node_config_status_fields[] = {
    OBJECT("assigned", node_config_source, 1),
    OBJECT("active", node_config_source, 2),
    OBJECT("lastKnownGood", node_config_source, 3),
    ONE("error", STRING, 4),
    END,
};
const struct schema schema_node_config_status = {"io.k8s.api.core.v1.NodeConfigStatus", node_config_status_fields};

static const struct schema_field node_runtime_handler_features_fields[] = {
    ONE("recursiveReadOnlyMounts", BOOLEAN, 1, POINTER),
    ONE("userNamespaces", BOOLEAN, 2, POINTER),
    END,
};
const struct schema schema_node_runtime_handler_features = {"io.k8s.api.core.v1.NodeRuntimeHandlerFeatures",
                                                            node_runtime_handler_features_fields};

static const struct schema_field node_runtime_handler_fields[] = {
    ONE("name", STRING, 1),
    OBJECT("features", node_runtime_handler_features, 2),
    END,
};
const struct schema schema_node_runtime_handler = {"io.k8s.api.core.v1.NodeRuntimeHandler",
                                                   node_runtime_handler_fields};

static const struct schema_field node_features_fields[] = {
    ONE("supplementalGroupsPolicy", BOOLEAN, 1, POINTER),
    END,
};
const struct schema schema_node_features = {"io.k8s.api.core.v1.NodeFeatures", node_features_fields};

static const struct schema_field node_status_fields[] = {
    MAP("capacity", QUANTITY, 1),
    MAP("allocatable", QUANTITY, 2),
    ONE("phase", STRING, 3),
    OBJECTS("conditions", node_condition, 4, MERGE("type")),
    OBJECTS("addresses", node_address, 5, MERGE("type")),
    OBJECT("daemonEndpoints", node_daemon_endpoints, 6),
    OBJECT("nodeInfo", node_system_info, 7),
    OBJECTS("images", container_image, 8),
    LIST("volumesInUse", STRING, 9),
    OBJECTS("volumesAttached", attached_volume, 10),
    OBJECT("config", node_config_status, 11),
    OBJECTS("runtimeHandlers", node_runtime_handler, 12),
    OBJECT("features", node_features, 13),
    LIST("declaredFeatures", STRING, 14),
    END,
};
const struct schema schema_node_status = {"io.k8s.api.core.v1.NodeStatus", node_status_fields};

static const struct schema_field node_fields[] = {
    ONE("kind", STRING, 0),       ONE("apiVersion", STRING, 0),     OBJECT("metadata", object_meta, 1),
    OBJECT("spec", node_spec, 2), OBJECT("status", node_status, 3), END,
};
const struct schema schema_node = {"io.k8s.api.core.v1.Node", node_fields};
