#include "apiserver/attributes.h"

#include "kube/names.h"
#include "kube/selector.h"

/* Takes the first segment off PARTS; PARTS becomes what is behind its slash. */
static struct str take_part(struct str *parts)
{
    struct str first;

    str_cut(*parts, '/', &first, parts);
    return first;
}

static size_t count_parts(struct str parts)
{
    size_t n = 1;

    for (size_t i = 0; i < parts.len; i++)
        n += parts.ptr[i] == '/';
    return n;
}

static struct str trim_slashes(struct str path)
{
    while (path.len > 0 && path.ptr[0] == '/')
        path = str_skip(path, 1);
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

static struct str lower_case(struct arena *arena, struct str s)
{
    char *copy = arena_cstr(arena, s);

    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return str_from(copy, s.len);
}

static struct str verb_of(struct str method)
{
    static const struct {
        struct str method;
        struct str verb;
    } verbs[] = {
        {STR_INIT("GET"), STR_INIT("get")},     {STR_INIT("HEAD"), STR_INIT("get")},
        {STR_INIT("POST"), STR_INIT("create")}, {STR_INIT("PUT"), STR_INIT("update")},
        {STR_INIT("PATCH"), STR_INIT("patch")}, {STR_INIT("DELETE"), STR_INIT("delete")},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (str_eq(verbs[i].method, method))
            return verbs[i].verb;
    return STR("");
}

/* The namespace, and PARTS relative to the resource: what is below a namespace, unless it is the Namespace's own. */
static void take_namespace(struct api_attributes *a, struct str *parts)
{
    struct str rest = *parts;

    if (!str_eq(take_part(&rest), STR("namespaces")) || rest.ptr == NULL || count_parts(*parts) < 2)
        return;
    a->namespace = take_part(&rest);
    if (count_parts(*parts) < 3)
        return;
    struct str below = rest, third = take_part(&below);
    if (!str_eq(third, STR("status")) && !str_eq(third, STR("finalize")))
        *parts = rest;
}

/* Whether all of the list options can be decoded; if so, NAME gets the name that they ask for. */
static bool read_list_options(struct arena *arena, const struct query *query, struct str *name)
{
    static const struct str integers[] = {STR_INIT("limit"), STR_INIT("timeoutSeconds")};
    struct selector labels, fields;
    int64_t number;

    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        struct str text = query_get(query, integers[i]);
        if (text.ptr != NULL && !str_to_i64(text, &number))
            return false;
    }
    if (!label_selector_parse(arena, query_get(query, STR("labelSelector")), &labels, NULL) ||
        !field_selector_parse(arena, query_get(query, STR("fieldSelector")), &fields, NULL))
        return false;
    const struct str *exact = selector_exact(&fields, STR("metadata.name"));
    if (exact != NULL && name_check_path_segment(*exact).count == 0)
        *name = *exact;
    return true;
}

static bool is_list_like(struct str verb)
{
    return str_eq(verb, STR("list")) || str_eq(verb, STR("watch")) || str_eq(verb, STR("deletecollection"));
}

static void settle_verb(struct arena *arena, const struct query *query, struct api_attributes *a)
{
    if (a->name.len > 0)
        return;
    if (str_eq(a->verb, STR("get"))) {
        a->verb = query_is_true(query, STR("watch")) ? STR("watch") : STR("list");
        read_list_options(arena, query, &a->name);
    } else if (str_eq(a->verb, STR("delete"))) {
        a->verb = STR("deletecollection");
    }
}

static void take_resource(struct api_attributes *a, struct str parts)
{
    size_t count = count_parts(parts);

    a->parts = parts;
    a->resource = take_part(&parts);
    if (count >= 2)
        a->name = take_part(&parts);
    if (count >= 3 && !str_eq(a->verb, STR("proxy")))
        a->subresource = take_part(&parts);
}

bool attributes_parse(struct arena *arena, struct str method, struct str path, const struct query *query,
                      struct api_attributes *out, struct error *err)
{
    *out = (struct api_attributes){.verb = lower_case(arena, method), .path = path};
    struct str parts = trim_slashes(path);
    size_t count = count_parts(parts);

    if (count < 3)
        return true;
    struct str prefix = take_part(&parts);
    bool is_core = str_eq(prefix, STR("api"));
    if (!is_core && !str_eq(prefix, STR("apis")))
        return true;
    out->api_prefix = prefix;
    if (!is_core) {
        if (count < 4)
            return true;
        out->group = take_part(&parts);
    }
    out->is_resource = true;
    out->version = take_part(&parts);

    struct str rest = parts, special = take_part(&rest);
    bool is_special = str_eq(special, STR("watch")) || str_eq(special, STR("proxy"));
    if (is_special && count_parts(parts) < 2)
        return error_set(err, 500, "unable to determine kind and namespace from url, %.*s", STR_ARG(path));
    out->verb = is_special ? special : verb_of(method);
    if (is_special)
        parts = rest;
    take_namespace(out, &parts);
    take_resource(out, parts);
    settle_verb(arena, query, out);
    if (!is_special && is_list_like(out->verb)) {
        out->label_selector = query_get(query, STR("labelSelector"));
        out->field_selector = query_get(query, STR("fieldSelector"));
    }
    return true;
}

bool attributes_is_read_only(const struct api_attributes *a)
{
    return str_eq(a->verb, STR("get")) || str_eq(a->verb, STR("list")) || str_eq(a->verb, STR("watch"));
}
