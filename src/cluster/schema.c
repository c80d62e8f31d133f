#include "cluster/schema.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "cluster/json_path.h"
#include "kube/quantity.h"
#include "kube/time.h"

#define MAX_DEPTH 40

/* Where a decode is, for messages; a chain on the stack from the innermost step outwards. */
struct step {
    const struct step *outer;
    const char *field; /* NULL: a list's or map's item */
    const char *key;   /* of a map's item */
    size_t index;      /* of a list's item */
};

struct decode {
    json_t *unknown;
    struct error *err;
};

const struct schema_field *schema_find(const struct schema *s, struct str name)
{
    for (const struct schema_field *f = s->fields; f->name != NULL; f++) {
        if (str_eq_cstr(name, f->name))
            return f;
    }
    return NULL;
}

/* "spec.containers[0].image" */
static void print_path(struct buf *to, const struct step *at)
{
    if (at == NULL)
        return;
    print_path(to, at->outer);
    if (at->field == NULL && at->key == NULL)
        buf_printf(to, "[%zu]", at->index);
    else
        buf_printf(to, "%s%s", to->len > 0 ? "." : "", at->field != NULL ? at->field : at->key);
}

/* "spec.containers.image", as Go names struct fields */
static void print_go_path(struct buf *to, const struct step *at)
{
    if (at == NULL)
        return;
    print_go_path(to, at->outer);
    if (at->field != NULL)
        buf_printf(to, ".%s", at->field);
}

static const char *last_part(const char *dotted)
{
    const char *dot = strrchr(dotted, '.');
    return dot != NULL ? dot + 1 : dotted;
}

static const char *go_type(enum schema_type type)
{
    switch (type) {
    case SCHEMA_STRING:
    case SCHEMA_TIME:
    case SCHEMA_MICRO_TIME:
        return "string";
    case SCHEMA_BYTES:
        return "[]uint8";
    case SCHEMA_INTEGER:
        return "int32";
    case SCHEMA_INTEGER64:
        return "int64";
    case SCHEMA_NUMBER:
        return "float64";
    case SCHEMA_BOOLEAN:
        return "bool";
    case SCHEMA_QUANTITY:
        return "resource.Quantity";
    case SCHEMA_INT_OR_STRING:
        return "intstr.IntOrString";
    case SCHEMA_STRINGS:
        return "[]string";
    case SCHEMA_OBJECT:
    case SCHEMA_ANY:
        break;
    }
    return "object";
}

static const char *json_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* SHAPE is what was expected here: of a list's item that is SCHEMA_ONE. */
static bool wrong_type(const struct decode *d, const struct schema *s, const struct schema_field *f,
                       enum schema_shape shape, const json_t *value, const struct step *at)
{
    auto_buf struct buf path = {0};
    print_go_path(&path, at);
    const char *prefix = shape == SCHEMA_LIST ? "[]" : shape == SCHEMA_MAP ? "map[string]" : "";
    const char *type = f->type == SCHEMA_OBJECT ? last_part(f->of->name) : go_type(f->type);
    const char *package = f->type == SCHEMA_OBJECT ? "v1." : "";
    return error_set(d->err, 400, "json: cannot unmarshal %s into Go struct field %s%s of type %s%s%s",
                     json_type_name(value), last_part(s->name), buf_cstr(&path), prefix, package, type);
}

static bool is_quantity(const json_t *value)
{
    struct quantity q;
    if (json_is_string(value))
        return quantity_parse(json_text(value), &q);
    return json_is_number(value);
}

