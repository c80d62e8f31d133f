#include "cmd/access.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/clock.h"
#include "base/log_limit.h"

enum {
    MAX_PEM_BYTES = 1 << 20,
};

static void on_authn_loaded(void *arg, const struct error *err)
{
    struct access *a = arg;
    struct readiness *ready = a->readiness;

    if (err == NULL) {
        ready->is_authentication_known = true;
        error_clear(&ready->authentication_trouble);
        return;
    }
    error_set(&ready->authentication_trouble, err->code, "%s", error_text(err));
    if (a->flags->is_lookup_failure_tolerated)
        log_warning("Authentication configuration can't be read, going on without until it can",
                    LOG_ERR(&ready->authentication_trouble));
    else
        log_error("Authentication configuration can't be read, not ready until it can",
                  LOG_ERR(&ready->authentication_trouble));
}

static bool read_pem(const char *path, struct buf *to, struct error *err)
{
    return !flag_is_given(path) || file_read(path, MAX_PEM_BYTES, to, err);
}

static struct str_list to_strs(const struct string_list *list)
{
    struct str *items = mem_realloc_array(NULL, list->count + 1, sizeof(*items));

    for (size_t i = 0; i < list->count; i++)
        items[i] = str_of(list->items[i]);
    return (struct str_list){.items = items, .count = list->count};
}

static void free_strs(struct str_list *list)
{
    free((struct str *)(uintptr_t)list->items);
}

/* A flag's 0 means that answers aren't kept, which below is a negative time. */
static int64_t ttl_of(int64_t flag)
{
    return flag > 0 ? flag : -1;
}

static bool start_authn(struct access *a, uv_loop_t *loop, struct rest_client *client, struct metrics *registry,
                        struct error *err)
{
    const struct metrics_server_flags *f = a->flags;
    auto_buf struct buf client_ca = {0}, proxy_ca = {0};

    if (!read_pem(f->client_ca, &client_ca, err) || !read_pem(f->proxy_ca, &proxy_ca, err))
        return false;
    struct authn_delegated_options options = {
        .client = client,
        .is_lookup_skipped = f->is_lookup_skipped,
        .client_ca_pem = buf_str(&client_ca),
        .token_ttl_ns = ttl_of(f->token_ttl_ns),
        .registry = registry,
        .on_loaded = on_authn_loaded,
        .arg = a,
        .proxy = {.ca_pem = buf_str(&proxy_ca),
                  .allowed_names = to_strs(&f->proxy_names),
                  .username_headers = to_strs(&f->proxy_username_headers),
                  .uid_headers = to_strs(&f->proxy_uid_headers),
                  .group_headers = to_strs(&f->proxy_group_headers),
                  .extra_prefixes = to_strs(&f->proxy_extra_prefixes)},
    };
    a->authn = authn_delegated_new(loop, &options, err);
    free_strs(&options.proxy.allowed_names);
    free_strs(&options.proxy.username_headers);
    free_strs(&options.proxy.uid_headers);
    free_strs(&options.proxy.group_headers);
    free_strs(&options.proxy.extra_prefixes);
    return a->authn != NULL;
}

static void start_authz(struct access *a, uv_loop_t *loop, struct rest_client *client, struct metrics *registry)
{
    const struct authz_delegated_options options = {.client = client,
                                                    .allowed_ttl_ns = ttl_of(a->flags->allowed_ttl_ns),
                                                    .denied_ttl_ns = ttl_of(a->flags->denied_ttl_ns),
                                                    .registry = registry};

    a->always_allowed = to_strs(&a->flags->always_allow_paths);
    a->authz = authz_delegated_new(loop, &options);
    a->free_paths = (struct authz_paths){.items = a->always_allowed.items, .count = a->always_allowed.count};
    a->pairs[1] = (struct authz_pair){.first = authz_paths_authorizer(&a->free_paths),
                                      .second = authz_delegated_authorizer(a->authz)};
    a->pairs[0] = (struct authz_pair){.first = authz_masters, .second = authz_pair_authorizer(&a->pairs[1])};
}

/* A CA file that can't be read, or is no good, leaves the CA as it was. */
static void on_ca_changed(void *arg)
{
    static struct log_limit limit = LOG_LIMIT(1.0 / 3600, 3);
    struct access *a = arg;
    auto_buf struct buf client_ca = {0}, proxy_ca = {0};
    auto_error struct error err = {0};

    if (!read_pem(a->flags->client_ca, &client_ca, &err) ||
        !authn_delegated_set_client_ca(a->authn, buf_str(&client_ca), &err) ||
        !read_pem(a->flags->proxy_ca, &proxy_ca, &err) ||
        !authn_delegated_set_proxy_ca(a->authn, buf_str(&proxy_ca), &err))
        log_limited(&limit, LOG_LEVEL_WARNING, "New CA can't be used, the former one stays", LOG_ERR(&err));
}

static void watch_ca_files(struct access *a, uv_loop_t *loop)
{
    const char *const paths[] = {a->flags->client_ca, a->flags->proxy_ca};

    if (flag_is_given(paths[0]) || flag_is_given(paths[1]))
        a->ca_files = file_watch_new(loop, paths, 2, on_ca_changed, a);
}

bool access_open(struct access *a, uv_loop_t *loop, const struct metrics_server_flags *flags,
                 const struct api_clients *clients, struct metrics *registry, struct readiness *readiness,
                 struct error *err)
{
    *a = (struct access){.flags = flags, .readiness = readiness};
    readiness->needs_authentication = !flags->is_lookup_failure_tolerated;
    if (!start_authn(a, loop, clients->authn, registry, err))
        return false;
    start_authz(a, loop, clients->authz, registry);
    watch_ca_files(a, loop);
    return true;
}

struct authenticator access_authenticator(const struct access *a)
{
    return authn_delegated_authenticator(a->authn);
}

struct authorizer access_authorizer(const struct access *a)
{
    return authz_pair_authorizer((struct authz_pair *)(uintptr_t)&a->pairs[0]);
}

void access_close(struct access *a)
{
    error_clear(&a->readiness->authentication_trouble);
    file_watch_free(a->ca_files);
    authn_delegated_free(a->authn);
    authz_delegated_free(a->authz);
    free_strs(&a->always_allowed);
}
