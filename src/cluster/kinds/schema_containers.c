#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field container_port_fields[] = {
    ONE("name", STRING, 1),     ONE("hostPort", INTEGER, 2), ONE("containerPort", INTEGER, 3, REQUIRED),
    ONE("protocol", STRING, 4), ONE("hostIP", STRING, 5),    END,
};
const struct schema schema_container_port = {"io.k8s.api.core.v1.ContainerPort", container_port_fields};

static const struct schema_field config_map_env_source_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    ONE("optional", BOOLEAN, 2, POINTER),
    END,
};
const struct schema schema_config_map_env_source = {"io.k8s.api.core.v1.ConfigMapEnvSource",
                                                    config_map_env_source_fields};

static const struct schema_field secret_env_source_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    ONE("optional", BOOLEAN, 2, POINTER),
    END,
};
const struct schema schema_secret_env_source = {"io.k8s.api.core.v1.SecretEnvSource", secret_env_source_fields};

static const struct schema_field env_from_source_fields[] = {
    ONE("prefix", STRING, 1),
    OBJECT("configMapRef", config_map_env_source, 2),
    OBJECT("secretRef", secret_env_source, 3),
    END,
};
const struct schema schema_env_from_source = {"io.k8s.api.core.v1.EnvFromSource", env_from_source_fields};

static const struct schema_field config_map_key_selector_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    ONE("key", STRING, 2, REQUIRED),
    ONE("optional", BOOLEAN, 3, POINTER),
    END,
};
const struct schema schema_config_map_key_selector = {"io.k8s.api.core.v1.ConfigMapKeySelector",
                                                      config_map_key_selector_fields};

static const struct schema_field secret_key_selector_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    ONE("key", STRING, 2, REQUIRED),
    ONE("optional", BOOLEAN, 3, POINTER),
    END,
};
const struct schema schema_secret_key_selector = {"io.k8s.api.core.v1.SecretKeySelector", secret_key_selector_fields};

static const struct schema_field file_key_selector_fields[] = {
    ONE("volumeName", STRING, 1, REQUIRED),
    ONE("path", STRING, 2, REQUIRED),
    ONE("key", STRING, 3, REQUIRED),
    ONE("optional", BOOLEAN, 4, POINTER),
    END,
};
const struct schema schema_file_key_selector = {"io.k8s.api.core.v1.FileKeySelector", file_key_selector_fields};

static const struct schema_field env_var_source_fields[] = {
    OBJECT("fieldRef", object_field_selector, 1),
    OBJECT("resourceFieldRef", resource_field_selector, 2),
    OBJECT("configMapKeyRef", config_map_key_selector, 3),
    OBJECT("secretKeyRef", secret_key_selector, 4),
    OBJECT("fileKeyRef", file_key_selector, 5),
    END,
};
const struct schema schema_env_var_source = {"io.k8s.api.core.v1.EnvVarSource", env_var_source_fields};

static const struct schema_field env_var_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("value", STRING, 2),
    OBJECT("valueFrom", env_var_source, 3),
    END,
};
const struct schema schema_env_var = {"io.k8s.api.core.v1.EnvVar", env_var_fields};

static const struct schema_field resource_claim_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("request", STRING, 2),
    END,
};
const struct schema schema_resource_claim = {"io.k8s.api.core.v1.ResourceClaim", resource_claim_fields};

static const struct schema_field resource_requirements_fields[] = {
    MAP("limits", QUANTITY, 1),
    MAP("requests", QUANTITY, 2),
    OBJECTS("claims", resource_claim, 3),
    END,
};
const struct schema schema_resource_requirements = {"io.k8s.api.core.v1.ResourceRequirements",
                                                    resource_requirements_fields};

