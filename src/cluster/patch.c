#include "cluster/patch.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "cluster/json_path.h"

void merge_patch(json_t *object, const json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
        if (json_is_null(value))
            json_object_del(object, key);
        else if (json_is_object(value))
            merge_patch(json_own_object(object, key), value);
        else
            json_object_set(object, key, value);
    }
}

/* The next step of a JSON pointer, unescaped, NUL-terminated. False when the pointer is malformed. */
static bool next_step(struct str *pointer, struct buf *step)
{
    buf_clear(step);
    if (pointer->len == 0 || pointer->ptr[0] != '/')
        return false;
    size_t i = 1;
    for (; i < pointer->len && pointer->ptr[i] != '/'; i++) {
        char c = pointer->ptr[i];
        if (c == '~') {
            if (i + 1 == pointer->len || (pointer->ptr[i + 1] != '0' && pointer->ptr[i + 1] != '1'))
                return false;
            c = pointer->ptr[++i] == '0' ? '~' : '/';
        }
        buf_add_char(step, c);
    }
    *pointer = str_skip(*pointer, i);
    return true;
}

static bool array_index(struct str step, size_t size, size_t *index)
{
    uint64_t n;
    if (!str_to_u64(step, &n) || n >= size || (step.len > 1 && step.ptr[0] == '0'))
        return false;
    *index = (size_t)n;
    return true;
}

/* A place in a document: member KEY of PARENT, or of an array with that text as index; PARENT NULL is the root. */
struct place {
    json_t *parent;
    struct buf key;
    json_t *value; /* NULL: nothing there (yet) */
};

static json_t *child_of(json_t *parent, struct str key)
{
    size_t index;
    if (json_is_object(parent))
        return json_object_getn(parent, key.ptr != NULL ? key.ptr : "", key.len);
    if (json_is_array(parent) && array_index(key, json_array_size(parent), &index))
        return json_array_get(parent, index);
    return NULL;
}

/* Finds where POINTER leads; every container on the way must exist. */
static bool find_place(json_t *root, struct str pointer, struct place *p, struct error *err)
{
    struct str rest = pointer;
    p->parent = NULL;
    p->value = root;
    while (rest.len > 0) {
        if (!json_is_object(p->value) && !json_is_array(p->value))
            return error_set(err, 422, "path %.*s: missing path", STR_ARG(pointer));
        p->parent = p->value;
        if (!next_step(&rest, &p->key))
            return error_set(err, 400, "path %.*s: malformed JSON pointer", STR_ARG(pointer));
        p->value = child_of(p->parent, buf_str(&p->key));
    }
    return true;
}

static bool must_exist(const struct place *p, struct str pointer, struct error *err)
{
    return p->value != NULL || error_set(err, 422, "path %.*s: missing path", STR_ARG(pointer));
}

/* Puts VALUE (owned) where P is, as "add" does. */
static bool add_at(json_t **root, const struct place *p, json_t *value, struct error *err)
{
    size_t index;
    if (p->parent == NULL) {
        json_decref(*root);
        *root = value;
        return true;
    }
    if (json_is_object(p->parent))
        return json_object_setn_new(p->parent, buf_cstr(&p->key), p->key.len, value) == 0;
    size_t size = json_array_size(p->parent);
    if (str_eq(buf_str(&p->key), STR("-")))
        return json_array_append_new(p->parent, value) == 0;
    if (array_index(buf_str(&p->key), size + 1, &index))
        return json_array_insert_new(p->parent, index, value) == 0;
    json_decref(value);
    return error_set(err, 422, "invalid array index %s", buf_cstr(&p->key));
}

static void remove_at(const struct place *p)
{
    size_t index;
    if (json_is_object(p->parent))
        json_object_deln(p->parent, buf_cstr(&p->key), p->key.len);
    else if (array_index(buf_str(&p->key), json_array_size(p->parent), &index))
        json_array_remove(p->parent, index);
}

static bool replace_at(json_t **root, const struct place *p, json_t *value, struct error *err)
{
    size_t index;
    if (json_is_array(p->parent) && array_index(buf_str(&p->key), json_array_size(p->parent), &index))
        return json_array_set_new(p->parent, index, value) == 0;
    return add_at(root, p, value, err);
}

struct operation {
    struct str op, path, from;
    const json_t *value;
};

