#include "apiserver/openapi_protobuf.h"

#include "base/alloc.h"
#include "kube/proto_writer.h"

#include <assert.h>
#include <jansson.h>

static struct str text_of(const json_t *value)
{
    return str_from(json_string_value(value), json_string_length(value));
}

/* The member KEY as a field, when it is there. */
static void add_text(struct buf *to, unsigned field, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value))
        proto_add_str(to, field, text_of(value));
}

static void add_texts(struct buf *to, unsigned field, const json_t *object, const char *key)
{
    const json_t *list = json_object_get(object, key);

    for (size_t i = 0; i < json_array_size(list); i++)
        proto_add_str(to, field, text_of(json_array_get(list, i)));
}

/* NamedAny{name 1, value 2 Any{yaml 2}} for each x-... */
static void add_extensions(struct buf *to, unsigned field, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach (object, key, value) {
        if (strncmp(key, "x-", 2) != 0)
            continue;
        auto_free char *yaml = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        size_t named = proto_open(to, field);
        proto_add_str(to, 1, str_of(key));
        size_t any = proto_open(to, 2);
        proto_add_str(to, 2, str_of(yaml));
        proto_close(to, any);
        proto_close(to, named);
    }
}

/* --- version 2 --- */

static void add_schema(struct buf *to, unsigned field, json_t *schema);

/* A message whose field 1 holds the schema: ItemsItem, AdditionalPropertiesItem, SchemaItem. */
static void add_wrapped_schema(struct buf *to, unsigned field, json_t *schema)
{
    if (schema == NULL)
        return;
    size_t at = proto_open(to, field);
    add_schema(to, 1, schema);
    proto_close(to, at);
}

