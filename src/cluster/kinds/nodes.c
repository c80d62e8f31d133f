#include "base/alloc.h"
#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

#include <stdlib.h>

static void cell_status(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    const char *status = "Unknown";
    size_t i;
    json_t *condition;
    json_array_foreach (json_at(object, "status.conditions"), i, condition) {
        if (str_eq(json_text_at(condition, "type"), STR("Ready")))
            status = str_eq(json_text_at(condition, "status"), STR("True")) ? "Ready" : "NotReady";
    }
    buf_add_cstr(cell, status);
    if (json_true_at(object, "spec.unschedulable"))
        buf_add_cstr(cell, ",SchedulingDisabled");
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Roles are labels: node-role.kubernetes.io/ROLE, or kubernetes.io/role=ROLE. */
static void cell_roles(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    static const struct str prefix = STR_INIT("node-role.kubernetes.io/");
    json_t *labels = json_at(object, "metadata.labels");
    struct str *roles = mem_alloc((json_object_size(labels) + 1) * sizeof(*roles));
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach (labels, key, value) {
        struct str role = str_starts_with(str_of(key), prefix)     ? str_skip(str_of(key), prefix.len)
                          : strcmp(key, "kubernetes.io/role") == 0 ? json_text(value)
                                                                   : STR("");
        if (role.len > 0)
            roles[count++] = role;
    }
    qsort(roles, count, sizeof(*roles), by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !str_eq(roles[i], roles[i - 1]))
            buf_printf(cell, "%s%.*s", i > 0 ? "," : "", STR_ARG(roles[i]));
    }
    if (count == 0)
        buf_add_cstr(cell, "<none>");
    free(roles);
}

static void cell_version(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.nodeInfo.kubeletVersion", "", cell);
}

static void print_address(const json_t *object, const char *type, struct buf *cell)
{
    size_t i;
    json_t *address;
    json_array_foreach (json_at(object, "status.addresses"), i, address) {
        if (str_eq_cstr(json_text_at(address, "type"), type)) {
            buf_add_str(cell, json_text_at(address, "address"));
            return;
        }
    }
    buf_add_cstr(cell, "<none>");
}

static void cell_internal_ip(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    print_address(object, "InternalIP", cell);
}

static void cell_external_ip(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    print_address(object, "ExternalIP", cell);
}

static void cell_os_image(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.nodeInfo.osImage", "<unknown>", cell);
}

static void cell_kernel(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.nodeInfo.kernelVersion", "<unknown>", cell);
}

static void cell_runtime(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.nodeInfo.containerRuntimeVersion", "<unknown>", cell);
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Status", "string", 0, cell_status, "Whether the node takes pods."),
    COLUMN("Roles", "string", 0, cell_roles, "Roles that its labels give it."),
    COLUMN_AGE,
    COLUMN("Version", "string", 0, cell_version, "Version of its node agent."),
    COLUMN("Internal-IP", "string", 1, cell_internal_ip, "Address within the cluster's network."),
    COLUMN("External-IP", "string", 1, cell_external_ip, "Address outside of it."),
    COLUMN("OS-Image", "string", 1, cell_os_image, "Operating system."),
    COLUMN("Kernel-Version", "string", 1, cell_kernel, "Kernel."),
    COLUMN("Container-Runtime", "string", 1, cell_runtime, "Container runtime."),
    COLUMNS_END,
};

static void validate_taints(const json_t *taints, struct field_errors *errors)
{
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};
    size_t i, n;
    json_t *taint, *other;
    json_array_foreach (taints, i, taint) {
        struct str key = json_text_at(taint, "key"), effect = json_text_at(taint, "effect");
        struct name_faults faults = name_check_qualified(key);
        for (size_t k = 0; k < faults.count; k++)
            field_invalid_text(errors, field_path(errors, "spec.taints[%zu].key", i), key, faults.texts[k]);
        faults = name_check_label_value(json_text_at(taint, "value"));
        for (size_t k = 0; k < faults.count; k++)
            field_invalid_text(errors, field_path(errors, "spec.taints[%zu].value", i), json_text_at(taint, "value"),
                               faults.texts[k]);
        if (effect.len == 0)
            field_required(errors, field_path(errors, "spec.taints[%zu].effect", i), "");
        else if (!str_eq_cstr(effect, effects[0]) && !str_eq_cstr(effect, effects[1]) &&
                 !str_eq_cstr(effect, effects[2]))
            field_not_supported(errors, field_path(errors, "spec.taints[%zu].effect", i), effect, effects);
        json_array_foreach (taints, n, other) {
            if (n < i && str_eq(key, json_text_at(other, "key")) && str_eq(effect, json_text_at(other, "effect")))
                field_duplicate(errors, field_path(errors, "spec.taints[%zu]", i), key);
        }
    }
}

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    validate_taints(json_at(object, "spec.taints"), errors);
    struct str provider = json_text_at(object, "spec.providerID"), old = json_text_at(change->old, "spec.providerID");
    if (old.len > 0 && !str_eq(old, provider))
        field_forbidden(errors, "spec.providerID", "node updates may not change providerID except from \"\" to valid");
}

const struct resource resource_nodes = {
    .group = "",
    .version = "v1",
    .kind = "Node",
    .plural = "nodes",
    .singular = "node",
    .short_names = (const char *const[]){"no", NULL},
    .storage_name = "nodes",
    .has_status = true,
    .keeps_status_on_create = true,
    .verbs = VERBS_ALL,
    .schema = &schema_node,
    .field_paths = (const char *const[]){"?spec.unschedulable", NULL},
    .columns = columns,
    .validate = validate,
};
