#include "node/mirror_pods.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/random.h"
#include "kube/reflector.h"
#include "node/json_text.h"
#include "node/pod_object.h"

#define CALL_TIMEOUT_MS 10000

/* One namespace/name: what is here, what is there, and the call that brings the two together. */
struct mirror {
    struct mirror_pods *owner;
    char *key;            /* owned: "namespace/name" */
    struct node_pod *pod; /* the static pod; NULL: none */

    char *uid;       /* of the API's pod; NULL: there is none. Owned, as the next three */
    char *hash;      /* of the manifest that it mirrors; "": it is no mirror */
    char *bytes;     /* the object, when it is no mirror of ours */
    char *sent;      /* the status last written into the pod UID; NULL: none yet */
    char *sending;   /* the status of the call under way */
    bool is_leaving; /* it has a deletionTimestamp */

    struct rest_call *call;
    struct backoff backoff;
    uv_timer_t *timer; /* NULL: no retry is due. Closes on its own */
    bool has_failed;   /* logged */
};

struct mirror_pods {
    uv_loop_t *loop;
    struct rest_client *client;
    struct static_pods *pods;
    struct reflector *watch;
    struct map mirrors; /* of struct mirror by key */
    char *node_name;
    char *node_ip;
    char *node_uid; /* "" while unknown */
    bool has_synced;
};

static void reconcile(struct mirror *m);

