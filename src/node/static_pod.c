#include "node/static_pod.h"

#include <ctype.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "kube/names.h"
#include "kube/time.h"
#include "node/json_text.h"
#include "kube/manifest.h"

#define PRIORITY_NODE_CRITICAL 2000001000
#define PRIORITY_CLUSTER_CRITICAL 2000000000

/* The member KEY as an object, made when it is missing. NULL when it is something else. */
static json_t *object_member(json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);

    if (member == NULL || json_is_null(member)) {
        member = json_object();
        json_object_set_new(object, key, member);
    }
    return json_is_object(member) ? member : NULL;
}

static void set_default(json_t *object, const char *key, json_t *value)
{
    const json_t *there = json_object_get(object, key);

    if (there == NULL || json_is_null(there))
        json_object_set_new(object, key, value);
    else
        json_decref(value);
}

/* 32 hexadecimal digits out of node, file and manifest. */
static struct str hash_of(struct arena *arena, struct str node_name, struct str file, const json_t *manifest)
{
    auto_free char *text = json_dumps(manifest, JSON_COMPACT | JSON_SORT_KEYS);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    auto_buf struct buf hex = {0};

    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    EVP_DigestUpdate(ctx, node_name.ptr, node_name.len);
    EVP_DigestUpdate(ctx, "\n", 1);
    EVP_DigestUpdate(ctx, file.ptr, file.len);
    EVP_DigestUpdate(ctx, "\n", 1);
    EVP_DigestUpdate(ctx, text, strlen(text));
    EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    for (int i = 0; i < 16; i++)
        buf_printf(&hex, "%02x", digest[i]);
    return arena_str(arena, buf_str(&hex));
}

static bool check_name(struct name_faults faults, struct str name, const char *what, struct error *err)
{
    if (name.len == 0)
        return error_set(err, 0, "%s is missing", what);
    if (faults.count > 0)
        return error_set(err, 0, "%s \"%.*s\": %s", what, STR_ARG(name), faults.texts[0]);
    return true;
}

/* The annotation for container I by its full key, or by the short one for the first container. */
static struct str source_of(const json_t *annotations, const char *what, struct str container, size_t i)
{
    auto_buf struct buf key = {0};
    struct str found;

    buf_printf(&key, "%s.tacho.dev/%.*s", what, STR_ARG(container));
    found = json_member_text(annotations, buf_cstr(&key));
    if (found.len > 0 || i > 0)
        return found;
    buf_clear(&key);
    buf_printf(&key, "tacho.dev/%s", what);
    return json_member_text(annotations, buf_cstr(&key));
}

static bool read_container(struct static_pod *p, const json_t *container, const json_t *annotations, size_t i,
                           struct error *err)
{
    struct static_container *c = &p->containers[i];
    struct str name = json_member_text(container, "name");

    if (!check_name(name_check_dns1123_label(name), name, "container name", err))
        return false;
    for (size_t j = 0; j < i; j++)
        if (str_eq(p->containers[j].name, name))
            return error_set(err, 0, "two containers are named \"%.*s\"", STR_ARG(name));
    *c = (struct static_container){
        .name = arena_str(&p->arena, name),
        .image = arena_str(&p->arena, json_member_text(container, "image")),
        .pid_file = arena_str(&p->arena, source_of(annotations, "pid-file", name, i)),
        .cgroup = arena_str(&p->arena, source_of(annotations, "cgroup", name, i)),
    };
    if (c->pid_file.len == 0 && c->cgroup.len == 0)
        return error_set(err, 0,
                         "container \"%.*s\" has neither an annotation tacho.dev/pid-file nor tacho.dev/cgroup, and "
                         "this node runs no containers by itself",
                         STR_ARG(name));
    if (c->pid_file.len > 0 && c->pid_file.ptr[0] != '/')
        return error_set(err, 0, "container \"%.*s\": the pid file's path must be absolute", STR_ARG(name));
    if (c->cgroup.len > 0 && (c->cgroup.ptr[0] != '/' || str_find(c->cgroup, STR("..")) >= 0))
        return error_set(err, 0, "container \"%.*s\": the cgroup's path must begin with / and have no ..",
                         STR_ARG(name));
    return true;
}

static bool read_containers(struct static_pod *p, const json_t *spec, const json_t *annotations, struct error *err)
{
    const json_t *list = json_object_get(spec, "containers");

    p->container_count = json_array_size(list);
    if (p->container_count == 0)
        return error_set(err, 0, "spec.containers is missing or empty");
    p->containers = arena_zalloc(&p->arena, p->container_count * sizeof(*p->containers));
    for (size_t i = 0; i < p->container_count; i++)
        if (!read_container(p, json_array_get(list, i), annotations, i, err))
            return false;
    return true;
}

static void set_container_defaults(json_t *container)
{
    struct str image = json_member_text(container, "image");
    bool is_latest = str_ends_with(image, STR(":latest")) || str_index(image, ':') < 0;

    set_default(container, "imagePullPolicy", json_string(is_latest ? "Always" : "IfNotPresent"));
    set_default(container, "resources", json_object());
    set_default(container, "terminationMessagePath", json_string("/dev/termination-log"));
    set_default(container, "terminationMessagePolicy", json_string("File"));
}

