#include "serve/metrics_api.h"

#include "apiserver/discovery.h"
#include "base/alloc.h"
#include "kube/proto_writer.h"
#include "kube/table.h"
#include "serve/ledger.h"
#include "serve/list_options.h"
#include "serve/metrics_object.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define GROUP "metrics.k8s.io"
#define ALLOWED (ACCEPT_ALLOW_TABLE | ACCEPT_ALLOW_PARTIAL | ACCEPT_ALLOW_PROTOBUF)
#define GROUP_PATH "/apis/metrics.k8s.io"

struct metrics_api {
    struct ledger *ledger;
    const struct catalog *catalog; /* the ledger's */
    const struct usage_store *store;
    char *server_address;
    struct discovery discovery;
};

/* --- discovery --- */

static const struct str verbs[] = {STR_INIT("get"), STR_INIT("list")};

static const struct discovery_resource resources[] = {
    {.name = STR_INIT("nodes"), .kind = STR_INIT("NodeMetrics"), .verbs = verbs, .verb_count = COUNT(verbs)},
    {.name = STR_INIT("pods"),
     .kind = STR_INIT("PodMetrics"),
     .is_namespaced = true,
     .verbs = verbs,
     .verb_count = COUNT(verbs)},
};

/* One shape under two names; the first is what clients prefer. */
static const struct discovery_version versions[] = {
    {.version = STR_INIT("v1beta1"), .resources = resources, .resource_count = COUNT(resources)},
    {.version = STR_INIT("v1"), .resources = resources, .resource_count = COUNT(resources)},
};

static const struct discovery_group groups[] = {
    {.name = STR_INIT(GROUP), .versions = versions, .version_count = COUNT(versions)},
};

struct metrics_api *metrics_api_new(struct ledger *ledger, struct str server_address)
{
    struct metrics_api *a = mem_zalloc(sizeof(*a));

    a->ledger = ledger;
    a->catalog = ledger_catalog(ledger);
    a->store = ledger_store(ledger);
    a->server_address = str_dup(server_address);
    a->discovery = (struct discovery){
        .groups = groups, .group_count = 1, .server_address = str_of(a->server_address), .leaves_kinds_bare = true};
    return a;
}

void metrics_api_free(struct metrics_api *a)
{
    if (a == NULL)
        return;
    free(a->server_address);
    free(a);
}

/* --- one answer --- */

/* What is asked for, and how the answer is being written. */
struct answer {
    const struct metrics_api *api;
    struct api_request *request;
    bool is_pods;
    bool is_list;
    const char *version; /* of the group; static */
    struct accept_choice choice;
    enum table_include include;
    struct buf body;
    struct json_writer w;
    struct pod_usage pod;
    struct buf list_version; /* a list's resourceVersion: from there a watch misses nothing */
    struct buf metadata;     /* scratch, for a Table's rows */
    struct buf object;
};

static bool usage_of(struct answer *a, const struct catalog_object *object, struct metrics_object *out)
{
    *out = (struct metrics_object){.object = object, .version = a->version, .now_ns = a->request->received_unix_ns};
    bool has_usage = a->is_pods ? usage_store_pod(a->api->store, object->node, object->namespace, object->name, &a->pod)
                                : usage_store_node(a->api->store, object->name, &out->node);
    if (!has_usage)
        return false;
    out->pod = a->is_pods ? &a->pod : NULL;
    out->resource_version = ledger_item_version(object, a->is_pods ? a->pod.version : out->node.version);
    return true;
}

static void add_row(struct answer *a, const struct metrics_object *m, bool is_bare)
{
    buf_clear(&a->metadata);
    buf_clear(&a->object);
    if (a->include == TABLE_INCLUDE_METADATA) {
        struct json_writer w = json_writer_to(&a->metadata);
        metrics_object_write_metadata(&w, m);
    } else if (a->include == TABLE_INCLUDE_OBJECT) {
        struct json_writer w = json_writer_to(&a->object);
        metrics_object_write(&w, m, false);
    }
    table_open_row(&a->w);
    metrics_object_write_cells(&a->w, m, is_bare);
    table_close_row(&a->w, a->choice.as_version, a->include, buf_str(&a->metadata), buf_str(&a->object));
}

