#include "cluster/rbac.h"

#include "base/map.h"
#include "base/log.h"
#include "cluster/kinds/kinds.h"

/* A Role or ClusterRole. */
struct role {
    struct arena arena; /* holds KEY and RULES */
    struct str key;     /* "NAMESPACE/NAME", "/NAME" */
    struct rbac_rules rules;
};

/* A RoleBinding or ClusterRoleBinding. */
struct bound {
    struct arena arena;   /* holds the rest */
    struct str key;       /* as a role's */
    struct str namespace; /* "": a ClusterRoleBinding */
    struct str name;
    struct str role_key;
    struct rbac_binding binding;
    uint64_t visit; /* the last one that came here */
};

/* Who is bound, by one subject's name. */
struct subject_bindings {
    struct bound **items; /* in the index's arena */
    const struct rbac_subject **subjects;
    size_t count, capacity;
};

enum {
    ROLES,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    CLUSTER_ROLE_BINDINGS,
    KINDS
};

static const struct resource *const kinds[KINDS] = {
    [ROLES] = &resource_roles,
    [CLUSTER_ROLES] = &resource_clusterroles,
    [ROLE_BINDINGS] = &resource_rolebindings,
    [CLUSTER_ROLE_BINDINGS] = &resource_clusterrolebindings,
};

struct rbac {
    struct registry *registry;
    struct storage_subscription *subscriptions[KINDS];
    struct map roles;    /* key → struct role */
    struct map bindings; /* key → struct bound */

    /* Made anew when it is needed after a binding has changed. */
    struct map by_subject; /* "uNAME", "gNAME" → struct subject_bindings */
    struct arena index;
    bool is_index_stale;
    uint64_t visits;
};

/* --- what there is --- */

static struct str make_key(struct arena *arena, struct str namespace, struct str name)
{
    return arena_printf(arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
}

static void role_free(struct role *role)
{
    if (role == NULL)
        return;
    struct arena arena = role->arena;
    arena_free(&arena);
}

static void bound_free(struct bound *bound)
{
    if (bound == NULL)
        return;
    struct arena arena = bound->arena;
    arena_free(&arena);
}

static void forget_role(struct rbac *b, const struct object *o)
{
    auto_arena struct arena arena = {0};
    role_free(map_remove(&b->roles, make_key(&arena, o->namespace, o->name)));
}

static void learn_role(struct rbac *b, const struct object *o)
{
    struct arena arena = {0};
    auto_error struct error err = {0};

    struct role *role = arena_zalloc(&arena, sizeof(*role));
    role->key = make_key(&arena, o->namespace, o->name);
    if (!rbac_rules_parse(&arena, arena_str(&arena, o->json), &role->rules, &err)) {
        /* Such a role grants nothing. */
        log_error("Role can't be read", LOG_STR("namespace", o->namespace), LOG_STR("name", o->name), LOG_ERR(&err));
        arena_free(&arena);
        forget_role(b, o);
        return;
    }
    role->arena = arena;
    role_free(map_put(&b->roles, role->key, role));
}

static void forget_binding(struct rbac *b, const struct object *o)
{
    auto_arena struct arena arena = {0};
    bound_free(map_remove(&b->bindings, make_key(&arena, o->namespace, o->name)));
    b->is_index_stale = true;
}

static void learn_binding(struct rbac *b, const struct object *o)
{
    struct arena arena = {0};
    auto_error struct error err = {0};

    struct bound *bound = arena_zalloc(&arena, sizeof(*bound));
    bound->key = make_key(&arena, o->namespace, o->name);
    bound->namespace = arena_str(&arena, o->namespace);
    bound->name = arena_str(&arena, o->name);
    if (!rbac_binding_parse(&arena, arena_str(&arena, o->json), bound->namespace, &bound->binding, &err)) {
        log_error("Role binding can't be read", LOG_STR("namespace", o->namespace), LOG_STR("name", o->name),
                  LOG_ERR(&err));
        arena_free(&arena);
        forget_binding(b, o);
        return;
    }
    bound->role_key =
        make_key(&arena, bound->binding.is_cluster_role ? STR("") : bound->namespace, bound->binding.role);
    bound->arena = arena;
    bound_free(map_put(&b->bindings, bound->key, bound));
    b->is_index_stale = true;
}

static void on_role(void *ctx, const struct storage_event *event)
{
    if (event->type == STORAGE_DELETED)
        forget_role(ctx, event->object);
    else
        learn_role(ctx, event->object);
}

static void on_binding(void *ctx, const struct storage_event *event)
{
    if (event->type == STORAGE_DELETED)
        forget_binding(ctx, event->object);
    else
        learn_binding(ctx, event->object);
}

struct rbac *rbac_new(struct registry *registry)
{
    struct rbac *b = mem_zalloc(sizeof(*b));

