#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_secrets(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_u64(cell, json_array_size(json_object_get(object, "secrets")));
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Secrets", "string", 0, cell_secrets, "How many secrets its pods may use."),
    COLUMN_AGE,
    COLUMNS_END,
};

const struct resource resource_serviceaccounts = {
    .group = "",
    .version = "v1",
    .kind = "ServiceAccount",
    .plural = "serviceaccounts",
    .singular = "serviceaccount",
    .short_names = (const char *const[]){"sa", NULL},
    .storage_name = "serviceaccounts",
    .is_namespaced = true,
    .returns_deleted = true,
    .verbs = VERBS_ALL,
    .schema = &schema_service_account,
    .columns = columns,
};
