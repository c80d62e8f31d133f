#include "apiserver/authn_delegated.h"

#include "apiserver/token_review.h"
#include "base/alloc.h"
#include "base/log.h"
#include "kube/reflector.h"

#define CONFIG_MAPS STR("/api/v1/namespaces/kube-system/configmaps")
#define CONFIG_MAP "extension-apiserver-authentication"

struct authn_delegated {
    struct authn_delegated_options options; /* strings in arena */
    struct arena arena;
    struct authn *authn;
    struct token_review *tokens; /* NULL without a client */
    struct reflector *reflector; /* NULL: nothing to read */
    struct rest_call *first;     /* the first reading, whose failure is worth a word */
    uv_timer_t nothing_to_read;  /* calls on_loaded from the loop */
    bool is_loaded;
    char *client_ca_pem; /* as set now; owned */
    char *proxy_ca_pem;
};

static void tell(struct authn_delegated *d, const struct error *err)
{
    if (d->is_loaded)
        return;
    d->is_loaded = err == NULL;
    if (d->options.on_loaded != NULL)
        d->options.on_loaded(d->options.arg, err);
}

static bool apply_client_ca(struct authn_delegated *d, struct str pem, struct error *err)
{
    if (d->client_ca_pem != NULL && str_eq_cstr(pem, d->client_ca_pem))
        return true; /* what is known of certificates stays */
    if (!authn_set_client_ca(d->authn, pem, err))
        return false;
    free(d->client_ca_pem);
    d->client_ca_pem = str_dup(pem);
    return true;
}

static bool apply_proxy(struct authn_delegated *d, const struct front_proxy *proxy, struct error *err)
{
    if (!authn_set_front_proxy(d->authn, proxy, err))
        return false;
    free(d->proxy_ca_pem);
    d->proxy_ca_pem = str_dup(proxy->ca_pem);
    return true;
}

/* One bad part leaves the other one, and what was, in force. */
static void apply_config(struct authn_delegated *d, struct str bytes)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct auth_config config;

    if (!auth_config_parse(&arena, bytes, &config, &err)) {
        log_error("Malformed ConfigMap kube-system/" CONFIG_MAP ", keeping what was there", LOG_ERR(&err));
        return;
    }
    if (d->options.client_ca_pem.len == 0 && !apply_client_ca(d, config.client_ca_pem, &err))
        log_error("Malformed ConfigMap kube-system/" CONFIG_MAP ", keeping the old CA", LOG_ERR(&err));
    if (d->options.proxy.ca_pem.len == 0 && !apply_proxy(d, &config.proxy, &err))
        log_error("Malformed ConfigMap kube-system/" CONFIG_MAP ", keeping the old CA", LOG_ERR(&err));
}

static void on_config(void *owner, const struct reflector_object *object)
{
    struct authn_delegated *d = owner;

    if (!str_eq(object->name, STR(CONFIG_MAP)))
        return; /* a server that ignores field selectors */
    apply_config(d, object->bytes);
    tell(d, NULL);
}

static void on_config_gone(void *owner, const struct reflector_object *object)
{
    (void)owner;
    if (str_eq(object->name, STR(CONFIG_MAP)))
        log_warning("ConfigMap kube-system/" CONFIG_MAP " is gone, keeping what it said");
}

static void on_first(void *owner, const struct rest_result *result)
{
    struct authn_delegated *d = owner;
    auto_error struct error err = {0};

    d->first = NULL;
    if (result->ok) {
        if (!d->is_loaded) /* otherwise the reflector was faster and may know better */
            apply_config(d, result->body);
        tell(d, NULL);
        return;
    }
    error_set(&err, result->status, "%s", error_text(result->err));
    tell(d, &err);
}

static void on_nothing_to_read(uv_timer_t *timer)
{
    tell(timer->data, NULL);
}

