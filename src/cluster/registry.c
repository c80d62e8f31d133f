#include "cluster/registry.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/object_meta.h"

#include <assert.h>
#include <inttypes.h>

#define MAX_RESOURCES 64

struct registry {
    struct storage *storage;
    struct storage_kind *kinds[MAX_RESOURCES]; /* in the order of resources[] */
};

/* One write from the call to its answer. Freed right after DONE. */
struct operation {
    struct registry *registry;
    const struct resource *kind;
    char *namespace, *name; /* owned */
    json_t *object;         /* owned; of a create */
    registry_edit *edit;
    void *edit_ctx;
    struct write_options options; /* strings owned */
    struct delete_options deletion;
    struct object *written; /* one reference */
    registry_done *done;
    void *ctx;
};

/* --- kinds --- */

const struct storage_kind_options *registry_storage_kinds(size_t *count)
{
    static struct storage_kind_options kinds[MAX_RESOURCES];
    size_t n = 0;
    for (; resources[n] != NULL; n++) {
        assert(n < MAX_RESOURCES);
        kinds[n] = (struct storage_kind_options){resources[n]->storage_name, resources[n]->field_paths};
    }
    *count = n;
    return kinds;
}

struct registry *registry_new(struct storage *storage)
{
    struct registry *r = mem_zalloc(sizeof(*r));
    r->storage = storage;
    for (size_t i = 0; resources[i] != NULL; i++) {
        r->kinds[i] = storage_kind(storage, resources[i]->storage_name);
        assert(r->kinds[i] != NULL);
    }
    return r;
}

void registry_free(struct registry *r)
{
    free(r);
}

struct storage *registry_storage(const struct registry *r)
{
    return r->storage;
}

struct storage_kind *registry_kind(const struct registry *r, const struct resource *kind)
{
    size_t i = 0;
    while (resources[i] != kind) {
        assert(resources[i] != NULL);
        i++;
    }
    return r->kinds[i];
}

const struct object *registry_get(const struct registry *r, const struct resource *kind, struct str namespace,
                                  struct str name)
{
    return storage_get(registry_kind(r, kind), kind->is_namespaced ? namespace : STR(""), name);
}

/* --- operations --- */

static struct operation *operation_new(struct registry *r, const struct resource *kind, struct str namespace,
                                       registry_done *done, void *ctx)
{
    struct operation *op = mem_zalloc(sizeof(*op));
    op->registry = r;
    op->kind = kind;
    op->namespace = str_dup(kind->is_namespaced ? namespace : STR(""));
    op->done = done;
    op->ctx = ctx;
    return op;
}

static void copy_write_options(struct operation *op, const struct write_options *options)
{
    if (options != NULL)
        op->options = *options;
    op->options.subresource = str_of(str_dup(op->options.subresource));
    json_incref(op->options.warnings);
}

static void operation_free(struct operation *op)
{
    free((char *)(uintptr_t)op->options.subresource.ptr);
    free((char *)(uintptr_t)op->deletion.uid.ptr);
    free((char *)(uintptr_t)op->deletion.resource_version.ptr);
    json_decref(op->options.warnings);
    json_decref(op->object);
    object_unref(op->written);
    free(op->namespace);
    free(op->name);
    free(op);
}

/* Answers and ends OP; clears F. */
static void operation_fail(struct operation *op, struct failure *f)
{
    assert(failure_is_set(f));
    if (op->done != NULL)
        op->done(op->ctx, NULL, f);
    failure_clear(f);
    operation_free(op);
}

static void operation_succeed(struct operation *op, const struct object *result)
{
    if (op->done != NULL)
        op->done(op->ctx, result, NULL);
    operation_free(op);
}

static void on_written(void *ctx, const struct error *err)
{
    struct operation *op = ctx;
    if (err == NULL) {
        operation_succeed(op, op->written);
        return;
    }
    struct failure f = {0};
    if (err->code == 507)
        failure_set(&f, 507, "InsufficientStorage", "%s", error_text(err));
    else
        failure_internal(&f, "%s", error_text(err));
    operation_fail(op, &f);
}

