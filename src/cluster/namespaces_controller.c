#include "cluster/namespaces_controller.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cluster/json_path.h"

#define MAX_KINDS 64

/* Heard of each kind: whose deletion may empty a namespace, or has to be undone. */
struct listener {
    struct namespaces_controller *controller;
    const struct resource *kind;
    struct storage_subscription *subscription;
};

struct namespaces_controller {
    struct registry *registry;
    char *root_ca_pem;
    const struct resource *namespaces, *accounts, *configmaps;
    struct listener listeners[MAX_KINDS];
    size_t listener_count;
    bool has_stopped;
};

#define ROOT_CA_NAME "kube-root-ca.crt"

/* --- what every namespace has --- */

static void log_failure(const struct failure *failure, const char *what)
{
    int code = failure->status.code;
    /* Somebody else was faster, or the namespace is going. */
    if (code == 409 || code == 403 || code == 404)
        return;
    log_error("Namespace can't be furnished", LOG_CSTR("object", what), LOG_STR("err", failure->status.message));
}

static void on_account_created(void *ctx, const struct object *result, const struct failure *failure)
{
    (void)ctx;
    (void)result;
    if (failure != NULL)
        log_failure(failure, "serviceaccount default");
}

static void on_root_ca_created(void *ctx, const struct object *result, const struct failure *failure)
{
    (void)ctx;
    (void)result;
    if (failure != NULL)
        log_failure(failure, "configmap " ROOT_CA_NAME);
}

static json_t *set_root_ca(void *ctx, const json_t *current, struct failure *failure)
{
    (void)failure;
    struct namespaces_controller *c = ctx;
    json_t *data = json_pack("{s:s}", "ca.crt", c->root_ca_pem);
    if (json_equal(json_object_get(current, "data"), data)) {
        json_decref(data);
        return NULL;
    }
    json_t *object = json_deep_copy(current);
    json_object_set_new(object, "data", data);
    return object;
}

static void furnish(struct namespaces_controller *c, struct str namespace)
{
    if (registry_get(c->registry, c->accounts, namespace, STR("default")) == NULL)
        registry_create(c->registry, c->accounts, namespace, json_pack("{s:{s:s}}", "metadata", "name", "default"),
                        NULL, on_account_created, NULL);
    if (registry_get(c->registry, c->configmaps, namespace, STR(ROOT_CA_NAME)) != NULL) {
        registry_change(c->registry, c->configmaps, namespace, STR(ROOT_CA_NAME), set_root_ca, c, NULL,
                        on_root_ca_created, NULL);
        return;
    }
    json_t *object = json_pack(
        "{s:{s:s,s:{s:s}},s:{s:s}}", "metadata", "name", ROOT_CA_NAME, "annotations", "kubernetes.io/description",
        "The CA that the cluster's servers are verified by, for pods.", "data", "ca.crt", c->root_ca_pem);
    registry_create(c->registry, c->configmaps, namespace, object, NULL, on_root_ca_created, NULL);
}

/* --- how it goes --- */

static size_t delete_contents(struct namespaces_controller *c, struct str namespace)
{
    size_t left = 0;
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct resource *kind = c->listeners[i].kind;
        if (!kind->is_namespaced)
            continue;
        struct storage_range range = storage_list(registry_kind(c->registry, kind), namespace);
        left += range.count;
        for (size_t n = 0; n < range.count; n++) {
            if (!range.items[n]->is_terminating)
                registry_delete(c->registry, kind, namespace, range.items[n]->name, NULL, NULL, NULL);
        }
    }
    return left;
}

static json_t *drop_finalizer(void *ctx, const json_t *current, struct failure *failure)
{
    (void)ctx;
    (void)failure;
    json_t *object = json_deep_copy(current);
    json_t *kept = json_array();
    size_t i;
    json_t *finalizer;
    json_array_foreach (json_at(current, "spec.finalizers"), i, finalizer) {
        if (!str_eq(json_text(finalizer), STR("kubernetes")))
            json_array_append(kept, finalizer);
    }
    json_object_set_new(json_own_object(object, "spec"), "finalizers", kept);
    return object;
}

