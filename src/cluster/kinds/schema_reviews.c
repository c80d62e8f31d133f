#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field token_review_spec_fields[] = {
    ONE("token", STRING, 1),
    LIST("audiences", STRING, 2),
    END,
};
const struct schema schema_token_review_spec = {"io.k8s.api.authentication.v1.TokenReviewSpec",
                                                token_review_spec_fields};

static const struct schema_field user_info_fields[] = {
    ONE("username", STRING, 1), ONE("uid", STRING, 2), LIST("groups", STRING, 3), MAP("extra", STRINGS, 4), END,
};
const struct schema schema_user_info = {"io.k8s.api.authentication.v1.UserInfo", user_info_fields};

static const struct schema_field token_review_status_fields[] = {
    ONE("authenticated", BOOLEAN, 1),
    OBJECT("user", user_info, 2),
    LIST("audiences", STRING, 4),
    ONE("error", STRING, 3),
    END,
};
const struct schema schema_token_review_status = {"io.k8s.api.authentication.v1.TokenReviewStatus",
                                                  token_review_status_fields};

static const struct schema_field token_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", token_review_spec, 2, REQUIRED),
    OBJECT("status", token_review_status, 3),
    END,
};
const struct schema schema_token_review = {"io.k8s.api.authentication.v1.TokenReview", token_review_fields};

static const struct schema_field bound_object_reference_fields[] = {
    ONE("kind", STRING, 1), ONE("apiVersion", STRING, 2), ONE("name", STRING, 3), ONE("uid", STRING, 4), END,
};
const struct schema schema_bound_object_reference = {"io.k8s.api.authentication.v1.BoundObjectReference",
                                                     bound_object_reference_fields};

static const struct schema_field token_request_spec_fields[] = {
    LIST("audiences", STRING, 1),
    ONE("expirationSeconds", INTEGER64, 4, POINTER),
    OBJECT("boundObjectRef", bound_object_reference, 3),
    MAP("attestations", ANY, 5),
    END,
};
const struct schema schema_token_request_spec = {"io.k8s.api.authentication.v1.TokenRequestSpec",
                                                 token_request_spec_fields};

static const struct schema_field token_request_status_fields[] = {
    ONE("token", STRING, 1),
    ONE("expirationTimestamp", TIME, 2),
    END,
};
const struct schema schema_token_request_status = {"io.k8s.api.authentication.v1.TokenRequestStatus",
                                                   token_request_status_fields};

static const struct schema_field token_request_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", token_request_spec, 2),
    OBJECT("status", token_request_status, 3),
    END,
};
const struct schema schema_token_request = {"io.k8s.api.authentication.v1.TokenRequest", token_request_fields};

static const struct schema_field self_subject_review_status_fields[] = {
    OBJECT("userInfo", user_info, 1),
    END,
};
const struct schema schema_self_subject_review_status = {"io.k8s.api.authentication.v1.SelfSubjectReviewStatus",
                                                         self_subject_review_status_fields};

static const struct schema_field self_subject_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("status", self_subject_review_status, 2),
    END,
};
const struct schema schema_self_subject_review = {"io.k8s.api.authentication.v1.SelfSubjectReview",
                                                  self_subject_review_fields};

static const struct schema_field field_selector_attributes_fields[] = {
    ONE("rawSelector", STRING, 1),
    OBJECTS("requirements", label_selector_requirement, 2),
    END,
};
const struct schema schema_field_selector_attributes = {"io.k8s.api.authorization.v1.FieldSelectorAttributes",
                                                        field_selector_attributes_fields};

static const struct schema_field label_selector_attributes_fields[] = {
    ONE("rawSelector", STRING, 1),
    OBJECTS("requirements", label_selector_requirement, 2),
    END,
};
const struct schema schema_label_selector_attributes = {"io.k8s.api.authorization.v1.LabelSelectorAttributes",
                                                        label_selector_attributes_fields};

static const struct schema_field resource_attributes_fields[] = {
    ONE("namespace", STRING, 1),
    ONE("verb", STRING, 2),
    ONE("group", STRING, 3),
    ONE("version", STRING, 4),
    ONE("resource", STRING, 5),
    ONE("subresource", STRING, 6),
    ONE("name", STRING, 7),
    OBJECT("fieldSelector", field_selector_attributes, 8),
    OBJECT("labelSelector", label_selector_attributes, 9),
    END,
};
const struct schema schema_resource_attributes = {"io.k8s.api.authorization.v1.ResourceAttributes",
                                                  resource_attributes_fields};

