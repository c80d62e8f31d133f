#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field sysctl_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("value", STRING, REQUIRED),
    END,
};
const struct schema schema_sysctl = {"io.k8s.api.core.v1.Sysctl", sysctl_fields};

static const struct schema_field pod_security_context_fields[] = {
    OBJECT("seLinuxOptions", se_linux_options),
    OBJECT("windowsOptions", windows_security_context_options),
    ONE("runAsUser", INTEGER64),
    ONE("runAsGroup", INTEGER64),
    ONE("runAsNonRoot", BOOLEAN),
    LIST("supplementalGroups", INTEGER64),
    ONE("supplementalGroupsPolicy", STRING),
    ONE("fsGroup", INTEGER64),
    OBJECTS("sysctls", sysctl),
    ONE("fsGroupChangePolicy", STRING),
    OBJECT("seccompProfile", seccomp_profile),
    OBJECT("appArmorProfile", app_armor_profile),
    ONE("seLinuxChangePolicy", STRING),
    END,
};
const struct schema schema_pod_security_context = {"io.k8s.api.core.v1.PodSecurityContext",
                                                   pod_security_context_fields};

static const struct schema_field node_selector_requirement_fields[] = {
    ONE("key", STRING, REQUIRED),
    ONE("operator", STRING, REQUIRED),
    LIST("values", STRING),
    END,
};
const struct schema schema_node_selector_requirement = {"io.k8s.api.core.v1.NodeSelectorRequirement",
                                                        node_selector_requirement_fields};

static const struct schema_field node_selector_term_fields[] = {
    OBJECTS("matchExpressions", node_selector_requirement),
    OBJECTS("matchFields", node_selector_requirement),
    END,
};
const struct schema schema_node_selector_term = {"io.k8s.api.core.v1.NodeSelectorTerm", node_selector_term_fields};

static const struct schema_field node_selector_fields[] = {
    OBJECTS("nodeSelectorTerms", node_selector_term, REQUIRED),
    END,
};
const struct schema schema_node_selector = {"io.k8s.api.core.v1.NodeSelector", node_selector_fields};

static const struct schema_field preferred_scheduling_term_fields[] = {
    ONE("weight", INTEGER, REQUIRED),
    OBJECT("preference", node_selector_term, REQUIRED),
    END,
};
const struct schema schema_preferred_scheduling_term = {"io.k8s.api.core.v1.PreferredSchedulingTerm",
                                                        preferred_scheduling_term_fields};

static const struct schema_field node_affinity_fields[] = {
    OBJECT("requiredDuringSchedulingIgnoredDuringExecution", node_selector),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", preferred_scheduling_term),
    END,
};
const struct schema schema_node_affinity = {"io.k8s.api.core.v1.NodeAffinity", node_affinity_fields};

static const struct schema_field pod_affinity_term_fields[] = {
    OBJECT("labelSelector", label_selector),
    LIST("namespaces", STRING),
    ONE("topologyKey", STRING, REQUIRED),
    OBJECT("namespaceSelector", label_selector),
    LIST("matchLabelKeys", STRING),
    LIST("mismatchLabelKeys", STRING),
    END,
};
const struct schema schema_pod_affinity_term = {"io.k8s.api.core.v1.PodAffinityTerm", pod_affinity_term_fields};

static const struct schema_field weighted_pod_affinity_term_fields[] = {
    ONE("weight", INTEGER, REQUIRED),
    OBJECT("podAffinityTerm", pod_affinity_term, REQUIRED),
    END,
};
const struct schema schema_weighted_pod_affinity_term = {"io.k8s.api.core.v1.WeightedPodAffinityTerm",
                                                         weighted_pod_affinity_term_fields};

static const struct schema_field pod_affinity_fields[] = {
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", pod_affinity_term),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", weighted_pod_affinity_term),
    END,
};
const struct schema schema_pod_affinity = {"io.k8s.api.core.v1.PodAffinity", pod_affinity_fields};

