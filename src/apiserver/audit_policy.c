#include "apiserver/audit_policy.h"

#include "base/alloc.h"
#include "kube/manifest.h"

/* A list of strings of the policy; borrowed from its document. Absent: any. */
struct values {
    const json_t *array;
};

struct resources {
    struct str group;
    struct values resources;
    struct values names;
};

struct rule {
    enum audit_level level;
    unsigned omitted_stages; /* with the policy's */
    struct values users, groups, verbs, namespaces, urls;
    struct resources *resources; /* owned */
    size_t resource_count;
};

struct audit_policy {
    json_t *document; /* owned: all strings are its */
    unsigned omitted_stages;
    struct rule *rules; /* owned */
    size_t rule_count;
};

static const char *const level_names[] = {"None", "Metadata", "Request", "RequestResponse", NULL};
static const char *const stage_names[] = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic", NULL};

const char *audit_level_name(enum audit_level level)
{
    return level_names[level];
}

const char *audit_stage_name(enum audit_stage stage)
{
    return stage_names[__builtin_ctz(stage)];
}

static int index_of(const char *const *names, const json_t *value)
{
    for (int i = 0; json_is_string(value) && names[i] != NULL; i++) {
        if (strcmp(names[i], json_string_value(value)) == 0)
            return i;
    }
    return -1;
}

/* --- reading --- */

static bool check_fields(const json_t *object, const char *where, const char *const *known, struct error *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return error_set(err, 0, "%s: must be an object", where);
    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        bool is_known = false;
        for (size_t i = 0; known[i] != NULL; i++)
            is_known = is_known || strcmp(known[i], key) == 0;
        if (!is_known)
            return error_set(err, 0, "%s: unknown field \"%s\"", where, key);
    }
    return true;
}

static bool read_values(const json_t *object, const char *key, const char *where, struct values *out, struct error *err)
{
    const json_t *array = json_object_get(object, key);
    const json_t *item;
    size_t i;

    out->array = NULL;
    if (array == NULL || json_is_null(array))
        return true;
    if (!json_is_array(array))
        return error_set(err, 0, "%s.%s: must be a list of strings", where, key);
    json_array_foreach (array, i, item) {
        if (!json_is_string(item))
            return error_set(err, 0, "%s.%s[%zu]: must be a string", where, key, i);
    }
    out->array = json_array_size(array) > 0 ? array : NULL;
    return true;
}

static bool read_stages(const json_t *object, const char *where, unsigned *out, struct error *err)
{
    struct values stages;
    const json_t *item;
    size_t i;

    if (!read_values(object, "omitStages", where, &stages, err))
        return false;
    json_array_foreach (stages.array, i, item) {
        int stage = index_of(stage_names, item);
        if (stage < 0)
            return error_set(err, 0,
                             "%s.omitStages[%zu]: Invalid value: \"%s\": allowed stages are RequestReceived, "
                             "ResponseStarted, ResponseComplete, Panic",
                             where, i, json_string_value(item));
        *out |= 1u << stage;
    }
    return true;
}

static bool read_resources(const json_t *object, const char *where, struct resources *out, struct error *err)
{
    static const char *const known[] = {"group", "resources", "resourceNames", NULL};
    const json_t *group = json_object_get(object, "group");

    if (!check_fields(object, where, known, err))
        return false;
    if (group != NULL && !json_is_string(group))
        return error_set(err, 0, "%s.group: must be a string", where);
    out->group = str_of(json_string_value(group));
    if (str_index(out->group, '/') >= 0)
        return error_set(err, 0, "%s.group: Invalid value: \"%.*s\": a group has no version", where,
                         STR_ARG(out->group));
    if (!read_values(object, "resources", where, &out->resources, err) ||
        !read_values(object, "resourceNames", where, &out->names, err))
        return false;
    return out->names.array == NULL || out->resources.array != NULL ||
           error_set(err, 0, "%s.resourceNames: using resourceNames requires at least one resource", where);
}