static const struct schema_field container_resize_policy_fields[] = {
    ONE("resourceName", STRING, 1, REQUIRED),
    ONE("restartPolicy", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_container_resize_policy = {"io.k8s.api.core.v1.ContainerResizePolicy",
                                                      container_resize_policy_fields};

static const struct schema_field container_restart_rule_on_exit_codes_fields[] = {
    ONE("operator", STRING, 1),
    LIST("values", INTEGER, 2),
    END,
};
const struct schema schema_container_restart_rule_on_exit_codes = {"io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes",
                                                                   container_restart_rule_on_exit_codes_fields};

static const struct schema_field container_restart_rule_fields[] = {
    ONE("action", STRING, 1),
    OBJECT("exitCodes", container_restart_rule_on_exit_codes, 2),
    END,
};
const struct schema schema_container_restart_rule = {"io.k8s.api.core.v1.ContainerRestartRule",
                                                     container_restart_rule_fields};

static const struct schema_field volume_mount_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("readOnly", BOOLEAN, 2),
    ONE("recursiveReadOnly", STRING, 7, POINTER),
    ONE("mountPath", STRING, 3, REQUIRED),
    ONE("subPath", STRING, 4),
    ONE("mountPropagation", STRING, 5, POINTER),
    ONE("subPathExpr", STRING, 6),
    LIST("bindMountOptions", STRING, 8),
    END,
};
const struct schema schema_volume_mount = {"io.k8s.api.core.v1.VolumeMount", volume_mount_fields};

static const struct schema_field volume_device_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("devicePath", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_volume_device = {"io.k8s.api.core.v1.VolumeDevice", volume_device_fields};

static const struct schema_field exec_action_fields[] = {
    LIST("command", STRING, 1),
    END,
};
const struct schema schema_exec_action = {"io.k8s.api.core.v1.ExecAction", exec_action_fields};

static const struct schema_field http_header_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("value", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_http_header = {"io.k8s.api.core.v1.HTTPHeader", http_header_fields};

static const struct schema_field http_get_action_fields[] = {
    ONE("path", STRING, 1),
    ONE("port", INT_OR_STRING, 2, REQUIRED),
    ONE("host", STRING, 3),
    ONE("scheme", STRING, 4),
    OBJECTS("httpHeaders", http_header, 5),
    ONE("protocol", STRING, 6, POINTER),
    END,
};
const struct schema schema_http_get_action = {"io.k8s.api.core.v1.HTTPGetAction", http_get_action_fields};

static const struct schema_field tcp_socket_action_fields[] = {
    ONE("port", INT_OR_STRING, 1, REQUIRED),
    ONE("host", STRING, 2),
    END,
};
const struct schema schema_tcp_socket_action = {"io.k8s.api.core.v1.TCPSocketAction", tcp_socket_action_fields};

static const struct schema_field grpc_action_fields[] = {
    ONE("port", INTEGER, 1, REQUIRED),
    ONE("service", STRING, 2, POINTER),
    ONE("mode", STRING, 3, POINTER),
    END,
};
const struct schema schema_grpc_action = {"io.k8s.api.core.v1.GRPCAction", grpc_action_fields};

static const struct schema_field probe_fields[] = {
    OBJECT("exec", exec_action, 1, INSIDE(1)),
    OBJECT("httpGet", http_get_action, 2, INSIDE(1)),
    OBJECT("tcpSocket", tcp_socket_action, 3, INSIDE(1)),
    OBJECT("grpc", grpc_action, 4, INSIDE(1)),
    ONE("initialDelaySeconds", INTEGER, 2),
    ONE("timeoutSeconds", INTEGER, 3),
    ONE("periodSeconds", INTEGER, 4),
    ONE("successThreshold", INTEGER, 5),
    ONE("failureThreshold", INTEGER, 6),
    ONE("terminationGracePeriodSeconds", INTEGER64, 7, POINTER),
    END,
};
const struct schema schema_probe = {"io.k8s.api.core.v1.Probe", probe_fields};

static const struct schema_field sleep_action_fields[] = {
    ONE("seconds", INTEGER64, 1, REQUIRED),
    END,
};
const struct schema schema_sleep_action = {"io.k8s.api.core.v1.SleepAction", sleep_action_fields};

static const struct schema_field lifecycle_handler_fields[] = {
    OBJECT("exec", exec_action, 1),
    OBJECT("httpGet", http_get_action, 2),
    OBJECT("tcpSocket", tcp_socket_action, 3),
    OBJECT("sleep", sleep_action, 4),
    END,
};
const struct schema schema_lifecycle_handler = {"io.k8s.api.core.v1.LifecycleHandler", lifecycle_handler_fields};

static const struct schema_field lifecycle_fields[] = {
    OBJECT("postStart", lifecycle_handler, 1),
    OBJECT("preStop", lifecycle_handler, 2),
    ONE("stopSignal", STRING, 3, POINTER),
    END,
};
const struct schema schema_lifecycle = {"io.k8s.api.core.v1.Lifecycle", lifecycle_fields};

static const struct schema_field capabilities_fields[] = {
    LIST("add", STRING, 1),
    LIST("drop", STRING, 2),
    END,
};
const struct schema schema_capabilities = {"io.k8s.api.core.v1.Capabilities", capabilities_fields};

static const struct schema_field se_linux_options_fields[] = {
    ONE("user", STRING, 1), ONE("role", STRING, 2), ONE("type", STRING, 3), ONE("level", STRING, 4), END,
};
const struct schema schema_se_linux_options = {"io.k8s.api.core.v1.SELinuxOptions", se_linux_options_fields};

static const struct schema_field windows_security_context_options_fields[] = {
    ONE("gmsaCredentialSpecName", STRING, 1, POINTER),
    ONE("gmsaCredentialSpec", STRING, 2, POINTER),
    ONE("runAsUserName", STRING, 3, POINTER),
    ONE("hostProcess", BOOLEAN, 4, POINTER),
    END,
};
const struct schema schema_windows_security_context_options = {"io.k8s.api.core.v1.WindowsSecurityContextOptions",
                                                               windows_security_context_options_fields};

static const struct schema_field seccomp_profile_fields[] = {
    ONE("type", STRING, 1, REQUIRED),
    ONE("localhostProfile", STRING, 2, POINTER),
    END,
};
const struct schema schema_seccomp_profile = {"io.k8s.api.core.v1.SeccompProfile", seccomp_profile_fields};

static const struct schema_field app_armor_profile_fields[] = {
    ONE("type", STRING, 1, REQUIRED),
    ONE("localhostProfile", STRING, 2, POINTER),
    END,
};
const struct schema schema_app_armor_profile = {"io.k8s.api.core.v1.AppArmorProfile", app_armor_profile_fields};

static const struct schema_field security_context_fields[] = {
    OBJECT("capabilities", capabilities, 1),
    ONE("privileged", BOOLEAN, 2, POINTER),
    OBJECT("seLinuxOptions", se_linux_options, 3),
    OBJECT("windowsOptions", windows_security_context_options, 10),
    ONE("runAsUser", INTEGER64, 4, POINTER),
    ONE("runAsGroup", INTEGER64, 8, POINTER),
    ONE("runAsNonRoot", BOOLEAN, 5, POINTER),
    ONE("readOnlyRootFilesystem", BOOLEAN, 6, POINTER),
    ONE("allowPrivilegeEscalation", BOOLEAN, 7, POINTER),
    ONE("procMount", STRING, 9, POINTER),
    OBJECT("seccompProfile", seccomp_profile, 11),
    OBJECT("appArmorProfile", app_armor_profile, 12),
    END,
};
const struct schema schema_security_context = {"io.k8s.api.core.v1.SecurityContext", security_context_fields};

static const struct schema_field container_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    ONE("image", STRING, 2),
    LIST("command", STRING, 3),
    LIST("args", STRING, 4),
    ONE("workingDir", STRING, 5),
    OBJECTS("ports", container_port, 6, MERGE("containerPort")),
    OBJECTS("envFrom", env_from_source, 19),
    OBJECTS("env", env_var, 7, MERGE("name")),
    OBJECT("resources", resource_requirements, 8),
    OBJECTS("resizePolicy", container_resize_policy, 23),
    ONE("restartPolicy", STRING, 24, POINTER),
    OBJECTS("restartPolicyRules", container_restart_rule, 25),
    OBJECTS("volumeMounts", volume_mount, 9, MERGE("mountPath")),
    OBJECTS("volumeDevices", volume_device, 21, MERGE("devicePath")),
    OBJECT("livenessProbe", probe, 10),
    OBJECT("readinessProbe", probe, 11),
    OBJECT("startupProbe", probe, 22),
    OBJECT("lifecycle", lifecycle, 12),
    ONE("terminationMessagePath", STRING, 13),
    ONE("terminationMessagePolicy", STRING, 20),
    ONE("imagePullPolicy", STRING, 14),
    OBJECT("securityContext", security_context, 15),
    ONE("stdin", BOOLEAN, 16),
    ONE("stdinOnce", BOOLEAN, 17),
    ONE("tty", BOOLEAN, 18),
    END,
};
const struct schema schema_container = {"io.k8s.api.core.v1.Container", container_fields};

static const struct schema_field ephemeral_container_fields[] = {
    ONE("name", STRING, 1, INSIDE(1), REQUIRED),
    ONE("image", STRING, 2, INSIDE(1)),
    LIST("command", STRING, 3, INSIDE(1)),
    LIST("args", STRING, 4, INSIDE(1)),
    ONE("workingDir", STRING, 5, INSIDE(1)),
    OBJECTS("ports", container_port, 6, INSIDE(1), MERGE("containerPort")),
    OBJECTS("envFrom", env_from_source, 19, INSIDE(1)),
    OBJECTS("env", env_var, 7, INSIDE(1), MERGE("name")),
    OBJECT("resources", resource_requirements, 8, INSIDE(1)),
    OBJECTS("resizePolicy", container_resize_policy, 23, INSIDE(1)),
    ONE("restartPolicy", STRING, 24, POINTER, INSIDE(1)),
    OBJECTS("restartPolicyRules", container_restart_rule, 25, INSIDE(1)),
    OBJECTS("volumeMounts", volume_mount, 9, INSIDE(1), MERGE("mountPath")),
    OBJECTS("volumeDevices", volume_device, 21, INSIDE(1), MERGE("devicePath")),
    OBJECT("livenessProbe", probe, 10, INSIDE(1)),
    OBJECT("readinessProbe", probe, 11, INSIDE(1)),
    OBJECT("startupProbe", probe, 22, INSIDE(1)),
    OBJECT("lifecycle", lifecycle, 12, INSIDE(1)),
    ONE("terminationMessagePath", STRING, 13, INSIDE(1)),
    ONE("terminationMessagePolicy", STRING, 20, INSIDE(1)),
    ONE("imagePullPolicy", STRING, 14, INSIDE(1)),
    OBJECT("securityContext", security_context, 15, INSIDE(1)),
    ONE("stdin", BOOLEAN, 16, INSIDE(1)),
    ONE("stdinOnce", BOOLEAN, 17, INSIDE(1)),
    ONE("tty", BOOLEAN, 18, INSIDE(1)),
    ONE("targetContainerName", STRING, 2),
    END,
};
const struct schema schema_ephemeral_container = {"io.k8s.api.core.v1.EphemeralContainer", ephemeral_container_fields};