static void start_reading(struct authn_delegated *d, uv_loop_t *loop)
{
    static const struct reflector_events events = {
        .on_added = on_config, .on_changed = on_config, .on_gone = on_config_gone};
    auto_buf struct buf path = {0};

    buf_add_str(&path, CONFIG_MAPS);
    buf_add_cstr(&path, "/" CONFIG_MAP);
    d->first = rest_get(d->options.client, buf_str(&path), on_first, d);
    d->reflector = reflector_new(loop, d->options.client,
                                 &(struct reflector_options){
                                     .path = CONFIG_MAPS,
                                     .field_selector = STR("metadata.name=" CONFIG_MAP),
                                     .events = events,
                                     .owner = d,
                                 });
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct authn_delegated *d = timer->data;

    arena_free(&d->arena);
    free(d);
}

struct authn_delegated *authn_delegated_new(uv_loop_t *loop, const struct authn_delegated_options *options,
                                            struct error *err)
{
    struct authn_delegated *d = mem_zalloc(sizeof(*d));
    bool has_overrides = options->client_ca_pem.len > 0 && options->proxy.ca_pem.len > 0;

    d->options = *options;
    d->options.client_ca_pem = arena_str(&d->arena, options->client_ca_pem);
    d->options.proxy = front_proxy_copy(&d->arena, &options->proxy);
    if (options->client != NULL)
        d->tokens = token_review_new(loop, &(struct token_review_options){.client = options->client,
                                                                          .ttl_ns = options->token_ttl_ns,
                                                                          .registry = options->registry});
    d->authn = authn_new(d->tokens != NULL ? token_review_lookup(d->tokens) : (struct token_lookup){0},
                         !options->is_anonymous_refused);
    uv_timer_init(loop, &d->nothing_to_read);
    d->nothing_to_read.data = d;
    if ((options->client_ca_pem.len > 0 && !apply_client_ca(d, options->client_ca_pem, err)) ||
        (options->proxy.ca_pem.len > 0 && !apply_proxy(d, &options->proxy, err))) {
        authn_delegated_free(d);
        return NULL;
    }
    if (options->client == NULL || options->is_lookup_skipped || has_overrides)
        uv_timer_start(&d->nothing_to_read, on_nothing_to_read, 0, 0);
    else
        start_reading(d, loop);
    return d;
}

bool authn_delegated_set_client_ca(struct authn_delegated *d, struct str pem, struct error *err)
{
    return d->options.client_ca_pem.len == 0 || pem.len == 0 || apply_client_ca(d, pem, err);
}

bool authn_delegated_set_proxy_ca(struct authn_delegated *d, struct str pem, struct error *err)
{
    struct front_proxy proxy = d->options.proxy;

    if (proxy.ca_pem.len == 0 || pem.len == 0 || (d->proxy_ca_pem != NULL && str_eq_cstr(pem, d->proxy_ca_pem)))
        return true;
    proxy.ca_pem = pem;
    return apply_proxy(d, &proxy, err);
}

void authn_delegated_free(struct authn_delegated *d)
{
    if (d == NULL)
        return;
    if (d->first != NULL)
        rest_cancel(d->first);
    if (d->reflector != NULL)
        reflector_free(d->reflector);
    token_review_free(d->tokens);
    authn_free(d->authn);
    free(d->client_ca_pem);
    free(d->proxy_ca_pem);
    uv_close((uv_handle_t *)&d->nothing_to_read, on_timer_closed);
}

struct authenticator authn_delegated_authenticator(struct authn_delegated *d)
{
    return authn_authenticator(d->authn);
}

const char *authn_delegated_trouble(const struct authn_delegated *d)
{
    return d->reflector != NULL ? reflector_trouble(d->reflector) : "";
}

void authn_delegated_ca_pem(const struct authn_delegated *d, struct buf *to)
{
    const char *const pems[] = {d->client_ca_pem, d->proxy_ca_pem};

    for (size_t i = 0; i < 2; i++) {
        if (pems[i] == NULL || *pems[i] == '\0')
            continue;
        buf_add_cstr(to, pems[i]);
        buf_add_char(to, '\n');
    }
}
