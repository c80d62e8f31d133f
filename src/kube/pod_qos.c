#include "kube/pod_qos.h"

#include "base/alloc.h"
#include "kube/quantity.h"

struct totals {
    bool has_any;
    bool is_guaranteed;
};

/* The amount of RESOURCE in requests or limits; zero counts as not given. */
static bool amount_of(const json_t *container, const char *list, const char *resource, struct quantity *out)
{
    const json_t *value = json_object_get(json_object_get(json_object_get(container, "resources"), list), resource);
    auto_free char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    return text != NULL && quantity_parse_json(str_of(text), out) && !quantity_is_zero(*out);
}

static void add_container(struct totals *t, const json_t *container)
{
    static const char *const resources[] = {"cpu", "memory"};

    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        struct quantity request, limit;
        bool has_limit = amount_of(container, "limits", resources[i], &limit);
        bool has_request = amount_of(container, "requests", resources[i], &request);
        t->has_any = t->has_any || has_limit || has_request;
        /* A request that isn't given is the limit. */
        t->is_guaranteed = t->is_guaranteed && has_limit && (!has_request || quantity_cmp(request, limit) == 0);
    }
}

const char *pod_qos_class(const json_t *spec)
{
    struct totals t = {.is_guaranteed = true};
    const json_t *container;
    size_t i;

    json_array_foreach (json_object_get(spec, "containers"), i, container)
        add_container(&t, container);
    json_array_foreach (json_object_get(spec, "initContainers"), i, container)
        add_container(&t, container);
    if (!t.has_any)
        return "BestEffort";
    return t.is_guaranteed ? "Guaranteed" : "Burstable";
}
