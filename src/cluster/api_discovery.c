#include "cluster/api_discovery.h"

#include "base/alloc.h"
#include "cluster/resource.h"

#include <assert.h>

#define MAX_GROUPS 64
#define MAX_VERSIONS 8

/* A resource that is no stored kind. */
struct virtual_resource {
    const char *group, *version;
    struct discovery_resource resource;
};

static const struct str verb_create[] = {STR_INIT("create")};

#define VIRTUAL(in_group, plural, one, of_kind, namespaced) \
    {                                                       \
        .group = (in_group), .version = "v1", .resource = { \
            .name = STR_INIT(plural),                       \
            .singular = STR_INIT(one),                      \
            .kind = STR_INIT(of_kind),                      \
            .is_namespaced = (namespaced),                  \
            .verbs = verb_create,                           \
            .verb_count = 1                                 \
        }                                                   \
    }

static const struct virtual_resource virtual_resources[] = {
    VIRTUAL("authentication.k8s.io", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", false),
    VIRTUAL("authentication.k8s.io", "tokenreviews", "tokenreview", "TokenReview", false),
    VIRTUAL("authorization.k8s.io", "localsubjectaccessreviews", "localsubjectaccessreview", "LocalSubjectAccessReview",
            true),
    VIRTUAL("authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview",
            false),
    VIRTUAL("authorization.k8s.io", "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview",
            false),
    VIRTUAL("authorization.k8s.io", "subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview", false),
};

static const struct discovery_resource token_subresource = {
    .name = STR_INIT("serviceaccounts/token"),
    .kind = STR_INIT("TokenRequest"),
    .kind_group = STR_INIT("authentication.k8s.io"),
    .kind_version = STR_INIT("v1"),
    .is_namespaced = true,
    .verbs = verb_create,
    .verb_count = 1,
};

struct aggregated {
    struct aggregated *next;
    struct arena arena; /* holds GROUP and VERSION's parts */
    struct str group;
    struct discovery_version version;
};

struct api_discovery {
    struct arena arena; /* the table */
    char *server_address;
    struct discovery table;
    size_t local_count; /* groups of our own, first in the table */
    struct aggregated *aggregated;
};

/* --- the built-in part --- */

struct verb_name {
    unsigned verb;
    struct str name;
};

static const struct verb_name verb_names[] = {
    {VERB_CREATE, STR_INIT("create")},
    {VERB_DELETE, STR_INIT("delete")},
    {VERB_DELETECOLLECTION, STR_INIT("deletecollection")},
    {VERB_GET, STR_INIT("get")},
    {VERB_LIST, STR_INIT("list")},
    {VERB_PATCH, STR_INIT("patch")},
    {VERB_UPDATE, STR_INIT("update")},
    {VERB_WATCH, STR_INIT("watch")},
};

static void list_verbs(struct arena *a, unsigned verbs, struct discovery_resource *out)
{
    size_t n = sizeof(verb_names) / sizeof(verb_names[0]);
    struct str *names = arena_alloc(a, n * sizeof(*names));
    for (size_t i = 0; i < n; i++) {
        if (verbs & verb_names[i].verb)
            names[out->verb_count++] = verb_names[i].name;
    }
    out->verbs = names;
}

static const struct str *list_texts(struct arena *a, const char *const *texts, size_t *count)
{
    size_t n = 0;
    while (texts != NULL && texts[n] != NULL)
        n++;
    struct str *list = arena_alloc(a, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = str_of(texts[i]);
    *count = n;
    return list;
}

/* A short name for what the stored form is; the same for as long as that is. */
static struct str storage_hash(struct arena *a, const struct resource *r)
{
    return arena_printf(a, "%011llx", (unsigned long long)(str_hash(str_of(r->storage_name)) >> 20));
}

static struct discovery_resource describe(struct arena *a, const struct resource *r)
{
    struct discovery_resource d = {
        .name = str_of(r->plural),
        .singular = str_of(r->singular),
        .kind = str_of(r->kind),
        .is_namespaced = r->is_namespaced,
        .storage_version_hash = storage_hash(a, r),
    };
    list_verbs(a, r->verbs, &d);
    d.short_names = list_texts(a, r->short_names, &d.short_name_count);
    d.categories = list_texts(a, r->categories, &d.category_count);
    return d;
}

static struct discovery_resource describe_subresource(struct arena *a, const struct resource *r, const char *name,
                                                      unsigned verbs)
{
    struct discovery_resource d = {
        .name = arena_printf(a, "%s/%s", r->plural, name),
        .kind = str_of(r->kind),
        .is_namespaced = r->is_namespaced,
    };
    list_verbs(a, verbs, &d);
    return d;
}

struct table_builder {
    struct arena *arena;
    struct discovery_group *groups;
    size_t count;
};

static struct discovery_group *group_of(struct table_builder *b, struct str name)
{
    for (size_t i = 0; i < b->count; i++) {
        if (str_eq(b->groups[i].name, name))
            return &b->groups[i];
    }
    if (b->count == MAX_GROUPS)
        return NULL;
    struct discovery_version *versions = arena_zalloc(b->arena, MAX_VERSIONS * sizeof(*versions));
    b->groups[b->count] = (struct discovery_group){.name = name, .versions = versions};
    return &b->groups[b->count++];
}

static struct discovery_version *version_of(struct table_builder *b, struct str group, struct str version)
{
    struct discovery_group *g = group_of(b, group);
    if (g == NULL)
        return NULL;
    struct discovery_version *versions = (struct discovery_version *)(uintptr_t)g->versions;
    for (size_t i = 0; i < g->version_count; i++) {
        if (str_eq(versions[i].version, version))
            return &versions[i];
    }
    if (g->version_count == MAX_VERSIONS)
        return NULL;
    versions[g->version_count].version = version;
    return &versions[g->version_count++];
}

static void add(struct table_builder *b, const char *group, const char *version, const struct discovery_resource *r)
{
    struct discovery_version *v = version_of(b, str_of(group), str_of(version));
    assert(v != NULL);
    struct discovery_resource *list = arena_alloc(b->arena, (v->resource_count + 1) * sizeof(*list));
    if (v->resource_count > 0)
        memcpy(list, v->resources, v->resource_count * sizeof(*list));
    list[v->resource_count++] = *r;
    v->resources = list;
}

static void add_local(struct table_builder *b)
{
    for (size_t i = 0; resources[i] != NULL; i++) {
        const struct resource *r = resources[i];
        struct discovery_resource d = describe(b->arena, r);
        add(b, r->group, r->version, &d);
        if (strcmp(r->plural, "namespaces") == 0) {
            d = describe_subresource(b->arena, r, "finalize", VERB_UPDATE);
            add(b, r->group, r->version, &d);
        }
        if (strcmp(r->plural, "serviceaccounts") == 0)
            add(b, r->group, r->version, &token_subresource);
        if (r->has_status) {
            d = describe_subresource(b->arena, r, "status", VERB_GET | VERB_PATCH | VERB_UPDATE);
            add(b, r->group, r->version, &d);
        }
    }
    for (size_t i = 0; i < sizeof(virtual_resources) / sizeof(virtual_resources[0]); i++)
        add(b, virtual_resources[i].group, virtual_resources[i].version, &virtual_resources[i].resource);
}

static void rebuild(struct api_discovery *d)
{
    arena_reset(&d->arena);
    struct table_builder b = {.arena = &d->arena};
    b.groups = arena_alloc(&d->arena, MAX_GROUPS * sizeof(*b.groups));
    add_local(&b);
    d->local_count = b.count;
    for (struct aggregated *a = d->aggregated; a != NULL; a = a->next) {
        struct discovery_version *v = version_of(&b, a->group, a->version.version);
        if (v != NULL && v->resource_count == 0)
            *v = a->version;
    }
    d->table =
        (struct discovery){.groups = b.groups, .group_count = b.count, .server_address = str_of(d->server_address)};
}

struct api_discovery *api_discovery_new(struct str server_address)
{
    struct api_discovery *d = mem_zalloc(sizeof(*d));
    d->server_address = str_dup(server_address);
    rebuild(d);
    return d;
}

static void aggregated_free(struct aggregated *a)
{
    arena_free(&a->arena);
    free(a);
}

void api_discovery_free(struct api_discovery *d)
{
    if (d == NULL)
        return;
    for (struct aggregated *next; d->aggregated != NULL; d->aggregated = next) {
        next = d->aggregated->next;
        aggregated_free(d->aggregated);
    }
    arena_free(&d->arena);
    free(d->server_address);
    free(d);
}

const struct discovery *api_discovery_table(const struct api_discovery *d)
{
    return &d->table;
}

/* --- the aggregated part --- */

static const struct str *copy_texts(struct arena *a, const struct str *texts, size_t count)
{
    struct str *copy = arena_alloc(a, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_str(a, texts[i]);
    return copy;
}

static struct discovery_resource copy_resource(struct arena *a, const struct discovery_resource *r)
{
    struct discovery_resource c = *r;
    c.name = arena_str(a, r->name);
    c.singular = arena_str(a, r->singular);
    c.kind = arena_str(a, r->kind);
    c.kind_group = arena_str(a, r->kind_group);
    c.kind_version = arena_str(a, r->kind_version);
    c.storage_version_hash = arena_str(a, r->storage_version_hash);
    c.verbs = copy_texts(a, r->verbs, r->verb_count);
    c.short_names = copy_texts(a, r->short_names, r->short_name_count);
    c.categories = copy_texts(a, r->categories, r->category_count);
    return c;
}

static struct aggregated **find_aggregated(struct api_discovery *d, struct str group, struct str version)
{
    struct aggregated **at = &d->aggregated;
    while (*at != NULL && !(str_eq((*at)->group, group) && str_eq((*at)->version.version, version)))
        at = &(*at)->next;
    return at;
}

void api_discovery_set(struct api_discovery *d, struct str group, const struct discovery_version *version)
{
    struct aggregated **at = find_aggregated(d, group, version->version);
    struct aggregated *a = mem_zalloc(sizeof(*a));
    a->group = arena_str(&a->arena, group);
    a->version = *version;
    a->version.version = arena_str(&a->arena, version->version);
    struct discovery_resource *list = arena_alloc(&a->arena, (version->resource_count + 1) * sizeof(*list));
    for (size_t i = 0; i < version->resource_count; i++)
        list[i] = copy_resource(&a->arena, &version->resources[i]);
    a->version.resources = list;
    if (*at != NULL) {
        struct aggregated *old = *at;
        a->next = old->next;
        aggregated_free(old);
    }
    *at = a;
    rebuild(d);
}

void api_discovery_remove(struct api_discovery *d, struct str group, struct str version)
{
    struct aggregated **at = find_aggregated(d, group, version);
    struct aggregated *old = *at;
    if (old == NULL)
        return;
    *at = old->next;
    aggregated_free(old);
    rebuild(d);
}

bool api_discovery_next_local(const struct api_discovery *d, size_t *at, struct str *group, struct str *version)
{
    size_t n = 0;
    for (size_t i = 0; i < d->local_count; i++) {
        const struct discovery_group *g = &d->table.groups[i];
        for (size_t k = 0; k < g->version_count; k++) {
            if (n++ < *at)
                continue;
            *group = g->name;
            *version = g->versions[k].version;
            (*at)++;
            return true;
        }
    }
    return false;
}

bool api_discovery_is_local(const struct api_discovery *d, struct str group, struct str version)
{
    struct str own_group, own_version;
    for (size_t at = 0; api_discovery_next_local(d, &at, &own_group, &own_version);) {
        if (str_eq(own_group, group) && str_eq(own_version, version))
            return true;
    }
    return false;
}