static const struct schema_field pod_anti_affinity_fields[] = {
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", pod_affinity_term),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", weighted_pod_affinity_term),
    END,
};
const struct schema schema_pod_anti_affinity = {"io.k8s.api.core.v1.PodAntiAffinity", pod_anti_affinity_fields};

static const struct schema_field affinity_fields[] = {
    OBJECT("nodeAffinity", node_affinity),
    OBJECT("podAffinity", pod_affinity),
    OBJECT("podAntiAffinity", pod_anti_affinity),
    END,
};
const struct schema schema_affinity = {"io.k8s.api.core.v1.Affinity", affinity_fields};

static const struct schema_field toleration_fields[] = {
    ONE("key", STRING),
    ONE("operator", STRING),
    ONE("value", STRING),
    ONE("effect", STRING),
    ONE("tolerationSeconds", INTEGER64),
    END,
};
const struct schema schema_toleration = {"io.k8s.api.core.v1.Toleration", toleration_fields};

static const struct schema_field host_alias_fields[] = {
    ONE("ip", STRING, REQUIRED),
    LIST("hostnames", STRING),
    END,
};
const struct schema schema_host_alias = {"io.k8s.api.core.v1.HostAlias", host_alias_fields};

static const struct schema_field pod_dns_config_option_fields[] = {
    ONE("name", STRING),
    ONE("value", STRING),
    END,
};
const struct schema schema_pod_dns_config_option = {"io.k8s.api.core.v1.PodDNSConfigOption",
                                                    pod_dns_config_option_fields};

static const struct schema_field pod_dns_config_fields[] = {
    LIST("nameservers", STRING),
    LIST("searches", STRING),
    OBJECTS("options", pod_dns_config_option),
    END,
};
const struct schema schema_pod_dns_config = {"io.k8s.api.core.v1.PodDNSConfig", pod_dns_config_fields};

static const struct schema_field pod_readiness_gate_fields[] = {
    ONE("conditionType", STRING, REQUIRED),
    END,
};
const struct schema schema_pod_readiness_gate = {"io.k8s.api.core.v1.PodReadinessGate", pod_readiness_gate_fields};

static const struct schema_field topology_spread_constraint_fields[] = {
    ONE("maxSkew", INTEGER, REQUIRED),
    ONE("topologyKey", STRING, REQUIRED),
    ONE("whenUnsatisfiable", STRING, REQUIRED),
    OBJECT("labelSelector", label_selector),
    ONE("minDomains", INTEGER),
    ONE("nodeAffinityPolicy", STRING),
    ONE("nodeTaintsPolicy", STRING),
    LIST("matchLabelKeys", STRING),
    END,
};
const struct schema schema_topology_spread_constraint = {"io.k8s.api.core.v1.TopologySpreadConstraint",
                                                         topology_spread_constraint_fields};

static const struct schema_field pod_os_fields[] = {
    ONE("name", STRING, REQUIRED),
    END,
};
const struct schema schema_pod_os = {"io.k8s.api.core.v1.PodOS", pod_os_fields};

static const struct schema_field pod_scheduling_gate_fields[] = {
    ONE("name", STRING, REQUIRED),
    END,
};
const struct schema schema_pod_scheduling_gate = {"io.k8s.api.core.v1.PodSchedulingGate", pod_scheduling_gate_fields};

static const struct schema_field pod_resource_claim_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("resourceClaimName", STRING),
    ONE("resourceClaimTemplateName", STRING),
    END,
};
const struct schema schema_pod_resource_claim = {"io.k8s.api.core.v1.PodResourceClaim", pod_resource_claim_fields};

static const struct schema_field pod_scheduling_group_fields[] = {
    ONE("podGroupName", STRING),
    END,
};
const struct schema schema_pod_scheduling_group = {"io.k8s.api.core.v1.PodSchedulingGroup",
                                                   pod_scheduling_group_fields};

static const struct schema_field eviction_responder_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("priority", INTEGER, REQUIRED),
    END,
};
const struct schema schema_eviction_responder = {"io.k8s.api.core.v1.EvictionResponder", eviction_responder_fields};