/* {NamedSchema{name 1, value 2} 1 ...} */
static void add_named_schemas(struct buf *to, unsigned field, json_t *schemas)
{
    const char *name;
    json_t *schema;

    if (schemas == NULL)
        return;
    size_t at = proto_open(to, field);
    json_object_foreach (schemas, name, schema) {
        size_t named = proto_open(to, 1);
        proto_add_str(to, 1, str_of(name));
        add_schema(to, 2, schema);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Schema{$ref 1, format 2, description 4, required 19, additional_properties 21, type 22, items 23, properties 25,
 * vendor_extension 31}; TypeItem{value 1} */
static void add_schema(struct buf *to, unsigned field, json_t *schema)
{
    size_t at = proto_open(to, field);

    add_text(to, 1, schema, "$ref");
    add_text(to, 2, schema, "format");
    add_text(to, 4, schema, "description");
    add_texts(to, 19, schema, "required");
    add_wrapped_schema(to, 21, json_object_get(schema, "additionalProperties"));
    if (json_object_get(schema, "type") != NULL) {
        size_t type = proto_open(to, 22);
        add_text(to, 1, schema, "type");
        proto_close(to, type);
    }
    add_wrapped_schema(to, 23, json_object_get(schema, "items"));
    add_named_schemas(to, 25, json_object_get(schema, "properties"));
    add_extensions(to, 31, schema);
    proto_close(to, at);
}

/*
 * ParametersItem 1 -> Parameter 2 -> NonBodyParameter: 3 QueryParameterSubSchema{required 1, in 2, description 3, name
 * 4, type 6} or 4 PathParameterSubSchema{required 1, in 2, description 3, name 4, type 5}
 */
static void add_parameter(struct buf *to, unsigned field, const json_t *parameter)
{
    bool is_path = str_eq(text_of(json_object_get(parameter, "in")), STR("path"));
    size_t item = proto_open(to, field), wrapped = proto_open(to, 1), other = proto_open(to, 2);
    size_t sub = proto_open(to, is_path ? 4 : 3);

    if (json_is_true(json_object_get(parameter, "required")))
        proto_add_bool(to, 1, true);
    add_text(to, 2, parameter, "in");
    add_text(to, 3, parameter, "description");
    add_text(to, 4, parameter, "name");
    add_text(to, is_path ? 5 : 6, parameter, "type");
    proto_close(to, sub);
    proto_close(to, other);
    proto_close(to, wrapped);
    proto_close(to, item);
}

/* Responses{NamedResponseValue{name 1, value 2 ResponseValue{Response{description 1, schema 2} 1}} 1 ...} */
static void add_responses(struct buf *to, unsigned field, json_t *responses)
{
    const char *code;
    json_t *response;
    size_t at = proto_open(to, field);

    json_object_foreach (responses, code, response) {
        size_t named = proto_open(to, 1);
        proto_add_str(to, 1, str_of(code));
        size_t value = proto_open(to, 2), inner = proto_open(to, 1);
        add_text(to, 1, response, "description");
        add_wrapped_schema(to, 2, json_object_get(response, "schema"));
        proto_close(to, inner);
        proto_close(to, value);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Operation{tags 1, description 3, operation_id 5, produces 6, parameters 8, responses 9, schemes 10, vendor_extension
 * 13} */
static void add_operation(struct buf *to, unsigned field, json_t *operation)
{
    const json_t *parameters = json_object_get(operation, "parameters");
    size_t at = proto_open(to, field);

    add_texts(to, 1, operation, "tags");
    add_text(to, 3, operation, "description");
    add_text(to, 5, operation, "operationId");
    add_texts(to, 6, operation, "produces");
    for (size_t i = 0; i < json_array_size(parameters); i++)
        add_parameter(to, 8, json_array_get(parameters, i));
    add_responses(to, 9, json_object_get(operation, "responses"));
    add_texts(to, 10, operation, "schemes");
    add_extensions(to, 13, operation);
    proto_close(to, at);
}

/* Paths{NamedPathItem{name 1, value 2 PathItem{get 2}} 2 ...} */
static void add_paths(struct buf *to, unsigned field, json_t *paths)
{
    const char *path;
    json_t *item;
    size_t at = proto_open(to, field);

    json_object_foreach (paths, path, item) {
        size_t named = proto_open(to, 2);
        proto_add_str(to, 1, str_of(path));
        size_t value = proto_open(to, 2);
        add_operation(to, 2, json_object_get(item, "get"));
        proto_close(to, value);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Document{swagger 1, info 2 {title 1, version 2}, paths 8, definitions 9} */
static void add_document(struct buf *to, json_t *document)
{
    const json_t *info = json_object_get(document, "info");

    add_text(to, 1, document, "swagger");
    size_t at = proto_open(to, 2);
    add_text(to, 1, info, "title");
    add_text(to, 2, info, "version");
    proto_close(to, at);
    add_paths(to, 8, json_object_get(document, "paths"));
    add_named_schemas(to, 9, json_object_get(document, "definitions"));
}

/* A document of our own: it can be read. */
static json_t *read_document(struct str json)
{
    json_t *document = json_loadb(json.ptr, json.len, 0, NULL);

    assert(document != NULL);
    return document;
}

void openapi_print_protobuf(struct buf *to, struct str json)
{
    json_t *document = read_document(json);

    add_document(to, document);
    json_decref(document);
}

/* --- version 3 --- */

static void add_schema_v3(struct buf *to, unsigned field, json_t *schema);

/* SchemaOrReference{schema 1, reference 2 {_ref 1}} */
static void add_schema_or_reference(struct buf *to, unsigned field, json_t *schema)
{
    size_t at = proto_open(to, field);

    if (json_object_get(schema, "$ref") != NULL) {
        size_t reference = proto_open(to, 2);
        add_text(to, 1, schema, "$ref");
        proto_close(to, reference);
    } else {
        add_schema_v3(to, 1, schema);
    }
    proto_close(to, at);
}

/* ItemsItem and AdditionalPropertiesItem{schema_or_reference 1} */
static void add_wrapped_v3(struct buf *to, unsigned field, json_t *schema)
{
    if (schema == NULL)
        return;
    size_t at = proto_open(to, field);
    add_schema_or_reference(to, 1, schema);
    proto_close(to, at);
}

/* {NamedSchemaOrReference{name 1, value 2} 1 ...} */
static void add_named_v3(struct buf *to, unsigned field, json_t *schemas)
{
    const char *name;
    json_t *schema;

    if (schemas == NULL)
        return;
    size_t at = proto_open(to, field);
    json_object_foreach (schemas, name, schema) {
        size_t named = proto_open(to, 1);
        proto_add_str(to, 1, str_of(name));
        add_schema_or_reference(to, 2, schema);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Schema{unique_items 20, required 23, type 25, all_of 26, items 30, properties 31, additional_properties 32,
 * description 34, format 35, specification_extension 36} */
static void add_schema_v3(struct buf *to, unsigned field, json_t *schema)
{
    const json_t *all_of = json_object_get(schema, "allOf");
    size_t at = proto_open(to, field);

    if (json_is_true(json_object_get(schema, "uniqueItems")))
        proto_add_bool(to, 20, true);
    add_texts(to, 23, schema, "required");
    add_text(to, 25, schema, "type");
    for (size_t i = 0; i < json_array_size(all_of); i++)
        add_schema_or_reference(to, 26, json_array_get(all_of, i));
    add_wrapped_v3(to, 30, json_object_get(schema, "items"));
    add_named_v3(to, 31, json_object_get(schema, "properties"));
    add_wrapped_v3(to, 32, json_object_get(schema, "additionalProperties"));
    add_text(to, 34, schema, "description");
    add_text(to, 35, schema, "format");
    add_extensions(to, 36, schema);
    proto_close(to, at);
}

/* ParameterOrReference{parameter 1 {name 1, in 2, description 3, required 4, schema 10}} */
static void add_parameter_v3(struct buf *to, unsigned field, const json_t *parameter)
{
    size_t at = proto_open(to, field), inner = proto_open(to, 1);

    add_text(to, 1, parameter, "name");
    add_text(to, 2, parameter, "in");
    add_text(to, 3, parameter, "description");
    if (json_is_true(json_object_get(parameter, "required")))
        proto_add_bool(to, 4, true);
    add_schema_or_reference(to, 10, json_object_get(parameter, "schema"));
    proto_close(to, inner);
    proto_close(to, at);
}

/* MediaTypes{NamedMediaType{name 1, value 2 MediaType{schema 1}} 1 ...} */
static void add_content(struct buf *to, unsigned field, json_t *content)
{
    const char *type;
    json_t *media;

    if (content == NULL)
        return;
    size_t at = proto_open(to, field);
    json_object_foreach (content, type, media) {
        size_t named = proto_open(to, 1);
        proto_add_str(to, 1, str_of(type));
        size_t value = proto_open(to, 2);
        add_schema_or_reference(to, 1, json_object_get(media, "schema"));
        proto_close(to, value);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Responses{NamedResponseOrReference{name 1, value 2 {response 1 {description 1, content 3}}} 2 ...} */
static void add_responses_v3(struct buf *to, unsigned field, json_t *responses)
{
    const char *code;
    json_t *response;
    size_t at = proto_open(to, field);

    json_object_foreach (responses, code, response) {
        size_t named = proto_open(to, 2);
        proto_add_str(to, 1, str_of(code));
        size_t value = proto_open(to, 2), inner = proto_open(to, 1);
        add_text(to, 1, response, "description");
        add_content(to, 3, json_object_get(response, "content"));
        proto_close(to, inner);
        proto_close(to, value);
        proto_close(to, named);
    }
    proto_close(to, at);
}

/* Operation{tags 1, description 3, operation_id 5, parameters 6, responses 8, specification_extension 13} */
static void add_operation_v3(struct buf *to, unsigned field, json_t *operation)
{
    const json_t *parameters = json_object_get(operation, "parameters");
    size_t at = proto_open(to, field);

    add_texts(to, 1, operation, "tags");
    add_text(to, 3, operation, "description");
    add_text(to, 5, operation, "operationId");
    for (size_t i = 0; i < json_array_size(parameters); i++)
        add_parameter_v3(to, 6, json_array_get(parameters, i));
    add_responses_v3(to, 8, json_object_get(operation, "responses"));
    add_extensions(to, 13, operation);
    proto_close(to, at);
}

/* Document{openapi 1, info 2 {title 1, version 6}, paths 4 {NamedPathItem{name 1, value 2 PathItem{get 4}} 1 ...},
 * components 5 {schemas 1}} */
static void add_document_v3(struct buf *to, json_t *document)
{
    const json_t *info = json_object_get(document, "info");
    const char *path;
    json_t *item;

    add_text(to, 1, document, "openapi");
    size_t at = proto_open(to, 2);
    add_text(to, 1, info, "title");
    add_text(to, 6, info, "version");
    proto_close(to, at);
    at = proto_open(to, 4);
    json_object_foreach (json_object_get(document, "paths"), path, item) {
        size_t named = proto_open(to, 1);
        proto_add_str(to, 1, str_of(path));
        size_t value = proto_open(to, 2);
        add_operation_v3(to, 4, json_object_get(item, "get"));
        proto_close(to, value);
        proto_close(to, named);
    }
    proto_close(to, at);
    at = proto_open(to, 5);
    add_named_v3(to, 1, json_object_get(json_object_get(document, "components"), "schemas"));
    proto_close(to, at);
}

void openapi_print_protobuf_v3(struct buf *to, struct str json)
{
    json_t *document = read_document(json);

    add_document_v3(to, document);
    json_decref(document);
}
