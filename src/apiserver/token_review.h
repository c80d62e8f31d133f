/*
 * Bearer tokens by TokenReview. Answers count for 10 s whether the token was good or plainly not; errors aren't kept;
 * concurrent lookups of one token are one call. Failed calls are repeated (apiserver/review.h). Tokens are kept only as
 * hashes. Loop thread only. Source: Kubernetes API reference, TokenReview.
 */
#ifndef APISERVER_TOKEN_REVIEW_H
#define APISERVER_TOKEN_REVIEW_H

#include "apiserver/authn.h"
#include "base/metrics.h"
#include "kube/rest_client.h"

struct token_review;

struct token_review_options {
    struct rest_client *client; /* borrowed */
    int64_t ttl_ns;             /* 0: 10 s; below 0: answers aren't kept */
    struct metrics *registry;   /* where lookups are counted; borrowed, NULL: nowhere */
};
struct token_review *token_review_new(uv_loop_t *loop, const struct token_review_options *options);

/* Requests must be gone by then. The loop's next turns give the memory back. */
void token_review_free(struct token_review *t);

struct token_lookup token_review_lookup(struct token_review *t);

/* Appends the TokenReview that asks about TOKEN. Pure. */
void token_review_print(struct buf *to, struct str token);

/*
 * Reads an answer. AUTHN_USER with the user, or AUTHN_REFUSED with why in ERR (is_plain: merely "not authenticated", so
 * it may be cached). Strings in ARENA or JSON. False when JSON isn't a TokenReview with a status.
 */
bool token_review_parse(struct arena *arena, struct str json, struct authn_result *out, bool *is_plain,
                        struct error *err);

#endif
