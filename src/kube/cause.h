/*
 * What is wrong with one field of an object: the lines of a 422 Invalid, in Kubernetes' words. Text that has to be put
 * together lives in the arena, everything else is borrowed from the arguments. FIELD is a path: metadata.labels,
 * spec.containers[0].name. Safe from any thread.
 */
#ifndef KUBE_CAUSE_H
#define KUBE_CAUSE_H

#include "base/arena.h"

struct status_cause {
    struct str reason;  /* FieldValueInvalid, FieldValueRequired, ... */
    struct str message; /* Invalid value: "x": must be ... */
    struct str field;   /* metadata.name */
};

struct status_cause cause_required(struct arena *a, struct str field, struct str detail); /* DETAIL may be "" */
struct status_cause cause_forbidden(struct arena *a, struct str field, struct str detail);
struct status_cause cause_invalid(struct arena *a, struct str field, struct str value, struct str detail);
struct status_cause cause_duplicate(struct arena *a, struct str field, struct str value);
struct status_cause cause_not_found(struct arena *a, struct str field, struct str value);
struct status_cause cause_not_supported(struct arena *a, struct str field, struct str value,
                                        const struct str *supported, size_t count);
struct status_cause cause_too_long(struct arena *a, struct str field, size_t max_bytes);
struct status_cause cause_too_many(struct arena *a, struct str field, size_t actual, size_t max);

/* As cause_invalid for a value that isn't a string: JSON is shown as it is (5, {"a":"b"}). */
struct status_cause cause_invalid_json(struct arena *a, struct str field, struct str json, struct str detail);

#endif