    b->registry = registry;
    for (size_t k = 0; k < KINDS; k++) {
        bool is_role = k == ROLES || k == CLUSTER_ROLES;
        struct storage_kind *kind = registry_kind(registry, kinds[k]);
        struct storage_range range = storage_list(kind, STR(""));
        for (size_t i = 0; i < range.count; i++)
            (is_role ? learn_role : learn_binding)(b, range.items[i]);
        b->subscriptions[k] = storage_subscribe(kind, is_role ? on_role : on_binding, b);
    }
    return b;
}

static void index_free(struct rbac *b)
{
    map_free(&b->by_subject);
    arena_free(&b->index);
}

void rbac_free(struct rbac *b)
{
    void *value;

    if (b == NULL)
        return;
    for (size_t k = 0; k < KINDS; k++)
        storage_unsubscribe(b->subscriptions[k]);
    for (size_t at = 0; map_next(&b->roles, &at, NULL, &value);)
        role_free(value);
    for (size_t at = 0; map_next(&b->bindings, &at, NULL, &value);)
        bound_free(value);
    map_free(&b->roles);
    map_free(&b->bindings);
    index_free(b);
    free(b);
}

/* --- who is bound --- */

static struct str subject_key(struct arena *arena, bool is_group, struct str name)
{
    return arena_printf(arena, "%c%.*s", is_group ? 'g' : 'u', STR_ARG(name));
}

static void index_subject(struct rbac *b, struct bound *bound, const struct rbac_subject *subject)
{
    struct str key = subject_key(&b->index, subject->kind == RBAC_GROUP, subject->name);
    struct subject_bindings *list = map_get(&b->by_subject, key);

    if (list == NULL) {
        list = arena_zalloc(&b->index, sizeof(*list));
        map_put(&b->by_subject, key, list);
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 2;
        struct bound **items = arena_alloc(&b->index, capacity * sizeof(struct bound *));
        const struct rbac_subject **subjects = arena_alloc(&b->index, capacity * sizeof(struct rbac_subject *));
        for (size_t i = 0; i < list->count; i++) {
            items[i] = list->items[i];
            subjects[i] = list->subjects[i];
        }
        list->items = items;
        list->subjects = subjects;
        list->capacity = capacity;
    }
    list->items[list->count] = bound;
    list->subjects[list->count++] = subject;
}

static void index_kind(struct rbac *b, const struct resource *kind)
{
    auto_arena struct arena arena = {0};
    struct storage_range range = storage_list(registry_kind(b->registry, kind), STR(""));

    for (size_t i = 0; i < range.count; i++) {
        const struct object *o = range.items[i];
        arena_reset(&arena);
        struct bound *bound = map_get(&b->bindings, make_key(&arena, o->namespace, o->name));
        for (size_t s = 0; bound != NULL && s < bound->binding.subject_count; s++)
            index_subject(b, bound, &bound->binding.subjects[s]);
    }
}

/* In the storage's order, so that equal questions get equal answers. */
static void refresh_index(struct rbac *b)
{
    if (!b->is_index_stale)
        return;
    index_free(b);
    b->by_subject = (struct map){0};
    b->index = (struct arena){0};
    index_kind(b, &resource_clusterrolebindings);
    index_kind(b, &resource_rolebindings);
    b->is_index_stale = false;
}

/* What visit hands out; returning true ends the visit. */
typedef bool on_bound(void *arg, const struct bound *bound, const struct rbac_subject *subject,
                      const struct rbac_rules *rules);

static bool visit_subject(struct rbac *b, struct str key, struct str namespace, on_bound *fn, void *arg)
{
    const struct subject_bindings *list = map_get(&b->by_subject, key);

    for (size_t i = 0; list != NULL && i < list->count; i++) {
        struct bound *bound = list->items[i];
        if (bound->visit == b->visits || (bound->namespace.len > 0 && !str_eq(bound->namespace, namespace)))
            continue;
        bound->visit = b->visits;
        const struct role *role = map_get(&b->roles, bound->role_key);
        if (role != NULL && fn(arg, bound, list->subjects[i], &role->rules))
            return true;
    }
    return false;
}

static bool visit(struct rbac *b, const struct user *user, struct str namespace, on_bound *fn, void *arg)
{
    auto_arena struct arena arena = {0};

    refresh_index(b);
    b->visits++;
    if (visit_subject(b, subject_key(&arena, false, user->name), namespace, fn, arg))
        return true;
    for (size_t i = 0; i < user->group_count; i++) {
        if (visit_subject(b, subject_key(&arena, true, user->groups[i]), namespace, fn, arg))
            return true;
    }
    return false;
}

/* --- answers --- */

struct question {
    const struct api_attributes *what;
    struct buf *reason;
};

static void print_reason(struct buf *to, const struct bound *bound, const struct rbac_subject *subject)
{
    static const char *const subject_kinds[] = {"User", "Group", "ServiceAccount"};
    bool is_cluster = bound->namespace.len == 0;
    struct str name = subject->name;

    buf_printf(to, "RBAC: allowed by %s \"%.*s%s%.*s\" of %s \"%.*s\" to %s \"",
               is_cluster ? "ClusterRoleBinding" : "RoleBinding", STR_ARG(bound->namespace), is_cluster ? "" : "/",
               STR_ARG(bound->name), bound->binding.is_cluster_role ? "ClusterRole" : "Role",
               STR_ARG(bound->binding.role), subject_kinds[subject->kind]);
    if (subject->kind == RBAC_SERVICE_ACCOUNT) {
        name = str_skip(name, sizeof("system:serviceaccount:") - 1 + subject->namespace.len + 1);
        buf_printf(to, "%.*s/%.*s\"", STR_ARG(name), STR_ARG(subject->namespace));
    } else {
        buf_printf(to, "%.*s\"", STR_ARG(name));
    }
}

static bool on_bound_allows(void *arg, const struct bound *bound, const struct rbac_subject *subject,
                            const struct rbac_rules *rules)
{
    const struct question *q = arg;

    if (!rbac_rules_allow(rules, q->what))
        return false;
    if (q->reason != NULL)
        print_reason(q->reason, bound, subject);
    return true;
}

bool rbac_allows(struct rbac *b, const struct user *user, const struct api_attributes *what, struct buf *reason)
{
    struct question q = {what, reason};
    return visit(b, user, what->is_resource ? what->namespace : STR(""), on_bound_allows, &q);
}

static void authorize(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                      authz_done *done, void *done_arg)
{
    auto_buf struct buf reason = {0};

    (void)r;
    bool is_allowed = rbac_allows(arg, user, what, &reason);
    done(done_arg, &(struct authz_answer){
                       .decision = is_allowed ? AUTHZ_ALLOW : AUTHZ_NO_OPINION,
                       .reason = buf_str(&reason),
                   });
}

struct authorizer rbac_authorizer(struct rbac *b)
{
    return (struct authorizer){.authorize = authorize, .arg = b};
}

struct collection {
    struct rbac_rule *items;
    size_t count, capacity;
    struct arena *arena;
};

static bool on_bound_collect(void *arg, const struct bound *bound, const struct rbac_subject *subject,
                             const struct rbac_rules *rules)
{
    struct collection *c = arg;

    (void)bound;
    (void)subject;
    if (c->count + rules->count > c->capacity) {
        c->capacity = 2 * (c->count + rules->count);
        struct rbac_rule *more = arena_alloc(c->arena, c->capacity * sizeof(*more));
        if (c->count > 0)
            memcpy(more, c->items, c->count * sizeof(*more));
        c->items = more;
    }
    for (size_t i = 0; i < rules->count; i++)
        c->items[c->count++] = rules->items[i];
    return false;
}

struct rbac_rules rbac_rules_of(struct rbac *b, const struct user *user, struct str namespace, struct arena *arena)
{
    struct collection c = {.arena = arena};
    visit(b, user, namespace, on_bound_collect, &c);
    return (struct rbac_rules){c.items, c.count};
}

bool rbac_role_rules(struct rbac *b, bool is_cluster_role, struct str namespace, struct str name,
                     struct rbac_rules *out)
{
    auto_arena struct arena arena = {0};
    const struct role *role = map_get(&b->roles, make_key(&arena, is_cluster_role ? STR("") : namespace, name));

    if (role != NULL)
        *out = role->rules;
    return role != NULL;
}
