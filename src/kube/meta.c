#include "kube/meta.h"

#define BAD_REQUEST 400

static bool scan_time(struct json_scan *s, int64_t *out_ns)
{
    struct str raw;

    return json_scan_raw(s, &raw) &&
           (kube_time_parse_json(raw, out_ns) || json_scan_fail(s, "metadata has a time that is none"));
}

/* The bytes of an object or array; "" when it is null or has nothing in it. */
static bool scan_members(struct json_scan *s, enum json_scan_type type, struct str *out)
{
    enum json_scan_type found = json_scan_peek(s);
    struct str raw;

    if (!json_scan_raw(s, &raw))
        return false;
    if (found != JSON_SCAN_NULL && found != type)
        return json_scan_fail(s, type == JSON_SCAN_OBJECT ? "an object was expected" : "an array was expected");
    if (found == JSON_SCAN_NULL || str_trim(str_from(raw.ptr + 1, raw.len - 2)).len == 0)
        raw = STR("");
    *out = raw;
    return true;
}

static bool scan_field(struct json_scan *s, struct str key, struct object_meta *m)
{
    if (str_eq(key, STR("name")))
        return json_scan_str(s, &m->name);
    if (str_eq(key, STR("namespace")))
        return json_scan_str(s, &m->namespace);
    if (str_eq(key, STR("uid")))
        return json_scan_str(s, &m->uid);
    if (str_eq(key, STR("resourceVersion")))
        return json_scan_str(s, &m->resource_version);
    if (str_eq(key, STR("generateName")))
        return json_scan_str(s, &m->generate_name);
    if (str_eq(key, STR("generation")))
        return json_scan_i64(s, &m->generation);
    if (str_eq(key, STR("creationTimestamp")))
        return scan_time(s, &m->creation_ns);
    if (str_eq(key, STR("deletionTimestamp")))
        return scan_time(s, &m->deletion_ns);
    if (str_eq(key, STR("labels")))
        return json_scan_labels(s, &m->labels);
    if (str_eq(key, STR("annotations")))
        return scan_members(s, JSON_SCAN_OBJECT, &m->annotations);
    if (str_eq(key, STR("ownerReferences")))
        return scan_members(s, JSON_SCAN_ARRAY, &m->owner_references);
    if (str_eq(key, STR("finalizers")))
        return scan_members(s, JSON_SCAN_ARRAY, &m->finalizers);
    return json_scan_skip(s);
}

bool object_meta_scan(struct json_scan *s, struct object_meta *out)
{
    struct object_meta m = {.creation_ns = KUBE_TIME_ZERO, .deletion_ns = KUBE_TIME_ZERO};
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key))
        scan_field(s, key, &m);
    if (s->fault != NULL)
        return false;
    *out = m;
    return true;
}

bool object_head_scan(struct json_scan *s, struct object_head *out)
{
    struct object_head head = {.meta = {.creation_ns = KUBE_TIME_ZERO, .deletion_ns = KUBE_TIME_ZERO}};
    struct str key;
    const char *start;

    json_scan_peek(s);
    start = s->at;
    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("apiVersion"))) {
            json_scan_str(s, &head.api_version);
        } else if (str_eq(key, STR("kind"))) {
            json_scan_str(s, &head.kind);
        } else if (str_eq(key, STR("metadata"))) {
            const char *meta_start;

            json_scan_peek(s);
            meta_start = s->at;
            object_meta_scan(s, &head.meta);
            head.meta_raw = str_from(meta_start, (size_t)(s->at - meta_start));
        }
    }
    if (s->fault != NULL)
        return false;
    head.raw = str_from(start, (size_t)(s->at - start));
    *out = head;
    return true;
}

bool object_head_read(struct arena *arena, struct str object, struct object_head *out, struct error *err)
{
    struct json_scan s = json_scan_of(object, arena);
    struct object_head head;

    if (json_scan_peek(&s) != JSON_SCAN_OBJECT)
        json_scan_fail(&s, "an object was expected");
    object_head_scan(&s, &head);
    if (!json_scan_finish(&s))
        return error_set(err, BAD_REQUEST, "invalid JSON: %s at byte %zu", json_scan_fault(&s), json_scan_offset(&s));
    *out = head;
    return true;
}

bool object_meta_annotation(const struct object_meta *m, struct arena *arena, struct str key, struct str *value)
{
    struct json_scan s = json_scan_of(m->annotations, arena);
    struct str found;
    bool is_found = false;
    struct str member;

    if (m->annotations.len == 0)
        return false;
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &member))
        if (str_eq(member, key))
            is_found = json_scan_str(&s, &found);
    if (!is_found || s.fault != NULL)
        return false;
    *value = found;
    return true;
}

static bool scan_owner(struct json_scan *s, struct owner_reference *out)
{
    struct owner_reference owner = {0};
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("apiVersion")))
            json_scan_str(s, &owner.api_version);
        else if (str_eq(key, STR("kind")))
            json_scan_str(s, &owner.kind);
        else if (str_eq(key, STR("name")))
            json_scan_str(s, &owner.name);
        else if (str_eq(key, STR("uid")))
            json_scan_str(s, &owner.uid);
        else if (str_eq(key, STR("controller")))
            json_scan_bool(s, &owner.is_controller);
        else if (str_eq(key, STR("blockOwnerDeletion")))
            json_scan_bool(s, &owner.blocks_owner_deletion);
    }
    *out = owner;
    return s->fault == NULL;
}

bool object_meta_next_owner(const struct object_meta *m, struct arena *arena, size_t *at, struct owner_reference *out)
{
    struct json_scan s = json_scan_of(m->owner_references, arena);
    size_t i = 0;

    if (m->owner_references.len == 0)
        return false;
    json_scan_enter_array(&s);
    while (json_scan_next_element(&s)) {
        if (i++ < *at)
            continue;
        *at = i;
        return scan_owner(&s, out);
    }
    return false;
}

bool object_meta_controller(const struct object_meta *m, struct arena *arena, struct owner_reference *out)
{
    struct owner_reference owner;
    size_t at = 0;

    while (object_meta_next_owner(m, arena, &at, &owner)) {
        if (owner.is_controller) {
            *out = owner;
            return true;
        }
    }
    return false;
}
