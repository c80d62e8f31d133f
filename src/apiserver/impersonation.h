/*
 * "kubectl --as": headers Impersonate-User, -Group, -Uid, -Extra-KEY. Each thing to be impersonated is a question of
 * its own to the authorizer (verb impersonate on users, groups, serviceaccounts, uids, userextras/KEY). Pure: the
 * server asks them one after the other. Source: Kubernetes docs, "User impersonation".
 */
#ifndef APISERVER_IMPERSONATION_H
#define APISERVER_IMPERSONATION_H

#include "apiserver/attributes.h"
#include "apiserver/user.h"
#include "base/error.h"
#include "net/http.h"

/* Each header is a question to the authorizer. */
#define IMPERSONATION_MAX_HEADERS 256

struct impersonation {
    struct user user;                       /* whom to become */
    const struct api_attributes *questions; /* all must be allowed to the requester */
    size_t question_count;                  /* 0: nobody is to be impersonated */
};

/* False, with the code and words of the answer, when groups, uid or extra come without a user (400). Strings in HEADERS
 * or ARENA. */
bool impersonation_read(const struct http_headers *headers, struct arena *arena, struct impersonation *out,
                        struct error *err);

/* Whether a header belongs to it, and so must not be passed on by a proxy. */
bool impersonation_is_header(struct str name);

#endif
