#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field container_port_fields[] = {
    ONE("name", STRING),     ONE("hostPort", INTEGER), ONE("containerPort", INTEGER, REQUIRED),
    ONE("protocol", STRING), ONE("hostIP", STRING),    END,
};
const struct schema schema_container_port = {"io.k8s.api.core.v1.ContainerPort", container_port_fields};

static const struct schema_field config_map_env_source_fields[] = {
    ONE("name", STRING),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_config_map_env_source = {"io.k8s.api.core.v1.ConfigMapEnvSource",
                                                    config_map_env_source_fields};

static const struct schema_field secret_env_source_fields[] = {
    ONE("name", STRING),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_secret_env_source = {"io.k8s.api.core.v1.SecretEnvSource", secret_env_source_fields};

static const struct schema_field env_from_source_fields[] = {
    ONE("prefix", STRING),
    OBJECT("configMapRef", config_map_env_source),
    OBJECT("secretRef", secret_env_source),
    END,
};
const struct schema schema_env_from_source = {"io.k8s.api.core.v1.EnvFromSource", env_from_source_fields};

static const struct schema_field config_map_key_selector_fields[] = {
    ONE("name", STRING),
    ONE("key", STRING, REQUIRED),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_config_map_key_selector = {"io.k8s.api.core.v1.ConfigMapKeySelector",
                                                      config_map_key_selector_fields};

static const struct schema_field secret_key_selector_fields[] = {
    ONE("name", STRING),
    ONE("key", STRING, REQUIRED),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_secret_key_selector = {"io.k8s.api.core.v1.SecretKeySelector", secret_key_selector_fields};

static const struct schema_field file_key_selector_fields[] = {
    ONE("volumeName", STRING, REQUIRED),
    ONE("path", STRING, REQUIRED),
    ONE("key", STRING, REQUIRED),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_file_key_selector = {"io.k8s.api.core.v1.FileKeySelector", file_key_selector_fields};

static const struct schema_field env_var_source_fields[] = {
    OBJECT("fieldRef", object_field_selector),
    OBJECT("resourceFieldRef", resource_field_selector),
    OBJECT("configMapKeyRef", config_map_key_selector),
    OBJECT("secretKeyRef", secret_key_selector),
    OBJECT("fileKeyRef", file_key_selector),
    END,
};
const struct schema schema_env_var_source = {"io.k8s.api.core.v1.EnvVarSource", env_var_source_fields};

static const struct schema_field env_var_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("value", STRING),
    OBJECT("valueFrom", env_var_source),
    END,
};
const struct schema schema_env_var = {"io.k8s.api.core.v1.EnvVar", env_var_fields};

static const struct schema_field resource_claim_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("request", STRING),
    END,
};
const struct schema schema_resource_claim = {"io.k8s.api.core.v1.ResourceClaim", resource_claim_fields};

static const struct schema_field resource_requirements_fields[] = {
    MAP("limits", QUANTITY),
    MAP("requests", QUANTITY),
    OBJECTS("claims", resource_claim),
    END,
};
const struct schema schema_resource_requirements = {"io.k8s.api.core.v1.ResourceRequirements",
                                                    resource_requirements_fields};

static const struct schema_field container_resize_policy_fields[] = {
    ONE("resourceName", STRING, REQUIRED),
    ONE("restartPolicy", STRING, REQUIRED),
    END,
};
const struct schema schema_container_resize_policy = {"io.k8s.api.core.v1.ContainerResizePolicy",
                                                      container_resize_policy_fields};

static const struct schema_field container_restart_rule_on_exit_codes_fields[] = {
    ONE("operator", STRING),
    LIST("values", INTEGER),
    END,
};
const struct schema schema_container_restart_rule_on_exit_codes = {"io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes",
                                                                   container_restart_rule_on_exit_codes_fields};

static const struct schema_field container_restart_rule_fields[] = {
    ONE("action", STRING),
    OBJECT("exitCodes", container_restart_rule_on_exit_codes),
    END,
};
const struct schema schema_container_restart_rule = {"io.k8s.api.core.v1.ContainerRestartRule",
                                                     container_restart_rule_fields};

static const struct schema_field volume_mount_fields[] = {
    ONE("name", STRING, REQUIRED),      ONE("readOnly", BOOLEAN),         ONE("recursiveReadOnly", STRING),
    ONE("mountPath", STRING, REQUIRED), ONE("subPath", STRING),           ONE("mountPropagation", STRING),
    ONE("subPathExpr", STRING),         LIST("bindMountOptions", STRING), END,
};
const struct schema schema_volume_mount = {"io.k8s.api.core.v1.VolumeMount", volume_mount_fields};

static const struct schema_field volume_device_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("devicePath", STRING, REQUIRED),
    END,
};
const struct schema schema_volume_device = {"io.k8s.api.core.v1.VolumeDevice", volume_device_fields};

static const struct schema_field exec_action_fields[] = {
    LIST("command", STRING),
    END,
};
const struct schema schema_exec_action = {"io.k8s.api.core.v1.ExecAction", exec_action_fields};

static const struct schema_field http_header_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("value", STRING, REQUIRED),
    END,
};
const struct schema schema_http_header = {"io.k8s.api.core.v1.HTTPHeader", http_header_fields};

static const struct schema_field http_get_action_fields[] = {
    ONE("path", STRING),
    ONE("port", INT_OR_STRING, REQUIRED),
    ONE("host", STRING),
    ONE("scheme", STRING),
    OBJECTS("httpHeaders", http_header),
    ONE("protocol", STRING),
    END,
};
const struct schema schema_http_get_action = {"io.k8s.api.core.v1.HTTPGetAction", http_get_action_fields};

static const struct schema_field tcp_socket_action_fields[] = {
    ONE("port", INT_OR_STRING, REQUIRED),
    ONE("host", STRING),
    END,
};
const struct schema schema_tcp_socket_action = {"io.k8s.api.core.v1.TCPSocketAction", tcp_socket_action_fields};

static const struct schema_field grpc_action_fields[] = {
    ONE("port", INTEGER, REQUIRED),
    ONE("service", STRING),
    ONE("mode", STRING),
    END,
};
const struct schema schema_grpc_action = {"io.k8s.api.core.v1.GRPCAction", grpc_action_fields};

static const struct schema_field probe_fields[] = {
    OBJECT("exec", exec_action),
    OBJECT("httpGet", http_get_action),
    OBJECT("tcpSocket", tcp_socket_action),
    OBJECT("grpc", grpc_action),
    ONE("initialDelaySeconds", INTEGER),
    ONE("timeoutSeconds", INTEGER),
    ONE("periodSeconds", INTEGER),
    ONE("successThreshold", INTEGER),
    ONE("failureThreshold", INTEGER),
    ONE("terminationGracePeriodSeconds", INTEGER64),
    END,
};
const struct schema schema_probe = {"io.k8s.api.core.v1.Probe", probe_fields};

static const struct schema_field sleep_action_fields[] = {
    ONE("seconds", INTEGER64, REQUIRED),
    END,
};
const struct schema schema_sleep_action = {"io.k8s.api.core.v1.SleepAction", sleep_action_fields};

static const struct schema_field lifecycle_handler_fields[] = {
    OBJECT("exec", exec_action),
    OBJECT("httpGet", http_get_action),
    OBJECT("tcpSocket", tcp_socket_action),
    OBJECT("sleep", sleep_action),
    END,
};
const struct schema schema_lifecycle_handler = {"io.k8s.api.core.v1.LifecycleHandler", lifecycle_handler_fields};

static const struct schema_field lifecycle_fields[] = {
    OBJECT("postStart", lifecycle_handler),
    OBJECT("preStop", lifecycle_handler),
    ONE("stopSignal", STRING),
    END,
};
const struct schema schema_lifecycle = {"io.k8s.api.core.v1.Lifecycle", lifecycle_fields};

static const struct schema_field capabilities_fields[] = {
    LIST("add", STRING),
    LIST("drop", STRING),
    END,
};
const struct schema schema_capabilities = {"io.k8s.api.core.v1.Capabilities", capabilities_fields};

static const struct schema_field se_linux_options_fields[] = {
    ONE("user", STRING), ONE("role", STRING), ONE("type", STRING), ONE("level", STRING), END,
};
const struct schema schema_se_linux_options = {"io.k8s.api.core.v1.SELinuxOptions", se_linux_options_fields};

static const struct schema_field windows_security_context_options_fields[] = {
    ONE("gmsaCredentialSpecName", STRING),
    ONE("gmsaCredentialSpec", STRING),
    ONE("runAsUserName", STRING),
    ONE("hostProcess", BOOLEAN),
    END,
};
const struct schema schema_windows_security_context_options = {"io.k8s.api.core.v1.WindowsSecurityContextOptions",
                                                               windows_security_context_options_fields};

static const struct schema_field seccomp_profile_fields[] = {
    ONE("type", STRING, REQUIRED),
    ONE("localhostProfile", STRING),
    END,
};
const struct schema schema_seccomp_profile = {"io.k8s.api.core.v1.SeccompProfile", seccomp_profile_fields};

static const struct schema_field app_armor_profile_fields[] = {
    ONE("type", STRING, REQUIRED),
    ONE("localhostProfile", STRING),
    END,
};
const struct schema schema_app_armor_profile = {"io.k8s.api.core.v1.AppArmorProfile", app_armor_profile_fields};

static const struct schema_field security_context_fields[] = {
    OBJECT("capabilities", capabilities),
    ONE("privileged", BOOLEAN),
    OBJECT("seLinuxOptions", se_linux_options),
    OBJECT("windowsOptions", windows_security_context_options),
    ONE("runAsUser", INTEGER64),
    ONE("runAsGroup", INTEGER64),
    ONE("runAsNonRoot", BOOLEAN),
    ONE("readOnlyRootFilesystem", BOOLEAN),
    ONE("allowPrivilegeEscalation", BOOLEAN),
    ONE("procMount", STRING),
    OBJECT("seccompProfile", seccomp_profile),
    OBJECT("appArmorProfile", app_armor_profile),
    END,
};
const struct schema schema_security_context = {"io.k8s.api.core.v1.SecurityContext", security_context_fields};

static const struct schema_field container_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("image", STRING),
    LIST("command", STRING),
    LIST("args", STRING),
    ONE("workingDir", STRING),
    OBJECTS("ports", container_port, MERGE("containerPort")),
    OBJECTS("envFrom", env_from_source),
    OBJECTS("env", env_var, MERGE("name")),
    OBJECT("resources", resource_requirements),
    OBJECTS("resizePolicy", container_resize_policy),
    ONE("restartPolicy", STRING),
    OBJECTS("restartPolicyRules", container_restart_rule),
    OBJECTS("volumeMounts", volume_mount, MERGE("mountPath")),
    OBJECTS("volumeDevices", volume_device, MERGE("devicePath")),
    OBJECT("livenessProbe", probe),
    OBJECT("readinessProbe", probe),
    OBJECT("startupProbe", probe),
    OBJECT("lifecycle", lifecycle),
    ONE("terminationMessagePath", STRING),
    ONE("terminationMessagePolicy", STRING),
    ONE("imagePullPolicy", STRING),
    OBJECT("securityContext", security_context),
    ONE("stdin", BOOLEAN),
    ONE("stdinOnce", BOOLEAN),
    ONE("tty", BOOLEAN),
    END,
};
const struct schema schema_container = {"io.k8s.api.core.v1.Container", container_fields};

