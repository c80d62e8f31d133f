#include "cluster/rbac_rules.h"

#include <assert.h>

/* --- reading --- */

static bool scan_texts(struct json_scan *s, struct rbac_texts *out)
{
    struct str few[8], *items = few;
    size_t count = 0, capacity = sizeof(few) / sizeof(few[0]);

    json_scan_enter_array(s);
    while (json_scan_next_element(s)) {
        if (count == capacity) {
            struct str *more = arena_alloc(s->arena, 2 * capacity * sizeof(*more));
            memcpy(more, items, count * sizeof(*more));
            items = more;
            capacity *= 2;
        }
        json_scan_str(s, &items[count++]);
    }
    if (items == few && count > 0) {
        items = arena_alloc(s->arena, count * sizeof(*items));
        memcpy(items, few, count * sizeof(*items));
    }
    *out = (struct rbac_texts){count > 0 ? items : NULL, count};
    return s->fault == NULL;
}

bool rbac_rule_scan(struct json_scan *s, struct rbac_rule *out)
{
    struct str key;

    *out = (struct rbac_rule){0};
    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("verbs")))
            scan_texts(s, &out->verbs);
        else if (str_eq(key, STR("apiGroups")))
            scan_texts(s, &out->groups);
        else if (str_eq(key, STR("resources")))
            scan_texts(s, &out->resources);
        else if (str_eq(key, STR("resourceNames")))
            scan_texts(s, &out->names);
        else if (str_eq(key, STR("nonResourceURLs")))
            scan_texts(s, &out->urls);
    }
    return s->fault == NULL;
}

static void scan_rules(struct json_scan *s, struct rbac_rules *out)
{
    struct rbac_rule *items = NULL;
    size_t count = 0, capacity = 0;

    json_scan_enter_array(s);
    while (json_scan_next_element(s)) {
        if (count == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 4;
            struct rbac_rule *more = arena_alloc(s->arena, capacity * sizeof(*more));
            if (count > 0)
                memcpy(more, items, count * sizeof(*more));
            items = more;
        }
        rbac_rule_scan(s, &items[count++]);
    }
    *out = (struct rbac_rules){items, count};
}

bool rbac_rules_parse(struct arena *arena, struct str json, struct rbac_rules *out, struct error *err)
{
    struct json_scan s = json_scan_of(json, arena);
    struct rbac_rules rules = {0};
    struct str key;

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("rules")))
            scan_rules(&s, &rules);
    }
    if (!json_scan_finish(&s))
        return error_set(err, 400, "role: %s", json_scan_fault(&s));
    *out = rules;
    return true;
}

/* False when it is of a kind that means nobody. */
static bool scan_subject(struct json_scan *s, struct str binding_namespace, struct rbac_subject *out)
{
    struct str key, kind = {0}, name = {0}, namespace = {0};

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("kind")))
            json_scan_str(s, &kind);
        else if (str_eq(key, STR("name")))
            json_scan_str(s, &name);
        else if (str_eq(key, STR("namespace")))
            json_scan_str(s, &namespace);
    }
    *out = (struct rbac_subject){.name = name};
    if (str_eq(kind, STR("User"))) {
        out->kind = RBAC_USER;
    } else if (str_eq(kind, STR("Group"))) {
        out->kind = RBAC_GROUP;
    } else if (str_eq(kind, STR("ServiceAccount"))) {
        out->kind = RBAC_SERVICE_ACCOUNT;
        out->namespace = namespace.len > 0 ? namespace : binding_namespace;
        out->name = arena_printf(s->arena, "system:serviceaccount:%.*s:%.*s", STR_ARG(out->namespace), STR_ARG(name));
        return out->namespace.len > 0;
    } else {
        return false;
    }
    return true;
}

static void scan_subjects(struct json_scan *s, struct str namespace, struct rbac_binding *out)
{
    struct rbac_subject *items = NULL;
    size_t count = 0, capacity = 0;

    json_scan_enter_array(s);
    while (json_scan_next_element(s)) {
        if (count == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 4;
            struct rbac_subject *more = arena_alloc(s->arena, capacity * sizeof(*more));
            if (count > 0)
                memcpy(more, items, count * sizeof(*more));
            items = more;
        }
        if (scan_subject(s, namespace, &items[count]))
            count++;
    }
    out->subjects = items;
    out->subject_count = count;
}

