#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field sysctl_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("value", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_sysctl = {"io.k8s.api.core.v1.Sysctl", sysctl_fields};

static const struct schema_field pod_security_context_fields[] = {
    OBJECT("seLinuxOptions", se_linux_options, 1),
    OBJECT("windowsOptions", windows_security_context_options, 8),
    ONE("runAsUser", INTEGER64, 2, POINTER),
    ONE("runAsGroup", INTEGER64, 6, POINTER),
    ONE("runAsNonRoot", BOOLEAN, 3, POINTER),
    LIST("supplementalGroups", INTEGER64, 4),
    ONE("supplementalGroupsPolicy", STRING, 12, POINTER),
    ONE("fsGroup", INTEGER64, 5, POINTER),
    OBJECTS("sysctls", sysctl, 7),
    ONE("fsGroupChangePolicy", STRING, 9, POINTER),
    OBJECT("seccompProfile", seccomp_profile, 10),
    OBJECT("appArmorProfile", app_armor_profile, 11),
    ONE("seLinuxChangePolicy", STRING, 13, POINTER),
    END,
};
const struct schema schema_pod_security_context = {"io.k8s.api.core.v1.PodSecurityContext",
                                                   pod_security_context_fields};

static const struct schema_field node_selector_requirement_fields[] = {
    ONE("key", STRING, 1, REQUIRED),
    ONE("operator", STRING, 2, REQUIRED),
    LIST("values", STRING, 3),
    END,
};
const struct schema schema_node_selector_requirement = {"io.k8s.api.core.v1.NodeSelectorRequirement",
                                                        node_selector_requirement_fields};

static const struct schema_field node_selector_term_fields[] = {
    OBJECTS("matchExpressions", node_selector_requirement, 1),
    OBJECTS("matchFields", node_selector_requirement, 2),
    END,
};
const struct schema schema_node_selector_term = {"io.k8s.api.core.v1.NodeSelectorTerm", node_selector_term_fields};

static const struct schema_field node_selector_fields[] = {
    OBJECTS("nodeSelectorTerms", node_selector_term, 1, REQUIRED),
    END,
};
const struct schema schema_node_selector = {"io.k8s.api.core.v1.NodeSelector", node_selector_fields};

static const struct schema_field preferred_scheduling_term_fields[] = {
    ONE("weight", INTEGER, 1, REQUIRED),
    OBJECT("preference", node_selector_term, 2, REQUIRED),
    END,
};
const struct schema schema_preferred_scheduling_term = {"io.k8s.api.core.v1.PreferredSchedulingTerm",
                                                        preferred_scheduling_term_fields};

static const struct schema_field node_affinity_fields[] = {
    OBJECT("requiredDuringSchedulingIgnoredDuringExecution", node_selector, 1),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", preferred_scheduling_term, 2),
    END,
};
const struct schema schema_node_affinity = {"io.k8s.api.core.v1.NodeAffinity", node_affinity_fields};

static const struct schema_field pod_affinity_term_fields[] = {
    OBJECT("labelSelector", label_selector, 1),
    LIST("namespaces", STRING, 2),
    ONE("topologyKey", STRING, 3, REQUIRED),
    OBJECT("namespaceSelector", label_selector, 4),
    LIST("matchLabelKeys", STRING, 5),
    LIST("mismatchLabelKeys", STRING, 6),
    END,
};
const struct schema schema_pod_affinity_term = {"io.k8s.api.core.v1.PodAffinityTerm", pod_affinity_term_fields};

static const struct schema_field weighted_pod_affinity_term_fields[] = {
    ONE("weight", INTEGER, 1, REQUIRED),
    OBJECT("podAffinityTerm", pod_affinity_term, 2, REQUIRED),
    END,
};
const struct schema schema_weighted_pod_affinity_term = {"io.k8s.api.core.v1.WeightedPodAffinityTerm",
                                                         weighted_pod_affinity_term_fields};

static const struct schema_field pod_affinity_fields[] = {
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", pod_affinity_term, 1),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", weighted_pod_affinity_term, 2),
    END,
};
const struct schema schema_pod_affinity = {"io.k8s.api.core.v1.PodAffinity", pod_affinity_fields};

