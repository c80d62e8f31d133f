#include "apiserver/impersonation.h"

static const struct str user_header = STR_INIT("Impersonate-User");
static const struct str group_header = STR_INIT("Impersonate-Group");
static const struct str uid_header = STR_INIT("Impersonate-Uid");
static const struct str extra_prefix = STR_INIT("Impersonate-Extra-");

/* What is being put together. */
struct reading {
    struct arena *arena;
    struct user user;
    struct str_list groups;
    struct label *extra; /* room for one a header */
    size_t extra_count;
    struct api_attributes *questions; /* the same */
    size_t count;
};

static bool is_extra(struct str name)
{
    return name.len > extra_prefix.len && str_eq_ignore_case(str_head(name, extra_prefix.len), extra_prefix);
}

bool impersonation_is_header(struct str name)
{
    return str_eq_ignore_case(name, user_header) || str_eq_ignore_case(name, group_header) ||
           str_eq_ignore_case(name, uid_header) || is_extra(name);
}

static struct api_attributes *add_question(struct reading *g, struct str group, struct str resource, struct str name)
{
    struct api_attributes *q = &g->questions[g->count++];

    *q = (struct api_attributes){
        .is_resource = true,
        .verb = STR("impersonate"),
        .group = group,
        .version = STR("v1"),
        .resource = resource,
        .name = name,
    };
    return q;
}

static void read_user(struct reading *g, struct str name)
{
    struct str namespace, account;

    g->user.name = name;
    if (user_split_service_account(name, &namespace, &account))
        add_question(g, STR(""), STR("serviceaccounts"), account)->namespace = namespace;
    else
        add_question(g, STR(""), STR("users"), name);
}

static struct str extra_key(struct arena *arena, struct str header)
{
    struct str decoded, text = str_skip(header, extra_prefix.len);
    char *key = arena_cstr(arena, text);

    for (size_t i = 0; i < text.len; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] - 'A' + 'a');
    text = str_from(key, text.len);
    return http_percent_decode(arena, text, false, &decoded) ? decoded : text;
}

static void read_others(struct reading *g, const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct str name = headers->items[i].name, value = headers->items[i].value;
        if (str_eq_ignore_case(name, group_header)) {
            str_list_add(&g->groups, g->arena, value);
            add_question(g, STR(""), STR("groups"), value);
        } else if (is_extra(name)) {
            struct str key = extra_key(g->arena, name);
            g->extra[g->extra_count++] = (struct label){key, value};
            add_question(g, STR("authentication.k8s.io"), STR("userextras"), value)->subresource = key;
        }
    }
    g->user.groups = g->groups.items;
    g->user.group_count = g->groups.count;
    user_set_extra(&g->user, g->arena, g->extra, g->extra_count);
    struct str uid = http_headers_get(headers, uid_header);
    if (uid.len > 0) {
        g->user.uid = uid;
        add_question(g, STR("authentication.k8s.io"), STR("uids"), uid);
    }
}

/* The groups that come with being that user. */
static void settle_groups(struct reading *g)
{
    struct str namespace, account;

    if (g->user.group_count == 0 && user_split_service_account(g->user.name, &namespace, &account)) {
        user_add_group(&g->user, g->arena, STR("system:serviceaccounts"));
        user_add_group(&g->user, g->arena, arena_printf(g->arena, "system:serviceaccounts:%.*s", STR_ARG(namespace)));
    }
    if (user_is_in_group(&g->user, GROUP_UNAUTHENTICATED))
        return;
    if (user_is_anonymous(&g->user))
        user_add_group(&g->user, g->arena, GROUP_UNAUTHENTICATED);
    else if (!user_is_in_group(&g->user, GROUP_AUTHENTICATED))
        user_add_group(&g->user, g->arena, GROUP_AUTHENTICATED);
}

bool impersonation_read(const struct http_headers *headers, struct arena *arena, struct impersonation *out,
                        struct error *err)
{
    size_t count = 0;
    struct reading g = {.arena = arena};

    *out = (struct impersonation){0};
    for (size_t i = 0; i < headers->count; i++)
        count += impersonation_is_header(headers->items[i].name);
    if (count == 0)
        return true;
    if (count > IMPERSONATION_MAX_HEADERS)
        return error_set(err, 500, "more than %d impersonation headers", IMPERSONATION_MAX_HEADERS);
    g.questions = arena_alloc(arena, count * sizeof(*g.questions));
    g.extra = arena_alloc(arena, count * sizeof(*g.extra));
    struct str name = http_headers_get(headers, user_header);
    if (name.len > 0)
        read_user(&g, name);
    read_others(&g, headers);
    if (name.len == 0 && g.count == 0)
        return true; /* headers without values */
    if (name.len == 0)
        return error_set(err, 400, "requested groups, uid or extra fields without impersonating a user name");
    settle_groups(&g);
    *out = (struct impersonation){.user = g.user, .questions = g.questions, .question_count = g.count};
    return true;
}