static void open_table(struct answer *a, bool is_bare)
{
    static const struct table_column columns[] = {
        {.name = "Name", .type = "string", .format = "name", .description = "Name of the resource"},
        {.name = "cpu", .type = "string", .format = "quantity", .description = ""},
        {.name = "memory", .type = "string", .format = "quantity", .description = ""},
        {.name = "Window", .type = "string", .format = "duration", .description = ""},
    };
    static const struct table_column bare[] = {
        {.name = "Name", .type = "string", .format = "name", .description = "Name of the resource"},
        {.name = "Window", .type = "string", .format = "duration", .description = ""},
    };

    struct list_meta meta = {.resource_version = buf_str(&a->list_version)};
    table_open(&a->w, a->choice.as_version, &meta, is_bare ? bare : columns, is_bare ? 2 : 4);
}

/* The kind and apiVersion of the list that is asked for. */
static struct str list_kind(const struct answer *a)
{
    if (a->choice.as == ACCEPT_AS_PARTIAL_LIST)
        return STR("PartialObjectMetadataList");
    return a->is_pods ? STR("PodMetricsList") : STR("NodeMetricsList");
}

static struct str list_api_version(const struct answer *a)
{
    bool is_partial = a->choice.as == ACCEPT_AS_PARTIAL_LIST;

    return arena_printf(a->request->arena, "%s/%s", is_partial ? "meta.k8s.io" : GROUP,
                        is_partial ? a->choice.as_version : a->version);
}

static void open_list(struct answer *a)
{
    json_open_object(&a->w);
    json_member_str(&a->w, STR("kind"), list_kind(a));
    json_member_str(&a->w, STR("apiVersion"), list_api_version(a));
    json_write_key(&a->w, STR("metadata"));
    json_open_object(&a->w);
    json_member_str(&a->w, STR("resourceVersion"), buf_str(&a->list_version));
    json_close_object(&a->w);
    json_write_key(&a->w, STR("items"));
    json_open_array(&a->w);
}

static void add_item(struct answer *a, const struct metrics_object *m)
{
    if (a->choice.as == ACCEPT_AS_PARTIAL_LIST)
        metrics_object_write_partial(&a->w, m, a->choice.as_version);
    else
        metrics_object_write(&a->w, m, true);
}

static void finish(struct answer *a)
{
    api_respond_chosen(a->request, 200, &a->choice, &a->body);
    buf_free(&a->body);
    buf_free(&a->list_version);
    buf_free(&a->metadata);
    buf_free(&a->object);
    pod_usage_free(&a->pod);
}

/* --- lists --- */

static struct str field_of(const void *object, struct str key)
{
    const struct catalog_object *o = object;

    return str_eq(key, STR("metadata.name")) ? o->name : o->namespace;
}

/* The next object that the request selects, or NULL. */
static const struct catalog_object *next_selected(const struct answer *a, const struct list_options *options,
                                                  struct catalog_walk *walk)
{
    const struct catalog *catalog = a->api->catalog;
    struct str namespace = a->request->attributes.namespace;
    const struct catalog_object *object;

    do {
        object = a->is_pods ? catalog_next_pod(catalog, namespace, walk) : catalog_next_node(catalog, walk);
    } while (object != NULL && !(object->is_selected && field_selector_matches(&options->fields, field_of, object) &&
                                 catalog_matches_labels(object, &options->labels)));
    return object;
}

/*
 * A Table's columns come before its rows and are those of the first object with figures: pods all of whose containers
 * are left out have none, and if no pod has any the Table has neither column.
 */
static void write_table(struct answer *a, const struct list_options *options)
{
    struct catalog_walk walk = {0};
    const struct catalog_object *object;
    struct metrics_object m;
    bool is_empty = true;
    bool is_bare = true;

    while (is_bare && (object = next_selected(a, options, &walk)) != NULL) {
        if (!usage_of(a, object, &m))
            continue;
        is_empty = false;
        is_bare = !metrics_object_has_usage(&m);
    }
    if (is_empty) {
        struct list_meta meta = {.resource_version = buf_str(&a->list_version)};
        table_write_null(&a->w, a->choice.as_version, &meta);
        return;
    }
    open_table(a, is_bare);
    walk = (struct catalog_walk){0};
    while ((object = next_selected(a, options, &walk)) != NULL)
        if (usage_of(a, object, &m))
            add_row(a, &m, is_bare);
    table_close(&a->w);
}

