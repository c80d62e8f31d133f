#include "serve/metrics_openapi.h"

#include "base/alloc.h"
#include "kube/json_writer.h"
#include "serve/openapi_types.h"

#include <assert.h>

#define GROUP "metrics.k8s.io"

enum {
    MAX_TYPES = 64,
};

/* A type as it is called: those of metrics.k8s.io are there once for each version. */
struct named_type {
    const struct openapi_type *type;
    const char *version; /* NULL: not of metrics.k8s.io */
};

/* What goes into one document. */
struct document {
    struct json_writer w;
    bool is_v3;
    struct named_type types[MAX_TYPES];
    size_t type_count;
};

/* --- paths --- */

enum parameters {
    NO_PARAMETERS,
    NAME_PARAMETER = 1,
    NAMESPACE_PARAMETER = 2,
    LIST_PARAMETERS = 4,
};

struct operation {
    const char *part; /* of version 3 that it is in */
    const char *path;
    const char *version; /* of metrics.k8s.io; NULL: none */
    const char *id;
    const char *description;
    const char *tag;
    const char *action; /* NULL: no objects */
    const char *kind;   /* of the objects; likewise */
    const struct openapi_type *answer;
    unsigned parameters; /* of enum parameters */
};

#define OBJECTS(in_version, in_id)                                                                                     \
    {"apis/" GROUP "/" in_version,                                                                                     \
     "/apis/" GROUP "/" in_version "/",                                                                                \
     in_version,                                                                                                       \
     "getMetrics" in_id "APIResources",                                                                                \
     "Says which resources there are.",                                                                                \
     "metrics_" in_version,                                                                                            \
     NULL,                                                                                                             \
     NULL,                                                                                                             \
     &openapi_api_resource_list,                                                                                       \
     NO_PARAMETERS},                                                                                                   \
        {"apis/" GROUP "/" in_version,                                                                                 \
         "/apis/" GROUP "/" in_version "/nodes",                                                                       \
         in_version,                                                                                                   \
         "listMetrics" in_id "NodeMetrics",                                                                            \
         "Lists what nodes use.",                                                                                      \
         "metrics_" in_version,                                                                                        \
         "list",                                                                                                       \
         "NodeMetrics",                                                                                                \
         &openapi_node_metrics_list,                                                                                   \
         LIST_PARAMETERS},                                                                                             \
        {"apis/" GROUP "/" in_version,                                                                                 \
         "/apis/" GROUP "/" in_version "/nodes/{name}",                                                                \
         in_version,                                                                                                   \
         "readMetrics" in_id "NodeMetrics",                                                                            \
         "Says what a node uses.",                                                                                     \
         "metrics_" in_version,                                                                                        \
         "get",                                                                                                        \
         "NodeMetrics",                                                                                                \
         &openapi_node_metrics,                                                                                        \
         NAME_PARAMETER},                                                                                              \
        {"apis/" GROUP "/" in_version,                                                                                 \
         "/apis/" GROUP "/" in_version "/pods",                                                                        \
         in_version,                                                                                                   \
         "listMetrics" in_id "PodMetricsForAllNamespaces",                                                             \
         "Lists what the pods of all namespaces use.",                                                                 \
         "metrics_" in_version,                                                                                        \
         "list",                                                                                                       \
         "PodMetrics",                                                                                                 \
         &openapi_pod_metrics_list,                                                                                    \
         LIST_PARAMETERS},                                                                                             \
        {"apis/" GROUP "/" in_version,                                                                                 \
         "/apis/" GROUP "/" in_version "/namespaces/{namespace}/pods",                                                 \
         in_version,                                                                                                   \
         "listMetrics" in_id "NamespacedPodMetrics",                                                                   \
         "Lists what the pods of a namespace use.",                                                                    \
         "metrics_" in_version,                                                                                        \
         "list",                                                                                                       \
         "PodMetrics",                                                                                                 \
         &openapi_pod_metrics_list,                                                                                    \
         NAMESPACE_PARAMETER | LIST_PARAMETERS},                                                                       \
    {                                                                                                                  \
        "apis/" GROUP "/" in_version, "/apis/" GROUP "/" in_version "/namespaces/{namespace}/pods/{name}", in_version, \
            "readMetrics" in_id "NamespacedPodMetrics", "Says what a pod uses.", "metrics_" in_version, "get",         \
            "PodMetrics", &openapi_pod_metrics, NAMESPACE_PARAMETER | NAME_PARAMETER                                   \
    }