static bool read_resource_list(const json_t *object, const char *where, struct rule *r, struct error *err)
{
    const json_t *array = json_object_get(object, "resources");

    if (array == NULL || json_is_null(array))
        return true;
    if (!json_is_array(array))
        return error_set(err, 0, "%s.resources: must be a list", where);
    r->resource_count = json_array_size(array);
    r->resources = mem_zalloc((r->resource_count + 1) * sizeof(*r->resources));
    for (size_t i = 0; i < r->resource_count; i++) {
        auto_buf struct buf path = {0};
        buf_printf(&path, "%s.resources[%zu]", where, i);
        if (!read_resources(json_array_get(array, i), buf_cstr(&path), &r->resources[i], err))
            return false;
    }
    return true;
}

static bool check_urls(const struct rule *r, const char *where, struct error *err)
{
    const json_t *item;
    size_t i;

    if (r->urls.array != NULL && (r->resource_count > 0 || r->namespaces.array != NULL))
        return error_set(err, 0,
                         "%s.nonResourceURLs: rules cannot apply to both regular resources and non-resource "
                         "URLs",
                         where);
    json_array_foreach (r->urls.array, i, item) {
        const char *url = json_string_value(item);
        const char *star = strchr(url, '*');
        if (strcmp(url, "*") != 0 && url[0] != '/')
            return error_set(err, 0, "%s.nonResourceURLs[%zu]: Invalid value: \"%s\": must begin with '/'", where, i,
                             url);
        if (star != NULL && star[1] != '\0')
            return error_set(err, 0, "%s.nonResourceURLs[%zu]: Invalid value: \"%s\": '*' only at the end", where, i,
                             url);
    }
    return true;
}

static bool read_rule(const json_t *object, const char *where, struct rule *r, struct error *err)
{
    static const char *const known[] = {
        "level",           "users",      "userGroups",        "verbs", "resources", "namespaces",
        "nonResourceURLs", "omitStages", "omitManagedFields", NULL};

    if (!check_fields(object, where, known, err))
        return false;
    int level = index_of(level_names, json_object_get(object, "level"));
    if (level < 0)
        return error_set(err, 0, "%s.level: must be one of None, Metadata, Request, RequestResponse", where);
    r->level = (enum audit_level)level;
    return read_values(object, "users", where, &r->users, err) &&
           read_values(object, "userGroups", where, &r->groups, err) &&
           read_values(object, "verbs", where, &r->verbs, err) &&
           read_values(object, "namespaces", where, &r->namespaces, err) &&
           read_values(object, "nonResourceURLs", where, &r->urls, err) && read_resource_list(object, where, r, err) &&
           read_stages(object, where, &r->omitted_stages, err) && check_urls(r, where, err);
}

static bool read_policy(struct audit_policy *p, struct error *err)
{
    static const char *const known[] = {"kind",       "apiVersion",        "metadata", "rules",
                                        "omitStages", "omitManagedFields", NULL};
    const json_t *rules = json_object_get(p->document, "rules");
    const char *kind = json_string_value(json_object_get(p->document, "kind"));
    const char *version = json_string_value(json_object_get(p->document, "apiVersion"));

    if (version == NULL || strcmp(version, "audit.k8s.io/v1") != 0 || kind == NULL || strcmp(kind, "Policy") != 0)
        return error_set(err, 0, "must be apiVersion audit.k8s.io/v1, kind Policy");
    if (!check_fields(p->document, "policy", known, err) ||
        !read_stages(p->document, "policy", &p->omitted_stages, err))
        return false;
    if (!json_is_array(rules) || json_array_size(rules) == 0)
        return error_set(err, 0, "loaded illegal policy with 0 rules");
    p->rule_count = json_array_size(rules);
    p->rules = mem_zalloc(p->rule_count * sizeof(*p->rules));
    for (size_t i = 0; i < p->rule_count; i++) {
        auto_buf struct buf where = {0};
        buf_printf(&where, "rules[%zu]", i);
        p->rules[i].omitted_stages = p->omitted_stages;
        if (!read_rule(json_array_get(rules, i), buf_cstr(&where), &p->rules[i], err))
            return false;
    }
    return true;
}