/* The last step: DOM goes to the storage, or, in a dry run, just back to the caller. */
static void operation_write(struct operation *op, enum storage_change change, json_t *dom, bool is_dry_run)
{
    struct storage_kind *k = registry_kind(op->registry, op->kind);
    struct failure f = {0};
    struct error err = {0};
    if (!is_dry_run) {
        char version[24];
        snprintf(version, sizeof(version), "%" PRIu64, storage_reserve_version(op->registry->storage));
        json_object_set_new(json_own_object(dom, "metadata"), "resourceVersion", json_string(version));
    }
    op->written = object_new(dom, op->kind->field_paths, &err);
    if (op->written == NULL) {
        failure_internal(&f, "%s", error_text(&err));
        error_clear(&err);
        operation_fail(op, &f);
    } else if (is_dry_run) {
        operation_succeed(op, op->written);
    } else {
        storage_write(k, change, op->written, on_written, op);
    }
}

/* Types and names of fields. Mutates OBJECT. */
static bool decode(struct operation *op, json_t *object, struct failure *f)
{
    auto_error struct error err = {0};
    auto_dom json_t *unknown = op->options.fields != FIELDS_IGNORE ? json_array() : NULL;
    const struct resource *kind = op->kind;
    if (!schema_decode(kind->schema, object, unknown, &err))
        return failure_bad_request(f, "%s in version \"%s\" cannot be handled as a %s: %s", kind->kind, kind->version,
                                   kind->kind, error_text(&err));
    auto_buf struct buf all = {0};
    size_t i;
    json_t *path;
    json_array_foreach (unknown, i, path) {
        auto_buf struct buf one = {0};
        buf_printf(&one, "unknown field \"%s\"", json_string_value(path));
        if (op->options.fields == FIELDS_WARN && op->options.warnings != NULL)
            json_array_append_new(op->options.warnings, json_stringn_nocheck(one.ptr, one.len));
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", buf_cstr(&one));
    }
    if (op->options.fields == FIELDS_STRICT && all.len > 0)
        return failure_bad_request(f, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
                                   kind->kind, kind->version, kind->kind, buf_cstr(&all));
    return true;
}

static struct resource_change change_of(const struct operation *op, const json_t *old)
{
    return (struct resource_change){
        .resource = op->kind, .subresource = op->options.subresource, .old = old, .now_unix_ns = clock_unix_ns()};
}

static bool complete_and_validate(struct operation *op, json_t *object, const json_t *old, struct failure *f)
{
    const struct resource *kind = op->kind;
    const struct resource_change change = change_of(op, old);
    if (kind->set_defaults != NULL)
        kind->set_defaults(object);
    if (kind->prepare != NULL)
        kind->prepare(object, &change);
    if (op->options.admit != NULL && !op->options.admit(op->options.admit_arg, kind, object, old, f))
        return false;
    auto_field_errors struct field_errors errors = {0};
    object_meta_validate(object, old, kind, &errors);
    if (kind->validate != NULL)
        kind->validate(object, &change, &errors);
    return errors.count == 0 || failure_invalid(f, kind, json_text_at(object, "metadata.name"), &errors);
}

/* --- create --- */

static bool namespace_takes_objects(struct operation *op, struct failure *f)
{
    const struct resource *namespaces = resource_find(STR(""), STR("v1"), STR("namespaces"));
    const struct object *namespace = registry_get(op->registry, namespaces, STR(""), str_of(op->namespace));
    if (namespace == NULL)
        return failure_not_found(f, namespaces, str_of(op->namespace));
    if (!namespace->is_terminating)
        return true;
    auto_buf struct buf why = {0}, what = {0};
    buf_printf(&why, "unable to create new content in namespace %s because it is being terminated", op->namespace);
    failure_forbidden(f, op->kind, str_of(op->name), buf_cstr(&why));
    buf_printf(&what, "namespace %s is being terminated", op->namespace);
    struct status_cause *cause = arena_alloc(&f->arena, sizeof(*cause));
    *cause = (struct status_cause){STR("NamespaceTerminating"), arena_str(&f->arena, buf_str(&what)),
                                   STR("metadata.namespace")};
    f->status.details.causes = cause;
    f->status.details.cause_count = 1;
    return false;
}