static const struct operation operations[] = {
    {"apis", "/apis/", NULL, "getAPIVersions", "Says which groups there are.", "apis", NULL, NULL,
     &openapi_api_group_list, NO_PARAMETERS},
    {"apis/" GROUP, "/apis/" GROUP "/", NULL, "getMetricsAPIGroup", "Says which versions there are.", "metrics", NULL,
     NULL, &openapi_api_group, NO_PARAMETERS},
    OBJECTS("v1beta1", "V1beta1"),
    OBJECTS("v1", "V1"),
    {"version", "/version/", NULL, "getCodeVersion", "Says what the server is.", "version", NULL, NULL,
     &openapi_version_info, NO_PARAMETERS},
};

struct parameter {
    const char *name;
    const char *in;
    const char *type;
    const char *description;
    unsigned of; /* of enum parameters; 0: all */
};

/* In the order of their names. */
static const struct parameter parameters[] = {
    {"allowWatchBookmarks", "query", "boolean", "Asks a watch for bookmarks.", LIST_PARAMETERS},
    {"continue", "query", "string", "Understood, and without effect: lists are whole.", LIST_PARAMETERS},
    {"fieldSelector", "query", "string", "Selects by metadata.name and metadata.namespace.", LIST_PARAMETERS},
    {"labelSelector", "query", "string", "Selects by labels.", LIST_PARAMETERS},
    {"limit", "query", "integer", "Understood, and without effect: lists are whole.", LIST_PARAMETERS},
    {"name", "path", "string", "The object's name.", NAME_PARAMETER},
    {"namespace", "path", "string", "The objects' namespace.", NAMESPACE_PARAMETER},
    {"pretty", "query", "string", "Whether JSON is indented.", LIST_PARAMETERS | NAME_PARAMETER},
    {"resourceVersion", "query", "string", "Where a watch goes on from.", LIST_PARAMETERS},
    {"resourceVersionMatch", "query", "string", "How resourceVersion is meant.", LIST_PARAMETERS},
    {"sendInitialEvents", "query", "boolean", "Asks a watch for what there is, then a bookmark.", LIST_PARAMETERS},
    {"timeoutSeconds", "query", "integer", "How long a watch lasts.", LIST_PARAMETERS},
    {"watch", "query", "boolean", "Asks for changes, as they come.", LIST_PARAMETERS},
};

/* --- types --- */

static void print_type_name(struct buf *to, const struct named_type *t)
{
    buf_printf(to, "%s%s%s.%s", t->type->package, t->version != NULL ? "." : "", t->version != NULL ? t->version : "",
               t->type->name);
}

static struct named_type name_type(const struct openapi_type *type, const char *version)
{
    return (struct named_type){.type = type, .version = type->is_metrics ? version : NULL};
}

/* Takes TYPE, and all that it refers to, into the document; in the order of names. */
static void collect(struct document *d, const struct openapi_type *type, const char *version)
{
    struct named_type t = name_type(type, version);
    auto_buf struct buf name = {0};
    size_t at;

    print_type_name(&name, &t);
    for (at = d->type_count; at > 0; at--) {
        auto_buf struct buf other = {0};
        print_type_name(&other, &d->types[at - 1]);
        int order = str_cmp(buf_str(&other), buf_str(&name));
        if (order == 0)
            return;
        if (order < 0)
            break;
    }
    assert(d->type_count < MAX_TYPES);
    memmove(&d->types[at + 1], &d->types[at], (d->type_count - at) * sizeof(d->types[0]));
    d->types[at] = t;
    d->type_count++;
    for (const struct openapi_property *p = type->properties; p != NULL && p->name != NULL; p++)
        if (p->of != NULL)
            collect(d, p->of, version);
}

/* {"$ref":"#/definitions/..."} */
static void write_ref(struct document *d, const struct openapi_type *type, const char *version)
{
    struct named_type t = name_type(type, version);
    auto_buf struct buf ref = {0};

    buf_add_cstr(&ref, d->is_v3 ? "#/components/schemas/" : "#/definitions/");
    print_type_name(&ref, &t);
    json_open_object(&d->w);
    json_member_str(&d->w, STR("$ref"), buf_str(&ref));
    json_close_object(&d->w);
}

