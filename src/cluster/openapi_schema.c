#include "cluster/openapi_schema.h"

#include "base/alloc.h"
#include "cluster/json_path.h"

const char *const openapi_patch_parameters[] = {"dryRun", "fieldManager", "fieldValidation", "force", NULL};

/* Types that are a JSON value with a meaning. */
static const struct {
    enum schema_type type;
    const char *name, *json_type, *format;
} value_types[] = {
    {SCHEMA_TIME, "io.k8s.apimachinery.pkg.apis.meta.v1.Time", "string", "date-time"},
    {SCHEMA_MICRO_TIME, "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "string", "date-time"},
    {SCHEMA_QUANTITY, "io.k8s.apimachinery.pkg.api.resource.Quantity", "string", NULL},
    {SCHEMA_INT_OR_STRING, "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "string", "int-or-string"},
    {SCHEMA_ANY, "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", "object", NULL},
};

static json_t *plain(const char *type, const char *format)
{
    json_t *json = json_pack("{s:s}", "type", type);
    if (format != NULL)
        json_object_set_new(json, "format", json_string(format));
    return json;
}

static json_t *reference(const char *prefix, const char *name)
{
    auto_buf struct buf target = {0};
    buf_printf(&target, "%s%s", prefix, name);
    return json_pack("{s:s}", "$ref", buf_cstr(&target));
}

static void define(json_t *definitions, const struct schema *s, const char *prefix);

static json_t *type_of(json_t *definitions, const struct schema_field *f, const char *prefix)
{
    switch (f->type) {
    case SCHEMA_STRING:
        return plain("string", NULL);
    case SCHEMA_BYTES:
        return plain("string", "byte");
    case SCHEMA_INTEGER:
        return plain("integer", "int32");
    case SCHEMA_INTEGER64:
        return plain("integer", "int64");
    case SCHEMA_NUMBER:
        return plain("number", "double");
    case SCHEMA_BOOLEAN:
        return plain("boolean", NULL);
    case SCHEMA_STRINGS:
        return json_pack("{s:s,s:o}", "type", "array", "items", plain("string", NULL));
    case SCHEMA_OBJECT:
        define(definitions, f->of, prefix);
        return reference(prefix, f->of->name);
    case SCHEMA_TIME:
    case SCHEMA_MICRO_TIME:
    case SCHEMA_QUANTITY:
    case SCHEMA_INT_OR_STRING:
    case SCHEMA_ANY:
        break;
    }
    for (size_t i = 0; i < sizeof(value_types) / sizeof(value_types[0]); i++) {
        if (value_types[i].type != f->type)
            continue;
        json_object_set_new(definitions, value_types[i].name, plain(value_types[i].json_type, value_types[i].format));
        return reference(prefix, value_types[i].name);
    }
    return plain("object", NULL);
}

static json_t *property(json_t *definitions, const struct schema_field *f, const char *prefix)
{
    json_t *json = type_of(definitions, f, prefix);
    if (f->shape == SCHEMA_LIST)
        json = json_pack("{s:s,s:o}", "type", "array", "items", json);
    else if (f->shape == SCHEMA_MAP)
        json = json_pack("{s:s,s:o}", "type", "object", "additionalProperties", json);
    if (f->merge_key != NULL)
        json_object_set_new(json, "x-kubernetes-patch-merge-key", json_string(f->merge_key));
    bool is_merged = f->patch == SCHEMA_MERGE || f->merge_key != NULL;
    if (f->patch == SCHEMA_RETAIN_KEYS)
        json_object_set_new(json, "x-kubernetes-patch-strategy",
                            json_string(is_merged ? "merge,retainKeys" : "retainKeys"));
    else if (is_merged)
        json_object_set_new(json, "x-kubernetes-patch-strategy", json_string("merge"));
    return json;
}

static void define(json_t *definitions, const struct schema *s, const char *prefix)
{
    if (json_object_get(definitions, s->name) != NULL)
        return;
    json_t *definition = plain("object", NULL);
    json_object_set_new(definitions, s->name, definition);
    json_t *properties = json_object();
    json_t *required = json_array();
    for (const struct schema_field *f = s->fields; f->name != NULL; f++) {
        json_object_set_new(properties, f->name, property(definitions, f, prefix));
        if (f->is_required)
            json_array_append_new(required, json_string(f->name));
    }
    json_object_set_new(definition, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(definition, "required", required);
    json_decref(required);
}

json_t *openapi_gvk(const struct resource *r)
{
    return json_pack("{s:s,s:s,s:s}", "group", r->group, "kind", r->kind, "version", r->version);
}

void openapi_define(json_t *definitions, const struct resource *r, const char *prefix)
{
    define(definitions, r->schema, prefix);
    json_object_set_new(json_object_get(definitions, r->schema->name), "x-kubernetes-group-version-kind",
                        json_pack("[o]", openapi_gvk(r)));
}

void openapi_object_path(struct buf *to, const struct resource *r)
{
    if (r->group[0] == '\0')
        buf_printf(to, "/api/%s/", r->version);
    else
        buf_printf(to, "/apis/%s/%s/", r->group, r->version);
    buf_printf(to, "%s%s/{name}", r->is_namespaced ? "namespaces/{namespace}/" : "", r->plural);
}

/* --- protobuf: fields of wire type 2 (bytes) and 0 (varint) --- */

static void put_varint(struct buf *to, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_add_char(to, (char)(v | 0x80));
    buf_add_char(to, (char)v);
}

static void put_bytes(struct buf *to, unsigned field, struct str bytes)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, bytes.len);
    buf_add_str(to, bytes);
}

/* Appends MESSAGE as FIELD and frees it. */
static void put_message(struct buf *to, unsigned field, struct buf *message)
{
    put_bytes(to, field, buf_str(message));
    buf_free(message);
}

/* NamedAny{name = 1, value = 2 Any{yaml = 2}}: an extension; JSON is YAML. */
static void put_extension(struct buf *to, unsigned field, const char *name, const json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    struct buf any = {0}, named = {0};
    put_bytes(&any, 2, str_of(text));
    put_bytes(&named, 1, str_of(name));
    put_message(&named, 2, &any);
    put_message(to, field, &named);
}

static void put_schema(struct buf *to, unsigned field, const json_t *schema);

/* NamedSchema{name = 1, value = 2}, repeated in FIELD for each member of OBJECT. */
static void put_named_schemas(struct buf *to, unsigned field, const json_t *object)
{
    const char *name;
    json_t *schema;
    json_object_foreach ((json_t *)(uintptr_t)object, name, schema) {
        struct buf named = {0};
        put_bytes(&named, 1, str_of(name));
        put_schema(&named, 2, schema);
        put_message(to, field, &named);
    }
}

/* Schema: $ref 1, format 2, required 19, additional_properties 21, type 22, items 23, properties 25, extensions 31. */
static void put_schema(struct buf *to, unsigned field, const json_t *schema)
{
    struct buf s = {0}, part = {0};
    const char *key;
    json_t *value;
    size_t i;
    if (json_object_get(schema, "$ref") != NULL)
        put_bytes(&s, 1, json_text_at(schema, "$ref"));
    if (json_object_get(schema, "format") != NULL)
        put_bytes(&s, 2, json_text_at(schema, "format"));
    json_array_foreach (json_object_get(schema, "required"), i, value)
        put_bytes(&s, 19, json_text(value));
    if (json_object_get(schema, "additionalProperties") != NULL) {
        put_schema(&part, 1, json_object_get(schema, "additionalProperties"));
        put_message(&s, 21, &part);
    }
    if (json_object_get(schema, "type") != NULL) {
        put_bytes(&part, 1, json_text_at(schema, "type"));
        put_message(&s, 22, &part);
    }
    if (json_object_get(schema, "items") != NULL) {
        put_schema(&part, 1, json_object_get(schema, "items"));
        put_message(&s, 23, &part);
    }
    if (json_object_get(schema, "properties") != NULL) {
        put_named_schemas(&part, 1, json_object_get(schema, "properties"));
        put_message(&s, 25, &part);
    }
    json_object_foreach ((json_t *)(uintptr_t)schema, key, value) {
        if (strncmp(key, "x-", 2) == 0)
            put_extension(&s, 31, key, value);
    }
    put_message(to, field, &s);
}

/* ParametersItem 1 → Parameter 2 → NonBodyParameter 3 → QueryParameterSubSchema{in 2, name 4, type 6}. */
static void put_parameter(struct buf *to, unsigned field, const json_t *parameter)
{
    struct buf query = {0}, non_body = {0}, wrapped = {0}, item = {0};
    put_bytes(&query, 2, json_text_at(parameter, "in"));
    put_bytes(&query, 4, json_text_at(parameter, "name"));
    put_bytes(&query, 6, json_text_at(parameter, "type"));
    put_message(&non_body, 3, &query);
    put_message(&wrapped, 2, &non_body);
    put_message(&item, 1, &wrapped);
    put_message(to, field, &item);
}

/* Paths 2 → NamedPathItem{name 1, value 2 PathItem{patch 8 Operation{parameters 8, extensions 13}}}. */
static void put_path(struct buf *to, unsigned field, const char *path, const json_t *item)
{
    struct buf operation = {0}, path_item = {0}, named = {0};
    const json_t *patch = json_object_get(item, "patch");
    const char *key;
    json_t *value;
    size_t i;
    json_array_foreach (json_object_get(patch, "parameters"), i, value)
        put_parameter(&operation, 8, value);
    json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
        if (strncmp(key, "x-", 2) == 0)
            put_extension(&operation, 13, key, value);
    }
    put_message(&path_item, 8, &operation);
    put_bytes(&named, 1, str_of(path));
    put_message(&named, 2, &path_item);
    put_message(to, field, &named);
}

void openapi_gnostic(struct buf *to, const json_t *document)
{
    struct buf part = {0};
    const char *path;
    json_t *item;
    put_bytes(to, 1, json_text_at(document, "swagger"));
    put_bytes(&part, 1, json_text_at(document, "info.title"));
    put_bytes(&part, 2, json_text_at(document, "info.version"));
    put_message(to, 2, &part);
    json_object_foreach (json_object_get(document, "paths"), path, item)
        put_path(&part, 2, path, item);
    put_message(to, 8, &part);
    put_named_schemas(&part, 1, json_object_get(document, "definitions"));
    put_message(to, 9, &part);
}
