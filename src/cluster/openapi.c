#include "cluster/openapi.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/openapi_schema.h"

#define MAX_GROUP_VERSIONS 32
#define PROTOBUF_TYPE "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

struct document {
    struct buf bytes;
    char etag[20]; /* quoted */
};

struct openapi {
    struct document v2_json, v2_protobuf, v3_index;
    struct document v3[MAX_GROUP_VERSIONS]; /* by the index of the group version's first kind in resources[] */
};

struct openapi *openapi_new(void)
{
    return mem_zalloc(sizeof(struct openapi));
}

void openapi_free(struct openapi *o)
{
    if (o == NULL)
        return;
    buf_free(&o->v2_json.bytes);
    buf_free(&o->v2_protobuf.bytes);
    buf_free(&o->v3_index.bytes);
    for (size_t i = 0; i < MAX_GROUP_VERSIONS; i++)
        buf_free(&o->v3[i].bytes);
    free(o);
}

static void seal(struct document *d)
{
    snprintf(d->etag, sizeof(d->etag), "\"%016llX\"", (unsigned long long)str_hash(buf_str(&d->bytes)));
}

static void dump(struct document *d, const json_t *json)
{
    auto_free char *text = json_dumps(json, JSON_COMPACT);
    buf_add_cstr(&d->bytes, text);
    seal(d);
}

static json_t *info(void)
{
    return json_pack("{s:s,s:s}", "title", "Kubernetes", "version", "v1.36.0");
}

/* The PATCH operation of R: {"patch":{"parameters":[...],"x-kubernetes-group-version-kind":{...},...}}. */
static json_t *path_item(const struct resource *r, bool is_v3)
{
    json_t *parameters = json_array();
    for (size_t i = 0; openapi_patch_parameters[i] != NULL; i++) {
        json_t *p = json_pack("{s:s,s:s}", "name", openapi_patch_parameters[i], "in", "query");
        const char *type = strcmp(openapi_patch_parameters[i], "force") == 0 ? "boolean" : "string";
        if (is_v3)
            json_object_set_new(p, "schema", json_pack("{s:s}", "type", type));
        else
            json_object_set_new(p, "type", json_string(type));
        json_array_append_new(parameters, p);
    }
    return json_pack("{s:{s:o,s:{s:{s:s}},s:s,s:o}}", "patch", "parameters", parameters, "responses", "200",
                     "description", "OK", "x-kubernetes-action", "patch", "x-kubernetes-group-version-kind",
                     openapi_gvk(r));
}

static void add_kind(json_t *paths, json_t *definitions, const struct resource *r, const char *prefix, bool is_v3)
{
    auto_buf struct buf path = {0};
    openapi_object_path(&path, r);
    json_object_set_new(paths, buf_cstr(&path), path_item(r, is_v3));
    openapi_define(definitions, r, prefix);
}

static json_t *make_v2(void)
{
    json_t *paths = json_object(), *definitions = json_object();
    for (size_t i = 0; resources[i] != NULL; i++)
        add_kind(paths, definitions, resources[i], "#/definitions/", false);
    return json_pack("{s:s,s:o,s:o,s:o}", "swagger", "2.0", "info", info(), "paths", paths, "definitions", definitions);
}

static struct document *v2_json(struct openapi *o)
{
    if (o->v2_json.bytes.len == 0) {
        auto_dom json_t *json = make_v2();
        dump(&o->v2_json, json);
    }
    return &o->v2_json;
}

static struct document *v2_protobuf(struct openapi *o)
{
    if (o->v2_protobuf.bytes.len == 0) {
        auto_dom json_t *json = make_v2();
        openapi_gnostic(&o->v2_protobuf.bytes, json);
        seal(&o->v2_protobuf);
    }
    return &o->v2_protobuf;
}

/* "api/v1" or "apis/GROUP/VERSION" */
static struct buf group_path(const struct resource *r)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s%s/%s", r->group[0] == '\0' ? "api" : "apis", r->group[0] == '\0' ? "" : "/", r->group,
               r->version);
    return path;
}