/* The members of a schema that say what one value of P is. In version 3 nothing may stand beside a $ref. */
static void write_value(struct document *d, const struct openapi_property *p, const char *version)
{
    if (p->of == NULL) {
        json_member_cstr(&d->w, STR("type"), p->type);
        if (p->format != NULL)
            json_member_cstr(&d->w, STR("format"), p->format);
        return;
    }
    struct named_type t = name_type(p->of, version);
    auto_buf struct buf ref = {0};
    if (d->is_v3) {
        json_write_key(&d->w, STR("allOf"));
        json_open_array(&d->w);
        write_ref(d, p->of, version);
        json_close_array(&d->w);
        return;
    }
    buf_add_cstr(&ref, "#/definitions/");
    print_type_name(&ref, &t);
    json_member_str(&d->w, STR("$ref"), buf_str(&ref));
}

static void write_property(struct document *d, const struct openapi_property *p, const char *version)
{
    json_write_key(&d->w, str_of(p->name));
    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("description"), p->description);
    if (p->shape == OPENAPI_ONE) {
        write_value(d, p, version);
    } else {
        bool is_list = p->shape == OPENAPI_LIST;
        json_member_cstr(&d->w, STR("type"), is_list ? "array" : "object");
        json_write_key(&d->w, is_list ? STR("items") : STR("additionalProperties"));
        json_open_object(&d->w);
        write_value(d, p, version);
        json_close_object(&d->w);
        if (is_list)
            json_member_cstr(&d->w, STR("x-kubernetes-list-type"), "atomic");
    }
    json_close_object(&d->w);
}

static void write_kind(struct json_writer *w, const char *group, const char *kind, const char *version)
{
    json_open_object(w);
    json_member_cstr(w, STR("group"), group);
    json_member_cstr(w, STR("kind"), kind);
    json_member_cstr(w, STR("version"), version);
    json_close_object(w);
}

static void write_type(struct document *d, const struct named_type *t)
{
    const struct openapi_type *type = t->type;
    bool has_required = false;

    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("description"), type->description);
    json_member_cstr(&d->w, STR("type"), type->type);
    if (type->format != NULL)
        json_member_cstr(&d->w, STR("format"), type->format);
    if (type->properties != NULL) {
        json_write_key(&d->w, STR("properties"));
        json_open_object(&d->w);
        for (const struct openapi_property *p = type->properties; p->name != NULL; p++) {
            has_required |= p->is_required;
            write_property(d, p, t->version);
        }
        json_close_object(&d->w);
    }
    if (has_required) {
        json_write_key(&d->w, STR("required"));
        json_open_array(&d->w);
        for (const struct openapi_property *p = type->properties; p->name != NULL; p++)
            if (p->is_required)
                json_write_cstr(&d->w, p->name);
        json_close_array(&d->w);
    }
    if (type->is_kind) {
        json_write_key(&d->w, STR("x-kubernetes-group-version-kind"));
        json_open_array(&d->w);
        write_kind(&d->w, type->is_metrics ? GROUP : "", type->name, type->is_metrics ? t->version : "v1");
        json_close_array(&d->w);
    }
    json_close_object(&d->w);
}

/* --- operations --- */

static void write_parameter(struct document *d, const struct parameter *p)
{
    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("name"), p->name);
    json_member_cstr(&d->w, STR("in"), p->in);
    json_member_cstr(&d->w, STR("description"), p->description);
    if (strcmp(p->in, "path") == 0)
        json_member_bool(&d->w, STR("required"), true);
    if (d->is_v3) {
        json_write_key(&d->w, STR("schema"));
        json_open_object(&d->w);
    }
    json_member_cstr(&d->w, STR("type"), p->type);
    json_member_bool(&d->w, STR("uniqueItems"), true);
    if (d->is_v3)
        json_close_object(&d->w);
    json_close_object(&d->w);
}

static void write_answer(struct document *d, const struct operation *o)
{
    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("description"), "OK");
    if (!d->is_v3) {
        json_write_key(&d->w, STR("schema"));
        write_ref(d, o->answer, o->version);
    } else {
        json_write_key(&d->w, STR("content"));
        json_open_object(&d->w);
        for (size_t i = 0; i < accept_media_type_count(ACCEPT_ALLOW_PROTOBUF); i++) {
            json_write_key(&d->w, accept_media_types[i]);
            json_open_object(&d->w);
            json_write_key(&d->w, STR("schema"));
            write_ref(d, o->answer, o->version);
            json_close_object(&d->w);
        }
        json_close_object(&d->w);
    }
    json_close_object(&d->w);
}

static void write_responses(struct document *d, const struct operation *o)
{
    json_write_key(&d->w, STR("responses"));
    json_open_object(&d->w);
    json_write_key(&d->w, STR("200"));
    write_answer(d, o);
    json_write_key(&d->w, STR("401"));
    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("description"), "Unauthorized");
    json_close_object(&d->w);
    json_close_object(&d->w);
}

