/*
 * What the fields of a kind are: one table per type of the API, from which everything that needs to know them is
 * derived: type errors and unknown fields in a request, strategic merge, protobuf, OpenAPI, and the pruning of what
 * isn't known. A table is facts only (names, types, merge keys: Kubernetes API reference, k8s.io/api types). Immutable.
 */
#ifndef CLUSTER_SCHEMA_H
#define CLUSTER_SCHEMA_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>

enum schema_type {
    SCHEMA_STRING,
    SCHEMA_BYTES,   /* base64 in JSON */
    SCHEMA_INTEGER, /* 32 bits */
    SCHEMA_INTEGER64,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
    SCHEMA_TIME,       /* RFC 3339, seconds, or null */
    SCHEMA_MICRO_TIME, /* RFC 3339 with microseconds, or null */
    SCHEMA_QUANTITY,   /* a string or a number */
    SCHEMA_INT_OR_STRING,
    SCHEMA_STRINGS, /* a list of strings, as the value of a map */
    SCHEMA_OBJECT,  /* of the type schema_field.of */
    SCHEMA_ANY,     /* not looked into (FieldsV1, RawExtension) */
};

enum schema_shape {
    SCHEMA_ONE,
    SCHEMA_LIST,
    SCHEMA_MAP, /* string keys */
};

enum schema_patch {
    SCHEMA_ATOMIC,      /* lists: a patch replaces the whole list; maps and objects: merged key by key */
    SCHEMA_MERGE,       /* lists: by merge_key; by value when there is none (a set of primitives) */
    SCHEMA_RETAIN_KEYS, /* objects, and items of lists with a merge_key: $retainKeys is honoured (unions) */
};

/* No list of an object may be longer: what is done with lists costs more than their length. */
#define SCHEMA_MAX_ITEMS 5000

struct schema;

struct schema_field {
    const char *name; /* as in JSON; NULL ends a table */
    enum schema_type type;
    enum schema_shape shape;
    enum schema_patch patch;
    const char *merge_key;
    bool is_required;
    bool is_pointer;         /* zero is a value: it doesn't mean absent */
    uint16_t tag;            /* protobuf field number; 0: not encoded */
    uint16_t inside_tag;     /* of the message that protobuf nests this field in although JSON doesn't; 0: none */
    const struct schema *of; /* SCHEMA_OBJECT only */
};

struct schema {
    const char *name; /* OpenAPI definition: "io.k8s.api.core.v1.PodSpec" */
    const struct schema_field *fields;
};

/* The field of that name; NULL when there is none. */
const struct schema_field *schema_find(const struct schema *s, struct str name);

/*
 * Makes OBJECT what a server that only knows S would have decoded: fields that S doesn't have are dropped, null is
 * absent, empty lists and maps that needn't be there too. The paths of dropped fields are appended to UNKNOWN, an array
 * of strings, when it isn't NULL. False with the words of Go's decoder in ERR (code 400) when a value has the wrong
 * type.
 */
bool schema_decode(const struct schema *s, json_t *object, json_t *unknown, struct error *err);

#endif
