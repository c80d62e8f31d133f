#include "cluster/json_path.h"

json_t *json_at(const json_t *root, const char *path)
{
    struct str rest = str_of(path);
    const json_t *at = root;
    while (rest.len > 0 && at != NULL) {
        struct str step;
        str_cut(rest, '.', &step, &rest);
        at = json_object_getn(at, step.ptr, step.len);
    }
    return (json_t *)(uintptr_t)at;
}

struct str json_text(const json_t *json)
{
    return json_is_string(json) ? str_from(json_string_value(json), json_string_length(json)) : STR("");
}

struct str json_text_at(const json_t *root, const char *path)
{
    return json_text(json_at(root, path));
}

int64_t json_integer_at(const json_t *root, const char *path, int64_t otherwise)
{
    const json_t *at = json_at(root, path);
    return json_is_integer(at) ? (int64_t)json_integer_value(at) : otherwise;
}

bool json_true_at(const json_t *root, const char *path)
{
    return json_is_true(json_at(root, path));
}

json_t *json_own_object(json_t *parent, const char *key)
{
    json_t *child = json_object_get(parent, key);
    if (!json_is_object(child)) {
        json_object_set_new(parent, key, json_object());
        child = json_object_get(parent, key);
    }
    return child;
}

json_t *json_own_array(json_t *parent, const char *key)
{
    json_t *child = json_object_get(parent, key);
    if (!json_is_array(child)) {
        json_object_set_new(parent, key, json_array());
        child = json_object_get(parent, key);
    }
    return child;
}

static bool is_absent(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

bool json_default_text(json_t *object, const char *key, const char *text)
{
    return is_absent(object, key) && json_object_set_new(object, key, json_string(text)) == 0;
}

bool json_default_integer(json_t *object, const char *key, int64_t number)
{
    return is_absent(object, key) && json_object_set_new(object, key, json_integer(number)) == 0;
}

bool json_default_bool(json_t *object, const char *key, bool value)
{
    return is_absent(object, key) && json_object_set_new(object, key, json_boolean(value)) == 0;
}

void json_set_text(json_t *object, const char *key, struct str text)
{
    json_object_set_new(object, key, json_stringn_nocheck(text.ptr != NULL ? text.ptr : "", text.len));
}

bool json_array_has(const json_t *array, struct str text)
{
    size_t i;
    json_t *item;
    json_array_foreach (array, i, item) {
        if (json_is_string(item) && str_eq(json_text(item), text))
            return true;
    }
    return false;
}
