#include "kube/kubeconfig.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/file.h"

#include <yaml.h>

enum {
    MAX_KUBECONFIG_BYTES = 4 << 20,
    MAX_PEM_BYTES = 1 << 20,
};

struct kubeconfig_file {
    char *path;
    yaml_document_t document;
    bool has_document; /* an empty file has none */
};

/* An entry of a list: its file, and the mapping that holds its settings (NULL: the entry has none). */
struct entry {
    struct kubeconfig_file *file;
    yaml_node_t *settings;
    const char *what; /* "user" */
    const char *name;
};

/* --- YAML --- */

static bool parse(struct kubeconfig_file *file, struct str bytes, struct error *err)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        return error_set(err, 0, "kubeconfig %s: no parser", file->path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.ptr, bytes.len);
    file->has_document = yaml_parser_load(&parser, &file->document) != 0;
    if (!file->has_document)
        error_set(err, 0, "kubeconfig %s: line %zu: %s", file->path, parser.problem_mark.line + 1,
                  parser.problem != NULL ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    return file->has_document;
}

static struct str scalar(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SCALAR_NODE)
        return (struct str){0};
    struct str text = str_from((const char *)node->data.scalar.value, node->data.scalar.length);
    bool is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (is_plain && (str_eq(text, STR("null")) || str_eq(text, STR("~"))))
        return (struct str){0};
    return text;
}

static yaml_node_t *member(const struct kubeconfig_file *file, const yaml_node_t *mapping, const char *key)
{
    yaml_document_t *document = (yaml_document_t *)(uintptr_t)&file->document; /* libyaml knows no const */

    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < mapping->data.mapping.pairs.top; p++)
        if (str_eq_cstr(scalar(yaml_document_get_node(document, p->key)), key))
            return yaml_document_get_node(document, p->value);
    return NULL;
}

static yaml_node_t *root_member(const struct kubeconfig_file *file, const char *key)
{
    yaml_document_t *document = (yaml_document_t *)(uintptr_t)&file->document;

    return file->has_document ? member(file, yaml_document_get_root_node(document), key) : NULL;
}