static const struct schema_field pod_anti_affinity_fields[] = {
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", pod_affinity_term, 1),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", weighted_pod_affinity_term, 2),
    END,
};
const struct schema schema_pod_anti_affinity = {"io.k8s.api.core.v1.PodAntiAffinity", pod_anti_affinity_fields};

static const struct schema_field affinity_fields[] = {
    OBJECT("nodeAffinity", node_affinity, 1),
    OBJECT("podAffinity", pod_affinity, 2),
    OBJECT("podAntiAffinity", pod_anti_affinity, 3),
    END,
};
const struct schema schema_affinity = {"io.k8s.api.core.v1.Affinity", affinity_fields};

static const struct schema_field toleration_fields[] = {
    ONE("key", STRING, 1),
    ONE("operator", STRING, 2),
    ONE("value", STRING, 3),
    ONE("effect", STRING, 4),
    ONE("tolerationSeconds", INTEGER64, 5, POINTER),
    END,
};
const struct schema schema_toleration = {"io.k8s.api.core.v1.Toleration", toleration_fields};

static const struct schema_field host_alias_fields[] = {
    ONE("ip", STRING, 1, REQUIRED),
    LIST("hostnames", STRING, 2),
    END,
};
const struct schema schema_host_alias = {"io.k8s.api.core.v1.HostAlias", host_alias_fields};

static const struct schema_field pod_dns_config_option_fields[] = {
    ONE("name", STRING, 1),
    ONE("value", STRING, 2, POINTER),
    END,
};
const struct schema schema_pod_dns_config_option = {"io.k8s.api.core.v1.PodDNSConfigOption",
                                                    pod_dns_config_option_fields};

static const struct schema_field pod_dns_config_fields[] = {
    LIST("nameservers", STRING, 1),
    LIST("searches", STRING, 2),
    OBJECTS("options", pod_dns_config_option, 3),
    END,
};
const struct schema schema_pod_dns_config = {"io.k8s.api.core.v1.PodDNSConfig", pod_dns_config_fields};

static const struct schema_field pod_readiness_gate_fields[] = {
    ONE("conditionType", STRING, 1, REQUIRED),
    END,
};
const struct schema schema_pod_readiness_gate = {"io.k8s.api.core.v1.PodReadinessGate", pod_readiness_gate_fields};

static const struct schema_field topology_spread_constraint_fields[] = {
    ONE("maxSkew", INTEGER, 1, REQUIRED),
    ONE("topologyKey", STRING, 2, REQUIRED),
    ONE("whenUnsatisfiable", STRING, 3, REQUIRED),
    OBJECT("labelSelector", label_selector, 4),
    ONE("minDomains", INTEGER, 5, POINTER),
    ONE("nodeAffinityPolicy", STRING, 6, POINTER),
    ONE("nodeTaintsPolicy", STRING, 7, POINTER),
    LIST("matchLabelKeys", STRING, 8),
    END,
};
const struct schema schema_topology_spread_constraint = {"io.k8s.api.core.v1.TopologySpreadConstraint",
                                                         topology_spread_constraint_fields};

static const struct schema_field pod_os_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    END,
};
const struct schema schema_pod_os = {"io.k8s.api.core.v1.PodOS", pod_os_fields};

static const struct schema_field pod_scheduling_gate_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    END,
};
const struct schema schema_pod_scheduling_gate = {"io.k8s.api.core.v1.PodSchedulingGate", pod_scheduling_gate_fields};

static const struct schema_field pod_resource_claim_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("resourceClaimName", STRING, 3, POINTER),
    ONE("resourceClaimTemplateName", STRING, 4, POINTER),
    END,
};
const struct schema schema_pod_resource_claim = {"io.k8s.api.core.v1.PodResourceClaim", pod_resource_claim_fields};

static const struct schema_field pod_scheduling_group_fields[] = {
    ONE("podGroupName", STRING, 1, POINTER),
    END,
};
const struct schema schema_pod_scheduling_group = {"io.k8s.api.core.v1.PodSchedulingGroup",
                                                   pod_scheduling_group_fields};

static const struct schema_field eviction_responder_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("priority", INTEGER, 2, POINTER, REQUIRED),
    END,
};
const struct schema schema_eviction_responder = {"io.k8s.api.core.v1.EvictionResponder", eviction_responder_fields};

