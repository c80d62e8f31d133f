#include "cluster/authentication.h"

struct front_proxy authentication_default_proxy(void)
{
    static const struct str username[] = {STR_INIT("X-Remote-User")};
    static const struct str uid[] = {STR_INIT("X-Remote-Uid")};
    static const struct str group[] = {STR_INIT("X-Remote-Group")};
    static const struct str extra[] = {STR_INIT("X-Remote-Extra-")};

    return (struct front_proxy){
        .username_headers = {username, 1},
        .uid_headers = {uid, 1},
        .group_headers = {group, 1},
        .extra_prefixes = {extra, 1},
    };
}

struct authn *authentication_new(struct str client_ca_pem, const struct front_proxy *proxy,
                                 struct service_account_tokens *tokens, struct error *err)
{
    struct token_lookup lookup = {0};

    if (tokens != NULL)
        lookup = service_account_tokens_lookup(tokens);
    struct authn *a = authn_new(lookup, true);
    if (authn_set_client_ca(a, client_ca_pem, err) && authn_set_front_proxy(a, proxy, err))
        return a;
    authn_free(a);
    return NULL;
}
