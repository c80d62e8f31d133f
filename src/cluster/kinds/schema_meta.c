#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field owner_reference_fields[] = {
    ONE("apiVersion", STRING, REQUIRED),
    ONE("kind", STRING, REQUIRED),
    ONE("name", STRING, REQUIRED),
    ONE("uid", STRING, REQUIRED),
    ONE("controller", BOOLEAN),
    ONE("blockOwnerDeletion", BOOLEAN),
    END,
};
const struct schema schema_owner_reference = {"io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
                                              owner_reference_fields};

static const struct schema_field managed_fields_entry_fields[] = {
    ONE("manager", STRING),    ONE("operation", STRING), ONE("apiVersion", STRING),  ONE("time", TIME),
    ONE("fieldsType", STRING), ONE("fieldsV1", ANY),     ONE("subresource", STRING), END,
};
const struct schema schema_managed_fields_entry = {"io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry",
                                                   managed_fields_entry_fields};

static const struct schema_field object_meta_fields[] = {
    ONE("name", STRING),
    ONE("generateName", STRING),
    ONE("namespace", STRING),
    ONE("selfLink", STRING),
    ONE("uid", STRING),
    ONE("resourceVersion", STRING),
    ONE("generation", INTEGER64),
    ONE("creationTimestamp", TIME),
    ONE("deletionTimestamp", TIME),
    ONE("deletionGracePeriodSeconds", INTEGER64),
    MAP("labels", STRING),
    MAP("annotations", STRING),
    OBJECTS("ownerReferences", owner_reference, MERGE("uid")),
    LIST("finalizers", STRING, MERGE_SET),
    OBJECTS("managedFields", managed_fields_entry),
    END,
};
const struct schema schema_object_meta = {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", object_meta_fields};

static const struct schema_field list_meta_fields[] = {
    ONE("selfLink", STRING),
    ONE("resourceVersion", STRING),
    ONE("continue", STRING),
    ONE("remainingItemCount", INTEGER64),
    END,
};
const struct schema schema_list_meta = {"io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", list_meta_fields};

static const struct schema_field label_selector_requirement_fields[] = {
    ONE("key", STRING, REQUIRED),
    ONE("operator", STRING, REQUIRED),
    LIST("values", STRING),
    END,
};
const struct schema schema_label_selector_requirement = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", label_selector_requirement_fields};

static const struct schema_field label_selector_fields[] = {
    MAP("matchLabels", STRING),
    OBJECTS("matchExpressions", label_selector_requirement),
    END,
};
const struct schema schema_label_selector = {"io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
                                             label_selector_fields};

static const struct schema_field condition_fields[] = {
    ONE("type", STRING, REQUIRED),
    ONE("status", STRING, REQUIRED),
    ONE("observedGeneration", INTEGER64),
    ONE("lastTransitionTime", TIME, REQUIRED),
    ONE("reason", STRING, REQUIRED),
    ONE("message", STRING, REQUIRED),
    END,
};
const struct schema schema_condition = {"io.k8s.apimachinery.pkg.apis.meta.v1.Condition", condition_fields};
