#include "apiserver/discovery.h"

#include "base/alloc.h"

static void write_strs(struct json_writer *w, struct str key, const struct str *items, size_t count)
{
    json_write_key(w, key);
    json_open_array(w);
    for (size_t i = 0; i < count; i++)
        json_write_str(w, items[i]);
    json_close_array(w);
}

/* "GROUP/VERSION", or "VERSION" of the core group. */
static void write_group_version(struct json_writer *w, struct str group, struct str version)
{
    auto_buf struct buf text = {0};

    buf_add_str(&text, group);
    if (group.len > 0)
        buf_add_char(&text, '/');
    buf_add_str(&text, version);
    json_member_str(w, STR("groupVersion"), buf_str(&text));
}

static void write_server_address(struct json_writer *w, struct str address)
{
    json_write_key(w, STR("serverAddressByClientCIDRs"));
    json_open_array(w);
    json_open_object(w);
    json_member_str(w, STR("clientCIDR"), STR("0.0.0.0/0"));
    json_member_str(w, STR("serverAddress"), address);
    json_close_object(w);
    json_close_array(w);
}

void discovery_print_versions(struct buf *to, const struct discovery *d)
{
    const struct discovery_group *core = discovery_group(d, STR(""));
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("APIVersions"));
    json_write_key(&w, STR("versions"));
    json_open_array(&w);
    for (size_t i = 0; core != NULL && i < core->version_count; i++)
        json_write_str(&w, core->versions[i].version);
    json_close_array(&w);
    write_server_address(&w, d->server_address);
    json_close_object(&w);
}

static void write_version(struct json_writer *w, const struct discovery_group *g, const struct discovery_version *v)
{
    json_open_object(w);
    write_group_version(w, g->name, v->version);
    json_member_str(w, STR("version"), v->version);
    json_close_object(w);
}

/* The members that a group has, alone or in a list. */
static void write_group_members(struct json_writer *w, const struct discovery_group *g)
{
    json_member_str(w, STR("name"), g->name);
    json_write_key(w, STR("versions"));
    json_open_array(w);
    for (size_t i = 0; i < g->version_count; i++)
        write_version(w, g, &g->versions[i]);
    json_close_array(w);
    if (g->version_count > 0) {
        json_write_key(w, STR("preferredVersion"));
        write_version(w, g, &g->versions[0]);
    }
}

void discovery_print_groups(struct buf *to, const struct discovery *d)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("APIGroupList"));
    json_member_str(&w, STR("apiVersion"), STR("v1"));
    json_write_key(&w, STR("groups"));
    json_open_array(&w);
    for (size_t i = 0; i < d->group_count; i++) {
        if (d->groups[i].name.len == 0)
            continue;
        json_open_object(&w);
        write_group_members(&w, &d->groups[i]);
        if (d->server_address.len > 0)
            write_server_address(&w, d->server_address);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

void discovery_print_group(struct buf *to, const struct discovery_group *g)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("APIGroup"));
    json_member_str(&w, STR("apiVersion"), STR("v1"));
    write_group_members(&w, g);
    json_close_object(&w);
}

static void write_resource(struct json_writer *w, const struct discovery_resource *r)
{
    json_open_object(w);
    json_member_str(w, STR("name"), r->name);
    json_member_str(w, STR("singularName"), r->singular);
    json_member_bool(w, STR("namespaced"), r->is_namespaced);
    json_member_nonempty(w, STR("group"), r->kind_group);
    json_member_nonempty(w, STR("version"), r->kind_version);
    json_member_str(w, STR("kind"), r->kind);
    write_strs(w, STR("verbs"), r->verbs, r->verb_count);
    if (r->short_name_count > 0)
        write_strs(w, STR("shortNames"), r->short_names, r->short_name_count);
    if (r->category_count > 0)
        write_strs(w, STR("categories"), r->categories, r->category_count);
    json_member_nonempty(w, STR("storageVersionHash"), r->storage_version_hash);
    json_close_object(w);
}

void discovery_print_resources(struct buf *to, struct str group, const struct discovery_version *v)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("APIResourceList"));
    if (group.len > 0) /* the core group's list has none */
        json_member_str(&w, STR("apiVersion"), STR("v1"));
    write_group_version(&w, group, v->version);
    json_write_key(&w, STR("resources"));
    json_open_array(&w);
    for (size_t i = 0; i < v->resource_count; i++)
        write_resource(&w, &v->resources[i]);
    json_close_array(&w);
    json_close_object(&w);
}