/* Of the lists only meta.k8s.io/v1beta1's PartialObjectMetadataList has its items before its metadata. */
static void write_protobuf_list(struct answer *a, const struct list_options *options)
{
    bool is_partial = a->choice.as == ACCEPT_AS_PARTIAL_LIST;
    bool is_turned = is_partial && strcmp(a->choice.as_version, "v1beta1") == 0;
    struct catalog_walk walk = {0};
    const struct catalog_object *object;
    struct metrics_object m;
    size_t at = proto_open_object(&a->body, list_api_version(a), list_kind(a));

    if (!is_turned)
        proto_add_list_meta(&a->body, 1, buf_str(&a->list_version));
    while ((object = next_selected(a, options, &walk)) != NULL) {
        if (!usage_of(a, object, &m))
            continue;
        size_t item = proto_open(&a->body, is_turned ? 1 : 2);
        if (is_partial)
            metrics_object_add_partial_protobuf(&a->body, &m);
        else
            metrics_object_add_protobuf(&a->body, &m);
        proto_close(&a->body, item);
    }
    if (is_turned)
        proto_add_list_meta(&a->body, 2, buf_str(&a->list_version));
    proto_close_object(&a->body, at);
}

static void write_list(struct answer *a, const struct list_options *options)
{
    struct catalog_walk walk = {0};
    const struct catalog_object *object;
    struct metrics_object m;

    open_list(a);
    while ((object = next_selected(a, options, &walk)) != NULL)
        if (usage_of(a, object, &m))
            add_item(a, &m);
    json_close_array(&a->w);
    json_close_object(&a->w);
}

/* --- negotiation --- */

static void respond_mismatch(struct answer *a)
{
    struct arena *arena = a->request->arena;
    struct status s = status_not_acceptable(arena, accept_media_types, accept_media_type_count(ALLOWED));
    const char *kind = a->is_pods ? "PodMetrics" : "NodeMetrics";

    s.message = a->is_list ? arena_printf(arena,
                                          "you requested PartialObjectMetadata, but the requested object is a list "
                                          "(*metrics.%sList)",
                                          kind)
                           : arena_printf(arena,
                                          "you requested PartialObjectMetadataList, but the requested object is not a "
                                          "list (*metrics.%s)",
                                          kind);
    api_respond_status(a->request, &s);
}

/* How to write the answer. False: it was answered already. */
static bool negotiate(struct answer *a)
{
    struct arena *arena = a->request->arena;
    struct str include = query_get(&a->request->query, STR("includeObject"));

    if (!api_negotiate(a->request, ALLOWED, &a->choice))
        return false;
    if ((a->is_list && a->choice.as == ACCEPT_AS_PARTIAL) || (!a->is_list && a->choice.as == ACCEPT_AS_PARTIAL_LIST)) {
        respond_mismatch(a);
        return false;
    }
    if (a->choice.as != ACCEPT_AS_TABLE || table_include_parse(include, &a->include))
        return true;
    struct status s = status_bad_request(
        arena_printf(arena,
                     "Unable to convert to Table as requested: includeObject: Invalid value: \"%.*s\": must be "
                     "'Metadata', 'Object', 'None', or empty",
                     STR_ARG(include)));
    api_respond_status(a->request, &s);
    return false;
}

/* --- requests --- */

static void respond_not_found(struct api_request *r, struct str group, struct str resource, struct str name)
{
    struct status s = status_not_found(r->arena, (struct group_resource){.group = group, .resource = resource}, name);

    api_respond_status(r, &s);
}