static const struct schema_field pod_spec_fields[] = {
    OBJECTS("volumes", volume, MERGE_RETAIN("name")),
    OBJECTS("initContainers", container, MERGE("name")),
    OBJECTS("containers", container, REQUIRED, MERGE("name")),
    OBJECTS("ephemeralContainers", ephemeral_container, MERGE("name")),
    ONE("restartPolicy", STRING),
    ONE("terminationGracePeriodSeconds", INTEGER64),
    ONE("activeDeadlineSeconds", INTEGER64),
    ONE("dnsPolicy", STRING),
    MAP("nodeSelector", STRING),
    ONE("serviceAccountName", STRING),
    ONE("serviceAccount", STRING),
    ONE("automountServiceAccountToken", BOOLEAN),
    ONE("nodeName", STRING),
    ONE("hostNetwork", BOOLEAN),
    ONE("hostPID", BOOLEAN),
    ONE("hostIPC", BOOLEAN),
    ONE("shareProcessNamespace", BOOLEAN),
    OBJECT("securityContext", pod_security_context),
    OBJECTS("imagePullSecrets", local_object_reference, MERGE("name")),
    ONE("hostname", STRING),
    ONE("subdomain", STRING),
    OBJECT("affinity", affinity),
    ONE("schedulerName", STRING),
    OBJECTS("tolerations", toleration),
    OBJECTS("hostAliases", host_alias, MERGE("ip")),
    ONE("priorityClassName", STRING),
    ONE("priority", INTEGER),
    OBJECT("dnsConfig", pod_dns_config),
    OBJECTS("readinessGates", pod_readiness_gate),
    ONE("runtimeClassName", STRING),
    ONE("enableServiceLinks", BOOLEAN),
    ONE("preemptionPolicy", STRING),
    MAP("overhead", QUANTITY),
    OBJECTS("topologySpreadConstraints", topology_spread_constraint, MERGE("topologyKey")),
    ONE("setHostnameAsFQDN", BOOLEAN),
    OBJECT("os", pod_os),
    ONE("hostUsers", BOOLEAN),
    OBJECTS("schedulingGates", pod_scheduling_gate, MERGE("name")),
    OBJECTS("resourceClaims", pod_resource_claim, MERGE_RETAIN("name")),
    OBJECT("resources", resource_requirements),
    ONE("hostnameOverride", STRING),
    OBJECT("schedulingGroup", pod_scheduling_group),
    OBJECTS("evictionResponders", eviction_responder, MERGE("name")),
    END,
};
const struct schema schema_pod_spec = {"io.k8s.api.core.v1.PodSpec", pod_spec_fields};

static const struct schema_field pod_condition_fields[] = {
    ONE("type", STRING, REQUIRED),   ONE("observedGeneration", INTEGER64),
    ONE("status", STRING, REQUIRED), ONE("lastProbeTime", TIME),
    ONE("lastTransitionTime", TIME), ONE("reason", STRING),
    ONE("message", STRING),          END,
};
const struct schema schema_pod_condition = {"io.k8s.api.core.v1.PodCondition", pod_condition_fields};

static const struct schema_field host_ip_fields[] = {
    ONE("ip", STRING, REQUIRED),
    END,
};
const struct schema schema_host_ip = {"io.k8s.api.core.v1.HostIP", host_ip_fields};

static const struct schema_field pod_ip_fields[] = {
    ONE("ip", STRING, REQUIRED),
    END,
};
const struct schema schema_pod_ip = {"io.k8s.api.core.v1.PodIP", pod_ip_fields};

static const struct schema_field container_state_waiting_fields[] = {
    ONE("reason", STRING),
    ONE("message", STRING),
    END,
};
const struct schema schema_container_state_waiting = {"io.k8s.api.core.v1.ContainerStateWaiting",
                                                      container_state_waiting_fields};

