#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field owner_reference_fields[] = {
    ONE("apiVersion", STRING, 5, REQUIRED),
    ONE("kind", STRING, 1, REQUIRED),
    ONE("name", STRING, 3, REQUIRED),
    ONE("uid", STRING, 4, REQUIRED),
    ONE("controller", BOOLEAN, 6, POINTER),
    ONE("blockOwnerDeletion", BOOLEAN, 7, POINTER),
    END,
};
const struct schema schema_owner_reference = {"io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
                                              owner_reference_fields};

static const struct schema_field managed_fields_entry_fields[] = {
    ONE("manager", STRING, 1),    ONE("operation", STRING, 2), ONE("apiVersion", STRING, 3),  ONE("time", TIME, 4),
    ONE("fieldsType", STRING, 6), ONE("fieldsV1", ANY, 7),     ONE("subresource", STRING, 8), END,
};
const struct schema schema_managed_fields_entry = {"io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry",
                                                   managed_fields_entry_fields};

static const struct schema_field object_meta_fields[] = {
    ONE("name", STRING, 1),
    ONE("generateName", STRING, 2),
    ONE("namespace", STRING, 3),
    ONE("selfLink", STRING, 4),
    ONE("uid", STRING, 5),
    ONE("resourceVersion", STRING, 6),
    ONE("generation", INTEGER64, 7),
    ONE("creationTimestamp", TIME, 8),
    ONE("deletionTimestamp", TIME, 9),
    ONE("deletionGracePeriodSeconds", INTEGER64, 10, POINTER),
    MAP("labels", STRING, 11),
    MAP("annotations", STRING, 12),
    OBJECTS("ownerReferences", owner_reference, 13, MERGE("uid")),
    LIST("finalizers", STRING, 14, MERGE_SET),
    OBJECTS("managedFields", managed_fields_entry, 17),
    END,
};
const struct schema schema_object_meta = {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", object_meta_fields};

static const struct schema_field list_meta_fields[] = {
    ONE("selfLink", STRING, 1),
    ONE("resourceVersion", STRING, 2),
    ONE("continue", STRING, 3),
    ONE("remainingItemCount", INTEGER64, 4, POINTER),
    END,
};
const struct schema schema_list_meta = {"io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", list_meta_fields};

static const struct schema_field label_selector_requirement_fields[] = {
    ONE("key", STRING, 1, REQUIRED),
    ONE("operator", STRING, 2, REQUIRED),
    LIST("values", STRING, 3),
    END,
};
const struct schema schema_label_selector_requirement = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", label_selector_requirement_fields};

static const struct schema_field label_selector_fields[] = {
    MAP("matchLabels", STRING, 1),
    OBJECTS("matchExpressions", label_selector_requirement, 2),
    END,
};
const struct schema schema_label_selector = {"io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
                                             label_selector_fields};

static const struct schema_field condition_fields[] = {
    ONE("type", STRING, 1, REQUIRED),
    ONE("status", STRING, 2, REQUIRED),
    ONE("observedGeneration", INTEGER64, 3),
    ONE("lastTransitionTime", TIME, 4, REQUIRED),
    ONE("reason", STRING, 5, REQUIRED),
    ONE("message", STRING, 6, REQUIRED),
    END,
};
const struct schema schema_condition = {"io.k8s.apimachinery.pkg.apis.meta.v1.Condition", condition_fields};

static const struct schema_field preconditions_fields[] = {
    ONE("uid", STRING, 1, POINTER),
    ONE("resourceVersion", STRING, 2, POINTER),
    END,
};
const struct schema schema_preconditions = {"io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions", preconditions_fields};

static const struct schema_field delete_options_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    ONE("gracePeriodSeconds", INTEGER64, 1, POINTER),
    OBJECT("preconditions", preconditions, 2),
    ONE("orphanDependents", BOOLEAN, 3, POINTER),
    ONE("propagationPolicy", STRING, 4, POINTER),
    LIST("dryRun", STRING, 5),
    ONE("ignoreStoreReadErrorWithClusterBreakingPotential", BOOLEAN, 6, POINTER),
    END,
};
const struct schema schema_delete_options = {"io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
                                             delete_options_fields};
