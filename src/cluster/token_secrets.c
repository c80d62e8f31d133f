#include "base/alloc.h"
#include "base/base64.h"
#include "base/log.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/service_account_tokens_state.h"

#define TOKEN_TYPE STR("kubernetes.io/service-account-token")
#define ACCOUNT_NAME "kubernetes.io/service-account.name"
#define ACCOUNT_UID "kubernetes.io/service-account.uid"

struct token_secrets {
    struct service_account_tokens *tokens;
    struct storage_subscription *on_secrets, *on_accounts;
    unsigned pending; /* writes on their way */
    bool is_freed;    /* by its owner, while some were */
};

static bool is_token_secret(const struct object *secret)
{
    struct str type;
    return object_field(secret, STR("type"), &type) && str_eq(type, TOKEN_TYPE);
}

static void release(struct token_secrets *s)
{
    if (s->is_freed && s->pending == 0)
        free(s);
}

static void on_written(void *ctx, const struct object *result, const struct failure *failure)
{
    struct token_secrets *s = ctx;

    (void)result;
    if (failure != NULL && failure->status.code != 404) /* somebody has deleted it: nothing to fill in */
        log_error("Token secret can't be written", LOG_STR("err", failure->status.message));
    s->pending--;
    release(s);
}

/* The account that SECRET is for, if it is there; IS_OTHER: one of that name, but not the one. */
static const struct object *account_of(struct token_secrets *s, const json_t *secret, bool *is_other)
{
    const json_t *annotations = json_at(secret, "metadata.annotations");
    struct str uid = json_text(json_object_get(annotations, ACCOUNT_UID));
    const struct object *account =
        registry_get(s->tokens->registry, &resource_serviceaccounts, json_text_at(secret, "metadata.namespace"),
                     json_text(json_object_get(annotations, ACCOUNT_NAME)));

    *is_other = account != NULL && uid.len > 0 && !str_eq(uid, account->uid);
    return *is_other ? NULL : account;
}

static bool is_filled(const json_t *secret, const struct object *account)
{
    const json_t *data = json_object_get(secret, "data");
    const json_t *annotations = json_at(secret, "metadata.annotations");

    return json_text(json_object_get(data, "token")).len > 0 && json_object_get(data, "namespace") != NULL &&
           json_object_get(data, "ca.crt") != NULL &&
           str_eq(json_text(json_object_get(annotations, ACCOUNT_UID)), account->uid);
}

static void set_data(json_t *data, const char *key, struct str value)
{
    auto_buf struct buf encoded = {0};

    base64_encode(&encoded, value);
    json_object_set_new(data, key, json_stringn(buf_cstr(&encoded), encoded.len));
}

static json_t *fill(void *ctx, const json_t *current, struct failure *failure)
{
    struct token_secrets *s = ctx;
    bool is_other;
    const struct object *account = s->is_freed ? NULL : account_of(s, current, &is_other);
    auto_buf struct buf token = {0};
    auto_error struct error err = {0};

    if (account == NULL || is_filled(current, account))
        return NULL;
    json_t *secret = json_deep_copy(current);
    json_t *data = json_own_object(secret, "data");
    if (json_text(json_object_get(data, "token")).len == 0) {
        if (!legacy_token_issue(s->tokens, account, json_text_at(current, "metadata.name"), &token, &err)) {
            failure_internal(failure, "%s", error_text(&err));
            json_decref(secret);
            return NULL;
        }
        set_data(data, "token", buf_str(&token));
    }
    set_data(data, "ca.crt", s->tokens->ca_pem);
    set_data(data, "namespace", account->namespace);
    json_set_text(json_own_object(json_object_get(secret, "metadata"), "annotations"), ACCOUNT_UID, account->uid);
    return secret;
}

/* Fills SECRET in, or deletes it when its account is another one by now. */
static void look_at(struct token_secrets *s, const struct object *secret)
{
    auto_dom json_t *dom = object_dom(secret);
    bool is_other;
    const struct object *account = account_of(s, dom, &is_other);
    struct delete_options options = {.grace_seconds = -1, .uid = secret->uid};

    if (is_other) {
        s->pending++;
        registry_delete(s->tokens->registry, &resource_secrets, secret->namespace, secret->name, &options, on_written,
                        s);
    } else if (account != NULL && !secret->is_terminating && !is_filled(dom, account)) {
        s->pending++;
        registry_change(s->tokens->registry, &resource_secrets, secret->namespace, secret->name, fill, s, NULL,
                        on_written, s);
    }
}

static void on_secret(void *ctx, const struct storage_event *event)
{
    if (event->type != STORAGE_DELETED && is_token_secret(event->object))
        look_at(ctx, event->object);
}

/* Those of ACCOUNT, which is gone. */
static void delete_secrets(struct token_secrets *s, const struct object *account)
{
    struct storage_range range =
        storage_list(registry_kind(s->tokens->registry, &resource_secrets), account->namespace);

    for (size_t i = 0; i < range.count; i++) {
        const struct object *secret = range.items[i];
        if (!is_token_secret(secret))
            continue;
        auto_dom json_t *dom = object_dom(secret);
        const json_t *annotations = json_at(dom, "metadata.annotations");
        if (!str_eq(json_text(json_object_get(annotations, ACCOUNT_UID)), account->uid))
            continue;
        struct delete_options options = {.grace_seconds = -1, .uid = secret->uid};
        s->pending++;
        registry_delete(s->tokens->registry, &resource_secrets, secret->namespace, secret->name, &options, on_written,
                        s);
    }
}

static void look_at_all(struct token_secrets *s, struct str namespace)
{
    struct storage_range range = storage_list(registry_kind(s->tokens->registry, &resource_secrets), namespace);

    for (size_t i = 0; i < range.count; i++) {
        if (is_token_secret(range.items[i]))
            look_at(s, range.items[i]);
    }
}

static void on_account(void *ctx, const struct storage_event *event)
{
    if (event->type == STORAGE_DELETED)
        delete_secrets(ctx, event->object);
    else if (event->type == STORAGE_ADDED)
        look_at_all(ctx, event->object->namespace);
}

struct token_secrets *token_secrets_new(struct service_account_tokens *t)
{
    struct token_secrets *s = mem_zalloc(sizeof(*s));

    s->tokens = t;
    s->on_secrets = storage_subscribe(registry_kind(t->registry, &resource_secrets), on_secret, s);
    s->on_accounts = storage_subscribe(registry_kind(t->registry, &resource_serviceaccounts), on_account, s);
    s->pending++; /* so that nothing that fails early frees it */
    look_at_all(s, STR(""));
    s->pending--;
    return s;
}

void token_secrets_free(struct token_secrets *s)
{
    if (s == NULL)
        return;
    storage_unsubscribe(s->on_secrets);
    storage_unsubscribe(s->on_accounts);
    s->is_freed = true;
    release(s);
}
