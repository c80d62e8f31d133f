#include "cluster/object_meta.h"

#include "base/buf.h"
#include "base/random.h"
#include "cluster/json_path.h"
#include "kube/time.h"

#define GENERATED_BASE_MAX 58
#define GENERATED_SUFFIX 5
#define ANNOTATIONS_MAX_BYTES ((size_t)256 * 1024)

void json_set_time(json_t *object, const char *key, int64_t unix_ns)
{
    char text[KUBE_TIME_SIZE];
    kube_time_format(text, unix_ns);
    json_object_set_new(object, key, json_string(text));
}

bool object_identify(json_t *object, const struct resource *r, struct str namespace, struct failure *f)
{
    auto_buf struct buf api_version = {0};
    resource_api_version(&api_version, r);
    struct str kind = json_text_at(object, "kind");
    struct str version = json_text_at(object, "apiVersion");
    if (version.len > 0 && !str_eq(version, buf_str(&api_version)))
        return failure_bad_request(f, "the API version in the data (%.*s) does not match the expected API version (%s)",
                                   STR_ARG(version), buf_cstr(&api_version));
    if (kind.len > 0 && !str_eq_cstr(kind, r->kind))
        return failure_bad_request(f, "the kind in the data (%.*s) does not match the expected kind (%s)",
                                   STR_ARG(kind), r->kind);
    json_set_text(object, "apiVersion", buf_str(&api_version));
    json_set_text(object, "kind", str_of(r->kind));
    json_t *meta = json_own_object(object, "metadata");
    struct str named = json_text_at(meta, "namespace");
    if (!r->is_namespaced) {
        json_object_del(meta, "namespace");
        return true;
    }
    if (named.len > 0 && !str_eq(named, namespace))
        return failure_bad_request(
            f, "the namespace of the provided object does not match the namespace sent on the request");
    json_set_text(meta, "namespace", namespace);
    return true;
}

static void generate_name(json_t *meta)
{
    struct str base = json_text_at(meta, "generateName");
    if (json_text_at(meta, "name").len > 0 || base.len == 0)
        return;
    char suffix[GENERATED_SUFFIX + 1];
    random_name_suffix(suffix, GENERATED_SUFFIX);
    auto_buf struct buf name = {0};
    buf_add_str(&name, str_head(base, GENERATED_BASE_MAX));
    buf_add_cstr(&name, suffix);
    json_set_text(meta, "name", buf_str(&name));
}

bool object_begin(json_t *object, const struct resource *r, int64_t now_unix_ns, struct failure *f)
{
    static const char *const server_fields[] = {"selfLink", "managedFields", "deletionTimestamp",
                                                "deletionGracePeriodSeconds", "generation"};
    json_t *meta = json_own_object(object, "metadata");
    if (json_text_at(meta, "resourceVersion").len > 0)
        return failure_bad_request(f, "resourceVersion should not be set on objects to be created");
    json_object_del(meta, "resourceVersion");
    for (size_t i = 0; i < sizeof(server_fields) / sizeof(server_fields[0]); i++)
        json_object_del(meta, server_fields[i]);
    generate_name(meta);
    char uid[UUID_SIZE];
    random_uuid(uid);
    json_object_set_new(meta, "uid", json_string(uid));
    json_set_time(meta, "creationTimestamp", now_unix_ns);
    if (r->has_generation)
        json_object_set_new(meta, "generation", json_integer(1));
    if (r->has_status && !r->keeps_status_on_create)
        json_object_del(object, "status");
    return true;
}

static void keep_field(json_t *meta, const json_t *old, const char *key)
{
    json_t *value = json_object_get(old, key);
    if (value != NULL)
        json_object_set(meta, key, value);
    else
        json_object_del(meta, key);
}

bool object_continue(json_t *object, const json_t *old, const struct resource *r, struct failure *f)
{
    static const char *const kept[] = {
        "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName"};
    json_t *meta = json_own_object(object, "metadata");
    const json_t *old_meta = json_object_get(old, "metadata");
    struct str name = json_text_at(meta, "name"), old_name = json_text_at(old_meta, "name");
    struct str version = json_text_at(meta, "resourceVersion"), old_version = json_text_at(old_meta, "resourceVersion");
    struct str uid = json_text_at(meta, "uid"), old_uid = json_text_at(old_meta, "uid");
    if (!str_eq(name, old_name))
        return failure_bad_request(f, "the name of the object (%.*s) does not match the name on the URL (%.*s)",
                                   STR_ARG(name), STR_ARG(old_name));
    if (uid.len > 0 && !str_eq(uid, old_uid)) {
        auto_buf struct buf why = {0};
        buf_printf(&why, "Precondition failed: UID in precondition: %.*s, UID in object meta: %.*s", STR_ARG(uid),
                   STR_ARG(old_uid));
        return failure_conflict(f, r, name, buf_cstr(&why));
    }
    if (version.len > 0 && !str_eq(version, STR("0")) && !str_eq(version, old_version)) {
        uint64_t number;
        if (!str_to_u64(version, &number))
            return failure_bad_request(f, "invalid resourceVersion \"%.*s\"", STR_ARG(version));
        return failure_modified(f, r, name);
    }
    json_set_text(meta, "resourceVersion", old_version);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        keep_field(meta, old_meta, kept[i]);
    json_object_del(meta, "selfLink");
    json_object_del(meta, "managedFields");
    return true;
}

