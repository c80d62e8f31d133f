/* Discovery's documents as protobuf: the same as discovery_print.c's, by the numbers of the messages' fields. */
#include "apiserver/discovery.h"

#include "base/alloc.h"
#include "kube/proto_writer.h"

/* "GROUP/VERSION", or "VERSION" of the core group. */
static void add_group_version(struct buf *to, unsigned field, struct str group, struct str version)
{
    proto_add_head(to, field, group.len + (group.len > 0) + version.len);
    buf_add_str(to, group);
    if (group.len > 0)
        buf_add_char(to, '/');
    buf_add_str(to, version);
}

static void add_server_address(struct buf *to, unsigned field, struct str address)
{
    size_t at = proto_open(to, field);

    proto_add_str(to, 1, STR("0.0.0.0/0"));
    proto_add_str(to, 2, address);
    proto_close(to, at);
}

void discovery_print_versions_protobuf(struct buf *to, const struct discovery *d)
{
    const struct discovery_group *core = discovery_group(d, STR(""));
    size_t at = proto_open_object(to, STR("v1"), STR("APIVersions"));

    for (size_t i = 0; core != NULL && i < core->version_count; i++)
        proto_add_str(to, 1, core->versions[i].version);
    add_server_address(to, 2, d->server_address);
    proto_close_object(to, at);
}

static void add_version(struct buf *to, unsigned field, const struct discovery_group *g,
                        const struct discovery_version *v)
{
    size_t at = proto_open(to, field);

    add_group_version(to, 1, g->name, v->version);
    proto_add_str(to, 2, v->version);
    proto_close(to, at);
}

static void add_group(struct buf *to, const struct discovery_group *g)
{
    proto_add_str(to, 1, g->name);
    for (size_t i = 0; i < g->version_count; i++)
        add_version(to, 2, g, &g->versions[i]);
    if (g->version_count > 0)
        add_version(to, 3, g, &g->versions[0]);
}

void discovery_print_groups_protobuf(struct buf *to, const struct discovery *d)
{
    size_t at = proto_open_object(to, STR("v1"), STR("APIGroupList"));

    for (size_t i = 0; i < d->group_count; i++) {
        if (d->groups[i].name.len == 0)
            continue;
        size_t group = proto_open(to, 1);
        add_group(to, &d->groups[i]);
        if (d->server_address.len > 0)
            add_server_address(to, 4, d->server_address);
        proto_close(to, group);
    }
    proto_close_object(to, at);
}

void discovery_print_group_protobuf(struct buf *to, const struct discovery_group *g)
{
    size_t at = proto_open_object(to, STR("v1"), STR("APIGroup"));

    add_group(to, g);
    proto_close_object(to, at);
}

static void add_resource(struct buf *to, const struct discovery_resource *r)
{
    size_t at = proto_open(to, 2);

    proto_add_str(to, 1, r->name);
    proto_add_bool(to, 2, r->is_namespaced);
    proto_add_str(to, 3, r->kind);
    size_t verbs = proto_open(to, 4);
    proto_add_strs(to, 1, r->verbs, r->verb_count);
    proto_close(to, verbs);
    proto_add_strs(to, 5, r->short_names, r->short_name_count);
    proto_add_str(to, 6, r->singular);
    proto_add_strs(to, 7, r->categories, r->category_count);
    proto_add_str(to, 8, r->kind_group);
    proto_add_str(to, 9, r->kind_version);
    proto_add_str(to, 10, r->storage_version_hash);
    proto_close(to, at);
}

void discovery_print_resources_protobuf(struct buf *to, struct str group, const struct discovery_version *v)
{
    size_t at = proto_open_object(to, STR("v1"), STR("APIResourceList"));

    add_group_version(to, 1, group, v->version);
    for (size_t i = 0; i < v->resource_count; i++)
        add_resource(to, &v->resources[i]);
    proto_close_object(to, at);
}

/* --- the aggregated document --- */

static void add_response_kind(struct buf *to, const struct discovery_kind *kind)
{
    size_t at = proto_open(to, 2);

    proto_add_str(to, 1, kind->group);
    proto_add_str(to, 2, kind->version);
    proto_add_str(to, 3, kind->kind);
    proto_close(to, at);
}

static void add_subresource(struct buf *to, const struct discovery_resource *r, struct str name,
                            const struct discovery_kind *kind)
{
    size_t at = proto_open(to, 8);

    proto_add_str(to, 1, name);
    add_response_kind(to, kind);
    proto_add_strs(to, 4, r->verbs, r->verb_count);
    proto_close(to, at);
}

/* Adds the resource at *AT with its subresources and moves *AT past them. */
static void add_aggregated_resource(struct buf *to, const struct discovery *d, const struct discovery_group *g,
                                    const struct discovery_version *v, size_t *at)
{
    const struct discovery_resource *r = &v->resources[(*at)++];
    struct discovery_kind kind = discovery_response_kind(d, g, v, r);
    struct str subresource;
    size_t opened = proto_open(to, 2);

    proto_add_str(to, 1, r->name);
    add_response_kind(to, &kind);
    proto_add_str(to, 3, r->is_namespaced ? STR("Namespaced") : STR("Cluster"));
    proto_add_str(to, 4, r->singular);
    proto_add_strs(to, 5, r->verbs, r->verb_count);
    proto_add_strs(to, 6, r->short_names, r->short_name_count);
    proto_add_strs(to, 7, r->categories, r->category_count);
    for (; *at < v->resource_count && discovery_is_below(&v->resources[*at], r->name, &subresource); (*at)++) {
        kind = discovery_response_kind(d, g, v, &v->resources[*at]);
        add_subresource(to, &v->resources[*at], subresource, &kind);
    }
    proto_close(to, opened);
}

static void add_aggregated_group(struct buf *to, const struct discovery *d, const struct discovery_group *g)
{
    size_t group = proto_open(to, 2);

    proto_add_named_meta(to, 1, g->name);
    for (size_t i = 0; i < g->version_count; i++) {
        const struct discovery_version *v = &g->versions[i];
        size_t version = proto_open(to, 2);
        proto_add_str(to, 1, v->version);
        for (size_t at = 0; at < v->resource_count;)
            add_aggregated_resource(to, d, g, v, &at);
        proto_add_str(to, 3, v->is_stale ? STR("Stale") : STR("Current"));
        proto_close(to, version);
    }
    proto_close(to, group);
}

void discovery_print_aggregated_protobuf(struct buf *to, const struct discovery *d, bool is_legacy)
{
    size_t at = proto_open_object(to, STR("apidiscovery.k8s.io/v2"), STR("APIGroupDiscoveryList"));

    proto_add_list_meta(to, 1, STR(""));
    for (size_t i = 0; i < d->group_count; i++)
        if ((d->groups[i].name.len == 0) == is_legacy)
            add_aggregated_group(to, d, &d->groups[i]);
    proto_close_object(to, at);
}
