#include "base/buf.h"
#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/pod_rules.h"
#include "kube/quantity.h"

static bool is_one_of(struct str text, const char *const *all)
{
    for (; *all != NULL; all++) {
        if (str_eq_cstr(text, *all))
            return true;
    }
    return false;
}

static void check_text(struct field_errors *errors, const char *path, struct str value, const char *const *supported)
{
    if (value.len == 0)
        field_required(errors, path, "");
    else if (!is_one_of(value, supported))
        field_not_supported(errors, path, value, supported);
}

static void check_name(struct field_errors *errors, const char *path, struct str name, struct name_faults faults)
{
    if (name.len == 0)
        field_required(errors, path, "");
    for (size_t i = 0; name.len > 0 && i < faults.count; i++)
        field_invalid_text(errors, path, name, faults.texts[i]);
}

static void validate_ports(const json_t *container, const char *at, struct field_errors *errors)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    size_t i;
    json_t *port;
    json_array_foreach (json_object_get(container, "ports"), i, port) {
        const json_t *number = json_object_get(port, "containerPort");
        const char *path = field_path(errors, "%s.ports[%zu]", at, i);
        if (json_integer_value(number) == 0)
            field_required(errors, field_path(errors, "%s.containerPort", path), "");
        else if (json_integer_value(number) < 1 || json_integer_value(number) > 65535)
            field_invalid(errors, field_path(errors, "%s.containerPort", path), number,
                          "must be between 1 and 65535, inclusive");
        check_text(errors, field_path(errors, "%s.protocol", path), json_text_at(port, "protocol"), protocols);
    }
}

static bool exceeds(const json_t *request, const json_t *limit)
{
    struct quantity r, l;
    return json_is_string(request) && json_is_string(limit) && quantity_parse(json_text(request), &r) &&
           quantity_parse(json_text(limit), &l) && quantity_cmp(r, l) > 0;
}

static void validate_resources(const json_t *container, const char *at, struct field_errors *errors)
{
    static const char *const parts[] = {"limits", "requests"};
    const json_t *limits = json_at(container, "resources.limits");
    const char *name;
    json_t *value;
    for (size_t i = 0; i < 2; i++) {
        json_object_foreach (json_object_get(json_object_get(container, "resources"), parts[i]), name, value) {
            struct quantity q;
            if (json_is_string(value) && quantity_parse(json_text(value), &q) && q.value < 0)
                field_invalid(errors, field_path(errors, "%s.resources.%s[%s]", at, parts[i], name), value,
                              "must be greater than or equal to 0");
        }
    }
    json_object_foreach (json_at(container, "resources.requests"), name, value) {
        if (exceeds(value, json_object_get(limits, name)))
            field_invalid(errors, field_path(errors, "%s.resources.requests", at), value,
                          field_path(errors, "must be less than or equal to %s limit of %.*s", name,
                                     STR_ARG(json_text(json_object_get(limits, name)))));
    }
}

/* Adds NAME to a set; false when it is there already. */
static bool add_name(json_t *set, struct str name)
{
    if (json_object_getn(set, name.ptr, name.len) != NULL)
        return false;
    return json_object_setn_new_nocheck(set, name.ptr, name.len, json_true()) == 0;
}

static void validate_mounts(const json_t *container, const json_t *volumes, const char *at, struct field_errors *errors)
{
    size_t i;
    json_t *mount;
    json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
        struct str name = json_text_at(mount, "name");
        if (name.len == 0)
            field_required(errors, field_path(errors, "%s.volumeMounts[%zu].name", at, i), "");
        else if (json_object_getn(volumes, name.ptr, name.len) == NULL)
            field_not_found(errors, field_path(errors, "%s.volumeMounts[%zu].name", at, i), name);
        if (json_text_at(mount, "mountPath").len == 0)
            field_required(errors, field_path(errors, "%s.volumeMounts[%zu].mountPath", at, i), "");
    }
}

