/* Short ways through a jansson DOM, for code that knows the shape. All tolerate NULL and values of another type. */
#ifndef CLUSTER_JSON_PATH_H
#define CLUSTER_JSON_PATH_H

#include "base/str.h"

#include <jansson.h>

/* The value at a dotted path ("status.nodeInfo.kubeletVersion"), borrowed; NULL when there is none. */
json_t *json_at(const json_t *root, const char *path);

/* A string's bytes; "" when JSON is none. Borrowed. */
struct str json_text(const json_t *json);
struct str json_text_at(const json_t *root, const char *path);

int64_t json_integer_at(const json_t *root, const char *path, int64_t otherwise);
bool json_true_at(const json_t *root, const char *path);

/* The object (array) under KEY, made when it isn't there or is of another type. Borrowed. */
json_t *json_own_object(json_t *parent, const char *key);
json_t *json_own_array(json_t *parent, const char *key);

/* Sets KEY to TEXT unless it has a value; returns whether it did. */
bool json_default_text(json_t *object, const char *key, const char *text);
bool json_default_integer(json_t *object, const char *key, int64_t number);
bool json_default_bool(json_t *object, const char *key, bool value);

void json_set_text(json_t *object, const char *key, struct str text);

/* Whether an array has that string. */
bool json_array_has(const json_t *array, struct str text);

/* json_decref at the end of the scope. */
static inline void json_cleanup(json_t **json)
{
    json_decref(*json);
}
#define auto_dom __attribute__((cleanup(json_cleanup)))

#endif
