#include "kube/manifest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/buf.h"

/* One open mapping or sequence. */
struct level {
    json_t *container; /* borrowed from its parent, or the root */
    char *key;         /* of a mapping: the key whose value comes next; owned */
};

struct reading {
    yaml_parser_t parser;
    struct level levels[MANIFEST_MAX_DEPTH];
    size_t depth;
    json_t *root; /* owned */
    struct error *err;
};

static bool fail(const struct reading *r, const yaml_mark_t *at, const char *what)
{
    return error_set(r->err, 0, "line %zu: %s", at->line + 1, what);
}

static bool is_one_of(struct str s, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_eq_cstr(s, *words))
            return true;
    return false;
}

/* [-+]? digits, with at most one point and an exponent: what may become a number. */
static bool looks_numeric(struct str s)
{
    bool has_digit = false;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c >= '0' && c <= '9')
            has_digit = true;
        else if (strchr("+-.eE", c) == NULL || (i == 0 && (c == 'e' || c == 'E')))
            return false;
    }
    return has_digit;
}

static json_t *plain_scalar(struct str s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    int64_t integer;

    if (is_one_of(s, nulls))
        return json_null();
    if (is_one_of(s, trues))
        return json_true();
    if (is_one_of(s, falses))
        return json_false();
    if (str_to_i64(s, &integer))
        return json_integer(integer);
    if (looks_numeric(s)) {
        auto_free char *text = str_dup(s);
        char *end;
        double v = strtod(text, &end);
        if (*end == '\0' && isfinite(v))
            return json_real(v);
    }
    return json_stringn(s.ptr, s.len);
}

/* Puts VALUE (stolen) where it belongs: at the root, behind a key, at the end of a sequence. */
static bool put(struct reading *r, json_t *value, const yaml_mark_t *at)
{
    struct level *top = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;

    if (value == NULL)
        return fail(r, at, "not UTF-8");
    if (top == NULL) {
        r->root = value;
        return true;
    }
    if (json_is_array(top->container))
        return json_array_append_new(top->container, value) == 0;
    if (json_object_get(top->container, top->key) != NULL) {
        json_decref(value);
        return error_set(r->err, 0, "line %zu: key \"%s\" is given twice", at->line + 1, top->key);
    }
    json_object_set_new(top->container, top->key, value);
    free(top->key);
    top->key = NULL;
    return true;
}

static bool wants_key(const struct reading *r)
{
    return r->depth > 0 && json_is_object(r->levels[r->depth - 1].container) && r->levels[r->depth - 1].key == NULL;
}

static bool on_scalar(struct reading *r, const yaml_event_t *e)
{
    struct str s = {(const char *)e->data.scalar.value, e->data.scalar.length};

    if (wants_key(r)) {
        r->levels[r->depth - 1].key = str_dup(s);
        return true;
    }
    if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && e->data.scalar.tag == NULL)
        return put(r, plain_scalar(s), &e->start_mark);
    return put(r, json_stringn(s.ptr, s.len), &e->start_mark);
}

static bool on_open(struct reading *r, json_t *container, const yaml_mark_t *at)
{
    if (wants_key(r) || r->depth == MANIFEST_MAX_DEPTH) {
        json_decref(container);
        return fail(r, at, wants_key(r) ? "a key must be a string" : "nested too deeply");
    }
    if (!put(r, container, at))
        return false;
    r->levels[r->depth++] = (struct level){container, NULL};
    return true;
}

static bool on_event(struct reading *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, e);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, json_object(), &e->start_mark);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, json_array(), &e->start_mark);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        return true;
    case YAML_ALIAS_EVENT:
        return fail(r, &e->start_mark, "aliases are not supported");
    case YAML_DOCUMENT_START_EVENT:
        return r->root == NULL || fail(r, &e->start_mark, "more than one document");
    default:
        return true;
    }
}

static json_t *parse_json(struct str text, struct error *err)
{
    json_error_t cause;
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &cause);

    if (root == NULL)
        error_set(err, 0, "line %d: %s", cause.line, cause.text);
    return root;
}

static json_t *parse_yaml(struct str text, struct error *err)
{
    struct reading r = {.err = err};
    bool ok = true, at_end = false;

    if (!yaml_parser_initialize(&r.parser))
        abort(); /* out of memory */
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.ptr != NULL ? text.ptr : ""), text.len);
    while (ok && !at_end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r.parser, &event)) {
            ok = error_set(err, 0, "line %zu: %s", r.parser.problem_mark.line + 1,
                           r.parser.problem != NULL ? r.parser.problem : "not YAML");
            break;
        }
        at_end = event.type == YAML_STREAM_END_EVENT;
        ok = on_event(&r, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&r.parser);
    for (size_t i = 0; i < MANIFEST_MAX_DEPTH; i++)
        free(r.levels[i].key);
    if (ok && r.root == NULL)
        ok = error_set(err, 0, "empty");
    if (!ok) {
        json_decref(r.root);
        return NULL;
    }
    return r.root;
}

json_t *manifest_parse(struct str text, struct error *err)
{
    struct str start = str_trim(text);

    if (start.len > 0 && start.ptr[0] == '{')
        return parse_json(text, err);
    return parse_yaml(text, err);
}