static const struct schema_field pod_spec_fields[] = {
    OBJECTS("volumes", volume, 1, MERGE_RETAIN("name")),
    OBJECTS("initContainers", container, 20, MERGE("name")),
    OBJECTS("containers", container, 2, REQUIRED, MERGE("name")),
    OBJECTS("ephemeralContainers", ephemeral_container, 34, MERGE("name")),
    ONE("restartPolicy", STRING, 3),
    ONE("terminationGracePeriodSeconds", INTEGER64, 4, POINTER),
    ONE("activeDeadlineSeconds", INTEGER64, 5, POINTER),
    ONE("dnsPolicy", STRING, 6),
    MAP("nodeSelector", STRING, 7),
    ONE("serviceAccountName", STRING, 8),
    ONE("serviceAccount", STRING, 9),
    ONE("automountServiceAccountToken", BOOLEAN, 21, POINTER),
    ONE("nodeName", STRING, 10),
    ONE("hostNetwork", BOOLEAN, 11),
    ONE("hostPID", BOOLEAN, 12),
    ONE("hostIPC", BOOLEAN, 13),
    ONE("shareProcessNamespace", BOOLEAN, 27, POINTER),
    OBJECT("securityContext", pod_security_context, 14),
    OBJECTS("imagePullSecrets", local_object_reference, 15, MERGE("name")),
    ONE("hostname", STRING, 16),
    ONE("subdomain", STRING, 17),
    OBJECT("affinity", affinity, 18),
    ONE("schedulerName", STRING, 19),
    OBJECTS("tolerations", toleration, 22),
    OBJECTS("hostAliases", host_alias, 23, MERGE("ip")),
    ONE("priorityClassName", STRING, 24),
    ONE("priority", INTEGER, 25, POINTER),
    OBJECT("dnsConfig", pod_dns_config, 26),
    OBJECTS("readinessGates", pod_readiness_gate, 28),
    ONE("runtimeClassName", STRING, 29, POINTER),
    ONE("enableServiceLinks", BOOLEAN, 30, POINTER),
    ONE("preemptionPolicy", STRING, 31, POINTER),
    MAP("overhead", QUANTITY, 32),
    OBJECTS("topologySpreadConstraints", topology_spread_constraint, 33, MERGE("topologyKey")),
    ONE("setHostnameAsFQDN", BOOLEAN, 35, POINTER),
    OBJECT("os", pod_os, 36),
    ONE("hostUsers", BOOLEAN, 37, POINTER),
    OBJECTS("schedulingGates", pod_scheduling_gate, 38, MERGE("name")),
    OBJECTS("resourceClaims", pod_resource_claim, 39, MERGE_RETAIN("name")),
    OBJECT("resources", resource_requirements, 40),
    ONE("hostnameOverride", STRING, 41, POINTER),
    OBJECT("schedulingGroup", pod_scheduling_group, 43),
    OBJECTS("evictionResponders", eviction_responder, 44, MERGE("name")),
    END,
};
const struct schema schema_pod_spec = {"io.k8s.api.core.v1.PodSpec", pod_spec_fields};

static const struct schema_field pod_condition_fields[] = {
    ONE("type", STRING, 1, REQUIRED),   ONE("observedGeneration", INTEGER64, 7),
    ONE("status", STRING, 2, REQUIRED), ONE("lastProbeTime", TIME, 3),
    ONE("lastTransitionTime", TIME, 4), ONE("reason", STRING, 5),
    ONE("message", STRING, 6),          END,
};
const struct schema schema_pod_condition = {"io.k8s.api.core.v1.PodCondition", pod_condition_fields};

static const struct schema_field host_ip_fields[] = {
    ONE("ip", STRING, 1, REQUIRED),
    END,
};
const struct schema schema_host_ip = {"io.k8s.api.core.v1.HostIP", host_ip_fields};

static const struct schema_field pod_ip_fields[] = {
    ONE("ip", STRING, 1, REQUIRED),
    END,
};
const struct schema schema_pod_ip = {"io.k8s.api.core.v1.PodIP", pod_ip_fields};

static const struct schema_field container_state_waiting_fields[] = {
    ONE("reason", STRING, 1),
    ONE("message", STRING, 2),
    END,
};
const struct schema schema_container_state_waiting = {"io.k8s.api.core.v1.ContainerStateWaiting",
                                                      container_state_waiting_fields};

