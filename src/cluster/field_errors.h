/*
 * What validation found, field by field, in Kubernetes' words: "metadata.name: Required value: name or generateName is
 * required". A zeroed struct field_errors is empty and ready. Paths are printf formats, so that indexes fit in:
 * "spec.ports[%zu].port". Source: Kubernetes API conventions; apimachinery's field errors.
 */
#ifndef CLUSTER_FIELD_ERRORS_H
#define CLUSTER_FIELD_ERRORS_H

#include "cluster/failure.h"

#include <jansson.h>

/* What is found beyond that isn't told. */
#define FIELD_ERRORS_MAX 100

struct field_errors {
    struct arena arena;
    struct status_cause *items; /* owned */
    size_t count;
};

void field_errors_free(struct field_errors *e);
#define auto_field_errors __attribute__((cleanup(field_errors_free)))

/* Text in E's arena: for paths put together along the way. */
__attribute__((format(printf, 2, 3))) const char *field_path(struct field_errors *e, const char *format, ...);

/* "Required value", followed by ": WHY" when it isn't empty. */
void field_required(struct field_errors *e, const char *path, const char *why);

/* 'Invalid value: VALUE: WHY'. VALUE is borrowed; NULL prints as "null". */
void field_invalid(struct field_errors *e, const char *path, const json_t *value, const char *why);
void field_invalid_text(struct field_errors *e, const char *path, struct str value, const char *why);

/* 'Unsupported value: "VALUE": supported values: "A", "B"'. SUPPORTED ends with NULL. */
void field_not_supported(struct field_errors *e, const char *path, struct str value, const char *const *supported);

void field_duplicate(struct field_errors *e, const char *path, struct str value);
void field_forbidden(struct field_errors *e, const char *path, const char *why);
void field_too_long(struct field_errors *e, const char *path, size_t max_bytes);
void field_not_found(struct field_errors *e, const char *path, struct str value);

/* The 422: 'Role.rbac.authorization.k8s.io "x" is invalid: ...'. Sets F, returns false. */
bool failure_invalid(struct failure *f, const struct resource *r, struct str name, const struct field_errors *e);

#endif