void object_mark_deleted(json_t *object, int64_t now_unix_ns, int64_t grace_seconds)
{
    json_t *meta = json_own_object(object, "metadata");
    json_set_time(meta, "deletionTimestamp", now_unix_ns + grace_seconds * 1000000000);
    json_object_set_new(meta, "deletionGracePeriodSeconds", json_integer(grace_seconds));
    json_t *generation = json_object_get(meta, "generation");
    if (json_is_integer(generation))
        json_object_set_new(meta, "generation", json_integer(json_integer_value(generation) + 1));
}

static void report_faults(struct field_errors *e, const char *path, struct str value, struct name_faults faults)
{
    for (size_t i = 0; i < faults.count; i++)
        field_invalid_text(e, path, value, faults.texts[i]);
}

static void validate_name(const json_t *meta, const struct resource *r, struct field_errors *e)
{
    struct str name = json_text_at(meta, "name"), generate = json_text_at(meta, "generateName");
    struct name_faults (*check)(struct str) = r->check_name != NULL ? r->check_name : name_check_dns1123_subdomain;
    if (generate.len > 0) {
        /* What is generated ends in letters and digits: a trailing dash of the base is fine. */
        auto_buf struct buf sample = {0};
        buf_add_str(&sample, str_head(generate, GENERATED_BASE_MAX));
        buf_add_cstr(&sample, "x");
        report_faults(e, "metadata.generateName", generate, check(buf_str(&sample)));
    }
    if (name.len == 0)
        field_required(e, "metadata.name", "name or generateName is required");
    else
        report_faults(e, "metadata.name", name, check(name));
}

static void validate_labels(const json_t *labels, struct field_errors *e)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)labels, key, value) {
        report_faults(e, "metadata.labels", str_of(key), name_check_qualified(str_of(key)));
        report_faults(e, "metadata.labels", json_text(value), name_check_label_value(json_text(value)));
    }
}

static void validate_annotations(const json_t *annotations, struct field_errors *e)
{
    size_t bytes = 0;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)annotations, key, value) {
        char lower[320];
        size_t n = strlen(key);
        for (size_t i = 0; i <= n && i < sizeof(lower); i++)
            lower[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + 32 : key[i]);
        struct str checked = n < sizeof(lower) ? str_from(lower, n) : str_from(key, n);
        report_faults(e, "metadata.annotations", str_of(key), name_check_qualified(checked));
        bytes += n + json_text(value).len;
    }
    if (bytes > ANNOTATIONS_MAX_BYTES)
        field_too_long(e, "metadata.annotations", ANNOTATIONS_MAX_BYTES);
}

static void validate_owners(const json_t *owners, struct field_errors *e)
{
    static const char *const required[] = {"apiVersion", "kind", "name", "uid"};
    size_t i, controllers = 0;
    json_t *owner;
    json_array_foreach (owners, i, owner) {
        for (size_t k = 0; k < sizeof(required) / sizeof(required[0]); k++) {
            if (json_text_at(owner, required[k]).len == 0)
                field_invalid_text(e, field_path(e, "metadata.ownerReferences[%zu].%s", i, required[k]), STR(""),
                                   "must not be empty");
        }
        controllers += json_true_at(owner, "controller");
    }
    if (controllers > 1)
        field_invalid(e, "metadata.ownerReferences", owners, "Only one reference can have Controller set to true");
}

static void validate_finalizers(const json_t *meta, const json_t *old, struct field_errors *e)
{
    const json_t *finalizers = json_object_get(meta, "finalizers");
    const json_t *old_finalizers = json_at(old, "metadata.finalizers");
    size_t i;
    json_t *finalizer;
    json_array_foreach (finalizers, i, finalizer) {
        struct str name = json_text(finalizer);
        report_faults(e, "metadata.finalizers", name, name_check_qualified(name));
        if (json_object_get(meta, "deletionTimestamp") != NULL && !json_array_has(old_finalizers, name))
            field_forbidden(e, "metadata.finalizers",
                            field_path(e,
                                       "no new finalizers can be added if the object is being deleted, found new "
                                       "finalizers []string{\"%.*s\"}",
                                       STR_ARG(name)));
    }
}

void object_meta_validate(const json_t *object, const json_t *old, const struct resource *r, struct field_errors *e)
{
    const json_t *meta = json_object_get(object, "metadata");
    if (old == NULL)
        validate_name(meta, r, e);
    validate_labels(json_object_get(meta, "labels"), e);
    validate_annotations(json_object_get(meta, "annotations"), e);
    validate_owners(json_object_get(meta, "ownerReferences"), e);
    validate_finalizers(meta, old, e);
}