struct audit_policy *audit_policy_parse(struct str text, struct error *err)
{
    struct audit_policy *p = mem_zalloc(sizeof(*p));

    p->document = manifest_parse(text, err);
    if (p->document != NULL && read_policy(p, err))
        return p;
    audit_policy_free(p);
    return NULL;
}

void audit_policy_free(struct audit_policy *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->rule_count; i++)
        free(p->rules[i].resources);
    free(p->rules);
    json_decref(p->document);
    free(p);
}

/* --- choosing --- */

static struct str item_at(const json_t *array, size_t i)
{
    const json_t *item = json_array_get(array, i);

    return str_from(json_string_value(item), json_string_length(item));
}

static bool has(struct values values, struct str wanted)
{
    for (size_t i = 0; i < json_array_size(values.array); i++) {
        if (str_eq(item_at(values.array, i), wanted))
            return true;
    }
    return false;
}

static bool has_group(struct values values, const struct user *user)
{
    for (size_t i = 0; i < user->group_count; i++) {
        if (has(values, user->groups[i]))
            return true;
    }
    return false;
}

/* "*", "pods", "pods/log", "pods/" with a star, a star with "/log". */
static bool fits_resource(struct str pattern, const struct api_attributes *what)
{
    struct str resource, subresource;
    bool has_slash = str_cut(pattern, '/', &resource, &subresource);

    if (str_eq(pattern, STR("*")))
        return true;
    if (!has_slash)
        return what->subresource.len == 0 && str_eq(pattern, what->resource);
    if (str_eq(subresource, STR("*")))
        return str_eq(resource, what->resource);
    if (what->subresource.len == 0 || !str_eq(subresource, what->subresource))
        return false;
    return str_eq(resource, STR("*")) || str_eq(resource, what->resource);
}

static bool fits_resources(const struct resources *r, const struct api_attributes *what)
{
    if (!str_eq(r->group, what->group))
        return false;
    if (r->resources.array == NULL)
        return true;
    for (size_t i = 0; i < json_array_size(r->resources.array); i++) {
        if ((r->names.array == NULL || has(r->names, what->name)) &&
            fits_resource(item_at(r->resources.array, i), what))
            return true;
    }
    return false;
}

static bool fits_any_resources(const struct rule *r, const struct api_attributes *what)
{
    if (!what->is_resource || (r->namespaces.array != NULL && !has(r->namespaces, what->namespace)))
        return false;
    for (size_t i = 0; i < r->resource_count; i++) {
        if (fits_resources(&r->resources[i], what))
            return true;
    }
    return r->resource_count == 0;
}

static bool fits_url(const struct rule *r, const struct api_attributes *what)
{
    for (size_t i = 0; !what->is_resource && i < json_array_size(r->urls.array); i++) {
        struct str url = item_at(r->urls.array, i);
        if (str_ends_with(url, STR("*")) ? str_starts_with(what->path, str_head(url, url.len - 1))
                                         : str_eq(url, what->path))
            return true;
    }
    return false;
}

static bool fits(const struct rule *r, const struct user *user, const struct api_attributes *what)
{
    if (r->users.array != NULL && (user == NULL || !has(r->users, user->name)))
        return false;
    if (r->groups.array != NULL && (user == NULL || !has_group(r->groups, user)))
        return false;
    if (r->verbs.array != NULL && !has(r->verbs, what->verb))
        return false;
    if (r->namespaces.array != NULL || r->resource_count > 0)
        return fits_any_resources(r, what);
    return r->urls.array == NULL || fits_url(r, what);
}

struct audit_choice audit_policy_choose(const struct audit_policy *p, const struct user *user,
                                        const struct api_attributes *what)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        if (fits(&p->rules[i], user, what))
            return (struct audit_choice){.level = p->rules[i].level, .omitted_stages = p->rules[i].omitted_stages};
    }
    return (struct audit_choice){.level = AUDIT_NONE, .omitted_stages = p->omitted_stages};
}
