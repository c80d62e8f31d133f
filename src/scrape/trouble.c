#include "scrape/trouble.h"

#include "base/clock.h"

void trouble_init(struct trouble *t)
{
    /* two dozen lines at once, then one in ten minutes */
    *t = (struct trouble){.limit = LOG_LIMIT(1.0 / 600, 24)};
}

void trouble_free(struct trouble *t)
{
    error_clear(&t->now);
}

const char *trouble_remedy(enum trouble_kind kind, const char *cause)
{
    if (kind == TROUBLE_TLS && strstr(cause, "isn't valid for") != NULL)
        return "let the kubelet get a serving certificate with this address (serverTLSBootstrap: true in its "
               "configuration, "
               "then kubectl certificate approve), or choose an address that the certificate has by "
               "--kubelet-preferred-address-types";
    if (kind == TROUBLE_TLS && strstr(cause, "not trusted") != NULL)
        return "let the kubelet get a serving certificate from the cluster's CA (serverTLSBootstrap: true in its "
               "configuration, then kubectl certificate approve), or name its CA by --kubelet-certificate-authority";
    /* a kubelet that waits for its serving certificate has nothing to show in the handshake */
    if (kind == TROUBLE_TLS && strstr(cause, "alert internal error") != NULL)
        return "the kubelet has no serving certificate yet: look for its pending request by kubectl get csr and "
               "approve "
               "it by kubectl certificate approve NAME";
    if (kind == TROUBLE_ADDRESS)
        return "make the name resolvable from here, or choose addresses by "
               "--kubelet-preferred-address-types=InternalIP";
    if (kind == TROUBLE_STATUS && strstr(cause, "\"403 ") != NULL)
        return "allow this server's user to get nodes/metrics (and nodes/stats for old kubelets) by a ClusterRole";
    if (kind == TROUBLE_STATUS && strstr(cause, "\"401 ") != NULL)
        return "let the kubelet authenticate tokens (authentication.webhook.enabled: true in its configuration)";
    return NULL;
}

/* Whether the cause is news. Of two kinds the first text stands for all. */
static bool note(struct trouble *t, enum trouble_kind kind, const char *key)
{
    bool is_one = kind == TROUBLE_CONTENT || kind == TROUBLE_TRANSPORT;
    uint64_t hash = is_one ? (uint64_t)kind : str_hash(str_of(key));

    for (unsigned i = 0; i < t->known_count; i++)
        if (t->known[i] == hash)
            return false;
    if (t->known_count < TROUBLE_MAX_KNOWN)
        t->known[t->known_count++] = hash;
    return true;
}

void trouble_begin(struct trouble *t, const char *node, const char *url, enum trouble_kind kind, const char *key,
                   bool is_expected, struct error *err)
{
    const char *remedy;
    uint64_t suppressed;

    error_move(&t->now, err);
    if (!note(t, kind, key) || !log_limit_allows(&t->limit, clock_mono_ns(), &suppressed))
        return;
    t->is_told = true;
    remedy = trouble_remedy(kind, error_text(&t->now));
    const struct log_field hint = {.key = remedy != NULL ? "hint" : NULL, .text = str_of(remedy)};
    log_at(is_expected ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "Failed to scrape node", LOG_ERR(&t->now),
           LOG_CSTR("node", node), LOG_CSTR("url", url), hint);
}

void trouble_end(struct trouble *t, const char *node)
{
    if (t->is_told)
        log_info("Node is scraped again", LOG_CSTR("node", node));
    error_clear(&t->now);
    t->known_count = 0;
    t->is_told = false;
}
