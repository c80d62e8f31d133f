#include "cluster/api_service_condition.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/object_meta.h"

struct verdict {
    struct arena arena; /* holds all of it */
    struct str name;
    struct str message;
    const char *reason;
    const char *status; /* "True", "False" */
};

static json_t *find_condition(const json_t *conditions)
{
    json_t *condition;
    size_t i;

    json_array_foreach (conditions, i, condition) {
        if (str_eq(json_text_at(condition, "type"), STR("Available")))
            return condition;
    }
    return NULL;
}

static json_t *edit_condition(void *ctx, const json_t *current, struct failure *failure)
{
    const struct verdict *v = ctx;
    json_t *changed = json_deep_copy(current);
    json_t *conditions = json_own_array(json_own_object(changed, "status"), "conditions");
    json_t *condition = find_condition(conditions);

    (void)failure;
    if (condition == NULL) {
        condition = json_pack("{s:s}", "type", "Available");
        json_array_append_new(conditions, condition);
    }
    if (!str_eq_cstr(json_text_at(condition, "status"), v->status)) {
        json_object_set_new(condition, "status", json_string(v->status));
        json_set_time(condition, "lastTransitionTime", clock_unix_ns());
    }
    json_object_set_new(condition, "reason", json_string(v->reason));
    json_set_text(condition, "message", v->message);
    return changed;
}

static void on_condition_written(void *ctx, const struct object *result, const struct failure *failure)
{
    struct verdict *v = ctx;
    struct arena arena = v->arena;

    (void)result;
    if (failure != NULL && failure->status.code != 404) /* it was deleted: nobody is left to tell */
        log_error("APIService's condition can't be written", LOG_STR("name", v->name),
                  LOG_STR("err", failure->status.message));
    arena_free(&arena);
}

void api_service_set_available(struct registry *registry, struct str name, bool is_available, const char *reason,
                               struct str message)
{
    static const struct write_options options = {.subresource = STR_INIT("status")};
    struct arena arena = {0};
    struct verdict *v = arena_zalloc(&arena, sizeof(*v));

    *v = (struct verdict){
        .name = arena_str(&arena, name),
        .message = arena_str(&arena, message),
        .reason = reason,
        .status = is_available ? "True" : "False",
    };
    v->arena = arena;
    registry_change(registry, &resource_apiservices, STR(""), v->name, edit_condition, v, &options,
                    on_condition_written, v);
}

void api_service_set_local(struct registry *registry, struct str name)
{
    api_service_set_available(registry, name, true, "Local", STR("Local APIServices are always available"));
}

static void on_created(void *ctx, const struct object *result, const struct failure *failure)
{
    (void)ctx;
    (void)result;
    if (failure != NULL && failure->status.code != 409) /* somebody else was faster */
        log_error("APIService can't be created", LOG_STR("err", failure->status.message));
}

/* groupPriorityMinimum, as in Kubernetes: the order in which clients prefer groups. */
static int64_t group_priority(struct str group)
{
    static const struct {
        const char *group;
        int64_t priority;
    } known[] = {
        {"", 18000},
        {"events.k8s.io", 17750},
        {"authentication.k8s.io", 17700},
        {"authorization.k8s.io", 17600},
        {"rbac.authorization.k8s.io", 17000},
        {"coordination.k8s.io", 16500},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_eq_cstr(group, known[i].group))
            return known[i].priority;
    }
    return 16000;
}

void api_service_create_local(struct registry *registry, struct str group, struct str version)
{
    auto_buf struct buf name = {0};

    buf_printf(&name, "%.*s.%.*s", STR_ARG(version), STR_ARG(group));
    if (registry_get(registry, &resource_apiservices, STR(""), buf_str(&name)) != NULL)
        return;
    json_t *spec = json_object();
    if (group.len > 0)
        json_set_text(spec, "group", group);
    json_set_text(spec, "version", version);
    json_object_set_new(spec, "groupPriorityMinimum", json_integer(group_priority(group)));
    json_object_set_new(spec, "versionPriority", json_integer(group.len > 0 ? 15 : 1));
    json_t *object = json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:o}", "apiVersion", "apiregistration.k8s.io/v1", "kind",
                               "APIService", "metadata", "name", buf_cstr(&name), "labels",
                               "kube-aggregator.kubernetes.io/automanaged", "onstart", "spec", spec);
    registry_create(registry, &resource_apiservices, STR(""), object, NULL, on_created, NULL);
}
