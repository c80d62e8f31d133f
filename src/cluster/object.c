#include "cluster/object.h"

#include "base/alloc.h"
#include "cluster/json_path.h"

#include <assert.h>
#include <inttypes.h>

#define MAX_FIELD_PATHS 32

/* The value at a dotted path as a selector sees it; numbers and booleans land in SCRATCH. */
static struct str field_value(const json_t *dom, const char *path, char scratch[32])
{
    bool is_boolean = path[0] == '?';
    struct str rest = str_of(path + is_boolean);
    while (rest.len > 0 && dom != NULL) {
        struct str step;
        str_cut(rest, '.', &step, &rest);
        dom = json_object_getn(dom, step.ptr, step.len);
    }
    if (json_is_string(dom))
        return json_text(dom);
    if (json_is_integer(dom)) {
        int n = snprintf(scratch, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(dom));
        return str_from(scratch, (size_t)n);
    }
    if (is_boolean || json_is_boolean(dom))
        return json_is_true(dom) ? STR("true") : STR("false");
    return STR("");
}

static struct str copy_text(char **at, struct str s)
{
    if (s.len > 0)
        memcpy(*at, s.ptr, s.len);
    (*at)[s.len] = '\0';
    struct str copy = {*at, s.len};
    *at += s.len + 1;
    return copy;
}

static struct object *object_build(const json_t *dom, struct str json, const char *const *field_paths,
                                   struct error *err)
{
    const json_t *meta = json_object_get(dom, "metadata");
    struct str name = json_text(json_object_get(meta, "name"));
    struct str namespace = json_text(json_object_get(meta, "namespace"));
    struct str uid = json_text(json_object_get(meta, "uid"));
    uint64_t version = 0;
    const json_t *version_text = json_object_get(meta, "resourceVersion");
    if (name.len == 0)
        return error_set(err, 0, "object without a metadata.name"), NULL;
    if (version_text != NULL && !str_to_u64(json_text(version_text), &version))
        return error_set(err, 0, "object %.*s has a malformed metadata.resourceVersion", STR_ARG(name)), NULL;

    struct str values[MAX_FIELD_PATHS];
    char scratch[MAX_FIELD_PATHS][32];
    size_t field_count = 0;
    size_t text = json.len + 1 + name.len + 1 + namespace.len + 1 + uid.len + 1;
    for (; field_paths != NULL && field_paths[field_count] != NULL; field_count++) {
        assert(field_count < MAX_FIELD_PATHS);
        values[field_count] = field_value(dom, field_paths[field_count], scratch[field_count]);
        text += values[field_count].len + 1;
    }
    json_t *labels = json_object_get(meta, "labels");
    size_t label_count = json_object_size(labels);
    const char *key;
    json_t *value;
    json_object_foreach (labels, key, value)
        text += strlen(key) + 1 + json_text(value).len + 1;

    size_t pairs = label_count + field_count + 2;
    struct object *o = mem_alloc(sizeof(*o) + pairs * sizeof(struct label) + text);
    struct label *pair = (struct label *)(o + 1);
    char *at = (char *)(pair + pairs);
    *o = (struct object){
        .refs = 1, .version = version, .labels = pair, .fields = pair + label_count, .field_count = field_count + 2};
    o->json = copy_text(&at, json);
    o->namespace = copy_text(&at, namespace);
    o->name = copy_text(&at, name);
    o->uid = copy_text(&at, uid);
    o->is_terminating = json_is_string(json_object_get(meta, "deletionTimestamp"));
    json_object_foreach (labels, key, value) {
        struct str k = copy_text(&at, str_of(key));
        o->labels[o->label_count++] = (struct label){k, copy_text(&at, json_text(value))};
    }
    o->fields[0] = (struct label){STR("metadata.name"), o->name};
    o->fields[1] = (struct label){STR("metadata.namespace"), o->namespace};
    for (size_t i = 0; i < field_count; i++) {
        const char *path = field_paths[i];
        o->fields[i + 2] = (struct label){str_of(path + (path[0] == '?')), copy_text(&at, values[i])};
    }
    return o;
}

struct object *object_new(const json_t *dom, const char *const *field_paths, struct error *err)
{
    auto_free char *text = json_dumps(dom, JSON_COMPACT);
    if (text == NULL)
        return error_set(err, 0, "not a JSON object"), NULL;
    return object_build(dom, str_of(text), field_paths, err);
}

struct object *object_parse(struct str json, const char *const *field_paths, struct error *err)
{
    json_error_t where;
    json_t *dom = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, &where);
    if (dom == NULL)
        return error_set(err, 0, "%s", where.text), NULL;
    struct object *o = object_build(dom, json, field_paths, err);
    json_decref(dom);
    return o;
}

struct object *object_ref(const struct object *o)
{
    struct object *counted = (struct object *)(uintptr_t)o;
    counted->refs++;
    return counted;
}

void object_unref(struct object *o)
{
    if (o == NULL)
        return;
    assert(o->refs > 0);
    if (--o->refs == 0)
        free(o);
}

json_t *object_dom(const struct object *o)
{
    json_t *dom = json_loadb(o->json.ptr, o->json.len, JSON_ALLOW_NUL, NULL);
    assert(dom != NULL);
    return dom;
}

static bool pair_value(const struct label *pairs, size_t count, struct str key, struct str *value)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(pairs[i].key, key)) {
            *value = pairs[i].value;
            return true;
        }
    }
    return false;
}

bool object_field(const struct object *o, struct str path, struct str *value)
{
    return pair_value(o->fields, o->field_count, path, value);
}

bool object_label(const struct object *o, struct str key, struct str *value)
{
    return pair_value(o->labels, o->label_count, key, value);
}
