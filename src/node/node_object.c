#include "node/node_object.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "node/json_text.h"

bool node_object_set_labels(json_t *node, const struct node_facts *facts)
{
    json_t *labels = json_member_object(json_member_object(node, "metadata"), "labels");
    bool has_changed = false;

    has_changed |= json_member_set(labels, "beta.kubernetes.io/arch", json_from_str(facts->machine->architecture));
    has_changed |= json_member_set(labels, "beta.kubernetes.io/os", json_from_str(facts->machine->operating_system));
    has_changed |= json_member_set(labels, "kubernetes.io/arch", json_from_str(facts->machine->architecture));
    has_changed |= json_member_set(labels, "kubernetes.io/hostname", json_from_str(facts->hostname));
    has_changed |= json_member_set(labels, "kubernetes.io/os", json_from_str(facts->machine->operating_system));
    return has_changed;
}

json_t *node_object_new(const struct node_facts *facts, int64_t now_unix_ns, const char *reasons[NODE_CONDITIONS],
                        size_t *count)
{
    json_t *node = json_pack("{s:s, s:s, s:{s:{s:s}, s:o}, s:{}}", "apiVersion", "v1", "kind", "Node", "metadata",
                             "annotations", "volumes.kubernetes.io/controller-managed-attach-detach", "true", "name",
                             json_from_str(facts->name), "spec");

    node_object_set_labels(node, facts);
    node_object_set_status(node, facts, now_unix_ns, reasons, count, NULL);
    return node;
}

static json_t *bytes_json(int64_t bytes)
{
    auto_buf struct buf text = {0};

    if (bytes % 1024 == 0 && bytes > 0)
        buf_printf(&text, "%lldKi", (long long)(bytes / 1024));
    else
        buf_add_i64(&text, bytes);
    return json_from_str(buf_str(&text));
}

static json_t *number_json(int64_t number)
{
    auto_buf struct buf text = {0};

    buf_add_i64(&text, number);
    return json_from_str(buf_str(&text));
}

/* RESERVED of each resource is kept back from what pods may be given. */
static bool set_resources(json_t *resources, const struct node_facts *facts, bool is_allocatable)
{
    const struct machine *m = facts->machine;
    int64_t disk = facts->disk_capacity_bytes, memory = m->memory_bytes;
    bool has_changed = false;

    if (is_allocatable) {
        memory -= PRESSURE_MIN_MEMORY_BYTES;
        memory -= is_measured(m->hugepages_2mi_bytes) ? m->hugepages_2mi_bytes : 0;
        memory -= is_measured(m->hugepages_1gi_bytes) ? m->hugepages_1gi_bytes : 0;
        memory = memory > 0 ? memory : 0;
        disk = is_measured(disk) ? disk - disk / 100 * PRESSURE_MIN_DISK_PERCENT : disk;
    }
    has_changed |= json_member_set(resources, "cpu", number_json(m->cpus));
    if (is_measured(disk))
        has_changed |=
            json_member_set(resources, "ephemeral-storage", is_allocatable ? number_json(disk) : bytes_json(disk));
    if (is_measured(m->hugepages_1gi_bytes))
        has_changed |= json_member_set(resources, "hugepages-1Gi", bytes_json(m->hugepages_1gi_bytes));
    if (is_measured(m->hugepages_2mi_bytes))
        has_changed |= json_member_set(resources, "hugepages-2Mi", bytes_json(m->hugepages_2mi_bytes));
    has_changed |= json_member_set(resources, "memory", bytes_json(memory));
    has_changed |= json_member_set(resources, "pods", number_json(facts->max_pods));
    return has_changed;
}

static bool set_addresses(json_t *status, const struct node_facts *facts)
{
    json_t *addresses = json_array();

    for (size_t i = 0; i < facts->address_count; i++)
        json_array_append_new(
            addresses, json_pack("{s:o, s:s}", "address", json_from_str(facts->addresses[i]), "type", "InternalIP"));
    json_array_append_new(addresses,
                          json_pack("{s:o, s:s}", "address", json_from_str(facts->hostname), "type", "Hostname"));
    return json_member_set(status, "addresses", addresses);
}

