#include "apiserver/authn.h"

#include "apiserver/client_certificate.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"

struct authn {
    struct token_lookup tokens;
    bool is_anonymous_allowed;
    struct certificate_cache *certificates;
    struct front_proxy proxy; /* in proxy_arena */
    struct arena proxy_arena;
};

/* One request's way through the steps; in its arena. */
struct attempt {
    struct authn *authn;
    struct api_request *r;
    authn_done *done;
    void *done_arg;
    struct str fault; /* of the first step that refused; "": none did */
};

struct authn *authn_new(struct token_lookup tokens, bool is_anonymous_allowed)
{
    struct authn *a = mem_zalloc(sizeof(*a));

    a->tokens = tokens;
    a->is_anonymous_allowed = is_anonymous_allowed;
    a->certificates = certificate_cache_new();
    return a;
}

void authn_free(struct authn *a)
{
    if (a == NULL)
        return;
    certificate_cache_free(a->certificates);
    arena_free(&a->proxy_arena);
    free(a);
}

bool authn_set_client_ca(struct authn *a, struct str pem, struct error *err)
{
    struct tls_trust *trust = NULL;

    if (pem.len > 0 && (trust = tls_trust_new(pem, err)) == NULL)
        return error_wrap(err, "client CA");
    certificate_cache_set_client_ca(a->certificates, trust);
    return true;
}

bool authn_set_front_proxy(struct authn *a, const struct front_proxy *proxy, struct error *err)
{
    struct tls_trust *trust = NULL;

    if (proxy->ca_pem.len > 0 && (trust = tls_trust_new(proxy->ca_pem, err)) == NULL)
        return error_wrap(err, "request-header CA");
    certificate_cache_set_proxy_ca(a->certificates, trust);
    struct arena arena = {0};
    a->proxy = front_proxy_copy(&arena, proxy); /* before the old one goes: PROXY may be of it */
    arena_free(&a->proxy_arena);
    a->proxy_arena = arena;
    return true;
}

uint64_t authn_verifications(const struct authn *a)
{
    return certificate_verifications(a->certificates);
}

bool authn_is_identity_header(const struct authn *a, struct str name)
{
    static const struct str standard[] = {STR_INIT("Authorization"), STR_INIT("X-Remote-User"),
                                          STR_INIT("X-Remote-Uid"), STR_INIT("X-Remote-Group")};
    static const struct str extra = STR_INIT("X-Remote-Extra-");

    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
        if (str_eq_ignore_case(standard[i], name))
            return true;
    return str_eq_ignore_case(str_head(name, extra.len), extra) || front_proxy_is_header(&a->proxy, name);
}

/* "Bearer TOKEN", whatever follows. */
static struct str token_of_header(struct str value)
{
    struct str scheme, token, rest;

    if (!str_cut(str_trim(value), ' ', &scheme, &token) || !str_eq_ignore_case(scheme, STR("bearer")))
        return STR("");
    str_cut(token, ' ', &token, &rest);
    return token;
}

/* Of a browser's websocket, which can't set Authorization: one of the subprotocols. */
static struct str token_of_protocols(struct arena *arena, struct str protocols)
{
    static const struct str prefix = STR_INIT("base64url.bearer.authorization.k8s.io.");
    auto_buf struct buf token = {0};

    while (protocols.len > 0) {
        struct str protocol;
        str_cut(protocols, ',', &protocol, &protocols);
        protocol = str_trim(protocol);
        if (str_starts_with(protocol, prefix) && base64url_decode(&token, str_skip(protocol, prefix.len)))
            return arena_str(arena, buf_str(&token));
    }
    return STR("");
}

struct str authn_bearer_token(struct api_request *r)
{
    const struct http_headers *headers = &r->http->headers;
    struct str token = token_of_header(http_headers_get(headers, STR("Authorization")));

    if (token.len > 0 || !str_eq_ignore_case(http_headers_get(headers, STR("Upgrade")), STR("websocket")))
        return token;
    return token_of_protocols(r->arena, http_headers_get(headers, STR("Sec-WebSocket-Protocol")));
}