struct emptiness_check {
    struct namespaces_controller *controller;
    char *namespace; /* owned */
};

/* Everything that was on its way when the namespace looked empty has arrived: is it still empty? */
static void on_settled(void *ctx)
{
    struct emptiness_check *check = ctx;
    struct namespaces_controller *c = check->controller;
    struct str namespace = str_of(check->namespace);
    const struct object *o = registry_get(c->registry, c->namespaces, STR(""), namespace);
    if (!c->has_stopped && o != NULL && o->is_terminating && delete_contents(c, namespace) == 0) {
        const struct write_options finalize = {.subresource = STR("finalize")};
        registry_change(c->registry, c->namespaces, STR(""), namespace, drop_finalizer, NULL, &finalize, NULL, NULL);
    }
    free(check->namespace);
    free(check);
}

static void empty(struct namespaces_controller *c, struct str namespace)
{
    if (delete_contents(c, namespace) > 0)
        return;
    struct emptiness_check *check = mem_alloc(sizeof(*check));
    *check = (struct emptiness_check){c, str_dup(namespace)};
    storage_barrier(registry_storage(c->registry), on_settled, check);
}

/* --- events --- */

static void look_at(struct namespaces_controller *c, const struct object *namespace)
{
    if (namespace->is_terminating)
        empty(c, namespace->name);
    else
        furnish(c, namespace->name);
}

static void on_event(void *ctx, const struct storage_event *event)
{
    struct listener *l = ctx;
    struct namespaces_controller *c = l->controller;
    if (l->kind == c->namespaces) {
        bool has_turned =
            event->type == STORAGE_ADDED ||
            (event->type == STORAGE_MODIFIED && event->object->is_terminating && !event->previous->is_terminating);
        if (has_turned)
            look_at(c, event->object);
        return;
    }
    if (event->type != STORAGE_DELETED || !l->kind->is_namespaced)
        return;
    const struct object *namespace = registry_get(c->registry, c->namespaces, STR(""), event->object->namespace);
    bool is_furniture = (l->kind == c->accounts && str_eq(event->object->name, STR("default"))) ||
                        (l->kind == c->configmaps && str_eq(event->object->name, STR(ROOT_CA_NAME)));
    if (namespace != NULL && (namespace->is_terminating || is_furniture))
        look_at(c, namespace);
}

struct namespaces_controller *namespaces_controller_new(struct registry *r, struct str root_ca_pem)
{
    struct namespaces_controller *c = mem_zalloc(sizeof(*c));
    c->registry = r;
    c->root_ca_pem = str_dup(root_ca_pem);
    c->namespaces = resource_find(STR(""), STR("v1"), STR("namespaces"));
    c->accounts = resource_find(STR(""), STR("v1"), STR("serviceaccounts"));
    c->configmaps = resource_find(STR(""), STR("v1"), STR("configmaps"));
    for (size_t i = 0; resources[i] != NULL && i < MAX_KINDS; i++) {
        struct listener *l = &c->listeners[c->listener_count++];
        *l = (struct listener){.controller = c, .kind = resources[i]};
        l->subscription = storage_subscribe(registry_kind(r, resources[i]), on_event, l);
    }
    struct storage_range all = storage_list(registry_kind(r, c->namespaces), STR(""));
    for (size_t i = 0; i < all.count; i++)
        look_at(c, all.items[i]);
    return c;
}

void namespaces_controller_stop(struct namespaces_controller *c)
{
    if (c->has_stopped)
        return;
    c->has_stopped = true;
    for (size_t i = 0; i < c->listener_count; i++)
        storage_unsubscribe(c->listeners[i].subscription);
}

void namespaces_controller_free(struct namespaces_controller *c)
{
    if (c == NULL)
        return;
    free(c->root_ca_pem);
    free(c);
}
