#include "cluster/remote_discovery.h"

#include "cluster/json_path.h"

static const struct str *read_texts(struct arena *arena, const json_t *list, size_t *count)
{
    size_t i, n = json_array_size(list);
    struct str *texts = arena_alloc(arena, (n + 1) * sizeof(*texts));
    json_t *item;

    json_array_foreach (list, i, item)
        texts[i] = arena_str(arena, json_text(item));
    *count = n;
    return texts;
}

static struct discovery_resource read_resource(struct arena *arena, const json_t *json)
{
    struct discovery_resource r = {
        .name = arena_str(arena, json_text_at(json, "name")),
        .singular = arena_str(arena, json_text_at(json, "singularName")),
        .kind = arena_str(arena, json_text_at(json, "kind")),
        .kind_group = arena_str(arena, json_text_at(json, "group")),
        .kind_version = arena_str(arena, json_text_at(json, "version")),
        .is_namespaced = json_true_at(json, "namespaced"),
        .storage_version_hash = arena_str(arena, json_text_at(json, "storageVersionHash")),
    };
    r.verbs = read_texts(arena, json_object_get(json, "verbs"), &r.verb_count);
    r.short_names = read_texts(arena, json_object_get(json, "shortNames"), &r.short_name_count);
    r.categories = read_texts(arena, json_object_get(json, "categories"), &r.category_count);
    return r;
}

bool remote_discovery_parse(struct arena *arena, struct str json, struct str version, struct discovery_version *out,
                            struct error *err)
{
    json_error_t where;
    auto_dom json_t *dom = json.len > 0 ? json_loadb(json.ptr, json.len, 0, &where) : NULL;
    const json_t *list = json_object_get(dom, "resources");
    size_t i, count = json_array_size(list);
    json_t *resource;

    if (!str_eq(json_text_at(dom, "kind"), STR("APIResourceList")) || !json_is_array(list))
        return error_set(err, 0, "the answer isn't an APIResourceList");
    if (count > REMOTE_DISCOVERY_MAX_RESOURCES)
        return error_set(err, 0, "the APIResourceList is too long");
    struct discovery_resource *items = arena_alloc(arena, (count + 1) * sizeof(*items));
    json_array_foreach (list, i, resource)
        items[i] = read_resource(arena, resource);
    *out = (struct discovery_version){
        .version = arena_str(arena, version),
        .resources = items,
        .resource_count = count,
    };
    return true;
}