static void set_spec_defaults(json_t *spec, struct str node_name)
{
    json_t *tolerations = json_object_get(spec, "tolerations");
    struct str priority_class = json_member_text(spec, "priorityClassName");
    json_t *container;
    size_t i;

    json_object_set_new(spec, "nodeName", json_from_str(node_name));
    if (!json_is_array(tolerations)) {
        tolerations = json_array();
        json_object_set_new(spec, "tolerations", tolerations);
    }
    json_array_append_new(tolerations, json_pack("{s:s, s:s}", "effect", "NoExecute", "operator", "Exists"));
    set_default(spec, "dnsPolicy", json_string("ClusterFirst"));
    set_default(spec, "enableServiceLinks", json_true());
    set_default(spec, "preemptionPolicy", json_string("PreemptLowerPriority"));
    set_default(spec, "restartPolicy", json_string("Always"));
    set_default(spec, "schedulerName", json_string("default-scheduler"));
    set_default(spec, "securityContext", json_object());
    set_default(spec, "terminationGracePeriodSeconds", json_integer(30));
    if (str_eq(priority_class, STR("system-node-critical")))
        set_default(spec, "priority", json_integer(PRIORITY_NODE_CRITICAL));
    else if (str_eq(priority_class, STR("system-cluster-critical")))
        set_default(spec, "priority", json_integer(PRIORITY_CLUSTER_CRITICAL));
    json_array_foreach (json_object_get(spec, "containers"), i, container) {
        set_container_defaults(container);
    }
}

static bool check_kind(const json_t *pod, struct error *err)
{
    if (!json_is_object(pod) || !str_eq(json_member_text(pod, "kind"), STR("Pod")) ||
        !str_eq(json_member_text(pod, "apiVersion"), STR("v1")))
        return error_set(err, 0, "not a Pod of apiVersion v1");
    return true;
}

/* Fills names, uid, hash and annotations. */
static bool complete_metadata(struct static_pod *p, json_t *metadata, json_t *annotations, struct str node_name,
                              struct error *err)
{
    struct str name = json_member_text(metadata, "name"), namespace = json_member_text(metadata, "namespace");
    struct str uid = json_member_text(metadata, "uid");
    auto_buf struct buf full = {0}, seen = {0};

    if (namespace.len == 0)
    namespace = STR("default");
    if (!check_name(name_check_dns1123_subdomain(name), name, "metadata.name", err) ||
        !check_name(name_check_dns1123_label(namespace), namespace, "metadata.namespace", err))
        return false;
    if (uid.len > 0 && !check_name(name_check_dns1123_subdomain(uid), uid, "metadata.uid", err))
        return false; /* it becomes part of a cgroup's path */
    buf_printf(&full, "%.*s-", STR_ARG(name));
    for (size_t i = 0; i < node_name.len; i++)
        buf_add_char(&full, (char)tolower((unsigned char)node_name.ptr[i]));
    if (!check_name(name_check_dns1123_subdomain(buf_str(&full)), buf_str(&full), "metadata.name with the node's", err))
        return false;
    p->name = arena_str(&p->arena, buf_str(&full));
    p->namespace = arena_str(&p->arena, namespace);
    p->uid = uid.len > 0 ? arena_str(&p->arena, uid) : p->hash;
    json_object_set_new(metadata, "name", json_from_str(p->name));
    json_object_set_new(metadata, "namespace", json_from_str(p->namespace));
    json_object_set_new(metadata, "uid", json_from_str(p->uid));
    kube_time_print_micro(&seen, p->seen_unix_ns);
    json_object_set_new(annotations, "kubernetes.io/config.hash", json_from_str(p->hash));
    json_object_set_new(annotations, "kubernetes.io/config.seen", json_from_str(buf_str(&seen)));
    json_object_set_new(annotations, "kubernetes.io/config.source", json_string("file"));
    return true;
}

static bool complete(struct static_pod *p, struct str node_name, struct error *err)
{
    json_t *metadata, *annotations, *spec;

    metadata = object_member(p->object, "metadata");
    annotations = metadata != NULL ? object_member(metadata, "annotations") : NULL;
    spec = object_member(p->object, "spec");
    if (annotations == NULL || spec == NULL)
        return error_set(err, 0, "metadata, its annotations or spec is no object");
    if (!read_containers(p, spec, annotations, err) || !complete_metadata(p, metadata, annotations, node_name, err))
        return false;
    set_spec_defaults(spec, node_name);
    json_object_del(p->object, "status");
    return true;
}

struct static_pod *static_pod_read(struct str file, struct str manifest, struct str node_name, int64_t now_unix_ns,
                                   struct error *err)
{
    struct static_pod *p = mem_zalloc(sizeof(*p));

    p->file = arena_str(&p->arena, file);
    p->seen_unix_ns = now_unix_ns;
    p->object = manifest_parse(manifest, err);
    if (p->object != NULL && check_kind(p->object, err))
        p->hash = hash_of(&p->arena, node_name, file, p->object);
    if (p->hash.len == 0 || !complete(p, node_name, err)) {
        error_wrap(err, "static pod %.*s", STR_ARG(file));
        static_pod_free(p);
        return NULL;
    }
    return p;
}

void static_pod_free(struct static_pod *p)
{
    if (p == NULL)
        return;
    json_decref(p->object);
    arena_free(&p->arena);
    free(p);
}
