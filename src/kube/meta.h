/*
 * The part of an object that all kinds share: apiVersion, kind and metadata, read from its JSON in one pass without a
 * tree. A view: strings point into the object's bytes, or into the arena where they had escapes; both must outlive it.
 * Absent fields are "", 0, KUBE_TIME_ZERO. Safe from any thread. Source: Kubernetes API reference, ObjectMeta.
 */
#ifndef KUBE_META_H
#define KUBE_META_H

#include "base/error.h"
#include "kube/json_scan.h"
#include "kube/labels.h"
#include "kube/time.h"

struct object_meta {
    struct str name;
    struct str generate_name;
    struct str namespace;
    struct str uid;
    struct str resource_version;
    int64_t generation;
    int64_t creation_ns; /* unix; KUBE_TIME_ZERO: not set */
    int64_t deletion_ns; /* unix; KUBE_TIME_ZERO: not being deleted */
    struct labels labels;
    struct str annotations;      /* raw JSON object, "" when absent: read by object_meta_annotation */
    struct str owner_references; /* raw JSON array, "" when absent or empty */
    struct str finalizers;       /* raw JSON array, "" when absent or empty */
};

struct object_head {
    struct str api_version;
    struct str kind;
    struct object_meta meta;
    struct str meta_raw; /* the metadata object's own bytes */
    struct str raw;      /* the whole object's bytes */
};

/* Reads the metadata object that stands next in S. False on a fault, which S then carries. */
bool object_meta_scan(struct json_scan *s, struct object_meta *out);

/* Reads the object that stands next in S, an item of a list for example: one pass over its bytes. Likewise. */
bool object_head_scan(struct json_scan *s, struct object_head *out);

/*
 * Reads a whole object, and checks all of it to be JSON. False, with code 400 and what is wrong at which byte,
 * otherwise.
 */
bool object_head_read(struct arena *arena, struct str object, struct object_head *out, struct error *err);

/* The annotation KEY; false when there is none. */
bool object_meta_annotation(const struct object_meta *m, struct arena *arena, struct str key, struct str *value);

struct owner_reference {
    struct str api_version;
    struct str kind;
    struct str name;
    struct str uid;
    bool is_controller;
    bool blocks_owner_deletion;
};

/* The owners one by one: start with *AT = 0. False when there are no more. */
bool object_meta_next_owner(const struct object_meta *m, struct arena *arena, size_t *at, struct owner_reference *out);

/* The owner that controls the object; false when none does. */
bool object_meta_controller(const struct object_meta *m, struct arena *arena, struct owner_reference *out);

#endif