static void replace(char **at, char *with)
{
    free(*at);
    *at = with;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop_timer(struct mirror *m)
{
    if (m->timer != NULL)
        uv_close((uv_handle_t *)m->timer, on_timer_closed);
    m->timer = NULL;
}

static void mirror_free(struct mirror *m)
{
    if (m->call != NULL)
        rest_cancel(m->call);
    stop_timer(m);
    free(m->key);
    free(m->uid);
    free(m->hash);
    free(m->bytes);
    free(m->sent);
    free(m->sending);
    free(m);
}

/* The mirror of NAMESPACE/NAME, made when there is none yet. */
static struct mirror *mirror_of(struct mirror_pods *p, struct str namespace, struct str name)
{
    auto_buf struct buf key = {0};
    struct mirror *m;

    buf_printf(&key, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
    m = map_get(&p->mirrors, buf_str(&key));
    if (m != NULL)
        return m;
    m = mem_zalloc(sizeof(*m));
    m->owner = p;
    m->key = str_dup(buf_str(&key));
    m->backoff = (struct backoff){.min_ns = 200 * NS_PER_MS, .max_ns = 10 * NS_PER_S, .factor = 2, .jitter = 0.2};
    map_put(&p->mirrors, str_of(m->key), m);
    return m;
}

/* Forgets M when there is nothing here and nothing there. */
static void drop_if_idle(struct mirror *m)
{
    if (m->pod != NULL || m->uid != NULL || m->call != NULL)
        return;
    map_remove(&m->owner->mirrors, str_of(m->key));
    mirror_free(m);
}

static void on_retry(uv_timer_t *timer)
{
    struct mirror *m = timer->data;

    stop_timer(m);
    reconcile(m);
}

static void fail(struct mirror *m, const char *what, const struct error *err)
{
    if (!m->has_failed)
        log_error(what, LOG_CSTR("pod", m->key), LOG_ERR(err));
    m->has_failed = true;
    m->timer = mem_zalloc(sizeof(*m->timer));
    uv_timer_init(m->owner->loop, m->timer);
    m->timer->data = m;
    uv_timer_start(m->timer, on_retry, (uint64_t)(backoff_next(&m->backoff, random_fraction()) / NS_PER_MS), 0);
}

static void succeed(struct mirror *m)
{
    m->has_failed = false;
    backoff_reset(&m->backoff);
    reconcile(m);
}

static void add_path(struct buf *to, const struct mirror *m, bool has_name, const char *subresource)
{
    struct str namespace, name;

    str_cut(str_of(m->key), '/', &namespace, &name);
    rest_path_add(to, &(struct rest_path){.version = STR("v1"),
                                          .ns = namespace,
                                          .resource = STR("pods"),
                                          .name = has_name ? name : STR(""),
                                          .subresource = str_of(subresource)});
}

static void start_call(struct mirror *m, struct str method, struct str path, json_t *body, rest_on_done on_done)
{
    auto_free char *text = json_dumps(body, JSON_COMPACT);
    struct rest_request request = {.method = method,
                                   .path = path,
                                   .body = str_of(text),
                                   .content_type = str_eq(method, STR("PATCH")) ? STR("application/merge-patch+json")
                                                                                : STR("application/json"),
                                   .timeout_ms = CALL_TIMEOUT_MS,
                                   .max_attempts = 1,
                                   .owner = m,
                                   .on_done = on_done};

    m->call = rest_start(m->owner->client, &request);
    json_decref(body);
}

/* --- what the API server has --- */

static void forget_api_pod(struct mirror *m)
{
    replace(&m->uid, NULL);
    replace(&m->hash, NULL);
    replace(&m->bytes, NULL);
    replace(&m->sent, NULL);
    m->is_leaving = false;
}

/* Takes OBJECT as what the API server has now. False when it is no pod. */
static bool take_api_pod(struct mirror *m, struct str bytes)
{
    json_t *object = json_loadb(bytes.ptr, bytes.len, 0, NULL);
    const json_t *metadata = json_object_get(object, "metadata");
    struct str uid = json_member_text(metadata, "uid");

    if (uid.len == 0) {
        json_decref(object);
        return false;
    }
    if (m->uid == NULL || !str_eq_cstr(uid, m->uid)) {
        forget_api_pod(m);
        m->uid = str_dup(uid);
    }
    replace(&m->hash, str_dup(pod_mirror_hash(object)));
    m->is_leaving = json_is_string(json_object_get(metadata, "deletionTimestamp"));
    replace(&m->bytes, m->hash[0] == '\0' ? str_dup(bytes) : NULL);
    if (!m->owner->has_synced && m->pod != NULL && str_eq_cstr(m->pod->spec->hash, m->hash))
        pod_resume(m->pod, object, clock_unix_ns());
    json_decref(object);
    return true;
}

static void on_seen(void *owner, const struct reflector_object *object)
{
    struct mirror_pods *p = owner;
    struct mirror *m = mirror_of(p, object->ns, object->name);

    if (!take_api_pod(m, object->bytes))
        log_error("A pod of the API server can't be read", LOG_CSTR("pod", m->key));
    reconcile(m);
}

static void on_vanished(void *owner, const struct reflector_object *object)
{
    struct mirror *m = mirror_of(owner, object->ns, object->name);

    forget_api_pod(m);
    reconcile(m);
}

static void reconcile_all(struct mirror_pods *p)
{
    auto_free struct mirror **all = mem_alloc((p->mirrors.count + 1) * sizeof(struct mirror *));
    size_t at = 0, count = 0;
    void *value;

    while (map_next(&p->mirrors, &at, NULL, &value))
        all[count++] = value;
    for (size_t i = 0; i < count; i++)
        reconcile(all[i]);
}

static void on_synced(void *owner)
{
    struct mirror_pods *p = owner;

    p->has_synced = true;
    reconcile_all(p);
}

/* --- the calls --- */

static void on_created(void *owner, const struct rest_result *result)
{
    struct mirror *m = owner;

    m->call = NULL;
    if (result->ok && take_api_pod(m, result->body)) {
        succeed(m);
        return;
    }
    /* 409: another pod of that name is there; the watch will show it. */
    fail(m, "Failed creating a mirror pod", result->err);
}

static void on_deleted(void *owner, const struct rest_result *result)
{
    struct mirror *m = owner;

    m->call = NULL;
    if (result->ok || result->status == 404) {
        forget_api_pod(m);
        succeed(m);
        return;
    }
    /* 409: by now it is another pod, which the watch has shown or will show. */
    fail(m, "Failed deleting a pod", result->err);
}

static void on_status_written(void *owner, const struct rest_result *result)
{
    struct mirror *m = owner;

    m->call = NULL;
    if (result->ok) {
        replace(&m->sent, m->sending);
        m->sending = NULL;
        succeed(m);
        return;
    }
    replace(&m->sending, NULL);
    if (result->status == 404) { /* deleted meanwhile */
        forget_api_pod(m);
        succeed(m);
        return;
    }
    fail(m, "Failed to update status for pod", result->err);
}

static void create(struct mirror *m)
{
    auto_buf struct buf path = {0};

    add_path(&path, m, false, "");
    start_call(m, STR("POST"), buf_str(&path),
               pod_mirror_new(m->pod, str_of(m->owner->node_name), str_of(m->owner->node_uid)), on_created);
}

static void delete_for_good(struct mirror *m)
{
    auto_buf struct buf path = {0};

    add_path(&path, m, true, "");
    start_call(m, STR("DELETE"), buf_str(&path),
               json_pack("{s:s, s:s, s:i, s:{s:s}}", "apiVersion", "v1", "kind", "DeleteOptions", "gracePeriodSeconds",
                         0, "preconditions", "uid", m->uid),
               on_deleted);
}

static void write_status(struct mirror *m)
{
    json_t *status = pod_status_new(m->pod, str_of(m->owner->node_ip));
    char *text = json_dumps(status, JSON_COMPACT);
    auto_buf struct buf path = {0};

    if (m->sent != NULL && strcmp(m->sent, text) == 0) {
        free(text);
        json_decref(status);
        return;
    }
    m->sending = text;
    add_path(&path, m, true, "status");
    start_call(m, STR("PATCH"), buf_str(&path),
               json_pack("{s:{s:s}, s:o}", "metadata", "uid", m->uid, "status", status), on_status_written);
}

static void reconcile(struct mirror *m)
{
    bool is_mirror = m->hash != NULL && m->hash[0] != '\0';

    if (!m->owner->has_synced || m->call != NULL || m->timer != NULL)
        return;
    if (m->uid == NULL) {
        if (m->pod != NULL && m->owner->node_uid[0] != '\0')
            create(m);
        else
            drop_if_idle(m);
        return;
    }
    if (m->is_leaving || (is_mirror && (m->pod == NULL || !str_eq_cstr(m->pod->spec->hash, m->hash)))) {
        delete_for_good(m);
        return;
    }
    if (is_mirror)
        write_status(m);
}

/* --- the interface --- */

struct mirror_pods *mirror_pods_new(uv_loop_t *loop, struct rest_client *client, struct static_pods *pods,
                                    struct str node_name, struct str node_ip)
{
    struct mirror_pods *p = mem_zalloc(sizeof(*p));
    auto_buf struct buf selector = {0};

    p->loop = loop;
    p->client = client;
    p->pods = pods;
    p->node_name = str_dup(node_name);
    p->node_ip = str_dup(node_ip);
    p->node_uid = mem_strdup("");
    buf_printf(&selector, "spec.nodeName=%.*s", STR_ARG(node_name));
    p->watch = reflector_new(
        loop, client,
        &(struct reflector_options){
            .path = STR("/api/v1/pods"),
            .field_selector = buf_str(&selector),
            .events = {.on_added = on_seen, .on_changed = on_seen, .on_gone = on_vanished, .on_synced = on_synced},
            .owner = p});
    return p;
}

void mirror_pods_free(struct mirror_pods *p)
{
    size_t at = 0;
    void *value;

    if (p == NULL)
        return;
    reflector_free(p->watch);
    while (map_next(&p->mirrors, &at, NULL, &value))
        mirror_free(value);
    map_free(&p->mirrors);
    free(p->node_name);
    free(p->node_ip);
    free(p->node_uid);
    free(p);
}

void mirror_pods_set_owner(struct mirror_pods *p, struct str node_uid)
{
    replace(&p->node_uid, str_dup(node_uid));
    reconcile_all(p);
}

void mirror_pods_changed(struct mirror_pods *p, struct node_pod *pod)
{
    struct mirror *m = mirror_of(p, pod->spec->namespace, pod->spec->name);

    m->pod = pod;
    reconcile(m);
}

void mirror_pods_gone(struct mirror_pods *p, struct node_pod *pod)
{
    struct mirror *m = mirror_of(p, pod->spec->namespace, pod->spec->name);

    if (m->pod == pod)
        m->pod = NULL;
    reconcile(m);
}

void mirror_pods_each_other(const struct mirror_pods *p, void (*visit)(void *arg, struct str object), void *arg)
{
    size_t at = 0;
    void *value;

    while (map_next(&p->mirrors, &at, NULL, &value)) {
        const struct mirror *m = value;
        if (m->bytes != NULL)
            visit(arg, str_of(m->bytes));
    }
}