static void on_create_settled(void *ctx)
{
    struct operation *op = ctx;
    struct failure f = {0};
    if ((op->kind->is_namespaced && !namespace_takes_objects(op, &f)) ||
        !complete_and_validate(op, op->object, NULL, &f)) {
        operation_fail(op, &f);
        return;
    }
    if (registry_get(op->registry, op->kind, str_of(op->namespace), str_of(op->name)) != NULL) {
        failure_already_exists(&f, op->kind, str_of(op->name));
        operation_fail(op, &f);
        return;
    }
    operation_write(op, STORAGE_PUT, op->object, op->options.is_dry_run);
}

void registry_create(struct registry *r, const struct resource *kind, struct str namespace, json_t *object,
                     const struct write_options *options, registry_done *done, void *ctx)
{
    struct operation *op = operation_new(r, kind, namespace, done, ctx);
    copy_write_options(op, options);
    op->object = object;
    struct failure f = {0};
    if (!decode(op, object, &f) || !object_identify(object, kind, str_of(op->namespace), &f) ||
        !object_begin(object, kind, clock_unix_ns(), &f)) {
        operation_fail(op, &f);
        return;
    }
    op->name = str_dup(json_text_at(object, "metadata.name"));
    storage_when_settled(registry_kind(r, kind), str_of(op->namespace), str_of(op->name), on_create_settled, op);
}

/* --- delete --- */

static bool is_kept(const struct resource *kind, const json_t *object)
{
    return json_array_size(json_at(object, "metadata.finalizers")) > 0 ||
           (kind->is_held != NULL && kind->is_held(object));
}

static bool preconditions_hold(const struct operation *op, const struct object *current, struct failure *f)
{
    auto_buf struct buf why = {0};
    const struct delete_options *o = &op->deletion;
    assert(current != NULL);
    if (o->uid.len > 0 && !str_eq(o->uid, current->uid))
        buf_printf(&why, "Precondition failed: UID in precondition: %.*s, UID in object meta: %.*s", STR_ARG(o->uid),
                   STR_ARG(current->uid));
    uint64_t version;
    if (o->resource_version.len > 0 && (!str_to_u64(o->resource_version, &version) || version != current->version))
        buf_printf(&why,
                   "Precondition failed: ResourceVersion in precondition: %.*s, ResourceVersion in object meta: "
                   "%" PRIu64,
                   STR_ARG(o->resource_version), current->version);
    return why.len == 0 || failure_conflict(f, op->kind, current->name, buf_cstr(&why));
}

static void on_delete_settled(void *ctx)
{
    struct operation *op = ctx;
    struct failure f = {0};
    const struct resource *kind = op->kind;
    const struct object *current = registry_get(op->registry, kind, str_of(op->namespace), str_of(op->name));
    if (current == NULL)
        failure_not_found(&f, kind, str_of(op->name));
    const char *why = kind->refuses_delete != NULL ? kind->refuses_delete(str_of(op->name)) : NULL;
    if (current != NULL && why != NULL)
        failure_forbidden(&f, kind, str_of(op->name), why);
    if (failure_is_set(&f) || !preconditions_hold(op, current, &f)) {
        operation_fail(op, &f);
        return;
    }
    auto_dom json_t *dom = object_dom(current);
    int64_t grace = kind->grace_period != NULL ? kind->grace_period(dom, op->deletion.grace_seconds) : 0;
    bool is_kept_now = is_kept(kind, dom);
    if (grace <= 0 && !is_kept_now) {
        operation_write(op, STORAGE_REMOVE, dom, op->deletion.is_dry_run);
        return;
    }
    /* A second delete can only shorten the time that the first one gave. */
    if (current->is_terminating && grace >= json_integer_at(dom, "metadata.deletionGracePeriodSeconds", 0)) {
        operation_succeed(op, current);
        return;
    }
    object_mark_deleted(dom, clock_unix_ns(), grace > 0 ? grace : 0);
    if (kind->mark_terminating != NULL)
        kind->mark_terminating(dom);
    operation_write(op, STORAGE_PUT, dom, op->deletion.is_dry_run);
}

