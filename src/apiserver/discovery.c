#include "apiserver/discovery.h"

#include <openssl/sha.h>

#include "base/alloc.h"

const struct discovery_group *discovery_group(const struct discovery *d, struct str name)
{
    for (size_t i = 0; i < d->group_count; i++)
        if (str_eq(d->groups[i].name, name))
            return &d->groups[i];
    return NULL;
}

const struct discovery_version *discovery_version(const struct discovery *d, struct str group, struct str version)
{
    const struct discovery_group *g = discovery_group(d, group);

    for (size_t i = 0; g != NULL && i < g->version_count; i++)
        if (str_eq(g->versions[i].version, version))
            return &g->versions[i];
    return NULL;
}

/* The SHA-512 of JSON in upper-case hex, quoted. */
static struct str entity_tag(struct arena *arena, struct str json)
{
    unsigned char digest[SHA512_DIGEST_LENGTH];
    auto_buf struct buf tag = {0};

    SHA512((const unsigned char *)json.ptr, json.len, digest);
    buf_add_char(&tag, '"');
    for (size_t i = 0; i < sizeof(digest); i++)
        buf_printf(&tag, "%02X", digest[i]);
    buf_add_char(&tag, '"');
    return arena_str(arena, buf_str(&tag));
}

/* Whether If-None-Match names TAG. */
static bool is_known(const struct api_request *r, struct str tag)
{
    struct str known = http_headers_get(&r->http->headers, STR("If-None-Match")), one;

    while (known.len > 0) {
        str_cut(known, ',', &one, &known);
        one = str_trim(one);
        if (str_eq(one, tag) || str_eq(one, STR("*")))
            return true;
    }
    return false;
}

static void respond_aggregated(const struct discovery *d, struct api_request *r, const struct accept_choice *choice,
                               bool is_legacy)
{
    auto_buf struct buf json = {0};
    struct http_headers headers = {0};

    discovery_print_aggregated(&json, d, is_legacy);
    struct str tag = entity_tag(r->arena, buf_str(&json));
    http_headers_add(&headers, r->arena, STR("ETag"), tag);
    http_headers_add(&headers, r->arena, STR("Vary"), STR("Accept"));
    http_headers_add(&headers, r->arena, STR("Cache-Control"), STR("public"));
    if (is_known(r, tag)) {
        api_start(r, 304, &headers, 0);
        api_end(r);
        return;
    }
    http_headers_add(&headers, r->arena, STR("Content-Type"),
                     arena_printf(r->arena, "%.*s;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                                  STR_ARG(accept_media_type(choice->media))));
    api_respond_chosen_headers(r, 200, choice, headers, &json);
}

/* What a path names; empty parts are absent. */
struct place {
    bool is_legacy;
    struct str group;
    struct str version;
};

/* /api[/VERSION][/], /apis[/GROUP[/VERSION]][/]. */
static bool find_place(struct str path, struct place *out)
{
    struct str rest;

    if (str_ends_with(path, STR("/")))
        path.len--;
    if (str_ends_with(path, STR("/")))
        return false; /* two slashes name nothing */
    *out = (struct place){0};
    if (str_eq(path, STR("/api")) || str_starts_with(path, STR("/api/"))) {
        out->is_legacy = true;
        out->version = str_skip(path, 5);
        return str_index(out->version, '/') < 0;
    }
    if (!str_eq(path, STR("/apis")) && !str_starts_with(path, STR("/apis/")))
        return false;
    str_cut(str_skip(path, 6), '/', &out->group, &rest);
    out->version = rest;
    return str_index(rest, '/') < 0 && (out->group.len > 0 || rest.len == 0);
}

/* Appends the document of PLACE; false when the table has none. */
static bool print_place(struct buf *to, const struct discovery *d, const struct place *place)
{
    const struct discovery_group *g = discovery_group(d, place->group);

    if (place->version.len > 0) {
        const struct discovery_version *v = discovery_version(d, place->group, place->version);
        if (v != NULL)
            discovery_print_resources(to, place->group, v);
        return v != NULL;
    }
    if (place->is_legacy || place->group.len > 0) {
        if (g == NULL)
            return false;
        if (place->is_legacy)
            discovery_print_versions(to, d);
        else
            discovery_print_group(to, g);
        return true;
    }
    discovery_print_groups(to, d);
    return true;
}

bool discovery_handle(const struct discovery *d, struct api_request *r)
{
    auto_buf struct buf json = {0};
    struct place place;
    struct accept_choice choice;

    if (!find_place(r->attributes.path, &place) || !print_place(&json, d, &place))
        return false;
    if (!str_eq(r->http->method, STR("GET"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
        return true;
    }
    bool is_root = place.group.len == 0 && place.version.len == 0;
    if (!api_negotiate(r, is_root ? ACCEPT_ALLOW_DISCOVERY : ACCEPT_ALLOW_NONE, &choice))
        return true;
    if (choice.as == ACCEPT_AS_DISCOVERY)
        respond_aggregated(d, r, &choice, place.is_legacy);
    else
        api_respond_chosen(r, 200, &choice, &json);
    return true;
}
