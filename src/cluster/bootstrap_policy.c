#include "cluster/bootstrap_policy.h"

#include "base/alloc.h"
#include "cluster/bootstrap_policy_table.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/rbac_rules.h"

#define RBAC_GROUP "rbac.authorization.k8s.io"
#define BOOTSTRAPPING "kubernetes.io/bootstrapping"
#define AUTO_UPDATE "rbac.authorization.kubernetes.io/autoupdate"
#define CONFIG_NAME "extension-apiserver-authentication"

/* All of an apply; freed when the last write is done. */
struct apply {
    struct registry *registry;
    unsigned pending;
    struct error first; /* failure */
    void (*on_done)(void *arg, const struct error *err);
    void *arg;
};

/* One object on its way. */
struct step {
    struct apply *apply;
    const struct resource *kind;
    json_t *wanted; /* owned */
};

/* --- tables to objects --- */

/* Splits LIST at SEPARATOR, one item a call. False at the end. */
static bool next_part(struct str *list, bool *is_over, char separator, struct str *out)
{
    if (*is_over)
        return false;
    *is_over = !str_cut(*list, separator, out, list);
    return true;
}

static json_t *list_of(struct str items)
{
    json_t *list = json_array();
    struct str item;

    for (bool is_over = false; next_part(&items, &is_over, ',', &item);)
        json_array_append_new(list, json_stringn(item.len > 0 ? item.ptr : "", item.len));
    return list;
}

static json_t *rule_of(struct str text)
{
    struct str first, middle, verbs, names;
    json_t *rule = json_object();

    str_cut(text, '|', &first, &verbs);
    if (str_starts_with(first, STR("/")) || str_index(verbs, '|') < 0) {
        json_object_set_new(rule, "verbs", list_of(verbs));
        json_object_set_new(rule, "nonResourceURLs", list_of(first));
        return rule;
    }
    str_cut(verbs, '|', &middle, &verbs);
    bool has_names = str_cut(middle, '=', &middle, &names);
    json_object_set_new(rule, "verbs", list_of(verbs));
    json_object_set_new(rule, "apiGroups", list_of(first));
    json_object_set_new(rule, "resources", list_of(middle));
    if (has_names)
        json_object_set_new(rule, "resourceNames", list_of(names));
    return rule;
}

static json_t *rules_of(const char *text)
{
    json_t *rules = json_array();
    struct str rest = str_of(text), rule;

    for (bool is_over = false; next_part(&rest, &is_over, ';', &rule);)
        json_array_append_new(rules, rule_of(rule));
    return rules;
}

static json_t *object_of(const char *kind, const char *name, const char *namespace)
{
    json_t *object =
        json_pack("{s:s, s:s, s:{s:s, s:{s:s}, s:{s:s}}}", "apiVersion", RBAC_GROUP "/v1", "kind", kind, "metadata",
                  "name", name, "labels", BOOTSTRAPPING, "rbac-defaults", "annotations", AUTO_UPDATE, "true");
    if (namespace != NULL)
        json_object_set_new(json_object_get(object, "metadata"), "namespace", json_string(namespace));
    return object;
}

static json_t *role_of(const struct policy_role *r)
{
    json_t *role = object_of(r->namespace != NULL ? "Role" : "ClusterRole", r->name, r->namespace);
    auto_buf struct buf label = {0};

    if (r->aggregated_to != NULL) {
        buf_printf(&label, RBAC_GROUP "/%s", r->aggregated_to);
        json_object_set_new(json_at(role, "metadata.labels"), buf_cstr(&label), json_string("true"));
    }
    if (r->rules != NULL)
        json_object_set_new(role, "rules", rules_of(r->rules));
    if (r->aggregates != NULL) {
        buf_clear(&label);
        buf_printf(&label, RBAC_GROUP "/%s", r->aggregates);
        json_object_set_new(
            role, "aggregationRule",
            json_pack("{s:[{s:{s:s}}]}", "clusterRoleSelectors", "matchLabels", buf_cstr(&label), "true"));
    }
    return role;
}

