#include "kube/client_config.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "kube/kubeconfig.h"

#include <errno.h>

enum {
    MAX_CREDENTIAL_BYTES = 1 << 20,
};

static const char service_account_folder[] = "/var/run/secrets/kubernetes.io/serviceaccount";

static const char *or_null(const char *s)
{
    return s != NULL && s[0] != '\0' ? s : NULL;
}

/* kubectl's rule for a server without a scheme: https as soon as anything about TLS is said. */
static bool set_server(struct client_config *config, const char *server, struct error *err)
{
    bool says_tls = config->ca != NULL || config->cert != NULL || config->insecure;
    struct str rest = str_of(server);
    struct buf out = {0};

    if (str_find(rest, STR("://")) < 0)
        buf_add_cstr(&out, says_tls ? "https://" : "http://");
    else if (!str_starts_with(rest, STR("https://")) && !str_starts_with(rest, STR("http://")))
        return error_set(err, 0, "server \"%s\": only http:// and https:// are understood", server);
    buf_add_str(&out, rest);
    while (out.len > 0 && out.ptr[out.len - 1] == '/')
        out.ptr[--out.len] = '\0';
    free(config->server);
    config->server = buf_take(&out);
    return true;
}

/* The last touches that all sources share. */
static bool complete(struct client_config *config, const char *server, struct error *err)
{
    auto_free char *resolved = mem_strdup(server != NULL ? server : config->server);

    if (config->ns == NULL)
        config->ns = mem_strdup("default");
    return set_server(config, resolved, err);
}

static bool finish(struct client_config *config, bool ok)
{
    if (!ok)
        client_config_free(config);
    return ok;
}

static bool resolve(struct client_config *config, const struct kubeconfig *k, const struct client_config_choice *choice,
                    struct error *err)
{
    return kubeconfig_resolve(k, choice->context, config, err) && complete(config, or_null(choice->server), err);
}

static bool read_one(struct client_config *config, const char *path, const struct client_config_choice *choice,
                     struct error *err)
{
    struct kubeconfig k = {0};

    *config = (struct client_config){0};
    bool ok = kubeconfig_add(&k, path, err) && resolve(config, &k, choice, err);
    kubeconfig_free(&k);
    return finish(config, ok);
}

bool client_config_read(struct client_config *config, const char *path, const char *context, struct error *err)
{
    struct client_config_choice choice = {.context = context};

    return read_one(config, path, &choice, err);
}

/* Those files of LIST (separated by colons) that exist. */
static bool add_existing(struct kubeconfig *k, const char *list, struct error *err)
{
    struct str rest = str_of(list);

    while (!str_is_empty(rest)) {
        auto_error struct error failure = {0};
        struct str one;
        str_cut(rest, ':', &one, &rest);
        auto_free char *path = str_dup(one);
        if (str_is_empty(one) || kubeconfig_add(k, path, &failure))
            continue;
        if (failure.code != ENOENT) {
            error_move(err, &failure);
            return false;
        }
    }
    return true;
}

/* $KUBECONFIG or ~/.kube/config, as a list; owned by the caller. */
static char *default_files(void)
{
    const char *from_env = or_null(getenv("KUBECONFIG"));
    const char *home = or_null(getenv("HOME"));
    struct buf out = {0};

    if (from_env != NULL)
        return mem_strdup(from_env);
    if (home != NULL)
        buf_printf(&out, "%s/.kube/config", home);
    return buf_take(&out);
}