static void remember_fault(struct attempt *t, struct str fault)
{
    if (t->fault.len == 0)
        t->fault = arena_str(t->r->arena, fault);
}

static void finish_user(struct attempt *t, struct user user)
{
    if (!user_is_anonymous(&user) && !user_is_in_group(&user, GROUP_AUTHENTICATED) &&
        !user_is_in_group(&user, GROUP_UNAUTHENTICATED))
        user_add_group(&user, t->r->arena, GROUP_AUTHENTICATED);
    t->done(t->done_arg, &(struct authn_result){.verdict = AUTHN_USER, .user = user});
}

/* Nobody vouched for the request. */
static void finish_unknown(struct attempt *t)
{
    if (t->fault.len > 0) {
        struct error err = {.message = (char *)(uintptr_t)t->fault.ptr}; /* borrowed, NUL-terminated by arena_str */
        t->done(t->done_arg, &(struct authn_result){.verdict = AUTHN_REFUSED, .err = &err});
    } else if (t->authn->is_anonymous_allowed) {
        finish_user(t, user_anonymous());
    } else {
        t->done(t->done_arg, &(struct authn_result){.verdict = AUTHN_NONE});
    }
}

static void on_token(void *arg, const struct authn_result *result)
{
    struct attempt *t = arg;

    if (result->verdict == AUTHN_USER) {
        finish_user(t, result->user);
        return;
    }
    bool has_text = result->verdict == AUTHN_REFUSED && error_is_set(result->err);
    remember_fault(t, has_text ? str_of(error_text(result->err)) : STR("invalid bearer token"));
    finish_unknown(t);
}

/* The front proxy's word or the certificate's own. True when the user is known. */
static bool try_certificate(struct attempt *t, struct user *user)
{
    const struct authn *a = t->authn;
    X509 *certificate = t->r->http->peer_certificate;

    if (certificate == NULL)
        return false;
    const struct certificate_verdict *v =
        certificate_verify(a->certificates, certificate, t->r->http->peer_chain, clock_mono_ns());
    if (v == NULL) {
        remember_fault(t, STR("unreadable client certificate"));
        return false;
    }
    if (v->is_of_proxy_ca && front_proxy_allows_name(&a->proxy, v->user.name)) {
        if (front_proxy_user(&a->proxy, &t->r->http->headers, t->r->arena, user))
            return true;
    } else if (v->is_of_proxy_ca) {
        remember_fault(
            t, arena_printf(t->r->arena, "front proxy %.*s is not among the allowed names", STR_ARG(v->user.name)));
    } else if (certificate_cache_has_proxy_ca(a->certificates)) {
        remember_fault(t, v->proxy_fault);
    }
    if (v->is_of_client_ca && v->user.name.len > 0) {
        *user = user_copy(t->r->arena, &v->user);
        return true;
    }
    if (certificate_cache_has_client_ca(a->certificates) && !v->is_of_client_ca)
        remember_fault(t, v->client_fault);
    return false;
}

static void authenticate(void *arg, struct api_request *r, authn_done *done, void *done_arg)
{
    struct authn *a = arg;
    struct attempt *t = arena_zalloc(r->arena, sizeof(*t));
    struct user user;

    *t = (struct attempt){.authn = a, .r = r, .done = done, .done_arg = done_arg};
    if (try_certificate(t, &user)) {
        finish_user(t, user);
        return;
    }
    struct str token = authn_bearer_token(r);
    if (token.len == 0) {
        finish_unknown(t);
    } else if (a->tokens.look_up == NULL) {
        remember_fault(t, STR("bearer tokens are not accepted"));
        finish_unknown(t);
    } else {
        a->tokens.look_up(a->tokens.arg, r, token, on_token, t);
    }
}

struct authenticator authn_authenticator(struct authn *a)
{
    return (struct authenticator){authenticate, a};
}
