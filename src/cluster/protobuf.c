#include "cluster/protobuf.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "cluster/json_path.h"
#include "cluster/object_meta.h"
#include "kube/time.h"

#include <inttypes.h>

#define MAX_DEPTH 40

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

/* One field as it stands in a message. */
struct wire_field {
    uint64_t tag;
    unsigned type;   /* of enum wire_type */
    uint64_t number; /* of all but WIRE_BYTES */
    struct str bytes;
};

static bool read_varint(struct str *in, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->len == 0)
            return false;
        unsigned char byte = (unsigned char)in->ptr[0];
        *in = str_skip(*in, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool read_fixed(struct str *in, size_t size, uint64_t *out)
{
    if (in->len < size)
        return false;
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)(unsigned char)in->ptr[i] << (8 * i);
    *in = str_skip(*in, size);
    return true;
}

/* The next field of MESSAGE. False at its end, with IS_BROKEN set when that came too early. */
static bool next_field(struct str *message, struct wire_field *f, bool *is_broken)
{
    uint64_t key, length;
    *is_broken = false;
    if (message->len == 0)
        return false;
    *is_broken = true;
    if (!read_varint(message, &key) || key >> 3 == 0)
        return false;
    *f = (struct wire_field){.tag = key >> 3, .type = (unsigned)(key & 7)};
    switch (f->type) {
    case WIRE_VARINT:
        *is_broken = !read_varint(message, &f->number);
        break;
    case WIRE_FIXED64:
        *is_broken = !read_fixed(message, 8, &f->number);
        break;
    case WIRE_FIXED32:
        *is_broken = !read_fixed(message, 4, &f->number);
        break;
    case WIRE_BYTES:
        if (!read_varint(message, &length) || length > message->len)
            return false;
        f->bytes = str_head(*message, (size_t)length);
        *message = str_skip(*message, (size_t)length);
        *is_broken = false;
        break;
    default:
        return false;
    }
    return !*is_broken;
}

/* The field TAG of a small message; false when it isn't there. */
static bool find_field(struct str message, uint64_t tag, struct wire_field *out)
{
    struct wire_field f;
    bool is_broken, is_found = false;
    while (next_field(&message, &f, &is_broken)) {
        if (f.tag == tag) {
            *out = f;
            is_found = true;
        }
    }
    return is_found && !is_broken;
}

static json_t *text_value(struct str bytes)
{
    return json_stringn(bytes.ptr != NULL ? bytes.ptr : "", bytes.len);
}

/* Timestamp{seconds 1, nanos 2}; an empty one is no time. */
static json_t *time_value(struct str message, bool is_micro)
{
    struct wire_field seconds = {0}, nanos = {0};
    bool has_seconds = find_field(message, 1, &seconds), has_nanos = find_field(message, 2, &nanos);
    if (!has_seconds && !has_nanos)
        return json_null();
    int64_t unix_s = (int64_t)seconds.number;
    if (unix_s < 0 || unix_s > INT64_C(9000000000))
        return NULL;
    int64_t unix_ns = unix_s * 1000000000 + (int64_t)(nanos.number % 1000000000);
    auto_buf struct buf text = {0};
    if (is_micro)
        kube_time_print_micro(&text, unix_ns);
    else
        kube_time_print(&text, unix_ns);
    return text_value(buf_str(&text));
}

/* IntOrString{type 1, intVal 2, strVal 3}. */
static json_t *int_or_string_value(struct str message)
{
    struct wire_field type = {0}, number = {0}, text = {0};
    find_field(message, 1, &type);
    find_field(message, 2, &number);
    find_field(message, 3, &text);
    return type.number == 1 ? text_value(text.bytes) : json_integer((int32_t)number.number);
}

/* Of a message with one field of text: Quantity, FieldsV1, RawExtension. */
static struct str only_bytes(struct str message)
{
    struct wire_field f = {0};
    find_field(message, 1, &f);
    return f.bytes;
}

/* How deep a decode is, and how many values it may still make. */
struct decode_state {
    unsigned depth;
    size_t *budget;
};

static json_t *read_message(const struct schema *s, struct str message, struct decode_state at);

static bool spend(struct decode_state at)
{
    if (*at.budget == 0)
        return false;
    --*at.budget;
    return true;
}

static json_t *strings_value(struct str message, struct decode_state at)
{
    json_t *list = json_array();
    struct wire_field f;
    bool is_broken;
    while (next_field(&message, &f, &is_broken)) {
        if (f.tag == 1 && f.type == WIRE_BYTES && spend(at))
            json_array_append_new(list, text_value(f.bytes));
    }
    return list;
}

static json_t *bytes_value(struct str bytes)
{
    auto_buf struct buf text = {0};
    base64_encode(&text, bytes);
    return text_value(buf_str(&text));
}