/* The first kind of the group version whose document lies under PATH; -1 when there is none. */
static ptrdiff_t find_group(struct str path)
{
    for (size_t i = 0; resources[i] != NULL; i++) {
        auto_buf struct buf own = group_path(resources[i]);
        if (str_eq(buf_str(&own), path))
            return (ptrdiff_t)i;
    }
    return -1;
}

static struct document *v3_of(struct openapi *o, size_t first)
{
    struct document *d = &o->v3[first];
    if (d->bytes.len > 0)
        return d;
    json_t *paths = json_object(), *schemas = json_object();
    for (size_t i = first; resources[i] != NULL; i++) {
        if (strcmp(resources[i]->group, resources[first]->group) == 0 &&
            strcmp(resources[i]->version, resources[first]->version) == 0)
            add_kind(paths, schemas, resources[i], "#/components/schemas/", true);
    }
    auto_dom json_t *json = json_pack("{s:s,s:o,s:o,s:{s:o}}", "openapi", "3.0.0", "info", info(), "paths", paths,
                                      "components", "schemas", schemas);
    dump(d, json);
    return d;
}

static struct document *v3_index(struct openapi *o)
{
    if (o->v3_index.bytes.len > 0)
        return &o->v3_index;
    json_t *paths = json_object();
    for (size_t i = 0; resources[i] != NULL; i++) {
        auto_buf struct buf path = group_path(resources[i]), url = {0};
        if (find_group(buf_str(&path)) != (ptrdiff_t)i)
            continue;
        const char *etag = v3_of(o, i)->etag;
        buf_printf(&url, "/openapi/v3/%s?hash=%.16s", buf_cstr(&path), etag + 1);
        json_object_set_new(paths, buf_cstr(&path), json_pack("{s:s}", "serverRelativeURL", buf_cstr(&url)));
    }
    auto_dom json_t *json = json_pack("{s:o}", "paths", paths);
    dump(&o->v3_index, json);
    return &o->v3_index;
}

static void respond(struct api_request *r, const struct document *d, struct str content_type)
{
    struct http_headers headers = {0};
    bool is_known = str_eq_cstr(http_headers_get(&r->http->headers, STR("If-None-Match")), d->etag);
    http_headers_add(&headers, r->arena, STR("ETag"), str_of(d->etag));
    http_headers_add(&headers, r->arena, STR("Vary"), STR("Accept"));
    if (!is_known)
        http_headers_add(&headers, r->arena, STR("Content-Type"), content_type);
    api_start(r, is_known ? 304 : 200, &headers, is_known ? 0 : (int64_t)d->bytes.len);
    if (!is_known)
        api_write(r, buf_str(&d->bytes));
    api_end(r);
}

/* Whether the client asks for protobuf, by its old name ("@v1.0", which is no media type to answer with) or its new
 * one. */
static bool wants_protobuf(const struct api_request *r)
{
    return str_find(r->accept, STR("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")) >= 0 ||
           str_find(r->accept, STR(PROTOBUF_TYPE)) >= 0;
}

void openapi_handle(struct openapi *o, struct api_request *r)
{
    static const struct str v3 = STR_INIT("/openapi/v3/");
    struct str path = r->attributes.path;
    bool is_protobuf = wants_protobuf(r);
    if (!str_eq(r->attributes.verb, STR("get")) && !str_eq(r->attributes.verb, STR("head"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
    } else if (str_eq(path, STR("/openapi/v2"))) {
        respond(r, is_protobuf ? v2_protobuf(o) : v2_json(o),
                is_protobuf ? STR(PROTOBUF_TYPE) : STR("application/json"));
    } else if (str_eq(path, STR("/openapi/v3")) || str_eq(path, v3)) {
        respond(r, v3_index(o), STR("application/json"));
    } else {
        ptrdiff_t first = find_group(str_skip(path, v3.len));
        if (first >= 0) {
            respond(r, v3_of(o, (size_t)first), STR("application/json"));
            return;
        }
        struct status s = status_no_such_path();
        api_respond_status(r, &s);
    }
}
