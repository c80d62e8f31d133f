/*
 * The API's questions: resources that exist only as a POST and its answer (201, the object sent with its status).
 *
 *     authentication.k8s.io/v1  TokenReview, SelfSubjectReview ("kubectl auth whoami")
 *     authorization.k8s.io/v1   SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectAccessReview ("kubectl auth
 *                               can-i"), SelfSubjectRulesReview ("kubectl auth can-i --list")
 *
 * Loop thread only. Source: Kubernetes API reference, "Authentication resources", "Authorization resources".
 */
#ifndef CLUSTER_REVIEWS_H
#define CLUSTER_REVIEWS_H

#include "cluster/rbac.h"
#include "cluster/service_account_tokens.h"

struct reviews;

/* TOKENS and RBAC are borrowed; AUTHORIZER is whom SubjectAccessReviews ask (the server's own). */
struct reviews *reviews_new(struct service_account_tokens *tokens, struct rbac *rbac, struct authorizer authorizer);
void reviews_free(struct reviews *v);

/* Answers R when it is about one of the resources above, whatever its method (405 but for POST). False: R is
 * untouched. */
bool reviews_handle(struct reviews *v, struct api_request *r);

#endif
