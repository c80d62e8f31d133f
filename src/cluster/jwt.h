/*
 * JSON Web Tokens as Kubernetes uses them: JWS compact serialisation, RS256 only. Whatever else a header asks for
 * ("none", HS256 with a public key, "crit") is refused before anything is computed.
 *
 * Keys are named by kid: base64url of the SHA-256 of the public key's DER, so that a verifier with several keys takes
 * the right one; a token without kid is tried with each. Pure but for OpenSSL; safe from any thread.
 * Source: RFC 7515, 7517, 7518, 7519; KEP-1393.
 */
#ifndef CLUSTER_JWT_H
#define CLUSTER_JWT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define JWT_MAX_BYTES ((size_t)64 * 1024)

struct jwt_key;

/* An RSA key of 2048 bits or more, from PEM: private (may sign) or public. NULL when it is none. */
struct jwt_key *jwt_key_new(struct str pem, struct error *err);
void jwt_key_free(struct jwt_key *k);
bool jwt_key_can_sign(const struct jwt_key *k);
struct str jwt_key_id(const struct jwt_key *k); /* borrowed from K */

/* Appends the token for CLAIMS (JSON). */
bool jwt_sign(struct buf *to, const struct jwt_key *key, struct str claims, struct error *err);

/* A token taken apart, nothing checked. Strings in the arena, or in the token. */
struct jwt_parts {
    struct str algorithm;
    struct str key_id; /* "": not said */
    struct str claims; /* JSON bytes, not parsed */
    struct str signed_part;
    struct str signature; /* decoded */
};

/* False when TOKEN isn't three parts of base64url with a JSON header that we understand. */
bool jwt_parse(struct arena *arena, struct str token, struct jwt_parts *out, struct error *err);

/* Whether one of KEYS signed TOKEN; then CLAIMS is its JSON, in ARENA. */
bool jwt_verify(struct arena *arena, struct str token, struct jwt_key *const *keys, size_t key_count,
                struct str *claims, struct error *err);

/* Appends a JWKS document with the public halves of KEYS. */
void jwt_print_key_set(struct buf *to, struct jwt_key *const *keys, size_t key_count);

#endif
