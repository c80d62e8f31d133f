#include "cluster/api_call.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/openapi.h"

struct route {
    const char *verb;
    unsigned bit;
    void (*handle)(struct api_call *c);
};

static const struct route routes[] = {
    {"get", VERB_GET, api_get},          {"list", VERB_LIST, api_list},
    {"watch", VERB_WATCH, api_watch},    {"create", VERB_CREATE, api_create},
    {"update", VERB_UPDATE, api_update}, {"patch", VERB_PATCH, api_patch},
    {"delete", VERB_DELETE, api_delete}, {"deletecollection", VERB_DELETECOLLECTION, api_delete_collection},
};

void api_call_fail(struct api_request *r, struct failure *f)
{
    api_respond_status(r, &f->status);
    failure_clear(f);
}

bool api_call_present(struct api_call *c, bool is_list, struct present *out)
{
    struct api_request *r = c->request;
    *out = (struct present){.kind = c->kind, .now_unix_ns = r->received_unix_ns};
    if (!api_negotiate(r, ACCEPT_ALLOW_TABLE | ACCEPT_ALLOW_PARTIAL, &out->choice))
        return false;
    struct failure f = {0};
    if (out->choice.as == ACCEPT_AS_PARTIAL && is_list)
        out->choice.as = ACCEPT_AS_PARTIAL_LIST;
    if (!table_include_parse(query_get(&r->query, STR("includeObject")), &out->include)) {
        failure_bad_request(&f, "invalid includeObject value \"%.*s\"",
                            STR_ARG(query_get(&r->query, STR("includeObject"))));
        api_call_fail(r, &f);
        return false;
    }
    return true;
}

static void add_warning(struct http_headers *headers, struct arena *arena, struct str text)
{
    auto_buf struct buf value = {0};
    buf_add_cstr(&value, "299 - \"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_add_char(&value, '\\');
        buf_add_char(&value, text.ptr[i] >= ' ' ? text.ptr[i] : ' ');
    }
    buf_add_char(&value, '"');
    http_headers_add(headers, arena, STR("Warning"), buf_str(&value));
}

void api_call_respond(struct api_request *r, int code, const struct accept_choice *choice, struct buf *json,
                      const json_t *warnings)
{
    if (json_array_size(warnings) == 0 || choice->media != ACCEPT_JSON) {
        api_respond_chosen(r, code, choice, json);
        return;
    }
    struct http_headers headers = {0};
    size_t i;
    json_t *warning;
    http_headers_add(&headers, r->arena, STR("Content-Type"), STR("application/json"));
    json_array_foreach (warnings, i, warning)
        add_warning(&headers, r->arena, json_text(warning));
    buf_add_char(json, '\n');
    api_start(r, code, &headers, (int64_t)json->len);
    api_write_buf(r, json);
    api_end(r);
}

/* Whether the generic verbs know SUBRESOURCE of KIND. */
static bool is_known_subresource(const struct resource *kind, struct str subresource, struct str verb)
{
    bool is_write = str_eq(verb, STR("update")) || str_eq(verb, STR("patch"));
    if (subresource.len == 0)
        return true;
    if (str_eq(subresource, STR("status")))
        return kind->has_status && (is_write || str_eq(verb, STR("get")));
    return str_eq(subresource, STR("finalize")) && strcmp(kind->plural, "namespaces") == 0 &&
           str_eq(verb, STR("update"));
}

static void respond_no_path(struct api_request *r)
{
    struct status s = status_no_such_path();
    api_respond_status(r, &s);
}

static void respond_method_not_allowed(struct api_request *r)
{
    struct status s = status_method_not_allowed();
    api_respond_status(r, &s);
}

/* Whether the path's shape fits: a namespace where there are any, a name where the verb is about one object. */
static bool is_scope_right(const struct resource *kind, const struct api_attributes *a)
{
    bool is_namespaces = strcmp(kind->plural, "namespaces") == 0;
    return kind->is_namespaced || is_namespaces || a->namespace.len == 0;
}

static bool lacks_name(const struct api_attributes *a)
{
    bool is_about_one = str_eq(a->verb, STR("update")) || str_eq(a->verb, STR("patch"));
    return is_about_one && a->name.len == 0;
}

static bool lacks_namespace(const struct resource *kind, const struct api_attributes *a)
{
    bool is_read = str_eq(a->verb, STR("list")) || str_eq(a->verb, STR("watch"));
    return kind->is_namespaced && a->namespace.len == 0 && !is_read;
}

static void on_request(void *arg, struct api_request *r)
{
    struct api *api = arg;
    const struct api_attributes *a = &r->attributes;
    if (api->options.handle_first != NULL && api->options.handle_first(api->options.arg, r))
        return;
    if (discovery_handle(api_discovery_table(api->options.discovery), r))
        return;
    const struct resource *kind = a->is_resource ? resource_find(a->group, a->version, a->resource) : NULL;
    if (kind == NULL || !is_known_subresource(kind, a->subresource, a->verb)) {
        bool is_other = api->options.handle_other != NULL && api->options.handle_other(api->options.arg, r);
        if (!is_other)
            respond_no_path(r);
        return;
    }
    if (!is_scope_right(kind, a)) {
        respond_no_path(r);
        return;
    }
    struct api_call *c = arena_zalloc(r->arena, sizeof(*c));
    *c = (struct api_call){.api = api, .request = r, .kind = kind};
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (!str_eq_cstr(a->verb, routes[i].verb))
            continue;
        if (!(kind->verbs & routes[i].bit) || lacks_name(a) || lacks_namespace(kind, a))
            break;
        routes[i].handle(c);
        return;
    }
    respond_method_not_allowed(r);
}

static void on_openapi(void *arg, struct api_request *r)
{
    struct api *api = arg;
    openapi_handle(api->openapi, r);
}

struct api *api_new(const struct api_options *options)
{
    struct api *a = mem_zalloc(sizeof(*a));
    a->options = *options;
    a->openapi = openapi_new();
    return a;
}

void api_free(struct api *a)
{
    if (a == NULL)
        return;
    openapi_free(a->openapi);
    free(a);
}

void api_install(struct api *a, struct api_server *server)
{
    static const struct build_version version = {
        .major = "1",
        .minor = "36",
        .git_version = "v1.36.0",
        .git_commit = "tacho-" TACHO_VERSION,
        .build_date = "1970-01-01T00:00:00Z",
    };
    api_server_route(server, "/api", on_request, a);
    api_server_route(server, "/api/", on_request, a);
    api_server_route(server, "/apis", on_request, a);
    api_server_route(server, "/apis/", on_request, a);
    build_version_install(&version, server);
    api_server_route(server, "/openapi/v2", on_openapi, a);
    api_server_route(server, "/openapi/v3", on_openapi, a);
    api_server_route(server, "/openapi/v3/", on_openapi, a);
}
