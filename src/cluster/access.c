#include "cluster/access.h"

#include "base/alloc.h"
#include "cluster/aggregation.h"
#include "cluster/authentication.h"
#include "cluster/bootstrap_policy.h"
#include "cluster/rbac_escalation.h"
#include "cluster/reviews.h"
#include "cluster/role_aggregation.h"

struct access {
    struct arena arena; /* holds what bootstrap needs */
    struct registry *registry;
    struct str client_ca_pem;
    struct front_proxy proxy;
    struct service_account_tokens *tokens;
    struct authn *authn;
    struct rbac *rbac;
    struct authz_pair inner; /* health endpoints, else RBAC */
    struct authz_pair outer; /* masters, else the above */
    struct role_aggregation *roles;
    struct reviews *reviews;
    struct aggregation *aggregation;
};

static bool start_tokens(struct access *a, const struct access_options *o, struct error *err)
{
    const struct service_account_tokens_options options = {
        .registry = o->registry,
        .issuer = o->issuer,
        .signing_key_pem = o->signing_key_pem,
        .verifying_key_pems = &o->verifying_key_pem,
        .verifying_key_count = o->verifying_key_pem.len > 0 ? 1 : 0,
        .ca_pem = o->client_ca_pem,
    };
    a->tokens = service_account_tokens_new(&options, err);
    return a->tokens != NULL;
}

static bool start_authentication(struct access *a, const struct access_options *o, struct error *err)
{
    struct front_proxy proxy = authentication_default_proxy();

    proxy.ca_pem = o->proxy_ca_pem;
    proxy.allowed_names = o->proxy_names;
    a->proxy = front_proxy_copy(&a->arena, &proxy);
    a->client_ca_pem = arena_str(&a->arena, o->client_ca_pem);
    a->authn = authentication_new(o->client_ca_pem, &proxy, a->tokens, err);
    return a->authn != NULL;
}

static void start_authorization(struct access *a)
{
    a->rbac = rbac_new(a->registry);
    a->inner = (struct authz_pair){authz_paths_authorizer(&authz_health_paths), rbac_authorizer(a->rbac)};
    a->outer = (struct authz_pair){authz_masters, authz_pair_authorizer(&a->inner)};
    a->roles = role_aggregation_new(a->registry);
    a->reviews = reviews_new(a->tokens, a->rbac, access_authorizer(a));
}

static bool start_aggregation(struct access *a, const struct access_options *o, struct error *err)
{
    const struct aggregation_options options = {
        .registry = o->registry,
        .discovery = o->discovery,
        .authn = a->authn,
        .proxy_cert_pem = o->proxy_certificate_pem,
        .proxy_key_pem = o->proxy_key_pem,
    };
    a->aggregation = aggregation_new(o->loop, &options, err);
    return a->aggregation != NULL;
}

struct access *access_new(const struct access_options *options, struct error *err)
{
    struct access *a = mem_zalloc(sizeof(*a));

    a->registry = options->registry;
    if (start_tokens(a, options, err) && start_authentication(a, options, err)) {
        start_authorization(a);
        if (start_aggregation(a, options, err))
            return a;
    }
    access_free(a);
    return NULL;
}

void access_free(struct access *a)
{
    if (a == NULL)
        return;
    aggregation_free(a->aggregation);
    reviews_free(a->reviews);
    role_aggregation_free(a->roles);
    rbac_free(a->rbac);
    authn_free(a->authn);
    service_account_tokens_free(a->tokens);
    arena_free(&a->arena);
    free(a);
}

struct authenticator access_authenticator(struct access *a)
{
    return authn_authenticator(a->authn);
}

struct authorizer access_authorizer(struct access *a)
{
    return authz_pair_authorizer(&a->outer);
}

static void on_token_documents(void *arg, struct api_request *r)
{
    struct access *a = arg;
    service_account_tokens_handle_discovery(a->tokens, r);
}

void access_install(struct access *a, struct api_server *server)
{
    api_server_route(server, "/.well-known/openid-configuration", on_token_documents, a);
    api_server_route(server, "/openid/v1/jwks", on_token_documents, a);
}

static bool is_token_request(const struct api_attributes *what)
{
    return what->is_resource && what->group.len == 0 && str_eq(what->version, STR("v1")) &&
           str_eq(what->resource, STR("serviceaccounts")) && str_eq(what->subresource, STR("token")) &&
           what->namespace.len > 0 && what->name.len > 0;
}

bool access_handle_first(void *arg, struct api_request *r)
{
    struct access *a = arg;
    return aggregation_handle(a->aggregation, r);
}

bool access_handle_other(void *arg, struct api_request *r)
{
    struct access *a = arg;

    if (is_token_request(&r->attributes)) {
        service_account_tokens_handle_request(a->tokens, r);
        return true;
    }
    return reviews_handle(a->reviews, r);
}

bool access_admit(void *arg, const struct user *user, const struct resource *kind, const json_t *object,
                  const json_t *old, struct failure *f)
{
    struct access *a = arg;
    return rbac_may_write(a->rbac, user, kind, object, old, f);
}

void access_bootstrap(struct access *a, void (*on_done)(void *arg, const struct error *err), void *arg)
{
    const struct bootstrap_policy_options options = {
        .registry = a->registry,
        .client_ca_pem = a->client_ca_pem,
        .proxy = &a->proxy,
        .on_done = on_done,
        .arg = arg,
    };
    bootstrap_policy_apply(&options);
}