static void handle_get(struct answer *a)
{
    struct api_request *r = a->request;
    struct str name = r->attributes.name, namespace = r->attributes.namespace;
    const struct catalog_object *object =
        a->is_pods ? catalog_pod(a->api->catalog, namespace, name) : catalog_node(a->api->catalog, name);
    struct metrics_object m;

    if (query_has(&r->query, STR("export"))) {
        struct status s =
            status_bad_request(STR("the export parameter, deprecated since v1.14, is no longer supported"));
        api_respond_status(r, &s);
        return;
    }
    if (object == NULL) {
        respond_not_found(r, STR(""), a->is_pods ? STR("pods") : STR("node"), name);
        return;
    }
    if (!usage_of(a, object, &m)) {
        struct str full = arena_printf(r->arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
        respond_not_found(r, STR(GROUP), a->is_pods ? STR("podmetrics") : STR("nodemetrics"), a->is_pods ? full : name);
        return;
    }
    if (!negotiate(a)) {
        pod_usage_free(&a->pod);
        return;
    }
    if (a->choice.as == ACCEPT_AS_TABLE) {
        if (m.resource_version != 0)
            buf_add_u64(&a->list_version, m.resource_version);
        open_table(a, !metrics_object_has_usage(&m));
        add_row(a, &m, !metrics_object_has_usage(&m));
        table_close(&a->w);
    } else {
        metrics_object_print(&a->body, &m, &a->choice);
    }
    finish(a);
}

static void handle_list(struct answer *a)
{
    struct group_resource resource = {.group = STR(GROUP), .resource = a->request->attributes.resource};
    struct list_options options;
    struct status failure;

    if (!list_options_read(a->request->arena, &a->request->query, resource, &options, &failure)) {
        api_respond_status(a->request, &failure);
        return;
    }
    if (!negotiate(a))
        return;
    buf_add_u64(&a->list_version, ledger_version(a->api->ledger));
    if (a->choice.as == ACCEPT_AS_TABLE)
        write_table(a, &options);
    else if (a->choice.media == ACCEPT_PROTOBUF)
        write_protobuf_list(a, &options);
    else
        write_list(a, &options);
    finish(a);
}

/* /apis/GROUP/VERSION/watch/... */
static bool is_old_watch(const struct api_attributes *what)
{
    struct str rest = str_skip(what->path, strlen(GROUP_PATH "/") + what->version.len);

    return str_starts_with(rest, STR("/watch/"));
}

/* Whether the path is one of those in the header; then A says what it names. */
static bool is_known(struct answer *a)
{
    const struct api_attributes *what = &a->request->attributes;
    const struct discovery_version *version = discovery_version(&a->api->discovery, STR(GROUP), what->version);
    struct str resource, name;

    str_cut(what->parts, '/', &resource, &name);
    a->is_pods = str_eq(resource, STR("pods"));
    a->is_list = name.len == 0;
    if (!what->is_resource || !str_eq(what->group, STR(GROUP)) || version == NULL || what->subresource.len > 0 ||
        is_old_watch(what))
        return false;
    a->version = version->version.ptr;
    if (a->is_pods)
        return what->namespace.len > 0 || a->is_list;
    return str_eq(resource, STR("nodes")) && what->namespace.len == 0;
}

static void handle(void *arg, struct api_request *r)
{
    const struct metrics_api *api = arg;
    struct answer a = {.api = api, .request = r};

    if (discovery_handle(&api->discovery, r))
        return;
    if (!is_known(&a)) {
        struct status s = status_no_such_path();
        api_respond_status(r, &s);
    } else if (!str_eq(r->http->method, STR("GET"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
    } else {
        a.w = json_writer_to(&a.body); /* A stays where it is until the answer is written */
        if (a.is_list)
            handle_list(&a);
        else
            handle_get(&a);
    }
}

/* Other groups aren't known here at all. */
static void handle_apis(void *arg, struct api_request *r)
{
    const struct metrics_api *api = arg;

    if (!discovery_handle(&api->discovery, r))
        api_respond_paths(r, 404);
}

void metrics_api_install(struct metrics_api *a, struct api_server *server)
{
    api_server_route(server, "/apis", handle_apis, a);
    api_server_route_unlisted(server, "/apis/", handle_apis, a);
    api_server_route(server, GROUP_PATH, handle, a);
    api_server_route_unlisted(server, GROUP_PATH "/", handle, a);
    api_server_route(server, GROUP_PATH "/v1beta1", handle, a);
    api_server_route_unlisted(server, GROUP_PATH "/v1beta1/", handle, a);
    api_server_route(server, GROUP_PATH "/v1", handle, a);
    api_server_route_unlisted(server, GROUP_PATH "/v1/", handle, a);
}
