#include "apiserver/response.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/random.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/service_account_tokens_state.h"

#define NBF_LEEWAY_S 60 /* a clock that was set back a little doesn't make fresh tokens invalid */

/* --- life --- */

static struct str_list copy_list(struct arena *arena, struct str_list list)
{
    struct str *items = arena_alloc(arena, (list.count + 1) * sizeof(*items));

    for (size_t i = 0; i < list.count; i++)
        items[i] = arena_str(arena, list.items[i]);
    return (struct str_list){items, list.count};
}

static bool load_keys(struct service_account_tokens *t, const struct service_account_tokens_options *o,
                      struct error *err)
{
    t->keys = mem_zalloc((o->verifying_key_count + 1) * sizeof(struct jwt_key *));
    struct jwt_key *key = jwt_key_new(o->signing_key_pem, err);
    if (key == NULL)
        return error_wrap(err, "service account signing key");
    t->keys[t->key_count++] = key;
    if (!jwt_key_can_sign(key))
        return error_set(err, 0, "service account signing key: a private key is needed");
    for (size_t i = 0; i < o->verifying_key_count; i++) {
        key = jwt_key_new(o->verifying_key_pems[i], err);
        if (key == NULL)
            return error_wrap(err, "service account key %zu", i + 1);
        if (str_eq(jwt_key_id(key), jwt_key_id(t->keys[0])))
            jwt_key_free(key);
        else
            t->keys[t->key_count++] = key;
    }
    return true;
}

struct service_account_tokens *service_account_tokens_new(const struct service_account_tokens_options *options,
                                                          struct error *err)
{
    struct service_account_tokens *t = mem_zalloc(sizeof(*t));

    t->registry = options->registry;
    t->issuer = arena_str(&t->arena, options->issuer);
    t->audiences = copy_list(&t->arena, options->audiences.count > 0 ? options->audiences
                                                                     : (struct str_list){&options->issuer, 1});
    t->ca_pem = arena_str(&t->arena, options->ca_pem);
    t->now_unix_ns = options->now_unix_ns != NULL ? options->now_unix_ns : clock_unix_ns;
    if (!load_keys(t, options, err)) {
        service_account_tokens_free(t);
        return NULL;
    }
    t->secrets = token_secrets_new(t);
    return t;
}

void service_account_tokens_free(struct service_account_tokens *t)
{
    if (t == NULL)
        return;
    token_secrets_free(t->secrets);
    for (size_t i = 0; i < t->key_count; i++)
        jwt_key_free(t->keys[i]);
    free(t->keys);
    arena_free(&t->arena);
    free(t);
}

/* --- issuing --- */

static void write_reference(struct json_writer *w, struct str key, struct str name, struct str uid)
{
    json_write_key(w, key);
    json_open_object(w);
    json_member_str(w, STR("name"), name);
    json_member_str(w, STR("uid"), uid);
    json_close_object(w);
}

static void write_bound(struct json_writer *w, const struct service_account_token_request *what)
{
    json_write_key(w, STR("kubernetes.io"));
    json_open_object(w);
    json_member_str(w, STR("namespace"), what->account->namespace);
    if (str_eq(what->bound_kind, STR("Node")))
        write_reference(w, STR("node"), what->bound_name, what->bound_uid);
    if (str_eq(what->bound_kind, STR("Pod")))
        write_reference(w, STR("pod"), what->bound_name, what->bound_uid);
    if (str_eq(what->bound_kind, STR("Secret")))
        write_reference(w, STR("secret"), what->bound_name, what->bound_uid);
    write_reference(w, STR("serviceaccount"), what->account->name, what->account->uid);
    json_close_object(w);
}

static void member_subject(struct json_writer *w, const struct object *account)
{
    auto_buf struct buf subject = {0};

    buf_printf(&subject, "system:serviceaccount:%.*s:%.*s", STR_ARG(account->namespace), STR_ARG(account->name));
    json_member_str(w, STR("sub"), buf_str(&subject));
}