static const struct schema_field container_state_running_fields[] = {
    ONE("startedAt", TIME),
    END,
};
const struct schema schema_container_state_running = {"io.k8s.api.core.v1.ContainerStateRunning",
                                                      container_state_running_fields};

static const struct schema_field container_state_terminated_fields[] = {
    ONE("exitCode", INTEGER, REQUIRED),
    ONE("signal", INTEGER),
    ONE("reason", STRING),
    ONE("message", STRING),
    ONE("startedAt", TIME),
    ONE("finishedAt", TIME),
    ONE("containerID", STRING),
    END,
};
const struct schema schema_container_state_terminated = {"io.k8s.api.core.v1.ContainerStateTerminated",
                                                         container_state_terminated_fields};

static const struct schema_field container_state_fields[] = {
    OBJECT("waiting", container_state_waiting),
    OBJECT("running", container_state_running),
    OBJECT("terminated", container_state_terminated),
    END,
};
const struct schema schema_container_state = {"io.k8s.api.core.v1.ContainerState", container_state_fields};

static const struct schema_field image_volume_status_fields[] = {
    ONE("imageRef", STRING),
    END,
};
const struct schema schema_image_volume_status = {"io.k8s.api.core.v1.ImageVolumeStatus", image_volume_status_fields};

static const struct schema_field volume_status_fields[] = {
    OBJECT("image", image_volume_status),
    END,
};
const struct schema schema_volume_status = {"io.k8s.api.core.v1.VolumeStatus", volume_status_fields};

static const struct schema_field volume_mount_status_fields[] = {
    ONE("name", STRING, REQUIRED),    ONE("mountPath", STRING, REQUIRED),    ONE("readOnly", BOOLEAN),
    ONE("recursiveReadOnly", STRING), OBJECT("volumeStatus", volume_status), END,
};
const struct schema schema_volume_mount_status = {"io.k8s.api.core.v1.VolumeMountStatus", volume_mount_status_fields};

static const struct schema_field linux_container_user_fields[] = {
    ONE("uid", INTEGER64, REQUIRED),
    ONE("gid", INTEGER64, REQUIRED),
    LIST("supplementalGroups", INTEGER64),
    END,
};
const struct schema schema_linux_container_user = {"io.k8s.api.core.v1.LinuxContainerUser",
                                                   linux_container_user_fields};

static const struct schema_field container_user_fields[] = {
    OBJECT("linux", linux_container_user),
    END,
};
const struct schema schema_container_user = {"io.k8s.api.core.v1.ContainerUser", container_user_fields};

static const struct schema_field resource_health_fields[] = {
    ONE("resourceID", STRING, REQUIRED),
    ONE("health", STRING),
    ONE("message", STRING),
    END,
};
const struct schema schema_resource_health = {"io.k8s.api.core.v1.ResourceHealth", resource_health_fields};

static const struct schema_field resource_status_fields[] = {
    ONE("name", STRING, REQUIRED),
    OBJECTS("resources", resource_health),
    END,
};
const struct schema schema_resource_status = {"io.k8s.api.core.v1.ResourceStatus", resource_status_fields};

static const struct schema_field container_status_fields[] = {
    ONE("name", STRING, REQUIRED),
    OBJECT("state", container_state),
    OBJECT("lastState", container_state),
    ONE("ready", BOOLEAN, REQUIRED),
    ONE("restartCount", INTEGER, REQUIRED),
    ONE("image", STRING, REQUIRED),
    ONE("imageID", STRING, REQUIRED),
    ONE("containerID", STRING),
    ONE("started", BOOLEAN),
    MAP("allocatedResources", QUANTITY),
    OBJECT("resources", resource_requirements),
    OBJECTS("volumeMounts", volume_mount_status, MERGE("mountPath")),
    OBJECT("user", container_user),
    OBJECTS("allocatedResourcesStatus", resource_status, MERGE("name")),
    ONE("stopSignal", STRING),
    END,
};
const struct schema schema_container_status = {"io.k8s.api.core.v1.ContainerStatus", container_status_fields};