static bool bad_value(const struct decode *d, const struct schema_field *f, const json_t *value)
{
    auto_buf struct buf text = {0};
    buf_add_str(&text, json_text(value));
    if (f->type == SCHEMA_QUANTITY)
        return error_set(d->err, 400,
                         "quantities must match the regular expression "
                         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    if (f->type == SCHEMA_BYTES)
        return error_set(d->err, 400, "illegal base64 data in field \"%s\"", f->name);
    return error_set(d->err, 400, "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\"",
                     buf_cstr(&text), buf_cstr(&text));
}

static bool is_base64(struct str text)
{
    auto_buf struct buf bytes = {0};
    return base64_decode(&bytes, text);
}

/* What Go makes of null in a list or map: the type's zero value. */
static json_t *zero_value(enum schema_type type)
{
    switch (type) {
    case SCHEMA_OBJECT:
        return json_object();
    case SCHEMA_STRINGS:
        return json_array();
    case SCHEMA_INTEGER:
    case SCHEMA_INTEGER64:
    case SCHEMA_NUMBER:
    case SCHEMA_INT_OR_STRING:
        return json_integer(0);
    case SCHEMA_BOOLEAN:
        return json_false();
    case SCHEMA_QUANTITY:
        return json_string("0");
    case SCHEMA_TIME:
    case SCHEMA_MICRO_TIME:
    case SCHEMA_ANY:
        return json_null();
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        break;
    }
    return json_string("");
}

static bool decode_object(const struct decode *d, const struct schema *s, json_t *object, const struct step *at,
                          unsigned depth);

static bool decode_one(const struct decode *d, const struct schema *s, const struct schema_field *f, json_t *value,
                       const struct step *at, unsigned depth)
{
    bool is_type = true, is_value = true;
    int64_t ns;
    switch (f->type) {
    case SCHEMA_STRING:
        is_type = json_is_string(value);
        break;
    case SCHEMA_BYTES:
        is_type = json_is_string(value);
        is_value = is_type && is_base64(json_text(value));
        break;
    case SCHEMA_INTEGER:
        is_type =
            json_is_integer(value) && json_integer_value(value) >= INT32_MIN && json_integer_value(value) <= INT32_MAX;
        break;
    case SCHEMA_INTEGER64:
        is_type = json_is_integer(value);
        break;
    case SCHEMA_NUMBER:
        is_type = json_is_number(value);
        break;
    case SCHEMA_BOOLEAN:
        is_type = json_is_boolean(value);
        break;
    case SCHEMA_TIME:
    case SCHEMA_MICRO_TIME:
        is_type = json_is_string(value) || json_is_null(value);
        is_value = is_type && (json_is_null(value) || kube_time_parse(json_text(value), &ns));
        break;
    case SCHEMA_QUANTITY:
        is_type = json_is_string(value) || json_is_number(value);
        is_value = is_quantity(value);
        break;
    case SCHEMA_INT_OR_STRING:
        is_type = json_is_string(value) || json_is_integer(value);
        break;
    case SCHEMA_STRINGS:
        is_type = json_is_array(value);
        for (size_t i = 0; is_type && i < json_array_size(value); i++)
            is_type = json_is_string(json_array_get(value, i));
        break;
    case SCHEMA_OBJECT:
        if (json_is_object(value))
            return decode_object(d, f->of, value, at, depth);
        is_type = false;
        break;
    case SCHEMA_ANY:
        return true;
    }
    if (!is_type)
        return wrong_type(d, s, f, SCHEMA_ONE, value, at);
    return is_value || bad_value(d, f, value);
}

static bool decode_list(const struct decode *d, const struct schema *s, const struct schema_field *f, json_t *list,
                        const struct step *at, unsigned depth)
{
    if (json_array_size(list) > SCHEMA_MAX_ITEMS)
        return error_set(d->err, 400, "field %s has more than %d items", f->name, SCHEMA_MAX_ITEMS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_is_null(json_array_get(list, i)))
            json_array_set_new(list, i, zero_value(f->type));
        const struct step item = {.outer = at, .index = i};
        if (!decode_one(d, s, f, json_array_get(list, i), &item, depth))
            return false;
    }
    return true;
}

static bool decode_map(const struct decode *d, const struct schema *s, const struct schema_field *f, json_t *map,
                       const struct step *at, unsigned depth)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe (map, next, key, value) {
        if (json_is_null(value))
            json_object_iter_set_new(map, json_object_key_to_iter(key), zero_value(f->type));
        const struct step item = {.outer = at, .key = key};
        if (!decode_one(d, s, f, json_object_get(map, key), &item, depth))
            return false;
    }
    return true;
}

/* Decodes one member; KEEP tells whether it has a value worth keeping. */
static bool decode_field(const struct decode *d, const struct schema *s, const struct schema_field *f, json_t *value,
                         const struct step *at, unsigned depth, bool *keep)
{
    *keep = !json_is_null(value);
    if (!*keep)
        return true;
    switch (f->shape) {
    case SCHEMA_ONE:
        return decode_one(d, s, f, value, at, depth);
    case SCHEMA_LIST:
        *keep = json_array_size(value) > 0 || f->is_required;
        return json_is_array(value) ? decode_list(d, s, f, value, at, depth)
                                    : wrong_type(d, s, f, SCHEMA_LIST, value, at);
    case SCHEMA_MAP:
        *keep = json_object_size(value) > 0 || f->is_required;
        return json_is_object(value) ? decode_map(d, s, f, value, at, depth)
                                     : wrong_type(d, s, f, SCHEMA_MAP, value, at);
    }
    return true;
}

static bool decode_object(const struct decode *d, const struct schema *s, json_t *object, const struct step *outer,
                          unsigned depth)
{
    if (depth > MAX_DEPTH)
        return error_set(d->err, 400, "json: exceeded max depth");
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe (object, next, key, value) {
        const struct schema_field *f = schema_find(s, str_of(key));
        const struct step at = {.outer = outer, .field = key};
        bool keep = false;
        if (f == NULL && d->unknown != NULL) {
            auto_buf struct buf path = {0};
            print_path(&path, &at);
            json_array_append_new(d->unknown, json_stringn_nocheck(buf_cstr(&path), path.len));
        }
        if (f != NULL && !decode_field(d, s, f, value, &at, depth + 1, &keep))
            return false;
        if (!keep)
            json_object_del(object, key);
    }
    return true;
}

bool schema_decode(const struct schema *s, json_t *object, json_t *unknown, struct error *err)
{
    if (!json_is_object(object))
        return error_set(err, 400, "json: cannot unmarshal %s into Go value of type v1.%s", json_type_name(object),
                         last_part(s->name));
    const struct decode d = {.unknown = unknown, .err = err};
    return decode_object(&d, s, object, NULL, 0);
}
