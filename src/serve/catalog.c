#include "serve/catalog.h"

#include <assert.h>

#include "base/alloc.h"
#include "kube/json_writer.h"
#include "kube/meta.h"

/* Objects in order of their names. */
struct group {
    char *namespace; /* owned */
    struct catalog_object **items;
    size_t count;
    size_t capacity;
};

struct catalog {
    struct group nodes;
    struct group *namespaces; /* by name; none is empty */
    size_t namespace_count;
    size_t namespace_capacity;
    size_t pod_count;
    struct selector node_selector; /* in MEMORY */
    struct arena memory;
};

struct catalog *catalog_new(struct str node_selector, struct error *err)
{
    struct catalog *c = mem_zalloc(sizeof(*c));

    if (label_selector_parse(&c->memory, arena_str(&c->memory, node_selector), &c->node_selector, err))
        return c;
    catalog_free(c);
    return NULL;
}

static void free_group(struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->items[i]);
    free(g->items);
    free(g->namespace);
}

void catalog_free(struct catalog *c)
{
    if (c == NULL)
        return;
    free_group(&c->nodes);
    for (size_t i = 0; i < c->namespace_count; i++)
        free_group(&c->namespaces[i]);
    free(c->namespaces);
    arena_free(&c->memory);
    free(c);
}

/* --- reading --- */

static struct str put(char **to, struct str s)
{
    char *at = *to;

    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    *to += s.len;
    return str_from(at, s.len);
}

static struct str print_labels(struct arena *arena, struct labels labels)
{
    auto_buf struct buf json = {0};

    if (labels.count == 0)
        return STR("");
    struct label *sorted = arena_alloc(arena, labels.count * sizeof(*sorted));
    memcpy(sorted, labels.items, labels.count * sizeof(*sorted));
    size_t count = labels_sort(sorted, labels.count);
    struct json_writer w = json_writer_to(&json);
    json_write_labels(&w, (struct labels){.items = sorted, .count = count});
    return arena_str(arena, buf_str(&json));
}

static struct str scan_node_name(struct json_scan *s)
{
    struct str key, name = {0};

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key))
        if (str_eq(key, STR("nodeName")))
            json_scan_str(s, &name);
    return name;
}

/* One allocation: the struct and the bytes of its strings. */
static struct catalog_object *read_object(const struct catalog *c, struct str json, bool is_pod, struct error *err)
{
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(json, &arena);
    struct object_meta meta = {0};
    struct str key, node = {0};

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("metadata")))
            object_meta_scan(&s, &meta);
        else if (is_pod && str_eq(key, STR("spec")))
            node = scan_node_name(&s);
    }
    if (!json_scan_finish(&s)) {
        error_set(err, 0, "%s", json_scan_fault(&s));
        return NULL;
    }
    if (meta.name.len == 0 || (is_pod && meta.namespace.len == 0)) {
        error_set(err, 0, "it has no name");
        return NULL;
    }
    struct str labels = print_labels(&arena, meta.labels);
    size_t bytes = meta.name.len + meta.namespace.len + node.len + labels.len;
    struct catalog_object *object = mem_alloc(sizeof(*object) + bytes);
    char *to = (char *)(object + 1);
    *object = (struct catalog_object){.name = put(&to, meta.name),
                                      .namespace = put(&to, is_pod ? meta.namespace : STR("")),
                                      .node = put(&to, node),
                                      .labels_json = put(&to, labels),
                                      .is_selected = is_pod || label_selector_matches(&c->node_selector, meta.labels)};
    return object;
}

/* --- groups --- */

/* Where NAME is in G, or would be. */
static bool find(const struct group *g, struct str name, size_t *at)
{
    size_t low = 0;
    size_t high = g->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(name, g->items[middle]->name);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *at = low;
    return false;
}

/* True when it is a new one. */
static bool put_object(struct group *g, struct catalog_object *object)
{
    size_t at;

    if (find(g, object->name, &at)) {
        assert(g->items != NULL);
        free(g->items[at]);
        g->items[at] = object;
        return false;
    }
    if (g->count == g->capacity) {
        g->capacity = g->capacity < 8 ? 8 : g->capacity * 2;
        g->items = mem_realloc_array(g->items, g->capacity, sizeof(struct catalog_object *));
    }
    memmove(g->items + at + 1, g->items + at, (g->count - at) * sizeof(struct catalog_object *));
    g->items[at] = object;
    g->count++;
    return true;
}

static bool remove_object(struct group *g, struct str name)
{
    size_t at;

    if (!find(g, name, &at))
        return false;
    free(g->items[at]);
    g->count--;
    memmove(g->items + at, g->items + at + 1, (g->count - at) * sizeof(struct catalog_object *));
    return true;
}