/* How many values JSON is made of. */
static size_t count_values(const json_t *json)
{
    size_t count = 1, i;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)json, key, value)
        count += count_values(value);
    json_array_foreach (json, i, value)
        count += count_values(value);
    return count;
}

static bool copy_or_move(json_t **root, const struct operation *o, size_t *copied, struct error *err)
{
    struct place from = {0}, to = {0};
    bool is_move = str_eq(o->op, STR("move"));
    bool is_ok = find_place(*root, o->from, &from, err) && must_exist(&from, o->from, err);
    if (is_ok && is_move && from.parent == NULL)
        is_ok = error_set(err, 422, "the whole document can't be moved");
    *copied += is_ok ? count_values(from.value) : 0;
    if (*copied > JSON_PATCH_MAX_COPIED)
        is_ok = error_set(err, 413, "the patch copies more than %d values", JSON_PATCH_MAX_COPIED);
    json_t *value = is_ok ? json_deep_copy(from.value) : NULL;
    if (is_ok && is_move)
        remove_at(&from);
    is_ok = is_ok && find_place(*root, o->path, &to, err);
    if (is_ok)
        is_ok = add_at(root, &to, json_incref(value), err);
    json_decref(value);
    buf_free(&from.key);
    buf_free(&to.key);
    return is_ok;
}

static bool apply(json_t **root, const struct operation *o, size_t *copied, struct error *err)
{
    if (str_eq(o->op, STR("move")) || str_eq(o->op, STR("copy")))
        return copy_or_move(root, o, copied, err);
    struct place p = {0};
    bool is_ok = find_place(*root, o->path, &p, err);
    if (is_ok && str_eq(o->op, STR("add"))) {
        is_ok = add_at(root, &p, json_deep_copy(o->value), err);
    } else if (is_ok && must_exist(&p, o->path, err)) {
        if (str_eq(o->op, STR("remove")) && p.parent != NULL)
            remove_at(&p);
        else if (str_eq(o->op, STR("replace")))
            is_ok = replace_at(root, &p, json_deep_copy(o->value), err);
        else if (str_eq(o->op, STR("test")))
            is_ok = json_equal(p.value, o->value) || error_set(err, 422, "testing value %.*s failed", STR_ARG(o->path));
        else
            is_ok = error_set(err, 422, "the whole document can't be removed");
    } else {
        is_ok = false;
    }
    buf_free(&p.key);
    return is_ok;
}

static bool read_operation(const json_t *json, struct operation *o, struct error *err)
{
    static const char *const known[] = {"add", "remove", "replace", "move", "copy", "test"};
    if (!json_is_object(json) || !json_is_string(json_object_get(json, "path")))
        return error_set(err, 400, "a JSON patch is a list of objects with op and path");
    *o = (struct operation){json_text_at(json, "op"), json_text_at(json, "path"), json_text_at(json, "from"),
                            json_object_get(json, "value")};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!str_eq_cstr(o->op, known[i]))
            continue;
        bool needs_value = i == 0 || i == 2 || i == 5;
        bool needs_from = i == 3 || i == 4;
        if (needs_value && o->value == NULL)
            return error_set(err, 400, "JSON patch operation %s without a value", known[i]);
        if (needs_from && !json_is_string(json_object_get(json, "from")))
            return error_set(err, 400, "JSON patch operation %s without from", known[i]);
        return true;
    }
    return error_set(err, 400, "Unexpected kind: %.*s", STR_ARG(o->op));
}

json_t *json_patch(const json_t *document, const json_t *patch, struct error *err)
{
    if (!json_is_array(patch)) {
        error_set(err, 400, "a JSON patch is a list of operations");
        return NULL;
    }
    if (json_array_size(patch) > JSON_PATCH_MAX_OPERATIONS) {
        error_set(err, 413, "The allowed maximum operations in a JSON patch is %d, got %zu", JSON_PATCH_MAX_OPERATIONS,
                  json_array_size(patch));
        return NULL;
    }
    json_t *root = json_deep_copy(document);
    size_t i, copied = 0;
    json_t *item;
    json_array_foreach (patch, i, item) {
        struct operation o;
        if (!read_operation(item, &o, err) || !apply(&root, &o, &copied, err)) {
            json_decref(root);
            return NULL;
        }
    }
    return root;
}
