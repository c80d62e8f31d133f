#include "cluster/rbac_escalation.h"

#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"

#define RBAC_API_GROUP STR("rbac.authorization.k8s.io")

static bool may(struct rbac *b, const struct user *user, struct str verb, const struct resource *kind,
                struct str namespace, struct str name)
{
    struct api_attributes what = {
        .is_resource = true,
        .verb = verb,
        .api_prefix = STR("apis"),
        .group = RBAC_API_GROUP,
        .version = STR("v1"),
        .namespace = namespace,
        .resource = str_of(kind->plural),
        .name = name,
    };
    return rbac_allows(b, user, &what, NULL);
}

static bool has_everything(struct rbac *b, const struct user *user)
{
    static const struct str all[] = {STR_INIT("*")};
    static const struct rbac_rule everything[] = {
        {.verbs = {all, 1}, .groups = {all, 1}, .resources = {all, 1}},
        {.verbs = {all, 1}, .urls = {all, 1}},
    };
    auto_arena struct arena arena = {0};
    struct rbac_rules held = rbac_rules_of(b, user, STR(""), &arena), missing = {0};
    return rbac_rules_cover(&held, &everything[0], &arena, &missing) &&
           rbac_rules_cover(&held, &everything[1], &arena, &missing);
}

/* Sets FAILURE unless USER holds RULES in NAMESPACE. */
static bool holds(struct rbac *b, const struct user *user, const struct resource *kind, struct str namespace,
                  struct str name, const struct rbac_rules *rules, struct failure *failure)
{
    auto_arena struct arena arena = {0};
    auto_buf struct buf why = {0};
    struct rbac_rules held = rbac_rules_of(b, user, namespace, &arena), missing = {0};

    for (size_t i = 0; i < rules->count; i++)
        rbac_rules_cover(&held, &rules->items[i], &arena, &missing);
    if (missing.count == 0)
        return true;
    buf_add_cstr(&why, "user ");
    json_quote(&why, user->name);
    buf_add_cstr(&why, " (groups=[");
    for (size_t i = 0; i < user->group_count; i++) {
        if (i > 0)
            buf_add_char(&why, ' ');
        json_quote(&why, user->groups[i]);
    }
    buf_add_cstr(&why, "]) is attempting to grant RBAC permissions not currently held:");
    for (size_t i = 0; i < missing.count; i++) {
        buf_add_char(&why, '\n');
        rbac_rule_print(&why, &missing.items[i]);
    }
    return failure_forbidden(failure, kind, name, buf_cstr(&why));
}

/* The rules of a role that is about to be written, in ARENA. */
static bool read_rules(const json_t *object, struct arena *arena, struct rbac_rules *out, struct failure *failure)
{
    auto_error struct error err = {0};
    char *text = json_dumps(object, JSON_COMPACT);
    struct str json = arena_str(arena, str_of(text));

    free(text);
    if (rbac_rules_parse(arena, json, out, &err))
        return true;
    return failure_bad_request(failure, "%s", error_text(&err));
}

static bool may_write_role(struct rbac *b, const struct user *user, const struct resource *kind, struct str namespace,
                           const json_t *object, const json_t *old, struct failure *failure)
{
    auto_arena struct arena arena = {0};
    struct rbac_rules rules = {0};
    struct str name = json_text_at(object, "metadata.name");

    if (old != NULL && json_equal(json_object_get(object, "rules"), json_object_get(old, "rules")) &&
        json_equal(json_object_get(object, "aggregationRule"), json_object_get(old, "aggregationRule")))
        return true;
    if (may(b, user, STR("escalate"), kind, namespace, name))
        return true;
    bool is_aggregated = json_object_get(object, "aggregationRule") != NULL ||
                         (old != NULL && json_object_get(old, "aggregationRule") != NULL);
    if (is_aggregated && !has_everything(b, user))
        return failure_forbidden(failure, kind, name, "must have cluster-admin privileges to use the aggregationRule");
    if (!read_rules(object, &arena, &rules, failure))
        return false;
    return holds(b, user, kind, namespace, name, &rules, failure);
}

static bool may_write_binding(struct rbac *b, const struct user *user, const struct resource *kind,
                              struct str namespace, const json_t *object, const json_t *old, struct failure *failure)
{
    struct str role = json_text_at(object, "roleRef.name");
    struct str name = json_text_at(object, "metadata.name");
    bool is_cluster_role = str_eq(json_text_at(object, "roleRef.kind"), STR("ClusterRole"));
    const struct resource *role_kind = is_cluster_role ? &resource_clusterroles : &resource_roles;
    struct rbac_rules rules;

    if (old != NULL && json_equal(json_object_get(object, "roleRef"), json_object_get(old, "roleRef")) &&
        json_equal(json_object_get(object, "subjects"), json_object_get(old, "subjects")))
        return true;
    if (may(b, user, STR("bind"), role_kind, namespace, role))
        return true;
    if (!rbac_role_rules(b, is_cluster_role, namespace, role, &rules))
        return failure_not_found(failure, role_kind, role);
    return holds(b, user, kind, namespace, name, &rules, failure);
}

bool rbac_may_write(struct rbac *b, const struct user *user, const struct resource *kind, const json_t *object,
                    const json_t *old, struct failure *failure)
{
    struct str namespace = json_text_at(object, "metadata.namespace");

    if (user_is_in_group(user, GROUP_MASTERS))
        return true;
    if (kind == &resource_roles || kind == &resource_clusterroles)
        return may_write_role(b, user, kind, namespace, object, old, failure);
    if (kind == &resource_rolebindings || kind == &resource_clusterrolebindings)
        return may_write_binding(b, user, kind, namespace, object, old, failure);
    return true;
}