static json_t *value_of(const struct schema_field *f, const struct wire_field *w, struct decode_state at)
{
    bool is_number = f->type == SCHEMA_INTEGER || f->type == SCHEMA_INTEGER64 || f->type == SCHEMA_BOOLEAN;
    double real;
    if (!spend(at))
        return NULL;
    if (f->type == SCHEMA_NUMBER ? w->type != WIRE_FIXED64 : w->type != (is_number ? WIRE_VARINT : WIRE_BYTES))
        return NULL;
    switch (f->type) {
    case SCHEMA_STRING:
        return text_value(w->bytes);
    case SCHEMA_BYTES:
        return bytes_value(w->bytes);
    case SCHEMA_INTEGER:
        return json_integer((int32_t)w->number);
    case SCHEMA_INTEGER64:
        return json_integer((int64_t)w->number);
    case SCHEMA_NUMBER:
        memcpy(&real, &w->number, sizeof(real));
        return json_real(real);
    case SCHEMA_BOOLEAN:
        return json_boolean(w->number != 0);
    case SCHEMA_TIME:
    case SCHEMA_MICRO_TIME:
        return time_value(w->bytes, f->type == SCHEMA_MICRO_TIME);
    case SCHEMA_QUANTITY:
        return text_value(only_bytes(w->bytes));
    case SCHEMA_INT_OR_STRING:
        return int_or_string_value(w->bytes);
    case SCHEMA_STRINGS:
        return strings_value(w->bytes, at);
    case SCHEMA_OBJECT:
        return read_message(f->of, w->bytes, (struct decode_state){at.depth + 1, at.budget});
    case SCHEMA_ANY:
        return json_loadb(only_bytes(w->bytes).ptr != NULL ? only_bytes(w->bytes).ptr : "null",
                          only_bytes(w->bytes).ptr != NULL ? only_bytes(w->bytes).len : 4, JSON_DECODE_ANY, NULL);
    }
    return NULL;
}

/* Go writes plain fields even when they are zero; in JSON those are absent. */
static bool is_absent(const struct schema_field *f, const json_t *value)
{
    if (json_is_null(value))
        return true;
    if (f->is_pointer || f->is_required)
        return false;
    return (json_is_string(value) && json_string_length(value) == 0) || json_is_false(value) ||
           (json_is_integer(value) && f->type != SCHEMA_INT_OR_STRING && json_integer_value(value) == 0);
}

/* A map's entry {key 1, value 2}. */
static bool read_entry(const struct schema_field *f, json_t *object, struct str message, struct decode_state at)
{
    struct wire_field key = {0}, value = {.type = WIRE_BYTES};
    find_field(message, 1, &key);
    find_field(message, 2, &value);
    if (str_index(key.bytes, '\0') >= 0) /* no key of a JSON object here may have one */
        return false;
    json_t *json = value_of(f, &value, at);
    if (json == NULL)
        return false;
    return json_object_setn_new(json_own_object(object, f->name), key.bytes.ptr != NULL ? key.bytes.ptr : "",
                                key.bytes.len, json) == 0;
}

/* Repeated numbers may come packed. */
static bool read_packed(const struct schema_field *f, json_t *list, struct str bytes, struct decode_state at)
{
    struct wire_field one = {.type = WIRE_VARINT};
    while (bytes.len > 0) {
        if (!read_varint(&bytes, &one.number))
            return false;
        json_t *value = value_of(f, &one, at);
        if (value == NULL)
            return false;
        json_array_append_new(list, value);
    }
    return true;
}

static bool read_field(const struct schema_field *f, json_t *object, const struct wire_field *w, struct decode_state at)
{
    if (f->shape == SCHEMA_MAP)
        return w->type == WIRE_BYTES && read_entry(f, object, w->bytes, at);
    bool is_number = f->type == SCHEMA_INTEGER || f->type == SCHEMA_INTEGER64 || f->type == SCHEMA_BOOLEAN;
    if (f->shape == SCHEMA_LIST && is_number && w->type == WIRE_BYTES)
        return read_packed(f, json_own_array(object, f->name), w->bytes, at);
    json_t *value = value_of(f, w, at);
    if (value == NULL)
        return false;
    if (f->shape == SCHEMA_LIST)
        return json_array_append_new(json_own_array(object, f->name), value) == 0;
    if (is_absent(f, value)) {
        json_decref(value);
        return true;
    }
    return json_object_set_new(object, f->name, value) == 0;
}

/* Reads into OBJECT the fields of S that stand in a message nested as INSIDE_TAG (0: S's own). */
static bool read_fields(const struct schema *s, unsigned inside_tag, json_t *object, struct str message,
                        struct decode_state at)
{
    struct wire_field w;
    bool is_broken;
    while (next_field(&message, &w, &is_broken)) {
        for (const struct schema_field *f = s->fields; f->name != NULL; f++) {
            if (f->inside_tag == inside_tag && f->tag == w.tag) {
                if (!read_field(f, object, &w, at))
                    return false;
                break;
            }
            if (inside_tag == 0 && f->inside_tag == w.tag && w.type == WIRE_BYTES) {
                if (!read_fields(s, f->inside_tag, object, w.bytes, at))
                    return false;
                break;
            }
        }
    }
    return !is_broken;
}

static json_t *read_message(const struct schema *s, struct str message, struct decode_state at)
{
    if (at.depth > MAX_DEPTH)
        return NULL;
    json_t *object = json_object();
    if (read_fields(s, 0, object, message, at))
        return object;
    json_decref(object);
    return NULL;
}

json_t *protobuf_decode(const struct schema *s, struct str bytes, struct error *err)
{
    static const struct str magic = STR_INIT("k8s\0");
    struct wire_field type_meta = {0}, raw = {0}, part = {0};
    if (!str_starts_with(bytes, magic)) {
        error_set(err, 400, "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        return NULL;
    }
    struct str unknown = str_skip(bytes, magic.len);
    find_field(unknown, 1, &type_meta);
    find_field(unknown, 2, &raw);
    size_t budget = PROTOBUF_MAX_VALUES;
    json_t *object = read_message(s, raw.bytes, (struct decode_state){0, &budget});
    if (object == NULL) {
        error_set(err, 400, "protobuf message of %s is malformed", s->name);
        return NULL;
    }
    if (find_field(type_meta.bytes, 1, &part))
        json_set_text(object, "apiVersion", part.bytes);
    part = (struct wire_field){0};
    if (find_field(type_meta.bytes, 2, &part))
        json_set_text(object, "kind", part.bytes);
    return object;
}
