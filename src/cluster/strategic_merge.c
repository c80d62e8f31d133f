#include "cluster/strategic_merge.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "cluster/json_path.h"

#include <assert.h>

#define MAX_DEPTH 64

#define PATCH_DIRECTIVE "$patch"
#define RETAIN_KEYS_DIRECTIVE "$retainKeys"
static const struct str set_order = STR_INIT("$setElementOrder/");
static const struct str delete_from = STR_INIT("$deleteFromPrimitiveList/");

static bool merge_object(const struct schema *s, json_t *object, const json_t *patch, unsigned depth,
                         struct error *err);

static bool is_directive(const char *key)
{
    return strcmp(key, PATCH_DIRECTIVE) == 0 || strcmp(key, RETAIN_KEYS_DIRECTIVE) == 0 ||
           str_starts_with(str_of(key), set_order) || str_starts_with(str_of(key), delete_from);
}

/* The value of PREFIX/FIELD in PATCH, NULL when there is none. */
static json_t *directive_of(const json_t *patch, struct str prefix, const char *field)
{
    auto_buf struct buf key = {0};
    buf_add_str(&key, prefix);
    buf_add_cstr(&key, field);
    return json_object_getn(patch, key.ptr, key.len);
}

static const json_t *item_key(const json_t *item, const char *merge_key)
{
    return merge_key != NULL ? json_object_get(item, merge_key) : item;
}

/* The index of the item of LIST whose key equals KEY; the list's size when there is none. */
static size_t find_item(const json_t *list, const char *merge_key, const json_t *key)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        const json_t *other = item_key(json_array_get(list, i), merge_key);
        if (other != NULL && json_equal(other, key))
            return i;
    }
    return n;
}

static bool missing_key(const char *merge_key, struct error *err)
{
    return error_set(err, 400, "list item does not contain declared merge key: %s", merge_key);
}

/*
 * Orders LIST: the items named in ORDER as it says, the others where they were relative to those. BEFORE is the list as
 * it was before the patch.
 */
static void apply_order(json_t *list, const json_t *before, const json_t *order, const char *merge_key)
{
    auto_dom json_t *named = json_array();
    auto_dom json_t *others = json_array();
    size_t i;
    json_t *item;
    json_array_foreach (order, i, item) {
        const json_t *key = item_key(item, merge_key);
        size_t at = key != NULL ? find_item(list, merge_key, key) : json_array_size(list);
        if (at < json_array_size(list))
            json_array_append(named, json_array_get(list, at));
    }
    json_array_foreach (list, i, item) {
        const json_t *key = item_key(item, merge_key);
        bool is_named = false;
        size_t n;
        json_t *other;
        json_array_foreach (order, n, other) {
            const json_t *other_key = item_key(other, merge_key);
            is_named = is_named || (key != NULL && other_key != NULL && json_equal(key, other_key));
        }
        if (!is_named)
            json_array_append(others, item);
    }
    json_array_clear(list);
    size_t a = 0, b = 0, not_there = json_array_size(before);
    while (a < json_array_size(named) || b < json_array_size(others)) {
        bool take_other = a == json_array_size(named);
        if (!take_other && b < json_array_size(others)) {
            size_t place = find_item(before, merge_key, item_key(json_array_get(named, a), merge_key));
            size_t other_place = find_item(before, merge_key, item_key(json_array_get(others, b), merge_key));
            take_other = place != not_there && other_place != not_there && place >= other_place;
        }
        json_array_append(list, take_other ? json_array_get(others, b++) : json_array_get(named, a++));
    }
}

static bool merge_item(const struct schema_field *f, json_t *list, const json_t *item, unsigned depth,
                       struct error *err)
{
    const json_t *key = item_key(item, f->merge_key);
    if (key == NULL)
        return missing_key(f->merge_key, err);
    struct str directive = json_text(json_object_get(item, PATCH_DIRECTIVE));
    size_t at = find_item(list, f->merge_key, key);
    if (str_eq(directive, STR("delete"))) {
        for (; at < json_array_size(list); at = find_item(list, f->merge_key, key))
            json_array_remove(list, at);
        return true;
    }
    if (at == json_array_size(list))
        json_array_append_new(list, json_object());
    json_t *target = json_array_get(list, at);
    return json_is_object(target) ? merge_object(f->of, target, item, depth, err)
                                  : error_set(err, 400, "list of %s has an item that is no object", f->name);
}

/* A keyed list. An item {"$patch":"replace"} makes the others the whole list. */
static bool merge_keyed(const struct schema_field *f, json_t *list, const json_t *patch, unsigned depth,
                        struct error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach (patch, i, item) {
        if (!json_is_object(item))
            return error_set(err, 400, "patch of %s: list items must be objects", f->name);
        if (str_eq(json_text(json_object_get(item, PATCH_DIRECTIVE)), STR("replace")))
            json_array_clear(list);
    }
    json_array_foreach (patch, i, item) {
        if (str_eq(json_text(json_object_get(item, PATCH_DIRECTIVE)), STR("replace")))
            continue;
        if (!merge_item(f, list, item, depth, err))
            return false;
    }
    return true;
}