static void scan_role_ref(struct json_scan *s, struct rbac_binding *out)
{
    struct str key, kind = {0};

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("kind")))
            json_scan_str(s, &kind);
        else if (str_eq(key, STR("name")))
            json_scan_str(s, &out->role);
    }
    out->is_cluster_role = str_eq(kind, STR("ClusterRole"));
}

bool rbac_binding_parse(struct arena *arena, struct str json, struct str namespace, struct rbac_binding *out,
                        struct error *err)
{
    struct json_scan s = json_scan_of(json, arena);
    struct rbac_binding binding = {0};
    struct str key;

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("roleRef")))
            scan_role_ref(&s, &binding);
        else if (str_eq(key, STR("subjects")))
            scan_subjects(&s, namespace, &binding);
    }
    if (!json_scan_finish(&s))
        return error_set(err, 400, "role binding: %s", json_scan_fault(&s));
    *out = binding;
    return true;
}

/* --- meaning --- */

#define ANY STR("*")

static bool has(const struct rbac_texts *texts, struct str text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (str_eq(texts->items[i], text))
            return true;
    }
    return false;
}

static bool has_or_any(const struct rbac_texts *texts, struct str text)
{
    return has(texts, text) || has(texts, ANY);
}

/* RESOURCE "pods", SUBRESOURCE "log" or "". */
static bool has_resource(const struct rbac_texts *texts, struct str resource, struct str subresource)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct str head, tail, item = texts->items[i];
        if (str_eq(item, ANY))
            return true;
        bool has_tail = str_cut(item, '/', &head, &tail);
        if (has_tail != (subresource.len > 0) || !str_eq(tail, subresource))
            continue;
        if (str_eq(head, resource) || (has_tail && str_eq(head, ANY)))
            return true;
    }
    return false;
}

static bool has_url(const struct rbac_texts *urls, struct str path)
{
    for (size_t i = 0; i < urls->count; i++) {
        struct str url = urls->items[i];
        if (str_eq(url, path))
            return true;
        if (str_ends_with(url, ANY) && str_starts_with(path, str_head(url, url.len - 1)))
            return true;
    }
    return false;
}

bool rbac_rule_allows(const struct rbac_rule *rule, const struct api_attributes *what)
{
    if (!has_or_any(&rule->verbs, what->verb))
        return false;
    if (!what->is_resource)
        return has_url(&rule->urls, what->path);
    return has_or_any(&rule->groups, what->group) &&
           has_resource(&rule->resources, what->resource, what->subresource) &&
           (rule->names.count == 0 || has(&rule->names, what->name));
}

bool rbac_rules_allow(const struct rbac_rules *rules, const struct api_attributes *what)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (rbac_rule_allows(&rules->items[i], what))
            return true;
    }
    return false;
}

/* PIECE has at most one of each. */
static bool covers(const struct rbac_rule *held, const struct rbac_rule *piece)
{
    struct str resource, subresource;

    assert(piece->verbs.items != NULL);
    if (!has_or_any(&held->verbs, piece->verbs.items[0]))
        return false;
    if (piece->urls.count > 0)
        return has_url(&held->urls, piece->urls.items[0]);
    str_cut(piece->resources.items[0], '/', &resource, &subresource);
    return has_or_any(&held->groups, piece->groups.items[0]) && has_resource(&held->resources, resource, subresource) &&
           (held->names.count == 0 || (piece->names.count > 0 && has(&held->names, piece->names.items[0])));
}

static bool is_covered(const struct rbac_rules *held, const struct rbac_rule *piece)
{
    for (size_t i = 0; i < held->count; i++) {
        if (covers(&held->items[i], piece))
            return true;
    }
    return false;
}

/* The Nth of TEXTS as a list of its own; none when TEXTS has none. */
static struct rbac_texts one_of(const struct rbac_texts *texts, size_t n)
{
    return n < texts->count ? (struct rbac_texts){&texts->items[n], 1} : (struct rbac_texts){0};
}

