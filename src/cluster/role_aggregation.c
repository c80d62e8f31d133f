#include "cluster/role_aggregation.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "kube/selector.h"

struct role_aggregation {
    struct registry *registry;
    struct storage_subscription *subscription;
    unsigned pending; /* writes and the barrier on their way */
    bool is_awaiting; /* a barrier is on its way */
    bool is_freed;    /* by its owner, while something was pending */
};

/* --- which roles --- */

/* Whether a requirement of a LabelSelector holds for O. */
static bool requirement_holds(const json_t *requirement, const struct object *o)
{
    struct str op = json_text_at(requirement, "operator"), value = {0};
    bool is_there = object_label(o, json_text_at(requirement, "key"), &value);
    bool is_listed = is_there && json_array_has(json_object_get(requirement, "values"), value);

    if (str_eq(op, STR("In")))
        return is_listed;
    if (str_eq(op, STR("NotIn")))
        return !is_listed;
    if (str_eq(op, STR("Exists")))
        return is_there;
    return str_eq(op, STR("DoesNotExist")) && !is_there;
}

/* An empty selector matches everything, as in Kubernetes. */
static bool selector_matches(const json_t *selector, const struct object *o)
{
    const char *key;
    json_t *wanted, *requirement;
    size_t i;
    struct str value;

    json_object_foreach (json_object_get(selector, "matchLabels"), key, wanted) {
        if (!object_label(o, str_of(key), &value) || !str_eq(value, json_text(wanted)))
            return false;
    }
    json_array_foreach (json_object_get(selector, "matchExpressions"), i, requirement) {
        if (!requirement_holds(requirement, o))
            return false;
    }
    return true;
}

static void append_new_rules(json_t *to, const struct object *o)
{
    auto_dom json_t *role = object_dom(o);
    json_t *rule, *known;
    size_t i, k;

    json_array_foreach (json_object_get(role, "rules"), i, rule) {
        bool is_known = false;
        json_array_foreach (to, k, known)
            is_known = is_known || json_equal(known, rule);
        if (!is_known)
            json_array_append(to, rule);
    }
}

/* The rules that the selectors of ROLE give it now; the caller owns them. */
static json_t *collect_rules(const struct role_aggregation *a, const json_t *role)
{
    struct storage_range roles = storage_list(registry_kind(a->registry, &resource_clusterroles), STR(""));
    json_t *rules = json_array(), *selector;
    size_t s;

    json_array_foreach (json_at(role, "aggregationRule.clusterRoleSelectors"), s, selector) {
        for (size_t i = 0; i < roles.count; i++) {
            bool is_itself = str_eq(roles.items[i]->name, json_text_at(role, "metadata.name"));
            if (!is_itself && selector_matches(selector, roles.items[i]))
                append_new_rules(rules, roles.items[i]);
        }
    }
    return rules;
}

/* --- keeping them right --- */

static void release(struct role_aggregation *a)
{
    if (a->is_freed && a->pending == 0)
        free(a);
}

static bool has_rules(const json_t *role, const json_t *rules)
{
    const json_t *present = json_object_get(role, "rules");
    return json_array_size(rules) == 0 ? json_array_size(present) == 0 : json_equal(present, rules);
}

static json_t *edit_rules(void *ctx, const json_t *current, struct failure *failure)
{
    const struct role_aggregation *a = ctx;

    (void)failure;
    if (a->is_freed || json_object_get(current, "aggregationRule") == NULL)
        return NULL;
    json_t *rules = collect_rules(a, current);
    if (has_rules(current, rules)) {
        json_decref(rules);
        return NULL;
    }
    json_t *changed = json_copy((json_t *)(uintptr_t)current);
    json_object_set_new(changed, "rules", rules);
    return changed;
}

static void on_written(void *ctx, const struct object *result, const struct failure *failure)
{
    struct role_aggregation *a = ctx;

    (void)result;
    /* A role that is gone meanwhile needs no rules. */
    if (failure != NULL && failure->status.code != 404)
        log_error("Aggregated ClusterRole can't be written", LOG_STR("cause", failure->status.message));
    a->pending--;
    release(a);
}

static void refresh(struct role_aggregation *a)
{
    struct storage_range roles = storage_list(registry_kind(a->registry, &resource_clusterroles), STR(""));
    auto_arena struct arena arena = {0};
    struct str *names = arena_alloc(&arena, (roles.count + 1) * sizeof(*names));
    size_t count = 0;

    /* Writing may change what storage_list has lent us: first choose, then write. */
    for (size_t i = 0; i < roles.count; i++) {
        if (str_find(roles.items[i]->json, STR("\"aggregationRule\"")) < 0)
            continue;
        auto_dom json_t *role = object_dom(roles.items[i]);
        if (json_object_get(role, "aggregationRule") == NULL)
            continue;
        auto_dom json_t *rules = collect_rules(a, role);
        if (!has_rules(role, rules))
            names[count++] = arena_str(&arena, roles.items[i]->name);
    }
    for (size_t i = 0; i < count; i++) {
        a->pending++;
        registry_change(a->registry, &resource_clusterroles, STR(""), names[i], edit_rules, a, NULL, on_written, a);
    }
}

static void on_barrier(void *ctx)
{
    struct role_aggregation *a = ctx;

    a->is_awaiting = false;
    if (!a->is_freed)
        refresh(a);
    a->pending--;
    release(a);
}

/* Many roles written at once, as at the first start, are one refresh. */
static void on_role(void *ctx, const struct storage_event *event)
{
    struct role_aggregation *a = ctx;

    (void)event;
    if (a->is_awaiting)
        return;
    a->is_awaiting = true;
    a->pending++;
    storage_barrier(registry_storage(a->registry), on_barrier, a);
}

struct role_aggregation *role_aggregation_new(struct registry *registry)
{
    struct role_aggregation *a = mem_zalloc(sizeof(*a));

    a->registry = registry;
    a->subscription = storage_subscribe(registry_kind(registry, &resource_clusterroles), on_role, a);
    a->pending++; /* so that nothing that fails early frees it */
    refresh(a);
    a->pending--;
    return a;
}

void role_aggregation_free(struct role_aggregation *a)
{
    if (a == NULL)
        return;
    storage_unsubscribe(a->subscription);
    a->is_freed = true;
    release(a);
}