static const struct schema_field ephemeral_container_fields[] = {
    ONE("name", STRING, REQUIRED),
    ONE("image", STRING),
    LIST("command", STRING),
    LIST("args", STRING),
    ONE("workingDir", STRING),
    OBJECTS("ports", container_port, MERGE("containerPort")),
    OBJECTS("envFrom", env_from_source),
    OBJECTS("env", env_var, MERGE("name")),
    OBJECT("resources", resource_requirements),
    OBJECTS("resizePolicy", container_resize_policy),
    ONE("restartPolicy", STRING),
    OBJECTS("restartPolicyRules", container_restart_rule),
    OBJECTS("volumeMounts", volume_mount, MERGE("mountPath")),
    OBJECTS("volumeDevices", volume_device, MERGE("devicePath")),
    OBJECT("livenessProbe", probe),
    OBJECT("readinessProbe", probe),
    OBJECT("startupProbe", probe),
    OBJECT("lifecycle", lifecycle),
    ONE("terminationMessagePath", STRING),
    ONE("terminationMessagePolicy", STRING),
    ONE("imagePullPolicy", STRING),
    OBJECT("securityContext", security_context),
    ONE("stdin", BOOLEAN),
    ONE("stdinOnce", BOOLEAN),
    ONE("tty", BOOLEAN),
    ONE("targetContainerName", STRING),
    END,
};
const struct schema schema_ephemeral_container = {"io.k8s.api.core.v1.EphemeralContainer", ephemeral_container_fields};
