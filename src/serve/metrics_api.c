#include "serve/metrics_api.h"

#include "apiserver/discovery.h"
#include "base/alloc.h"
#include "serve/ledger.h"
#include "serve/metrics_list.h"
#include "serve/metrics_table.h"
#include "serve/watch.h"

#include <inttypes.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define GROUP "metrics.k8s.io"
#define ALLOWED (ACCEPT_ALLOW_TABLE | ACCEPT_ALLOW_PARTIAL | ACCEPT_ALLOW_PROTOBUF)
#define GROUP_PATH "/apis/metrics.k8s.io"

struct metrics_api {
    struct ledger *ledger;
    struct watch_hub *watches;
    const struct catalog *catalog; /* the ledger's */
    const struct usage_store *store;
    char *server_address;
    struct discovery discovery;
    struct metric_histogram *freshness; /* borrowed; NULL: nobody asks */
};

/* --- discovery --- */

static const struct str verbs[] = {STR_INIT("get"), STR_INIT("list"), STR_INIT("watch")};

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

struct metrics_api *metrics_api_new(uv_loop_t *loop, struct ledger *ledger, struct str server_address)
{
    struct metrics_api *a = mem_zalloc(sizeof(*a));

    a->ledger = ledger;
    a->watches = watch_hub_new(loop, ledger);
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
    watch_hub_free(a->watches);
    free(a->server_address);
    free(a);
}

void metrics_api_set_min_watch(struct metrics_api *a, int64_t seconds)
{
    watch_hub_set_min_timeout(a->watches, seconds);
}

void metrics_api_end_watches(struct metrics_api *a)
{
    watch_hub_close(a->watches);
}

void metrics_api_set_freshness(struct metrics_api *a, struct metric_histogram *freshness)
{
    a->freshness = freshness;
}

/* --- negotiation --- */

static void respond_mismatch(const struct metrics_question *q, bool is_list)
{
    struct arena *arena = q->request->arena;
    struct status s = status_not_acceptable(arena, accept_media_types, accept_media_type_count(ALLOWED));
    const char *kind = metrics_object_kind(q->is_pods);

    s.message = is_list ? arena_printf(arena,
                                       "you requested PartialObjectMetadata, but the requested object is a list "
                                       "(*metrics.%sList)",
                                       kind)
                        : arena_printf(arena,
                                       "you requested PartialObjectMetadataList, but the requested object is not a "
                                       "list (*metrics.%s)",
                                       kind);
    api_respond_status(q->request, &s);
}

/* How to write the answer. False: it was answered already. */
static bool negotiate(struct metrics_question *q, bool is_list)
{
    struct arena *arena = q->request->arena;
    struct str include = query_get(&q->request->query, STR("includeObject"));

    if (!api_negotiate(q->request, ALLOWED, &q->choice))
        return false;
    if (q->choice.as == (is_list ? ACCEPT_AS_PARTIAL : ACCEPT_AS_PARTIAL_LIST)) {
        respond_mismatch(q, is_list);
        return false;
    }
    if (q->choice.as != ACCEPT_AS_TABLE || table_include_parse(include, &q->include))
        return true;
    struct status s = status_bad_request(
        arena_printf(arena,
                     "Unable to convert to Table as requested: includeObject: Invalid value: \"%.*s\": must be "
                     "'Metadata', 'Object', 'None', or empty",
                     STR_ARG(include)));
    api_respond_status(q->request, &s);
    return false;
}

/* --- requests --- */

static void respond_not_found(struct api_request *r, struct str group, struct str resource, struct str name)
{
    struct status s = status_not_found(r->arena, (struct group_resource){.group = group, .resource = resource}, name);

    api_respond_status(r, &s);
}

/* "" for 0: none. */
static struct str print_version(struct arena *arena, uint64_t version)
{
    return version != 0 ? arena_printf(arena, "%" PRIu64, version) : STR("");
}

static void print_table(struct buf *to, const struct metrics_question *q, const struct metrics_object *m)
{
    struct metrics_table table = {
        .version = q->choice.as_version, .include = q->include, .is_bare = !metrics_object_has_usage(m)};
    struct json_writer w = json_writer_to(to);

    metrics_table_open(&table, &w, print_version(q->request->arena, m->resource_version));
    metrics_table_add(&table, &w, m);
    metrics_table_close(&w);
    metrics_table_free(&table);
}

