#include "apiserver/user.h"

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

/* The COUNT strings of ITEMS and VALUE behind them, in a new array. */
static const struct str *append_str(struct arena *arena, const struct str *items, size_t count, struct str value)
{
    struct str *longer = arena_alloc(arena, (count + 1) * sizeof(*longer));

    for (size_t i = 0; i < count; i++)
        longer[i] = items[i];
    longer[count] = value;
    return longer;
}

void user_add_group(struct user *u, struct arena *arena, struct str group)
{
    u->groups = append_str(arena, u->groups, u->group_count, group);
    u->group_count++;
}

void user_add_extra(struct user *u, struct arena *arena, struct str key, struct str value)
{
    size_t at = 0;

    while (at < u->extra_count && !str_eq(u->extra[at].key, key))
        at++;
    size_t count = at < u->extra_count ? u->extra_count : u->extra_count + 1;
    struct user_extra *extra = arena_zalloc(arena, count * sizeof(*extra));
    for (size_t i = 0; i < u->extra_count; i++)
        extra[i] = u->extra[i];
    extra[at].key = key;
    extra[at].values = append_str(arena, extra[at].values, extra[at].value_count, value);
    extra[at].value_count++;
    u->extra = extra;
    u->extra_count = count;
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

/* The elements of a JSON string array as a growing list in the arena: doubled, so that long ones stay linear. */
static bool scan_strs(struct json_scan *s, const struct str **items, size_t *count)
{
    struct str *list = NULL;
    size_t n = 0, room = 0;

    if (!json_scan_enter_array(s))
        return false;
    while (json_scan_next_element(s)) {
        struct str value = {0};
        if (!json_scan_str(s, &value))
            return false;
        if (n == room) {
            room = room > 0 ? room * 2 : 4;
            struct str *bigger = arena_alloc(s->arena, room * sizeof(*bigger));
            for (size_t i = 0; i < n; i++)
                bigger[i] = list[i];
            list = bigger;
        }
        list[n++] = value;
    }
    *items = list;
    *count = n;
    return s->fault == NULL;
}

static bool scan_extra(struct json_scan *s, struct user *out)
{
    struct str key;

    if (!json_scan_enter_object(s))
        return false;
    while (json_scan_next_member(s, &key)) {
        const struct str *values;
        size_t count;
        if (!scan_strs(s, &values, &count))
            return false;
        for (size_t i = 0; i < count; i++)
            user_add_extra(out, s->arena, key, values[i]);
    }
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
            ok = scan_strs(s, &out->groups, &out->group_count);
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
