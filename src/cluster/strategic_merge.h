/*
 * Strategic merge patch: a merge patch that knows which lists are keyed (containers by name, conditions by type) or
 * sets, out of the kind's schema, and obeys the directives $patch (replace, delete, merge), $setElementOrder/FIELD,
 * $deleteFromPrimitiveList/FIELD and $retainKeys. Pure. Source: Kubernetes design note "Strategic Merge Patch"
 * (sig-api-machinery).
 */
#ifndef CLUSTER_STRATEGIC_MERGE_H
#define CLUSTER_STRATEGIC_MERGE_H

#include "base/error.h"
#include "cluster/schema.h"

/*
 * Applies PATCH (borrowed; left as it was) to OBJECT, in place. Fields that S doesn't know are merged like plain JSON.
 * False, with ERR (code 400), when the patch is malformed; OBJECT may be half-changed then.
 */
bool strategic_merge(const struct schema *s, json_t *object, const json_t *patch, struct error *err);

#endif