/* --- the aggregated document --- */

struct discovery_kind discovery_response_kind(const struct discovery *d, const struct discovery_group *g,
                                              const struct discovery_version *v, const struct discovery_resource *r)
{
    bool has_own = r->kind_version.len > 0;

    return (struct discovery_kind){
        .group = has_own                ? r->kind_group
                 : d->leaves_kinds_bare ? STR("")
                                        : g->name,
        .version = has_own                ? r->kind_version
                   : d->leaves_kinds_bare ? STR("")
                                          : v->version,
        .kind = r->kind,
    };
}

static void write_response_kind(struct json_writer *w, const struct discovery_kind *kind)
{
    json_write_key(w, STR("responseKind"));
    json_open_object(w);
    json_member_str(w, STR("group"), kind->group);
    json_member_str(w, STR("version"), kind->version);
    json_member_str(w, STR("kind"), kind->kind);
    json_close_object(w);
}

bool discovery_is_below(const struct discovery_resource *r, struct str parent, struct str *subresource)
{
    struct str name;

    return str_cut(r->name, '/', &name, subresource) && str_eq(name, parent);
}

/* Writes the resource at *AT with its subresources and moves *AT past them. */
static void write_aggregated_resource(struct json_writer *w, const struct discovery *d, const struct discovery_group *g,
                                      const struct discovery_version *v, size_t *at)
{
    const struct discovery_resource *r = &v->resources[(*at)++];
    struct discovery_kind kind = discovery_response_kind(d, g, v, r);
    struct str subresource;

    json_open_object(w);
    json_member_str(w, STR("resource"), r->name);
    write_response_kind(w, &kind);
    json_member_str(w, STR("scope"), r->is_namespaced ? STR("Namespaced") : STR("Cluster"));
    json_member_str(w, STR("singularResource"), r->singular);
    write_strs(w, STR("verbs"), r->verbs, r->verb_count);
    if (r->short_name_count > 0)
        write_strs(w, STR("shortNames"), r->short_names, r->short_name_count);
    if (r->category_count > 0)
        write_strs(w, STR("categories"), r->categories, r->category_count);
    if (*at < v->resource_count && discovery_is_below(&v->resources[*at], r->name, &subresource)) {
        json_write_key(w, STR("subresources"));
        json_open_array(w);
        for (; *at < v->resource_count && discovery_is_below(&v->resources[*at], r->name, &subresource); (*at)++) {
            json_open_object(w);
            json_member_str(w, STR("subresource"), subresource);
            kind = discovery_response_kind(d, g, v, &v->resources[*at]);
            write_response_kind(w, &kind);
            write_strs(w, STR("verbs"), v->resources[*at].verbs, v->resources[*at].verb_count);
            json_close_object(w);
        }
        json_close_array(w);
    }
    json_close_object(w);
}

static void write_aggregated_group(struct json_writer *w, const struct discovery *d, const struct discovery_group *g)
{
    json_open_object(w);
    json_write_key(w, STR("metadata"));
    json_open_object(w);
    json_member_nonempty(w, STR("name"), g->name);
    json_close_object(w);
    json_write_key(w, STR("versions"));
    json_open_array(w);
    for (size_t i = 0; i < g->version_count; i++) {
        const struct discovery_version *v = &g->versions[i];
        json_open_object(w);
        json_member_str(w, STR("version"), v->version);
        json_write_key(w, STR("resources"));
        json_open_array(w);
        for (size_t at = 0; at < v->resource_count;)
            write_aggregated_resource(w, d, g, v, &at);
        json_close_array(w);
        json_member_str(w, STR("freshness"), v->is_stale ? STR("Stale") : STR("Current"));
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

void discovery_print_aggregated(struct buf *to, const struct discovery *d, bool is_legacy)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("APIGroupDiscoveryList"));
    json_member_str(&w, STR("apiVersion"), STR("apidiscovery.k8s.io/v2"));
    json_member_raw(&w, STR("metadata"), STR("{}"));
    json_write_key(&w, STR("items"));
    json_open_array(&w);
    for (size_t i = 0; i < d->group_count; i++)
        if ((d->groups[i].name.len == 0) == is_legacy)
            write_aggregated_group(&w, d, &d->groups[i]);
    json_close_array(&w);
    json_close_object(&w);
}
