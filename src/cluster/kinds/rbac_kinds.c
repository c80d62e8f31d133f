#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

#define RBAC_GROUP "rbac.authorization.k8s.io"

static const struct resource_column role_columns[] = {
    COLUMN_NAME,
    COLUMN("Created At", "date", 0, cell_created_at, "When the role was created."),
    COLUMNS_END,
};

static void cell_role(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_printf(cell, "%.*s/%.*s", STR_ARG(json_text_at(object, "roleRef.kind")),
               STR_ARG(json_text_at(object, "roleRef.name")));
}

static void print_subjects(const json_t *object, const char *kind, struct buf *cell)
{
    size_t i;
    json_t *subject;
    json_array_foreach (json_object_get(object, "subjects"), i, subject) {
        if (!str_eq_cstr(json_text_at(subject, "kind"), kind))
            continue;
        struct str namespace = json_text_at(subject, "namespace");
        if (cell->len > 0)
            buf_add_cstr(cell, ", ");
        if (strcmp(kind, "ServiceAccount") == 0)
            buf_printf(cell, "%.*s/", STR_ARG(namespace));
        buf_add_str(cell, json_text_at(subject, "name"));
    }
}

static void cell_users(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    print_subjects(object, "User", cell);
}

static void cell_groups(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    print_subjects(object, "Group", cell);
}

static void cell_accounts(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    print_subjects(object, "ServiceAccount", cell);
}

static const struct resource_column binding_columns[] = {
    COLUMN_NAME,
    COLUMN("Role", "string", 0, cell_role, "What the subjects are given."),
    COLUMN_AGE,
    COLUMN("Users", "string", 1, cell_users, "Users bound to the role."),
    COLUMN("Groups", "string", 1, cell_groups, "Groups bound to the role."),
    COLUMN("ServiceAccounts", "string", 1, cell_accounts, "Service accounts bound to the role."),
    COLUMNS_END,
};

static void set_binding_defaults(json_t *object)
{
    json_t *role = json_object_get(object, "roleRef");
    if (json_is_object(role))
        json_default_text(role, "apiGroup", RBAC_GROUP);
    size_t i;
    json_t *subject;
    json_array_foreach (json_object_get(object, "subjects"), i, subject) {
        struct str kind = json_text_at(subject, "kind");
        if (str_eq(kind, STR("User")) || str_eq(kind, STR("Group")))
            json_default_text(subject, "apiGroup", RBAC_GROUP);
    }
}

static void set_role_defaults(json_t *object)
{
    json_t *rules = json_object_get(object, "rules");
    if (!json_is_array(rules))
        json_object_set_new(object, "rules", json_null());
}

static void validate_rules(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    size_t i;
    json_t *rule;
    json_array_foreach (json_object_get(object, "rules"), i, rule) {
        const json_t *urls = json_object_get(rule, "nonResourceURLs");
        bool has_groups = json_array_size(json_object_get(rule, "apiGroups")) > 0;
        bool has_resources = json_array_size(json_object_get(rule, "resources")) > 0;
        bool has_names = json_array_size(json_object_get(rule, "resourceNames")) > 0;
        if (json_array_size(json_object_get(rule, "verbs")) == 0)
            field_required(errors, field_path(errors, "rules[%zu].verbs", i), "verbs must contain at least one value");
        if (json_array_size(urls) > 0) {
            const char *path = field_path(errors, "rules[%zu].nonResourceURLs", i);
            if (change->resource->is_namespaced)
                field_invalid(errors, path, urls, "namespaced rules cannot apply to non-resource URLs");
            if (has_groups || has_resources || has_names)
                field_invalid(errors, path, urls, "rules cannot apply to both regular resources and non-resource URLs");
            continue;
        }
        if (!has_groups)
            field_required(errors, field_path(errors, "rules[%zu].apiGroups", i),
                           "resource rules must supply at least one api group");
        if (!has_resources)
            field_required(errors, field_path(errors, "rules[%zu].resources", i),
                           "resource rules must supply at least one resource");
    }
}