static void validate_containers(const json_t *object, const char *list_name, const json_t *volumes,
                                struct field_errors *errors)
{
    static const char *const pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
    static const char *const message_policies[] = {"FallbackToLogsOnError", "File", NULL};
    const json_t *list = json_object_get(json_object_get(object, "spec"), list_name);
    auto_dom json_t *names = json_object();
    size_t i, n;
    json_t *container, *env;
    json_array_foreach (list, i, container) {
        const char *at = field_path(errors, "spec.%s[%zu]", list_name, i);
        struct str name = json_text_at(container, "name"), image = json_text_at(container, "image");
        check_name(errors, field_path(errors, "%s.name", at), name, name_check_dns1123_label(name));
        if (name.len > 0 && !add_name(names, name))
            field_duplicate(errors, field_path(errors, "%s.name", at), name);
        if (image.len == 0)
            field_required(errors, field_path(errors, "%s.image", at), "");
        else if (str_trim(image).len != image.len)
            field_invalid_text(errors, field_path(errors, "%s.image", at), image,
                               "must not have leading or trailing whitespace");
        if (image.len > 0)
            check_text(errors, field_path(errors, "%s.imagePullPolicy", at), json_text_at(container, "imagePullPolicy"),
                       pull_policies);
        check_text(errors, field_path(errors, "%s.terminationMessagePolicy", at),
                   json_text_at(container, "terminationMessagePolicy"), message_policies);
        json_array_foreach (json_object_get(container, "env"), n, env) {
            if (json_text_at(env, "name").len == 0)
                field_required(errors, field_path(errors, "%s.env[%zu].name", at, n), "");
        }
        validate_ports(container, at, errors);
        validate_resources(container, at, errors);
        validate_mounts(container, volumes, at, errors);
    }
}

/* Fills NAMES with those of the volumes. */
static void validate_volumes(const json_t *object, json_t *names, struct field_errors *errors)
{
    size_t i;
    json_t *volume;
    json_array_foreach (json_at(object, "spec.volumes"), i, volume) {
        struct str name = json_text_at(volume, "name");
        const char *path = field_path(errors, "spec.volumes[%zu].name", i);
        check_name(errors, path, name, name_check_dns1123_label(name));
        if (name.len > 0 && !add_name(names, name))
            field_duplicate(errors, path, name);
    }
}

/* A pod's spec without what an update may change. */
static json_t *fixed_part(const json_t *object)
{
    static const char *const lists[] = {"containers", "initContainers"};
    json_t *spec = json_deep_copy(json_object_get(object, "spec"));
    size_t i;
    json_t *container;
    for (size_t k = 0; k < 2; k++) {
        json_array_foreach (json_object_get(spec, lists[k]), i, container) {
            json_object_del(container, "image");
            json_object_del(container, "imagePullPolicy");
        }
    }
    json_object_del(spec, "activeDeadlineSeconds");
    json_object_del(spec, "tolerations");
    json_object_del(spec, "terminationGracePeriodSeconds");
    json_object_del(spec, "schedulingGates");
    return spec;
}

static void validate_update(const json_t *object, const json_t *old, struct field_errors *errors)
{
    auto_dom json_t *now = fixed_part(object);
    auto_dom json_t *before = fixed_part(old);
    if (!json_equal(now, before))
        field_forbidden(errors, "spec",
                        "pod updates may not change fields other than `spec.containers[*].image`,"
                        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                        "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
                        "to 1 if it was previously negative)");
    size_t i, n;
    json_t *toleration, *other;
    json_array_foreach (json_at(old, "spec.tolerations"), i, toleration) {
        bool is_kept = false;
        json_array_foreach (json_at(object, "spec.tolerations"), n, other)
            is_kept = is_kept || json_equal(toleration, other);
        if (!is_kept)
            field_forbidden(errors, "spec.tolerations",
                            "existing toleration can not be modified except its tolerationSeconds");
    }
}

void pod_validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    static const char *const restart_policies[] = {"Always", "OnFailure", "Never", NULL};
    static const char *const dns_policies[] = {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None", NULL};
    if (str_eq(change->subresource, STR("status")))
        return;
    const json_t *spec = json_object_get(object, "spec");
    struct str node = json_text_at(spec, "nodeName");
    auto_dom json_t *volumes = json_object();
    validate_volumes(object, volumes, errors);
    if (json_array_size(json_object_get(spec, "containers")) == 0)
        field_required(errors, "spec.containers", "");
    validate_containers(object, "containers", volumes, errors);
    validate_containers(object, "initContainers", volumes, errors);
    check_text(errors, "spec.restartPolicy", json_text_at(spec, "restartPolicy"), restart_policies);
    check_text(errors, "spec.dnsPolicy", json_text_at(spec, "dnsPolicy"), dns_policies);
    if (node.len > 0)
        check_name(errors, "spec.nodeName", node, name_check_dns1123_subdomain(node));
    if (json_integer_at(spec, "terminationGracePeriodSeconds", 0) < 0)
        field_invalid(errors, "spec.terminationGracePeriodSeconds",
                      json_object_get(spec, "terminationGracePeriodSeconds"), "must be greater than or equal to 0");
    if (change->old != NULL)
        validate_update(object, change->old, errors);
}
