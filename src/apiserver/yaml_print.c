#include "apiserver/yaml_print.h"

#include "base/alloc.h"

#include <jansson.h>
#include <yaml.h>

static int write_to_buf(void *to, unsigned char *bytes, size_t len)
{
    buf_add(to, bytes, len);
    return 1;
}

static struct str skip_sign(struct str s)
{
    return s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? str_skip(s, 1) : s;
}

/* Skips digits and '_'; returns how many digits there were. */
static size_t skip_digits(struct str *s)
{
    size_t n = 0;

    for (; s->len > 0 && ((s->ptr[0] >= '0' && s->ptr[0] <= '9') || s->ptr[0] == '_'); *s = str_skip(*s, 1))
        n += s->ptr[0] != '_';
    return n;
}

static bool is_one_of(struct str s, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_eq_cstr(s, *words))
            return true;
    return false;
}

/* Decimal, with fraction, exponent or sexagesimal parts; 0x, 0o, 0b. */
static bool reads_as_number(struct str s)
{
    static const char *const special[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};

    s = skip_sign(s);
    if (is_one_of(s, special))
        return true;
    if (s.len > 2 && s.ptr[0] == '0' && memchr("xXoObB", s.ptr[1], 6) != NULL)
        return strspn(str_skip(s, 2).ptr, "0123456789abcdefABCDEF_") >= s.len - 2;
    size_t digits = skip_digits(&s);
    while (digits > 0 && s.len > 1 && s.ptr[0] == ':') {
        s = str_skip(s, 1);
        if (skip_digits(&s) == 0)
            return false;
    }
    if (s.len > 0 && s.ptr[0] == '.') {
        s = str_skip(s, 1);
        digits += skip_digits(&s);
    }
    if (digits > 0 && s.len > 1 && (s.ptr[0] == 'e' || s.ptr[0] == 'E')) {
        s = skip_sign(str_skip(s, 1));
        if (skip_digits(&s) == 0)
            return false;
    }
    return digits > 0 && s.len == 0;
}

/* 2026-01-31, or anything that goes on with a time behind it. */
static bool reads_as_time(struct str s)
{
    struct str rest = s;

    if (skip_digits(&rest) != 4 || rest.len == 0 || rest.ptr[0] != '-')
        return false;
    rest = str_skip(rest, 1);
    size_t month = skip_digits(&rest);
    if (month == 0 || month > 2 || rest.len == 0 || rest.ptr[0] != '-')
        return false;
    rest = str_skip(rest, 1);
    size_t day = skip_digits(&rest);
    return day > 0 && day <= 2 && (rest.len == 0 || memchr("Tt ", rest.ptr[0], 3) != NULL);
}

/* Whether the plain text would be read as something other than a string. */
static bool needs_quotes(struct str s)
{
    static const char *const words[] = {"",    "~",    "null", "Null", "NULL",  "y",     "Y",     "yes", "Yes", "YES",
                                        "n",   "N",    "no",   "No",   "NO",    "on",    "On",    "ON",  "off", "Off",
                                        "OFF", "true", "True", "TRUE", "false", "False", "FALSE", "<<",  "=",   NULL};

    return is_one_of(s, words) || reads_as_number(s) || reads_as_time(s);
}

static bool emit_scalar(yaml_emitter_t *emitter, struct str text, yaml_scalar_style_t style)
{
    yaml_event_t event;

    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)(text.ptr != NULL ? text.ptr : ""),
                                        (int)text.len, 1, 1, style) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_string(yaml_emitter_t *emitter, struct str text)
{
    yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;

    if (needs_quotes(text))
        style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    else if (str_index(text, '\n') >= 0)
        style = YAML_LITERAL_SCALAR_STYLE;
    return emit_scalar(emitter, text, style);
}

static bool emit(yaml_emitter_t *emitter, const json_t *value);

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool emit_object(yaml_emitter_t *emitter, const json_t *object)
{
    yaml_event_t event;
    size_t count = json_object_size(object), i = 0;
    auto_free const char **keys = mem_alloc((count + 1) * sizeof(*keys));
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, key, value)
        keys[i++] = key;
    qsort(keys, count, sizeof(*keys), compare_keys);
    bool ok = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                  count > 0 ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE) &&
              yaml_emitter_emit(emitter, &event);
    for (i = 0; ok && i < count; i++)
        ok = emit_string(emitter, str_of(keys[i])) && emit(emitter, json_object_get(object, keys[i]));
    return ok && yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit_array(yaml_emitter_t *emitter, const json_t *array)
{
    yaml_event_t event;
    size_t count = json_array_size(array);
    bool ok = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                   count > 0 ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE) &&
              yaml_emitter_emit(emitter, &event);

    for (size_t i = 0; ok && i < count; i++)
        ok = emit(emitter, json_array_get(array, i));
    return ok && yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit(yaml_emitter_t *emitter, const json_t *value)
{
    char number[40];

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return emit_object(emitter, value);
    case JSON_ARRAY:
        return emit_array(emitter, value);
    case JSON_STRING:
        return emit_string(emitter, str_from(json_string_value(value), json_string_length(value)));
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return emit_scalar(emitter, str_of(number), YAML_PLAIN_SCALAR_STYLE);
    case JSON_REAL:
        snprintf(number, sizeof(number), "%.15g", json_real_value(value));
        if (strtod(number, NULL) < json_real_value(value) || strtod(number, NULL) > json_real_value(value))
            snprintf(number, sizeof(number), "%.17g", json_real_value(value));
        return emit_scalar(emitter, str_of(number), YAML_PLAIN_SCALAR_STYLE);
    case JSON_TRUE:
        return emit_scalar(emitter, STR("true"), YAML_PLAIN_SCALAR_STYLE);
    case JSON_FALSE:
        return emit_scalar(emitter, STR("false"), YAML_PLAIN_SCALAR_STYLE);
    case JSON_NULL:
        return emit_scalar(emitter, STR("null"), YAML_PLAIN_SCALAR_STYLE);
    }
    return false;
}

static bool emit_document(yaml_emitter_t *emitter, const json_t *root)
{
    yaml_event_t event;

    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && yaml_emitter_emit(emitter, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) && yaml_emitter_emit(emitter, &event) &&
           emit(emitter, root) && yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(emitter, &event) &&
           yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

bool yaml_print_json(struct buf *to, struct str json, struct error *err)
{
    yaml_emitter_t emitter;
    json_error_t why;
    size_t before = to->len;
    json_t *root = json_loadb(json.ptr != NULL ? json.ptr : "", json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

    if (root == NULL)
        return error_set(err, 0, "write YAML: %s at byte %d", why.text, why.position);
    if (!yaml_emitter_initialize(&emitter)) {
        json_decref(root);
        return error_set(err, 0, "write YAML: out of memory");
    }
    yaml_emitter_set_output(&emitter, write_to_buf, to);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    bool ok = emit_document(&emitter, root);
    if (!ok) {
        error_set(err, 0, "write YAML: %s", emitter.problem != NULL ? emitter.problem : "out of memory");
        to->len = before;
    }
    yaml_emitter_delete(&emitter);
    json_decref(root);
    return ok;
}
