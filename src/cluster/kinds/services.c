#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_type(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "spec.type", "", cell);
}

static void cell_cluster_ip(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "spec.clusterIP", "<none>", cell);
}

static void print_texts(const json_t *list, const char *member, struct buf *cell)
{
    size_t start = cell->len, i;
    json_t *item;
    json_array_foreach (list, i, item) {
        struct str text = member != NULL ? json_text_at(item, member) : json_text(item);
        if (text.len > 0)
            buf_printf(cell, "%s%.*s", cell->len > start ? "," : "", STR_ARG(text));
    }
}

static void cell_external_ip(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    struct str type = json_text_at(object, "spec.type");
    if (str_eq(type, STR("ExternalName"))) {
        buf_add_str(cell, json_text_at(object, "spec.externalName"));
        return;
    }
    bool is_balanced = str_eq(type, STR("LoadBalancer"));
    if (is_balanced)
        print_texts(json_at(object, "status.loadBalancer.ingress"), "ip", cell);
    const json_t *external = json_at(object, "spec.externalIPs");
    if (cell->len > 0 && json_array_size(external) > 0)
        buf_add_char(cell, ',');
    print_texts(external, NULL, cell);
    if (cell->len == 0)
        buf_add_cstr(cell, is_balanced ? "<pending>" : "<none>");
}

static void cell_ports(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    size_t i;
    json_t *port;
    json_array_foreach (json_at(object, "spec.ports"), i, port) {
        buf_printf(cell, "%s%d", i > 0 ? "," : "", (int)json_integer_at(port, "port", 0));
        int64_t node_port = json_integer_at(port, "nodePort", 0);
        if (node_port > 0)
            buf_printf(cell, ":%d", (int)node_port);
        buf_printf(cell, "/%.*s", STR_ARG(json_text_at(port, "protocol")));
    }
    if (cell->len == 0)
        buf_add_cstr(cell, "<none>");
}

static void cell_selector(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_labels(json_at(object, "spec.selector"), cell);
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Type", "string", 0, cell_type, "How the service is reached."),
    COLUMN("Cluster-IP", "string", 0, cell_cluster_ip, "Its address within the cluster."),
    COLUMN("External-IP", "string", 0, cell_external_ip, "Its addresses outside of the cluster."),
    COLUMN("Port(s)", "string", 0, cell_ports, "Its ports."),
    COLUMN_AGE,
    COLUMN("Selector", "string", 1, cell_selector, "Which pods it leads to."),
    COLUMNS_END,
};

static void set_defaults(json_t *object)
{
    json_t *spec = json_own_object(object, "spec");
    json_default_text(spec, "type", "ClusterIP");
    json_default_text(spec, "sessionAffinity", "None");
    struct str type = json_text_at(spec, "type");
    if (str_eq(json_text_at(spec, "sessionAffinity"), STR("ClientIP")))
        json_default_integer(json_own_object(json_own_object(spec, "sessionAffinityConfig"), "clientIP"),
                             "timeoutSeconds", 10800);
    if (str_eq(type, STR("NodePort")) || str_eq(type, STR("LoadBalancer")))
        json_default_text(spec, "externalTrafficPolicy", "Cluster");
    if (!str_eq(type, STR("ExternalName")))
        json_default_text(spec, "internalTrafficPolicy", "Cluster");
    if (str_eq(json_text_at(spec, "clusterIP"), STR("None")))
        json_object_set_new(spec, "clusterIPs", json_pack("[s]", "None"));
    size_t i;
    json_t *port;
    json_array_foreach (json_object_get(spec, "ports"), i, port) {
        json_default_text(port, "protocol", "TCP");
        json_t *target = json_object_get(port, "targetPort");
        bool is_unset = target == NULL || (json_is_integer(target) && json_integer_value(target) == 0) ||
                        (json_is_string(target) && json_string_length(target) == 0);
        if (is_unset && json_object_get(port, "port") != NULL)
            json_object_set(port, "targetPort", json_object_get(port, "port"));
    }
}