static const struct schema_field container_state_running_fields[] = {
    ONE("startedAt", TIME, 1),
    END,
};
const struct schema schema_container_state_running = {"io.k8s.api.core.v1.ContainerStateRunning",
                                                      container_state_running_fields};

static const struct schema_field container_state_terminated_fields[] = {
    ONE("exitCode", INTEGER, 1, REQUIRED),
    ONE("signal", INTEGER, 2),
    ONE("reason", STRING, 3),
    ONE("message", STRING, 4),
    ONE("startedAt", TIME, 5),
    ONE("finishedAt", TIME, 6),
    ONE("containerID", STRING, 7),
    END,
};
const struct schema schema_container_state_terminated = {"io.k8s.api.core.v1.ContainerStateTerminated",
                                                         container_state_terminated_fields};

static const struct schema_field container_state_fields[] = {
    OBJECT("waiting", container_state_waiting, 1),
    OBJECT("running", container_state_running, 2),
    OBJECT("terminated", container_state_terminated, 3),
    END,
};
const struct schema schema_container_state = {"io.k8s.api.core.v1.ContainerState", container_state_fields};

static const struct schema_field image_volume_status_fields[] = {
    ONE("imageRef", STRING, 1),
    END,
};
const struct schema schema_image_volume_status = {"io.k8s.api.core.v1.ImageVolumeStatus", image_volume_status_fields};

static const struct schema_field volume_status_fields[] = {
    OBJECT("image", image_volume_status, 1),
    END,
};
const struct schema schema_volume_status = {"io.k8s.api.core.v1.VolumeStatus", volume_status_fields};

static const struct schema_field volume_mount_status_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("mountPath", STRING, 2, REQUIRED),
    ONE("readOnly", BOOLEAN, 3),
    ONE("recursiveReadOnly", STRING, 4, POINTER),
    OBJECT("volumeStatus", volume_status, 5),
    END,
};
const struct schema schema_volume_mount_status = {"io.k8s.api.core.v1.VolumeMountStatus", volume_mount_status_fields};

static const struct schema_field linux_container_user_fields[] = {
    ONE("uid", INTEGER64, 1, REQUIRED),
    ONE("gid", INTEGER64, 2, REQUIRED),
    LIST("supplementalGroups", INTEGER64, 3),
    END,
};
const struct schema schema_linux_container_user = {"io.k8s.api.core.v1.LinuxContainerUser",
                                                   linux_container_user_fields};

static const struct schema_field container_user_fields[] = {
    OBJECT("linux", linux_container_user, 1),
    END,
};
const struct schema schema_container_user = {"io.k8s.api.core.v1.ContainerUser", container_user_fields};

static const struct schema_field resource_health_fields[] = {
    ONE("resourceID", STRING, 1, REQUIRED),
    ONE("health", STRING, 2),
    ONE("message", STRING, 6, POINTER),
    END,
};
const struct schema schema_resource_health = {"io.k8s.api.core.v1.ResourceHealth", resource_health_fields};

static const struct schema_field resource_status_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    OBJECTS("resources", resource_health, 2),
    END,
};
const struct schema schema_resource_status = {"io.k8s.api.core.v1.ResourceStatus", resource_status_fields};

static const struct schema_field container_status_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    OBJECT("state", container_state, 2),
    OBJECT("lastState", container_state, 3),
    ONE("ready", BOOLEAN, 4, REQUIRED),
    ONE("restartCount", INTEGER, 5, REQUIRED),
    ONE("image", STRING, 6, REQUIRED),
    ONE("imageID", STRING, 7, REQUIRED),
    ONE("containerID", STRING, 8),
    ONE("started", BOOLEAN, 9, POINTER),
    MAP("allocatedResources", QUANTITY, 10),
    OBJECT("resources", resource_requirements, 11),
    OBJECTS("volumeMounts", volume_mount_status, 12, MERGE("mountPath")),
    OBJECT("user", container_user, 13),
    OBJECTS("allocatedResourcesStatus", resource_status, 14, MERGE("name")),
    ONE("stopSignal", STRING, 15, POINTER),
    END,
};
const struct schema schema_container_status = {"io.k8s.api.core.v1.ContainerStatus", container_status_fields};