static const struct schema_field pod_resource_claim_status_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("resourceClaimName", STRING),
    END,
};
const struct schema schema_pod_resource_claim_status = {"io.k8s.api.core.v1.PodResourceClaimStatus",
                                                        pod_resource_claim_status_fields};

static const struct schema_field container_extended_resource_request_fields[] = {
    ONE("containerName", STRING, REQUIRED),
    ONE("resourceName", STRING, REQUIRED),
    ONE("requestName", STRING, REQUIRED),
    END,
};
const struct schema schema_container_extended_resource_request = {"io.k8s.api.core.v1.ContainerExtendedResourceRequest",
                                                                  container_extended_resource_request_fields};

static const struct schema_field pod_extended_resource_claim_status_fields[] = {
    OBJECTS("requestMappings", container_extended_resource_request, REQUIRED),
    ONE("resourceClaimName", STRING, REQUIRED),
    END,
};
const struct schema schema_pod_extended_resource_claim_status = {"io.k8s.api.core.v1.PodExtendedResourceClaimStatus",
                                                                 pod_extended_resource_claim_status_fields};

static const struct schema_field node_allocatable_mapped_resources_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("quantity", QUANTITY, REQUIRED),
    END,
};
const struct schema schema_node_allocatable_mapped_resources = {"io.k8s.api.core.v1.NodeAllocatableMappedResources",
                                                                node_allocatable_mapped_resources_fields};

static const struct schema_field node_allocatable_overhead_resources_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("perPod", QUANTITY),
    ONE("perContainer", QUANTITY),
    END,
};
const struct schema schema_node_allocatable_overhead_resources = {"io.k8s.api.core.v1.NodeAllocatableOverheadResources",
                                                                  node_allocatable_overhead_resources_fields};

static const struct schema_field node_allocatable_resource_claim_status_fields[] = {
    ONE("resourceClaimName", STRING, REQUIRED),
    LIST("containers", STRING),
    OBJECTS("mapping", node_allocatable_mapped_resources, MERGE("name")),
    OBJECTS("overhead", node_allocatable_overhead_resources, MERGE("name")),
    END,
};
const struct schema schema_node_allocatable_resource_claim_status = {
    "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus", node_allocatable_resource_claim_status_fields};

static const struct schema_field pod_status_fields[] = {
    ONE("observedGeneration", INTEGER64),
    ONE("phase", STRING),
    OBJECTS("conditions", pod_condition, MERGE("type")),
    ONE("message", STRING),
    ONE("reason", STRING),
    ONE("nominatedNodeName", STRING),
    ONE("hostIP", STRING),
    OBJECTS("hostIPs", host_ip, MERGE("ip")),
    ONE("podIP", STRING),
    OBJECTS("podIPs", pod_ip, MERGE("ip")),
    ONE("startTime", TIME),
    OBJECTS("initContainerStatuses", container_status),
    OBJECTS("containerStatuses", container_status),
    ONE("qosClass", STRING),
    OBJECTS("ephemeralContainerStatuses", container_status),
    ONE("resize", STRING),
    OBJECTS("resourceClaimStatuses", pod_resource_claim_status, MERGE_RETAIN("name")),
    OBJECT("extendedResourceClaimStatus", pod_extended_resource_claim_status),
    MAP("allocatedResources", QUANTITY),
    OBJECT("resources", resource_requirements),
    OBJECTS("nodeAllocatableResourceClaimStatuses", node_allocatable_resource_claim_status, MERGE("resourceClaimName")),
    END,
};
const struct schema schema_pod_status = {"io.k8s.api.core.v1.PodStatus", pod_status_fields};

static const struct schema_field pod_fields[] = {
    ONE("kind", STRING),      ONE("apiVersion", STRING),    OBJECT("metadata", object_meta),
    OBJECT("spec", pod_spec), OBJECT("status", pod_status), END,
};
const struct schema schema_pod = {"io.k8s.api.core.v1.Pod", pod_fields};