static json_t *binding_of(const struct policy_binding *b)
{
    bool is_cluster = b->namespace == NULL;
    json_t *binding = object_of(is_cluster ? "ClusterRoleBinding" : "RoleBinding", b->name, b->namespace);
    json_t *subjects = json_array();
    struct str rest = str_of(b->subjects), subject, kind, name;

    for (bool is_over = false; next_part(&rest, &is_over, ',', &subject);) {
        str_cut(subject, ' ', &kind, &name);
        json_t *json = json_pack("{s:s}", "apiGroup", RBAC_GROUP);
        json_set_text(json, "kind", kind);
        json_set_text(json, "name", name);
        json_array_append_new(subjects, json);
    }
    json_object_set_new(binding, "subjects", subjects);
    json_object_set_new(binding, "roleRef",
                        json_pack("{s:s, s:s, s:s}", "apiGroup", RBAC_GROUP, "kind",
                                  is_cluster ? "ClusterRole" : "Role", "name", b->role));
    return binding;
}

static void add_names(json_t *data, const char *key, struct str_list names)
{
    auto_buf struct buf text = {0};
    struct json_writer w = json_writer_to(&text);

    json_open_array(&w);
    for (size_t i = 0; i < names.count; i++)
        json_write_str(&w, names.items[i]);
    json_close_array(&w);
    json_object_set_new(data, key, json_string(buf_cstr(&text)));
}

static json_t *config_of(const struct bootstrap_policy_options *o)
{
    json_t *config = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{}}", "apiVersion", "v1", "kind", "ConfigMap", "metadata",
                               "name", CONFIG_NAME, "namespace", "kube-system", "data");
    json_t *data = json_object_get(config, "data");

    if (o->client_ca_pem.len > 0)
        json_set_text(data, "client-ca-file", o->client_ca_pem);
    if (o->proxy == NULL || o->proxy->ca_pem.len == 0)
        return config;
    json_set_text(data, "requestheader-client-ca-file", o->proxy->ca_pem);
    add_names(data, "requestheader-allowed-names", o->proxy->allowed_names);
    add_names(data, "requestheader-username-headers", o->proxy->username_headers);
    add_names(data, "requestheader-uid-headers", o->proxy->uid_headers);
    add_names(data, "requestheader-group-headers", o->proxy->group_headers);
    add_names(data, "requestheader-extra-headers-prefix", o->proxy->extra_prefixes);
    return config;
}

/* --- repairing --- */

/* Adds to TARGET's map under KEY what WANTED's has and it doesn't. */
static void add_pairs(json_t *target, const json_t *wanted, const char *key)
{
    const char *name;
    json_t *value, *pairs = json_object_get(wanted, key);

    if (json_object_size(pairs) == 0)
        return;
    json_t *own = json_own_object(target, key);
    json_object_foreach (pairs, name, value) {
        if (json_object_get(own, name) == NULL)
            json_object_set(own, name, value);
    }
}

/* Adds to TARGET's list under KEY the items of WANTED's that no item of it equals. */
static void add_items(json_t *target, const json_t *wanted, const char *key)
{
    json_t *items = json_object_get(wanted, key), *item, *present;
    size_t i, k;

    if (json_array_size(items) == 0)
        return;
    json_t *own = json_own_array(target, key);
    json_array_foreach (items, i, item) {
        bool is_there = false;
        json_array_foreach (own, k, present)
            is_there = is_there || json_equal(present, item);
        if (!is_there)
            json_array_append(own, item);
    }
}

static bool parse_rules(const json_t *role, struct arena *arena, struct rbac_rules *out)
{
    char *text = json_dumps(role, JSON_COMPACT);
    struct str json = arena_str(arena, str_of(text));

    free(text);
    return rbac_rules_parse(arena, json, out, NULL);
}

/* Adds the rules of WANTED that those of TARGET don't cover. */
static void add_rules(json_t *target, const json_t *wanted)
{
    auto_arena struct arena arena = {0};
    struct rbac_rules held, needed, missing = {0};

    if (!parse_rules(target, &arena, &held) || !parse_rules(wanted, &arena, &needed))
        return;
    for (size_t i = 0; i < needed.count; i++)
        rbac_rules_cover(&held, &needed.items[i], &arena, &missing);
    for (size_t i = 0; i < missing.count; i++) {
        auto_buf struct buf text = {0};
        struct json_writer w = json_writer_to(&text);
        rbac_rule_write(&w, &missing.items[i]);
        json_array_append_new(json_own_array(target, "rules"), json_loadb(text.ptr, text.len, 0, NULL));
    }
}