static const struct schema_field pod_resource_claim_status_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("resourceClaimName", STRING, 2, POINTER),
    END,
};
const struct schema schema_pod_resource_claim_status = {"io.k8s.api.core.v1.PodResourceClaimStatus",
                                                        pod_resource_claim_status_fields};

static const struct schema_field container_extended_resource_request_fields[] = {
    ONE("containerName", STRING, 1, REQUIRED),
    ONE("resourceName", STRING, 2, REQUIRED),
    ONE("requestName", STRING, 3, REQUIRED),
    END,
};
const struct schema schema_container_extended_resource_request = {"io.k8s.api.core.v1.ContainerExtendedResourceRequest",
                                                                  container_extended_resource_request_fields};

static const struct schema_field pod_extended_resource_claim_status_fields[] = {
    OBJECTS("requestMappings", container_extended_resource_request, 1, REQUIRED),
    ONE("resourceClaimName", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_pod_extended_resource_claim_status = {"io.k8s.api.core.v1.PodExtendedResourceClaimStatus",
                                                                 pod_extended_resource_claim_status_fields};

static const struct schema_field node_allocatable_mapped_resources_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("quantity", QUANTITY, 2, POINTER, REQUIRED),
    END,
};
const struct schema schema_node_allocatable_mapped_resources = {"io.k8s.api.core.v1.NodeAllocatableMappedResources",
                                                                node_allocatable_mapped_resources_fields};

static const struct schema_field node_allocatable_overhead_resources_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("perPod", QUANTITY, 2, POINTER),
    ONE("perContainer", QUANTITY, 3, POINTER),
    END,
};
const struct schema schema_node_allocatable_overhead_resources = {"io.k8s.api.core.v1.NodeAllocatableOverheadResources",
                                                                  node_allocatable_overhead_resources_fields};

static const struct schema_field node_allocatable_resource_claim_status_fields[] = {
    ONE("resourceClaimName", STRING, 1, REQUIRED),
    LIST("containers", STRING, 2),
    OBJECTS("mapping", node_allocatable_mapped_resources, 4, MERGE("name")),
    OBJECTS("overhead", node_allocatable_overhead_resources, 5, MERGE("name")),
    END,
};
const struct schema schema_node_allocatable_resource_claim_status = {
    "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus", node_allocatable_resource_claim_status_fields};

static const struct schema_field pod_status_fields[] = {
    ONE("observedGeneration", INTEGER64, 17),
    ONE("phase", STRING, 1),
    OBJECTS("conditions", pod_condition, 2, MERGE("type")),
    ONE("message", STRING, 3),
    ONE("reason", STRING, 4),
    ONE("nominatedNodeName", STRING, 11),
    ONE("hostIP", STRING, 5),
    OBJECTS("hostIPs", host_ip, 16, MERGE("ip")),
    ONE("podIP", STRING, 6),
    OBJECTS("podIPs", pod_ip, 12, MERGE("ip")),
    ONE("startTime", TIME, 7, POINTER),
    OBJECTS("initContainerStatuses", container_status, 10),
    OBJECTS("containerStatuses", container_status, 8),
    ONE("qosClass", STRING, 9),
    OBJECTS("ephemeralContainerStatuses", container_status, 13),
    ONE("resize", STRING, 14),
    OBJECTS("resourceClaimStatuses", pod_resource_claim_status, 15, MERGE_RETAIN("name")),
    OBJECT("extendedResourceClaimStatus", pod_extended_resource_claim_status, 18),
    MAP("allocatedResources", QUANTITY, 19),
    OBJECT("resources", resource_requirements, 20),
    OBJECTS("nodeAllocatableResourceClaimStatuses", node_allocatable_resource_claim_status, 21,
            MERGE("resourceClaimName")),
    END,
};
const struct schema schema_pod_status = {"io.k8s.api.core.v1.PodStatus", pod_status_fields};

static const struct schema_field pod_fields[] = {
    ONE("kind", STRING, 0),      ONE("apiVersion", STRING, 0),    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", pod_spec, 2), OBJECT("status", pod_status, 3), END,
};
const struct schema schema_pod = {"io.k8s.api.core.v1.Pod", pod_fields};