static void append_rule(struct arena *arena, struct rbac_rules *rules, const struct rbac_rule *rule)
{
    struct rbac_rule *items = arena_alloc(arena, (rules->count + 1) * sizeof(*items));

    if (rules->count > 0)
        memcpy(items, rules->items, rules->count * sizeof(*items));
    items[rules->count++] = *rule;
    rules->items = items;
}

/* PIECE has all verbs, but at most one of the rest. */
static bool cover_verbs(const struct rbac_rules *held, struct rbac_rule piece, struct arena *arena,
                        struct rbac_rules *missing)
{
    struct rbac_texts verbs = piece.verbs;
    struct str *left = arena_alloc(arena, (verbs.count + 1) * sizeof(*left));
    size_t count = 0;

    for (size_t v = 0; v < verbs.count; v++) {
        piece.verbs = one_of(&verbs, v);
        if (!is_covered(held, &piece))
            left[count++] = verbs.items[v];
    }
    if (count == 0)
        return true;
    piece.verbs = (struct rbac_texts){left, count};
    append_rule(arena, missing, &piece);
    return false;
}

bool rbac_rules_cover(const struct rbac_rules *held, const struct rbac_rule *wanted, struct arena *arena,
                      struct rbac_rules *missing)
{
    bool is_all = true;

    for (size_t u = 0; u < wanted->urls.count; u++) {
        struct rbac_rule piece = {.verbs = wanted->verbs, .urls = one_of(&wanted->urls, u)};
        is_all &= cover_verbs(held, piece, arena, missing);
    }
    size_t names = wanted->names.count > 0 ? wanted->names.count : 1;
    for (size_t i = 0; i < wanted->groups.count * wanted->resources.count * names; i++) {
        struct rbac_rule piece = {
            .verbs = wanted->verbs,
            .groups = one_of(&wanted->groups, i / names / wanted->resources.count),
            .resources = one_of(&wanted->resources, i / names % wanted->resources.count),
            .names = one_of(&wanted->names, i % names),
        };
        is_all &= cover_verbs(held, piece, arena, missing);
    }
    return is_all;
}

bool rbac_subject_is(const struct rbac_subject *subject, const struct user *user)
{
    return subject->kind == RBAC_GROUP ? user_is_in_group(user, subject->name) : str_eq(user->name, subject->name);
}

/* --- writing --- */

static void print_texts(struct buf *to, const char *title, const struct rbac_texts *texts)
{
    if (texts->count == 0)
        return;
    if (to->len > 0 && to->ptr[to->len - 1] != '{')
        buf_add_cstr(to, ", ");
    buf_printf(to, "%s:[", title);
    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0)
            buf_add_cstr(to, ", ");
        json_quote(to, texts->items[i]);
    }
    buf_add_char(to, ']');
}

void rbac_rule_print(struct buf *to, const struct rbac_rule *rule)
{
    buf_add_char(to, '{');
    print_texts(to, "APIGroups", &rule->groups);
    print_texts(to, "Resources", &rule->resources);
    print_texts(to, "ResourceNames", &rule->names);
    print_texts(to, "NonResourceURLs", &rule->urls);
    print_texts(to, "Verbs", &rule->verbs);
    buf_add_char(to, '}');
}

static void write_texts(struct json_writer *w, struct str key, const struct rbac_texts *texts)
{
    json_write_key(w, key);
    json_open_array(w);
    for (size_t i = 0; i < texts->count; i++)
        json_write_str(w, texts->items[i]);
    json_close_array(w);
}

void rbac_rule_write(struct json_writer *w, const struct rbac_rule *rule)
{
    json_open_object(w);
    write_texts(w, STR("verbs"), &rule->verbs);
    if (rule->groups.count > 0)
        write_texts(w, STR("apiGroups"), &rule->groups);
    if (rule->resources.count > 0)
        write_texts(w, STR("resources"), &rule->resources);
    if (rule->names.count > 0)
        write_texts(w, STR("resourceNames"), &rule->names);
    if (rule->urls.count > 0)
        write_texts(w, STR("nonResourceURLs"), &rule->urls);
    json_close_object(w);
}
