#include "cmd/api_clients.h"

static bool make_client(struct api_clients *c, const char *kubeconfig, struct rest_client **out,
                        struct client_config *keep, struct error *err)
{
    struct client_config config = {0};
    const struct client_config_choice choice = {.kubeconfig = kubeconfig};

    if (!client_config_find(&config, &choice, err))
        return false;
    *out = rest_client_new(c->pool, &config, METRICS_SERVER_USER_AGENT);
    if (keep != NULL)
        *keep = config;
    else
        client_config_free(&config);
    return true;
}

bool api_clients_open(struct api_clients *c, uv_loop_t *loop, const struct metrics_server_flags *flags,
                      struct error *err)
{
    c->pool = fetch_pool_new(loop);
    if (!make_client(c, flags->kubeconfig, &c->cluster, &c->config, err))
        return false;
    c->authn = c->authz = c->cluster;
    if (flag_is_given(flags->authentication_kubeconfig) &&
        !make_client(c, flags->authentication_kubeconfig, &c->authn, NULL, err))
        return error_wrap(err, "--authentication-kubeconfig");
    if (flag_is_given(flags->authorization_kubeconfig) &&
        !make_client(c, flags->authorization_kubeconfig, &c->authz, NULL, err))
        return error_wrap(err, "--authorization-kubeconfig");
    return true;
}

void api_clients_close(struct api_clients *c)
{
    if (c->authn != c->cluster)
        rest_client_free(c->authn);
    if (c->authz != c->cluster)
        rest_client_free(c->authz);
    rest_client_free(c->cluster);
    fetch_pool_free(c->pool);
}

void api_clients_free(struct api_clients *c)
{
    client_config_free(&c->config);
}
