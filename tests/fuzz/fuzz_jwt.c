/* Tokens of strangers: taken apart and verified, never more. What is accepted must have been signed by the key. */
#include "base/alloc.h"
#include "certs/certificate.h"
#include "cluster/jwt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct jwt_key *key;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_arena struct arena arena = {0};
    struct str token = str_from((const char *)bytes, len), claims;
    struct jwt_parts parts;

    if (key == NULL) {
        auto_buf struct buf pem = {0};
        assert(certs_make_key(CERTS_KEY_RSA_2048, &pem, NULL, NULL));
        key = jwt_key_new(buf_str(&pem), NULL);
        assert(key != NULL);
    }
    if (jwt_parse(&arena, token, &parts, NULL)) {
        assert(parts.signed_part.len < token.len);
        assert(parts.claims.len < token.len && parts.signature.len < token.len);
    }
    assert(!jwt_verify(&arena, token, &key, 1, &claims, NULL));
    return 0;
}