static bool is_one_of(struct str text, const char *const *all)
{
    for (; *all != NULL; all++) {
        if (str_eq_cstr(text, *all))
            return true;
    }
    return false;
}

static void validate_port(const json_t *ports, size_t i, struct field_errors *errors)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    const json_t *port = json_array_get(ports, i);
    const json_t *number = json_object_get(port, "port"), *target = json_object_get(port, "targetPort");
    struct str name = json_text_at(port, "name"), protocol = json_text_at(port, "protocol");
    if (json_integer_value(number) < 1 || json_integer_value(number) > 65535)
        field_invalid(errors, field_path(errors, "spec.ports[%zu].port", i), number,
                      "must be between 1 and 65535, inclusive");
    if (json_is_integer(target) && (json_integer_value(target) < 1 || json_integer_value(target) > 65535))
        field_invalid(errors, field_path(errors, "spec.ports[%zu].targetPort", i), target,
                      "must be between 1 and 65535, inclusive");
    if (!is_one_of(protocol, protocols))
        field_not_supported(errors, field_path(errors, "spec.ports[%zu].protocol", i), protocol, protocols);
    if (name.len == 0 && json_array_size(ports) > 1)
        field_required(errors, field_path(errors, "spec.ports[%zu].name", i), "");
    struct name_faults faults = name_check_dns1123_label(name);
    for (size_t k = 0; name.len > 0 && k < faults.count; k++)
        field_invalid_text(errors, field_path(errors, "spec.ports[%zu].name", i), name, faults.texts[k]);
    for (size_t k = 0; k < i; k++) {
        const json_t *other = json_array_get(ports, k);
        if (name.len > 0 && str_eq(name, json_text_at(other, "name")))
            field_duplicate(errors, field_path(errors, "spec.ports[%zu].name", i), name);
    }
}

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort", NULL};
    static const char *const affinities[] = {"ClientIP", "None", NULL};
    const json_t *ports = json_at(object, "spec.ports");
    struct str type = json_text_at(object, "spec.type"), ip = json_text_at(object, "spec.clusterIP");
    bool is_external = str_eq(type, STR("ExternalName")), is_headless = str_eq(ip, STR("None"));
    if (!is_one_of(type, types))
        field_not_supported(errors, "spec.type", type, types);
    if (!is_one_of(json_text_at(object, "spec.sessionAffinity"), affinities))
        field_not_supported(errors, "spec.sessionAffinity", json_text_at(object, "spec.sessionAffinity"), affinities);
    if (json_array_size(ports) == 0 && !is_external && !is_headless)
        field_required(errors, "spec.ports", "");
    for (size_t i = 0; i < json_array_size(ports); i++)
        validate_port(ports, i, errors);
    if (is_external && json_text_at(object, "spec.externalName").len == 0)
        field_required(errors, "spec.externalName", "");
    struct str old_ip = json_text_at(change->old, "spec.clusterIP");
    if (old_ip.len > 0 && !is_external && !str_eq(ip, old_ip))
        field_invalid_text(errors, "spec.clusterIP", ip, "field is immutable");
}

const struct resource resource_services = {
    .group = "",
    .version = "v1",
    .kind = "Service",
    .plural = "services",
    .singular = "service",
    .short_names = (const char *const[]){"svc", NULL},
    .categories = (const char *const[]){"all", NULL},
    .storage_name = "services",
    .is_namespaced = true,
    .has_status = true,
    .returns_deleted = true,
    .verbs = VERBS_ALL,
    .schema = &schema_service,
    .field_paths = (const char *const[]){"spec.clusterIP", "spec.type", NULL},
    .columns = columns,
    .check_name = name_check_dns1035_label,
    .set_defaults = set_defaults,
    .validate = validate,
};
