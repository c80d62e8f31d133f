/*
 * The front proxy's side of authentication: which CA and names its certificate has, which headers carry the user.
 * Pure. Source: Kubernetes docs, "Configure the aggregation layer", "Authenticating proxy".
 */
#ifndef APISERVER_FRONT_PROXY_H
#define APISERVER_FRONT_PROXY_H

#include "apiserver/user.h"
#include "base/error.h"
#include "net/http.h"

struct front_proxy {
    struct str ca_pem;             /* empty: no front proxy */
    struct str_list allowed_names; /* common names; none: any */
    struct str_list username_headers;
    struct str_list uid_headers;
    struct str_list group_headers;
    struct str_list extra_prefixes;
};

/* A copy of everything in ARENA. */
struct front_proxy front_proxy_copy(struct arena *arena, const struct front_proxy *p);

bool front_proxy_allows_name(const struct front_proxy *p, struct str common_name);

/*
 * The user that HEADERS name: the first non-empty username header; all values of all group headers; extra keys in lower
 * case, percent-decoded. False when there is no username. Strings point into HEADERS or ARENA.
 */
bool front_proxy_user(const struct front_proxy *p, const struct http_headers *headers, struct arena *arena,
                      struct user *out);

/* Whether NAME is one of the headers above. */
bool front_proxy_is_header(const struct front_proxy *p, struct str name);

/*
 * What ConfigMap kube-system/extension-apiserver-authentication says; DATA is its JSON. The lists are JSON string
 * arrays in string values; names are trimmed. Absent keys leave the part empty. Strings in ARENA or DATA. False, with a
 * line that names the key, when DATA isn't a ConfigMap or a list is malformed.
 */
struct auth_config {
    struct str client_ca_pem;
    struct front_proxy proxy;
};
bool auth_config_parse(struct arena *arena, struct str data, struct auth_config *out, struct error *err);

#endif