static json_t *repair(void *ctx, const json_t *current, struct failure *failure)
{
    const struct step *s = ctx;
    const json_t *metadata = json_object_get(s->wanted, "metadata");
    struct str update = json_text(json_object_get(json_at(current, "metadata.annotations"), AUTO_UPDATE));

    (void)failure;
    if (str_eq(update, STR("false")))
        return NULL;
    json_t *changed = json_deep_copy(current), *own = json_object_get(changed, "metadata");
    if (s->kind == &resource_configmaps) {
        json_object_update(json_own_object(changed, "data"), json_object_get(s->wanted, "data"));
        return changed;
    }
    add_pairs(own, metadata, "labels");
    add_pairs(own, metadata, "annotations");
    add_items(changed, s->wanted, "subjects");
    if (json_object_get(s->wanted, "aggregationRule") != NULL)
        add_items(json_own_object(changed, "aggregationRule"), json_object_get(s->wanted, "aggregationRule"),
                  "clusterRoleSelectors");
    else
        add_rules(changed, s->wanted);
    return changed;
}

/* --- writing --- */

static void finish(struct apply *a)
{
    if (--a->pending > 0)
        return;
    a->on_done(a->arg, error_is_set(&a->first) ? &a->first : NULL);
    error_clear(&a->first);
    free(a);
}

static void on_written(void *ctx, const struct object *result, const struct failure *failure)
{
    struct step *s = ctx;
    struct apply *a = s->apply;

    (void)result;
    if (failure != NULL && !error_is_set(&a->first)) {
        error_set(&a->first, failure->status.code, "%.*s", STR_ARG(failure->status.message));
        error_wrap(&a->first, "%s %.*s", s->kind->singular, STR_ARG(json_text_at(s->wanted, "metadata.name")));
    }
    json_decref(s->wanted);
    free(s);
    finish(a);
}

static void create(struct step *s)
{
    registry_create(s->apply->registry, s->kind, json_text_at(s->wanted, "metadata.namespace"),
                    json_deep_copy(s->wanted), NULL, on_written, s);
}

/* A binding can't change its role: it is deleted, and made anew. */
static void on_deleted(void *ctx, const struct object *result, const struct failure *failure)
{
    if (failure != NULL && failure->status.code != 404)
        on_written(ctx, result, failure);
    else
        create(ctx);
}

static bool is_of_other_role(const struct object *present, const json_t *wanted)
{
    auto_dom json_t *dom = object_dom(present);
    const json_t *role = json_object_get(wanted, "roleRef");
    struct str update = json_text(json_object_get(json_at(dom, "metadata.annotations"), AUTO_UPDATE));

    return role != NULL && !json_equal(role, json_object_get(dom, "roleRef")) && !str_eq(update, STR("false"));
}

/* WANTED is owned from here on. */
static void put(struct apply *a, const struct resource *kind, json_t *wanted)
{
    struct step *s = mem_zalloc(sizeof(*s));
    struct str namespace = json_text_at(wanted, "metadata.namespace"), name = json_text_at(wanted, "metadata.name");
    const struct object *present = registry_get(a->registry, kind, namespace, name);

    *s = (struct step){.apply = a, .kind = kind, .wanted = wanted};
    a->pending++;
    if (present == NULL)
        create(s);
    else if (is_of_other_role(present, wanted))
        registry_delete(a->registry, kind, namespace, name, NULL, on_deleted, s);
    else
        registry_change(a->registry, kind, namespace, name, repair, s, NULL, on_written, s);
}

void bootstrap_policy_apply(const struct bootstrap_policy_options *options)
{
    struct apply *a = mem_zalloc(sizeof(*a));

    *a = (struct apply){.registry = options->registry, .on_done = options->on_done, .arg = options->arg};
    a->pending++; /* so that nothing that is done at once ends it */
    for (const struct policy_role *r = policy_roles; r->name != NULL; r++)
        put(a, r->namespace != NULL ? &resource_roles : &resource_clusterroles, role_of(r));
    for (const struct policy_binding *b = policy_bindings; b->name != NULL; b++)
        put(a, b->namespace != NULL ? &resource_rolebindings : &resource_clusterrolebindings, binding_of(b));
    put(a, &resource_configmaps, config_of(options));
    finish(a);
}