static void validate_subject(const json_t *subject, size_t i, bool is_namespaced, struct field_errors *errors)
{
    static const char *const kinds[] = {"ServiceAccount", "User", "Group", NULL};
    static const char *const none[] = {"", NULL};
    static const char *const rbac[] = {RBAC_GROUP, NULL};
    struct str kind = json_text_at(subject, "kind"), name = json_text_at(subject, "name");
    struct str group = json_text_at(subject, "apiGroup"), namespace = json_text_at(subject, "namespace");
    const char *group_path = field_path(errors, "subjects[%zu].apiGroup", i);
    if (name.len == 0)
        field_required(errors, field_path(errors, "subjects[%zu].name", i), "");
    if (str_eq(kind, STR("ServiceAccount"))) {
        struct name_faults faults = name_check_dns1123_subdomain(name);
        for (size_t k = 0; name.len > 0 && k < faults.count; k++)
            field_invalid_text(errors, field_path(errors, "subjects[%zu].name", i), name, faults.texts[k]);
        if (group.len > 0)
            field_not_supported(errors, group_path, group, none);
        if (!is_namespaced && namespace.len == 0)
            field_required(errors, field_path(errors, "subjects[%zu].namespace", i), "");
    } else if (str_eq(kind, STR("User")) || str_eq(kind, STR("Group"))) {
        if (!str_eq_cstr(group, RBAC_GROUP))
            field_not_supported(errors, group_path, group, rbac);
    } else {
        field_not_supported(errors, field_path(errors, "subjects[%zu].kind", i), kind, kinds);
    }
}

static void validate_binding(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    static const char *const rbac[] = {RBAC_GROUP, NULL};
    static const char *const both[] = {"Role", "ClusterRole", NULL};
    static const char *const cluster_only[] = {"ClusterRole", NULL};
    const json_t *role = json_object_get(object, "roleRef");
    bool is_namespaced = change->resource->is_namespaced;
    struct str group = json_text_at(role, "apiGroup"), kind = json_text_at(role, "kind");
    struct str name = json_text_at(role, "name");
    if (!str_eq_cstr(group, RBAC_GROUP))
        field_not_supported(errors, "roleRef.apiGroup", group, rbac);
    if (!str_eq(kind, STR("ClusterRole")) && !(is_namespaced && str_eq(kind, STR("Role"))))
        field_not_supported(errors, "roleRef.kind", kind, is_namespaced ? both : cluster_only);
    struct name_faults faults = name_check_path_segment(name);
    if (name.len == 0)
        field_required(errors, "roleRef.name", "");
    for (size_t k = 0; k < faults.count; k++)
        field_invalid_text(errors, "roleRef.name", name, faults.texts[k]);
    size_t i;
    json_t *subject;
    json_array_foreach (json_object_get(object, "subjects"), i, subject)
        validate_subject(subject, i, is_namespaced, errors);
    if (change->old != NULL && !json_equal(role, json_object_get(change->old, "roleRef")))
        field_invalid(errors, "roleRef", role, "cannot change roleRef");
}

const struct resource resource_roles = {
    .group = RBAC_GROUP,
    .version = "v1",
    .kind = "Role",
    .plural = "roles",
    .singular = "role",
    .storage_name = "roles." RBAC_GROUP,
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_role,
    .columns = role_columns,
    .check_name = name_check_path_segment,
    .set_defaults = set_role_defaults,
    .validate = validate_rules,
};

const struct resource resource_clusterroles = {
    .group = RBAC_GROUP,
    .version = "v1",
    .kind = "ClusterRole",
    .plural = "clusterroles",
    .singular = "clusterrole",
    .storage_name = "clusterroles." RBAC_GROUP,
    .verbs = VERBS_ALL,
    .schema = &schema_cluster_role,
    .columns = role_columns,
    .check_name = name_check_path_segment,
    .set_defaults = set_role_defaults,
    .validate = validate_rules,
};

const struct resource resource_rolebindings = {
    .group = RBAC_GROUP,
    .version = "v1",
    .kind = "RoleBinding",
    .plural = "rolebindings",
    .singular = "rolebinding",
    .storage_name = "rolebindings." RBAC_GROUP,
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_role_binding,
    .columns = binding_columns,
    .check_name = name_check_path_segment,
    .set_defaults = set_binding_defaults,
    .validate = validate_binding,
};

const struct resource resource_clusterrolebindings = {
    .group = RBAC_GROUP,
    .version = "v1",
    .kind = "ClusterRoleBinding",
    .plural = "clusterrolebindings",
    .singular = "clusterrolebinding",
    .storage_name = "clusterrolebindings." RBAC_GROUP,
    .verbs = VERBS_ALL,
    .schema = &schema_cluster_role_binding,
    .columns = binding_columns,
    .check_name = name_check_path_segment,
    .set_defaults = set_binding_defaults,
    .validate = validate_binding,
};