void registry_delete(struct registry *r, const struct resource *kind, struct str namespace, struct str name,
                     const struct delete_options *options, registry_done *done, void *ctx)
{
    struct operation *op = operation_new(r, kind, namespace, done, ctx);
    op->deletion.grace_seconds = -1;
    if (options != NULL)
        op->deletion = *options;
    op->deletion.uid = str_of(str_dup(op->deletion.uid));
    op->deletion.resource_version = str_of(str_dup(op->deletion.resource_version));
    op->name = str_dup(name);
    storage_when_settled(registry_kind(r, kind), str_of(op->namespace), str_of(op->name), on_delete_settled, op);
}

/* --- change --- */

/* Which parts of an object a write may touch: the main resource all but status, "status" only it (and metadata). */
static void keep_other_parts(const struct operation *op, json_t *object, const json_t *old)
{
    bool is_status = str_eq(op->options.subresource, STR("status"));
    if (!op->kind->has_status && !is_status)
        return;
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe (object, next, key, value) {
        bool is_own = strcmp(key, "metadata") == 0 || (strcmp(key, "status") == 0) == is_status;
        if (!is_own && json_object_get(old, key) == NULL)
            json_object_del(object, key);
    }
    json_object_foreach ((json_t *)(uintptr_t)old, key, value) {
        bool is_own = strcmp(key, "metadata") == 0 || (strcmp(key, "status") == 0) == is_status;
        if (!is_own)
            json_object_set(object, key, value);
    }
}

static void count_generation(const struct resource *kind, json_t *object, const json_t *old)
{
    if (!kind->has_generation || json_equal(json_object_get(object, "spec"), json_object_get(old, "spec")))
        return;
    int64_t generation = json_integer_at(old, "metadata.generation", 0);
    json_object_set_new(json_own_object(object, "metadata"), "generation", json_integer(generation + 1));
}

static void store_change(struct operation *op, const struct object *current, json_t *object, const json_t *old)
{
    struct failure f = {0};
    if (!decode(op, object, &f) || !object_identify(object, op->kind, str_of(op->namespace), &f) ||
        !object_continue(object, old, op->kind, &f)) {
        operation_fail(op, &f);
        return;
    }
    keep_other_parts(op, object, old);
    if (!complete_and_validate(op, object, old, &f)) {
        operation_fail(op, &f);
        return;
    }
    count_generation(op->kind, object, old);
    bool was_last_hold = current->is_terminating && !is_kept(op->kind, object) &&
                         json_integer_at(object, "metadata.deletionGracePeriodSeconds", 0) == 0;
    if (was_last_hold)
        operation_write(op, STORAGE_REMOVE, object, op->options.is_dry_run);
    else if (json_equal(object, old))
        operation_succeed(op, current);
    else
        operation_write(op, STORAGE_PUT, object, op->options.is_dry_run);
}

static void on_change_settled(void *ctx)
{
    struct operation *op = ctx;
    struct failure f = {0};
    const struct object *current = registry_get(op->registry, op->kind, str_of(op->namespace), str_of(op->name));
    if (current == NULL) {
        failure_not_found(&f, op->kind, str_of(op->name));
        operation_fail(op, &f);
        return;
    }
    auto_dom json_t *old = object_dom(current);
    auto_dom json_t *object = op->edit(op->edit_ctx, old, &f);
    if (object != NULL)
        store_change(op, current, object, old);
    else if (failure_is_set(&f))
        operation_fail(op, &f);
    else
        operation_succeed(op, current);
}

void registry_change(struct registry *r, const struct resource *kind, struct str namespace, struct str name,
                     registry_edit *edit, void *edit_ctx, const struct write_options *options, registry_done *done,
                     void *ctx)
{
    struct operation *op = operation_new(r, kind, namespace, done, ctx);
    copy_write_options(op, options);
    op->name = str_dup(name);
    op->edit = edit;
    op->edit_ctx = edit_ctx;
    storage_when_settled(registry_kind(r, kind), str_of(op->namespace), str_of(op->name), on_change_settled, op);
}