bool service_account_tokens_issue(struct service_account_tokens *t, const struct service_account_token_request *what,
                                  int64_t now_unix_ns, struct buf *to, struct error *err)
{
    auto_buf struct buf claims = {0};
    struct json_writer w = json_writer_to(&claims);
    struct str_list audiences = what->audiences.count > 0 ? what->audiences : t->audiences;
    int64_t now_s = now_unix_ns / NS_PER_S;
    char id[UUID_SIZE];

    random_uuid(id);
    json_open_object(&w);
    json_write_key(&w, STR("aud"));
    json_open_array(&w);
    for (size_t i = 0; i < audiences.count; i++)
        json_write_str(&w, audiences.items[i]);
    json_close_array(&w);
    json_member_i64(&w, STR("exp"), now_s + what->expiration_seconds);
    json_member_i64(&w, STR("iat"), now_s);
    json_member_str(&w, STR("iss"), t->issuer);
    json_member_cstr(&w, STR("jti"), id);
    write_bound(&w, what);
    json_member_i64(&w, STR("nbf"), now_s);
    member_subject(&w, what->account);
    json_close_object(&w);
    return jwt_sign(to, t->keys[0], buf_str(&claims), err);
}

bool legacy_token_issue(struct service_account_tokens *t, const struct object *account, struct str secret_name,
                        struct buf *to, struct error *err)
{
    auto_buf struct buf claims = {0};
    struct json_writer w = json_writer_to(&claims);

    json_open_object(&w);
    json_member_cstr(&w, STR("iss"), LEGACY_ISSUER);
    json_member_str(&w, STR(LEGACY_CLAIM("namespace")), account->namespace);
    json_member_str(&w, STR(LEGACY_CLAIM("secret.name")), secret_name);
    json_member_str(&w, STR(LEGACY_CLAIM("service-account.name")), account->name);
    json_member_str(&w, STR(LEGACY_CLAIM("service-account.uid")), account->uid);
    member_subject(&w, account);
    json_close_object(&w);
    return jwt_sign(to, t->keys[0], buf_str(&claims), err);
}

/* --- verifying --- */

/* What a token says, bound or legacy. Strings are the claims'. */
struct claims {
    struct str namespace, account, account_uid;
    struct str bound_kind, bound_name, bound_uid; /* "": bound to nothing */
    struct str id;
};

static void read_bound(const json_t *json, struct claims *out)
{
    static const struct {
        const char *key;
        const struct resource *kind;
    } bounds[] = {{"pod", &resource_pods}, {"secret", &resource_secrets}, {"node", &resource_nodes}};
    const json_t *own = json_object_get(json, "kubernetes.io");

    out->namespace = json_text_at(own, "namespace");
    out->account = json_text_at(own, "serviceaccount.name");
    out->account_uid = json_text_at(own, "serviceaccount.uid");
    out->id = json_text_at(json, "jti");
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        const json_t *reference = json_object_get(own, bounds[i].key);
        /* Pods' tokens may name their node too; what they are bound to is the pod. */
        if (reference == NULL || out->bound_kind.len > 0)
            continue;
        out->bound_kind = str_of(bounds[i].kind->kind);
        out->bound_name = json_text_at(reference, "name");
        out->bound_uid = json_text_at(reference, "uid");
    }
}

static void read_legacy(const json_t *json, struct claims *out)
{
    out->namespace = json_text(json_object_get(json, LEGACY_CLAIM("namespace")));
    out->account = json_text(json_object_get(json, LEGACY_CLAIM("service-account.name")));
    out->account_uid = json_text(json_object_get(json, LEGACY_CLAIM("service-account.uid")));
    out->bound_kind = STR("Secret");
    out->bound_name = json_text(json_object_get(json, LEGACY_CLAIM("secret.name")));
}

static bool check_times(const json_t *json, int64_t now_unix_ns, struct error *err)
{
    int64_t now_s = now_unix_ns / NS_PER_S;
    const json_t *expires = json_object_get(json, "exp");

    if (!json_is_integer(expires))
        return error_set(err, 401, "the token says no end");
    if (now_s >= json_integer_value(expires))
        return error_set(err, 401, "the token has expired");
    if (now_s + NBF_LEEWAY_S < json_integer_at(json, "nbf", 0))
        return error_set(err, 401, "the token isn't valid yet");
    return true;
}

