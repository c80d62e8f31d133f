/* Rules that ConfigMaps and Secrets share. Source: Kubernetes docs, "ConfigMaps", "Secrets". */
#ifndef CLUSTER_KINDS_CONFIG_RULES_H
#define CLUSTER_KINDS_CONFIG_RULES_H

#include "cluster/field_errors.h"

#define CONFIG_MAX_BYTES ((size_t)1024 * 1024)

/* Keys of the map PART are file names. */
void config_validate_keys(const json_t *object, const char *part, struct field_errors *errors);

/* The maps PARTS (NULL-terminated) together hold at most CONFIG_MAX_BYTES. */
void config_validate_size(const json_t *object, const char *const *parts, struct field_errors *errors);

/* Once "immutable" is true neither it nor PARTS change. OLD may be NULL. */
void config_validate_immutable(const json_t *object, const json_t *old, const char *const *parts,
                               struct field_errors *errors);

#endif