static const struct schema_field non_resource_attributes_fields[] = {
    ONE("path", STRING, 1),
    ONE("verb", STRING, 2),
    END,
};
const struct schema schema_non_resource_attributes = {"io.k8s.api.authorization.v1.NonResourceAttributes",
                                                      non_resource_attributes_fields};

static const struct schema_field subject_access_review_spec_fields[] = {
    OBJECT("resourceAttributes", resource_attributes, 1),
    OBJECT("nonResourceAttributes", non_resource_attributes, 2),
    ONE("user", STRING, 3),
    LIST("groups", STRING, 4),
    MAP("extra", STRINGS, 5),
    ONE("uid", STRING, 6),
    END,
};
const struct schema schema_subject_access_review_spec = {"io.k8s.api.authorization.v1.SubjectAccessReviewSpec",
                                                         subject_access_review_spec_fields};

static const struct schema_field subject_access_review_status_fields[] = {
    ONE("allowed", BOOLEAN, 1, REQUIRED),
    ONE("denied", BOOLEAN, 4),
    ONE("reason", STRING, 2),
    ONE("evaluationError", STRING, 3),
    END,
};
const struct schema schema_subject_access_review_status = {"io.k8s.api.authorization.v1.SubjectAccessReviewStatus",
                                                           subject_access_review_status_fields};

static const struct schema_field subject_access_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", subject_access_review_spec, 2, REQUIRED),
    OBJECT("status", subject_access_review_status, 3),
    END,
};
const struct schema schema_subject_access_review = {"io.k8s.api.authorization.v1.SubjectAccessReview",
                                                    subject_access_review_fields};

static const struct schema_field local_subject_access_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", subject_access_review_spec, 2, REQUIRED),
    OBJECT("status", subject_access_review_status, 3),
    END,
};
const struct schema schema_local_subject_access_review = {"io.k8s.api.authorization.v1.LocalSubjectAccessReview",
                                                          local_subject_access_review_fields};

static const struct schema_field self_subject_access_review_spec_fields[] = {
    OBJECT("resourceAttributes", resource_attributes, 1),
    OBJECT("nonResourceAttributes", non_resource_attributes, 2),
    END,
};
const struct schema schema_self_subject_access_review_spec = {"io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec",
                                                              self_subject_access_review_spec_fields};

static const struct schema_field self_subject_access_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", self_subject_access_review_spec, 2, REQUIRED),
    OBJECT("status", subject_access_review_status, 3),
    END,
};
const struct schema schema_self_subject_access_review = {"io.k8s.api.authorization.v1.SelfSubjectAccessReview",
                                                         self_subject_access_review_fields};

static const struct schema_field self_subject_rules_review_spec_fields[] = {
    ONE("namespace", STRING, 1),
    END,
};
const struct schema schema_self_subject_rules_review_spec = {"io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec",
                                                             self_subject_rules_review_spec_fields};

static const struct schema_field resource_rule_fields[] = {
    LIST("verbs", STRING, 1, REQUIRED),
    LIST("apiGroups", STRING, 2),
    LIST("resources", STRING, 3),
    LIST("resourceNames", STRING, 4),
    END,
};
const struct schema schema_resource_rule = {"io.k8s.api.authorization.v1.ResourceRule", resource_rule_fields};

static const struct schema_field non_resource_rule_fields[] = {
    LIST("verbs", STRING, 1, REQUIRED),
    LIST("nonResourceURLs", STRING, 2),
    END,
};
const struct schema schema_non_resource_rule = {"io.k8s.api.authorization.v1.NonResourceRule",
                                                non_resource_rule_fields};

static const struct schema_field subject_rules_review_status_fields[] = {
    OBJECTS("resourceRules", resource_rule, 1, REQUIRED),
    OBJECTS("nonResourceRules", non_resource_rule, 2, REQUIRED),
    ONE("incomplete", BOOLEAN, 3, REQUIRED),
    ONE("evaluationError", STRING, 4),
    END,
};
const struct schema schema_subject_rules_review_status = {"io.k8s.api.authorization.v1.SubjectRulesReviewStatus",
                                                          subject_rules_review_status_fields};

static const struct schema_field self_subject_rules_review_fields[] = {
    ONE("kind", STRING, 0),
    ONE("apiVersion", STRING, 0),
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", self_subject_rules_review_spec, 2, REQUIRED),
    OBJECT("status", subject_rules_review_status, 3),
    END,
};
const struct schema schema_self_subject_rules_review = {"io.k8s.api.authorization.v1.SelfSubjectRulesReview",
                                                        self_subject_rules_review_fields};
