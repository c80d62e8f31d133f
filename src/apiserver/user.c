#include "apiserver/user.h"

#include "base/map.h"
#include "kube/names.h"

static const struct str anonymous_groups[] = {STR_INIT("system:unauthenticated")};

bool user_is_in_group(const struct user *u, struct str group)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (str_eq(u->groups[i], group))
            return true;
    return false;
}

bool user_is_anonymous(const struct user *u)
{
    return str_eq(u->name, USER_ANONYMOUS);
}

struct user user_anonymous(void)
{
    return (struct user){.name = USER_ANONYMOUS, .groups = anonymous_groups, .group_count = 1};
}

void str_list_add(struct str_list *l, struct arena *arena, struct str value)
{
    struct str *items = (struct str *)(uintptr_t)l->items; /* our own */

    /* Room is always for the next power of two, at least four. */
    if (l->count == 0 || (l->count >= 4 && (l->count & (l->count - 1)) == 0)) {
        items = arena_alloc(arena, (l->count == 0 ? 4 : l->count * 2) * sizeof(*items));
        for (size_t i = 0; i < l->count; i++)
            items[i] = l->items[i];
        l->items = items;
    }
    items[l->count++] = value;
}

void user_add_group(struct user *u, struct arena *arena, struct str group)
{
    struct str *groups = arena_alloc(arena, (u->group_count + 1) * sizeof(*groups));

    for (size_t i = 0; i < u->group_count; i++)
        groups[i] = u->groups[i];
    groups[u->group_count++] = group;
    u->groups = groups;
}

void user_set_extra(struct user *u, struct arena *arena, const struct label *pairs, size_t count)
{
    struct user_extra *extra = arena_zalloc(arena, count * sizeof(*extra));
    struct map known = {0};

    u->extra = extra;
    u->extra_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct user_extra *e = map_get(&known, pairs[i].key);
        if (e == NULL) {
            e = &extra[u->extra_count++];
            e->key = pairs[i].key;
            map_put(&known, e->key, e);
        }
        struct str_list values = {e->values, e->value_count};
        str_list_add(&values, arena, pairs[i].value);
        e->values = values.items;
        e->value_count = values.count;
    }
    map_free(&known);
}

static const struct str *copy_strs(struct arena *arena, const struct str *items, size_t count)
{
    struct str *copies = arena_alloc(arena, count * sizeof(*copies));

    for (size_t i = 0; i < count; i++)
        copies[i] = arena_str(arena, items[i]);
    return copies;
}

struct user user_copy(struct arena *arena, const struct user *u)
{
    struct user_extra *extra = arena_alloc(arena, u->extra_count * sizeof(*extra));

    for (size_t i = 0; i < u->extra_count; i++) {
        extra[i].key = arena_str(arena, u->extra[i].key);
        extra[i].values = copy_strs(arena, u->extra[i].values, u->extra[i].value_count);
        extra[i].value_count = u->extra[i].value_count;
    }
    return (struct user){
        .name = arena_str(arena, u->name),
        .uid = arena_str(arena, u->uid),
        .groups = copy_strs(arena, u->groups, u->group_count),
        .group_count = u->group_count,
        .extra = extra,
        .extra_count = u->extra_count,
    };
}

static void write_strs(struct json_writer *w, const struct str *items, size_t count)
{
    json_open_array(w);
    for (size_t i = 0; i < count; i++)
        json_write_str(w, items[i]);
    json_close_array(w);
}

void user_write_members(struct json_writer *w, struct str name_key, const struct user *u)
{
    json_member_nonempty(w, name_key, u->name);
    json_member_nonempty(w, STR("uid"), u->uid);
    if (u->group_count > 0) {
        json_write_key(w, STR("groups"));
        write_strs(w, u->groups, u->group_count);
    }
    if (u->extra_count == 0)
        return;
    json_write_key(w, STR("extra"));
    json_open_object(w);
    for (size_t i = 0; i < u->extra_count; i++) {
        json_write_key(w, u->extra[i].key);
        write_strs(w, u->extra[i].values, u->extra[i].value_count);
    }
    json_close_object(w);
}

static bool scan_strs(struct json_scan *s, struct str_list *out)
{
    if (!json_scan_enter_array(s))
        return false;
    while (json_scan_next_element(s)) {
        struct str value = {0};
        if (!json_scan_str(s, &value))
            return false;
        str_list_add(out, s->arena, value);
    }
    return s->fault == NULL;
}

static bool scan_groups(struct json_scan *s, struct user *out)
{
    struct str_list groups = {0};

    if (!scan_strs(s, &groups))
        return false;
    out->groups = groups.items;
    out->group_count = groups.count;
    return true;
}

/* {"KEY":["VALUE",...],...} */
static bool scan_extra(struct json_scan *s, struct user *out)
{
    struct str_list keys = {0}, all = {0};
    struct str key;

    if (!json_scan_enter_object(s))
        return false;
    while (json_scan_next_member(s, &key)) {
        if (!scan_strs(s, &all))
            return false;
        while (keys.count < all.count)
            str_list_add(&keys, s->arena, key);
    }
    struct label *pairs = arena_alloc(s->arena, all.count * sizeof(*pairs));
    for (size_t i = 0; i < all.count; i++)
        pairs[i] = (struct label){keys.items[i], all.items[i]};
    user_set_extra(out, s->arena, pairs, all.count);
    return s->fault == NULL;
}

bool user_scan(struct json_scan *s, struct user *out)
{
    struct str key;

    *out = (struct user){0};
    if (!json_scan_enter_object(s))
        return false;
    while (json_scan_next_member(s, &key)) {
        bool ok = true;
        if (str_eq(key, STR("username")))
            ok = json_scan_str(s, &out->name);
        else if (str_eq(key, STR("uid")))
            ok = json_scan_str(s, &out->uid);
        else if (str_eq(key, STR("groups")))
            ok = scan_groups(s, out);
        else if (str_eq(key, STR("extra")))
            ok = scan_extra(s, out);
        if (!ok)
            return false;
    }
    return s->fault == NULL;
}

bool user_split_service_account(struct str user_name, struct str *namespace, struct str *name)
{
    static const struct str prefix = STR_INIT("system:serviceaccount:");
    struct str ns, rest;

    if (!str_starts_with(user_name, prefix) || !str_cut(str_skip(user_name, prefix.len), ':', &ns, &rest))
        return false;
    if (name_check_dns1123_label(ns).count > 0 || name_check_dns1123_subdomain(rest).count > 0)
        return false;
    *namespace = ns;
    *name = rest;
    return true;
}
