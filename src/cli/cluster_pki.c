#include "cli/cluster_pki.h"

#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "certs/certificate.h"

#define VALID_SECONDS (INT64_C(10) * 365 * 24 * 3600)
#define MAX_PEM_BYTES ((size_t)1 << 20)

/* A certificate of the table below: by whom it is signed and what it says. */
struct issued {
    const char *name; /* pki/NAME.crt and .key */
    const char *authority;
    const char *common_name; /* NULL: system:node:NODE */
    const char *groups[3];
    const char *dns_names[8];
    bool is_server;
    bool is_client;
};

static const struct issued issued[] = {
    {.name = "front-proxy-client",
     .authority = "front-proxy-ca",
     .common_name = "front-proxy-client",
     .is_client = true},
    {.name = "apiserver",
     .authority = "ca",
     .common_name = "kube-apiserver",
     .dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                   "kubernetes.default.svc.cluster.local"},
     .is_server = true},
    {.name = "apiserver-kubelet-client",
     .authority = "ca",
     .common_name = "kube-apiserver-kubelet-client",
     .groups = {"system:masters"},
     .is_client = true},
    {.name = "kubelet", .authority = "ca", .groups = {"system:nodes"}, .dns_names = {"localhost"}, .is_server = true},
    {.name = "metrics-server",
     .authority = "ca",
     .common_name = "metrics-server",
     .dns_names = {"localhost", "metrics-server", "metrics-server.kube-system", "metrics-server.kube-system.svc"},
     .is_server = true},
};

static const struct {
    const char *name; /* pki/NAME.crt and .key */
    const char *common_name;
} authorities[] = {{"ca", "kubernetes"}, {"front-proxy-ca", "front-proxy-ca"}};

/* A kubeconfig of the table below: the user that its client certificate names. */
struct credentials {
    const char *file;
    const char *user;
    const char *common_name; /* NULL: system:node:NODE */
    const char *groups[3];
};

