#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/config_rules.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_count(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_u64(cell, json_object_size(json_object_get(object, "data")) +
                          json_object_size(json_object_get(object, "binaryData")));
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Data", "string", 0, cell_count, "How many keys there are."),
    COLUMN_AGE,
    COLUMNS_END,
};

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    static const char *const parts[] = {"data", "binaryData", NULL};
    const char *key;
    json_t *value;
    config_validate_keys(object, "data", errors);
    config_validate_keys(object, "binaryData", errors);
    json_object_foreach (json_object_get(object, "binaryData"), key, value) {
        if (json_object_get(json_object_get(object, "data"), key) != NULL)
            field_invalid_text(errors, field_path(errors, "data[%s]", key), str_of(key),
                               "duplicate of key present in binaryData");
    }
    config_validate_size(object, parts, errors);
    config_validate_immutable(object, change->old, parts, errors);
}

const struct resource resource_configmaps = {
    .group = "",
    .version = "v1",
    .kind = "ConfigMap",
    .plural = "configmaps",
    .singular = "configmap",
    .short_names = (const char *const[]){"cm", NULL},
    .storage_name = "configmaps",
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_config_map,
    .columns = columns,
    .validate = validate,
};
