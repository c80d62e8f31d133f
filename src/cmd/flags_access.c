#include "base/clock.h"
#include "cmd/flag_groups.h"

static void declare_authentication(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->token_ttl_ns = 10 * NS_PER_S;
    flag_groups_default_list(&f->proxy_username_headers, (const char *const[]){"x-remote-user", NULL});
    flag_groups_default_list(&f->proxy_group_headers, (const char *const[]){"x-remote-group", NULL});
    flag_groups_default_list(&f->proxy_extra_prefixes, (const char *const[]){"x-remote-extra-", NULL});
    flags_group(to, "apiserver authentication");
    flags_string(to, "authentication-kubeconfig", 0, &f->authentication_kubeconfig,
                 "kubeconfig of the server to ask by TokenReview. Without it: as --kubeconfig.");
    flags_bool(to, "authentication-skip-lookup", 0, &f->is_lookup_skipped,
               "Do not look up missing authentication configuration in the cluster.");
    flags_duration(to, "authentication-token-webhook-cache-ttl", 0, &f->token_ttl_ns,
                   "How long to keep answers of TokenReviews. 0: not at all.");
    flags_bool(to, "authentication-tolerate-lookup-failure", 0, &f->is_lookup_failure_tolerated,
               "Be ready although the authentication configuration can't be looked up in the cluster. Requests may "
               "then all be anonymous.");
    flags_string(to, "client-ca-file", 0, &f->client_ca,
                 "CA of client certificates, in the place of the cluster's configuration. Read again when it changes.");
    flags_list(to, "requestheader-allowed-names", 0, &f->proxy_names,
               "Common names that the front proxy's certificate may have. None: any.");
    flags_string(to, "requestheader-client-ca-file", 0, &f->proxy_ca,
                 "CA of the front proxy's client certificate, in the place of the cluster's configuration. Read again "
                 "when it changes.");
    flags_list(to, "requestheader-extra-headers-prefix", 0, &f->proxy_extra_prefixes,
               "Prefixes of headers to inspect for extra.");
    flags_list(to, "requestheader-group-headers", 0, &f->proxy_group_headers, "Headers to inspect for groups.");
    flags_list(to, "requestheader-uid-headers", 0, &f->proxy_uid_headers, "Headers to inspect for UIDs.");
    flags_list(to, "requestheader-username-headers", 0, &f->proxy_username_headers,
               "Headers to inspect for usernames.");
}

static void declare_authorization(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->allowed_ttl_ns = f->denied_ttl_ns = 10 * NS_PER_S;
    flag_groups_default_list(&f->always_allow_paths, (const char *const[]){"/healthz", "/readyz", "/livez", NULL});
    flags_group(to, "apiserver authorization");
    flags_list(to, "authorization-always-allow-paths", 0, &f->always_allow_paths,
               "HTTP paths that are free for all. A '*' at the end stands for anything.");
    flags_string(to, "authorization-kubeconfig", 0, &f->authorization_kubeconfig,
                 "kubeconfig of the server to ask by SubjectAccessReview. Without it: as --kubeconfig.");
    flags_duration(to, "authorization-webhook-cache-authorized-ttl", 0, &f->allowed_ttl_ns,
                   "How long to keep positive answers of SubjectAccessReviews. 0: not at all.");
    flags_duration(to, "authorization-webhook-cache-unauthorized-ttl", 0, &f->denied_ttl_ns,
                   "How long to keep negative answers of SubjectAccessReviews. 0: not at all.");
}

void flag_groups_declare_access(struct metrics_server_flags *f)
{
    declare_authentication(f);
    declare_authorization(f);
}

/* Headers of the front proxy's part of the ConfigMap have no place of their own: they count with a CA only. */
static bool check_headers(const struct string_list *headers, const char *flag, struct error *err)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (str_is_empty(str_trim(str_of(headers->items[i]))))
            return error_set(err, 0, "--%s: empty value", flag);
    }
    return true;
}

static bool check_paths(const struct metrics_server_flags *f, struct error *err)
{
    for (size_t i = 0; i < f->always_allow_paths.count; i++) {
        const char *star = strchr(f->always_allow_paths.items[i], '*');
        if (star != NULL && star[1] != '\0')
            return error_set(err, 0, "only trailing * allowed in \"%s\"", f->always_allow_paths.items[i]);
    }
    return true;
}

bool flag_groups_check_access(const struct metrics_server_flags *f, struct error *err)
{
    return check_headers(&f->proxy_username_headers, "requestheader-username-headers", err) &&
           check_headers(&f->proxy_uid_headers, "requestheader-uid-headers", err) &&
           check_headers(&f->proxy_group_headers, "requestheader-group-headers", err) &&
           check_headers(&f->proxy_extra_prefixes, "requestheader-extra-headers-prefix", err) && check_paths(f, err);
}
