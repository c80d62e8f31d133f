/*
 * Who asks: what an authenticator finds out and an authorizer decides by. A view: strings and arrays belong to whoever
 * made it, as a rule the request's arena. Safe from any thread. Source: Kubernetes docs, "Authenticating"; API
 * reference, UserInfo.
 */
#ifndef APISERVER_USER_H
#define APISERVER_USER_H

#include "base/arena.h"
#include "kube/json_scan.h"
#include "kube/json_writer.h"

#define USER_ANONYMOUS STR("system:anonymous")
#define GROUP_AUTHENTICATED STR("system:authenticated")
#define GROUP_UNAUTHENTICATED STR("system:unauthenticated")
#define GROUP_MASTERS STR("system:masters")

/* A list that grows in an arena. Zeroed it is empty; once str_list_add was used, only it may change the list. */
struct str_list {
    const struct str *items;
    size_t count;
};

/* Appends VALUE (borrowed); n of them cost O(n). */
void str_list_add(struct str_list *l, struct arena *arena, struct str value);

struct user_extra {
    struct str key; /* lower case */
    const struct str *values;
    size_t value_count;
};

struct user {
    struct str name;
    struct str uid; /* "" for most */
    const struct str *groups;
    size_t group_count;
    const struct user_extra *extra;
    size_t extra_count;
};

bool user_is_in_group(const struct user *u, struct str group);
bool user_is_anonymous(const struct user *u);

/* Appends GROUP (borrowed) to U's groups, the list itself copied into ARENA. */
void user_add_group(struct user *u, struct arena *arena, struct str group);

/* Sets U's extra to PAIRS (borrowed strings), those of one key together, in the order in which the keys come first. */
void user_set_extra(struct user *u, struct arena *arena, const struct label *pairs, size_t count);

/* A copy of everything in ARENA. */
struct user user_copy(struct arena *arena, const struct user *u);

/* The anonymous user, static. */
struct user user_anonymous(void);

/*
 * Writes the members of U into the object that is open in W; NAME_KEY is "username" (TokenReview's status) or "user"
 * (SubjectAccessReview's spec). Empty ones are left out.
 */
void user_write_members(struct json_writer *w, struct str name_key, const struct user *u);

/* Reads the UserInfo object {username, uid, groups, extra} that stands next in S. False on a fault, which S carries. */
bool user_scan(struct json_scan *s, struct user *out);

/* Splits "system:serviceaccount:NAMESPACE:NAME". False when NAME isn't a service account's. */
bool user_split_service_account(struct str user_name, struct str *namespace, struct str *name);

#endif
