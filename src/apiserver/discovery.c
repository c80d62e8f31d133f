#include "apiserver/discovery.h"

#include "apiserver/etag.h"
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

static void respond_aggregated(const struct discovery *d, struct api_request *r, const struct accept_choice *choice,
                               bool is_legacy)
{
    auto_buf struct buf json = {0}, protobuf = {0};
    struct http_headers headers = {0};

    /* The tag is of the content: of the JSON, whatever is sent. */
    discovery_print_aggregated(&json, d, is_legacy);
    struct str tag = etag_of(r->arena, buf_str(&json));
    http_headers_add(&headers, r->arena, STR("ETag"), tag);
    http_headers_add(&headers, r->arena, STR("Vary"), STR("Accept"));
    http_headers_add(&headers, r->arena, STR("Cache-Control"), STR("public"));
    if (etag_matches(http_headers_get(&r->http->headers, STR("If-None-Match")), tag)) {
        api_start(r, 304, &headers, 0);
        api_end(r);
        return;
    }
    http_headers_add(&headers, r->arena, STR("Content-Type"),
                     arena_printf(r->arena, "%.*s;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                                  STR_ARG(accept_media_type(choice->media))));
    if (choice->media == ACCEPT_PROTOBUF)
        discovery_print_aggregated_protobuf(&protobuf, d, is_legacy);
    api_respond_chosen_headers(r, 200, choice, headers, choice->media == ACCEPT_PROTOBUF ? &protobuf : &json);
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
static bool print_place(struct buf *to, const struct discovery *d, const struct place *place, bool is_protobuf)
{
    const struct discovery_group *g = discovery_group(d, place->group);

    if (place->version.len > 0) {
        const struct discovery_version *v = discovery_version(d, place->group, place->version);
        if (v != NULL)
            (is_protobuf ? discovery_print_resources_protobuf : discovery_print_resources)(to, place->group, v);
        return v != NULL;
    }
    if (place->is_legacy || place->group.len > 0) {
        if (g == NULL)
            return false;
        if (place->is_legacy)
            (is_protobuf ? discovery_print_versions_protobuf : discovery_print_versions)(to, d);
        else
            (is_protobuf ? discovery_print_group_protobuf : discovery_print_group)(to, g);
        return true;
    }
    (is_protobuf ? discovery_print_groups_protobuf : discovery_print_groups)(to, d);
    return true;
}

bool discovery_handle(const struct discovery *d, struct api_request *r)
{
    auto_buf struct buf body = {0};
    struct place place;
    struct accept_choice choice;

    if (!find_place(r->attributes.path, &place) || !print_place(&body, d, &place, false))
        return false;
    if (!str_eq(r->http->method, STR("GET"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
        return true;
    }
    bool is_root = place.group.len == 0 && place.version.len == 0;
    if (!api_negotiate(r, ACCEPT_ALLOW_PROTOBUF | (is_root ? ACCEPT_ALLOW_DISCOVERY : 0u), &choice))
        return true;
    if (choice.as == ACCEPT_AS_DISCOVERY) {
        respond_aggregated(d, r, &choice, place.is_legacy);
        return true;
    }
    if (choice.media == ACCEPT_PROTOBUF) {
        buf_clear(&body);
        print_place(&body, d, &place, true);
    }
    api_respond_chosen(r, 200, &choice, &body);
    return true;
}
