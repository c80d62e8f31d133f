#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/kinds/pod_rules.h"

bool pod_is_mirror(const json_t *object)
{
    return json_object_get(json_at(object, "metadata.annotations"), "kubernetes.io/config.mirror") != NULL;
}

static void default_probe(json_t *probe)
{
    if (!json_is_object(probe))
        return;
    json_default_integer(probe, "timeoutSeconds", 1);
    json_default_integer(probe, "periodSeconds", 10);
    json_default_integer(probe, "successThreshold", 1);
    json_default_integer(probe, "failureThreshold", 3);
    json_t *get = json_object_get(probe, "httpGet");
    if (json_is_object(get)) {
        json_default_text(get, "path", "/");
        json_default_text(get, "scheme", "HTTP");
    }
}

/* "busybox" and "busybox:latest" are pulled always, anything with another tag or a digest when missing. */
static const char *pull_policy(struct str image)
{
    ptrdiff_t digest = str_index(image, '@');
    struct str name = digest >= 0 ? str_head(image, (size_t)digest) : image;
    struct str tag = STR("");
    for (size_t i = name.len; i > 0 && name.ptr[i - 1] != '/'; i--) {
        if (name.ptr[i - 1] == ':') {
            tag = str_skip(name, i);
            break;
        }
    }
    if (digest >= 0)
        return "IfNotPresent";
    return tag.len == 0 || str_eq(tag, STR("latest")) ? "Always" : "IfNotPresent";
}

static void default_requests(json_t *container)
{
    json_t *needs = json_own_object(container, "resources");
    json_t *limits = json_object_get(needs, "limits");
    const char *name;
    json_t *limit;
    json_object_foreach (limits, name, limit) {
        json_t *requests = json_own_object(needs, "requests");
        if (json_object_get(requests, name) == NULL)
            json_object_set(requests, name, limit);
    }
}

static void default_container(json_t *container)
{
    size_t i;
    json_t *item;
    auto_buf struct buf image = {0};
    buf_add_str(&image, json_text_at(container, "image"));
    if (image.len > 0)
        json_default_text(container, "imagePullPolicy", pull_policy(buf_str(&image)));
    json_default_text(container, "terminationMessagePath", "/dev/termination-log");
    json_default_text(container, "terminationMessagePolicy", "File");
    default_requests(container);
    json_array_foreach (json_object_get(container, "ports"), i, item)
        json_default_text(item, "protocol", "TCP");
    json_array_foreach (json_object_get(container, "env"), i, item) {
        json_t *ref = json_at(item, "valueFrom.fieldRef");
        if (json_is_object(ref))
            json_default_text(ref, "apiVersion", "v1");
    }
    default_probe(json_object_get(container, "livenessProbe"));
    default_probe(json_object_get(container, "readinessProbe"));
    default_probe(json_object_get(container, "startupProbe"));
}

static void default_volume(json_t *volume)
{
    static const char *const with_mode[] = {"secret", "configMap", "downwardAPI", "projected"};
    bool has_source = false;
    for (size_t i = 0; i < sizeof(with_mode) / sizeof(with_mode[0]); i++) {
        json_t *source = json_object_get(volume, with_mode[i]);
        if (json_is_object(source))
            json_default_integer(source, "defaultMode", 0644);
    }
    has_source = json_object_size(volume) > 1;
    if (!has_source)
        json_object_set_new(volume, "emptyDir", json_object());
    json_t *host = json_object_get(volume, "hostPath");
    if (json_is_object(host) && json_object_get(host, "type") == NULL)
        json_object_set_new(host, "type", json_string(""));
    size_t i;
    json_t *source;
    json_array_foreach (json_at(volume, "projected.sources"), i, source) {
        json_t *token = json_object_get(source, "serviceAccountToken");
        if (json_is_object(token))
            json_default_integer(token, "expirationSeconds", 3600);
    }
}

/* Pods stay for five minutes on a node that stopped answering. */
static void default_toleration(json_t *spec, const char *key)
{
    size_t i;
    json_t *toleration;
    json_array_foreach (json_object_get(spec, "tolerations"), i, toleration) {
        struct str effect = json_text_at(toleration, "effect"), own = json_text_at(toleration, "key");
        bool is_effect = effect.len == 0 || str_eq(effect, STR("NoExecute"));
        if (is_effect && (own.len == 0 || str_eq_cstr(own, key)))
            return;
    }
    json_array_append_new(json_own_array(spec, "tolerations"),
                          json_pack("{s:s,s:s,s:s,s:i}", "key", key, "operator", "Exists", "effect", "NoExecute",
                                    "tolerationSeconds", 300));
}

void pod_set_defaults(json_t *object)
{
    static const char *const containers[] = {"containers", "initContainers", "ephemeralContainers"};
    json_t *spec = json_own_object(object, "spec");
    size_t i;
    json_t *item;
    for (size_t k = 0; k < sizeof(containers) / sizeof(containers[0]); k++) {
        json_array_foreach (json_object_get(spec, containers[k]), i, item)
            default_container(item);
    }
    json_array_foreach (json_object_get(spec, "volumes"), i, item)
        default_volume(item);
    json_default_text(spec, "restartPolicy", "Always");
    json_default_text(spec, "dnsPolicy", "ClusterFirst");
    json_default_text(spec, "schedulerName", "default-scheduler");
    json_default_integer(spec, "terminationGracePeriodSeconds", 30);
    json_default_bool(spec, "enableServiceLinks", true);
    json_default_integer(spec, "priority", 0);
    json_default_text(spec, "preemptionPolicy", "PreemptLowerPriority");
    json_own_object(spec, "securityContext");
    if (!pod_is_mirror(object)) {
        json_default_text(spec, "serviceAccountName", "default");
        json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
    }
    default_toleration(spec, "node.kubernetes.io/not-ready");
    default_toleration(spec, "node.kubernetes.io/unreachable");
}