/* Element INDEX of a sequence; NULL past its end. */
static yaml_node_t *element(const struct kubeconfig_file *file, const yaml_node_t *sequence, size_t index)
{
    yaml_document_t *document = (yaml_document_t *)(uintptr_t)&file->document;

    if (sequence == NULL || sequence->type != YAML_SEQUENCE_NODE)
        return NULL;
    size_t count = (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
    return index < count ? yaml_document_get_node(document, sequence->data.sequence.items.start[index]) : NULL;
}

/* A setting as a heap string; NULL when it isn't there or empty. */
static char *setting(const struct entry *e, const char *key)
{
    struct str text = scalar(member(e->file, e->settings, key));

    return str_is_empty(text) ? NULL : str_dup(text);
}

static bool is_true(const struct entry *e, const char *key)
{
    struct str text = scalar(member(e->file, e->settings, key));

    return str_eq_ignore_case(text, STR("true")) || str_eq_ignore_case(text, STR("yes")) ||
           str_eq_ignore_case(text, STR("on"));
}

/* --- entries --- */

/* Finds NAME in the list LIST ("users") of the files, whose entries keep their settings under WHAT ("user"). */
static bool find(const struct kubeconfig *k, const char *list, const char *what, const char *name, struct entry *out)
{
    for (size_t i = 0; i < k->count; i++) {
        struct kubeconfig_file *file = k->files[i];
        yaml_node_t *entries = root_member(file, list);
        yaml_node_t *node;
        for (size_t j = 0; (node = element(file, entries, j)) != NULL; j++) {
            if (!str_eq_cstr(scalar(member(file, node, "name")), name))
                continue;
            *out = (struct entry){file, member(file, node, what), what, name};
            return true;
        }
    }
    return false;
}

static void add_paths(struct buf *to, const struct kubeconfig *k)
{
    for (size_t i = 0; i < k->count; i++)
        buf_printf(to, "%s%s", i > 0 ? ", " : "", k->files[i]->path);
}

static void add_contexts(struct buf *to, const struct kubeconfig *k)
{
    size_t count = 0;

    for (size_t i = 0; i < k->count; i++) {
        yaml_node_t *contexts = root_member(k->files[i], "contexts");
        yaml_node_t *node;
        for (size_t j = 0; (node = element(k->files[i], contexts, j)) != NULL; j++)
            buf_printf(to, "%s%.*s", count++ > 0 ? ", " : "", STR_ARG(scalar(member(k->files[i], node, "name"))));
    }
    if (count == 0)
        buf_add_cstr(to, "none");
}

/* PATH of a file that E refers to; owned by the caller. */
static char *path_of(const struct entry *e, const char *path)
{
    struct buf out = {0};
    const char *slash = strrchr(e->file->path, '/');

    if (path[0] != '/' && slash != NULL)
        buf_add(&out, e->file->path, (size_t)(slash - e->file->path) + 1);
    buf_add_cstr(&out, path);
    return buf_take(&out);
}

static bool wrap(struct error *err, const struct entry *e, const char *key)
{
    return error_wrap(err, "kubeconfig %s: %s \"%s\": %s", e->file->path, e->what, e->name, key);
}

/* PEM from KEY-data, in base64, or else from the file that KEY names. Neither: *OUT stays NULL. */
static bool read_pem(const struct entry *e, const char *key, char **out, char **out_path, struct error *err)
{
    auto_buf struct buf pem = {0};
    char data_key[64];

    snprintf(data_key, sizeof(data_key), "%s-data", key);
    auto_free char *encoded = setting(e, data_key);
    auto_free char *named = setting(e, key);
    if (encoded != NULL) {
        if (!base64_decode(&pem, str_of(encoded))) {
            error_set(err, 0, "not base64");
            return wrap(err, e, data_key);
        }
    } else if (named != NULL) {
        auto_free char *path = path_of(e, named);
        if (!file_read(path, MAX_PEM_BYTES, &pem, err))
            return wrap(err, e, key);
        if (out_path != NULL) {
            *out_path = path;
            path = NULL;
        }
    } else {
        return true;
    }
    if (str_find(buf_str(&pem), STR("-----BEGIN ")) < 0) {
        error_set(err, 0, "not PEM");
        return wrap(err, e, encoded != NULL ? data_key : key);
    }
    *out = buf_take(&pem);
    return true;
}

/* --- resolving --- */

static bool resolve_cluster(const struct entry *e, struct client_config *out, struct error *err)
{
    out->server = setting(e, "server");
    out->tls_server_name = setting(e, "tls-server-name");
    out->proxy_url = setting(e, "proxy-url");
    out->insecure = is_true(e, "insecure-skip-tls-verify");
    if (out->server == NULL)
        return error_set(err, 0, "kubeconfig %s: cluster \"%s\" has no server", e->file->path, e->name);
    if (!read_pem(e, "certificate-authority", &out->ca, NULL, err))
        return false;
    if (out->insecure && out->ca != NULL)
        return error_set(err, 0,
                         "kubeconfig %s: cluster \"%s\" has both a certificate authority and insecure-skip-tls-verify; "
                         "remove one of them",
                         e->file->path, e->name);
    return true;
}

static bool refuse_plugins(const struct entry *e, struct error *err)
{
    static const char *const plugins[] = {"exec", "auth-provider"};

    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++)
        if (member(e->file, e->settings, plugins[i]) != NULL)
            return error_set(err, 0,
                             "kubeconfig %s: user \"%s\" authenticates by a plugin (%s), which is not supported; use a "
                             "client certificate or a token",
                             e->file->path, e->name, plugins[i]);
    return true;
}

static bool read_token(const struct entry *e, struct client_config *out, struct error *err)
{
    auto_free char *named = setting(e, "tokenFile");
    auto_buf struct buf bytes = {0};

    out->token = setting(e, "token");
    if (named == NULL)
        return true;
    out->token_file = path_of(e, named);
    if (!file_read(out->token_file, MAX_PEM_BYTES, &bytes, err))
        return wrap(err, e, "tokenFile");
    free(out->token);
    out->token = str_dup(str_trim(buf_str(&bytes)));
    return true;
}