/* A known node or pod. */
static void respond_object(struct metrics_question *q, const struct catalog_object *object, struct pod_usage *pod)
{
    struct api_request *r = q->request;
    auto_buf struct buf body = {0};
    struct metrics_object m;

    if (!metrics_question_look_up(q, object, pod, &m)) {
        struct str full = arena_printf(r->arena, "%.*s/%.*s", STR_ARG(object->namespace), STR_ARG(object->name));
        respond_not_found(r, STR(GROUP), q->is_pods ? STR("podmetrics") : STR("nodemetrics"),
                          q->is_pods ? full : object->name);
        return;
    }
    if (!negotiate(q, false))
        return;
    metrics_question_note(q, &m);
    if (q->choice.as == ACCEPT_AS_TABLE)
        print_table(&body, q, &m);
    else
        metrics_object_print(&body, &m, &q->choice);
    api_respond_chosen(r, 200, &q->choice, &body);
}

static void handle_get(struct metrics_question *q)
{
    struct api_request *r = q->request;
    struct str name = r->attributes.name, namespace = r->attributes.namespace;
    const struct catalog_object *object =
        q->is_pods ? catalog_pod(q->catalog, namespace, name) : catalog_node(q->catalog, name);
    struct pod_usage pod = {0};

    if (query_is_true(&r->query, STR("export"))) {
        struct status s =
            status_bad_request(STR("the export parameter, deprecated since v1.14, is no longer supported"));
        api_respond_status(r, &s);
    } else if (object == NULL) {
        respond_not_found(r, STR(""), q->is_pods ? STR("pods") : STR("node"), name);
    } else {
        respond_object(q, object, &pod);
        pod_usage_free(&pod);
    }
}

static void handle_watch(const struct metrics_api *api, struct metrics_question *q)
{
    static const struct str streams[] = {STR_INIT("application/json;stream=watch"),
                                         STR_INIT("application/vnd.kubernetes.protobuf;stream=watch")};

    if (!negotiate(q, false)) /* each event has one object */
        return;
    if (watch_form_content_type(&q->choice).len == 0) {
        struct status s = status_not_acceptable(q->request->arena, streams, COUNT(streams));
        api_respond_status(q->request, &s);
        return;
    }
    const struct watch_form form = {
        .is_pods = q->is_pods, .version = q->version, .choice = q->choice, .include = q->include};
    watch_hub_serve(api->watches, q->request, &form, &q->options);
}

/* How clients list that mean to go on with a watch: in pages, or from a version. */
static bool may_watch_next(const struct api_request *r)
{
    return query_has(&r->query, STR("limit")) || query_has(&r->query, STR("resourceVersion"));
}

/* Its resourceVersion is that of its beginning: a watch from there misses nothing. */
static void handle_list(const struct metrics_api *api, struct metrics_question *q)
{
    struct api_request *r = q->request;
    struct group_resource resource = {.group = STR(GROUP), .resource = r->attributes.resource};
    struct status failure;

    q->resource_version = print_version(r->arena, ledger_version(api->ledger));
    if (!list_options_read(r->arena, &r->query, resource, &q->options, &failure))
        api_respond_status(r, &failure);
    else if (q->options.is_watch)
        handle_watch(api, q);
    else if (negotiate(q, true)) {
        if (may_watch_next(r))
            watch_hub_expect(api->watches);
        metrics_list_respond(q);
    }
}

/* /apis/GROUP/VERSION/watch/... */
static bool is_old_watch(const struct api_attributes *what)
{
    struct str rest = str_skip(what->path, strlen(GROUP_PATH "/") + what->version.len);

    return str_starts_with(rest, STR("/watch/"));
}

/* Whether the path is one of those in the header; then Q and IS_LIST say what it names. */
static bool is_known(const struct metrics_api *api, struct metrics_question *q, bool *is_list)
{
    const struct api_attributes *what = &q->request->attributes;
    const struct discovery_version *version = discovery_version(&api->discovery, STR(GROUP), what->version);
    struct str resource, name;

    str_cut(what->parts, '/', &resource, &name);
    q->is_pods = str_eq(resource, STR("pods"));
    *is_list = name.len == 0;
    if (!what->is_resource || !str_eq(what->group, STR(GROUP)) || version == NULL || what->subresource.len > 0 ||
        is_old_watch(what))
        return false;
    q->version = version->version.ptr;
    if (q->is_pods)
        return what->namespace.len > 0 || *is_list;
    return str_eq(resource, STR("nodes")) && what->namespace.len == 0;
}

static void handle(void *arg, struct api_request *r)
{
    const struct metrics_api *api = arg;
    struct metrics_question q = {
        .request = r, .catalog = api->catalog, .store = api->store, .freshness = api->freshness};
    bool is_list;

    if (discovery_handle(&api->discovery, r))
        return;
    if (!is_known(api, &q, &is_list)) {
        struct status s = status_no_such_path();
        api_respond_status(r, &s);
    } else if (!str_eq(r->http->method, STR("GET"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
    } else if (is_list) {
        handle_list(api, &q);
    } else {
        handle_get(&q);
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
