#include "apiserver/front_proxy.h"

#include "kube/json_scan.h"

static struct str_list copy_list(struct arena *arena, struct str_list list)
{
    struct str *items = arena_alloc(arena, list.count * sizeof(*items));

    for (size_t i = 0; i < list.count; i++)
        items[i] = arena_str(arena, list.items[i]);
    return (struct str_list){items, list.count};
}

struct front_proxy front_proxy_copy(struct arena *arena, const struct front_proxy *p)
{
    return (struct front_proxy){
        .ca_pem = arena_str(arena, p->ca_pem),
        .allowed_names = copy_list(arena, p->allowed_names),
        .username_headers = copy_list(arena, p->username_headers),
        .uid_headers = copy_list(arena, p->uid_headers),
        .group_headers = copy_list(arena, p->group_headers),
        .extra_prefixes = copy_list(arena, p->extra_prefixes),
    };
}

bool front_proxy_allows_name(const struct front_proxy *p, struct str common_name)
{
    for (size_t i = 0; i < p->allowed_names.count; i++)
        if (str_eq(p->allowed_names.items[i], common_name))
            return true;
    return p->allowed_names.count == 0;
}

static bool list_has(struct str_list list, struct str name)
{
    for (size_t i = 0; i < list.count; i++)
        if (str_eq_ignore_case(list.items[i], name))
            return true;
    return false;
}

/* The first non-empty value of the headers in LIST. */
static struct str first_value(struct str_list list, const struct http_headers *headers)
{
    for (size_t i = 0; i < list.count; i++) {
        struct str value = http_headers_get(headers, list.items[i]);
        if (value.len > 0)
            return value;
    }
    return STR("");
}

/* Whether NAME is of an extra header; REST gets what follows the prefix. */
static bool is_extra(const struct front_proxy *p, struct str name, struct str *rest)
{
    for (size_t i = 0; i < p->extra_prefixes.count; i++) {
        struct str prefix = p->extra_prefixes.items[i];
        if (name.len < prefix.len || !str_eq_ignore_case(str_head(name, prefix.len), prefix))
            continue;
        *rest = str_skip(name, prefix.len);
        return true;
    }
    return false;
}

/* In lower case and percent-decoded; as it is when the escapes are malformed. */
static struct str extra_key(struct arena *arena, struct str text)
{
    struct str decoded;
    char *key = arena_cstr(arena, text);

    for (size_t i = 0; i < text.len; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] - 'A' + 'a');
    text = str_from(key, text.len);
    return http_percent_decode(arena, text, false, &decoded) ? decoded : text;
}

bool front_proxy_user(const struct front_proxy *p, const struct http_headers *headers, struct arena *arena,
                      struct user *out)
{
    struct user u = {.name = first_value(p->username_headers, headers)};
    struct str_list groups = {0};
    struct str rest;
    size_t count = 0;

    if (u.name.len == 0)
        return false;
    u.uid = first_value(p->uid_headers, headers);
    for (size_t h = 0; h < p->group_headers.count; h++)
        for (size_t i = 0; i < headers->count; i++)
            if (str_eq_ignore_case(headers->items[i].name, p->group_headers.items[h]))
                str_list_add(&groups, arena, headers->items[i].value);
    u.groups = groups.items;
    u.group_count = groups.count;
    struct label *extra = arena_alloc(arena, headers->count * sizeof(*extra));
    for (size_t i = 0; i < headers->count; i++)
        if (is_extra(p, headers->items[i].name, &rest))
            extra[count++] = (struct label){extra_key(arena, rest), headers->items[i].value};
    user_set_extra(&u, arena, extra, count);
    *out = u;
    return true;
}

bool front_proxy_is_header(const struct front_proxy *p, struct str name)
{
    struct str rest;

    return list_has(p->username_headers, name) || list_has(p->uid_headers, name) || list_has(p->group_headers, name) ||
           is_extra(p, name, &rest);
}

/* A JSON array of strings; trimmed, empty ones left out. */
static bool parse_list(struct arena *arena, struct str key, struct str json, struct str_list *out, struct error *err)
{
    struct json_scan s = json_scan_of(json, arena);
    struct str_list list = {0};

    json_scan_enter_array(&s);
    while (json_scan_next_element(&s)) {
        struct str item = {0};
        if (json_scan_str(&s, &item) && str_trim(item).len > 0)
            str_list_add(&list, arena, str_trim(item));
    }
    if (!json_scan_finish(&s))
        return error_set(err, 0, "%.*s is no JSON array of strings: %s", STR_ARG(key), json_scan_fault(&s));
    *out = list;
    return true;
}

/* The ConfigMap's data. */
static bool scan_data(struct json_scan *s, struct labels *data)
{
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key))
        if (str_eq(key, STR("data")))
            json_scan_labels(s, data);
    return json_scan_finish(s);
}

bool auth_config_parse(struct arena *arena, struct str data, struct auth_config *out, struct error *err)
{
    struct json_scan s = json_scan_of(data, arena);
    struct labels values = {0};
    struct auth_config config = {0};
    const struct {
        struct str key;
        struct str_list *list;
    } lists[] = {
        {STR("requestheader-allowed-names"), &config.proxy.allowed_names},
        {STR("requestheader-username-headers"), &config.proxy.username_headers},
        {STR("requestheader-uid-headers"), &config.proxy.uid_headers},
        {STR("requestheader-group-headers"), &config.proxy.group_headers},
        {STR("requestheader-extra-headers-prefix"), &config.proxy.extra_prefixes},
    };

    if (!scan_data(&s, &values))
        return error_set(err, 0, "not a ConfigMap: %s at byte %zu", json_scan_fault(&s), json_scan_offset(&s));
    const struct str *client_ca = labels_get(values, STR("client-ca-file"));
    const struct str *proxy_ca = labels_get(values, STR("requestheader-client-ca-file"));
    config.client_ca_pem = client_ca != NULL ? *client_ca : STR("");
    config.proxy.ca_pem = proxy_ca != NULL ? *proxy_ca : STR("");
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct str *json = labels_get(values, lists[i].key);
        if (json != NULL && json->len > 0 && !parse_list(arena, lists[i].key, *json, lists[i].list, err))
            return false;
    }
    *out = config;
    return true;
}