static bool is_for(const json_t *audience, struct str wanted)
{
    return json_is_string(audience) ? str_eq(json_text(audience), wanted) : json_array_has(audience, wanted);
}

/* Those of WANTED that the token has, in ARENA. */
static struct str_list match_audiences(const json_t *json, struct str_list wanted, struct arena *arena)
{
    struct str *items = arena_alloc(arena, (wanted.count + 1) * sizeof(*items));
    const json_t *audience = json_object_get(json, "aud");
    size_t count = 0;

    for (size_t i = 0; i < wanted.count; i++) {
        if (is_for(audience, wanted.items[i]))
            items[count++] = arena_str(arena, wanted.items[i]);
    }
    return (struct str_list){items, count};
}

/* That the service account is there, and what the token is bound to. */
static bool check_objects(struct service_account_tokens *t, const struct claims *c, bool is_legacy, struct str token,
                          struct error *err)
{
    const struct object *account = registry_get(t->registry, &resource_serviceaccounts, c->namespace, c->account);

    if (account == NULL || account->is_terminating || !str_eq(account->uid, c->account_uid))
        return error_set(err, 401, "service account %.*s/%.*s has been deleted", STR_ARG(c->namespace),
                         STR_ARG(c->account));
    if (c->bound_kind.len == 0)
        return true;
    const struct resource *kind = resource_find_kind(STR(""), STR("v1"), c->bound_kind);
    const struct object *bound = registry_get(t->registry, kind, c->namespace, c->bound_name);
    if (bound == NULL || (!is_legacy && !str_eq(bound->uid, c->bound_uid)))
        return error_set(err, 401, "%s %.*s, to which the token is bound, has been deleted", kind->singular,
                         STR_ARG(c->bound_name));
    if (!is_legacy)
        return true;
    auto_buf struct buf encoded = {0};
    auto_dom json_t *secret = object_dom(bound);
    base64_encode(&encoded, token);
    return str_eq(json_text(json_object_get(json_object_get(secret, "data"), "token")), buf_str(&encoded)) ||
           error_set(err, 401, "the token isn't the one in secret %.*s any more", STR_ARG(c->bound_name));
}

static struct user user_of(const struct claims *c, struct arena *arena)
{
    struct str *groups = arena_alloc(arena, 2 * sizeof(*groups));
    struct user user = {
        .name = arena_printf(arena, "system:serviceaccount:%.*s:%.*s", STR_ARG(c->namespace), STR_ARG(c->account)),
        .uid = arena_str(arena, c->account_uid),
        .groups = groups,
        .group_count = 2,
    };

    groups[0] = STR("system:serviceaccounts");
    groups[1] = arena_printf(arena, "system:serviceaccounts:%.*s", STR_ARG(c->namespace));
    struct label *extra = arena_alloc(arena, 3 * sizeof(*extra));
    size_t count = 0;
    if (c->id.len > 0)
        extra[count++] = (struct label){STR("authentication.kubernetes.io/credential-id"),
                                        arena_printf(arena, "JTI=%.*s", STR_ARG(c->id))};
    if (str_eq(c->bound_kind, STR("Pod"))) {
        extra[count++] = (struct label){STR("authentication.kubernetes.io/pod-name"), arena_str(arena, c->bound_name)};
        extra[count++] = (struct label){STR("authentication.kubernetes.io/pod-uid"), arena_str(arena, c->bound_uid)};
    }
    user_set_extra(&user, arena, extra, count);
    return user;
}

bool service_account_tokens_verify(struct service_account_tokens *t, struct str token, struct str_list audiences,
                                   struct arena *arena, struct user *out, struct str_list *matched, struct error *err)
{
    struct str bytes;
    struct claims c = {0};
    json_error_t where;