bool client_config_find(struct client_config *config, const struct client_config_choice *choice, struct error *err)
{
    auto_free char *list = NULL;
    struct kubeconfig k = {0};

    *config = (struct client_config){0};
    if (or_null(choice->kubeconfig) != NULL)
        return read_one(config, choice->kubeconfig, choice, err);
    list = default_files();
    if (!add_existing(&k, list, err)) {
        kubeconfig_free(&k);
        return false;
    }
    if (k.count > 0) {
        bool ok = resolve(config, &k, choice, err);
        kubeconfig_free(&k);
        return finish(config, ok);
    }
    if (or_null(choice->server) != NULL) {
        config->source = mem_strdup("the command line");
        return finish(config, complete(config, choice->server, err));
    }
    if (or_null(getenv("KUBERNETES_SERVICE_HOST")) != NULL)
        return client_config_in_cluster(config, NULL, err);
    return error_set(
        err, ENOENT,
        "no cluster to talk to: there is no kubeconfig (%s) and this is no pod; name one with --kubeconfig "
        "or $KUBECONFIG",
        list[0] != '\0' ? list : "neither $KUBECONFIG nor $HOME is set");
}

static bool read_credential(const char *folder, const char *name, char **out, char **out_path, struct error *err)
{
    auto_buf struct buf bytes = {0};
    struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, name);
    bool ok = file_read(buf_cstr(&path), MAX_CREDENTIAL_BYTES, &bytes, err);
    if (ok)
        *out = str_dup(str_trim(buf_str(&bytes)));
    if (ok && out_path != NULL)
        *out_path = buf_take(&path);
    buf_free(&path);
    return ok;
}

static bool read_service_account(struct client_config *config, const char *folder, struct error *err)
{
    const char *host = or_null(getenv("KUBERNETES_SERVICE_HOST"));
    const char *port = or_null(getenv("KUBERNETES_SERVICE_PORT"));
    auto_buf struct buf server = {0};
    bool is_ipv6 = host != NULL && strchr(host, ':') != NULL;

    if (host == NULL || port == NULL)
        return error_set(err, ENOENT,
                         "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT aren't set; outside of a "
                         "cluster name a kubeconfig with --kubeconfig");
    if (!read_credential(folder, "token", &config->token, &config->token_file, err) ||
        !read_credential(folder, "ca.crt", &config->ca, NULL, err))
        return error_wrap(err, "the pod's service account (is automountServiceAccountToken off?)");
    if (!read_credential(folder, "namespace", &config->ns, NULL, NULL))
        config->ns = mem_strdup("default"); /* older mounts have none, and nobody depends on it */
    config->source = mem_strdup("the pod's service account");
    buf_printf(&server, "https://%s%s%s:%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
    return complete(config, buf_cstr(&server), err);
}

bool client_config_in_cluster(struct client_config *config, const char *folder, struct error *err)
{
    *config = (struct client_config){0};
    return finish(config, read_service_account(config, folder != NULL ? folder : service_account_folder, err));
}

static char *copy(const char *s)
{
    return s != NULL ? mem_strdup(s) : NULL;
}

void client_config_copy(struct client_config *to, const struct client_config *from)
{
    *to = (struct client_config){
        .server = copy(from->server),
        .ca = copy(from->ca),
        .cert = copy(from->cert),
        .key = copy(from->key),
        .cert_file = copy(from->cert_file),
        .key_file = copy(from->key_file),
        .token = copy(from->token),
        .token_file = copy(from->token_file),
        .username = copy(from->username),
        .password = copy(from->password),
        .as_user = copy(from->as_user),
        .tls_server_name = copy(from->tls_server_name),
        .proxy_url = copy(from->proxy_url),
        .ns = copy(from->ns),
        .insecure = from->insecure,
        .source = copy(from->source),
    };
    for (size_t i = 0; i < from->as_groups.count; i++)
        string_list_add(&to->as_groups, str_of(from->as_groups.items[i]));
}

void client_config_free(struct client_config *config)
{
    free(config->server);
    free(config->ca);
    free(config->cert);
    free(config->key);
    free(config->cert_file);
    free(config->key_file);
    free(config->token);
    free(config->token_file);
    free(config->username);
    free(config->password);
    free(config->as_user);
    string_list_free(&config->as_groups);
    free(config->tls_server_name);
    free(config->proxy_url);
    free(config->ns);
    free(config->source);
    *config = (struct client_config){0};
}