static void write_texts(struct json_writer *w, struct str key, const struct str *items, size_t count)
{
    json_write_key(w, key);
    json_open_array(w);
    for (size_t i = 0; i < count; i++)
        json_write_str(w, items[i]);
    json_close_array(w);
}

static void write_operation(struct document *d, const struct operation *o)
{
    const struct str tag = str_of(o->tag), scheme = STR("https");

    json_open_object(&d->w);
    json_member_cstr(&d->w, STR("description"), o->description);
    json_member_cstr(&d->w, STR("operationId"), o->id);
    if (o->parameters != NO_PARAMETERS) {
        json_write_key(&d->w, STR("parameters"));
        json_open_array(&d->w);
        for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
            if ((parameters[i].of & o->parameters) != 0)
                write_parameter(d, &parameters[i]);
        json_close_array(&d->w);
    }
    if (!d->is_v3) {
        write_texts(&d->w, STR("produces"), accept_media_types, accept_media_type_count(ACCEPT_ALLOW_PROTOBUF));
        write_texts(&d->w, STR("schemes"), &scheme, 1);
    }
    write_responses(d, o);
    write_texts(&d->w, STR("tags"), &tag, 1);
    if (o->action != NULL) {
        json_member_cstr(&d->w, STR("x-kubernetes-action"), o->action);
        json_write_key(&d->w, STR("x-kubernetes-group-version-kind"));
        write_kind(&d->w, GROUP, o->kind, o->version);
    }
    json_close_object(&d->w);
}

/* --- documents --- */

static void write_info(struct json_writer *w, struct str server_version)
{
    struct str version, rest;

    str_cut(server_version, '-', &version, &rest);
    json_write_key(w, STR("info"));
    json_open_object(w);
    json_member_cstr(w, STR("title"), "Kubernetes metrics-server");
    json_member_str(w, STR("version"), version);
    json_close_object(w);
}

/* PART NULL: all. */
static void write_paths(struct document *d, const char *part)
{
    json_write_key(&d->w, STR("paths"));
    json_open_object(&d->w);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        const struct operation *o = &operations[i];
        if (part != NULL && strcmp(o->part, part) != 0)
            continue;
        json_write_key(&d->w, str_of(o->path));
        json_open_object(&d->w);
        json_write_key(&d->w, STR("get"));
        write_operation(d, o);
        json_close_object(&d->w);
        collect(d, o->answer, o->version);
    }
    json_close_object(&d->w);
}

static void write_types(struct document *d, struct str key)
{
    json_write_key(&d->w, key);
    json_open_object(&d->w);
    for (size_t i = 0; i < d->type_count; i++) {
        auto_buf struct buf name = {0};
        print_type_name(&name, &d->types[i]);
        json_write_key(&d->w, buf_str(&name));
        write_type(d, &d->types[i]);
    }
    json_close_object(&d->w);
}

void metrics_openapi_print_v2(struct buf *to, struct str server_version)
{
    struct document d = {.w = json_writer_to(to)};

    json_open_object(&d.w);
    json_member_cstr(&d.w, STR("swagger"), "2.0");
    write_info(&d.w, server_version);
    write_paths(&d, NULL);
    write_types(&d, STR("definitions"));
    json_close_object(&d.w);
}

void metrics_openapi_print_v3(struct buf *to, struct str server_version, const char *path)
{
    struct document d = {.w = json_writer_to(to), .is_v3 = true};

    json_open_object(&d.w);
    json_member_cstr(&d.w, STR("openapi"), "3.0.0");
    write_info(&d.w, server_version);
    write_paths(&d, path);
    json_write_key(&d.w, STR("components"));
    json_open_object(&d.w);
    write_types(&d, STR("schemas"));
    json_close_object(&d.w);
    json_close_object(&d.w);
}

struct openapi_server *metrics_openapi_new(const char *server_version, int64_t now_unix_ns)
{
    struct openapi_server *s = openapi_server_new(now_unix_ns);
    struct buf v2 = {0};

    metrics_openapi_print_v2(&v2, str_of(server_version));
    openapi_server_set_v2(s, &v2);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        struct buf part = {0};
        if (i > 0 && strcmp(operations[i].part, operations[i - 1].part) == 0)
            continue;
        metrics_openapi_print_v3(&part, str_of(server_version), operations[i].part);
        openapi_server_add_v3(s, operations[i].part, &part);
    }
    return s;
}