static const struct catalog_object *get_object(const struct group *g, struct str name)
{
    size_t at;

    return find(g, name, &at) ? g->items[at] : NULL;
}

static bool find_namespace(const struct catalog *c, struct str namespace, size_t *at)
{
    size_t low = 0;
    size_t high = c->namespace_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(namespace, str_of(c->namespaces[middle].namespace));
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *at = low;
    return false;
}

static struct group *make_namespace(struct catalog *c, struct str namespace)
{
    size_t at;

    if (find_namespace(c, namespace, &at))
        return &c->namespaces[at];
    if (c->namespace_count == c->namespace_capacity) {
        c->namespace_capacity = c->namespace_capacity < 8 ? 8 : c->namespace_capacity * 2;
        c->namespaces = mem_realloc_array(c->namespaces, c->namespace_capacity, sizeof(*c->namespaces));
    }
    memmove(c->namespaces + at + 1, c->namespaces + at, (c->namespace_count - at) * sizeof(*c->namespaces));
    c->namespace_count++;
    c->namespaces[at] = (struct group){.namespace = str_dup(namespace)};
    return &c->namespaces[at];
}

/* --- the catalog --- */

const struct catalog_object *catalog_set_node(struct catalog *c, struct str object, struct error *err)
{
    struct catalog_object *node = read_object(c, object, false, err);

    if (node != NULL)
        put_object(&c->nodes, node);
    return node;
}

const struct catalog_object *catalog_set_pod(struct catalog *c, struct str object, struct error *err)
{
    struct catalog_object *pod = read_object(c, object, true, err);

    if (pod != NULL)
        c->pod_count += put_object(make_namespace(c, pod->namespace), pod);
    return pod;
}

void catalog_set_version(struct catalog *c, const struct catalog_object *object, uint64_t version)
{
    (void)c; /* whose it is */
    ((struct catalog_object *)(uintptr_t)object)->version = version;
}

void catalog_remove_node(struct catalog *c, struct str name)
{
    remove_object(&c->nodes, name);
}

void catalog_remove_pod(struct catalog *c, struct str namespace, struct str name)
{
    size_t at;

    if (!find_namespace(c, namespace, &at) || !remove_object(&c->namespaces[at], name))
        return;
    c->pod_count--;
    if (c->namespaces[at].count > 0)
        return;
    free_group(&c->namespaces[at]);
    c->namespace_count--;
    memmove(c->namespaces + at, c->namespaces + at + 1, (c->namespace_count - at) * sizeof(*c->namespaces));
}

const struct catalog_object *catalog_node(const struct catalog *c, struct str name)
{
    return get_object(&c->nodes, name);
}

const struct catalog_object *catalog_pod(const struct catalog *c, struct str namespace, struct str name)
{
    size_t at;

    return find_namespace(c, namespace, &at) ? get_object(&c->namespaces[at], name) : NULL;
}

size_t catalog_node_count(const struct catalog *c)
{
    return c->nodes.count;
}

size_t catalog_pod_count(const struct catalog *c)
{
    return c->pod_count;
}

const struct catalog_object *catalog_next_node(const struct catalog *c, struct catalog_walk *walk)
{
    return walk->at < c->nodes.count ? c->nodes.items[walk->at++] : NULL;
}

const struct catalog_object *catalog_next_pod(const struct catalog *c, struct str namespace, struct catalog_walk *walk)
{
    size_t only = 0;

    if (namespace.len > 0 && !find_namespace(c, namespace, &only))
        return NULL;
    if (namespace.len > 0)
        walk->group = only;
    while (walk->group < c->namespace_count) {
        const struct group *g = &c->namespaces[walk->group];
        if (walk->at < g->count)
            return g->items[walk->at++];
        if (namespace.len > 0)
            return NULL;
        walk->group++;
        walk->at = 0;
    }
    return NULL;
}

void catalog_walk_behind(const struct catalog *c, bool is_pods, struct str namespace, struct str name,
                         struct catalog_walk *walk)
{
    const struct group *g = &c->nodes;

    *walk = (struct catalog_walk){0};
    if (is_pods) {
        if (!find_namespace(c, namespace, &walk->group))
            return;
        g = &c->namespaces[walk->group];
    }
    bool is_there = find(g, name, &walk->at);
    walk->at += is_there;
}

bool catalog_matches_labels(const struct catalog_object *object, const struct selector *selector)
{
    auto_arena struct arena arena = {0};
    struct labels labels = {0};

    if (selector_is_everything(selector))
        return true;
    if (object->labels_json.len > 0) {
        struct json_scan s = json_scan_of(object->labels_json, &arena);
        json_scan_labels(&s, &labels); /* our own bytes: they parse */
    }
    return label_selector_matches(selector, labels);
}