    if (!jwt_verify(arena, token, t->keys, t->key_count, &bytes, err))
        return false;
    auto_dom json_t *json = json_loadb(bytes.ptr, bytes.len, 0, &where);
    if (!json_is_object(json))
        return error_set(err, 401, "the token's claims aren't a JSON object");
    struct str issuer = json_text_at(json, "iss");
    bool is_legacy = str_eq(issuer, STR(LEGACY_ISSUER));
    if (!is_legacy && !str_eq(issuer, t->issuer))
        return error_set(err, 401, "the token is from another issuer");
    struct str_list wanted = audiences.count > 0 ? audiences : t->audiences;
    struct str_list found;
    if (is_legacy) {
        read_legacy(json, &c);
        /* Legacy tokens are for whoever the API server is. */
        auto_dom json_t *own = json_pack("{s:[]}", "aud");
        for (size_t i = 0; i < t->audiences.count; i++)
            json_array_append_new(json_object_get(own, "aud"),
                                  json_stringn(t->audiences.items[i].ptr, t->audiences.items[i].len));
        found = match_audiences(own, wanted, arena);
    } else {
        if (!check_times(json, t->now_unix_ns(), err))
            return false;
        read_bound(json, &c);
        found = match_audiences(json, wanted, arena);
    }
    if (found.count == 0)
        return error_set(err, 401, "the token is for another audience");
    if (!check_objects(t, &c, is_legacy, token, err))
        return false;
    *out = user_of(&c, arena);
    if (matched != NULL)
        *matched = found;
    return true;
}

static void look_up(void *arg, struct api_request *r, struct str token, authn_done *done, void *done_arg)
{
    auto_error struct error err = {0};
    struct authn_result result = {.verdict = AUTHN_USER};

    if (!service_account_tokens_verify(arg, token, (struct str_list){0}, r->arena, &result.user, NULL, &err))
        result = (struct authn_result){.verdict = AUTHN_REFUSED, .err = &err};
    done(done_arg, &result);
}

struct token_lookup service_account_tokens_lookup(struct service_account_tokens *t)
{
    return (struct token_lookup){.look_up = look_up, .arg = t};
}

/* --- what verifiers elsewhere need --- */

static void respond_json(struct api_request *r, const char *content_type, struct buf *json)
{
    struct http_headers headers = {0};

    http_headers_add(&headers, r->arena, STR("Content-Type"), str_of(content_type));
    http_headers_add(&headers, r->arena, STR("Cache-Control"), STR("public, max-age=3600"));
    api_start(r, 200, &headers, (int64_t)json->len);
    api_write_buf(r, json);
    api_end(r);
}

static void respond_configuration(struct service_account_tokens *t, struct api_request *r)
{
    auto_buf struct buf json = {0};
    auto_buf struct buf uri = {0};
    struct json_writer w = json_writer_to(&json);

    buf_printf(&uri, "%.*s/openid/v1/jwks", STR_ARG(t->issuer));
    json_open_object(&w);
    json_member_str(&w, STR("issuer"), t->issuer);
    json_member_str(&w, STR("jwks_uri"), buf_str(&uri));
    json_member_raw(&w, STR("response_types_supported"), STR("[\"id_token\"]"));
    json_member_raw(&w, STR("subject_types_supported"), STR("[\"public\"]"));
    json_member_raw(&w, STR("id_token_signing_alg_values_supported"), STR("[\"RS256\"]"));
    json_close_object(&w);
    respond_json(r, "application/json", &json);
}

bool service_account_tokens_handle_discovery(struct service_account_tokens *t, struct api_request *r)
{
    bool is_key_set = str_eq(r->attributes.path, STR("/openid/v1/jwks"));

    if (!is_key_set && !str_eq(r->attributes.path, STR("/.well-known/openid-configuration")))
        return false;
    if (!str_eq(r->http->method, STR("GET"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
    } else if (is_key_set) {
        auto_buf struct buf json = {0};
        jwt_print_key_set(&json, t->keys, t->key_count);
        respond_json(r, "application/jwk-set+json", &json);
    } else {
        respond_configuration(t, r);
    }
    return true;
}