static const struct credentials credentials[] = {
    {.file = "kubeconfig", .user = "admin", .common_name = "kubernetes-admin", .groups = {"system:masters"}},
    {.file = "kubelet.kubeconfig", .user = "kubelet", .groups = {"system:nodes"}},
    {.file = "metrics-server.kubeconfig",
     .user = "metrics-server",
     .common_name = "system:serviceaccount:kube-system:metrics-server",
     .groups = {"system:serviceaccounts", "system:serviceaccounts:kube-system"}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool save(const char *folder, const char *name, const char *suffix, const struct buf *bytes, unsigned mode,
                 struct error *err)
{
    auto_buf struct buf path = {0};
    buf_printf(&path, "%s/%s%s", folder, name, suffix);
    return file_write_atomically(path.ptr, buf_str(bytes), mode, err);
}

static bool save_pair(const char *folder, const char *name, const struct certs_pair *pair, struct error *err)
{
    return save(folder, name, ".key", &pair->key, 0600, err) &&
           save(folder, name, ".crt", &pair->certificate, 0644, err);
}

static bool load_pair(const char *folder, const char *name, struct certs_pair *out, struct error *err)
{
    auto_buf struct buf path = {0};
    buf_printf(&path, "%s/%s.crt", folder, name);
    if (!file_read(path.ptr, MAX_PEM_BYTES, &out->certificate, err))
        return false;
    buf_clear(&path);
    buf_printf(&path, "%s/%s.key", folder, name);
    return file_read(path.ptr, MAX_PEM_BYTES, &out->key, err);
}

static bool issue(const char *pki, const struct issued *what, const struct certs_pair *authority,
                  const struct cluster_settings *s, int64_t now, struct error *err)
{
    auto_buf struct buf node_user = {0};
    buf_printf(&node_user, "system:node:%s", s->node_name);
    const char *dns[COUNT(what->dns_names) + 2] = {0};
    size_t n = 0;
    while (n < COUNT(what->dns_names) && what->dns_names[n] != NULL) {
        dns[n] = what->dns_names[n];
        n++;
    }
    dns[n] = s->node_name;
    const char *ips[] = {"127.0.0.1", "::1", s->address, NULL};
    const struct certs_subject subject = {
        .common_name = what->common_name != NULL ? what->common_name : node_user.ptr,
        .organizations = what->groups,
        .dns_names = what->is_server ? dns : NULL,
        .ip_addresses = what->is_server ? ips : NULL,
        .is_server = what->is_server,
        .is_client = what->is_client,
    };
    struct certs_pair pair = {0};
    bool is_made = certs_issue(authority, &subject, now - 3600, VALID_SECONDS, &pair, err) &&
                   save_pair(pki, what->name, &pair, err);
    certs_pair_free(&pair);
    return is_made;
}

static bool make_roots(const char *pki, int64_t now, struct error *err)
{
    for (size_t i = 0; i < COUNT(authorities); i++) {
        struct certs_pair ca = {0};
        bool is_made = certs_make_authority(authorities[i].common_name, now - 3600, VALID_SECONDS + 3600, &ca, err) &&
                       save_pair(pki, authorities[i].name, &ca, err);
        certs_pair_free(&ca);
        if (!is_made)
            return false;
    }
    auto_buf struct buf private_pem = {0};
    auto_buf struct buf public_pem = {0};
    return certs_make_key(CERTS_KEY_RSA_2048, &private_pem, &public_pem, err) &&
           save(pki, "sa", ".key", &private_pem, 0600, err) && save(pki, "sa", ".pub", &public_pem, 0644, err);
}

/* Builds the folder under another name, so that a half-made one is never taken for a whole one. */
static bool make_folder(const char *folder, const char *pki, int64_t now, struct error *err)
{
    auto_free char *unfinished = cluster_folder_file(folder, "pki.unfinished");
    if (!file_make_folders(unfinished, 0700, err) || !make_roots(unfinished, now, err))
        return false;
    return rename(unfinished, pki) == 0 || error_set_errno(err, errno, "rename %s", unfinished);
}

static void add_base64(struct buf *to, const char *key, const struct buf *bytes)
{
    buf_printf(to, "    %s: ", key);
    base64_encode(to, buf_str(bytes));
    buf_add_char(to, '\n');
}

static bool write_kubeconfig(const char *folder, const struct credentials *who, const struct certs_pair *ca,
                             const struct cluster_settings *s, int64_t now, struct error *err)
{
    auto_buf struct buf node_user = {0};
    buf_printf(&node_user, "system:node:%s", s->node_name);
    const struct certs_subject subject = {.common_name = who->common_name != NULL ? who->common_name : node_user.ptr,
                                          .organizations = who->groups,
                                          .is_client = true};
    struct certs_pair pair = {0};
    if (!certs_issue(ca, &subject, now - 3600, VALID_SECONDS, &pair, err)) {
        certs_pair_free(&pair);
        return false;
    }
    auto_buf struct buf text = {0};
    const char *host = str_eq_cstr(STR("0.0.0.0"), s->address) ? "127.0.0.1" : s->address;
    bool is_v6 = str_index(str_of(host), ':') >= 0;
    buf_printf(&text,
               "apiVersion: v1\nkind: Config\ncurrent-context: tacho\ncontexts:\n- name: tacho\n  context:\n"
               "    cluster: tacho\n    user: %s\nclusters:\n- name: tacho\n  cluster:\n    server: "
               "https://%s%s%s:%u\n",
               who->user, is_v6 ? "[" : "", host, is_v6 ? "]" : "", (unsigned)s->port);
    add_base64(&text, "certificate-authority-data", &ca->certificate);
    buf_printf(&text, "users:\n- name: %s\n  user:\n", who->user);
    add_base64(&text, "client-certificate-data", &pair.certificate);
    add_base64(&text, "client-key-data", &pair.key);
    certs_pair_free(&pair);
    return save(folder, who->file, "", &text, 0600, err);
}

static bool check_root(const char *pki, const char *name, int64_t now, struct error *err)
{
    struct certs_pair pair = {0};
    int64_t not_after;
    bool is_good = load_pair(pki, name, &pair, err);
    if (is_good && !certs_check_pair(buf_str(&pair.certificate), buf_str(&pair.key), buf_str(&pair.certificate), err))
        is_good = error_wrap(err, "%s/%s.crt", pki, name);
    if (is_good && certs_not_after(buf_str(&pair.certificate), &not_after) && not_after <= now)
        is_good = error_set(err, 0, "%s/%s.crt has expired", pki, name);
    certs_pair_free(&pair);
    return is_good;
}

static bool check_roots(const char *pki, int64_t now, struct error *err)
{
    for (size_t i = 0; i < COUNT(authorities); i++) {
        if (!check_root(pki, authorities[i].name, now, err))
            return false;
    }
    auto_buf struct buf path = {0};
    auto_buf struct buf private_pem = {0};
    auto_buf struct buf public_pem = {0};
    buf_printf(&path, "%s/sa.key", pki);
    if (!file_read(path.ptr, MAX_PEM_BYTES, &private_pem, err))
        return false;
    if (!certs_public_key(buf_str(&private_pem), &public_pem, err))
        return error_wrap(err, "%s", path.ptr);
    return true;
}

static bool issue_all(const char *folder, const char *pki, const char *authority_name, const struct cluster_settings *s,
                      int64_t now, struct error *err)
{
    struct certs_pair authority = {0};
    bool is_made = load_pair(pki, authority_name, &authority, err);
    for (size_t i = 0; is_made && i < COUNT(issued); i++) {
        if (str_eq_cstr(str_of(authority_name), issued[i].authority))
            is_made = issue(pki, &issued[i], &authority, s, now, err);
    }
    if (str_eq_cstr(STR("ca"), authority_name)) {
        for (size_t i = 0; is_made && i < COUNT(credentials); i++)
            is_made = write_kubeconfig(folder, &credentials[i], &authority, s, now, err);
    }
    certs_pair_free(&authority);
    return is_made;
}

bool cluster_pki_make(const char *folder, const struct cluster_settings *s, int64_t now, struct error *err)
{
    auto_free char *pki = cluster_folder_file(folder, "pki");
    if (!file_exists(pki) && !make_folder(folder, pki, now, err))
        return false;
    if (!check_roots(pki, now, err))
        return error_wrap(err, "the cluster's keys are damaged (bring them back, or remove the cluster with "
                               "`tacho down --purge`)");
    for (size_t i = 0; i < COUNT(authorities); i++) {
        if (!issue_all(folder, pki, authorities[i].name, s, now, err))
            return false;
    }
    return true;
}
