#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_holder(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "spec.holderIdentity", "", cell);
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Holder", "string", 0, cell_holder, "Who holds the lease."),
    COLUMN_AGE,
    COLUMNS_END,
};

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    (void)change;
    const json_t *duration = json_at(object, "spec.leaseDurationSeconds");
    const json_t *transitions = json_at(object, "spec.leaseTransitions");
    if (duration != NULL && json_integer_value(duration) <= 0)
        field_invalid(errors, "spec.leaseDurationSeconds", duration, "must be greater than 0");
    if (transitions != NULL && json_integer_value(transitions) < 0)
        field_invalid(errors, "spec.leaseTransitions", transitions, "must be greater than or equal to 0");
}

const struct resource resource_leases = {
    .group = "coordination.k8s.io",
    .version = "v1",
    .kind = "Lease",
    .plural = "leases",
    .singular = "lease",
    .storage_name = "leases.coordination.k8s.io",
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_lease,
    .columns = columns,
    .validate = validate,
};