static bool resolve_user(const struct entry *e, struct client_config *out, struct error *err)
{
    if (!refuse_plugins(e, err) || !read_pem(e, "client-certificate", &out->cert, &out->cert_file, err) ||
        !read_pem(e, "client-key", &out->key, &out->key_file, err) || !read_token(e, out, err))
        return false;
    if ((out->cert != NULL) != (out->key != NULL))
        return error_set(err, 0, "kubeconfig %s: user \"%s\" has a client %s without its %s", e->file->path, e->name,
                         out->cert != NULL ? "certificate" : "key", out->cert != NULL ? "key" : "certificate");
    out->username = setting(e, "username");
    out->password = setting(e, "password");
    out->as_user = setting(e, "as");
    yaml_node_t *groups = member(e->file, e->settings, "as-groups");
    yaml_node_t *group;
    for (size_t i = 0; (group = element(e->file, groups, i)) != NULL; i++)
        string_list_add(&out->as_groups, scalar(group));
    return true;
}

/* The context's name: the one asked for, or the first current-context. Owned by the caller; NULL on failure. */
static char *context_name(const struct kubeconfig *k, const char *asked, struct error *err)
{
    auto_buf struct buf paths = {0};
    auto_buf struct buf contexts = {0};

    if (asked != NULL && asked[0] != '\0')
        return mem_strdup(asked);
    for (size_t i = 0; i < k->count; i++) {
        struct str current = scalar(root_member(k->files[i], "current-context"));
        if (!str_is_empty(current))
            return str_dup(current);
    }
    add_paths(&paths, k);
    add_contexts(&contexts, k);
    error_set(err, 0, "kubeconfig %s: no current-context; choose one with --context (there are: %s)", buf_cstr(&paths),
              buf_cstr(&contexts));
    return NULL;
}

bool kubeconfig_resolve(const struct kubeconfig *k, const char *context, struct client_config *out, struct error *err)
{
    auto_free char *name = context_name(k, context, err);
    auto_buf struct buf paths = {0};
    auto_buf struct buf contexts = {0};
    struct entry at, cluster, user;

    if (name == NULL)
        return false;
    add_paths(&paths, k);
    if (!find(k, "contexts", "context", name, &at)) {
        add_contexts(&contexts, k);
        return error_set(err, 0, "kubeconfig %s: no context \"%s\" (there are: %s)", buf_cstr(&paths), name,
                         buf_cstr(&contexts));
    }
    auto_free char *cluster_name = setting(&at, "cluster");
    auto_free char *user_name = setting(&at, "user");
    out->ns = setting(&at, "namespace");
    out->source = mem_strdup(buf_cstr(&paths));
    if (cluster_name == NULL)
        return error_set(err, 0, "kubeconfig %s: context \"%s\" names no cluster", at.file->path, name);
    if (!find(k, "clusters", "cluster", cluster_name, &cluster))
        return error_set(err, 0, "kubeconfig %s: context \"%s\" names the cluster \"%s\", which isn't there",
                         at.file->path, name, cluster_name);
    if (!resolve_cluster(&cluster, out, err))
        return false;
    if (user_name == NULL)
        return true;
    if (!find(k, "users", "user", user_name, &user))
        return error_set(err, 0, "kubeconfig %s: context \"%s\" names the user \"%s\", which isn't there",
                         at.file->path, name, user_name);
    return resolve_user(&user, out, err);
}

bool kubeconfig_add(struct kubeconfig *k, const char *path, struct error *err)
{
    auto_buf struct buf bytes = {0};

    if (!file_read(path, MAX_KUBECONFIG_BYTES, &bytes, err))
        return error_wrap(err, "kubeconfig");
    struct kubeconfig_file *file = mem_zalloc(sizeof(*file));
    file->path = mem_strdup(path);
    k->files = mem_realloc_array(k->files, k->count + 1, sizeof(struct kubeconfig_file *));
    k->files[k->count++] = file;
    return parse(file, buf_str(&bytes), err);
}

void kubeconfig_free(struct kubeconfig *k)
{
    for (size_t i = 0; i < k->count; i++) {
        if (k->files[i]->has_document)
            yaml_document_delete(&k->files[i]->document);
        free(k->files[i]->path);
        free(k->files[i]);
    }
    free(k->files);
    *k = (struct kubeconfig){0};
}
