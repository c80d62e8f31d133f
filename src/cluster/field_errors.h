/*
 * What validation found, field by field, in Kubernetes' words: "metadata.name: Required value: name or generateName is
 * required". A zeroed struct field_errors is empty and ready; failure_invalid makes the 422 of it. Source: Kubernetes
 * API conventions, k8s.io/apimachinery's field errors.
 */
#ifndef CLUSTER_FIELD_ERRORS_H
#define CLUSTER_FIELD_ERRORS_H

#include "base/buf.h"
#include "cluster/failure.h"

#include <jansson.h>

struct field_errors {
    json_t *causes; /* owned: array of {reason, message, field}; NULL while there are none */
};

void field_errors_free(struct field_errors *e);
#define auto_field_errors __attribute__((cleanup(field_errors_free)))

static inline bool field_errors_any(const struct field_errors *e)
{
    return e->causes != NULL;
}

/* The value is missing: "Required value", followed by ": WHY" when it isn't empty. */
void field_required(struct field_errors *e, const char *path, const char *why);

/* The value is malformed: 'Invalid value: "VALUE": WHY'. VALUE (borrowed, may be NULL) prints as JSON. */
void field_invalid(struct field_errors *e, const char *path, const json_t *value, const char *why);

/* The value is none of those: 'Unsupported value: "VALUE": supported values: "A", "B"'. SUPPORTED is NULL-terminated.
 */
void field_not_supported(struct field_errors *e, const char *path, const json_t *value, const char *const *supported);

/* 'Duplicate value: "VALUE"', 'Forbidden: WHY', 'Too long: ...', 'Not found: "VALUE"'. */
void field_duplicate(struct field_errors *e, const char *path, const json_t *value);
void field_forbidden(struct field_errors *e, const char *path, const char *why);
void field_too_long(struct field_errors *e, const char *path, size_t max_bytes);
void field_not_found(struct field_errors *e, const char *path, const json_t *value);

/* 422 Invalid: 'KIND.GROUP "NAME" is invalid: ...' with the causes. E is empty afterwards. Returns false. */
bool failure_invalid(struct failure *f, const char *group, const char *kind, struct str name, struct field_errors *e);

#endif