static bool set_machine(json_t *status, const struct node_facts *facts, bool *boot_id_changed)
{
    const struct machine *m = facts->machine;
    const json_t *before = json_object_get(json_object_get(status, "nodeInfo"), "bootID");

    if (boot_id_changed != NULL)
        *boot_id_changed = json_string_length(before) > 0 &&
                           !str_eq(str_from(json_string_value(before), json_string_length(before)), m->boot_id);
    return json_member_set(status, "nodeInfo",
                           json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "architecture",
                                     json_from_str(m->architecture), "bootID", json_from_str(m->boot_id),
                                     "containerRuntimeVersion", json_from_str(facts->runtime_version), "kernelVersion",
                                     json_from_str(m->kernel_version), "kubeProxyVersion", "", "kubeletVersion",
                                     json_from_str(facts->kubelet_version), "machineID", json_from_str(m->machine_id),
                                     "operatingSystem", json_from_str(m->operating_system), "osImage",
                                     json_from_str(m->os_image), "systemUUID", json_from_str(m->system_uuid)));
}

struct condition {
    const char *type;
    bool is_true;
    const char *reason;
    const char *message;
    const char *event;
};

static json_t *find_condition(json_t *conditions, const char *type)
{
    json_t *c;
    size_t i;

    json_array_foreach (conditions, i, c) {
        const char *there = json_string_value(json_object_get(c, "type"));
        if (there != NULL && strcmp(there, type) == 0)
            return c;
    }
    return NULL;
}

/* Returns whether the condition's status changed; *HAS_NEWS also when its words did. */
static bool set_condition(json_t *conditions, const struct condition *want, int64_t now_unix_ns, bool *has_news)
{
    json_t *c = find_condition(conditions, want->type);
    bool has_changed;

    if (!json_is_object(c)) {
        c = json_object();
        json_array_append_new(conditions, c);
    }
    json_object_set_new(c, "lastHeartbeatTime", json_from_time(now_unix_ns));
    json_object_set_new(c, "type", json_string(want->type));
    *has_news |= json_member_set(c, "reason", json_string(want->reason));
    *has_news |= json_member_set(c, "message", json_string(want->message));
    has_changed = json_member_set(c, "status", json_string(want->is_true ? "True" : "False"));
    *has_news |= has_changed;
    if (has_changed || json_object_get(c, "lastTransitionTime") == NULL)
        json_object_set_new(c, "lastTransitionTime", json_from_time(now_unix_ns));
    return has_changed;
}

static bool set_conditions(json_t *status, const struct pressure *p, int64_t now_unix_ns,
                           const char *reasons[NODE_CONDITIONS], size_t *count)
{
    const struct condition wanted[NODE_CONDITIONS] = {
        {"MemoryPressure", p->memory, p->memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
         p->memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available",
         p->memory ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory"},
        {"DiskPressure", p->disk, p->disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
         p->disk ? "kubelet has disk pressure" : "kubelet has no disk pressure",
         p->disk ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure"},
        {"PIDPressure", p->pids, p->pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
         p->pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available",
         p->pids ? "NodeHasInsufficientPID" : "NodeHasSufficientPID"},
        {"Ready", true, "KubeletReady", "kubelet is posting ready status", "NodeReady"},
    };
    json_t *conditions = json_object_get(status, "conditions");
    bool has_news = false;

    if (!json_is_array(conditions)) {
        conditions = json_array();
        json_object_set_new(status, "conditions", conditions);
    }
    *count = 0;
    for (size_t i = 0; i < NODE_CONDITIONS; i++)
        if (set_condition(conditions, &wanted[i], now_unix_ns, &has_news))
            reasons[(*count)++] = wanted[i].event;
    return has_news;
}

bool node_object_set_status(json_t *node, const struct node_facts *facts, int64_t now_unix_ns,
                            const char *reasons[NODE_CONDITIONS], size_t *count, bool *boot_id_changed)
{
    json_t *status = json_member_object(node, "status");
    bool has_changed = false;

    has_changed |= set_addresses(status, facts);
    has_changed |= set_resources(json_member_object(status, "allocatable"), facts, true);
    has_changed |= set_resources(json_member_object(status, "capacity"), facts, false);
    has_changed |= set_conditions(status, &facts->pressure, now_unix_ns, reasons, count);
    has_changed |=
        json_member_set(status, "daemonEndpoints", json_pack("{s:{s:i}}", "kubeletEndpoint", "Port", (int)facts->port));
    has_changed |= set_machine(status, facts, boot_id_changed);
    if (!json_is_array(json_object_get(status, "images")))
        json_object_set_new(status, "images", json_array());
    return has_changed;
}
