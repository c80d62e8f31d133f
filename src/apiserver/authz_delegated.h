/*
 * Authorization that asks the cluster by SubjectAccessReview. Answers, allowed or not, count for 10 s, by the whole
 * question; equal questions under way are asked once. Failed calls are repeated (apiserver/review.h), then
 * AUTHZ_FAILED. Loop thread only. Source: Kubernetes API reference, SubjectAccessReview; docs, "Webhook mode".
 */
#ifndef APISERVER_AUTHZ_DELEGATED_H
#define APISERVER_AUTHZ_DELEGATED_H

#include "apiserver/authz.h"
#include "base/metrics.h"
#include "kube/rest_client.h"

struct authz_delegated;

struct authz_delegated_options {
    struct rest_client *client; /* borrowed */
    int64_t allowed_ttl_ns;     /* 0: 10 s; below 0: answers aren't kept */
    int64_t denied_ttl_ns;      /* the same */
    struct metrics *registry;   /* where calls are counted; borrowed, NULL: nowhere */
};

struct authz_delegated *authz_delegated_new(uv_loop_t *loop, const struct authz_delegated_options *options);

/* Requests must be gone by then. The loop's next turns give the memory back. */
void authz_delegated_free(struct authz_delegated *d);

struct authorizer authz_delegated_authorizer(struct authz_delegated *d);

/* Appends the SubjectAccessReview that asks whether USER may do WHAT. Pure. */
void subject_access_review_print(struct buf *to, const struct user *user, const struct api_attributes *what);

/* Reads an answer: allowed, denied, reason. Strings in ARENA or JSON. False when JSON isn't a SubjectAccessReview. */
bool subject_access_review_parse(struct arena *arena, struct str json, struct authz_answer *out, struct error *err);

#endif