static void merge_set(json_t *list, const json_t *patch)
{
    size_t i;
    json_t *item;
    json_array_foreach (patch, i, item) {
        if (find_item(list, NULL, item) == json_array_size(list))
            json_array_append(list, item);
    }
}

static bool is_merged_list(const struct schema_field *f)
{
    return f != NULL && f->shape == SCHEMA_LIST && (f->patch == SCHEMA_MERGE || f->merge_key != NULL);
}

/* One list of PATCH and the directives about it; VALUE is the patch's own list or NULL. */
static bool merge_list(const struct schema_field *f, json_t *object, const json_t *patch, const json_t *value,
                       unsigned depth, struct error *err)
{
    const json_t *order = directive_of(patch, set_order, f->name);
    const json_t *gone = directive_of(patch, delete_from, f->name);
    if ((order != NULL && !json_is_array(order)) || (gone != NULL && !json_is_array(gone)))
        return error_set(err, 400, "patch of %s: directives about a list must be lists", f->name);
    if (json_array_size(value) + json_array_size(order) + json_array_size(gone) > SCHEMA_MAX_ITEMS)
        return error_set(err, 400, "patch of %s has more than %d items", f->name, SCHEMA_MAX_ITEMS);
    if (value == NULL && gone == NULL && !json_is_array(json_object_get(object, f->name)))
        return true;
    json_t *list = json_own_array(object, f->name);
    auto_dom json_t *before = json_copy(list);
    size_t i;
    json_t *item;
    json_array_foreach (gone, i, item) {
        for (size_t at = find_item(list, NULL, item); at < json_array_size(list); at = find_item(list, NULL, item))
            json_array_remove(list, at);
    }
    if (value != NULL && f->merge_key == NULL)
        merge_set(list, value);
    else if (value != NULL && !merge_keyed(f, list, value, depth, err))
        return false;
    if (order != NULL)
        apply_order(list, before, order, f->merge_key);
    return true;
}

static void retain_keys(json_t *object, const json_t *keep)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe (object, next, key, value) {
        if (!json_array_has(keep, str_of(key)))
            json_object_del(object, key);
    }
}

static bool merge_member(const struct schema *s, json_t *object, const json_t *patch, const char *key,
                         const json_t *value, unsigned depth, struct error *err)
{
    const struct schema_field *f = s != NULL ? schema_find(s, str_of(key)) : NULL;
    if (json_is_null(value)) {
        json_object_del(object, key);
        return true;
    }
    if (json_is_object(value)) {
        /* Merging into an empty object, not copying, is what takes directives and nulls out of the patch. */
        const struct schema *inner = f != NULL && f->shape == SCHEMA_ONE && f->type == SCHEMA_OBJECT ? f->of : NULL;
        return merge_object(inner, json_own_object(object, key), value, depth, err);
    }
    if (json_is_array(value) && is_merged_list(f))
        return merge_list(f, object, patch, value, depth, err);
    json_object_set_new(object, key, json_deep_copy(value));
    return true;
}

/* The directives about lists that PATCH itself doesn't touch. */
static bool merge_orphan_directives(const struct schema *s, json_t *object, const json_t *patch, unsigned depth,
                                    struct error *err)
{
    for (const struct schema_field *f = s != NULL ? s->fields : NULL; f != NULL && f->name != NULL; f++) {
        if (!is_merged_list(f) || json_object_get(patch, f->name) != NULL)
            continue;
        if (directive_of(patch, set_order, f->name) == NULL && directive_of(patch, delete_from, f->name) == NULL)
            continue;
        if (!merge_list(f, object, patch, NULL, depth, err))
            return false;
    }
    return true;
}

static bool merge_object(const struct schema *s, json_t *object, const json_t *patch, unsigned depth, struct error *err)
{
    if (depth > MAX_DEPTH)
        return error_set(err, 400, "patch is nested too deep");
    const json_t *directive = json_object_get(patch, PATCH_DIRECTIVE);
    if (directive != NULL) {
        struct str what = json_text(directive);
        if (str_eq(what, STR("replace")) || str_eq(what, STR("delete")))
            json_object_clear(object);
        else if (!str_eq(what, STR("merge")))
            return error_set(err, 400, "Unknown patch type: %.*s found in map", STR_ARG(what));
        if (str_eq(what, STR("delete")))
            return true;
    }
    const json_t *keep = json_object_get(patch, RETAIN_KEYS_DIRECTIVE);
    if (keep != NULL && !json_is_array(keep))
        return error_set(err, 400, RETAIN_KEYS_DIRECTIVE " must be a list");
    if (keep != NULL)
        retain_keys(object, keep);
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
        if (!is_directive(key) && !merge_member(s, object, patch, key, value, depth + 1, err))
            return false;
    }
    return merge_orphan_directives(s, object, patch, depth + 1, err);
}

bool strategic_merge(const struct schema *s, json_t *object, const json_t *patch, struct error *err)
{
    if (!json_is_object(patch))
        return error_set(err, 400, "cannot apply a patch that is no JSON object");
    return merge_object(s, object, patch, 0, err);
}
